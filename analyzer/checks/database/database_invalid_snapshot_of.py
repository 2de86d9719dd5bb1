"""Rows whose `snapshot_of` cannot be true, and what else a broken revert leaves behind.

Source: xen-api. A live disk has a null `snapshot_of` (`xapi_vdi.ml` create, snapshot). VM.revert
sets that field in all rows that have the same value as the snapshot's (`xapi_vm_snapshot.ml`
revert_vbds); where that value is null or stale, it stamps rows that have nothing to do with it. A
*snapshot* that names a disk which is gone is sound: VDI.destroy leaves it so, `db_gc_util.ml` does
not look at it, and the next scan of the SR clears it (`storage_smapiv1.ml` vdi_info_of_vdi_rec).
So is a snapshot of a snapshot, which xapi allows.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.checks.observation import Observation
from analyzer.checks.tools.finding import found, listed, named, quote_row
from analyzer.model.finding import Basis, Confidence, Finding, Subject
from analyzer.model.rule import RuleText
from analyzer.model.xapi import Vbd, Vdi, Vm

_MOST = 8


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Look at the field in all rows, and at the devices of all VMs, of each database."""
    for pool in case.pools:
        # The live disks that are said to be snapshots, by what they are said to be of.
        found_: dict[str, list[Vdi]] = {}
        for row in pool.vdis:
            wrong = row.is_a_snapshot is False and row.snapshot_of and not row.current_operations
            if wrong and row.snapshot_of and (pool.complete or pool.vdi(row.snapshot_of)):
                found_.setdefault(row.snapshot_of, []).append(row)
        for key, rows in sorted(found_.items()):
            yield _of_live(text, pool, key, rows)
        for circle in _circles_of_snapshots(pool):
            yield _of_circle(text, circle)
        for vm, own in _vms_with_doubled_device(pool):
            yield _of_vm(text, pool, vm, own)


def _of_live(text: RuleText, pool: PoolState, key: str, rows: Sequence[Vdi]) -> Finding:
    target = pool.vdi(key)
    values = {
        "number": f"{len(rows)} live disk{'s' if len(rows) > 1 else ''}",
        "target": named(target.name_label, target.uuid) if target else key,
        "disks": _names_in_words(rows),
        "mass": " So many at once come from one revert that stamped rows which were not its own."
        if len(rows) > 1
        else "",
    }
    srs = {row.sr: sr for row in rows if row.sr and (sr := pool.sr(row.sr))}
    scans = [{"sr": sr.uuid} for sr in srs.values()] if target is None else []
    return found(
        text,
        (text.title, text.detail) if target else text.case("nothing"),
        basis=Basis.STATE,
        confidence=Confidence.LIKELY,
        subjects=tuple(map(_subject_of_row, rows)),
        rows=[*({**values, **scan} for scan in scans), values],
        evidence=tuple(quote_row(row, "is_a_snapshot", "snapshot_of") for row in rows[:_MOST]),
        count=len(rows),
    )


def _circles_of_snapshots(pool: PoolState) -> Iterator[Sequence[Vdi]]:
    """Yield snapshots that are of themselves, over others or not, each circle once.

    A circle begins with its first row. No row is walked twice: a chain may be of all rows.
    """
    walked: set[str] = set()
    for row in pool.vdis:
        way: dict[str, Vdi] = {}
        after: Vdi | None = row
        while after is not None and after.is_a_snapshot and after.uuid not in walked:
            walked.add(after.uuid)
            way[after.uuid] = after
            after = pool.vdi(after.snapshot_of)
        if after is not None and after.uuid in way:
            rows = list(way.values())
            circle = rows[list(way).index(after.uuid) :]
            first = min(range(len(circle)), key=lambda place: circle[place].uuid)
            yield (*circle[first:], *circle[:first])


def _of_circle(text: RuleText, rows: Sequence[Vdi]) -> Finding:
    return found(
        text,
        text.case("circle"),
        basis=Basis.STATE,
        confidence=Confidence.LIKELY,
        subjects=tuple(map(_subject_of_row, rows)),
        rows=[
            {
                "number": f"{len(rows)} snapshot{'s' if len(rows) > 1 else ''}",
                "disks": _names_in_words(rows),
            }
        ],
        evidence=tuple(quote_row(row, "is_a_snapshot", "snapshot_of") for row in rows[:_MOST]),
        count=len(rows),
    )


def _vms_with_doubled_device(pool: PoolState) -> Iterator[tuple[Vm, Sequence[Vbd]]]:
    """Yield the VMs with several disks on one device, and the VBDs of these."""
    places: dict[tuple[str, str], list[Vbd]] = {}
    for vbd in pool.vbds:
        vm = pool.vm(vbd.vm)
        # Whether a VM's VBDs are its own: a snapshot has those of its VM.
        if (
            vm is not None
            and vbd.vdi
            and (vbd.userdevice or "").isdecimal()
            and (not (vm.is_a_snapshot or vm.is_control_domain or vm.current_operations))
        ):
            places.setdefault((vm.uuid, vbd.userdevice or ""), []).append(vbd)
    doubled: dict[str, list[Vbd]] = {}
    for (uuid, _), own in sorted(places.items()):
        if len({vbd.vdi for vbd in own}) > 1:
            doubled.setdefault(uuid, []).extend(own)
    for uuid, own in doubled.items():
        vm = pool.vm(uuid)
        assert vm is not None  # its uuid is that of a row
        yield vm, own


def _of_vm(text: RuleText, pool: PoolState, vm: Vm, own: Sequence[Vbd]) -> Finding:
    disks = {}
    for vbd in own:
        row = pool.vdi(vbd.vdi)
        disks[vbd.uuid] = (
            named(row.name_label, row.uuid) if row else f"{vbd.vdi}, which is not there"
        )
    places = [f"device {vbd.userdevice}: disk {disks[vbd.uuid]}" for vbd in own]
    values = {
        "vm": vm.uuid,
        "vm_name": named(vm.name_label, vm.uuid),
        "places": "; ".join(islice(places, _MOST)),
    }
    free = [vbd for vbd in own if vbd.currently_attached is not True]
    return found(
        text,
        text.case("doubled"),
        basis=Basis.STATE,
        confidence=Confidence.LIKELY,
        subjects=(
            Subject(type="VM", uuid=vm.uuid, name=vm.name_label),
            *(Subject(type="VBD", uuid=vbd.uuid) for vbd in own),
        ),
        rows=[
            *({**values, "vbd": vbd.uuid, "vbd_disk": disks[vbd.uuid]} for vbd in free[:_MOST]),
            values,
        ],
        evidence=tuple(
            quote_row(vbd, "VM", "VDI", "userdevice", "currently_attached") for vbd in own[:_MOST]
        ),
        count=len(own),
    )


def _subject_of_row(row: Vdi) -> Subject:
    return Subject(type="VDI", uuid=row.uuid, name=row.name_label)


def _names_in_words(rows: Sequence[Vdi]) -> str:
    names = [named(row.name_label, row.uuid) for row in rows[:_MOST]]
    more = [f"{len(rows) - _MOST} more"] if len(rows) > _MOST else []
    return listed([*names, *more])
