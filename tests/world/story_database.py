"""Stories of what stays in the database: CBT that is in the way, keys, pointers to nothing."""

from tests.support.clock import utc
from tests.world.faults_nbd import migrate, snapshot_refused_by_key
from tests.world.pool_nbd import END, backups
from tests.world.releases import XCP_NG_8_2
from tests.world.sample import Sample


def cbt_migration() -> Sample:
    """A VM cannot be moved, because its disks have CBT."""
    pool = backups("cbt-migration", release=XCP_NG_8_2)
    pool.read()
    (machine,) = pool.world.machines
    assert migrate(pool.world, machine) == "VDI_CBT_ENABLED"
    return pool.told({"cbt-migration-blocked": ((machine.uuid,),)})


def cbt_orphans() -> Sample:
    """A VM was deleted, the CBT logs of its snapshots were forgotten."""
    pool = backups("cbt-orphans")
    pool.read()
    for snapshot in pool.snapshots:
        assert not pool.world.data_destroy(snapshot)
    (machine,) = pool.world.machines
    pool.world.shut_down(machine)
    pool.world.machines.remove(machine)
    for disk in pool.disks:
        assert not pool.world.destroy(disk)
    pool.world.scan(pool.storage)
    for snapshot in pool.snapshots:
        snapshot.snapshot_of, snapshot.orphaned = None, "OpaqueRef:NULL"
    return pool.told({"cbt-leftover-metadata-vdis": (tuple(s.uuid for s in pool.snapshots),)})


def cbt_old_snapshots() -> Sample:
    """CBT was turned off for a disk; its snapshots still have it."""
    pool = backups("cbt-old-snapshots")
    pool.read()
    assert not pool.world.disable_cbt(pool.disks[0])
    first, _ = pool.snapshots
    return pool.told({"cbt-enabled-on-old-snapshots": ((pool.disks[0].uuid, first.uuid),)})


def stuck_keys() -> Sample:
    """A snapshot that died left its key behind; the next ones are refused."""
    pool = backups("stuck-keys", release=XCP_NG_8_2)
    pool.read()
    disk = pool.disks[0]
    disk.marks["paused"] = "true"
    for hour in (3, 5):
        pool.world.until(utc(f"2024-11-22 0{hour}:00:00"))
        snapshot_refused_by_key(pool.world, disk, "paused")
    return pool.told({"database-stuck-keys": ((disk.uuid,),)})


def activating_now() -> Sample:
    """A disk was being activated while the report was made: its key is there rightly."""
    pool = backups("activating-now")
    pool.read()
    pool.world.until(utc(END))
    (machine,) = pool.world.machines
    pool.world.shut_down(machine)
    pool.world.start(machine)
    pool.disks[1].marks["activating"] = "True"
    return pool.told({}, untold=frozenset({"database-stuck-keys"}))


def stuck_operation() -> Sample:
    """An operation stands in the database though its task ended hours ago."""
    pool = backups("stuck-operation")
    pool.read()
    task = pool.world.api.forward("VDI.snapshot", pool.disks[0])
    pool.world.api.end(task, pool.disks[0])
    pool.disks[0].operations[task.ref] = "snapshot"
    return pool.told({"database-stuck-keys": ((pool.disks[0].uuid,),)})


def invalid_snapshot_of() -> Sample:
    """A revert stamped a live disk as a snapshot of one that is not there."""
    pool = backups("invalid-snapshot-of")
    pool.read()
    pool.disks[1].stamped = pool.world.ids.ref()
    return pool.told({"database-invalid-snapshot-of": ((pool.disks[1].uuid,),)})


def snapshot_of_a_deleted_disk() -> Sample:
    """A VM was deleted and its snapshots were kept, as xapi allows: healthy."""
    pool = backups("snapshot-of-a-deleted-disk")
    pool.read()
    (machine,) = pool.world.machines
    pool.world.shut_down(machine)
    pool.world.machines.remove(machine)
    for disk in pool.disks:
        assert not pool.world.destroy(disk)
    for snapshot, disk in zip(pool.snapshots, pool.disks, strict=True):
        snapshot.snapshot_of, snapshot.orphaned = None, disk.ref
    return pool.told({})
