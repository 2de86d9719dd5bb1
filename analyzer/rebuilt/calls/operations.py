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
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from math import inf
from types import MappingProxyType
from typing import NamedTuple

from analyzer.bundle.names import log_name
from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.case.events import EventTable
from analyzer.model.event import Event
from analyzer.model.operation import Command, Operation, Raised, Result
from analyzer.rebuilt.calls.sm_lines import (
    UUID,
    call_in,
    command_of,
    entry_of,
    raised_of,
    with_result,
)
from analyzer.values import dataclass

ENTRY = "sm-call.entry"
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
KINDS = (ENTRY, PLUGIN, *COMMANDS, RAISING, EXCEPTION, FAILED, *NOTES)
BOOTED = "host-booted"

_LOADING = timedelta(minutes=2)  # from a process's first line to its entry line
_QUIET = timedelta(minutes=15)  # no call is silent for longer, unless it waits
_SETTLED = timedelta(minutes=5)
_QUICK = timedelta(minutes=1)
_NEIGHBOURS = 2000  # entry lines that are looked at for the end of one call
_LAST_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "vdi_enable_cbt": "Unpause request for ",
        "vdi_disable_cbt": "Unpause request for ",
        "vdi_activate": "Removed activating flag from ",
        "vdi_deactivate": "Removed host key host_",
    }
)
_LOG_PATH = re.compile(rf"(?:VG_XenStorage-|/)({UUID})/(?:VHD-|LV-|QCOW2-)?({UUID})\b")
_PLUGIN_DISK = re.compile(rf"(?:Pause|Unpause) for ({UUID})")


@dataclass(slots=True, kw_only=True)
class _Group:
    """The lines of one process; ``place`` is that of its last line among the host's."""

    events: list[Event]
    entry: Event | None = None
    place: int = 0

    @property
    def last(self) -> Event:
        return self.events[-1]


class _Entry(NamedTuple):
    """What an entry line tells of the calls before it; asked thousands of times."""

    at: float  # seconds
    rotation: int
    pid: int | None
    message: str
    attaches: bool  # an SR: the host may have started


