"""CBT logs and their chains, as rebuilt: every value knows what it rests on, and how surely.

Chain orientation: the older log (a snapshot) is the parent, the newer one (towards the live
disk) the child. The zero uuid, "no parent" or "no child", is ``""``.
"""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, TypeVar

from analyzer.model.finding import Confidence, Evidence
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.values import dataclass

NO_LOG = ""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known(Generic[Value]):
    """A value, the line it rests on, since when it holds, and how sure that is.

    ``since`` is None where it is not known since when (seen at capture, or in the database).
    """

    value: Value
    evidence: Evidence
    confidence: Confidence
    since: Moment | None = None


class Change(StrEnum):
    """What happened to a log."""

    CREATED = "created"
    PARENT = "parent set"
    CHILD = "child set"
    CONSISTENT = "consistency flag set"
    SIZE = "size set"
    RENAMED = "renamed to"
    ARRIVED = "renamed from"
    MERGED = "bits of another log merged in"
    REMOVED = "removed"
    SEEN = "seen to be there"
    MISSED = "seen not to be there"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogChange:
    """One change of one log: ``value`` is the uuid, flag or size it was given, else "".

    ``confidence`` is CERTAIN for a command with its success logged, LIKELY where the change is
    silent and inferred from what surrounds it (file SRs remove logs without a line), POSSIBLE
    where the result of the command is not known.
    """

    change: Change
    moment: Moment | None
    value: str
    evidence: Evidence
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class CbtLog:
    """What is known of the log of one disk at one time; None stands for unknown, never for no.

    ``sr`` is the SR's uuid, ``uuid`` the disk's (a snapshot's or the live one's). ``parent`` and
    ``child`` are uuids or ``NO_LOG``; ``size`` is in bytes.
    """

    sr: str
    uuid: str
    exists: Known[bool] | None = None
    parent: Known[str] | None = None
    child: Known[str] | None = None
    size: Known[int] | None = None
    consistent: Known[bool] | None = None
    changes: tuple[LogChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Two things that cannot both be so, such as lvs listing a log that SMlog says was removed."""

    sr: str
    uuid: str
    what: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CbtChain:
    """Logs joined by child pointers, oldest first; ``live`` is the disk at the end, if known.

    ``breaks`` are the places, as the uuid before it, where the next log is missing, stale or
    unknown: uuid → words.
    """

    sr: str
    live: str | None
    logs: tuple[CbtLog, ...]
    breaks: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


class WalkEnd(StrEnum):
    """How SM's list_changed_blocks walk ends (cbtlog-format.md §2)."""

    REACHED = "reached"
    SAME = "same disk"
    NO_LOG_FROM = "vdi_from has no log"
    NO_LOG_TO = "vdi_to has no log"
    NOT_SUPPORTED = "the SR type has no CBT"
    CHAIN_ENDS = "the chain ends before vdi_to"
    SIZES = "the sizes along the chain do not fit"
    CYCLE = "the chain runs in a circle"
    UNKNOWN = "cannot be told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """SM's walk from one disk to another over rebuilt state.

    ``visited`` are the logs whose bitmaps would be merged, in order. For CHAIN_ENDS ``at`` is the
    last log reached and ``next`` what its child pointer names (``NO_LOG``, or a uuid whose log is
    missing); for UNKNOWN ``why`` says what is not known, and ``settle_with`` what would tell.
    ``confidence`` is that of the least sure thing the walk rests on.
    """

    end: WalkEnd
    visited: tuple[str, ...] = ()
    at: str = ""
    next: str = ""
    why: str = ""
    settle_with: str = ""
    evidence: tuple[Evidence, ...] = ()
    confidence: Confidence = Confidence.CERTAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class CbtLogFile:
    """A binary ``.cbtlog`` somebody added to the bundle.

    ``bits`` is how many blocks of 64 KiB are marked, ``bitmap_bytes`` how many were there and
    ``expected_bytes`` how many ``size`` needs; ``problem`` is "" or says what is wrong. ``header``
    is False where the file ends inside its header: then no value is known. ``spread`` counts the
    marked blocks in equal parts of the disk, from its beginning.
    """

    source: Source
    uuid: str
    parent: str
    child: str
    consistent: int
    size: int
    bitmap_bytes: int
    expected_bytes: int
    bits: int
    problem: str = ""
    header: bool = True
    spread: tuple[int, ...] = ()

    @property
    def words(self) -> str:
        """Return its header as text, as it is quoted: the file is binary."""
        if not self.header:
            return self.problem
        return (
            f"parent {self.parent or 'none'}, child {self.child or 'none'}, "
            f"consistent {self.consistent}, size {self.size}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CbtLogValue:
    """One value of a log's header as `cbt-util get` printed it; `NO_LOG` for no pointer."""

    field: Change
    value: str
    source: Source
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CbtLogValues:
    """Values of one log that somebody asked `cbt-util` for; ``path`` is "" where none was named."""

    source: Source
    path: str
    uuid: str
    values: tuple[CbtLogValue, ...]
