"""An SR as ``cbtriage show sr`` shows it."""

from analyzer.model.finding import Evidence, Finding, Subject
from analyzer.model.nbd import Dom0Attachment, NbdInfo
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SrPlug:
    """A host and whether it has the SR attached, None where its row does not say."""

    host: Subject
    attached: bool | None
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class SrDisk:
    """A disk with CBT; ``kind`` is live, snapshot, or cbt_metadata."""

    vdi: Subject
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SrView:
    """One SR; sizes in bytes, None where not known; ``operations`` are (name, task).

    ``space`` quotes what hosts measured, ``disks`` counts its rows, ``info`` is what get_nbd_info
    answers for its disks, None for an SR that holds none.
    """

    pool: Subject | None
    sr: Subject
    type: str | None
    shared: bool | None
    size: int | None
    used: int | None
    evidence: Evidence
    plugs: tuple[SrPlug, ...]
    operations: tuple[tuple[str, str], ...] | None
    space: tuple[Evidence, ...]
    disks: int
    with_cbt: tuple[SrDisk, ...]
    info: NbdInfo | None
    held: tuple[Dom0Attachment, ...]
    findings: tuple[Finding, ...]
