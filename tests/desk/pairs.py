"""Pools of which two status reports were made: what was so, and what was done in between.

Each pair tells a story twice: the world is the same, only later.
"""

from collections.abc import Callable
from datetime import timedelta

from tests.support.bundle import BundleBuilder
from tests.support.clock import utc
from tests.world.emit_snapshot import LogFault
from tests.world.objects import GIB, Disk
from tests.world.routine import backup, small_world
from tests.world.world import World

Pair = tuple[BundleBuilder, BundleBuilder]


def _report(world: World) -> BundleBuilder:
    return world.bundle(world.master)


def _tracked(seed: str) -> tuple[World, Disk, Disk]:
    """Return a pool with two tracked disks after a good night, and the first disk's base."""
    world = small_world(seed)
    (storage,) = world.storages
    machine = world.machine("files", storage, [20 * GIB])
    world.start(machine)
    disk = machine.disks[0]
    world.enable_cbt(disk)
    world.until(utc("2024-11-21 01:00:00"))
    return world, disk, backup(world, [disk], {})[disk.uuid]


def _nights(world: World, disk: Disk, last: Disk | None, days: int) -> Disk | None:
    for _ in range(days):
        world.until(world.clock.now + timedelta(days=1))
        last = backup(world, [disk], {disk.uuid: last} if last else {})[disk.uuid]
    return last


def _lost_at_snapshot(seed: str) -> tuple[World, Disk, BundleBuilder]:
    """Return a pool in which a snapshot cost a disk its CBT, and the report of then."""
    world, disk, _ = _tracked(seed)
    world.until(utc("2024-11-22 01:00:00"))
    world.snapshot(disk, fault=LogFault.NO_SPACE)
    world.until(utc("2024-11-22 09:06:01"))
    disk.storage.free = 100 * GIB
    report = _report(world)
    world.clock.tick(600)
    return world, disk, report


def healthy_twice() -> Pair:
    world, disk, last = _tracked("healthy-twice")
    first = _report(world)
    _nights(world, disk, last, 2)
    return first, _report(world)


def broke_in_between() -> Pair:
    world, disk, _ = _tracked("broke-in-between")
    first = _report(world)
    world.until(utc("2024-11-22 01:00:00"))
    world.snapshot(disk, fault=LogFault.NO_SPACE)
    world.until(utc("2024-11-22 09:06:01"))
    return first, _report(world)


def nothing_done() -> Pair:
    world, _, first = _lost_at_snapshot("nothing-done")
    world.until(utc("2024-11-23 09:06:01"))
    return first, _report(world)


def turned_on_again() -> Pair:
    world, disk, first = _lost_at_snapshot("turned-on-again")
    world.enable_cbt(disk)
    _nights(world, disk, None, 3)
    return first, _report(world)


def logs_gone() -> Pair:
    first, second = turned_on_again()
    for path in second.paths():
        if path.startswith("var/log/SMlog"):
            second.remove(path)
    return first, second


def disk_gone() -> Pair:
    world, disk, first = _lost_at_snapshot("disk-gone")
    machine = next(m for m in world.state.machines if disk in m.disks)
    world.shut_down(machine)
    world.destroy(disk)
    world.until(utc("2024-11-23 09:06:01"))
    return first, _report(world)


def broke_again() -> Pair:
    world, disk, first = _lost_at_snapshot("broke-again")
    world.enable_cbt(disk)
    last = _nights(world, disk, None, 1)
    assert last
    world.until(world.clock.now + timedelta(hours=6))
    world.snapshot(disk, fault=LogFault.NO_SPACE)
    world.until(world.clock.now + timedelta(hours=6))
    return first, _report(world)


def _without_a_network(seed: str) -> tuple[World, BundleBuilder]:
    world = small_world(seed, purpose=())
    (storage,) = world.storages
    machine = world.machine("ledger", storage, [40 * GIB])
    world.start(machine)
    world.enable_cbt(machine.disks[0])
    world.until(utc("2024-11-22 01:00:00"))
    world.snapshot(machine.disks[0])
    for _ in range(3):
        world.nbd["jupiter"].no_network()
        world.clock.tick(30)
    world.until(utc("2024-11-22 09:06:01"))
    return world, _report(world)


def purpose_given() -> Pair:
    world, first = _without_a_network("purpose-given")
    world.set_purpose(world.state.networks[0], "nbd")
    world.until(utc("2024-11-23 09:06:01"))
    return first, _report(world)


def purpose_still_missing() -> Pair:
    world, first = _without_a_network("purpose-missing")
    world.until(utc("2024-11-23 09:06:01"))
    return first, _report(world)


def rotated_and_untouched() -> Pair:
    """The refused comparison has rotated away, and nobody has compared the disk since."""
    world, disk, last = _tracked("rotated")
    world.until(utc("2024-11-22 01:00:00"))
    new = world.snapshot(disk)
    last.log = None
    world.list_changed_blocks(last, new)
    world.until(utc("2024-11-22 09:06:01"))
    first = _report(world)
    world.until(utc("2024-11-24 09:06:01"))
    second = _report(world)
    for path in second.paths():
        if (path.startswith("var/log/") and ".log." in path) or "SMlog." in path:
            second.remove(path)
    return first, second


PAIRS: dict[str, Callable[[], Pair]] = {
    tell.__name__: tell
    for tell in (
        healthy_twice,
        broke_in_between,
        nothing_done,
        turned_on_again,
        logs_gone,
        disk_gone,
        broke_again,
        purpose_given,
        purpose_still_missing,
        rotated_and_untouched,
    )
}
