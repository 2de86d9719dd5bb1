"""The kept lines of SMlog by process: where one begins, whether it said something, had it ended.

Pids come back after some tens of thousands of processes, and a log may begin midway.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from math import inf
from typing import NamedTuple

from analyzer.bundle.names import log_name
from analyzer.case.events import EventTable
from analyzer.case.made_of_rows import Brief
from analyzer.model.terms import SM_CALL_ENTRY
from analyzer.rebuilt.calls.sm_lines import (
    COMMANDS,
    DONE,
    EXCEPTION,
    KICKED,
    LOCKED,
    PLUGIN,
    raised_of,
)
from analyzer.values import dataclass

_MINUTE = 60_000_000  # microseconds
_LOADING = 2 * _MINUTE  # from a process's first line to its entry line
_QUIET = 15 * _MINUTE  # no call is silent for longer, unless it waits
_SETTLED = 5 * _MINUTE
_QUICK = _MINUTE
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


class _Entry(NamedTuple):
    """What an entry line tells of the calls before it; asked thousands of times."""

    at: int
    rotation: int
    pid: int | None
    said: bytes
    attaches: bool  # an SR: the host may have started


@dataclass(frozen=True, slots=True, kw_only=True)
class HostLines:
    """The lines of one status report in the order of writing, and what tells that calls ended."""

    table: EventTable
    lines: Sequence[Brief]
    places: Sequence[int]  # of entry lines in `lines`
    entries: Sequence[_Entry]  # at these places
    boots: Sequence[int]
    steady: bool  # no entry line is stamped before the one above it
    attaching: Sequence[int]  # which of the entries attach an SR

    def booted(self, after: int, before: int) -> bool:
        """Tell whether the host started in between."""
        place = bisect_right(self.boots, after)
        return place < len(self.boots) and self.boots[place] <= before


def host_lines(table: EventTable, lines: Sequence[Brief], boots: Sequence[int]) -> HostLines:
    """Return the lines of one report, in the order of writing, with what tells that calls ended.

    ``boots`` are the moments at which the host started, microseconds since 1970, in order.
    """
    places = [place for place, line in enumerate(lines) if line.kind == SM_CALL_ENTRY]
    entries = [
        _Entry(
            entry.at,
            rotation_of(entry.member),
            entry.pid,
            entry.said,
            entry.said.startswith(b"sr_attach "),
        )
        for entry in map(lines.__getitem__, places)
    ]
    return HostLines(
        table=table,
        lines=lines,
        places=places,
        entries=entries,
        boots=boots,
        steady=all(one.at <= other.at for one, other in pairwise(entries)),
        attaching=[number for number, entry in enumerate(entries) if entry.attaches],
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
    return line.kind == LOCKED or (line.kind in COMMANDS and b"\n" not in line.said)


def says_nothing(group: SmProcess) -> bool:
    """Tell whether a process is a scan without trouble, or only woke the garbage collector."""
    own = [line for line in group.lines if line.kind != KICKED]
    if len(own) > 1 or (own and not own[0].said.startswith(b"sr_scan ")):
        return False
    return not own or group.last.at - own[0].at < _QUICK


def ended_before_others(vdi: str | None, group: SmProcess, host: HostLines) -> bool:
    """Tell whether later calls of the host show that this one ended, without an error.

    They do when one of them is about the same disk, or was made when so much time had passed
    that the next line of this one would be there: in the same file, or in the one after it. Not
    so where the host started in between; SRs that are attached are taken for a sign of that.
    """
    last = group.last
    rotation, disk = rotation_of(last.member), vdi.encode() if vdi else None
    later = bisect_right(host.boots, last.at)
    boot = host.boots[later] if later < len(host.boots) else inf
    start = bisect_right(host.places, group.place)
    # Where stamps never go back the first line that is late enough speaks for all before it.
    late = bisect_left(host.entries, (last.at + _SETTLED,), start)
    if host.steady and late < min(start + _NEIGHBOURS, len(host.entries)):
        entry = host.entries[late]
        attached = bisect_right(host.attaching, late) > bisect_left(host.attaching, start)
        if not attached and entry.at < boot and rotation - entry.rotation <= 1:
            return True
    for entry in host.entries[start : start + _NEIGHBOURS]:
        if entry.attaches or rotation - entry.rotation > 1 or boot <= entry.at:
            return False
        if entry.at - last.at >= _SETTLED or entry.pid == last.pid:
            return True
        if disk and disk in entry.said:
            return True
    return False


@lru_cache(maxsize=1024)  # asked of each line
def rotation_of(member: str) -> int:
    """Return how often a log was rotated: 2 of SMlog.2.gz, 0 of what is no log."""
    name = log_name(member)
    return name.rotation if name else 0
