"""Stories in which much about NBD is wrong at once."""

from datetime import timedelta

from tests.support.clock import utc
from tests.world.exports import Refusal
from tests.world.faults_nbd import sessions_end, turn_away, wait_for_sr
from tests.world.objects import Disk
from tests.world.pool_nbd import Backups, backups
from tests.world.releases import XCP_NG_8_2, XENSERVER_9
from tests.world.sample import Sample

_PLAIN = (
    'Failure("Client requested export over cleartext channel but server is in FORCEDTLS mode.")'
)
_TAKEN = 'Unix.Unix_error(Unix.EADDRINUSE, "bind", "")'


def nbd_mixed_trouble() -> Sample:
    """Three hosts of XenServer 9: a crash that left a disk, too many clients, a taken port."""
    pool = backups("nbd-mixed-trouble", release=XENSERVER_9, hosts=("jupiter", "saturn", "titan"))
    pool.read(6)
    jupiter, saturn, titan = pool.hosts
    first, second = pool.snapshots
    _left_behind(pool, first)
    _crowded(pool, second)
    pool.world.until(utc("2024-11-22 04:00:00"))
    pool.world.exports.stop(titan)
    pool.world.exports.fail_to_start(titan, _TAKEN)
    state = f"failed (Result: exit-code) since Fri {pool.world.local:%F %T} CET; 4h ago"
    for _ in range(3):
        pool.world.nbd["jupiter"].refused(_PLAIN)
        pool.world.clock.tick(120)
    _waiting(pool)
    return pool.told(
        {
            "nbd-connection-limit": ((saturn.uuid,),),
            "nbd-service-crashed": ((jupiter.uuid,), (titan.uuid,)),
            "nbd-session-invalid": ((saturn.uuid,),),
            "nbd-tls-mismatch": ((jupiter.uuid,),),
            "sr-busy-retry": ((pool.storage.uuid,),),
            "vdi-left-attached-to-dom0": ((first.uuid,),),
        },
        states=("", "", state),
    )


def nbd_network_trouble() -> Sample:
    """Two hosts of XCP-ng 8.2: addresses that no client can use, each for a reason of its own."""
    pool = backups("nbd-network-trouble", release=XCP_NG_8_2)
    jupiter, saturn = pool.hosts
    storage = pool.world.network("Storage", "xenbr2", "eth2", "198.51.100")
    storage.shift = 100
    branch = pool.world.network("Branch", "xapi4", "eth0", "203.0.113", ("nbd",), tag=40)
    pool.world.set_purpose(branch, "nbd")
    storage.bare.add("saturn")
    pool.net.down.add("jupiter")
    pool.net.bare.add("saturn")
    branch.closed.add("saturn")
    pool.world.state.other_config["xo:backupNetwork"] = storage.uuid
    for snapshot in pool.snapshots:
        pool.world.exports.info(snapshot)
    return pool.told(
        {
            "nbd-address-configuration": ((saturn.uuid, branch.uuid),),
            "nbd-address-shared-subnet": ((jupiter.uuid, pool.net.uuid),),
            "nbd-address-unreachable-network": ((jupiter.uuid, pool.net.uuid),),
            "nbd-backup-network-without-purpose": ((storage.uuid,),),
        },
        meaningless=frozenset({"nbd-never-used-purge-on"}),
    )


def _left_behind(pool: Backups, disk: Disk) -> None:
    """Crash while a disk is read; the next start cannot clean it up, nothing can delete it."""
    host = pool.hosts[0]
    pool.world.exports.info(disk)
    pool.world.exports.open(disk, host)
    pool.world.clock.tick(200)
    pool.world.exports.crash(host)
    pool.world.nbd[host.name].comes_back()
    params = ("VDI", disk.ref, "data_destroy", pool.world.ids.ref())
    busy = Refusal(code="OTHER_OPERATION_IN_PROGRESS", params=params)
    pool.world.exports.start(host, busy)
    for _ in range(5):
        pool.world.clock.tick(20)
        assert pool.world.data_destroy(disk) == "VDI_IN_USE"


def _crowded(pool: Backups, disk: Disk) -> None:
    """Fill one host with sixteen clients, and send more away; later their sessions are over."""
    host = pool.hosts[1]
    pool.world.until(utc("2024-11-22 02:00:00"))
    held = [pool.world.exports.open(disk, host) for _ in range(16)]
    for _ in range(3):
        pool.world.nbd[host.name].busy()
        pool.world.clock.tick(30)
    for vbd in held:
        pool.world.exports.close(vbd)
    for ref in sessions_end(pool.world, 3):
        pool.world.clock.tick(30)
        turn_away(pool.world, host, ref)


def _waiting(pool: Backups) -> None:
    """Let a call wait for its SR behind a snapshot that does not end."""
    pool.world.until(utc("2024-11-22 08:20:00"))
    blocker = pool.world.api.forward("VDI.snapshot", pool.disks[1])
    pool.storage.operations[blocker.ref] = "vdi_snapshot"
    pool.disks[1].operations[blocker.ref] = "snapshot"
    pool.world.api.reach(blocker, pool.disks[1])
    wait_for_sr(pool.world, pool.snapshots[1], blocker.ref, timedelta(minutes=40))
