"""Tasks: calls of the API, followed from their first line over all others and all hosts.

Only the first line of a call names its objects (``VDI.snapshot: VDI = '…'``,
message_forwarding.ml); the rest carry the short reference of the task in xapi's bracket (``R:`` of
a task in the database, ``D:`` of one that is not; ref.ml ``really_pretty_and_small``). The master
hands the reference on to the host that does the work, and to SM as ``subtask_of``.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.model.event import Event
from analyzer.model.moment import Moment
from analyzer.model.operation import Operation
from analyzer.model.terms import SHORT_TASK, UUID
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.values import dataclass

__all__ = ["Task", "failed", "reference_of", "task_of", "tasks", "tasks_by_reference"]

MADE = "task-call.made"
_FAILED = " failed with exception "

_OBJECTS = ("vdi", "to", "sr", "vbd", "vm", "pbd")
_REFERENCE = re.compile(rf"(OpaqueRef:|DummyRef:\|)?({UUID})")
_WHOLE = re.compile(UUID)
_NAMED = re.compile(r"([A-Za-z_]+\.[A-Za-z_]+) [RD]:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One call: ``reference`` is short (``R:03a940e24a95``), ``name`` the method ("" if not told).

    ``events`` are its lines on all hosts in the table's order, each once; ``operations`` what SM
    did for it. ``first`` and ``last`` are the moments of the first and the last of them as the
    table orders them: of two hosts that says nothing of what came first. ``vdis``, ``srs``,
    ``vbds``, ``vms`` and ``pbds`` are the uuids it names, its own ones only. ``parent`` is the
    task that made it, ``children`` those that it made.
    """

    reference: str
    name: str
    first: Moment
    last: Moment
    hosts: tuple[str, ...]
    events: tuple[Event, ...]
    operations: tuple[Operation, ...] = ()
    vdis: tuple[str, ...] = ()
    srs: tuple[str, ...] = ()
    vbds: tuple[str, ...] = ()
    vms: tuple[str, ...] = ()
    pbds: tuple[str, ...] = ()
    parent: str | None = None
    children: tuple[str, ...] = ()


def tasks(case: Case) -> tuple[Task, ...]:
    """Return all tasks that were seen, ordered by time and reference."""
    found = tasks_by_reference(case).values()
    return tuple(sorted(found, key=lambda task: (task.first.at, task.reference)))


@derived
def tasks_by_reference(case: Case) -> Mapping[str, Task]:
    """Return all tasks by their short references, which are random: no two are alike."""
    lines = case.events.by_task()
    calls: dict[str, list[Operation]] = {}
    for operation in sm_operations(case):
        if short := reference_of(operation.task):
            calls.setdefault(short, []).append(operation)
    made = {e.fields["made"]: e.fields["by"] for e in case.events.of(MADE)}
    # Return OpaqueRef → uuid of the objects that calls name.
    uuids = {
        row.ref: row.uuid
        for pool in case.pools
        for row in (*pool.vdis, *pool.srs, *pool.vbds, *pool.vms, *pool.pbds)
        if row.ref
    }
    found = {
        reference: _task_of_reference(
            reference, lines.get(reference, ()), calls.get(reference, ()), uuids
        )
        for reference in sorted({*lines, *calls})
    }
    # Each task its parent and its children, as far as both were seen.
    family_of_made: list[tuple[str, Task]] = []
    children: dict[str, list[str]] = {}
    for child, parent in sorted(made.items()):
        if child in found and parent in found and child != parent:
            children.setdefault(parent, []).append(child)
    for family_reference, task in found.items():
        by = made.get(family_reference)
        known = by if by in found and by != family_reference else None
        own = tuple(children.get(family_reference, ()))
        family_of_made.append((family_reference, replace(task, parent=known, children=own)))
    return MappingProxyType(dict(family_of_made))


def task_of(case: Case, event: Event) -> Task | None:
    """Return the task that a line is of, None where it names none."""
    found = SHORT_TASK.search(event.task or "")
    return tasks_by_reference(case).get(found[1]) if found else None


def failed(case: Case, event: Event) -> bool:
    """Tell whether the task that a line is of ended with an error."""
    task = task_of(case, event)
    if task is None:
        return False
    if any(_FAILED in line.text for line in task.events):
        return True
    spots = (spot for trouble in case.troubles if trouble.code for spot in trouble.spots)
    return any(spot.task == task.reference for spot in spots)


def reference_of(reference: str | None) -> str | None:
    """Return the short form of a task's reference.

    >>> reference_of("OpaqueRef:03a940e2-4a95-4c3d-8e5f-60718293a4b5")
    'R:03a940e24a95'
    >>> reference_of("DummyRef:|1b2c3d4e-5f60-4c3d-8e5f-60718293a4b5|SR.scan")
    'D:1b2c3d4e5f60'
    """
    found = _REFERENCE.match(reference or "")
    if found is None:
        return None
    letter = "D" if (found[1] or "").startswith("Dummy") else "R"
    return f"{letter}:{found[2][:8]}{found[2][9:13]}"


def _task_of_reference(
    reference: str,
    lines: Sequence[Event],
    calls: Sequence[Operation],
    uuids: Mapping[str, str],
) -> Task:
    events = tuple({event.source: event for event in lines}.values())
    moments = [
        *(event.moment for event in events),
        *(moment for call in calls for moment in (call.first, call.last)),
    ]
    # The uuids of the objects that lines name, references looked up in the database.
    objects_found: dict[str, set[str]] = {name: set() for name in _OBJECTS}
    for objects_line in lines:
        for name in _OBJECTS:
            value = objects_line.fields.get(name, "")
            uuid = value if _WHOLE.fullmatch(value) else uuids.get(value)
            objects_found[name] |= {uuid} if uuid else set()
    named = objects_found
    named["vdi"] |= {call.vdi for call in calls if call.vdi}
    named["sr"] |= {call.sr for call in calls if call.sr}
    # The method that most lines say, forwarded, dispatched or asynchronous.
    names = [found[1] for line in lines if (found := _NAMED.search(line.task or ""))]
    method_of_lines = max(sorted(set(names)), key=names.count, default="")
    return Task(
        reference=reference,
        name=method_of_lines,
        first=min(moments, key=lambda moment: moment.at),
        last=max(moments, key=lambda moment: moment.at),
        hosts=tuple(sorted({*(e.host for e in events), *(call.host for call in calls)})),
        events=events,
        operations=tuple(calls),
        vdis=_sorted_uuids(named["vdi"] | named["to"]),
        srs=_sorted_uuids(named["sr"]),
        vbds=_sorted_uuids(named["vbd"]),
        vms=_sorted_uuids(named["vm"]),
        pbds=_sorted_uuids(named["pbd"]),
    )


def _sorted_uuids(uuids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(uuids))
