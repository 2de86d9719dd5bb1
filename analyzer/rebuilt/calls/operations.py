"""SM's calls: the kept lines of SMlog, put together by process.

One call of SM is one process (``SRCommand.run``); its lines share a pid, which comes back after
some tens of thousands of processes. Plugins (``tapdisk-pause``, ``on-slave``) are processes of
their own. The entry line is written after the disk is loaded, so lines may stand before it, and
a call that cannot load its disk has none.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import lru_cache
from itertools import islice, pairwise
from math import inf
from types import MappingProxyType
from typing import NamedTuple

from analyzer.bundle.names import log_name
from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.case.events import EventTable
from analyzer.case.made_of_rows import Brief
from analyzer.model.event import Event
from analyzer.model.operation import Command, Operation, Raised, Result
from analyzer.model.terms import HOST_BOOTED, SM_CALL_ENTRY, UUID
from analyzer.rebuilt.calls.sm_lines import call_in, command_of, entry_of, raised_of, with_result
from analyzer.values import dataclass

PLUGIN = "sm-call.plugin"
COMMANDS = (
    "sm-command.image",
    "sm-command.log",
    "sm-command.tapdisk",
    "sm-command.tapdisk-failed",
    "sm-command.volume",
)
RAISING = "sm-trouble.raising"
EXCEPTION = "sm-trouble.exception"
FAILED = "sm-trouble.failed"
LOCKED = "cbt-told.locked"
KICKED = "sm-step.kicked"
DONE = "sm-step.done"
NOTES = (
    "cbt-told.attached",
    "cbt-told.coalesce",
    "cbt-told.database",
    "cbt-told.dropped",
    LOCKED,
    "cbt-told.renamed",
    "cbt-told.volume",
    "cbt-told.walk",
    "sm-step.attached",
    "sm-step.copied",
    DONE,
    KICKED,
    "sm-step.paused",
)
KINDS = (SM_CALL_ENTRY, PLUGIN, *COMMANDS, RAISING, EXCEPTION, FAILED, *NOTES)

_MINUTE = 60_000_000  # microseconds
_LOADING = 2 * _MINUTE  # from a process's first line to its entry line
_QUIET = 15 * _MINUTE  # no call is silent for longer, unless it waits
_SETTLED = 5 * _MINUTE
_QUICK = _MINUTE
_NEIGHBOURS = 2000  # entry lines that are looked at for the end of one call
_LAST_WORDS: Mapping[str, bytes] = MappingProxyType(
    {
        "vdi_enable_cbt": b"Unpause request for ",
        "vdi_disable_cbt": b"Unpause request for ",
        "vdi_activate": b"Removed activating flag from ",
        "vdi_deactivate": b"Removed host key host_",
    }
)
_LOG_PATH = re.compile(rf"(?:VG_XenStorage-|/)({UUID})/(?:VHD-|LV-|QCOW2-)?({UUID})\b")
_PLUGIN_DISK = re.compile(rf"(?:Pause|Unpause) for ({UUID})")


@dataclass(slots=True, kw_only=True)
class _Group:
    """The lines of one process; ``place`` is that of its last line among the host's."""

    lines: list[Brief]
    entry: Brief | None = None
    place: int = 0

    @property
    def last(self) -> Brief:
        return self.lines[-1]


class _Entry(NamedTuple):
    """What an entry line tells of the calls before it; asked thousands of times."""

    at: int
    rotation: int
    pid: int | None
    said: bytes
    attaches: bool  # an SR: the host may have started


@dataclass(frozen=True, slots=True, kw_only=True)
class _Host:
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


@dataclass(slots=True, kw_only=True)
class _Parts:
    """What the lines of a process say, line by line."""

    lines: list[Event] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    raised: list[Raised] = field(default_factory=list)
    notes: list[Event] = field(default_factory=list)


@derived
def sm_operations(case: Case) -> tuple[Operation, ...]:
    """Return SM's calls on all hosts, in order of time."""
    return operations_of(case.events)


@derived
def sm_operations_of_disks(case: Case) -> Mapping[str, Sequence[Operation]]:
    """Return disk → SM's calls for it, in order of time."""
    found: dict[str, list[Operation]] = {}
    for operation in sm_operations(case):
        if operation.vdi:
            found.setdefault(operation.vdi, []).append(operation)
    return found


@derived
def sm_operations_of_processes(case: Case) -> Mapping[tuple[str, int | None], Sequence[Operation]]:
    """Return (report, pid) → the calls of processes of that id, in order of time."""
    found: dict[tuple[str, int | None], list[Operation]] = {}
    for operation in sm_operations(case):
        found.setdefault((operation.bundle, operation.pid), []).append(operation)
    return found


