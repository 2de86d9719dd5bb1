"""What goes wrong around NBD, one verb each: calls that wait, keys that stay, devices that hang.

Writers imitated: xen-api `helpers.ml` (`retry`), `message_forwarding.ml`, `xapi_vm_migrate.ml`;
sm `blktap2.py`; the kernel's nbd driver; blktap `tapdisk-nbdserver.c`.
"""

from datetime import timedelta

from tests.world.emit_sm import SmProcess
from tests.world.emit_xapi import Api, Argument, Task, named
from tests.world.exports import Refusal
from tests.world.journal import DAEMON
from tests.world.objects import Disk, Host, Loopback, Machine
from tests.world.world import World

_LOCK_FAILED = "locking failed: caught transient failure OTHER_OPERATION_IN_PROGRESS"


def wait_for_sr(
    world: World, disk: Disk, blocker: str, length: timedelta, call: str = "VDI.destroy"
) -> Task:
    """Let a call wait for its SR behind another operation of it; it goes on waiting."""
    task = world.api.call(call)
    world.api.said(task, f"{call}: VDI = '{disk.uuid}'")
    world.api.log(task, "message_forwarding", f"Marking SR for {call} (task={task.ref})")
    operation = world.api.host.release.sm_major > 2
    params = ["SR", disk.storage.ref, *(["VDI.snapshot", blocker] if operation else [])]
    text = f"{call} {_LOCK_FAILED}: [ {'; '.join(params)} ]"
    end = world.clock.now + length
    while world.clock.now < end:
        world.api.log(task, "helpers", text)
        pause = world.ids.number(4, 19)
        shown = f"Waiting for up to {pause}.{world.ids.number(100000, 999999)} seconds"
        world.api.log(task, "helpers", f"{shown} before retrying...")
        world.clock.tick(pause)
    return task


def give_up(world: World, task: Task, disk: Disk, blocker: str) -> None:
    """Let a call that waited for two hours fail."""
    params = ("SR", disk.storage.ref, "VDI.snapshot", blocker)
    world.api.failed(task, (named("self", disk),), "OTHER_OPERATION_IN_PROGRESS", *params)


def migrate(world: World, machine: Machine) -> str:
    """Ask to move a running VM's disks; xapi refuses that while a disk has CBT."""
    task = world.api.call("VM.assert_can_migrate")
    world.api.said(task, f"VM.assert_can_migrate: VM = '{machine.uuid} ({machine.name})'")
    tracked = next(disk for disk in machine.disks if disk.cbt_enabled)
    arguments = (Argument("vm", machine.name, machine.uuid, machine.ref),)
    return world.api.failed(task, arguments, "VDI_CBT_ENABLED", tracked.ref)


def snapshot_refused_by_key(world: World, disk: Disk, key: str) -> None:
    """Fail a snapshot because a key of sm_config is there already."""
    reason = ["MAP_DUPLICATE_KEY", "VDI", "sm_config", disk.ref, key]
    task = world.api.begin("VDI.snapshot", disk)
    sm = SmProcess(world.master)
    with sm.locked(disk.storage.uuid, "sr"):
        sm.enter("vdi_snapshot", disk.storage, {"args": [], "vdi_uuid": disk.uuid})
        sm.say(f"Pause request for {disk.uuid}")
        text = f"Failed to snapshot VDI [opterr={reason!r}]"
        sm.raising(82, text)
        frames = (
            ("SRCommand.py", 113, "run", "return self._run_locked(sr)"),
            (
                "blktap2.py",
                1255,
                "tap_pause",
                "session.xenapi.VDI.add_to_sm_config(vdi_ref, 'paused',",
            ),
        )
        sm.exception("generic exception: vdi_snapshot", "XenAPI.Failure", repr(reason), frames)
    sm.close()
    world.api.fail(task, disk, "SR_BACKEND_FAILURE_82", "", text, "")


def time_out(world: World, host: Host, device: str = "nbd2") -> None:
    """Let the kernel give up on a block device of dom0 that an nbd-client serves."""
    for text in (
        f"block {device}: Connection timed out",
        f"block {device}: shutting down sockets",
        f"print_req_error: I/O error, dev {device}, sector 41943040",
        f"Buffer I/O error on dev {device}, logical block 5242880, async page read",
        f"block {device}: Send control failed (result -32)",
    ):
        host.journal.kernel(text)
        world.clock.tick(0.2)


def run_out_of_descriptors(world: World, host: Host) -> None:
    """Let a tapdisk have no descriptor left for another NBD connection."""
    tag = f"tapdisk[{host.journal.pid()}]"
    for descriptor in (1019, 1021, 1023):
        host.journal.write(DAEMON, tag, f"nbd: server: got connection fd = {descriptor}")
        world.clock.tick(600)
    for _ in range(4):
        host.journal.write(DAEMON, tag, "nbd: failed to accept connection: Too many open files")
        world.clock.tick(20)


def read_in_dom0(world: World, disk: Disk, host: Host) -> Loopback:
    """Let a program in dom0 read a disk from xapi-nbd of the same host, which nobody should."""
    world.exports.info(disk, socket="/var/lib/xcp/xapi")
    net = next(net for net in world.networks if net.purpose)
    return world.exports.open(disk, host, client=net.address(host))


def sessions_end(world: World, count: int, why: str = "because of its age") -> list[str]:
    """Let xapi's GC end sessions of backup clients; returns their references."""
    refs: list[str] = []
    api: Api = world.api
    for _ in range(count):
        ref, uuid, track = world.ids.ref(), world.ids.uuid(), world.ids.hex()
        task = api.inside("DB GC")
        active = f"{world.clock.now - timedelta(hours=25):%Y%m%dT%H:%M:%SZ}"
        text = (
            f"Session.destroy _ref={ref} uuid={uuid} trackid={track} (last active {active}): "
            f"Timed out session in group 'root' {why}"
        )
        api.log(task, "db_gc_util", text)
        refs.append(ref)
    return refs


def turn_away(world: World, host: Host, session: str) -> None:
    """Let a client come with a session that has ended."""
    text = f"Session check failed: the client used an illegal or expired session ref '{session}'"
    task = world.api.call("session.get_uuid", socket="/var/lib/xcp/xapi")
    world.api.log(task, "session_check", text, level="info")
    world.nbd[host.name].session_invalid(session)


def in_use(disk: Disk) -> Refusal:
    """Return the refusal of a VBD.plug because a VM has the disk."""
    return Refusal(code="VDI_IN_USE", params=(disk.ref, "attach"))
