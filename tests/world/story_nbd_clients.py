"""Stories of NBD clients and servers: too many, too late, cut off, crashed, left behind."""

from datetime import timedelta

from analyzer.rules.load import load_catalogue
from tests.support.clock import utc
from tests.world.exports import Refusal
from tests.world.faults_nbd import (
    give_up,
    in_use,
    read_in_dom0,
    run_out_of_descriptors,
    sessions_end,
    time_out,
    turn_away,
    wait_for_sr,
)
from tests.world.pool_nbd import Backups, backups
from tests.world.releases import XCP_NG_8_2, XENSERVER_7_6, XENSERVER_9
from tests.world.sample import Sample

_IN_USE = 'Unix.Unix_error(Unix.EADDRINUSE, "bind", "")'
_BAD_KEY = "Ssl.Private_key_error(_)"
_PARTIAL = (
    'Failure("Partial failure during a Block.read: Unix.Unix_error(Unix.EIO, \\"read\\", \\"\\"); '
    'terminating the session")'
)
_CUT = (
    'Unix.Unix_error(Unix.ECONNRESET, "read", "")',
    'Unix.Unix_error(Unix.EPIPE, "write", "")',
    'Unix.Unix_error(Unix.ETIMEDOUT, "read", "")',
)
_FAILED = "failed (Result: {}) since Fri {} CET; 7h ago"


def nbd_limit() -> Sample:
    """Sixteen clients at once on one host; three more are sent away."""
    pool = backups("nbd-limit")
    held = [pool.world.exports.open(pool.snapshots[n % 2], pool.hosts[0]) for n in range(16)]
    for _ in range(3):
        pool.world.nbd["jupiter"].busy()
        pool.world.clock.tick(5)
    for vbd in held:
        pool.world.exports.close(vbd)
    return pool.told({"nbd-connection-limit": ((pool.hosts[0].uuid,),)})


def nbd_sessions_over() -> Sample:
    """Xapi ended the sessions of a backup client because there were too many."""
    pool = backups("nbd-sessions-over")
    pool.read()
    for ref in sessions_end(pool.world, 3, "because max number of sessions was exceeded"):
        pool.world.clock.tick(30)
        turn_away(pool.world, pool.hosts[0], ref)
    return pool.told({"nbd-session-invalid": ((pool.hosts[0].uuid,),)})


def nbd_crashed() -> Sample:
    """Xapi-nbd crashed while two clients read; systemd started it again, and it cleaned up."""
    pool = backups("nbd-crashed")
    for snapshot in pool.snapshots:
        pool.world.exports.open(snapshot, pool.hosts[0])
    pool.world.clock.tick(120)
    pool.world.exports.crash(pool.hosts[0])
    pool.world.nbd["jupiter"].comes_back()
    pool.world.exports.start(pool.hosts[0])
    return pool.told({"nbd-service-crashed": ((pool.hosts[0].uuid,),)})


def nbd_port_taken() -> Sample:
    """Another program has the port; systemd gave up on xapi-nbd."""
    pool = backups("nbd-port-taken", release=XCP_NG_8_2)
    pool.read()
    pool.world.exports.stop(pool.hosts[1])
    pool.world.exports.fail_to_start(pool.hosts[1], _IN_USE)
    state = _FAILED.format("exit-code", f"{pool.world.local:%F %T}")
    return pool.told(
        {"nbd-service-crashed": ((pool.hosts[1].uuid,),)},
        states=("", state),
    )


def nbd_bad_certificate() -> Sample:
    """The certificate's key cannot be read: xapi-nbd does not come up after a restart."""
    pool = backups("nbd-bad-certificate", release=XENSERVER_9)
    pool.read()
    pool.world.exports.stop(pool.hosts[0])
    pool.world.exports.fail_to_start(pool.hosts[0], _BAD_KEY)
    state = _FAILED.format("exit-code", f"{pool.world.local:%F %T}")
    return pool.told(
        {"nbd-service-crashed": ((pool.hosts[0].uuid,),)},
        states=(state,),
    )


def nbd_crashed_old() -> Sample:
    """XenServer 7.6: a crash, and before it a stop that reads the same but is none."""
    pool = backups("nbd-crashed-old", release=XENSERVER_7_6, hosts=("jupiter",))
    pool.read()
    pool.world.exports.stop(pool.hosts[0])
    pool.world.exports.start(pool.hosts[0])
    pool.world.clock.tick(3600)
    pool.world.exports.crash(pool.hosts[0])
    pool.world.nbd["jupiter"].comes_back()
    pool.world.exports.start(pool.hosts[0])
    return pool.told(
        {
            "nbd-service-crashed": ((pool.hosts[0].uuid,),),
            "nbd-service-failed-after-stop": ((pool.hosts[0].uuid,),),
        }
    )


