"""Words of rows: in memory up to a size, beyond it in a temporary file that is mapped.

What is mapped is read from where it lies as bytes are, and the system may take its pages away.
"""

import mmap
import tempfile
from collections.abc import Iterable
from typing import TypeAlias

Words: TypeAlias = bytes | mmap.mmap

IN_MEMORY = 16 * 1024 * 1024
_LEAST = 256 * 1024  # of one piece that is worth a mapping
_MOST_MAPPED = 200  # each takes a file descriptor


class SpilledWords:
    """Holds words, each piece for as long as somebody has it."""

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self._room = in_memory
        self._mapped = 0

    def hold(self, words: Words) -> Words:
        """Return the words, or what stands for them; where no file can be made they stay."""
        self._room -= len(words)
        if self._room >= 0 or len(words) < _LEAST or self._mapped >= _MOST_MAPPED:
            return words
        self._mapped += 1
        try:
            with tempfile.TemporaryFile() as file:
                file.write(words)
                file.flush()
                return mmap.mmap(file.fileno(), len(words), access=mmap.ACCESS_READ)
        except OSError:
            return words


def give_back(words: Iterable[Words]) -> None:
    """Let the system have the memory of words that lie in files; they are read again from there."""
    for each in {id(each): each for each in words}.values():
        if isinstance(each, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            each.madvise(mmap.MADV_DONTNEED)
