"""Bytes that come once, in order; what ends them early is a value."""

import hashlib
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Protocol

from analyzer.values import dataclass

BLOCK = 1 << 20
_MOST_BLOCKS_BEHIND = 64  # behind the end of an archive there is padding, or nothing
MAY_BE_CHANGED = "any part of what was read from it may be changed, what is quoted too"
FETCH_AGAIN = "send the archive again, or make a new one: xen-bugtool --yestoall"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Why a stream ended before its end; ``over_budget`` when it was a limit of ours.

    ``changed`` tells that what came before the end may be wrong too: a checksum over all of it
    does not fit, or was never reached.
    """

    why: str
    settle_with: str
    over_budget: bool = False
    changed: bool = False


class Stream(Protocol):
    """A source of bytes. Once `read` returned nothing, `loss` says whether that was the end."""

    @property
    def loss(self) -> Loss | None:
        """Return why reading ended early, None as long as it did not."""

    def read(self, size: int) -> bytes:
        """Return 1 to `size` bytes, or none at the end. Never raises for what the bytes are."""


class FileStream:
    """A file, or standard input. ``on_read`` is told the number of bytes of every read.

    ``hashed``: what comes is hashed as it passes, for a stream that cannot be read again.
    """

    def __init__(
        self, file: BinaryIO, on_read: Callable[[int], None], *, hashed: bool = False
    ) -> None:
        # of a pipe one piece at a time: a buffer that waits for more does not hear of Ctrl-C
        self._read = getattr(file, "read1", file.read)
        self._digest = hashlib.sha256() if hashed else None
        self._on_read = on_read
        self._position = 0
        self.loss: Loss | None = None

    def read(self, size: int) -> bytes:
        """Return the next bytes; an error of the disk or the pipe ends the stream."""
        if self.loss is not None:
            return b""
        try:
            block = self._read(size) or b""
        except OSError as error:
            self.loss = Loss(
                why=f"reading failed at byte {self._position:,}: {error.strerror or error}",
                settle_with="copy the file again and compare its checksum with the sender's",
            )
            return b""
        self._position += len(block)
        self._on_read(len(block))
        if self._digest is not None:
            self._digest.update(block)
        return block

    def sha256(self) -> str | None:
        """Return the digest of all of it: the rest is read now.

        None without ``hashed``, after an error, and when the rest does not end.
        """
        for _ in range(_MOST_BLOCKS_BEHIND):
            if not self.read(BLOCK):
                return self._digest.hexdigest() if self._digest and not self.loss else None
        return None


def open_file(
    path: Path, on_read: Callable[[int], None], *, hashed: bool = False, start: int = 0
) -> FileStream:
    """Return the content of `path`, which is closed when nobody holds the stream any more.

    Raises:
        OSError: it cannot be opened.
    """
    file = path.open("rb")
    if start:
        file.seek(start)
    stream = FileStream(file, on_read, hashed=hashed)
    weakref.finalize(stream, file.close)
    return stream


class Peekable:
    """A stream whose next bytes can be looked at, and which knows how many were read."""

    def __init__(self, inner: Stream) -> None:
        self._inner = inner
        self._held = b""
        self._given = 0  # bytes of what is held that were read already
        self.position = 0

    @property
    def loss(self) -> Loss | None:
        """Return why reading ended early; None while held bytes are left to be read."""
        return None if self._given < len(self._held) else self._inner.loss

    def peek(self, size: int) -> bytes:
        """Return up to `size` of the next bytes without consuming them."""
        while (missing := size - (len(self._held) - self._given)) > 0:
            block = self._inner.read(max(missing, 4096))
            if not block:
                break
            self._held, self._given = self._held[self._given :] + block, 0
        return self._held[self._given : self._given + size]

    def read(self, size: int) -> bytes:
        """Return the next bytes."""
        if self._given < len(self._held):
            block = self._held[self._given : self._given + size]
            self._given += len(block)
        else:
            self._held, self._given = b"", 0
            block = self._inner.read(size)
        self.position += len(block)
        return block

    def unread(self, block: bytes) -> None:
        """Put bytes back that were read last."""
        self._held, self._given = block + self._held[self._given :], 0
        self.position -= len(block)

    def exactly(self, size: int) -> bytes:
        """Return `size` bytes, fewer only at the end."""
        block = self.read(size)
        while len(block) < size:
            more = self.read(size - len(block))
            if not more:
                break
            block += more
        return block

    def skip(self, size: int | None = None) -> int:
        """Read `size` bytes, or all, into nowhere and return how many there were."""
        start = self.position
        while size is None or self.position - start < size:
            left = BLOCK if size is None else min(BLOCK, size - (self.position - start))
            if not self.read(left):
                break
        return self.position - start


class Limited:
    """The next `size` bytes of a stream: one entry of an archive."""

    def __init__(self, inner: Peekable, size: int) -> None:
        self._inner = inner
        self._size = size
        self._left = size
        self.loss: Loss | None = None

    def read(self, size: int) -> bytes:
        """Return the next bytes of the entry; when the archive ends before it, that is a loss."""
        if not self._left or self.loss is not None:
            return b""
        block = self._inner.read(min(size, self._left))
        self._left -= len(block)
        if not block:
            self.loss = self._lost()
        return block

    def skip(self) -> None:
        """Pass over what was not read."""
        self._left -= self._inner.skip(self._left)

    def _lost(self) -> Loss:
        cause = self._inner.loss
        lost = f"the last {self._left:,} of its {self._size:,} bytes are lost"
        if cause is None:
            where = f"the archive is cut at byte {self._inner.position:,} of its unpacked content"
            return Loss(why=f"{where}: {lost}", settle_with=FETCH_AGAIN)
        return replace(cause, why=f"{cause.why}: {lost}")
