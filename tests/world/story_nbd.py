"""Stories in which NBD clients were sent away."""

from tests.support.clock import utc
from tests.world.objects import GIB, Disk
from tests.world.releases import XENSERVER_7_6
from tests.world.routine import small_world
from tests.world.sample import OFFERED, UNASKED, Sample
from tests.world.world import World


def nbd_trouble() -> Sample:
    """Every way in which XenServer 7.6 sends NBD clients away, and a stop that reads "failed"."""
    world = World("nbd-trouble", utc("2024-11-20 05:00:00"), release=XENSERVER_7_6)
    storage = world.storage("Local storage", "ext")
    secure = world.network("Backup", "xenbr1", "eth1", "198.51.100", ("nbd",))
    insecure = world.network("Lab", "xenbr2", "eth2", "203.0.113")
    world.serve()
    machine = world.machine("ledger", storage, [40 * GIB])
    world.start(machine)
    world.enable_cbt(machine.disks[0])
    snapshot = world.snapshot(machine.disks[0])
    with world.exported(snapshot):
        world.clock.tick(600)
    _too_many(world, snapshot)
    _stale_session(world)
    insecure.purpose = ("insecure_nbd",)
    state = _refused_and_stopped(world)
    host = world.master
    return Sample(
        reports=(world.bundle(host, nbd=state),),
        found={
            "nbd-connection-limit": ((host.uuid,),),
            "nbd-network-purpose-mixed": ((secure.uuid, insecure.uuid),),
            "nbd-service-failed-after-stop": ((host.uuid,),),
            "nbd-session-invalid": ((host.uuid,),),
        },
    )


def nbd_no_network() -> Sample:
    """CBT is in use, and no network has an NBD purpose."""
    world = small_world("nbd-no-network", purpose=())
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
    return Sample(
        reports=(world.bundle(world.master),),
        found={"nbd-info-no-nbd-network": ((world.state.uuid,),)},
        meaningless=UNASKED | OFFERED,
    )


def _too_many(world: World, disk: Disk) -> None:
    """Serve sixteen clients at once and send two more away."""
    world.until(utc("2024-11-21 01:00:00"))
    held = [world.exports.open(disk, world.master) for _ in range(16)]
    world.nbd["jupiter"].busy()
    world.clock.tick(4)
    world.nbd["jupiter"].busy()
    for vbd in held:
        world.clock.tick(20)
        world.exports.close(vbd)


def _stale_session(world: World) -> None:
    """Send a client away three times, because its session has ended."""
    world.until(utc("2024-11-21 22:00:00"))
    stale = world.ids.ref()
    text = f"Session check failed: the client used an illegal or expired session ref '{stale}'"
    for _ in range(3):
        task = world.api.call("VDI.get_by_uuid", client="127.0.0.1")
        world.api.log(task, "session_check", text, level="info")
        world.nbd["jupiter"].session_invalid(stale)
        world.clock.tick(30)


def _refused_and_stopped(world: World) -> str:
    """Refuse every client, then stop the service; returns what systemctl shows of it."""
    nbd = world.nbd["jupiter"]
    world.until(utc("2024-11-22 01:00:00"))
    for _ in range(4):
        nbd.contradictory()
        world.clock.tick(15)
    world.until(utc("2024-11-22 08:30:00"))
    world.exports.stop(world.master)
    stopped = f"{world.local:%F %T} CET"
    world.until(utc("2024-11-22 09:06:01"))
    return f"failed (Result: exit-code) since Fri {stopped}; 36min ago"
