"""A disk and its CBT chain as the report shows them; unknown is ``None``, never a default."""

from enum import StrEnum

from analyzer.model.finding import Confidence, Evidence, Subject
from analyzer.model.goal import Standing
from analyzer.model.moment import Moment
from analyzer.model.operation import Result
from analyzer.model.terms import CBT_METADATA
from analyzer.values import dataclass


class LogKind(StrEnum):
    """Whose log it is."""

    LIVE = "live"
    SNAPSHOT = "snapshot"
    METADATA = CBT_METADATA
    UNKNOWN = "unknown"


class DiskState(StrEnum):
    """What can be said of a disk's CBT as a whole; SOUND only if all of it was seen."""

    BROKEN = "trouble"
    UNPROVEN = "not all of it is known"
    SOUND = "sound"
    OFF = "CBT is off"


class LifeKind(StrEnum):
    """What happened to a disk, as far as CBT is concerned."""

    ENABLED = "CBT enabled"
    DISABLED = "CBT disabled"
    LOST = "CBT turned off by an error"
    SNAPSHOT = "snapshot"
    DATA_DESTROY = "data of a snapshot destroyed"
    COMPARED = "changed blocks asked for"
    RESIZED = "resized"
    DELETED = "deleted"


class BreakKind(StrEnum):
    """Why a chain does not go on: a fault, an end in good order, or our knowledge ends."""

    FAULT = "broken"
    END = "ends in good order"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskLog:
    """One log of a chain: ``exists`` and ``consistent`` are None where not known.

    ``cbt_enabled`` is the database's flag of the disk, which is not proof of a log; ``attached``
    says who has it active (``RW on jupiter``), "" where nobody is known to; ``size`` is in bytes.
    """

    uuid: str
    name: str | None
    kind: LogKind
    exists: bool | None
    confidence: Confidence | None = None
    consistent: bool | None = None
    size: int | None = None
    cbt_enabled: bool | None = None
    attached: str = ""
    created: Moment | None = None
    removed: Moment | None = None
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskLink:
    """A pointer from an older log to a newer one; ``stale`` if the newer one denies it."""

    older: str
    newer: str
    confidence: Confidence
    stale: bool
    evidence: Evidence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskBreak:
    """A place where SM's walk ends: behind ``at``, before ``to`` ("" if nothing is named)."""

    at: str
    to: str
    what: str
    kind: BreakKind
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskChain:
    """Logs, oldest first, and what joins and parts them."""

    logs: tuple[DiskLog, ...] = ()
    links: tuple[DiskLink, ...] = ()
    breaks: tuple[DiskBreak, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeEvent:
    """A point of a disk's life; ``evidence`` quotes the line or row it is known from."""

    kind: LifeKind
    moment: Moment | None
    what: str
    result: Result
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One call of list_changed_blocks: uuids, "" where not known, and what came of it."""

    older: str
    newer: str
    moment: Moment | None
    result: Result
    why: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskView:
    """One disk; ``vdi`` is None for logs whose disk is not known, ``findings`` are ids.

    ``plan`` is the id of its plan, ``trouble`` whether any of its findings goes on at the end,
    None without any.
    """

    pool: Subject | None
    sr: Subject
    sr_type: str | None
    vdi: Subject | None
    vms: tuple[Subject, ...]
    cbt_enabled: bool | None
    state: DiskState
    chain: DiskChain
    life: tuple[LifeEvent, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    contradictions: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    plan: str = ""
    trouble: Standing | None = None

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """Return what disks are sorted by: pool, SR, name, uuid, first log; nameless last."""
        name, uuid = (self.vdi.name or "", self.vdi.uuid) if self.vdi else (chr(0x10FFFF), "")
        first = self.chain.logs[0].uuid if self.chain.logs else ""
        return (
            self.pool.called if self.pool else "",
            f"{self.sr.name or ''} {self.sr.uuid}",
            name,
            uuid,
            first,
        )