@dataclass(frozen=True, slots=True, kw_only=True)
class _Host:
    """The lines of one status report in the order of writing, and what tells that calls ended."""

    events: Sequence[Event]
    places: Sequence[int]  # of entry lines in `events`
    entries: Sequence[_Entry]  # at these places
    boots: Sequence[datetime]
    steady: bool  # no entry line is stamped before the one above it
    attaching: Sequence[int]  # which of the entries attach an SR

    def booted(self, after: datetime, before: datetime) -> bool:
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
    booted: dict[str, list[datetime]] = {}
    for event in events.of(BOOTED):
        booted.setdefault(event.source.bundle, []).append(event.moment.at)
    found = [
        operation
        for bundle, lines in _by_bundle(events).items()
        for operation in _of_host(lines, sorted(booted.get(bundle, [])))
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


def _by_bundle(events: EventTable) -> Mapping[str, list[Event]]:
    """Return each report's lines once, in the order in which they were written."""
    members: dict[tuple[str, str], dict[int, Event]] = {}
    for event in events.of(*KINDS):
        source = event.source
        members.setdefault((source.bundle, source.member), {}).setdefault(source.line, event)
    found: dict[str, list[Event]] = {}
    for bundle, member in sorted(members, key=lambda place: (-_rotation_of(place[1]), place)):
        lines = members[bundle, member]
        found.setdefault(bundle, []).extend(lines[number] for number in sorted(lines))
    return found


@lru_cache(maxsize=1024)  # asked of each line
def _rotation_of(member: str) -> int:
    name = log_name(member)
    return name.rotation if name else 0


def _of_host(events: Sequence[Event], boots: Sequence[datetime]) -> Iterator[Operation]:
    places = [place for place, event in enumerate(events) if event.kind == ENTRY]
    entries: list[_Entry] = []
    for place in places:
        entry_event = events[place]
        message = entry_event.message
        attaches = message.startswith("sr_attach ")
        entries.append(
            _Entry(
                entry_event.moment.at.timestamp(),
                _rotation_of(entry_event.source.member),
                entry_event.pid,
                message,
                attaches,
            )
        )
    host = _Host(
        events=events,
        places=places,
        entries=entries,
        boots=boots,
        steady=all(one.at <= other.at for one, other in pairwise(entries)),
        attaching=[number for number, entry in enumerate(entries) if entry.attaches],
    )
    for group in _groups_of_processes(host):
        operation = _operation_of_group(group)
        if operation is not None:
            yield replace(operation, result=_result_of_operation(operation, group, host))


def _groups_of_processes(host: _Host) -> Iterator[_Group]:
    """Yield the processes, each when the next one of its pid begins, or at the end."""
    running: dict[int | None, _Group] = {}
    for place, event in enumerate(host.events):
        group = running.get(event.pid)
        if group is None or _begins_a_process(event, group, host):
            if group is not None:
                yield group
            group = running[event.pid] = _Group(events=[])
        group.events.append(event)
        group.place = place
        if event.kind == ENTRY:
            group.entry = event
    yield from running.values()


def _begins_a_process(event: Event, group: _Group, host: _Host) -> bool:
    """Tell whether a line is of a new process rather than of the one that had its pid before."""
    before, at = group.last.moment.at, event.moment.at
    if host.booted(before, at):
        return True
    match event.kind:
        case kind if kind == ENTRY:
            begun = group.events[0].moment.at
            # Whether a process without an entry line came to its end.
            return (
                group.entry is not None
                or (
                    group.events[0].kind == PLUGIN
                    or any(
                        event.kind == EXCEPTION and raised_of(event).final for event in group.events
                    )
                )
                or at - begun > _LOADING
            )
        case kind if kind == PLUGIN:
            return True
        case kind if kind == DONE:  # each call that says so has an entry line
            return False
        case _:
            return at - before > _QUIET and not _may_be_silent(group.last)


def _may_be_silent(event: Event) -> bool:
    """Tell whether nobody knows how long the process may be silent after a line."""
    return event.kind == LOCKED or (event.kind in COMMANDS and "\n" not in event.message)


def _operation_of_group(group: _Group) -> Operation | None:
    """Return what the lines say, its result left open; None for a scan that says nothing."""
    # Whether a process is a scan without trouble, or only woke the garbage collector.
    own = [event for event in group.events if event.kind != KICKED]
    if len(own) > 1 or (own and not own[0].message.startswith("sr_scan ")):
        says_nothing = False
    else:
        says_nothing = not own or group.last.moment.at - own[0].moment.at < _QUICK
    if says_nothing:
        return None
    entry = None if group.entry is None else entry_of(group.entry.message)
    parts = _parts_of_group(group)
    first = group.events[0]
    vdi, sr = (entry.vdi, entry.sr) if entry else _guessed_objects(group)
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
        name=entry.name if entry else next(filter(None, map(call_in, parts.raised)), ""),
        result=Result.UNKNOWN,
        first=first.moment,
        last=group.last.moment,
        entry=group.entry,
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


def _parts_of_group(group: _Group) -> _Parts:
    parts = _Parts()
    for event in group.events:
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
        elif event is not group.entry:
            parts.notes.append(event)
        parts.lines.append(event)
    return parts


def _awaits_result(event: Event) -> bool:
    return event.kind in COMMANDS and "\n" not in event.message


def _guessed_objects(group: _Group) -> tuple[str | None, str | None]:
    """Return (VDI, SR) of a process without an entry line, where its lines agree on them."""
    disks: set[str] = set()
    storages: set[str] = set()
    for event in group.events:
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


def _result_of_operation(operation: Operation, group: _Group, host: _Host) -> Result:
    if any(error.final for error in operation.raised):
        return Result.FAILED
    if _may_be_silent(group.last):
        return Result.UNKNOWN
    words = _LAST_WORDS.get(operation.name)
    if words and group.last.message.startswith(words):
        return Result.SUCCEEDED
    if group.events[0].kind == PLUGIN and operation.commands:
        return operation.commands[-1].result
    return Result.SUCCEEDED if _ended_before_others(operation, group, host) else Result.UNKNOWN


def _ended_before_others(operation: Operation, group: _Group, host: _Host) -> bool:
    """Tell whether later calls of the host show that this one ended, without an error.

    They do when one of them is about the same disk, or was made when so much time had passed
    that the next line of this one would be there: in the same file, or in the one after it. Not
    so where the host started in between; SRs that are attached are taken for a sign of that.
    """
    last = group.last
    at, rotation = last.moment.at.timestamp(), _rotation_of(last.source.member)
    later = bisect_right(host.boots, last.moment.at)
    boot = host.boots[later].timestamp() if later < len(host.boots) else inf
    start = bisect_right(host.places, group.place)
    # Where stamps never go back the first line that is late enough speaks for all before it.
    late = bisect_left(host.entries, (at + _SETTLED.total_seconds(),), start)
    if host.steady and late < min(start + _NEIGHBOURS, len(host.entries)):
        entry = host.entries[late]
        attached = bisect_right(host.attaching, late) > bisect_left(host.attaching, start)
        if not attached and entry.at < boot and rotation - entry.rotation <= 1:
            return True
    for entry in host.entries[start : start + _NEIGHBOURS]:
        if entry.attaches or rotation - entry.rotation > 1 or boot <= entry.at:
            return False
        if entry.at - at >= _SETTLED.total_seconds() or entry.pid == last.pid:
            return True
        if operation.vdi and operation.vdi in entry.message:
            return True
    return False
