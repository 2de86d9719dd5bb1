"""Stories in which CBT could not be switched on, or data not destroyed."""

from tests.support.clock import utc
from tests.world.emit_system import everyday
from tests.world.objects import GIB, MIB
from tests.world.releases import XCP_NG_8_2, XENSERVER_9, Release
from tests.world.sample import Sample
from tests.world.world import World


def cbt_refused_lvm() -> Sample:
    """Everything that xapi and SM 2.30 refuse, on volumes."""
    return _refused("cbt-refused-lvm", XCP_NG_8_2, "lvm", left=3 * MIB)


def cbt_refused_nfs() -> Sample:
    """Everything that xapi and SM 4.1 refuse, on an NFS SR."""
    return _refused("cbt-refused-nfs", XENSERVER_9, "nfs", left=0)


def _refused(seed: str, release: Release, type_: str, *, left: int) -> Sample:
    """Tell it; `left` are the free bytes when there is no room for another log."""
    world = World(seed, utc("2024-11-21 05:00:00"), release=release)
    storage = world.storage("Virtual disk storage", type_)
    world.network("Backup", "xenbr1", "eth1", "198.51.100", ("nbd",))
    world.serve()
    machine = world.machine("ledger", storage, [40 * GIB])
    archive = world.machine("archive", storage, [20 * GIB, 30 * GIB])
    raw = world.disk("raw appliance data", storage, 8 * GIB, "raw")
    world.start(machine)
    (tracked,) = machine.disks
    untracked, late = archive.disks
    world.enable_cbt(tracked)
    everyday(world.master, world.api)
    world.until(utc("2024-11-22 01:00:00"))
    snapshot, plain = world.snapshot(tracked), world.snapshot(untracked)
    world.enable_cbt(snapshot)
    world.enable_cbt(raw)
    world.data_destroy(tracked)
    world.data_destroy(plain)
    copied = world.copy_of(machine, "before the update").disks[0]
    world.data_destroy(copied)
    storage.free = left
    world.until(utc("2024-11-22 03:00:00"))
    world.enable_cbt(late)
    world.until(utc("2024-11-22 09:06:01"))
    return Sample(
        reports=(world.bundle(world.master),),
        found={
            "cbt-destroy-cbt-not-enabled": ((plain.uuid,),),
            "cbt-destroy-not-a-snapshot": ((tracked.uuid,),),
            "cbt-enable-no-space": ((late.uuid,),),
            "cbt-enable-on-raw-vdi": ((raw.uuid,),),
            "cbt-enable-on-snapshot": ((snapshot.uuid,),),
            "storage-call-refused": ((copied.uuid,),),
        },
    )
