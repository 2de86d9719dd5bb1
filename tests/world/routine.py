"""What every story has: a small pool at work, a night's backup, a checkpoint, noise."""

from collections.abc import Mapping

from tests.support.clock import utc
from tests.world.emit_system import everyday
from tests.world.objects import Disk, Machine
from tests.world.world import World


def small_world(seed: str, *, purpose: tuple[str, ...] = ("nbd",)) -> World:
    """Return a world of one host, one LVM SR and one network for backups, at work for two days."""
    world = World(seed, utc("2024-11-20 05:00:00"))
    world.storage("Local storage", "lvm")
    world.network("Backup", "xenbr1", "eth1", "198.51.100", purpose)
    world.serve()
    everyday(world.master, world.api)
    return world


def backup(world: World, disks: list[Disk], last: Mapping[str, Disk]) -> dict[str, Disk]:
    """Do a night's backup as the article tells it; `last` and the result: snapshot per disk.

    On volumes the data of a snapshot is destroyed once it is copied. On file systems it stays
    until the next backup, because deleting a `cbt_metadata` disk there breaks the chain.
    """
    taken: dict[str, Disk] = {}
    for disk in disks:
        new = taken[disk.uuid] = world.snapshot(disk)
        old = last.get(disk.uuid)
        if old is not None:
            world.list_changed_blocks(old, new)
        with world.exported(new):
            world.clock.tick(300)
        if old is not None:
            world.destroy(old)
        if disk.storage.volumes:
            world.data_destroy(new)
        world.collect_garbage(disk.storage)
        world.scan(disk.storage)
        everyday(world.master, world.api)
    return taken


def checkpoint(world: World, machine: Machine) -> None:
    """Take a VM's snapshot with memory, then delete its disks' snapshots again."""
    task = world.api.call("VM.checkpoint")
    world.api.log(task, "xapi_vm", f"VM.checkpoint: VM = '{machine.name}'", level="info")
    taken = [world.snapshot(disk) for disk in machine.disks]
    world.api.audit(task, ())
    world.clock.tick(1800)
    for snapshot in taken:
        world.destroy(snapshot)
        world.collect_garbage(snapshot.storage)


def noise(world: World) -> None:
    for _ in range(6):
        world.clock.tick(240)
        everyday(world.master, world.api)
        for storage in world.storages:
            world.scan(storage)
