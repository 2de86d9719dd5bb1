"""The band of a chart of clients: how many at least and at most, column by column."""

from itertools import groupby
from typing import TypeAlias

from analyzer.model.nbd import CONNECTION_LIMIT
from analyzer.model.nbd_view import NbdHost
from analyzer.render.html.time_axis import Scale
from analyzer.render.words.nbd_peaks import segments

TALL = 88
_STEP = 2.0  # width of a column
_ROOM = 4  # clients that have room above the limit

Columns: TypeAlias = dict[int, int]


def columns_of(scale: Scale, host: NbdHost) -> tuple[Columns, Columns]:
    """Return the largest counts of each column of the drawing: no peak is lost by its width."""
    least: Columns = {}
    most: Columns = {}
    for clients in host.concurrency:
        for first, last, low, high in segments(clients, host.read_until):
            for column in range(int(scale.x(first) / _STEP), int(scale.x(last) / _STEP) + 1):
                least[column] = max(low, least.get(column, 0))
                most[column] = max(high, most.get(column, 0))
    return least, most


def top_of(least: Columns, most: Columns) -> int:
    """Return what the height stands for: the limit and some room, or what was proven."""
    proven = max(least.values(), default=0)
    possible = min(max(most.values(), default=0), 2 * CONNECTION_LIMIT)
    return max(CONNECTION_LIMIT, proven, possible) + _ROOM


def height_of(y: int, count: int, top: int) -> float:
    """Return where a count stands in the band that begins at `y`."""
    return round(y + TALL * (1 - min(count, top) / top), 1)


def area(columns: Columns, y: int, top: int) -> str:
    """Return the path of an area over columns: one piece for columns in a row."""
    numbered = enumerate(sorted((c, n) for c, n in columns.items() if n))
    pieces = []
    for _, group in groupby(numbered, key=lambda each: each[1][0] - each[0]):
        run = [row for _, row in group]
        path = f"M{run[0][0] * _STEP:g} {y + TALL}"
        for count, same in groupby(run, key=lambda row: row[1]):
            last = list(same)[-1][0]
            path += f"V{height_of(y, count, top):g}H{(last + 1) * _STEP:g}"
        pieces.append(f"{path}V{y + TALL}Z")
    return "".join(pieces)


def peak_place(columns: Columns, y: int, top: int) -> tuple[float, float, str] | None:
    """Return where the largest count stands first, and what it is; None without any."""
    count = max(columns.values(), default=0)
    if not count:
        return None
    x = next(column for column, number in sorted(columns.items()) if number == count) * _STEP
    return round(x, 1), height_of(y, count, top), f"peak {count}"
