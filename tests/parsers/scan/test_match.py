"""A pattern that captures less matches the same."""

from pathlib import Path

import pytest
import re2

from analyzer.case.rows import IDS
from analyzer.parsers._api import Selector
from analyzer.parsers.scan.match import Captures, Matcher, capturing, uncounted
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


def test_what_a_pattern_counts_is_counted() -> None:
    selector = Selector(id="a", parser="smlog", message=r"^(?P<name>x{2,3})(?:ab){2}$")
    seen = Matcher([selector]).match
    assert uncounted(selector.message) == "^(?:x+)(?:ab)+$"
    for text in ("xabab", "xxxxabab", "xxab", "xxababab", "xx(ab){2}"):
        assert seen("SM", text) == ()
    (hit,) = seen("SM", "xxabab")
    assert hit.fields == {"name": "xx"}


def test_a_count_that_is_too_large_is_refused() -> None:
    with pytest.raises(re2.error):
        Matcher([Selector(id="a", parser="smlog", message="a{2000}")])
