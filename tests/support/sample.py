"""What a recipe hands over: status reports, and what must be found in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.bundle import BundleBuilder, xencenter_zip

RULES = (
    "cbt-chain-cycle",
    "cbt-database-disagrees",
    "cbt-destroy-cbt-not-enabled",
    "cbt-destroy-not-a-snapshot",
    "cbt-disabled-inconsistent-log",
    "cbt-disabled-no-space",
    "cbt-disabled-resize-failed",
    "cbt-disabled-snapshot-failed",
    "cbt-enable-no-space",
    "cbt-enable-on-raw-vdi",
    "cbt-enable-on-snapshot",
    "cbt-every-backup-full",
    "cbt-incomplete-changed-blocks",
    "cbt-inconsistency-hidden",
    "cbt-list-cbt-not-enabled",
    "cbt-list-not-a-snapshot",
    "cbt-list-target-attached",
    "cbt-list-unrelated",
    "cbt-list-wrong-order",
    "cbt-log-cannot-grow",
    "cbt-log-missing",
    "cbt-log-short",
    "cbt-log-unlinked",
    "cbt-stale-child-pointer",
    "known-defect",
    "nbd-connection-limit",
    "nbd-info-no-nbd-network",
    "nbd-network-purpose-mixed",
    "nbd-service-failed-after-stop",
    "nbd-session-invalid",
)

Findings = Mapping[str, tuple[tuple[str, ...], ...]]  # rule: subjects' uuids of each finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The status reports of a story, the master's first, and what must be found in them.

    ``found`` has, per rule and finding, uuids that the finding must name among its subjects;
    ``meaningless`` are rules that have no meaning in this pool. All others are ruled out.
    """

    reports: tuple[BundleBuilder, ...]
    found: Findings = field(default_factory=dict)
    meaningless: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A named story."""

    name: str
    tell: Callable[[], Sample]
    suffix: str = ".tar.bz2"

    def write(self, folder: Path) -> tuple[Path, Sample]:
        """Write the archive below `folder`; returns its path and what it holds."""
        sample = self.tell()
        path = folder / f"{self.name}{self.suffix}"
        if self.suffix == ".zip":
            return xencenter_zip(path, sample.reports), sample
        (report,) = sample.reports
        return report.write_tar(path), sample
