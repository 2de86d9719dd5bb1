"""The story without a fault: whatever is found in it is found wrongly."""

from tests.support.clock import utc
from tests.world.emit_system import vanished_volume
from tests.world.objects import GIB, Disk, Machine
from tests.world.releases import XCP_NG_8_0, XCP_NG_8_3
from tests.world.routine import backup, checkpoint, noise
from tests.world.sample import Sample
from tests.world.world import World


def healthy_cbt() -> Sample:
    """CBT in correct daily use for three days, an upgrade between, and noise of every kind."""
    world = World("healthy-cbt", utc("2024-11-19 05:00:00"), release=XCP_NG_8_0)
    world.storage("Local storage", "lvm")
    world.storage("NFS virtual disk storage", "nfs")
    world.network("Backup", "xenbr1", "eth1", "198.51.100", ("nbd",))
    world.serve()
    running = _before_upgrade(world)
    _after_upgrade(world, running)
    world.until(utc("2024-11-22 09:06:01"))
    return Sample(reports=(world.bundle(world.master),))


def _before_upgrade(world: World) -> tuple[Machine, Machine, Machine]:
    """Set up the VMs and back them up once; returns those that run."""
    local, share = world.storages
    web = world.machine("web", local, [40 * GIB, 10 * GIB])
    database = world.machine("database", share, [100 * GIB])
    world.machine("test of SESSION_INVALID", local, [8 * GIB])
    plain = world.machine("never backed up", local, [16 * GIB])
    for machine in (web, database, plain):
        world.start(machine)
    for disk in _tracked(world):
        world.enable_cbt(disk)
    world.until(utc("2024-11-19 12:00:00"))
    noise(world)
    world.api.alarm(database.uuid)
    vanished_volume(world.master, local, web.disks[0].uuid)
    return web, database, plain


def _after_upgrade(world: World, running: tuple[Machine, Machine, Machine]) -> None:
    """Back up, upgrade, and go on; grow a disk, turn CBT off and on, restart the service."""
    web, database, _ = running
    tracked = _tracked(world)
    last = backup(world, tracked, {})
    world.until(utc("2024-11-20 06:00:00"))
    for machine in running:
        world.shut_down(machine)
    world.upgrade(world.master, XCP_NG_8_3)
    for machine in running:
        world.start(machine)
    world.until(utc("2024-11-21 00:00:00"))
    last = backup(world, tracked, last)
    noise(world)
    world.until(utc("2024-11-21 13:00:00"))
    world.shut_down(web)
    world.resize(web.disks[1], 20 * GIB)
    world.start(web)
    world.disable_cbt(database.disks[0])
    world.enable_cbt(database.disks[0])
    world.destroy(last.pop(database.disks[0].uuid))
    checkpoint(world, web)
    world.nbd["jupiter"].gone()
    world.exports.stop(world.master)
    world.exports.start(world.master)
    world.until(utc("2024-11-22 01:00:00"))
    backup(world, tracked, last)
    noise(world)


def _tracked(world: World) -> list[Disk]:
    """Return the disks that are backed up."""
    return [disk for machine in world.machines[:3] for disk in machine.disks]
