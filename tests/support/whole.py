"""How much is done of what could be done without end: ``make test WHOLE=1`` does all of it."""

import os
from collections.abc import Iterable

import pytest

WHOLE = bool(os.environ.get("WHOLE"))


def examples(most: int) -> int:
    """Return how many random examples are tried: all in CI and with WHOLE, else half of them."""
    return most if WHOLE or os.environ.get("CI") else most // 2


def fifths(values: Iterable[object]) -> list[object]:
    """Return values as parameters: ``make fast`` meets every fifth, ``make test`` each."""
    return [
        pytest.param(value, marks=[pytest.mark.slow] if place % 5 else [])
        for place, value in enumerate(values)
    ]
