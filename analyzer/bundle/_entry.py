"""What the readers of containers have in common: an entry, or a fault of the container."""

from datetime import UTC, datetime
from pathlib import Path

from analyzer.bundle._stream import Loss, Stream
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as it is stored. ``skip`` says why it has no content that is read.

    ``mtime`` is aware UTC, None where the container keeps none. Of a zip it is always None: its
    stamps are local time of whoever packed it, without a zone, and XenCenter, which unpacks a
    report and zips it again, writes its own. ``path`` is set for a file of a folder. ``start`` and
    ``size`` are where it lies in an unpacked tar.
    """

    name: str
    mtime: datetime | None = None
    content: Stream | None = None
    skip: str = ""
    path: Path | None = None
    start: int | None = None
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that the container should have had, or should not; ``where`` is "" or a name."""

    loss: Loss
    where: str = ""


def utc(seconds: float) -> datetime | None:
    """Return the time of `seconds` after 1970, None for 0 and for what no calendar has."""
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (OverflowError, OSError, ValueError):
        return None
