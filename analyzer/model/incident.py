"""Incidents: what befell a host or an SR; facts with evidence, used as causes."""

from enum import StrEnum

from analyzer.model.finding import Confidence, Evidence, Severity, Subject
from analyzer.model.moment import Moment
from analyzer.values import dataclass


class IncidentKind(StrEnum):
    """What happened."""

    HOST_CRASHED = "host went down without an orderly shutdown"
    HOST_REBOOTED = "host was rebooted"
    HOST_FENCED = "host was fenced by high availability"
    HOST_BOOTED = "host booted, and how it went down is not known"
    TAPDISK_CRASHED = "tapdisk crashed"
    SR_OUTAGE = "storage did not answer"
    SR_UNPLUGGED = "SR was unplugged"
    SR_FULL = "SR had not enough space"
    TOOLSTACK_RESTARTED = "toolstack was restarted"
    NBD_RESTARTED = "xapi-nbd was restarted"
    CLOCK_STEPPED = "clock was set"
    ROLLING_UPGRADE = "rolling pool upgrade"
    VM_REVERTED = "VM was reverted to a snapshot"
    VM_MOVED = "VM was moved with its disks"
    DISK_MOVED = "disk was moved to another SR, where it is a new one"
    DISK_COPIED = "disk was copied, and the copy is in use"

    @property
    def severity(self) -> Severity:
        """Return what it costs: INFO for what somebody did on purpose or what passes by itself."""
        return Severity.ERROR if self in _COSTLY else Severity.INFO


_COSTLY = (
    IncidentKind.HOST_CRASHED,
    IncidentKind.HOST_FENCED,
    IncidentKind.TAPDISK_CRASHED,
    IncidentKind.SR_OUTAGE,
    IncidentKind.SR_FULL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident. It cannot be built without evidence; ``id`` is stable over runs.

    ``host`` is the host's name, "" for one of a whole pool. ``ended`` is None where it lasts or
    its end was not seen; ``last_seen`` is its last line. Of a host that went down ``began`` is
    the last sign of life, and its range reaches to the boot; ``ended`` is the boot. ``subjects``
    are the objects it befell (Host, SR, VDI). ``tapdisks`` are the pids of the tapdisks that
    ended, ``master`` tells whether the host is the pool's master. ``count`` is how many lines
    told of it, those that were only counted among them.

    Raises:
        ValueError: no evidence.
    """

    id: str
    kind: IncidentKind
    host: str
    bundle: str
    title: str
    began: Moment
    ended: Moment | None
    confidence: Confidence
    subjects: tuple[Subject, ...]
    evidence: tuple[Evidence, ...]
    count: int = 1
    last_seen: Moment | None = None
    tapdisks: tuple[str, ...] = ()
    master: bool = False

    @property
    def severity(self) -> Severity:
        """Return what it costs; one that is only possible is at most a warning."""
        worst = self.kind.severity
        doubtful = self.confidence is Confidence.POSSIBLE and worst is Severity.ERROR
        return Severity.WARNING if doubtful else worst

    def __post_init__(self) -> None:
        if not self.evidence:
            msg = f"{self.id}: an incident needs evidence"
            raise ValueError(msg)
