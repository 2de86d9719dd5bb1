"""Judge what became of one expected source of a status report, worst first."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from analyzer.bundle._seen import SeenMember, is_output
from analyzer.bundle._sums import OTHER_SUM, ROTATED_ANEW
from analyzer.bundle.inventory import BugtoolLog, ReportInventory
from analyzer.bundle.names import log_name, place
from analyzer.model.report import Presence
from analyzer.sources import SourceKind
from analyzer.values import dataclass

_REPORT = re.compile(r"bug-report-\d{14}", re.ASCII)
# outputs of commands that nobody adds by hand to a few logs
_COLLECTED = 3

Fate: TypeAlias = tuple[Presence, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTraces:
    """What is known of a status report: its members by path, and what its collector says.

    ``sums`` are the md5 sums that bind, by path; ``altered`` is an output whose sum shows that
    the archive was changed on its way, and nothing else of it would.
    """

    bundle: str
    seen: Mapping[str, SeenMember]
    inventory: ReportInventory | None
    bugtool: BugtoolLog | None
    stopped: str
    sums: Mapping[str, str]
    altered: str = ""

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
        # Whether a path is that of a command's output, which only the collector makes.
        outputs = sum(
            (is_output(path) or ("/" not in path and path.startswith("xapi-db")))
            for path in self.seen
        )
        made = _REPORT.search(self.bundle) or outputs >= _COLLECTED
        return "inventory.xml, which is written last, is not in the archive" if made else ""

    def listed(self, kind: SourceKind) -> tuple[str, ...]:
        """Return the paths of a source that ``inventory.xml`` lists."""
        entries = self.inventory.entries if self.inventory else ()
        paths = (place(filename).path for _, filename in entries)
        return tuple(path for path in paths if owns(kind, path))

    def omitted(self, kind: SourceKind) -> str:
        """Return the line that says that a size cap kept a source out, "" without one."""
        for path, capability in self.bugtool.omitted if self.bugtool else ():
            if owns(kind, path.lstrip("/")):
                return f"Omitting {path}, size constraint of {capability} exceeded"
        return ""


def owns(kind: SourceKind, path: str) -> bool:
    """Tell whether a path in a report is of a source."""
    if kind.is_log:
        log = log_name(path)
        return log is not None and log.family == kind.family
    return kind.collects(path)


def judge(report: ReportTraces, kind: SourceKind, members: Sequence[SeenMember]) -> Fate:
    """Return what became of a source, of which `members` were seen, and why we say so."""
    if not members:
        for reason in (
            _by_design,
            _omitted_by_cap,
            _not_requested,
            _lost_or_over_budget,
            _not_listed,
        ):
            fate = reason(report, kind)
            if fate is not None:
                return fate
        return Presence.ABSENT, f"{_names_of_source(kind)} is not in the report{kind.missing}"
    if kind.name == "inventory" and report.inventory is None:
        return Presence.DAMAGED, "inventory.xml is there, but it is no whole inventory"
    if kind.family:
        return _fate_of_log_family(report, kind, members)
    if kind.folder:
        # Judge a source of many files: all of them must be there.
        fates = [*_shared_fates(report, kind, members)]
        return _worst_fate(fates, f"{len(members):,} files in {kind.folder}")
    if kind.by_design_missing:
        # Judge what people put beside the report: each file is another thing.
        wrong = (_member_fate(report, kind, member) for member in members)
        paths = ", ".join(member.path for member in members)
        verb = "was" if len(members) == 1 else "were"
        return _worst_fate([fate for fate in wrong if fate is not None], f"{paths} {verb} read")
    # Judge copies of one thing: one that is usable is enough.
    best_fates = [(member, _member_fate(report, kind, member)) for member in members]
    fate_wrong = [fate for _, fate in best_fates if fate is not None]
    usable = [member.path for member, fate in best_fates if fate is None]
    if usable:
        notes = "".join(f"; {why}" for _, why in fate_wrong)
        return Presence.PRESENT, f"{', '.join(usable)} was read{notes}"
    presence, _ = min(fate_wrong, key=_rank_of_fate)
    return presence, "; ".join(why for _, why in fate_wrong)


def _by_design(_report: ReportTraces, kind: SourceKind) -> Fate | None:
    return (Presence.BY_DESIGN, kind.missing) if kind.by_design_missing else None


def _omitted_by_cap(report: ReportTraces, kind: SourceKind) -> Fate | None:
    line = report.omitted(kind)
    return (Presence.OMITTED_BY_CAP, f"xen-bugtool.log: {line}") if line else None


def _not_requested(report: ReportTraces, kind: SourceKind) -> Fate | None:
    requested = report.bugtool.requested if report.bugtool else None
    if requested is None or not kind.capability or kind.capability in requested:
        return None
    argv = " ".join(report.bugtool.argv) if report.bugtool else ""
    return Presence.NOT_REQUESTED, f"{kind.capability} was not asked for: {argv}"


def _lost_or_over_budget(report: ReportTraces, kind: SourceKind) -> Fate | None:
    if listed := report.listed(kind):
        why = f"inventory.xml lists {listed[0]}, but it is not in the archive: lost or taken out"
        return Presence.DAMAGED, why
    if report.stopped or (
        not report.inventory and any(member.over_budget for member in report.seen.values())
    ):
        why = report.stopped or "our budget ended the reading"
        return (
            Presence.OVER_BUDGET,
            f"{_names_of_source(kind)} may come after the point where {why}",
        )
    if report.cut:
        return Presence.DAMAGED, f"{_names_of_source(kind)} may have been lost: {report.cut}"
    return None


def _not_listed(report: ReportTraces, kind: SourceKind) -> Fate | None:
    if report.inventory is None or report.bugtool is not None or kind.missing:
        return None
    if any(capability == kind.capability for capability, _ in report.inventory.entries):
        return None
    why = f"inventory.xml lists no file of {kind.capability}: it was not asked for"
    return Presence.NOT_REQUESTED, why


def _names_of_source(kind: SourceKind) -> str:
    return " or ".join(kind.paths) or kind.family or kind.folder


def _member_fate(report: ReportTraces, kind: SourceKind, member: SeenMember) -> Fate | None:
    """Return what is wrong with one member, None if nothing is."""
    if member.over_budget:
        return Presence.OVER_BUDGET, f"{member.path}: {member.damage}"
    if damage := member.damage or _why_bytes_altered(report, kind, member):
        return Presence.DAMAGED, f"{member.path}: {damage}"
    if member.timed_out:
        return Presence.TIMED_OUT, f"{member.path} ends with ** timeout **"
    if member.empty and not kind.may_be_empty:
        what = f"{member.size_read:,} bytes, all blank" if member.size_read else "0 bytes"
        return Presence.EMPTY, f"{member.path} has {what}: {kind.failing}"
    return None


def _why_bytes_altered(report: ReportTraces, kind: SourceKind, member: SeenMember) -> str:
    """Say why the bytes of a member are, or may be, not those that xen-bugtool collected."""
    if member.changed:
        return f"the archive that it comes from is damaged: {member.changed}"
    if report.other_sum(member):
        return ROTATED_ANEW if member.log is not None else OTHER_SUM
    if report.altered and member.path not in report.sums:
        return f"{report.altered} was changed since it was packed, and nothing tells if this was"
    if member.doubled:
        return "the archive has a second member of this name, and which is the host's is not known"
    # Say that a file ends inside a line, "" where it does not, or may.
    if not member.unfinished:
        open_end = ""
    elif member.log is not None:
        open_end = "its last line has no end: the file is cut, only the live log may end so"
    else:
        # what somebody gave by hand went through an editor
        open_end = (
            "its last line has no end: the output is cut" if report.inventory is not None else ""
        )
    return open_end or ("" if kind.by_design_missing else _strange_bytes(member))


def _strange_bytes(member: SeenMember) -> str:
    """Say which bytes of a member no program on a host writes there, "" if there are none."""
    if member.zeros:
        # rsyslog writes them as #000: they stand where a crash lost blocks that were not written
        number = "1 zero byte stands" if member.zeros == 1 else f"{member.zeros:,} zero bytes stand"
        return f"{number} where lines were: these are lost"
    if member.foreign:
        number = "1 byte" if member.foreign == 1 else f"{member.foreign:,} bytes"
        return f"{number} of it no syslog writes: what stood there was changed"
    return ""


def _fate_of_log_family(
    report: ReportTraces, kind: SourceKind, members: Sequence[SeenMember]
) -> Fate:
    """Judge the live log and its rotated files: they are one log, which must have no hole."""
    fates = [*_shared_fates(report, kind, members)]
    numbers = sorted({member.log.rotation for member in members if member.log is not None})
    holes = sorted(set(range(numbers[-1] if numbers else 0)) - set(numbers))
    if 0 in holes:
        why = f"{kind.family} itself is not there, only older files of it"
        fates.append((Presence.ROTATED_AWAY, why))
    if older := [str(number) for number in holes if number]:
        missing = ", ".join(older)
        why = f"{kind.family}: the rotated files {missing} are not there, later ones are"
        fates.append((Presence.ROTATED_AWAY, why))
    text = f"{kind.family}: all files from 0 to {numbers[-1]}" if numbers else "one file"
    requested = report.bugtool.requested if report.bugtool else None
    verbosity = requested.get(kind.capability) if requested else None
    if verbosity is None:
        extent_of_log = f"{text}; older ones are not collected, or were rotated away"
    else:
        extent_of_log = f"{text}; not more was asked for: {kind.capability}:{verbosity}"
    return _worst_fate(fates, extent_of_log)


def _shared_fates(
    report: ReportTraces, kind: SourceKind, members: Sequence[SeenMember]
) -> list[Fate]:
    """Return what is wrong with the members of a source that has many, and with their number."""
    wrong = (_member_fate(report, kind, member) for member in members)
    fates = [fate for fate in wrong if fate is not None]
    if line := report.omitted(kind):
        fates.append((Presence.OMITTED_BY_CAP, f"xen-bugtool.log: {line}"))
    paths = {member.path for member in members}
    if lost := [path for path in report.listed(kind) if path not in paths]:
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


def _rank_of_fate(fate: Fate) -> int:
    return _WORST_FIRST.index(fate[0])


def _worst_fate(fates: Sequence[Fate], why: str) -> Fate:
    return min(fates, key=_rank_of_fate, default=(Presence.PRESENT, why))
