"""Stories in which CBT was turned off."""

from collections.abc import Mapping
from datetime import timedelta

from tests.support.clock import utc
from tests.world.emit_snapshot import LogFault
from tests.world.objects import GIB, Disk
from tests.world.routine import backup, small_world
from tests.world.sample import Findings, Sample
from tests.world.world import World


def host_crash() -> Sample:
    """A host lost power; the CBT logs of the VM that ran were not closed."""
    world = small_world("host-crash")
    (storage,) = world.storages
    running = world.machine("mail", storage, [60 * GIB, 30 * GIB])
    halted = world.machine("archive", storage, [20 * GIB, 20 * GIB, 20 * GIB])
    world.start(running)
    tracked = [*running.disks, *halted.disks]
    for disk in tracked:
        world.enable_cbt(disk)
    world.until(utc("2024-11-21 01:00:00"))
    kept = backup(world, tracked, {})
    world.until(utc("2024-11-22 03:40:00"))
    world.crash(world.master)
    dropped = [*world.start(running), *world.start(halted)]
    world.until(utc("2024-11-22 09:06:01"))
    return Sample(reports=(world.bundle(world.master),), found=_given_up(dropped, kept))


def lvm_no_space() -> Sample:
    """At a snapshot the volume group had no extent left; another disk's log was removed by hand."""
    world = small_world("lvm-no-space")
    (storage,) = world.storages
    machine = world.machine("files", storage, [200 * GIB, 10 * GIB])
    halted = world.machine("template builder", storage, [50 * GIB])
    world.start(machine)
    full, gone = machine.disks[0], halted.disks[0]
    tracked = [*machine.disks, gone]
    for disk in tracked:
        world.enable_cbt(disk)
    world.until(utc("2024-11-21 01:00:00"))
    kept = backup(world, tracked, {})
    world.until(utc("2024-11-22 01:00:00"))
    new = world.snapshot(full, fault=LogFault.NO_SPACE)
    world.until(utc("2024-11-22 09:06:01"))
    gone.log = None
    return Sample(
        reports=(world.bundle(world.master),),
        found={
            "cbt-disabled-no-space": ((full.uuid,),),
            "cbt-enabled-on-old-snapshots": ((full.uuid, new.uuid),),
            "cbt-log-missing": ((gone.uuid,),),
            "cbt-stale-child-pointer": ((gone.uuid, kept[gone.uuid].uuid),),
        },
    )


def snapshot_failed() -> Sample:
    """At a snapshot lvcreate failed for another reason than space."""
    world = small_world("snapshot-failed")
    (storage,) = world.storages
    machine = world.machine("files", storage, [20 * GIB, 50 * GIB])
    world.start(machine)
    for disk in machine.disks:
        world.enable_cbt(disk)
    world.until(utc("2024-11-22 01:00:00"))
    new = world.snapshot(machine.disks[0], fault=LogFault.LVCREATE)
    world.until(utc("2024-11-22 09:06:01"))
    uuid = machine.disks[0].uuid
    return Sample(
        reports=(world.bundle(world.master),),
        found={
            "cbt-disabled-snapshot-failed": ((uuid,),),
            "cbt-enabled-on-old-snapshots": ((uuid, new.uuid),),
        },
    )


def two_host_pool() -> Sample:
    """The supporter lost power: its SMlog has the sentence, the master has the alert."""
    world = World("two-host-pool", utc("2024-11-20 05:00:00"), hosts=("jupiter", "saturn"))
    master, supporter = world.hosts
    storage = world.storage("iSCSI virtual disk storage", "lvmoiscsi")
    world.network("Backup", "xenbr1", "eth1", "198.51.100", ("nbd",))
    world.serve()
    here = world.machine("mail", storage, [60 * GIB])
    there = world.machine("shop", storage, [30 * GIB, 15 * GIB])
    world.start(here, master)
    world.start(there, supporter)
    tracked = [*here.disks, there.disks[0]]
    for disk in tracked:
        world.enable_cbt(disk)
    world.until(utc("2024-11-21 01:00:00"))
    kept = backup(world, tracked, {})
    world.until(utc("2024-11-22 02:10:00"))
    world.crash(supporter, minutes=9)
    dropped = world.start(there, supporter)
    world.until(utc("2024-11-22 09:06:01"))
    first = world.bundle(master)
    world.clock.tick(14)
    return Sample(
        reports=(first, world.bundle(supporter)),
        found=_given_up(dropped, kept),
    )


def resize_failed() -> Sample:
    """A disk grew on an NFS SR that had no room left for a longer CBT log."""
    world = World("resize-failed", utc("2024-11-21 05:00:00"), utc_offset=timedelta(hours=-5))
    storage = world.storage("NFS virtual disk storage", "nfs")
    world.network("Backup", "xenbr1", "eth1", "198.51.100", ("nbd",))
    world.serve()
    machine = world.machine("scans", storage, [100 * GIB, 20 * GIB])
    world.start(machine)
    for disk in machine.disks:
        world.enable_cbt(disk)
    world.until(utc("2024-11-22 06:00:00"))
    world.shut_down(machine)
    grown, storage.free = machine.disks[0], 0
    world.resize(grown, 400 * GIB, fails=True)
    world.start(machine)
    world.until(utc("2024-11-22 09:06:01"))
    return Sample(
        reports=(world.bundle(world.master),),
        found={"cbt-disabled-resize-failed": ((grown.uuid,),)},
    )


def _given_up(disks: list[Disk], kept: Mapping[str, Disk]) -> Findings:
    """Return what is found of disks whose logs were dropped: their snapshots lead nowhere."""
    subjects = tuple((disk.uuid,) for disk in disks)
    return {
        "cbt-disabled-inconsistent-log": subjects,
        "cbt-leftover-metadata-vdis": (tuple(kept[disk.uuid].uuid for disk in disks),),
        "cbt-stale-child-pointer": subjects,
    }