def operations_of(events: EventTable) -> tuple[Operation, ...]:
    """Return SM's calls on all hosts, ordered by the time of their first line, then by source.

    Scans of which nothing but the first and the last line was kept, within a minute (all was
    well), are left out. A call that two reports of one host show is there once, as the report
    shows it that has more of it.
    """
    booted: dict[str, list[int]] = {}
    for line in events.in_brief(HOST_BOOTED):
        booted.setdefault(line.bundle, []).append(line.at)
    found = [
        operation
        for bundle, lines in _by_bundle(events).items()
        for operation in _of_host(events, lines, sorted(booted.get(bundle, [])))
    ]
    best: dict[tuple[object, ...], Operation] = {}
    same: Counter[tuple[object, ...]] = Counter()  # two calls of one report are never one
    for one in found:
        own = (one.host, one.pid, one.first.at, one.lines[0].text)
        same[one.bundle, *own] += 1
        key = (same[one.bundle, *own], *own)
        before = best.get(key)
        if before is None or _how_much_is_known(one) > _how_much_is_known(before):
            best[key] = one
    return tuple(sorted(best.values(), key=_order_of_operation))


def _how_much_is_known(operation: Operation) -> tuple[int, bool]:
    return (len(operation.lines), operation.result is not Result.UNKNOWN)


def _order_of_operation(operation: Operation) -> tuple[object, ...]:
    source = operation.lines[0].source
    return (operation.first.at, source.bundle, source.member, source.line)


def _by_bundle(events: EventTable) -> Mapping[str, list[Brief]]:
    """Return each report's lines once, in the order in which they were written."""
    members: dict[tuple[str, str], dict[int, Brief]] = {}
    for line in events.in_brief(*KINDS):
        members.setdefault((line.bundle, line.member), {}).setdefault(line.line, line)
    found: dict[str, list[Brief]] = {}
    for bundle, member in sorted(members, key=lambda place: (-_rotation_of(place[1]), place)):
        lines = members[bundle, member]
        found.setdefault(bundle, []).extend(lines[number] for number in sorted(lines))
    return found


@lru_cache(maxsize=1024)  # asked of each line
def _rotation_of(member: str) -> int:
    name = log_name(member)
    return name.rotation if name else 0


def _of_host(
    table: EventTable, lines: Sequence[Brief], boots: Sequence[int]
) -> Iterator[Operation]:
    places = [place for place, line in enumerate(lines) if line.kind == SM_CALL_ENTRY]
    entries = [
        _Entry(
            entry.at,
            _rotation_of(entry.member),
            entry.pid,
            entry.said,
            entry.said.startswith(b"sr_attach "),
        )
        for entry in map(lines.__getitem__, places)
    ]
    host = _Host(
        table=table,
        lines=lines,
        places=places,
        entries=entries,
        boots=boots,
        steady=all(one.at <= other.at for one, other in pairwise(entries)),
        attaching=[number for number, entry in enumerate(entries) if entry.attaches],
    )
    groups = [group for group in _groups_of_processes(host) if not _says_nothing(group)]
    # Of the lines that were written, most are of groups that say nothing: no events of these.
    events = iter(table.at([line.row for group in groups for line in group.lines]))
    for group in groups:
        yield _operation_of_group(group, list(islice(events, len(group.lines))), host)


def _groups_of_processes(host: _Host) -> Iterator[_Group]:
    """Yield the processes, each when the next one of its pid begins, or at the end."""
    running: dict[int | None, _Group] = {}
    for place, line in enumerate(host.lines):
        group = running.get(line.pid)
        if group is None or _begins_a_process(line, group, host):
            if group is not None:
                yield group
            group = running[line.pid] = _Group(lines=[])
        group.lines.append(line)
        group.place = place
        if line.kind == SM_CALL_ENTRY:
            group.entry = line
    yield from running.values()


def _begins_a_process(line: Brief, group: _Group, host: _Host) -> bool:
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
            return at - before > _QUIET and not _may_be_silent(group.last)


def _may_be_silent(line: Brief) -> bool:
    """Tell whether nobody knows how long the process may be silent after a line."""
    return line.kind == LOCKED or (line.kind in COMMANDS and b"\n" not in line.said)


def _says_nothing(group: _Group) -> bool:
    """Tell whether a process is a scan without trouble, or only woke the garbage collector."""
    own = [line for line in group.lines if line.kind != KICKED]
    if len(own) > 1 or (own and not own[0].said.startswith(b"sr_scan ")):
        return False
    return not own or group.last.at - own[0].at < _QUICK


