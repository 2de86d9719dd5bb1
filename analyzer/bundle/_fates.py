"""Judge what became of one expected source of a status report, worst first."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from analyzer.bundle._expected import Expected
from analyzer.bundle._seen import SeenMember
from analyzer.bundle._sums import OTHER_SUM, ROTATED_ANEW
from analyzer.bundle.inventory import BugtoolLog, ReportInventory
from analyzer.bundle.names import place
from analyzer.model.report import Presence

_REPORT = re.compile(r"bug-report-\d{14}", re.ASCII)
# outputs of commands that nobody adds by hand to a few logs
_COLLECTED = 3

Fate: TypeAlias = tuple[Presence, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTraces:
    """What is known of a status report: its members by path, and what its collector says.

    ``sums`` are the md5 sums that bind, by path.
    """

    bundle: str
    seen: Mapping[str, SeenMember]
    inventory: ReportInventory | None
    bugtool: BugtoolLog | None
    stopped: str
    sums: Mapping[str, str]

    def other_sum(self, member: SeenMember) -> bool:
        """Tell whether a member has not the md5 sum that ``inventory.xml`` lists for it."""
        return bool(member.md5) and self.sums.get(member.path, member.md5) != member.md5

    @property
    def cut(self) -> str:
        """Say why members may be missing that were collected, "" if none can be."""
        if self.inventory is not None:
            return ""
        if len(self.seen) > 1 and any(member.damage for member in self.seen.values()):
            return "the archive is cut or damaged"
        outputs = sum(_is_output(path) for path in self.seen)
        made = _REPORT.search(self.bundle) or outputs >= _COLLECTED
        return "inventory.xml, which is written last, is not in the archive" if made else ""

    def listed(self, expected: Expected) -> tuple[str, ...]:
        """Return the paths of a source that ``inventory.xml`` lists."""
        entries = self.inventory.entries if self.inventory else ()
        paths = (place(filename).path for _, filename in entries)
        return tuple(path for path in paths if expected.owns(path))

    def omitted(self, expected: Expected) -> str:
        """Return the line that says that a size cap kept a source out, "" without one."""
        for path, capability in self.bugtool.omitted if self.bugtool else ():
            if expected.owns(path.lstrip("/")):
                return f"Omitting {path}, size constraint of {capability} exceeded"
        return ""


def judge(report: ReportTraces, expected: Expected, members: Sequence[SeenMember]) -> Fate:
    """Return what became of a source, of which `members` were seen, and why we say so."""
    if not members:
        return _absent(report, expected)
    if expected.source == "inventory" and report.inventory is None:
        return Presence.DAMAGED, "inventory.xml is there, but it is no whole inventory"
    if expected.family:
        return _family(report, expected, members)
    if expected.folder:
        return _folder(report, expected, members)
    return _best(report, expected, members)


def _absent(report: ReportTraces, expected: Expected) -> Fate:
    for reason in (_by_design, _omitted, _not_requested, _lost, _not_listed):
        fate = reason(report, expected)
        if fate is not None:
            return fate
    return Presence.ABSENT, f"{_names(expected)} is not in the report{expected.missing}"


def _by_design(_report: ReportTraces, expected: Expected) -> Fate | None:
    if expected.paths or expected.family or expected.folder:
        return None
    return Presence.BY_DESIGN, expected.missing


def _omitted(report: ReportTraces, expected: Expected) -> Fate | None:
    line = report.omitted(expected)
    return (Presence.OMITTED_BY_CAP, f"xen-bugtool.log: {line}") if line else None


def _not_requested(report: ReportTraces, expected: Expected) -> Fate | None:
    requested = report.bugtool.requested if report.bugtool else None
    if requested is None or not expected.capability or expected.capability in requested:
        return None
    argv = " ".join(report.bugtool.argv) if report.bugtool else ""
    return Presence.NOT_REQUESTED, f"{expected.capability} was not asked for: {argv}"


def _lost(report: ReportTraces, expected: Expected) -> Fate | None:
    if listed := report.listed(expected):
        why = f"inventory.xml lists {listed[0]}, but it is not in the archive: lost or taken out"
        return Presence.DAMAGED, why
    if report.stopped or (not report.inventory and _over_budget(report)):
        why = report.stopped or "our budget ended the reading"
        return Presence.OVER_BUDGET, f"{_names(expected)} may come after the point where {why}"
    if report.cut:
        return Presence.DAMAGED, f"{_names(expected)} may have been lost: {report.cut}"
    return None


def _not_listed(report: ReportTraces, expected: Expected) -> Fate | None:
    if report.inventory is None or report.bugtool is not None or expected.missing:
        return None
    if any(capability == expected.capability for capability, _ in report.inventory.entries):
        return None
    why = f"inventory.xml lists no file of {expected.capability}: it was not asked for"
    return Presence.NOT_REQUESTED, why


def _over_budget(report: ReportTraces) -> bool:
    return any(member.over_budget for member in report.seen.values())


def _names(expected: Expected) -> str:
    return " or ".join(expected.paths) or expected.family or expected.folder


def _member_fate(report: ReportTraces, expected: Expected, member: SeenMember) -> Fate | None:
    """Return what is wrong with one member, None if nothing is."""
    if member.over_budget:
        return Presence.OVER_BUDGET, f"{member.path}: {member.damage}"
    if damage := member.damage or _alteration(report, member):
        return Presence.DAMAGED, f"{member.path}: {damage}"
    if member.timed_out:
        return Presence.TIMED_OUT, f"{member.path} ends with ** timeout **"
    if member.empty:
        what = f"{member.size_read:,} bytes, all blank" if member.size_read else "0 bytes"
        return Presence.EMPTY, f"{member.path} has {what}: {expected.failing}"
    return None


def _alteration(report: ReportTraces, member: SeenMember) -> str:
    """Say why the bytes of a member are, or may be, not those that xen-bugtool collected."""
    if member.changed:
        return f"the archive that it comes from is damaged: {member.changed}"
    if report.other_sum(member):
        return ROTATED_ANEW if member.log is not None else OTHER_SUM
    if member.unfinished:
        return "its last line has no end: the file is cut, only the live log may end so"
    return ""


def _best(report: ReportTraces, expected: Expected, members: Sequence[SeenMember]) -> Fate:
    """Judge copies of one thing: one that is usable is enough."""
    fates = [(member, _member_fate(report, expected, member)) for member in members]
    wrong = [fate for _, fate in fates if fate is not None]
    usable = [member.path for member, fate in fates if fate is None]
    if usable:
        notes = "".join(f"; {why}" for _, why in wrong)
        return Presence.PRESENT, f"{', '.join(usable)} was read{notes}"
    presence, _ = min(wrong, key=_rank)
    return presence, "; ".join(why for _, why in wrong)


def _folder(report: ReportTraces, expected: Expected, members: Sequence[SeenMember]) -> Fate:
    """Judge a source of many files: all of them must be there."""
    fates = [*_shared_fates(report, expected, members)]
    return _worst(fates, f"{len(members):,} files in {expected.folder}")


def _family(report: ReportTraces, expected: Expected, members: Sequence[SeenMember]) -> Fate:
    """Judge the live log and its rotated files: they are one log, which must have no hole."""
    fates = [*_shared_fates(report, expected, members)]
    numbers = sorted({member.log.rotation for member in members if member.log is not None})
    holes = sorted(set(range(numbers[-1] if numbers else 0)) - set(numbers))
    if 0 in holes:
        why = f"{expected.family} itself is not there, only older files of it"
        fates.append((Presence.ROTATED_AWAY, why))
    if older := [str(number) for number in holes if number]:
        missing = ", ".join(older)
        why = f"{expected.family}: the rotated files {missing} are not there, later ones are"
        fates.append((Presence.ROTATED_AWAY, why))
    return _worst(fates, _extent(report, expected, numbers))


def _extent(report: ReportTraces, expected: Expected, numbers: Sequence[int]) -> str:
    text = f"{expected.family}: all files from 0 to {numbers[-1]}" if numbers else "one file"
    requested = report.bugtool.requested if report.bugtool else None
    verbosity = requested.get(expected.capability) if requested else None
    if verbosity is None:
        return f"{text}; older ones are not collected, or were rotated away"
    return f"{text}; not more was asked for: {expected.capability}:{verbosity}"


def _shared_fates(
    report: ReportTraces, expected: Expected, members: Sequence[SeenMember]
) -> list[Fate]:
    """Return what is wrong with the members of a source that has many, and with their number."""
    wrong = (_member_fate(report, expected, member) for member in members)
    fates = [fate for fate in wrong if fate is not None]
    if line := report.omitted(expected):
        fates.append((Presence.OMITTED_BY_CAP, f"xen-bugtool.log: {line}"))
    paths = {member.path for member in members}
    if lost := [path for path in report.listed(expected) if path not in paths]:
        why = f"inventory.xml lists {lost[0]}, but it is not in the archive: lost or taken out"
        fates.append((Presence.DAMAGED, why))
    if report.stopped:
        fates.append((Presence.OVER_BUDGET, f"further files may come after: {report.stopped}"))
    elif report.cut:
        fates.append((Presence.DAMAGED, f"further files may have been lost: {report.cut}"))
    return fates


_WORST_FIRST = (
    Presence.DAMAGED,
    Presence.OVER_BUDGET,
    Presence.TIMED_OUT,
    Presence.OMITTED_BY_CAP,
    Presence.ROTATED_AWAY,
    Presence.EMPTY,
)


def _rank(fate: Fate) -> int:
    return _WORST_FIRST.index(fate[0])


def _worst(fates: Sequence[Fate], why: str) -> Fate:
    return min(fates, key=_rank, default=(Presence.PRESENT, why))


def _is_output(path: str) -> bool:
    """Tell whether a path is that of a command's output, which only the collector makes."""
    return "/" not in path and (path.endswith(".out") or path.startswith("xapi-db"))
