"""A file of a status report, readable once, as bytes."""

import codecs
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol

from analyzer.bundle._entry import Entry
from analyzer.bundle._meter import over
from analyzer.bundle._stream import BLOCK, Loss, Peekable
from analyzer.bundle._sums import Hashed
from analyzer.bundle._trust import Trust
from analyzer.bundle.names import LogName
from analyzer.bundle.paste import Pasted

_TAIL = 64
# rsyslog writes control characters as #033, #177; the zero bytes of a crash are counted apart
_OF_LOGS = b"\0\t\n\r" + bytes(byte for byte in range(ord(" "), 256) if byte not in b"\x7f")
_NO_UTF_8 = re.compile("[\udc80-\udcff]")


class Member(Protocol):
    """One file of a bundle. It is a stream: read it once, before asking for the next one.

    ``bundle`` names the status report (unique in the run), ``path`` is the name inside it as
    the host had it (``var/log/SMlog.2.gz``), renaming by XenCenter undone. ``log`` is set when
    the name is that of a syslog family. ``mtime`` is aware UTC, None where the container does
    not keep it (XenCenter's zip). ``damage`` is "" until reading met the end of what is
    readable; it then says what was lost. ``size_read`` counts decompressed bytes so far and
    ``tail`` holds the last 64 of them. Reading never raises for the bundle's faults.
    """

    bundle: str
    path: str
    log: LogName | None
    mtime: datetime | None
    damage: str
    size_read: int
    tail: bytes

    def blocks(self, size: int = 1 << 20) -> Iterator[bytes]:
        """Yield the decompressed content in blocks of at most `size` bytes, none empty."""

    def read(self, limit: int) -> bytes:
        """Return at most `limit` decompressed bytes, starting where reading stands."""

    def head(self, size: int = 4096) -> bytes:
        """Return the first decompressed bytes without consuming them."""

    def refuse(self, what: str, limit: int, option: str) -> None:
        """Note that a limit of ours ends it; it is not read any further."""


class ConcreteMember:
    """The member that `analyzer.bundle.archive` gives out; see `Member`.

    Beyond it: ``loss`` is the damage with the command that settles it, ``blank`` tells whether
    all bytes read so far were white space, ``zeros`` counts the zero bytes, ``foreign`` the other
    bytes that syslog writes to no log, ``trust`` whether the archive gave out what was put in, and
    ``md5`` is of the bytes as stored, "" unless all were read and somebody listed theirs.
    ``pasted`` is set where it was put together from a paste. ``keep`` is told of each block.
    ``entry`` is what it is, or lies in, of the input itself; ``plain``: its bytes are the member's.
    """

    __slots__ = (
        "_limit",
        "_log_bytes",
        "_option",
        "_refused",
        "_stored",
        "_stream",
        "blank",
        "bundle",
        "damage",
        "entry",
        "foreign",
        "keep",
        "log",
        "loss",
        "mtime",
        "pasted",
        "path",
        "plain",
        "size_read",
        "tail",
        "trust",
        "zeros",
    )

    def __init__(
        self,
        *,
        bundle: str,
        path: str,
        stream: Peekable,
        limit: int,
        option: str = "--max-member",
        log: LogName | None = None,
        mtime: datetime | None = None,
        trust: Trust | None = None,
        stored: Hashed | None = None,
        pasted: Pasted | None = None,
        plain: bool = False,
    ) -> None:
        self.bundle = bundle
        self.path = path
        self.log = log
        self.mtime = mtime
        self.damage = ""
        self.loss: Loss | None = None
        self.size_read = 0
        self.tail = b""
        self.blank = True
        self.zeros = 0
        self.foreign = 0
        self._refused: Loss | None = None
        self._log_bytes = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.trust = trust
        self.pasted = pasted
        self.plain = plain
        self.entry: Entry | None = None
        self.keep: Callable[[bytes], None] | None = None
        self._stored = stored
        self._stream = stream
        self._limit = limit
        self._option = option

    def blocks(self, size: int = BLOCK) -> Iterator[bytes]:
        """Yield the decompressed content in blocks of at most `size` bytes, none empty."""
        while block := self._next_block(size):
            yield block

    def read(self, limit: int) -> bytes:
        """Return at most `limit` decompressed bytes, starting where reading stands."""
        blocks = []
        while limit and (block := self._next_block(min(limit, BLOCK))):
            blocks.append(block)
            limit -= len(block)
        return b"".join(blocks)

    def head(self, size: int = 4096) -> bytes:
        """Return the next decompressed bytes without consuming them."""
        return self._stream.peek(min(size, self._limit - self.size_read))

    @property
    def md5(self) -> str:
        """Return the sum of the bytes as stored, "" when not all of them went through here."""
        return self._stored.md5 if self._stored is not None else ""

    def refuse(self, what: str, limit: int, option: str) -> None:
        """Note that a limit of ours ends it; it is not read any further."""
        self._refused = over(what, limit, option)
        self._note_end_of_stream()

    @property
    def over_budget(self) -> bool:
        """Tell whether a limit of ours ended it."""
        return self.loss is not None and self.loss.over_budget

    def _next_block(self, size: int) -> bytes:
        ended = not size or self._refused
        block = b"" if ended else self._stream.read(min(size, self._limit - self.size_read))
        if not block:
            self._note_end_of_stream()
            return b""
        if self.keep is not None:
            self.keep(block)
        self.size_read += len(block)
        self.tail = block[-_TAIL:] if len(block) >= _TAIL else (self.tail + block)[-_TAIL:]
        self.blank = self.blank and not block.strip()
        self.zeros += block.count(0)
        if self.log is not None:
            self.foreign += len(block.translate(None, _OF_LOGS))
            if not block.isascii() or self._log_bytes.getstate()[0]:
                self.foreign += len(_NO_UTF_8.findall(self._log_bytes.decode(block)))
        return block

    def _note_end_of_stream(self) -> None:
        self.loss = self._refused or self._stream.loss
        if not self.loss and self.size_read == self._limit and self._stream.peek(1):
            self.loss = over("bytes of one member", self._limit, self._option)
        self.damage = self.loss.why if self.loss is not None else self.damage
