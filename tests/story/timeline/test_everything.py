"""All entries in the order that is found once are those that are sorted each time."""

from array import array
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.model.entry import Entry, EntryKind
from analyzer.model.lines import Block, Everything, LineIndex
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.model.terms import EPOCH, MICROSECOND
from analyzer.story.pages import Judged
from analyzer.story.timeline.asked import asked, everything
from analyzer.story.timeline.everything import Ordering
from analyzer.story.timeline.lines import laid
from analyzer.story.timeline.order import place_in_time
from analyzer.story.timeline.wanted import Wanted
from tests.golden.outputs import SAMPLES, sample_read

NOON = datetime(2024, 11, 22, 12, tzinfo=UTC)
# Two reports of one host have lines of one time, host, member and number.
TEXTS = ("clock", "0.zip", "1.zip", "jupiter", "var/log/SMlog", "var/log/kern.log", "smlog", "")
KINDS = ((("b.kind",), ""), (("a.kind",), ""))
Row = tuple[int, float, str, int, int, int]

DOUBTS = st.sampled_from([0.0, 0.4, 60.0, 3e9])  # the last: of an unknown year
ROWS = st.tuples(
    st.integers(0, 9),
    DOUBTS,
    st.sampled_from(TEXTS[4:6]),
    st.integers(1, 4),
    st.sampled_from([1, 2]),
    st.sampled_from([0, 1]),
)
MADE = st.builds(
    lambda second, doubt, what, bundle, member, line: Entry(
        moment=moment(second, doubt),
        what=what,
        host="jupiter",
        lane="incident",
        source=Source(bundle=bundle, member=member, line=line),
        kinds=("made",),
        title="",
        message="",
        text="",
    ),
    st.integers(0, 9),
    DOUBTS,
    st.sampled_from([EntryKind.FINDING, EntryKind.INCIDENT_BEGAN, EntryKind.CLOCK]),
    st.sampled_from(TEXTS[1:3]),
    st.sampled_from(TEXTS[4:6]),
    st.integers(1, 4),
)


def moment(second: float, doubt: float) -> Moment:
    at, width = NOON + timedelta(seconds=second), timedelta(seconds=doubt)
    return Moment(at=at, earliest=at - width, latest=at + width, dated_by="clock")


class _Handmade:
    """Kept lines in blocks, each of one second (`analyzer.story.timeline.asked.Lines`)."""

    def __init__(self, rows: Sequence[Row], made: Sequence[Entry]) -> None:
        of_seconds = groupby(sorted(rows, key=lambda row: (row[0], row[2:4])), lambda row: row[0])
        self.blocks = [_block(list(own)) for _, own in of_seconds]
        self.made = sorted(made, key=place_in_time)
        spans = ((min(b.moments[1]), max(b.moments[2]), b.size) for b in self.blocks)
        self.index = LineIndex(
            texts=TEXTS,
            kinds=KINDS,
            spans=tuple(spans),
            told=((),) * len(made),
            unseen=(),
            count=len(rows),
        )

    @property
    def everything(self) -> Everything:
        return Ordering(self.index, self.blocks, self.made).everything()

    def rows(self, _uuid: str) -> Sequence[int]:
        return ()

    def block(self, number: int) -> Block:
        return self.blocks[number]

    def words(self, number: int) -> bytes:
        return self.blocks[number].words


def _block(rows: Sequence[Row]) -> Block:
    times = [moment(second, doubt) for second, doubt, *_ in rows]
    ends = [
        [(time - EPOCH) // MICROSECOND for time in (each.at, each.earliest, each.latest)]
        for each in times
    ]
    places = range(0, 2 * len(rows), 2)
    told = [
        (
            *(when, bundle, TEXTS.index(member), 3, 6, 7, 7, 7, -1, -1, -1, -1, kind, line, 1),
            *(place + 1, place, place + 1),
        )
        for when, (place, (_, _, member, line, bundle, kind)) in enumerate(
            zip(places, rows, strict=True)
        )
    ]
    return Block(
        moments=[array("q", column) for column in (*zip(*ends, strict=True), [0] * len(rows))],
        columns=[array("q", column) for column in zip(*told, strict=True)],
        pids=array("q", [-1] * len(rows)),
        marks={},
        calls=array("q", [-1] * len(rows)),
        words=b"x\n" * len(rows),
    )


@given(
    st.lists(ROWS, min_size=1, max_size=12, unique_by=lambda row: row[2:5]),
    st.lists(MADE, max_size=6),
)
def test_any_order_found_once_is_that_of_sorting(rows: list[Row], made: list[Entry]) -> None:
    lines = _Handmade(rows, made)
    entries = asked(lines, Wanted())
    assert tuple(everything(lines)) == entries
    shown = lines.everything.shown
    assert shown.count == len(entries)
    assert shown.undated == sum(not entry.moment.year_known for entry in entries)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_order_found_once_is_that_of_sorting(sample: Path) -> None:
    judged = Judged(*sample_read(sample))
    lines = laid(judged.case, judged.report, dict(judged.catalogue.context), ())
    entries, whole = asked(lines, Wanted()), lines.everything
    assert tuple(everything(lines)) == entries
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
