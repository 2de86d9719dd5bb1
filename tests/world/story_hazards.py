"""Stories of what goes wrong in silence: chains that lie, logs that are gone, flags that hide it.

Every disk has its own trouble; all of one VM lost their log when the host lost power.
"""

from dataclasses import dataclass

from tests.support.cbtlog import content
from tests.support.clock import utc
from tests.world.emit_snapshot import LogFault
from tests.world.emit_system import everyday
from tests.world.objects import GIB, Disk, Machine
from tests.world.releases import XCP_NG_8_3_QCOW2, XENSERVER_9, Release
from tests.world.sample import Sample
from tests.world.world import World

Found = dict[str, tuple[tuple[str, ...], ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pool:
    """The disks by their trouble: first those of the VM that loses its logs, then the others'."""

    world: World
    mail: Machine
    ledger: Machine
    archive: Machine
    looped: Disk
    gapped: Disk
    gapped_live: Disk
    masked: Disk
    removed: Disk
    flipped: Disk
    own: Disk
    other: Disk
    turned: Disk


def cbt_hazards_lvm() -> Sample:
    """The hazards of volumes: also a QCOW2 disk that outgrew its log."""
    pool = _pool("cbt-hazards-lvm", XCP_NG_8_3_QCOW2, "lvm")
    found = _crashed(pool) | _outgrown(pool)
    return _finish(pool, found)


def cbt_hazards_nfs() -> Sample:
    """The hazards of file systems: also an unlinked log, a short one, and a circle of pointers."""
    pool = _pool("cbt-hazards-nfs", XENSERVER_9, "nfs")
    found = _crashed(pool) | _unlinked(pool) | _short(pool)
    sample = _finish(pool, found | _turned(pool))
    _attach_logs(pool, sample)
    return sample


def _pool(seed: str, release: Release, type_: str) -> _Pool:
    world = World(seed, utc("2024-11-21 20:00:00"), release=release)
    storage = world.storage("Virtual disk storage", type_)
    world.network("Backup", "xenbr1", "eth1", "198.51.100", ("nbd",))
    world.serve()
    mail = world.machine("mail", storage, [60 * GIB, 30 * GIB, 20 * GIB])
    ledger = world.machine("ledger", storage, [40 * GIB])
    archive = world.machine("archive", storage, [16 * GIB, 16 * GIB, 24 * GIB, 24 * GIB, 8 * GIB])
    for machine in (mail, ledger):
        world.start(machine)
    for machine in (mail, ledger, archive):
        for disk in machine.disks:
            world.enable_cbt(disk)
    everyday(world.master, world.api)
    world.until(utc("2024-11-22 00:00:00"))
    looped, gapped, gapped_live = mail.disks
    removed, flipped, own, other, turned = archive.disks
    return _Pool(
        world=world,
        mail=mail,
        ledger=ledger,
        archive=archive,
        looped=looped,
        gapped=gapped,
        gapped_live=gapped_live,
        masked=ledger.disks[0],
        removed=removed,
        flipped=flipped,
        own=own,
        other=other,
        turned=turned,
    )


def _crashed(pool: _Pool) -> Found:
    """Back up, lose power, and go on as if nothing had been: CBT is turned on again, no more."""
    world = pool.world
    base, first, only = (world.snapshot(d) for d in (pool.looped, pool.gapped, pool.gapped_live))
    second = world.snapshot(pool.gapped)
    world.until(utc("2024-11-22 01:20:00"))
    world.crash(world.master)
    with world.exported(pool.masked):
        world.clock.tick(120)
    assert not world.start(pool.ledger)
    dropped = world.start(pool.mail)
    for disk in dropped:
        world.enable_cbt(disk)
    world.until(utc("2024-11-22 02:00:00"))
    full = _backed_up_in_full(world, pool.looped, base)
    _compared_over_the_gap(world, pool.gapped, first, second)
    world.shut_down(pool.mail)
    assert not world.list_changed_blocks(only, pool.gapped_live).error
    world.start(pool.mail)
    pool.flipped.log = None
    return {
        "cbt-disabled-inconsistent-log": tuple((disk.uuid,) for disk in dropped),
        "cbt-every-backup-full": ((pool.looped.uuid,),),
        "cbt-incomplete-changed-blocks": ((pool.gapped.uuid,), (pool.gapped_live.uuid,)),
        "cbt-inconsistency-hidden": ((pool.masked.uuid,),),
        "cbt-list-unrelated": full,
        "cbt-stale-child-pointer": (
            (pool.gapped.uuid, first.uuid),
            (pool.gapped_live.uuid, only.uuid),
        ),
    }


def _backed_up_in_full(world: World, disk: Disk, old: Disk) -> tuple[tuple[str, ...], ...]:
    """Take a snapshot, compare, delete the old one, three times: no comparison ever works."""
    pairs: list[tuple[str, ...]] = []
    for _ in range(3):
        new = world.snapshot(disk)
        assert world.list_changed_blocks(old, new).error
        pairs.append((old.uuid, new.uuid))
        world.destroy(old)
        world.clock.tick(900)
        old = new
    return tuple(pairs)


def _compared_over_the_gap(world: World, disk: Disk, first: Disk, second: Disk) -> None:
    """Delete the newest snapshot from before the gap: the one before it leads over the gap."""
    world.snapshot(disk)
    world.destroy(second)
    newest = world.snapshot(disk)
    assert not world.list_changed_blocks(first, newest).error


def _outgrown(pool: _Pool) -> Found:
    """Grow a QCOW2 disk past what its log's volume can hold."""
    world = pool.world
    disk = world.disk("recordings", pool.own.storage, 100 * GIB, "qcow2")
    disk.storage.size = 4000 * GIB
    world.enable_cbt(disk)
    world.clock.tick(600)
    world.resize(disk, 3000 * GIB)
    return {
        "cbt-disabled-resize-failed": ((disk.uuid,),),
        "cbt-log-cannot-grow": ((disk.uuid,),),
    }


def _unlinked(pool: _Pool) -> Found:
    """Delete a cbt_metadata disk from the middle of a chain."""
    world = pool.world
    oldest, middle, _ = (world.snapshot(pool.other) for _ in range(3))
    world.data_destroy(middle)
    world.destroy(middle)
    return {"cbt-log-unlinked": ((oldest.uuid,),)}


def _short(pool: _Pool) -> Found:
    """Fill the file system while a log is made; later nothing can be read of its end."""
    world, disk = pool.world, pool.own
    oldest = world.snapshot(disk, fault=LogFault.SHORT)
    world.clock.tick(600)
    newest = world.snapshot(disk)
    assert world.list_changed_blocks(oldest, newest).error == "SR_BACKEND_FAILURE_202"
    world.destroy(oldest)
    world.scan(disk.storage)
    return {
        "cbt-leftover-metadata-vdis": ((oldest.uuid,),),
        "cbt-log-short": ((newest.uuid,),),
    }


def _turned(pool: _Pool) -> Found:
    """Let somebody "repair" a chain by hand; the comparison that follows does not end."""
    world = pool.world
    first, second = world.snapshot(pool.turned), world.snapshot(pool.turned)
    assert second.log is not None
    second.log.child = first.uuid
    world.until(utc("2024-11-22 09:05:50"))
    assert world.list_changed_blocks(first, pool.turned).error == "never ends"
    return {"cbt-chain-cycle": ((first.uuid, second.uuid),)}


def _finish(pool: _Pool, found: Found) -> Sample:
    """Let the scans find one lost log; the other one is lost after the last of them."""
    world = pool.world
    world.until(utc("2024-11-22 09:06:01"))
    pool.removed.log = None
    found |= {
        "cbt-database-disagrees": ((pool.flipped.uuid,),),
        "cbt-log-missing": ((pool.removed.uuid,),),
    }
    return Sample(reports=(world.bundle(world.master),), found=found)


def _attach_logs(pool: _Pool, sample: Sample) -> None:
    """Put the logs of the chain that somebody repaired beside the report, as support asked."""
    for disk in pool.world.disks.values():
        if pool.turned in (disk, disk.snapshot_of) and disk.log is not None:
            sample.reports[0].file(f"cbtlogs/{disk.uuid}.cbtlog", content(disk.log))
