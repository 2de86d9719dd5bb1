"""NBD in correct use: whatever is found in it is found wrongly."""

from tests.support.clock import utc
from tests.world.objects import GIB, Disk, Storage
from tests.world.releases import XCP_NG_8_2, XCP_NG_8_3, XENSERVER_7_6, XENSERVER_9, Release
from tests.world.routine import noise
from tests.world.sample import Sample
from tests.world.world import World

_END = "2024-11-22 09:06:01"


def nbd_healthy() -> Sample:
    """Two hosts, VLAN, bond and IPv6, 40 sessions in a row, stops, and a backup that is running."""
    world = _pool("nbd-healthy", XCP_NG_8_3)
    (storage,) = world.storages
    disks = _tracked(world, storage)
    snapshots = [world.snapshot(disk) for disk in disks]
    _sessions(world, snapshots, 34)
    _restarts(world, snapshots[1])
    world.nbd["jupiter"].gone()
    _together(world, snapshots)
    for snapshot in snapshots:
        assert not world.data_destroy(snapshot)
    noise(world)
    world.until(utc("2024-11-22 08:50:00"))
    _running_backup(world, disks, snapshots)
    return Sample(reports=tuple(world.bundle(host) for host in world.hosts))


def nbd_healthy_old() -> Sample:
    """XenServer 7.6: stops that read "failed", and the service was started again."""
    world = _pool("nbd-healthy-old", XENSERVER_7_6)
    disks = _tracked(world, world.storages[0])
    snapshots = [world.snapshot(disk) for disk in disks]
    _sessions(world, snapshots, 6)
    _restarts(world, snapshots[0])
    world.until(utc(_END))
    failed = {"nbd-service-failed-after-stop": tuple((host.uuid,) for host in world.hosts)}
    return Sample(reports=tuple(world.bundle(host) for host in world.hosts), found=failed)


def nbd_healthy_stopped() -> Sample:
    """XenServer 7.6: the service was stopped and is shown as failed; only that is said."""
    world = _pool("nbd-healthy-stopped", XENSERVER_7_6, hosts=("jupiter",))
    disks = _tracked(world, world.storages[0])
    _sessions(world, [world.snapshot(disk) for disk in disks], 4)
    world.until(utc("2024-11-22 08:00:00"))
    host = world.master
    world.exports.stop(host)
    stopped = f"{world.local:%F %T} CET"
    world.until(utc(_END))
    state = f"failed (Result: exit-code) since Fri {stopped}; 1h 6min ago"
    return Sample(
        reports=(world.bundle(host, nbd=state),),
        found={"nbd-service-failed-after-stop": ((host.uuid,),)},
    )


def nbd_healthy_running() -> Sample:
    """XenServer 9: the report was made while sixteen clients read, one SR operation ran."""
    world = _pool("nbd-healthy-running", XENSERVER_9)
    disks = _tracked(world, world.storages[0])
    snapshots = [world.snapshot(disk) for disk in disks]
    _sessions(world, snapshots, 4)
    world.until(utc("2024-11-22 08:58:00"))
    for number in range(16):
        disk = snapshots[number % len(snapshots)]
        world.exports.info(disk)
        world.exports.open(disk, world.hosts[number % 2])
        world.clock.tick(9)
    world.until(utc("2024-11-22 09:05:58"))
    _current_operation(world, disks[0])
    return Sample(reports=tuple(world.bundle(host) for host in world.hosts))


def nbd_healthy_unlucky() -> Sample:
    """Short waits, one client that broke off, one that xapi made wait: nothing of it is a fault."""
    world = _pool("nbd-healthy-unlucky", XCP_NG_8_2)
    disks = _tracked(world, world.storages[0])
    (first, *_) = snapshots = [world.snapshot(disk) for disk in disks]
    _sessions(world, snapshots, 2)
    lost = world.exports.open(first, world.master)
    world.clock.tick(30)
    world.exports.lose(lost)
    world.nbd["jupiter"].gone()
    _sessions(world, snapshots, 2)
    noise(world)
    world.until(utc(_END))
    return Sample(reports=tuple(world.bundle(host) for host in world.hosts))


