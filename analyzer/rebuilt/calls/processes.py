"""The kept lines of SMlog by process: where one begins, whether it said something, had it ended.

Pids come back after some tens of thousands of processes, and a log may begin midway.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from math import inf

from analyzer.bundle.names import log_name
from analyzer.case.events import EventTable
from analyzer.case.made_of_rows import Brief
from analyzer.case.quiet_scans import QUICK, QUIET, SCANS
from analyzer.model.terms import SM_CALL_ENTRY, SM_KICKED, SM_LOCKED, UUID
from analyzer.rebuilt.calls.sm_lines import (
    COMMANDS,
    DONE,
    EXCEPTION,
    PLUGIN,
    raised_of,
)
from analyzer.values import dataclass

_MINUTE = 60_000_000  # microseconds
_LOADING = 2 * _MINUTE  # from a process's first line to its entry line
_QUIET = QUIET * 1_000_000
_SETTLED = 5 * _MINUTE
_QUICK = QUICK * 1_000_000
_ARGUMENT = re.compile(rf"'({UUID})'".encode())
_NEIGHBOURS = 2000  # entry lines that are looked at for the end of one call


@dataclass(slots=True, kw_only=True)
class SmProcess:
    """The lines of one process; ``place`` is that of its last line among the host's."""

    lines: list[Brief]
    entry: Brief | None = None
    place: int = 0

    @property
    def last(self) -> Brief:
        """Return the line it wrote last."""
        return self.lines[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostLines:
    """The lines of one status report in the order of writing, and what tells that calls ended."""

    table: EventTable
    lines: Sequence[Brief]
    boots: Sequence[int]
    places: Sequence[int]  # of entry lines in `lines`
    # Of each entry line: when it was written, when the latest up to it was, how often its log was
    # rotated, negative, so that both are in order.
    written: Sequence[int]
    latest: Sequence[int]
    rotations: Sequence[int]
    # Which entry lines attach an SR (the host may have started), are of a pid, name a disk.
    attaching: Sequence[int]
    of_pids: Mapping[int | None, Sequence[int]]
    of_disks: Mapping[bytes, Sequence[int]]

    def booted(self, after: int, before: int) -> bool:
        """Tell whether the host started in between."""
        place = bisect_right(self.boots, after)
        return place < len(self.boots) and self.boots[place] <= before


def host_lines(table: EventTable, lines: Sequence[Brief], boots: Sequence[int]) -> HostLines:
    """Return the lines of one report, in the order of writing, with what tells that calls ended.

    ``boots`` are the moments at which the host started, microseconds since 1970, in order.
    """
    places = [place for place, line in enumerate(lines) if line.kind == SM_CALL_ENTRY]
    entries = [lines[place] for place in places]
    written = [entry.at for entry in entries]
    of_pids: dict[int | None, list[int]] = {}
    of_disks: dict[bytes, list[int]] = {}
    for number, entry in enumerate(entries):
        of_pids.setdefault(entry.pid, []).append(number)
        for uuid in set(_ARGUMENT.findall(entry.said)):
            of_disks.setdefault(uuid, []).append(number)
    return HostLines(
        table=table,
        lines=lines,
        boots=boots,
        places=places,
        written=written,
        latest=list(accumulate(written, max)),
        rotations=[-rotation_of(entry.member) for entry in entries],
        attaching=[n for n, entry in enumerate(entries) if entry.said.startswith(b"sr_attach ")],
        of_pids=of_pids,
        of_disks=of_disks,
    )


def processes_of(host: HostLines) -> Iterator[SmProcess]:
    """Yield the processes, each when the next one of its pid begins, or at the end."""
    running: dict[int | None, SmProcess] = {}
    for place, line in enumerate(host.lines):
        group = running.get(line.pid)
        if group is None or _begins_a_process(line, group, host):
            if group is not None:
                yield group
            group = running[line.pid] = SmProcess(lines=[])
        group.lines.append(line)
        group.place = place
        if line.kind == SM_CALL_ENTRY:
            group.entry = line
    yield from running.values()


def _begins_a_process(line: Brief, group: SmProcess, host: HostLines) -> bool:
    """Tell whether a line is of a new process rather than of the one that had its pid before."""
    before, at = group.last.at, line.at
    if host.booted(before, at):
        return True
    match line.kind:
        case kind if kind == SM_CALL_ENTRY:
            first = group.lines[0]
            if group.entry is not None or first.kind == PLUGIN or at - first.at > _LOADING:
                return True
            # Whether a process without an entry line came to its end.
            errors = [each.row for each in group.lines if each.kind == EXCEPTION]
            return any(raised_of(event).final for event in host.table.at(errors))
        case kind if kind == PLUGIN:
            return True
        case kind if kind == DONE:  # each call that says so has an entry line
            return False
        case _:
            return at - before > _QUIET and not may_be_silent(group.last)


def may_be_silent(line: Brief) -> bool:
    """Tell whether nobody knows how long the process may be silent after a line."""
    return line.kind == SM_LOCKED or (line.kind in COMMANDS and b"\n" not in line.said)


def says_nothing(group: SmProcess) -> bool:
    """Tell whether a process is a scan without trouble, or only woke the garbage collector."""
    own = [line for line in group.lines if line.kind != SM_KICKED]
    if len(own) > 1 or (own and not own[0].said.startswith(SCANS.encode())):
        return False
    return not own or group.last.at - own[0].at < _QUICK


def ended_before_others(vdi: str | None, group: SmProcess, host: HostLines) -> bool:
    """Tell whether later calls of the host show that this one ended, without an error.

    They do when one of them is about the same disk, or was made when so much time had passed
    that the next line of this one would be there: in the same file, or in the one after it. Not
    so where the host started in between; SRs that are attached are taken for a sign of that.
    """
    last = group.last
    start = bisect_right(host.places, group.place)
    booted = bisect_right(host.boots, last.at)
    unknown = min(
        len(host.places),
        start + _NEIGHBOURS,
        _next(host.attaching, start),
        bisect_right(host.rotations, 1 - rotation_of(last.member), start),
        _first_written(host, start, host.boots[booted]) if booted < len(host.boots) else inf,
    )
    return (
        _next(host.of_pids.get(last.pid, ()), start) < unknown
        or (vdi is not None and _next(host.of_disks.get(vdi.encode(), ()), start) < unknown)
        or _first_written(host, start, last.at + _SETTLED) < unknown
    )


def _next(numbers: Sequence[int], start: int) -> float:
    """Return the first of some numbers, which are in order, from a start on."""
    place = bisect_left(numbers, start)
    return numbers[place] if place < len(numbers) else inf


def _first_written(host: HostLines, start: int, at: int) -> float:
    """Return the first entry line from a start on that was written at a time or later."""
    if not start or host.latest[start - 1] < at:
        return bisect_left(host.latest, at, start)
    # Stamps went back: each is looked at.
    near = range(start, min(start + _NEIGHBOURS, len(host.written)))
    return next((number for number in near if host.written[number] >= at), inf)


@lru_cache(maxsize=1024)  # asked of each line
def rotation_of(member: str) -> int:
    """Return how often a log was rotated: 2 of SMlog.2.gz, 0 of what is no log."""
    name = log_name(member)
    return name.rotation if name else 0
