import sys
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest

from analyzer.case import correlate
from analyzer.case.correlate import in_order, numbers_of_bursts, rows_per_hour

MINUTE = 60_000_000


def both_ways(monkeypatch: pytest.MonkeyPatch, tell: Callable[[], Any]) -> tuple[Any, Any]:
    """Return what is told without pandas, and with it."""
    with monkeypatch.context() as changed:
        changed.setattr(correlate, "WORTH_PANDAS", 10_000)
        without = tell()
    with monkeypatch.context() as changed:
        changed.setattr(correlate, "WORTH_PANDAS", 0)
        return without, tell()


@pytest.mark.parametrize("seed", range(5))
def test_few_rows_and_many_are_correlated_alike(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - no secret
    at = np.array(sorted(chance.randrange(300) * MINUTE for _ in range(200)), np.int64)
    doubt = np.array([chance.randrange(3) * MINUTE for _ in at], np.int64)
    keys = [(chance.choice("abc"), chance.choice("xy")) for _ in at]
    hosts = [chance.choice(("jupiter", "mars")) for _ in at]
    without, told = both_ways(
        monkeypatch, lambda: numbers_of_bursts(keys, at - doubt, at + doubt, 5 * MINUTE)
    )
    assert without == told
    assert len(set(told)) > len(set(keys))
    without, told = both_ways(monkeypatch, lambda: rows_per_hour(at, hosts))
    assert without == told
    unordered = [np.array([chance.randrange(5) for _ in at]) for _ in range(3)]
    without, told = both_ways(monkeypatch, lambda: in_order(unordered).tolist())
    assert without == told


def test_ranges_that_touch_are_one_burst() -> None:
    earliest, latest = np.array([0, 10, 21]), np.array([5, 12, 30])
    assert numbers_of_bursts([("a",)] * 3, earliest, latest, 5) == [(0, 0), (0, 0), (0, 1)]


def test_no_rows_are_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    without, told = both_ways(monkeypatch, lambda: in_order([np.array([], np.int64)]).tolist())
    assert without == told == []


def test_pyarrow_can_be_loaded_after_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pandas", "pyarrow"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError):
        correlate._pandas()  # noqa: SLF001 - what it leaves behind
    monkeypatch.undo()
    assert "pyarrow" not in sys.modules or sys.modules["pyarrow"] is not None