def nbd_left_by_crash() -> Sample:
    """Xapi-nbd crashed and could not clean up: the snapshot stays in dom0, and in the way."""
    pool = backups("nbd-left-by-crash")
    first, second = pool.snapshots
    pool.world.exports.open(first, pool.hosts[0])
    pool.world.clock.tick(120)
    pool.world.exports.crash(pool.hosts[0])
    pool.world.nbd["jupiter"].comes_back()
    pool.world.exports.start(pool.hosts[0], _busy(first.ref))
    with pool.world.exported(second):
        pool.world.clock.tick(60)
    _refused(pool, "data_destroy")
    return pool.told(
        {
            "nbd-service-crashed": ((pool.hosts[0].uuid,),),
            "vdi-left-attached-to-dom0": ((first.uuid,),),
        }
    )


def nbd_left_by_refusal() -> Sample:
    """Xapi refused to unplug a disk after a backup in order; it has been in dom0 since."""
    pool = backups("nbd-left-by-refusal", release=XCP_NG_8_2)
    first, _ = pool.snapshots
    held = pool.world.exports.open(first, pool.hosts[1])
    pool.world.clock.tick(120)
    pool.world.exports.stuck(held, _busy(first.ref))
    _refused(pool, "destroy")
    return pool.told(
        {
            "nbd-attach-refused": ((first.uuid,),),
            "vdi-left-attached-to-dom0": ((first.uuid,),),
        }
    )


def nbd_left_on_two_hosts() -> Sample:
    """A disk was read from two hosts at once; neither let it go."""
    pool = backups("nbd-left-on-two-hosts")
    first, _ = pool.snapshots
    held = [pool.world.exports.open(first, host) for host in pool.hosts]
    pool.world.clock.tick(120)
    for vbd in held:
        pool.world.exports.stuck(vbd, _busy(first.ref))
    _refused(pool, "data_destroy")
    return pool.told(
        {
            "nbd-attach-refused": tuple((first.uuid, host.uuid) for host in pool.hosts),
            "vdi-left-attached-to-dom0": ((first.uuid,),),
        }
    )


def nbd_race_won() -> Sample:
    """data_destroy was refused once because dom0 still had the disk, and worked 20 seconds later."""
    pool = backups("nbd-race-won")
    first, _ = pool.snapshots
    held = pool.world.exports.open(first, pool.hosts[0])
    assert pool.world.data_destroy(first) == "VDI_IN_USE"
    pool.world.exports.close(held)
    pool.world.clock.tick(20)
    assert not pool.world.data_destroy(first)
    return pool.told({"vdi-left-attached-to-dom0": ((first.uuid,),)})


def nbd_plug_refused() -> Sample:
    """Xapi does not plug a disk into dom0, because a VM has it."""
    pool = backups("nbd-plug-refused")
    for _ in range(3):
        pool.world.exports.info(pool.disks[0])
        pool.world.exports.open(pool.disks[0], pool.hosts[0], refusal=in_use(pool.disks[0]))
        pool.world.clock.tick(60)
    refused = ((pool.disks[0].uuid,),)
    return pool.told({"nbd-attach-refused": refused, "storage-call-refused": refused})


def nbd_unreadable() -> Sample:
    """The storage of a disk failed while a client read it."""
    pool = backups("nbd-unreadable")
    pool.read()
    held = pool.world.exports.open(pool.snapshots[0], pool.hosts[0])
    pool.world.clock.tick(90)
    pool.world.exports.lose(held, _PARTIAL)
    return pool.told({"nbd-read-failed": ((pool.snapshots[0].uuid,),)})


def nbd_cut_off() -> Sample:
    """Connections were reset by the network or by the client, one a night."""
    pool = backups("nbd-cut-off")
    for exception in _CUT:
        held = pool.world.exports.open(pool.snapshots[0], pool.hosts[0])
        pool.world.clock.tick(90)
        pool.world.exports.lose(held, exception)
    return pool.told({})


def nbd_clients_mistakes() -> Sample:
    """A client comes for a disk that is gone, and without a session: its own mistakes."""
    pool = backups("nbd-clients-mistakes", release=XCP_NG_8_2)
    pool.read()
    nbd = pool.world.nbd["jupiter"]
    gone = pool.world.ids.uuid()
    for exception in (
        'Failure("No session_id parameter provided")',
        f"Server_error(UUID_INVALID, [ VDI; {gone} ])",
        'Failure("Client requested abort (before negotiating TLS).")',
    ):
        nbd.refused(exception)
        pool.world.clock.tick(60)
    return pool.told({})


def nbd_toolstack_restarted() -> Sample:
    """Xapi was restarted while a client came; it waited a few seconds and was served."""
    pool = backups("nbd-toolstack-restarted")
    pool.read()
    nbd = pool.world.nbd["jupiter"]
    nbd.xapi_is_away(3)
    nbd.negotiation()
    nbd.caught("End_of_file")
    pool.read()
    return pool.told({})


