"""Disks that are moved or copied: on the SR that they come to they are new ones, without CBT.

xapi moves no disk that has CBT (VDI_CBT_ENABLED), and makes a disk with a uuid of its own on the
other SR; its log stays where the old one was (xen-api `xapi_vm_migrate.ml`). A move within an SR
copies nothing, and the disk keeps its uuid and its log. Clients move the disk of a halted VM by
`VDI.copy`, a new VBD and `VDI.destroy` (`xapi_vdi.ml` copy).
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.case.time.order import began, mark
from analyzer.model.event import Event
from analyzer.model.finding import Confidence, Subject
from analyzer.model.incident import IncidentKind
from analyzer.model.xapi import Vdi
from analyzer.rebuilt.calls.operations import sm_operations_of_disks
from analyzer.rebuilt.calls.tasks import failed, task_of
from analyzer.rebuilt.incidents.draft import Draft, Hosts
from analyzer.values import dataclass

ARRIVED, COPIED, MOVED = "disk-made-new.arrived", "disk-made-new.copied", "backup-call.moved"
GIVEN = "nbd-vbd.asked"
_CALLS = (MOVED, "task-call.machine")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDisk:
    """A disk ``uuid`` that was made from another, ``old``; ``events`` show it, the call first."""

    uuid: str
    old: str
    copied: bool
    confidence: Confidence
    events: tuple[Event, ...]


@derived
def new_disks(case: Case) -> Mapping[str, NewDisk]:
    """Return the disks of the databases that a move or a copy made, by uuid."""
    # The moves of which xapi logged both disks, snapshots but left out.
    moves_with_both_disks: list[NewDisk] = []
    for event in case.events.of(ARRIVED):
        row = case.world.vdi(event.fields["new"])
        if row is None or row.is_a_snapshot or failed(case, event):
            continue
        task = task_of(case, event)
        calls = [line for line in task.events if line.kind in _CALLS] if task else []
        moves_with_both_disks.append(
            NewDisk(
                uuid=row.uuid,
                old=event.fields["vdi"],
                copied=False,
                confidence=Confidence.CERTAIN,
                events=(*calls[:1], event),
            )
        )
    found = (*moves_with_both_disks, *_moves_of_one_disk(case), *_copies_of_disks(case))
    return MappingProxyType({made.uuid: made for made in reversed(found)})


def new_disk_incidents(case: Case, hosts: Hosts) -> Iterator[Draft]:
    """Yield the moves and copies whose new disk is in a database."""
    for made in new_disks(case).values():
        disk, first = hosts.disk(made.uuid), made.events[0]
        how = "copy" if made.copied else "storage migration"
        yield Draft(
            kind=IncidentKind.DISK_COPIED if made.copied else IncidentKind.DISK_MOVED,
            host="",
            title=f"Disk {disk.called} is a new one, made by a {how}",
            began=first.moment,
            ended=None,
            confidence=made.confidence,
            events=made.events,
            subjects=(disk, Subject(type="VDI", uuid=made.old)),
        )


def _moves_of_one_disk(case: Case) -> Iterator[NewDisk]:
    """Yield the moves of one disk of which the VM has a single one on that SR, and not the old."""
    for event in case.events.of(MOVED):
        old = event.fields["vdi"]
        if failed(case, event) or case.world.vdi(old) is not None:
            continue
        there = [row for row in _disks_of(case, event.fields["vm"]) if _is_on_sr(case, row, event)]
        if len(there) == 1 and not was_there(case, there[0], event):
            yield NewDisk(
                uuid=there[0].uuid,
                old=old,
                copied=False,
                confidence=Confidence.LIKELY,
                events=(event,),
            )


def _copies_of_disks(case: Case) -> Iterator[NewDisk]:
    """Yield the copies that a VM got after the call, before the next copy to that SR."""
    calls = case.events.of(COPIED)
    for event in calls:
        if failed(case, event):
            continue
        later = [
            other
            for other in calls
            if other.fields["sr"] == event.fields["sr"] and _surely_before(case, event, other)
        ]
        given = [vbd for vbd in case.events.of(GIVEN) if _is_the_copy(case, event, vbd, later)]
        if len({vbd.fields["vdi"] for vbd in given}) == 1:
            yield NewDisk(
                uuid=given[0].fields["vdi"],
                old=event.fields["vdi"],
                copied=True,
                confidence=Confidence.LIKELY,
                events=(event, given[0]),
            )


def _is_the_copy(case: Case, copy: Event, vbd: Event, later: Sequence[Event]) -> bool:
    """Tell whether a VBD was made for a disk that no line knew before the copy."""
    row, vm = case.world.vdi(vbd.fields["vdi"]), case.world.vm(vbd.fields["vm"])
    if row is None or row.is_a_snapshot or vm is None or vm.is_control_domain:
        return False
    source = case.world.vdi(copy.fields["vdi"])
    alike = source is None or (source.name_label, source.virtual_size) == (
        row.name_label,
        row.virtual_size,
    )
    return (
        alike
        and row.uuid != copy.fields["vdi"]
        and _is_on_sr(case, row, copy)
        and _surely_before(case, copy, vbd)
        and not any(_surely_before(case, other, vbd) for other in later)
        and not was_there(case, row, copy)
    )


def _disks_of(case: Case, machine: str) -> Iterator[Vdi]:
    for pool in case.pools:
        vm = pool.vm(machine)
        for row in pool.vdis:
            if vm is not None and any(pool.vm(vbd.vm) is vm for vbd in pool.vbds_of(row)):
                yield row


def _is_on_sr(case: Case, row: Vdi, event: Event) -> bool:
    sr = case.world.sr_of(row)
    return sr is not None and sr.uuid == event.fields["sr"]


def _surely_before(case: Case, one: Event, other: Event) -> bool:
    return case.order.surely_before(mark(one), mark(other))


def was_there(case: Case, row: Vdi, event: Event) -> bool:
    """Tell whether SM worked on a disk before a line: then what the line tells did not make it."""
    return any(
        case.order.surely_before(began(run), mark(event))
        for run in sm_operations_of_disks(case).get(row.uuid, ())
    )
