"""What fuzzing found to reach new code is kept, as far as it is short, and ends as it should."""

import pytest

from tests.fuzz.__main__ import NAMES
from tests.fuzz.targets import TARGETS, Target


def test_every_target_has_a_name_to_ask_for() -> None:
    assert tuple(target.name for target in TARGETS) == NAMES


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_bytes_that_a_run_begins_with_end_as_they_should(target: Target) -> None:
    for data in target.seeds():
        target.run(data)