def _operation_of_group(group: _Group, events: Sequence[Event], host: _Host) -> Operation:
    """Return what the lines say; ``events`` are these lines."""
    entry_event = next((event for event in events if event.kind == SM_CALL_ENTRY), None)
    entry = None if entry_event is None else entry_of(entry_event.message)
    parts = _parts_of_group(events, entry_event)
    first = events[0]
    vdi, sr = (entry.vdi, entry.sr) if entry else _guessed_objects(events)
    name = entry.name if entry else next(filter(None, map(call_in, parts.raised)), "")
    # Mark the errors that ended the call, also on the lines that merely built them.
    ended = {error.text for error in parts.raised if error.final}
    judged_errors = tuple(
        replace(error, final=error.final or error.text in ended) if ended else error
        for error in parts.raised
    )
    return Operation(
        host=first.host,
        bundle=first.source.bundle,
        pid=first.pid,
        name=name,
        result=Result.FAILED if ended else _result_of_operation(name, vdi, parts, group, host),
        first=first.moment,
        last=events[-1].moment,
        entry=entry_event,
        arguments=entry.arguments if entry else MappingProxyType({}),
        args=entry.args if entry else (),
        vdi=vdi,
        sr=sr,
        task=entry.task if entry else None,
        commands=tuple(parts.commands),
        raised=judged_errors,
        notes=tuple(parts.notes),
        lines=tuple(parts.lines),
    )


def _parts_of_group(events: Sequence[Event], entry: Event | None) -> _Parts:
    parts = _Parts()
    for event in events:
        if event.kind in COMMANDS:
            # Add a command; a further try of one that failed takes its place.
            command = command_of(event)
            last = parts.commands[-1] if parts.commands else None
            if last and last.argv == command.argv and last.result is Result.FAILED:
                parts.commands[-1] = replace(command, attempts=last.attempts + 1)
                parts.lines = [line for line in parts.lines if line is not last.event]
            else:
                parts.commands.append(command)
        elif event.kind in (RAISING, EXCEPTION):
            parts.raised.append(raised_of(event))
        elif event.kind == FAILED and parts.lines and _awaits_result(parts.lines[-1]):
            # A command the failure that stands too far from its echo to have been joined.
            completed_command = parts.commands[-1]
            completed_event = replace(
                completed_command.event,
                message=f"{completed_command.event.message}\n{event.message}",
                text=f"{completed_command.event.text}\n{event.text}",
            )
            parts.commands[-1] = with_result(
                replace(completed_command, event=completed_event), event.message
            )
            parts.lines[-1] = parts.commands[-1].event
            continue
        elif event is not entry:
            parts.notes.append(event)
        parts.lines.append(event)
    return parts


def _awaits_result(event: Event) -> bool:
    return event.kind in COMMANDS and "\n" not in event.message


def _guessed_objects(events: Sequence[Event]) -> tuple[str | None, str | None]:
    """Return (VDI, SR) of a process without an entry line, where its lines agree on them."""
    disks: set[str] = set()
    storages: set[str] = set()
    for event in events:
        if event.kind == PLUGIN and (found := _PLUGIN_DISK.match(event.message)):
            disks.add(found[1])
        elif event.kind in COMMANDS:
            for storage, disk in _LOG_PATH.findall(event.message):
                storages.add(storage)
                disks.add(disk)
    return _only_one(disks), _only_one(storages)


def _only_one(uuids: Iterable[str]) -> str | None:
    known = list(uuids)
    return known[0] if len(known) == 1 else None


def _result_of_operation(
    name: str, vdi: str | None, parts: _Parts, group: _Group, host: _Host
) -> Result:
    """Return how a call ended that no error ended."""
    if _may_be_silent(group.last):
        return Result.UNKNOWN
    words = _LAST_WORDS.get(name)
    if words and group.last.said.startswith(words):
        return Result.SUCCEEDED
    if group.lines[0].kind == PLUGIN and parts.commands:
        return parts.commands[-1].result
    return Result.SUCCEEDED if _ended_before_others(vdi, group, host) else Result.UNKNOWN


def _ended_before_others(vdi: str | None, group: _Group, host: _Host) -> bool:
    """Tell whether later calls of the host show that this one ended, without an error.

    They do when one of them is about the same disk, or was made when so much time had passed
    that the next line of this one would be there: in the same file, or in the one after it. Not
    so where the host started in between; SRs that are attached are taken for a sign of that.
    """
    last = group.last
    rotation, disk = _rotation_of(last.member), vdi.encode() if vdi else None
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
