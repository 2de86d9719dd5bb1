"""Lines of which it is known only behind the last log whether anybody needs them.

Who logged out of which session, for one, is asked only where a session was refused: of a busy pool
a third of the lines that were kept were such. They are found with the others, held as they are, and
read when what they go with was found.
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple, TypeAlias

_SHORT = 1 << 17  # bytes in which lines are counted before numpy is loaded

NumberedLine: TypeAlias = tuple[int, bytes]  # without its LF
Found: TypeAlias = tuple[int, int, int]  # where a line begins and ends, and what was found in it
# How many lines are before one, where it begins and ends, and whether it is read now.
Place: TypeAlias = tuple[int, int, int, bool]


class WantedLines(NamedTuple):
    """Where the wanted lines of a chunk are, and how many lines it has."""

    places: list[Place]
    lines: int


class LaterLines:
    """Lines of one log with their numbers, none of them twice."""

    def __init__(self) -> None:
        self._numbers = array("q")
        self._pieces: list[bytes] = []

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, number: int, line: bytes) -> None:
        """Hold a line, given without its LF."""
        self._numbers.append(number)
        self._pieces.append(line)

    def __iter__(self) -> Iterator[NumberedLine]:
        lines = b"\n".join(self._pieces).split(b"\n") if self._pieces else ()
        return iter(zip(self._numbers, lines, strict=True))

    def __reduce__(self) -> tuple[object, ...]:
        return _of_bytes, (self._numbers.tobytes(), b"\n".join(self._pieces))


def _of_bytes(numbers: bytes, lines: bytes) -> LaterLines:
    later = LaterLines()
    later._numbers.frombytes(numbers)  # noqa: SLF001 - its own
    later._pieces = [lines] if len(later) else []  # noqa: SLF001 - its own
    return later


def lines_found(find: Callable[[bytes, int], int], window: bytes) -> list[Found]:
    """Return the lines of whole ones in which `find` finds something."""
    found: list[Found] = []
    pos = 0
    while pos < len(window) and (at := find(window, pos)) >= 0:
        start = window.rfind(b"\n", pos, at) + 1 or pos
        if start >= len(window):
            break
        end = window.index(b"\n", start)
        found.append((start, end, at))
        pos = end + 1
    return found


def numbered(window: bytes, places: Sequence[Found]) -> tuple[list[int], int]:
    """Return how many lines are before each of some places, and how many there are."""
    if len(window) < _SHORT:
        starts = [0, *(start for start, _, _ in places), len(window)]
        steps = (window.count(b"\n", *step) for step in pairwise(starts))
        *before, count = accumulate(steps)
        return before, count
    import numpy as np  # noqa: PLC0415 - a question about one line is answered before it is loaded

    from analyzer.parsers.scan.line_ends import line_ends  # noqa: PLC0415 - loads it

    ends = line_ends(window)
    return np.searchsorted(ends, [start for start, _, _ in places]).tolist(), len(ends)
