"""VMs that got other disks than they had: reverted to a snapshot, or moved with their disks.

After `VM.revert` a VM has clones of the snapshot's disks (xen-api `xapi_vm_snapshot.ml`
revert_vbds), after `VM.migrate_send` copies on other storage (`xapi_vm_migrate.ml`): new disks
without a CBT log, of which the old snapshots now are. The line names the snapshot, or the VM. A
disk that SM worked on before is no new one: a VM that only goes to another host keeps its disks.
Where xapi logged which disk became which, `new_disks` tells of each.
"""

from collections.abc import Iterator, Sequence

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.model.event import Event
from analyzer.model.finding import Confidence, Subject
from analyzer.model.incident import IncidentKind
from analyzer.model.xapi import Vdi, Vm
from analyzer.rebuilt.calls.tasks import failed, task_of
from analyzer.rebuilt.incidents.draft import Draft, Hosts
from analyzer.rebuilt.incidents.new_disks import ARRIVED, was_there

CALL = "task-call.machine"
_KINDS = {"revert": IncidentKind.VM_REVERTED, "migrate_send": IncidentKind.VM_MOVED}


def machine_incidents(case: Case, hosts: Hosts) -> Iterator[Draft]:
    """Yield the reverts and moves of VMs that the database has; that they ended well is likely."""
    for event in case.events.of(CALL):
        kind = _KINDS.get(event.fields["call"])
        if kind:
            for pool in case.pools:
                pool_row = pool.vm(event.fields["vm"])
                if pool_row is not None:
                    found: tuple[PoolState, Vm] | None = (
                        pool,
                        (pool.vm(pool_row.snapshot_of) or pool_row)
                        if pool_row.is_a_snapshot
                        else pool_row,
                    )
                    break
            else:
                found = None
        else:
            found = None
        if kind is None or found is None or failed(case, event):
            continue
        disks = [row for row in _disks_of_vm(*found) if not was_there(case, row, event)]
        moved = kind is IncidentKind.VM_MOVED
        if not (moved and (not disks or _disks_are_told(case, event))):
            yield _draft_of_vm(kind, event, found[1], disks, hosts)


def _disks_of_vm(pool: PoolState, vm: Vm) -> list[Vdi]:
    return [row for row in pool.vdis if any(pool.vm(v.vm) is vm for v in pool.vbds_of(row))]


def _disks_are_told(case: Case, event: Event) -> bool:
    task = task_of(case, event)
    return task is not None and any(line.kind == ARRIVED for line in task.events)


def _draft_of_vm(
    kind: IncidentKind, event: Event, vm: Vm, disks: Sequence[Vdi], hosts: Hosts
) -> Draft:
    subject = Subject(type="VM", uuid=vm.uuid, name=vm.name_label or None)
    done = "reverted to a snapshot" if kind is IncidentKind.VM_REVERTED else "moved with its disks"
    return Draft(
        kind=kind,
        host="",
        title=f"VM {subject.called} was {done}",
        began=event.moment,
        ended=None,
        confidence=Confidence.LIKELY,
        events=[event],
        subjects=(subject, *(hosts.disk(row.uuid) for row in disks)),
    )
