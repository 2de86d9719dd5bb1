"""bzip2 of a file on all cores.

The standard module decodes about 35 MB/s on one core; rapidgzip decodes 100 MB/s on two. For
gzip it is not used: zlib is as fast there, in a tenth of the memory. Where rapidgzip is not to be
had, the standard module reads all.
"""

import weakref
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

try:
    import rapidgzip
except ImportError:  # there is none for every platform
    rapidgzip = None

from analyzer.bundle._stream import FETCH_AGAIN, Loss, Peekable, Stream, open_file
from analyzer.bundle._unpack import BZIP2, Unpacked
from analyzer.bundle.budget import cores

_WORTH_IT = 1 << 20
_END_MAGIC = 0x177245385090  # the 48 bits before the checksum that ends a bzip2 stream
_END_SIZE = 11  # bytes that hold the mark, the checksum of 32 bits, and up to 7 bits of padding
# what Cython makes of C++ exceptions
_REFUSALS = (ArithmeticError, IndexError, MemoryError, OSError, RuntimeError, ValueError)


def unpack_bzip2_file(path: Path, on_read: Callable[[int], None]) -> Stream:
    """Return the decompressed content of `path`; ``on_read`` is told of compressed bytes.

    rapidgzip only gets files that end as bzip2 ends: on a cut file it must fail, and decoding
    up to there twice takes longer than decoding with the standard module at once.
    """
    if rapidgzip is None or path.stat().st_size < _WORTH_IT or not _ends_as_bzip2(path):
        return _unpacked_on_one_core(path, on_read)
    return _Parallel(path, on_read)


def blocks_of(stream: Stream | None) -> tuple[tuple[int, int], ...]:
    """Return where the blocks of an unpacked file begin: bits of it, and bytes unpacked.

    The last one is its end. None where that is not known: it was read on one core, or not to its
    end.
    """
    return stream.blocks if isinstance(stream, _Parallel) else ()


def unpacked_from(path: Path, blocks: Sequence[tuple[int, int]], start: int) -> Stream | None:
    """Return what is unpacked of `path` from a byte on, by what `blocks_of` returned.

    None where they cannot be of it. What is wrong later ends the stream as damage does.
    """
    size = path.stat().st_size * 8
    rising = all(one[0] < other[0] and one[1] <= other[1] for one, other in pairwise(blocks))
    if rapidgzip is None or not rising or not 0 <= blocks[0][0] <= blocks[-1][0] <= size:
        return None
    return _Sought(path, blocks, start)


def _unpacked_on_one_core(path: Path, on_read: Callable[[int], None]) -> Unpacked:
    return Unpacked(open_file(path, on_read), BZIP2)


class _Parallel:
    """rapidgzip as long as it goes, then the standard module from the same byte on."""

    def __init__(self, path: Path, on_read: Callable[[int], None]) -> None:
        self._path = path
        self._size = path.stat().st_size
        self._on_read = on_read
        self._given = 0
        self._consumed = 0
        self._slow: Stream | None = None
        # With one thread it is another decoder, which gives out a block before it checks it.
        threads = max(2, cores())
        self._fast = rapidgzip.IndexedBzip2File(str(path), parallelization=threads)
        # Its threads must have ended before the interpreter does, or the process aborts.
        self._close = weakref.finalize(self, self._fast.close)

    @property
    def loss(self) -> Loss | None:
        """Return what the standard module says, which reads all that is damaged."""
        return self._slow.loss if self._slow is not None else None

    @property
    def blocks(self) -> tuple[tuple[int, int], ...]:
        """Return where the blocks begin that were read, and where the last ends."""
        if self._slow is not None or not self._fast.block_offsets_complete():
            return ()
        return tuple(sorted(self._fast.available_block_offsets().items()))

    def read(self, size: int) -> bytes:
        """Return the next decompressed bytes."""
        if self._slow is not None:
            return self._slow.read(size)
        try:
            block: bytes = self._fast.read(size)
        except _REFUSALS:
            return self._continue_on_one_core(size)
        consumed = min(self._fast.raw.bz2reader.tell_compressed() // 8, self._size)
        self._on_read(max(0, consumed - self._consumed))
        self._consumed = max(self._consumed, consumed)
        if not block and self._consumed < self._size:
            # It takes a damaged stream head in the middle for rubbish after the end.
            return self._continue_on_one_core(size)
        self._given += len(block)
        return block

    def _continue_on_one_core(self, size: int) -> bytes:
        self._close()
        slow = Peekable(_unpacked_on_one_core(self._path, lambda _size: None))
        slow.skip(self._given)
        self._slow = slow
        return slow.read(size)


class _Sought:
    """rapidgzip from a byte on, by where the blocks begin."""

    def __init__(self, path: Path, blocks: Sequence[tuple[int, int]], start: int) -> None:
        # Another core would unpack what follows, which is hardly asked for.
        self._file = rapidgzip.IndexedBzip2File(str(path), parallelization=1)
        weakref.finalize(self, self._file.close)
        self._blocks, self._start = dict(blocks), start
        self.loss: Loss | None = None
        self._begun = False

    def read(self, size: int) -> bytes:
        """Return the next decompressed bytes."""
        if self.loss is not None:
            return b""
        try:
            if not self._begun:
                self._file.set_block_offsets(self._blocks)
                self._file.seek(self._start)
                self._begun = True
            block: bytes = self._file.read(size)
        except _REFUSALS as error:
            self.loss = Loss(why=f"not where its blocks were: {error}", settle_with=FETCH_AGAIN)
            return b""
        return block


def _ends_as_bzip2(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-_END_SIZE, 2)
        end = int.from_bytes(file.read(_END_SIZE), "big")
    mask = (1 << 48) - 1
    return any((end >> (32 + padding)) & mask == _END_MAGIC for padding in range(8))
