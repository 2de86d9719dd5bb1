"""SM's calls: the kept lines of SMlog, put together by process.

One call of SM is one process (``SRCommand.run``); its lines share a pid, which comes back after
some tens of thousands of processes. Plugins (``tapdisk-pause``, ``on-slave``) are processes of
their own. The entry line is written after the disk is loaded, so lines may stand before it, and
a call that cannot load its disk has none.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from itertools import islice
from types import MappingProxyType

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.case.events import EventTable
from analyzer.case.made_of_rows import Brief
from analyzer.model.event import Event
from analyzer.model.operation import Command, Operation, Raised, Result
from analyzer.model.terms import HOST_BOOTED, SM_CALL_ENTRY, UUID
from analyzer.rebuilt.calls.processes import (
    HostLines,
    SmProcess,
    ended_before_others,
    host_lines,
    may_be_silent,
    processes_of,
    rotation_of,
    says_nothing,
)
from analyzer.rebuilt.calls.sm_lines import (
    COMMANDS,
    EXCEPTION,
    FAILED,
    KINDS,
    PLUGIN,
    RAISING,
    call_in,
    command_of,
    entry_of,
    raised_of,
    with_result,
)
from analyzer.values import dataclass

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
    reports = {(one.host, one.bundle) for one in found}
    if len({host for host, _ in reports}) < len(reports):
        found = _each_once(found)
    return tuple(sorted(found, key=_order_of_operation))


def _each_once(operations: Sequence[Operation]) -> list[Operation]:
    """Return the calls, of one that several reports of a host show what shows most of it."""
    best: dict[tuple[object, ...], Operation] = {}
    same: Counter[tuple[object, ...]] = Counter()  # two calls of one report are never one
    for one in operations:
        own = (one.host, one.pid, one.first.at, one.lines[0].text)
        same[one.bundle, *own] += 1
        key = (same[one.bundle, *own], *own)
        before = best.get(key)
        if before is None or _how_much_is_known(one) > _how_much_is_known(before):
            best[key] = one
    return list(best.values())


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
    for bundle, member in sorted(members, key=lambda place: (-rotation_of(place[1]), place)):
        lines = members[bundle, member]
        found.setdefault(bundle, []).extend(lines[number] for number in sorted(lines))
    return found


def _of_host(
    table: EventTable, lines: Sequence[Brief], boots: Sequence[int]
) -> Iterator[Operation]:
    host = host_lines(table, lines, boots)
    groups = [group for group in processes_of(host) if not says_nothing(group)]
    # Of the lines that were written, most are of groups that say nothing: no events of these.
    events = iter(table.at([line.row for group in groups for line in group.lines]))
    for group in groups:
        yield _operation_of_group(group, list(islice(events, len(group.lines))), host)


def _operation_of_group(group: SmProcess, events: Sequence[Event], host: HostLines) -> Operation:
    """Return what the lines say; ``events`` are these lines."""
    entry_event = next((event for event in events if event.kind == SM_CALL_ENTRY), None)
    entry = None if entry_event is None else entry_of(entry_event)
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
            completed_event = completed_command.event.joined_with(event)
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
    name: str, vdi: str | None, parts: _Parts, group: SmProcess, host: HostLines
) -> Result:
    """Return how a call ended that no error ended."""
    if may_be_silent(group.last):
        return Result.UNKNOWN
    words = _LAST_WORDS.get(name)
    if words and group.last.said.startswith(words):
        return Result.SUCCEEDED
    if group.lines[0].kind == PLUGIN and parts.commands:
        return parts.commands[-1].result
    return Result.SUCCEEDED if ended_before_others(vdi, group, host) else Result.UNKNOWN
