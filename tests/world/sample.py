"""What a recipe hands over: status reports, and what must be found in them."""

import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.support.bundle import BundleBuilder, xencenter_zip

# Rules about Xen Orchestra, of which most pools here have not heard.
UNASKED = frozenset({"nbd-backup-network-without-purpose", "nbd-never-used-purge-on"})
# Rules about networks that have an NBD purpose.
OFFERED = frozenset(
    {
        "nbd-address-configuration",
        "nbd-address-shared-subnet",
        "nbd-address-unreachable-network",
        "nbd-host-without-address",
        "nbd-info-no-pif-address",
        "nbd-info-sr-not-connected",
        "nbd-network-purpose-mixed",
        "nbd-tls-mismatch",
    }
)

Findings = Mapping[str, tuple[tuple[str, ...], ...]]  # rule: subjects' uuids of each finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The status reports of a story, the master's first, and what must be found in them.

    ``found`` has, per rule and finding, uuids that the finding must name among its subjects;
    ``meaningless`` are rules that have no meaning in this pool, ``untold`` those that cannot tell.
    All others are ruled out.
    """

    reports: tuple[BundleBuilder, ...]
    found: Findings = field(default_factory=dict)
    meaningless: frozenset[str] = UNASKED
    untold: frozenset[str] = frozenset()


def told_once(tell: Callable[[], Sample]) -> Callable[[], Sample]:
    """Live a story through once, and hand over what it left anew each time: tests change it."""

    @cache
    def left() -> bytes:
        return pickle.dumps(tell())

    def again() -> Sample:
        sample: Sample = pickle.loads(left())  # noqa: S301 - our own, of this process
        return sample

    return again


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A named story."""

    name: str
    tell: Callable[[], Sample]
    suffix: str = ".tar.bz2"

    def __post_init__(self) -> None:
        """Let the story be lived through once only."""
        object.__setattr__(self, "tell", told_once(self.tell))

    def write(self, folder: Path) -> tuple[Path, Sample]:
        """Write the archive below `folder`; returns its path and what it holds."""
        sample = self.tell()
        path = folder / f"{self.name}{self.suffix}"
        if self.suffix == ".zip":
            return xencenter_zip(path, sample.reports), sample
        (report,) = sample.reports
        return report.write_tar(path), sample
