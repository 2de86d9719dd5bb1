"""What befalls hosts and SRs: storage that does not answer, restarts of xapi, fencing, upgrades.

Writers imitated: the kernel's NFS client; xen-api `xapi.ml`, `xapi_host.ml`, `db_gc.ml`; systemd;
xha `daemon/log.c`; `chronyc tracking`.
"""

from tests.world.emit_xapi import Task
from tests.world.journal import DAEMON
from tests.world.objects import Host
from tests.world.world import World

XHA = "var/log/xha.log"
_NAMES = {60: "CET", 0: "UTC"}


def lose_server(world: World, host: Host, server: str, *, times: int, seconds: float = 10) -> None:
    """Let an NFS server not answer for a while, then answer again."""
    for _ in range(times):
        host.journal.kernel(f"nfs: server {server} not responding, timed out")
        world.clock.tick(seconds)
    host.journal.kernel(f"nfs: server {server} OK")


def restart_toolstack(world: World, host: Host) -> None:
    """Restart xapi, as ``xe-toolstack-restart`` does; nothing else of the host stops."""
    journal = host.journal
    journal.write(DAEMON, "systemd[1]", "Stopping XenAPI server (XAPI)...")
    world.clock.tick(2)
    journal.write(DAEMON, "systemd[1]", "Stopped XenAPI server (XAPI).")
    world.clock.tick(3)
    starting = _inside(world, host, "XAPI SERVER STARTING")
    api = world.apis[host.name]
    api.log(starting, "xapi", f"(Re)starting xapi, pid: {journal.pid()}")
    role = "Master" if host.master else f"Slave:192.0.2.{world.master.number}"
    api.log(starting, "xapi", f"on_system_boot=false pool_role={role}")
    journal.write(DAEMON, "systemd[1]", "Started XenAPI server (XAPI).")


def fence(world: World, host: Host, *, minutes: float = 4) -> None:
    """Let xha reset a host that lost its state file; it boots again."""
    dial = host.journal.clock
    zone = _NAMES.get(int(dial.offset.total_seconds()) // 60, "UTC")
    text = "FH: Survival Rule is not met for the local host.  - Self-Fence (1007)."
    stamp = f"{dial.bsd} {zone} {dial.local:%Y}"
    host.journal.raw(XHA, f"{stamp} [err] {text}")
    host.journal.write(DAEMON, "xha[2201]", text)
    world.crash(host, minutes=minutes)


def upgrade_begins(world: World) -> None:
    """Let the master notice that not all hosts have its version any more."""
    _upgrading(world, "not in progress")


def upgrade_ends(world: World) -> None:
    """Let the master notice that all hosts have the same version again."""
    _upgrading(world, "in progress")


def tracking(fast: float, *, leap: str = "Normal") -> str:
    """Return ``chronyc tracking`` of a host whose clock is so many seconds fast."""
    word = "fast" if fast > 0 else "slow"
    return (
        "Reference ID    : C0000205 (192.0.2.5)\nStratum         : 3\n"
        "Ref time (UTC)  : Fri Nov 22 07:31:10 2024\n"
        f"System time     : {abs(fast):.9f} seconds {word} of NTP time\n"
        "Last offset     : +0.000010224 seconds\nRMS offset      : 0.000021114 seconds\n"
        "Frequency       : 12.151 ppm slow\nResidual freq   : +0.000 ppm\n"
        "Skew            : 0.021 ppm\nRoot delay      : 0.021402290 seconds\n"
        "Root dispersion : 0.001204410 seconds\nUpdate interval : 1030.2 seconds\n"
        f"Leap status     : {leap}\n"
    )


def _upgrading(world: World, state: str) -> None:
    task = _inside(world, world.master, "rolling upgrade")
    text = f"Pool thinks rolling upgrade {state} but Host version numbers indicate otherwise"
    world.api.log(task, "db_gc", f"{text}; correcting", level="warn")


def _inside(world: World, host: Host, name: str) -> Task:
    return world.apis[host.name].inside(name)
