"""Which calls a line is of is the same, found in arrays or by looking through all calls."""

import numpy as np
import pytest

from analyzer.model.source import Source
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.story.explain.calls_of_lines import CallsOfLines, calls_of_lines
from tests.golden.outputs import SAMPLES, sample_read


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_each_line_has_the_calls_that_name_it(sample: object) -> None:
    case, _ = sample_read(sample)
    calls = sm_operations(case)
    told = {event.source for call in calls for event in call.lines}
    found = calls_of_lines(case)
    for source in told:
        own = [call for call in calls if any(event.source == source for event in call.lines)]
        assert [*map(id, found.of(source))] == [*map(id, own)]
        nowhere = Source(bundle=source.bundle, member=source.member, line=10**6)
        assert not [*found.of(nowhere)]


def test_line_of_several_calls_has_all_of_them_once() -> None:
    case, _ = sample_read(next(each for each in SAMPLES if each.name == "host-crash.tar.bz2"))
    one, two, *_ = (call for call in sm_operations(case) if len(call.lines) > 1)
    found = CallsOfLines([one, two, one])
    source = one.lines[0].source
    assert [*found.of(source)] == [one, one]
    groups = found.groups((source.bundle, source.member), np.array([source.line, 10**6]))
    assert groups.tolist() == [3, -1]
    assert found.groups(("", ""), np.array([1])).tolist() == [-1]
