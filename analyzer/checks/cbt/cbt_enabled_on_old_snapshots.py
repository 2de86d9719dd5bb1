"""Snapshots that still have CBT while it is off for their disk.

Source: xen-api `xapi_vdi.ml`: disable_cbt is for live disks only (OPERATION_NOT_ALLOWED for a
snapshot), and sm `VDI.py` configure_blocktracking() removes the log of the live disk only. A VM
that was reverted has a new disk, a clone without a log (`xapi_vm_snapshot.ml` revert_vbds), of
which the old snapshots now are. Both are sound; people wonder why a migration is still refused.
"""

from collections.abc import Iterator, Sequence

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.checks.observation import Observation
from analyzer.checks.tools.chain_facts import disk_subjects, name_of
from analyzer.checks.tools.finding import Row, found, listed, quote, quote_row
from analyzer.checks.tools.log_disk import is_metadata
from analyzer.checks.tools.lost_tracking import Loss, losses, taken_at
from analyzer.model.finding import Basis, Confidence, Finding
from analyzer.model.rule import RuleText
from analyzer.model.sentence import say
from analyzer.model.xapi import Vdi
from analyzer.values import dataclass

_MOST = 6
_SHOWN = ("cbt_enabled", "snapshot_of", "snapshot_time")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Off:
    """A live disk without CBT, its snapshots with it, the oldest first, and the error, if any."""

    disk: Vdi
    snapshots: Sequence[Vdi]
    loss: Loss | None


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Compare the flag of every live disk with those of its snapshots."""
    lost = {loss.vdi: loss for loss in losses(case)}
    for pool in case.pools:
        owned: dict[str, list[Vdi]] = {}
        for row in pool.vdis:
            if row.is_a_snapshot and row.snapshot_of and row.cbt_enabled and not is_metadata(row):
                owned.setdefault(row.snapshot_of, []).append(row)
        for disk in pool.vdis:
            own = [row for key in {disk.ref, disk.uuid} for row in owned.get(key, ())]
            busy = disk.current_operations or any(row.current_operations for row in own)
            if own and not busy and disk.is_a_snapshot is False and disk.cbt_enabled is False:
                snapshots = sorted(own, key=lambda row: (row.snapshot_time or "", row.uuid))
                off = _Off(disk=disk, snapshots=snapshots, loss=lost.get(disk.uuid))
                yield _finding_of_old_snapshots(case, text, pool, off)


def _finding_of_old_snapshots(case: Case, text: RuleText, pool: PoolState, off: _Off) -> Finding:
    disk, snapshots, loss = off.disk, off.snapshots, off.loss
    sr = pool.sr(disk.sr)
    values_snapshots, values_loss = off.snapshots, off.loss
    taken = taken_at(values_snapshots[0])
    names = [row.uuid for row in values_snapshots[:_MOST]]
    more = len(values_snapshots) - len(names)
    values = {
        "disk": name_of(case, off.disk.uuid),
        "vdi": off.disk.uuid,
        "number": str(len(values_snapshots)),
        "snapshots": listed([*names, *([f"{more} more"] if more else [])]),
        "oldest": say("taken at {taken}", taken=taken) if taken else names[0],
        "when": values_loss.line.moment if values_loss else "",
    }
    rows = [{**values, **_deletion_step(pool, row, loss)} for row in snapshots[:_MOST]]
    return found(
        text,
        text.case("by-error") if loss else (text.title, text.detail),
        basis=Basis.BOTH if loss else Basis.STATE,
        confidence=Confidence.LIKELY,
        subjects=(
            *disk_subjects(case, disk.uuid, sr.uuid if sr else None),
            *(disk_subjects(case, row.uuid, None)[0] for row in snapshots),
        ),
        rows=[*rows, values],
        evidence=(
            quote_row(disk, "cbt_enabled", "is_a_snapshot"),
            *(quote_row(row, *_SHOWN) for row in snapshots[:_MOST]),
            *((quote(loss.line),) if loss else ()),
        ),
        count=len(snapshots),
    )


def _deletion_step(pool: PoolState, row: Vdi, loss: Loss | None) -> Row:
    """Return the fields that choose how a snapshot can be deleted."""
    vms = (pool.vm(vbd.vm) for vbd in pool.vbds_of(row))
    vm = next((vm for vm in vms if vm is not None and vm.is_a_snapshot), None)
    if vm is not None:
        return {"snapshot": row.uuid, "snapshot_vm": vm.uuid}
    return {"broken": row.uuid} if loss else {"alone": row.uuid}