def nbd_healthy_dom0() -> Sample:
    """What dom0 may hold: HA's own disk for days, an export and a migration that are running.

    What the last two are for is not in the logs: whether they are left over cannot be told yet.
    """
    world = _pool("nbd-healthy-dom0", XCP_NG_8_3)
    (storage,) = world.storages
    statefile = world.disk("Statefile for HA", storage, GIB)
    statefile.type = "ha_statefile"
    world.exports.take(statefile, world.master)
    disks = _tracked(world, storage)
    snapshots = [world.snapshot(disk) for disk in disks]
    _sessions(world, snapshots, 3)
    world.until(utc("2024-11-22 09:00:00"))
    world.exports.take(snapshots[0], world.master)
    for host in world.hosts:
        world.exports.take(snapshots[2], host)
    machine = world.machines[1]
    task = world.api.call("Async.VM.migrate_send")
    world.api.said(task, f"VM.migrate_send: VM = '{machine.uuid} ({machine.name})'")
    machine.operations[task.ref] = "migrate_send"
    world.until(utc(_END))
    return Sample(
        reports=tuple(world.bundle(host) for host in world.hosts),
        untold=frozenset({"vdi-left-attached-to-dom0"}),
    )


def _pool(seed: str, release: Release, hosts: tuple[str, ...] = ("jupiter", "saturn")) -> World:
    """Return a pool with a bond for the backups, a VLAN without addresses, and a second VLAN."""
    world = World(seed, utc("2024-11-21 18:00:00"), hosts=hosts, release=release)
    world.storage("SAN", "lvmoiscsi")
    world.network("Guests", "xapi3", "eth0", "", tag=300)
    bond = ("eth2", "eth3")
    world.network("Backup", "xapi1", "bond0", "198.51.100", ("nbd",), members=bond)
    world.network("Backup of the branch", "xapi2", "bond0", "203.0.113", ("nbd",), tag=20)
    world.serve()
    return world


def _tracked(world: World, storage: Storage) -> list[Disk]:
    machines = [world.machine(name, storage, [20 * GIB, 8 * GIB]) for name in ("web", "mail")]
    for number, machine in enumerate(machines):
        world.start(machine, world.hosts[number % len(world.hosts)])
    disks = [disk for machine in machines for disk in machine.disks]
    for disk in disks:
        world.enable_cbt(disk)
    return disks


def _sessions(world: World, snapshots: list[Disk], count: int) -> None:
    """Read snapshots one after the other, from one host and the next."""
    for number in range(count):
        host = world.hosts[number % len(world.hosts)]
        with world.exported(snapshots[number % len(snapshots)], host):
            world.clock.tick(45)
        world.clock.tick(5)


def _restarts(world: World, snapshot: Disk) -> None:
    """Restart the service on every host, the last time while a client was connected."""
    for host in world.hosts:
        world.clock.tick(600)
        if host is world.hosts[-1]:
            world.exports.open(snapshot, host)
            world.clock.tick(60)
        world.exports.stop(host)
        world.exports.start(host)


def _together(world: World, snapshots: list[Disk]) -> None:
    """Read several disks at a time on both hosts, each disk from both."""
    held = [world.exports.open(disk, host) for disk in snapshots for host in world.hosts]
    world.clock.tick(300)
    for vbd in held:
        world.exports.close(vbd)
        world.clock.tick(3)


def _running_backup(world: World, disks: list[Disk], old: list[Disk]) -> None:
    """Begin the next backup; the report is made while its first two disks are read."""
    for disk, before in zip(disks[:2], old[:2], strict=True):
        new = world.snapshot(disk)
        assert not world.list_changed_blocks(before, new).error
        world.exports.info(new)
        world.exports.open(new, world.hosts[0])
    world.until(utc("2024-11-22 09:05:58"))
    _current_operation(world, disks[2])


def _current_operation(world: World, disk: Disk) -> None:
    """Begin a snapshot, which the report is made in the middle of."""
    task = world.api.forward("VDI.snapshot", disk)
    world.api.reach(task, disk)
    disk.operations[task.ref] = "snapshot"
    disk.storage.operations[task.ref] = "vdi_snapshot"
    world.clock.tick(2)
