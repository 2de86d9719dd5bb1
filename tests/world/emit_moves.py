"""What xapi logs of a disk that goes to another SR: the live move, and the copy of a halted one.

Writer imitated: xen-api `message_forwarding.ml` (VDI.pool_migrate, VDI.copy, VBD.create,
VDI.destroy), `xapi_vm_migrate.ml` (vdi_copy_fun: what is on that SR already is not copied).
"""

from tests.world.emit_xapi import named
from tests.world.objects import Disk, Machine, Storage
from tests.world.world import World


def migrate_disk(world: World, machine: Machine, disk: Disk, storage: Storage) -> Disk:
    """Move a running VM's disk, whose CBT is off, to an SR; returns the disk that it is there."""
    task = world.api.call("Async.VDI.pool_migrate")
    shown = f"VDI = '{disk.uuid}'; SR = '{storage.uuid}'; VM = '{machine.uuid} ({machine.name})'"
    world.api.said(task, f"VDI.pool_migrate: {shown}")
    if storage is disk.storage:
        world.api.audit(task, (named("vdi", disk),))
        return disk
    host = machine.host or world.master
    world.api.hand_on(task, world.apis[host.name])
    new = _made_on(world, disk, storage)
    world.clock.tick(240)
    here = world.apis[host.name]
    here.log(task, "xapi_vm_migrate", f"Local VDI {disk.uuid} mirrored to {new.uuid}")
    world.api.audit(task, (named("vdi", disk),))
    _replace(world, machine, disk, new)
    return new


def move_by_copy(world: World, machine: Machine, disk: Disk, storage: Storage) -> Disk:
    """Copy a halted VM's disk, give the VM the copy, and delete the old one, as clients do."""
    new = copy_disk(world, disk, storage)
    attach_copy(world, machine, new)
    _replace(world, machine, disk, new)
    return new


def copy_disk(world: World, disk: Disk, storage: Storage) -> Disk:
    """Copy a disk to a new one on an SR."""
    task = world.api.call("Async.VDI.copy")
    shown = (
        f"VDI = '{disk.uuid}'; SR = '{storage.uuid}'; base_vdi = 'invalid'; into_vdi = 'invalid'"
    )
    world.api.said(task, f"VDI.copy: {shown}")
    world.clock.tick(240)
    world.api.audit(task, (named("vdi", disk),))
    return _made_on(world, disk, storage)


def attach_copy(world: World, machine: Machine, disk: Disk) -> None:
    """Log that a VM is given a disk."""
    task = world.api.call("VBD.create")
    shown = f"VM = '{machine.uuid} ({machine.name})'; VDI = '{disk.uuid}'"
    world.api.said(task, f"VBD.create: {shown}")


def _made_on(world: World, disk: Disk, storage: Storage) -> Disk:
    return world.disk(disk.name, storage, disk.size)


def _replace(world: World, machine: Machine, disk: Disk, new: Disk) -> None:
    """Give the VM the new disk; snapshots of the old one stay, and name a disk that is gone."""
    machine.disks[machine.disks.index(disk)] = new
    for each in world.disks.values():
        if each.snapshot_of is disk:
            each.snapshot_of, each.orphaned = None, disk.ref
    new.attached, disk.attached = disk.attached, {}
    assert not world.destroy(disk)
