"""Timelines correlated: rows of all hosts in one order, bursts of what belongs together, hours.

The one module that knows pandas, which does it where there are many rows. Few rows are correlated
without it: to load it takes longer than a small report takes to be read and judged. Tests hold the
two ways against each other.
"""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from types import ModuleType

WORTH_PANDAS = 20_000  # rows

_HOUR = 3_600_000_000  # microseconds


def in_order(keys: Sequence[npt.NDArray[Any]]) -> npt.NDArray[np.intp]:
    """Return the places of rows, ordered by their keys, of which the first counts most."""
    if len(keys[0]) < WORTH_PANDAS:
        return np.lexsort(keys[::-1])
    frame = _pandas().DataFrame(dict(enumerate(keys)))
    order: npt.NDArray[np.intp] = frame.sort_values(list(frame.columns)).index.to_numpy()
    return order


def numbers_of_bursts(
    keys: Sequence[tuple[str, ...]],
    earliest: npt.NDArray[np.int64],
    latest: npt.NDArray[np.int64],
    within: int,
) -> list[tuple[int, int]]:
    """Return of each row which burst of which key it is of.

    Rows are in the order of time, their ranges in microseconds; of one key two neighbours that are
    farther apart than `within` are of two bursts.
    """
    if len(keys) < WORTH_PANDAS:
        known: dict[tuple[str, ...], tuple[int, int, int]] = {}  # group, burst, its last row's end
        found = []
        for key, begun, ended in zip(keys, earliest.tolist(), latest.tolist(), strict=True):
            numbers_group, numbers_burst, last = known.get(key, (len(known), 0, ended))
            if key in known and begun - last > within:
                numbers_burst += 1
            known[key] = numbers_group, numbers_burst, ended
            found.append((numbers_group, numbers_burst))
        return found
    pd = _pandas()
    frame = pd.DataFrame({"earliest": earliest, "latest": latest})
    group = pd.Series(pd.factorize(np.fromiter(keys, object, len(keys)))[0])
    # Within a group `at` ascends, so the ranges of neighbours can only be apart this way round.
    distance = frame["earliest"] - frame.groupby(group)["latest"].shift()
    burst = (distance > within).groupby(group).cumsum()
    return list(zip(group.tolist(), burst.tolist(), strict=True))


def rows_per_hour(
    at: npt.NDArray[np.int64], hosts: Sequence[str]
) -> tuple[tuple[datetime, str, int], ...]:
    """Return (hour, host, rows), ordered, hours without rows left out."""
    if len(at) < WORTH_PANDAS:
        counts: dict[tuple[int, str], int] = {}
        for key in zip((at // _HOUR).tolist(), hosts, strict=True):
            counts[key] = counts.get(key, 0) + 1
    else:
        frame = _pandas().DataFrame({"hour": at // _HOUR, "host": hosts})
        counts = frame.groupby(["hour", "host"]).size().to_dict()
    start = datetime(1970, 1, 1, tzinfo=UTC)
    return tuple(
        (start + timedelta(hours=hour), host, count)
        for (hour, host), count in sorted(counts.items())
    )


def _pandas() -> "ModuleType":
    """Load pandas without pyarrow, of which nothing here is asked: it would double its cost."""
    hidden = "pandas" not in sys.modules and "pyarrow" not in sys.modules
    if hidden:
        sys.modules["pyarrow"] = None  # type: ignore[assignment]  # as if it were not installed
    try:
        import pandas  # noqa: ICN001, PLC0415 - a module, to be asked by another name

        return pandas
    finally:
        if hidden:
            del sys.modules["pyarrow"]
