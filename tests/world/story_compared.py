"""Stories in which disks could not be compared, each for a reason of its own."""

from tests.support.clock import utc
from tests.world.emit_system import everyday
from tests.world.objects import GIB, Disk
from tests.world.releases import XCP_NG_8_2, XCP_NG_8_3_BLIND, Release
from tests.world.sample import Findings, Sample
from tests.world.world import World

Pair = tuple[str, ...]


def cbt_comparisons_lvm() -> Sample:
    """Every 460 and the 459 of SM 2.30, on volumes; one log was removed by hand."""
    world, disks = _pool("cbt-comparisons-lvm", XCP_NG_8_2, "lvmoiscsi")
    found = _common(world, disks)
    lost = _removed_by_hand(world, disks["lost"])
    shrunk = _shrunk(world, disks["shrunk"])
    return _finish(world, found, lost, shrunk)


def cbt_comparisons_nfs() -> Sample:
    """Every 460 on an NFS SR, one of them a defect of that sm; one log was deleted unlinked."""
    world, disks = _pool("cbt-comparisons-nfs", XCP_NG_8_3_BLIND, "nfs")
    found = _common(world, disks)
    lost = _deleted_unlinked(world, disks["lost"])
    shrunk = _shrunk(world, disks["shrunk"])
    blind = _not_seen(world, disks["blind"])
    return _finish(world, found, lost, shrunk, blind)


def _pool(seed: str, release: Release, type_: str) -> tuple[World, dict[str, Disk]]:
    world = World(seed, utc("2024-11-21 20:00:00"), release=release)
    storage = world.storage("Virtual disk storage", type_)
    world.network("Backup", "xenbr1", "eth1", "198.51.100", ("nbd",))
    world.serve()
    running = world.machine("mail", storage, [60 * GIB])
    names = ("other", "off", "lost", "again", "shrunk", "live", "blind")
    halted = world.machine("archive", storage, [20 * GIB] * len(names))
    world.start(running)
    disks = dict(zip(names, halted.disks, strict=True))
    disks["attached"] = running.disks[0]
    for disk in disks.values():
        world.enable_cbt(disk)
    everyday(world.master, world.api)
    world.until(utc("2024-11-22 00:00:00"))
    return world, disks


def _common(world: World, disks: dict[str, Disk]) -> dict[str, tuple[Pair, ...]]:
    """Compare what cannot be compared on any SR; and once what can."""
    attached, other, off, again, live = (
        disks[name] for name in ("attached", "other", "off", "again", "live")
    )
    first, before, kept, older, own = (
        world.snapshot(disk) for disk in (attached, other, off, again, live)
    )
    world.disable_cbt(off)
    world.disable_cbt(again)
    world.enable_cbt(again)
    world.until(utc("2024-11-22 01:00:00"))
    second, untracked, newer = (world.snapshot(disk) for disk in (attached, off, again))
    assert not world.list_changed_blocks(first, second).error
    pairs = {
        "cbt-list-cbt-not-enabled": (kept, untracked),
        "cbt-list-not-a-snapshot": (live, own),
        "cbt-list-target-attached": (second, attached),
        "cbt-list-wrong-order": (second, first),
    }
    for pair in (*pairs.values(), (first, before), (older, newer)):
        assert world.list_changed_blocks(*pair).error
        world.clock.tick(60)
    unrelated = ((first.uuid, before.uuid), (older.uuid, newer.uuid))
    alone: dict[str, tuple[Pair, ...]] = {
        rule: (tuple(disk.uuid for disk in pair),) for rule, pair in pairs.items()
    }
    old = ((off.uuid, kept.uuid),)
    return alone | {"cbt-enabled-on-old-snapshots": old, "cbt-list-unrelated": unrelated}


def _three(world: World, disk: Disk) -> list[Disk]:
    taken: list[Disk] = []
    for _ in range(3):
        taken.append(world.snapshot(disk))
        world.clock.tick(600)
    return taken


def _removed_by_hand(world: World, disk: Disk) -> Findings:
    """Lose a log in the middle of a chain; a scan turns the flag off without a word."""
    oldest, middle, newest = _three(world, disk)
    middle.log = None
    world.scan(disk.storage)
    assert world.list_changed_blocks(oldest, newest).error
    return {
        "cbt-database-disagrees": ((middle.uuid,),),
        "cbt-list-unrelated": ((oldest.uuid, newest.uuid),),
    }


def _deleted_unlinked(world: World, disk: Disk) -> Findings:
    """Delete a cbt_metadata disk from the middle of a chain, which file systems do not mend."""
    oldest, middle, newest = _three(world, disk)
    world.data_destroy(middle)
    world.destroy(middle)
    assert world.list_changed_blocks(oldest, newest).error
    return {
        "cbt-list-unrelated": ((oldest.uuid, newest.uuid),),
        "cbt-log-unlinked": ((oldest.uuid,),),
    }


def _shrunk(world: World, disk: Disk) -> Findings:
    """Restore an old database between two snapshots: the next log has the old size (459)."""
    oldest, small = world.snapshot(disk), disk.size
    world.resize(disk, 2 * small)
    disk.recorded = small
    middle = world.snapshot(disk)
    world.scan(disk.storage)
    newest = world.snapshot(disk)
    assert world.list_changed_blocks(oldest, newest).error == "SR_BACKEND_FAILURE_459"
    world.destroy(middle)
    world.scan(disk.storage)
    return {
        "cbt-leftover-metadata-vdis": ((middle.uuid,),),
        "cbt-list-unrelated": ((oldest.uuid, newest.uuid),),
    }


def _not_seen(world: World, disk: Disk) -> Findings:
    """Compare from a disk whose data is destroyed, which this sm cannot on file systems."""
    oldest, newest = world.snapshot(disk), world.snapshot(disk)
    world.data_destroy(oldest)
    assert world.list_changed_blocks(oldest, newest).error
    return {
        "cbt-list-unrelated": ((oldest.uuid, newest.uuid),),
        "known-defect": ((oldest.uuid,),),
    }


def _finish(world: World, *parts: Findings) -> Sample:
    world.until(utc("2024-11-22 09:06:01"))
    found: dict[str, tuple[Pair, ...]] = {}
    for part in parts:
        for rule, subjects in part.items():
            found[rule] = (*found.get(rule, ()), *subjects)
    return Sample(reports=(world.bundle(world.master),), found=found)
