"""What was unpacked, kept in a file without a name for as long as the run lasts.

Which lines a report quotes is known when all has been read; the lines around them are then read
from here. To unpack an archive a second time costs as much as reading it did; to write what was
unpacked costs a twentieth of that. The file has no name from the start (`tempfile.TemporaryFile`),
so that nothing is left behind, however a run ends.
"""

import tempfile
import weakref
from collections.abc import Callable, Iterator
from typing import IO

from analyzer.bundle._stream import BLOCK

MOST = 4 << 30  # bytes of temporary file; of what comes later nothing is kept

_Place = tuple[int, int]  # where it begins, how long it is


class Spool:
    """The bytes of members as they were read, by (bundle, member).

    A full disk, or no place for temporary files, costs what comes after it: `blocks` returns None
    for a member that is not here whole.
    """

    def __init__(self, most: int = MOST) -> None:
        self._file: IO[bytes] | None = None
        self._room = most
        self._size = 0
        self._places: dict[tuple[str, str], list[_Place]] = {}
        self._lost: set[tuple[str, str]] = set()

    def keeper(self, bundle: str, member: str) -> Callable[[bytes], None]:
        """Return what is to be told of each block of a member, in order."""
        key = bundle, member
        self._places[key] = []

        def keep(block: bytes) -> None:
            if key not in self._lost and not self._keep(key, block):
                self._lost.add(key)

        return keep

    def blocks(self, bundle: str, member: str) -> Iterator[bytes] | None:
        """Return the content of a member as far as it was read, None if it is not all here."""
        key = bundle, member
        if key not in self._places or key in self._lost or self._file is None:
            return None
        return self._read(self._file, self._places[key])

    def _keep(self, key: tuple[str, str], block: bytes) -> bool:
        if len(block) > self._room:
            return False
        try:
            if self._file is None:
                file = tempfile.TemporaryFile(buffering=BLOCK)  # noqa: SIM115 - it lives as long as this
                weakref.finalize(self, file.close)
                self._file = file
            self._file.write(block)
        except OSError:
            self._room = 0
            return False
        places = self._places[key]
        if places and sum(places[-1]) == self._size:
            places[-1] = places[-1][0], places[-1][1] + len(block)
        else:
            places.append((self._size, len(block)))
        self._size += len(block)
        self._room -= len(block)
        return True

    @staticmethod
    def _read(file: IO[bytes], places: list[_Place]) -> Iterator[bytes]:
        for start, length in places:
            file.seek(start)
            left = length
            while left and (block := file.read(min(left, BLOCK))):
                left -= len(block)
                yield block
