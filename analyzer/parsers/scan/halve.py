"""Stamped lines in a chunk, found without reading all of it.

A chunk is not read line by line: whoever looks for a place where something breaks halves it until
nothing can hide in a piece. So a busy log costs a line for every few kilobytes, and a quiet one a
line for every line.
"""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from analyzer.parsers.scan.line_ends import line_ends

_LINES_TRIED = 50  # for a stamp, where lines were not understood
LONGEST_QUOTE = 500  # characters of a line that may be quoted


class Placed(Protocol):
    """Something read from a line; ``start`` is the offset in the chunk at which the line begins."""

    @property
    def start(self) -> int:
        """Return where its line begins."""


Point = TypeVar("Point", bound=Placed)


class Chunk(Generic[Point]):
    """A chunk of whole lines; ``read`` returns what the line at an offset says, None: nothing."""

    def __init__(self, text: bytes, line: int, read: Callable[[bytes, int], Point | None]) -> None:
        self.text = text
        self._line = line
        self._read = read
        self._ends: npt.NDArray[np.int64] | None = None

    def point(self, start: int) -> Point | None:
        """Return the first readable line from `start` on; None without one nearby."""
        for _ in range(_LINES_TRIED):
            if start >= len(self.text):
                return None
            if point := self._read(self.text, start):
                return point
            start = self.text.index(b"\n", start) + 1
        return None

    def before(self, end: int, behind: int) -> Point | None:
        """Return the last readable line that begins before `end` and behind another."""
        for _ in range(_LINES_TRIED):
            start = self.text.rfind(b"\n", 0, end - 1) + 1
            if start <= behind:
                return None
            if point := self._read(self.text, start):
                return point
            end = start
        return None

    def middle(self, first: Point, last: Point) -> Point | None:
        """Return a readable line between two, None if there is none."""
        start = self.text.find(b"\n", first.start, last.start) + 1
        if start == last.start:
            return None
        half = self.text.rfind(b"\n", start, (start + last.start) // 2) + 1 or start
        for place in (half, start):
            point = self.point(place)
            if point is not None and first.start < point.start < last.start:
                return point
        return None

    def line(self, point: Point) -> int:
        """Return the number of a line in its member."""
        return self._line + self.lines_before(point.start)

    def lines_before(self, place: int) -> int:
        """Return how many lines end before a place."""
        if self._ends is None:
            self._ends = line_ends(self.text)
        return int(np.searchsorted(self._ends, place))

    def quote(self, point: Point) -> str:
        """Return the text of a line; a monster of a line only by its beginning."""
        end = self.text.index(b"\n", point.start)
        text = self.text[point.start : min(end, point.start + 4 * LONGEST_QUOTE)]
        return text.decode(errors="replace").rstrip("\r").lstrip("\0\ufeff")[:LONGEST_QUOTE]
