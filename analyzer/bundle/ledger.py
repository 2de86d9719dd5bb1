"""What became of every source that a status report should have, and the line that proves it."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from analyzer.bundle._fates import ReportTraces, judge, owns
from analyzer.bundle._seen import SeenMember
from analyzer.bundle._sums import binding_sums
from analyzer.bundle.inventory import BugtoolLog, ReportInventory
from analyzer.model.report import LedgerEntry
from analyzer.sources import SOURCES, SourceKind

__all__ = ["SeenMember", "altered", "build_ledger"]

_NO_CLAIMS: Mapping[str, tuple[str, ...]] = MappingProxyType({})


def build_ledger(
    bundle: str,
    seen: Sequence[SeenMember],
    inventory: ReportInventory | None,
    bugtool: BugtoolLog | None,
    *,
    claimed: Mapping[str, tuple[str, ...]] = _NO_CLAIMS,
    stopped: str = "",
) -> tuple[LedgerEntry, ...]:
    """Return one entry per source, ordered by its name.

    ``claimed`` maps a source to members that were recognised as such by their content, whatever
    their name; ``stopped`` is which limit of ours ended the reading of the archive.
    """
    sums = binding_sums(inventory.sums) if inventory else {}
    # An output that was changed in a tar that has no checksums, "" if none was.
    outputs = (each for each in seen if _is_bare(each) and each.log is None and each.md5)
    changed = (each.path for each in outputs if sums.get(each.path, each.md5) != each.md5)
    report = ReportTraces(
        bundle=bundle,
        seen={member.path: member for member in seen},
        inventory=inventory,
        bugtool=bugtool,
        stopped=stopped,
        sums=sums,
        altered=min(changed, default=""),
    )
    kinds = sorted(SOURCES, key=lambda kind: kind.name)
    return tuple(_entry_of_source(report, kind, claimed) for kind in kinds)


def altered(seen: Sequence[SeenMember], inventory: ReportInventory | None) -> frozenset[str]:
    """Return the members that may be other than they were packed, by a checksum or their md5 sum.

    A rotated log with another sum may only have been rotated meanwhile, unless nothing else would
    tell of what was changed on the way.
    """
    sums = binding_sums(inventory.sums) if inventory else {}
    known = {
        member.path: sums[member.path] for member in seen if member.md5 and member.path in sums
    }
    wrong = (each for each in seen if known.get(each.path, each.md5) != each.md5)
    other = {each.path for each in wrong if each.log is None or _is_bare(each)}
    changed = {each.path for each in seen if each.changed or each.mismatch}
    return frozenset(other | (changed - known.keys()))


def _is_bare(member: SeenMember) -> bool:
    return member.trust is not None and member.trust.is_bare


def _entry_of_source(
    report: ReportTraces, kind: SourceKind, claimed: Mapping[str, tuple[str, ...]]
) -> LedgerEntry:
    paths = {path for path, member in report.seen.items() if _is_of(kind, member)}
    paths |= set(claimed.get(kind.name, ()))
    members = [
        report.seen.get(path) or SeenMember(bundle=report.bundle, path=path)
        for path in sorted(paths)
    ]
    presence, why = judge(report, kind, members)
    return LedgerEntry(
        bundle=report.bundle,
        source=kind.name,
        members=tuple(member.path for member in members),
        presence=presence,
        why=why,
        settle_with=kind.settle_with,
    )


def _is_of(kind: SourceKind, member: SeenMember) -> bool:
    if member.log is not None:
        return member.log.family == kind.family
    return owns(kind, member.path)