def nbd_limit_leaked() -> Sample:
    """Twelve clients died without a word a day ago; with four more the limit is reached."""
    pool = backups("nbd-limit-leaked")
    first, second = pool.snapshots
    for _ in range(12):
        pool.world.exports.open(first, pool.hosts[0], client="192.0.2.77")
    pool.world.until(utc("2024-11-22 04:00:00"))
    held = [pool.world.exports.open(second, pool.hosts[0]) for _ in range(4)]
    for _ in range(2):
        pool.world.nbd["jupiter"].busy()
        pool.world.clock.tick(5)
    for vbd in held:
        pool.world.exports.close(vbd)
    _refused(pool, "data_destroy")
    return pool.told(
        {
            "nbd-connection-limit": ((pool.hosts[0].uuid,),),
            "vdi-left-attached-to-dom0": ((first.uuid,),),
        }
    )


def nbd_out_of_descriptors() -> Sample:
    """A tapdisk kept the descriptors of connections that had ended, until it had no more."""
    pool = backups("nbd-out-of-descriptors")
    pool.read()
    run_out_of_descriptors(pool.world, pool.hosts[1])
    return pool.told({"nbd-descriptor-leak": ((pool.hosts[1].uuid,),)})


def nbd_in_dom0() -> Sample:
    """A program in dom0 reads a disk from the NBD server of its own host."""
    pool = backups("nbd-in-dom0")
    pool.read()
    pool.world.until(utc("2024-11-22 09:00:00"))
    read_in_dom0(pool.world, pool.snapshots[0], pool.hosts[0])
    return pool.told({"nbd-client-in-dom0": ((pool.hosts[0].uuid,),)})


def nbd_device_timeout() -> Sample:
    """A block device of dom0 that nbd-client serves did not answer in time."""
    pool = backups("nbd-device-timeout", release=XENSERVER_9)
    pool.read()
    time_out(pool.world, pool.hosts[1])
    return pool.told({"nbd-device-timeout": ((pool.hosts[1].uuid,),)})


def nbd_sr_busy() -> Sample:
    """A call waited for an hour for its SR, behind an operation that did not end."""
    pool = backups("nbd-sr-busy")
    pool.read()
    pool.world.until(utc("2024-11-22 07:50:00"))
    blocker = pool.world.api.forward("VDI.snapshot", pool.disks[1])
    pool.storage.operations[blocker.ref] = "vdi_snapshot"
    pool.disks[1].operations[blocker.ref] = "snapshot"
    pool.world.api.reach(blocker, pool.disks[1])
    wait_for_sr(pool.world, pool.snapshots[0], blocker.ref, timedelta(minutes=70))
    # SMlog and daemon.log are silent behind the wait, which is unlike them
    logs = {"smlog", "daemon_log"}
    untold = {text.id for text in load_catalogue().texts if logs & set(text.needs)}
    found = {"sr-busy-retry": ((pool.storage.uuid,),)}
    return pool.told(found, untold=frozenset(untold - found.keys()))


def nbd_sr_busy_given_up() -> Sample:
    """A call waited two hours for its SR and failed; the SR has been free again since."""
    pool = backups("nbd-sr-busy-given-up", release=XCP_NG_8_2)
    pool.read()
    blocker = pool.world.api.forward("VDI.snapshot", pool.disks[1])
    task = wait_for_sr(pool.world, pool.snapshots[0], blocker.ref, timedelta(hours=2))
    give_up(pool.world, task, pool.snapshots[0], blocker.ref)
    pool.world.api.end(blocker, pool.disks[1])
    return pool.told({"sr-busy-retry": ((pool.storage.uuid,),)})


def nbd_sr_busy_shortly() -> Sample:
    """Calls waited for their SR for less than a minute, as they do every night."""
    pool = backups("nbd-sr-busy-shortly")
    pool.read()
    for _ in range(5):
        blocker = pool.world.api.forward("VDI.snapshot", pool.disks[1])
        task = wait_for_sr(pool.world, pool.snapshots[0], blocker.ref, timedelta(seconds=40))
        pool.world.api.end(blocker, pool.disks[1])
        pool.world.api.end(task, pool.snapshots[0])
    return pool.told({})


def _busy(ref: str) -> Refusal:
    params = ("VDI", ref, "data_destroy", "OpaqueRef:4d1f2a60-93c7-4b0e-8f56-0a7be2d91c33")
    return Refusal(code="OTHER_OPERATION_IN_PROGRESS", params=params)


def _refused(pool: Backups, call: str) -> None:
    """Try for a minute to get rid of the first snapshot, as backup software does."""
    for _ in range(5):
        pool.world.clock.tick(10)
        first = pool.snapshots[0]
        ask = pool.world.data_destroy if call == "data_destroy" else pool.world.destroy
        assert ask(first) == "VDI_IN_USE"
