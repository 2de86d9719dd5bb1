"""A story without a fault, in which CBT is used hard, in unusual ways, and correctly."""

from tests.support.clock import utc
from tests.world.objects import GIB, Disk
from tests.world.releases import XENSERVER_9
from tests.world.routine import checkpoint, noise
from tests.world.sample import Sample
from tests.world.world import World


def cbt_heavy_healthy() -> Sample:
    """Two SRs, several backups a night, merges, resizes, switching off and on: no finding."""
    world = World("cbt-heavy-healthy", utc("2024-11-21 20:00:00"), release=XENSERVER_9)
    volumes, files = world.storage("SAN", "lvmoiscsi"), world.storage("NAS", "nfs")
    world.network("Backup", "xenbr1", "eth1", "198.51.100", ("nbd",))
    world.serve()
    shop = world.machine("shop", volumes, [40 * GIB, 10 * GIB])
    wiki = world.machine("wiki", files, [60 * GIB, 12 * GIB])
    halted = world.machine("archive", files, [20 * GIB])
    for machine in (shop, wiki):
        world.start(machine)
    cycled = [shop.disks[0], wiki.disks[0]]
    kept = [shop.disks[1], wiki.disks[1], halted.disks[0]]
    for disk in (*cycled, *kept):
        world.enable_cbt(disk)
    world.enable_cbt(cycled[0])
    world.until(utc("2024-11-21 22:00:00"))
    last = _cycles(world, cycled)
    for disk in kept:
        _merged_and_grown(world, disk)
        _off_and_on(world, disk)
    with world.exported(halted.disks[0]):
        world.clock.tick(300)
    world.start(halted)
    checkpoint(world, wiki)
    world.until(utc("2024-11-22 03:00:00"))
    _compared_with_live(world, wiki.disks[0], last[1])
    noise(world)
    world.until(utc("2024-11-22 09:06:01"))
    return Sample(reports=(world.bundle(world.master),))


def _cycles(world: World, disks: list[Disk]) -> list[Disk]:
    """Keep of every snapshot the log only, and delete the log before it; returns the newest."""
    newest: list[Disk] = []
    for disk in disks:
        old = world.snapshot(disk)
        world.data_destroy(old)
        for _ in range(3):
            new = world.snapshot(disk)
            assert not world.list_changed_blocks(old, new).error
            with world.exported(new):
                world.clock.tick(60)
            world.data_destroy(new)
            world.destroy(old)
            world.collect_garbage(disk.storage)
            world.scan(disk.storage)
            old = new
        newest.append(old)
    return newest


def _merged_and_grown(world: World, disk: Disk) -> None:
    """Delete a snapshot from the middle, grow the disk, and compare over both."""
    oldest, middle = world.snapshot(disk), world.snapshot(disk)
    world.destroy(middle)
    machine = next(m for m in world.machines if disk in m.disks)
    runs = machine.host is not None
    if runs:
        assert world.resize(disk, disk.size + 4 * GIB) == "VDI_IN_USE"
        world.shut_down(machine)
    world.resize(disk, disk.size + 4 * GIB)
    if runs:
        world.start(machine)
    newest = world.snapshot(disk)
    assert not world.list_changed_blocks(oldest, newest).error


def _off_and_on(world: World, disk: Disk) -> None:
    """Turn CBT off and on; old snapshots are compared with old ones, new with new ones."""
    old = [d for d in world.disks.values() if d.snapshot_of is disk and d.log is not None]
    world.disable_cbt(disk)
    world.enable_cbt(disk)
    assert not world.list_changed_blocks(*old).error
    for snapshot in old:
        world.destroy(snapshot)
    first, second = world.snapshot(disk), world.snapshot(disk)
    assert not world.list_changed_blocks(first, second).error


def _compared_with_live(world: World, disk: Disk, snapshot: Disk) -> None:
    """Compare with a live disk while its VM is halted."""
    machine = next(m for m in world.machines if disk in m.disks)
    world.shut_down(machine)
    assert not world.list_changed_blocks(snapshot, disk).error
    world.start(machine)
