"""Decompression as a stream: gzip, bzip2, xz, the deflate of zip; damaged data up to the damage."""

import bz2
import lzma
import zlib
from collections import deque
from typing import Protocol

from analyzer.bundle._stream import FETCH_AGAIN, MAY_BE_CHANGED, Loss, Peekable, Stream

GZIP = "gz"
BZIP2 = "bz2"
XZ = "xz"
DEFLATE = "deflate"

_FEED = 1 << 16
# An error loses what its own call had decoded, so xz takes small steps. zlib's state can be
# copied, and bzip2 is decoded block by block.
_STEPS = {GZIP: _FEED, DEFLATE: _FEED, BZIP2: 1 << 20, XZ: 1024}
# So little that what one bite makes of a bomb (45 MB a block of bzip2) can be held.
_BITE = 32
_MAGIC = {GZIP: b"\x1f\x8b", BZIP2: b"BZh", XZ: b"\xfd7zXZ\0"}
# xz -9 needs 65 MiB; a header can ask for 4 GiB
_XZ_MEMORY = 1 << 27
_WRONG_SUMS = ("incorrect data check", "incorrect length check")  # zlib's words
_FAULTS = (EOFError, MemoryError, OSError, ValueError, lzma.LZMAError, zlib.error)


class Decoder(Protocol):
    """What bz2 and lzma decompressors have in common."""

    @property
    def eof(self) -> bool:
        """Tell whether the end of the compressed stream was met."""

    @property
    def needs_input(self) -> bool:
        """Tell whether the next call must bring data."""

    @property
    def unused_data(self) -> bytes:
        """Return what follows the end of the compressed stream."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Return at most `max_length` decoded bytes."""


class Unpacked:
    """The decompressed content of a stream; several compressed streams in a row are one.

    bzip2 gives out a block once its checksum was right. gzip, xz and deflate tell at the end, or
    by an error long after the flipped bit: then what this stream gave before may be wrong too.
    """

    def __init__(self, inner: Stream, kind: str) -> None:
        self._inner = Peekable(inner)
        self._kind = kind
        self._stream_decoder = _stream_decoder(kind)
        self._unchecked = False  # bytes were given out that no checksum has confirmed
        self._ended = False
        self.loss: Loss | None = None
        self.rest = b""

    def read(self, size: int) -> bytes:
        """Return the next decompressed bytes."""
        pieces: list[bytes] = []
        left = size
        while left and not self._ended:
            piece = self._decompress_once(min(left, _STEPS[self._kind]))
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    def _decompress_once(self, size: int) -> bytes:
        if self._stream_decoder.eof:
            rest = self._stream_decoder.unused_data
            if self._kind == DEFLATE:
                self.rest, self._ended = rest, True
            else:
                rest = rest.lstrip(b"\0")  # padding, as gzip and xz allow it
                while len(rest) < len(_MAGIC[self._kind]) and (more := self._inner.read(_FEED)):
                    rest = (rest + more).lstrip(b"\0")
                if rest.startswith(_MAGIC[self._kind]):
                    self._stream_decoder = _stream_decoder(self._kind)
                    self._unchecked = False
                    self._inner.unread(rest)
                elif self._inner.loss is not None:
                    self._note_cut_data()
                elif rest:
                    self._note_damage(
                        "what follows the end of the compressed data is something else"
                    )
                else:
                    self._ended = True
            return b""
        hungry = self._stream_decoder.needs_input
        data = self._inner.read(_FEED) if hungry else b""
        try:
            piece = self._stream_decoder.decompress(data, size)
        except _FAULTS as error:
            # Note what the decoder says, and what that means for all that it has given out.
            what = str(error) or type(error).__name__
            changed = self._unchecked and self._kind != BZIP2
            if changed:
                wrong = "checksum wrong: " if what.endswith(_WRONG_SUMS) else ""
                what = f"{what}: {wrong}{MAY_BE_CHANGED}"
            self._note_damage(what, changed=changed)
            return b""
        self._unchecked = self._unchecked or bool(piece)
        if hungry and not data and not piece:
            self._note_cut_data()
        return piece

    def _note_cut_data(self) -> None:
        if self._inner.loss is not None:
            self.loss, self._ended = self._inner.loss, True
        else:
            self._note_damage("cut, the compressed data has no end")

    def _note_damage(self, what: str, *, changed: bool = False) -> None:
        where = f"{self._kind} data damaged near its byte {self._inner.position:,}"
        self.loss = Loss(why=f"{where}: {what}", settle_with=FETCH_AGAIN, changed=changed)
        self._ended = True


class _Blocks:
    """bzip2 that gives out a block only once its checksum was right.

    libbz2 checks it after the block, and a damaged block comes out as text in wrong order. All
    that was decoded is good once the decoder has nothing left to give.
    """

    def __init__(self) -> None:
        self._bz2 = bz2.BZ2Decompressor()
        self._waiting = b""
        self._fed = 0
        self._held: list[bytes] = []
        self._good: deque[bytes] = deque()
        self._last = b""

    @property
    def eof(self) -> bool:
        return self._bz2.eof and not self._good

    @property
    def needs_input(self) -> bool:
        return not self._good and self._fed == len(self._waiting) and self._wants_input

    @property
    def unused_data(self) -> bytes:
        return self._bz2.unused_data + self._waiting[self._fed :]

    def decompress(self, data: bytes, max_length: int) -> bytes:
        if data:
            self._waiting, self._fed = self._waiting[self._fed :] + data, 0
        while not self._good and not self._bz2.eof and not self.needs_input:
            decompress_data = b""
            if self._wants_input:
                decompress_data = self._waiting[self._fed : self._fed + _BITE]
                self._fed += len(decompress_data)
            self._last = self._bz2.decompress(decompress_data, _FEED)
            if self._last:
                self._held.append(self._last)
            if not self._last or self._bz2.eof:
                self._good.extend(self._held)
                self._held.clear()
        if not self._good:
            return b""
        block = self._good.popleft()
        if len(block) > max_length:
            self._good.appendleft(block[max_length:])
        return block[:max_length]

    @property
    def _wants_input(self) -> bool:
        # It asks for data too while it has something left to give.
        return self._bz2.needs_input and not self._last


class _Inflater:
    """zlib with the face of the other decompressors; an error loses nothing decoded before."""

    def __init__(self, wbits: int) -> None:
        self._zlib = zlib.decompressobj(wbits)
        self._failed: zlib.error | None = None

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        return not self._zlib.unconsumed_tail and self._failed is None

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        if self._failed is not None:
            raise self._failed
        data = self._zlib.unconsumed_tail + data
        before = self._zlib.copy()
        try:
            return self._zlib.decompress(data, max_length)
        except zlib.error as error:
            self._failed = error
            decoded = bytearray()
            for index in range(len(data)):
                try:
                    decoded += before.decompress(data[index : index + 1], max_length)
                except zlib.error:
                    break
            return bytes(decoded)


def _stream_decoder(kind: str) -> Decoder:
    match kind:
        case "bz2":
            return _Blocks()
        case "xz":
            return lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
        case "deflate":
            return _Inflater(-zlib.MAX_WBITS)
        case _:
            return _Inflater(zlib.MAX_WBITS + 16)
