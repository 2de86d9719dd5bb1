"""A pattern that captures less matches the same."""

from pathlib import Path

import pytest

from analyzer.case.rows import IDS
from analyzer.parsers.scan.match import Captures, capturing
from analyzer.rules.load import load_catalogue
from tests.golden.outputs import SAMPLES, sample_read


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_groups_that_are_captured_are_those_of_the_whole_pattern(sample: Path) -> None:
    case, _ = sample_read(sample)
    patterns = {selector.id: selector.message for selector in load_catalogue().selectors}
    compared = 0
    for event in case.events.of(*case.events.kinds):
        pattern = patterns.get(event.kind)
        if pattern is None or not isinstance(event.fields, Captures):
            continue
        found = Captures(capturing(pattern, IDS), event.message).found()
        whole = Captures(pattern, event.message).found()
        assert found == {name: value for name, value in whole.items() if name in IDS}
        compared += bool(found)
    assert compared
