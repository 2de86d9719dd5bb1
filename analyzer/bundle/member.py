"""A file of a status report, readable once, as bytes."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from analyzer.bundle.names import LogName


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
