"""Blocks of bytes for a fork, through memory that both processes see.

A pipe takes 64 KiB at a time, and each time the processes change: so a block costs ten times what
it costs to copy it.
"""

import mmap
from itertools import cycle

from analyzer.bundle._stream import BLOCK

PLACES = 8


class SharedBlocks:
    """So many places for a block each, used in turn: one process puts, the other takes.

    Whoever puts has to know that the place is free: at first all are, then one for each block that
    the other says it has taken.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, PLACES * BLOCK)
        self._places_to_put, self._places_to_take = (
            cycle(range(0, PLACES * BLOCK, BLOCK)) for _ in range(2)
        )

    def put(self, block: bytes) -> None:
        """Lay a block of at most `BLOCK` bytes into the next place."""
        start = next(self._places_to_put)
        self._memory[start : start + len(block)] = block

    def take(self, size: int) -> bytes:
        """Return the block of so many bytes that lies in the next place."""
        start = next(self._places_to_take)
        return self._memory[start : start + size]
