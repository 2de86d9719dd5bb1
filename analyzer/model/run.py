"""Backup runs: bursts of calls that read a disk, and what each could be."""

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from analyzer.model.finding import Confidence, Evidence, Subject
from analyzer.model.moment import Moment
from analyzer.values import dataclass


class RunVerdict(StrEnum):
    """Whether a disk's run could be incremental."""

    INCREMENTAL = "incremental was possible"
    FULL = "full"
    UNDECIDABLE = "cannot be decided"

    @property
    def short(self) -> str:
        """Return it as a word for one of many disks."""
        return _SHORT[self]


_SHORT: Mapping[RunVerdict, str] = MappingProxyType(
    {
        RunVerdict.FULL: "full",
        RunVerdict.UNDECIDABLE: "not decidable",
        RunVerdict.INCREMENTAL: "could be incremental",
    }
)


class FullReason(StrEnum):
    """Why a run was full."""

    CBT_OFF = "CBT was off"
    LOG_MISSING = "the CBT log was missing"
    CHAIN_BROKEN = "the chain of CBT logs was broken"
    PURGED_WITHOUT_NBD = "the base was purged and NBD could not be used"
    MIGRATED = "the disk was moved"
    FIRST_RUN = "it was the first run"
    CLIENT_CHOICE = "the client did not ask for changed blocks"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStep:
    """One call of a run: what it was, whether it succeeded (None: not known), its line."""

    what: str
    succeeded: bool | None
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskRun:
    """One disk in one run: one verdict; ``words`` says why in a sentence.

    ``snapshot`` is the snapshot that the run took, ``base`` the older one it compared with (uuids,
    None where not seen). ``settle_with`` is what would decide an undecidable one. ``evidence`` is
    what the verdict rests on beside the steps: rows, pointers of CBT logs, earlier calls. The
    reason of a full run is None where it was full and nothing says why.
    """

    vdi: Subject
    sr: Subject | None
    began: Moment
    ended: Moment
    verdict: RunVerdict
    reason: FullReason | None
    words: str
    confidence: Confidence
    steps: tuple[RunStep, ...]
    snapshot: str | None = None
    base: str | None = None
    findings: tuple[str, ...] = ()
    settle_with: str = ""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRun:
    """A burst of backup activity in one pool: its disks, ordered by time and uuid."""

    id: str
    pool: Subject | None
    began: Moment
    ended: Moment
    disks: tuple[DiskRun, ...]

    @property
    def verdicts(self) -> str:
        """Return how many disks have which verdict: "2 full, 1 could be incremental"."""
        found = Counter(disk.verdict for disk in self.disks)
        parts = [f"{found[verdict]} {word}" for verdict, word in _SHORT.items() if found[verdict]]
        return ", ".join(parts) or "no disk"
