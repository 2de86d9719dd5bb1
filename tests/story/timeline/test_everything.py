"""All entries in the order that is found once are those that are sorted each time."""

from pathlib import Path

import pytest

from analyzer.model.entry import Entry
from analyzer.story.pages import Judged
from analyzer.story.timeline.asked import asked, everything
from analyzer.story.timeline.lines import LaidLines
from analyzer.story.timeline.wanted import Wanted
from tests.golden.outputs import SAMPLES, sample_read


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_order_found_once_is_that_of_sorting(sample: Path) -> None:
    judged = Judged(*sample_read(sample))
    laid = LaidLines(judged.case, judged.report, dict(judged.catalogue.context), ())
    entries, whole = asked(laid, Wanted()), laid.everything
    assert tuple(everything(laid)) == entries
    assert whole.shown.count == len(entries)
    assert whole.shown.found is any(entry.findings for entry in entries)
    assert set(whole.hosts) == {entry.host for entry in entries}
    assert set(whole.lanes) == {entry.lane for entry in entries}
    assert {_doubt(entry) for entry in entries} == {
        (bundle, time.at - time.earliest, time.latest - time.at) for bundle, time in whole.times
    }


def _doubt(entry: Entry) -> tuple[object, ...]:
    time = entry.moment
    return entry.source.bundle, time.at - time.earliest, time.latest - time.at
