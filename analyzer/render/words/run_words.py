"""Backup runs in words, and their marks: a letter and a shape, never a colour alone."""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from analyzer.model.run import BackupRun, RunVerdict

WORDS: Mapping[RunVerdict, str] = MappingProxyType(
    {
        RunVerdict.FULL: "full",
        RunVerdict.UNDECIDABLE: "not decidable",
        RunVerdict.INCREMENTAL: "could be incremental",
    }
)
MARKS: Mapping[RunVerdict, tuple[str, str]] = MappingProxyType(
    {
        RunVerdict.FULL: ("F", "warning"),
        RunVerdict.UNDECIDABLE: ("?", "unsure"),
        RunVerdict.INCREMENTAL: ("I", "info"),
    }
)


def verdicts_short(run: BackupRun) -> str:
    """Return how many disks of a run have which verdict: "2 full, 1 could be incremental"."""
    found = Counter(disk.verdict for disk in run.disks)
    parts = [f"{found[verdict]} {WORDS[verdict]}" for verdict in WORDS if found[verdict]]
    return ", ".join(parts) or "no disk"
