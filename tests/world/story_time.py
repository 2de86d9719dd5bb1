"""Stories in which the time is the trouble: zones, clocks that are apart or set, years, holes.

In most a host loses power with disks attached, a VM's start gives their CBT logs up, and the next
backup is a full one. The times below are the true ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo

from dateutil import tz

from tests.support.bundle import BundleBuilder
from tests.support.clock import utc
from tests.world import faults_host
from tests.world.emit_snapshot import LogFault
from tests.world.objects import GIB, Disk, Host, Machine
from tests.world.world import World

# By POSIX's rule, so that no table of zones is needed.
BERLIN: tzinfo = tz.tzstr("CET-1CEST,M3.5.0,M10.5.0/3")
WEST: tzinfo = timezone(timedelta(hours=-8))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A story: the reports, and when in truth the host went down and the logs were given up.

    ``disks`` are those whose logs were given up, ``backups`` is when each backup began.
    """

    reports: tuple[BundleBuilder, ...]
    world: World
    disks: tuple[Disk, ...]
    down: datetime
    given_up: datetime
    backups: tuple[datetime, ...] = ()


@dataclass(slots=True, kw_only=True)
class Shop:
    """A pool with one VM of two disks with CBT, which runs on its last host."""

    world: World
    host: Host
    machine: Machine
    last: Mapping[str, Disk]
    backups: list[datetime]

    def backup(self, at: str, *, full: bool = False) -> None:
        """Back the disks up, incrementally after the first time, or as a client does without CBT."""
        self.world.until(utc(at))
        self.backups.append(self.world.clock.now)
        taken: dict[str, Disk] = {}
        for disk in self.machine.disks:
            new = taken[disk.uuid] = self.world.snapshot(disk)
            old = self.last.get(disk.uuid)
            if old is not None and not full:
                assert not self.world.list_changed_blocks(old, new).error
            with self.world.exported(new):
                self.world.clock.tick(120)
        self.last = taken

    def crash(self, at: str, start: str, *, minutes: float = 9) -> tuple[datetime, datetime]:
        """Let the host lose power, and start the VM again; returns when both were."""
        self.world.until(utc(at))
        self.world.crash(self.host, minutes=minutes)
        self.world.until(utc(start))
        began = self.world.clock.now
        assert self.world.start(self.machine, self.host) == self.machine.disks
        return utc(at), began

    def told(self, end: str, times: tuple[datetime, datetime]) -> Told:
        """Make the reports of all hosts."""
        self.world.until(utc(end))
        return Told(
            reports=tuple(self.world.bundle(host) for host in self.world.hosts),
            world=self.world,
            disks=tuple(self.machine.disks),
            down=times[0],
            given_up=times[1],
            backups=tuple(self.backups),
        )


def shop(
    seed: str,
    start: str,
    *,
    hosts: Sequence[str] = ("jupiter",),
    zones: Mapping[str, tzinfo] | None = None,
    ahead: Mapping[str, timedelta] | None = None,
    disks: int = 2,
    place: int = -1,
) -> Shop:
    """Return the pool at work; the VM runs on one of its hosts, the last by default."""
    world = World(seed, utc(start), hosts=hosts, zones=zones or {}, ahead=ahead or {})
    storage = world.storage("SAN", "lvmoiscsi")
    world.network("Backup", "xenbr1", "eth1", "198.51.100", ("nbd",))
    world.serve()
    machine = world.machine("shop", storage, [(30 - n % 20) * GIB for n in range(disks)])
    world.start(machine, world.hosts[place])
    for disk in machine.disks:
        world.enable_cbt(disk)
    return Shop(world=world, host=world.hosts[place], machine=machine, last={}, backups=[])


def crash_across_zones() -> Told:
    """The supporter's clock is seven minutes fast, its zone nine hours behind the master's."""
    pool = shop(
        "crash-across-zones",
        "2024-11-20 05:00:00",
        hosts=("jupiter", "saturn"),
        zones={"saturn": WEST},
        ahead={"saturn": timedelta(minutes=7)},
    )
    pool.backup("2024-11-20 23:00:00")
    pool.backup("2024-11-21 23:00:00")
    times = pool.crash("2024-11-22 02:10:00", "2024-11-22 02:30:00")
    pool.backup("2024-11-22 03:30:00", full=True)
    return pool.told("2024-11-22 07:40:00", times)


def new_year() -> Told:
    """The host goes down in the old year, the logs are given up in the new one."""
    pool = shop("new-year", "2023-12-30 18:00:00")
    pool.backup("2023-12-30 23:00:00")
    pool.backup("2023-12-31 20:00:00")
    times = pool.crash("2023-12-31 22:50:00", "2023-12-31 23:20:00")
    pool.backup("2024-01-01 20:00:00", full=True)
    return pool.told("2024-01-02 09:06:01", times)


def leap_day() -> Told:
    """The host goes down on 28 February, the logs are given up on the 29th, the report is of 1 March."""
    pool = shop("leap-day", "2024-02-27 18:00:00")
    pool.backup("2024-02-27 23:00:00")
    pool.backup("2024-02-28 20:00:00")
    times = pool.crash("2024-02-28 22:50:00", "2024-02-28 23:20:00")
    pool.backup("2024-02-29 22:30:00", full=True)
    return pool.told("2024-03-01 09:06:01", times)


def summer_time_ends() -> Told:
    """The host goes down at 02:40 CEST; the VM starts forty minutes later, at 02:20 CET."""
    pool = shop("summer-time-ends", "2024-10-26 05:00:00", zones={"jupiter": BERLIN})
    pool.backup("2024-10-26 12:00:00")
    pool.backup("2024-10-26 22:00:00")
    times = pool.crash("2024-10-27 00:40:00", "2024-10-27 01:20:00")
    pool.backup("2024-10-27 04:00:00", full=True)
    return pool.told("2024-10-27 09:06:01", times)


def summer_time_begins() -> Told:
    """The host goes down at 01:50 CET; the VM starts twenty minutes later, at 03:10 CEST."""
    pool = shop("summer-time-begins", "2024-03-30 05:00:00", zones={"jupiter": BERLIN})
    pool.backup("2024-03-30 12:00:00")
    pool.backup("2024-03-30 22:00:00")
    times = pool.crash("2024-03-31 00:50:00", "2024-03-31 01:10:00")
    pool.backup("2024-03-31 04:00:00", full=True)
    return pool.told("2024-03-31 09:06:01", times)


def clock_set_back() -> Told:
    """An hour-fast clock is set right between boot and start: what came later has earlier stamps."""
    pool = shop("clock-set-back", "2024-11-20 18:00:00", ahead={"jupiter": timedelta(hours=1)})
    pool.backup("2024-11-20 23:00:00")
    pool.backup("2024-11-21 23:00:00")
    world = pool.world
    world.until(utc("2024-11-22 02:10:00"))
    world.crash(pool.host, minutes=9)
    world.until(utc("2024-11-22 02:40:00"))
    world.dial(pool.host).ahead = timedelta(0)
    world.until(utc("2024-11-22 02:50:00"))
    began = world.clock.now
    assert world.start(pool.machine, pool.host) == pool.machine.disks
    pool.backup("2024-11-22 06:00:00", full=True)
    return pool.told("2024-11-22 09:06:01", (utc("2024-11-22 02:10:00"), began))


def rotated_gap() -> Told:
    """As ever, but the files of the day before the last are gone from the report."""
    pool = shop("rotated-gap", "2024-11-18 18:00:00")
    pool.backup("2024-11-18 23:30:00")
    times = pool.crash("2024-11-21 02:10:00", "2024-11-21 02:30:00")
    pool.backup("2024-11-21 06:00:00", full=True)
    told = pool.told("2024-11-21 09:06:01", times)
    for path in ("SMlog.1", "xensource.log.1"):
        told.reports[0].remove(f"var/log/{path}")
    return told


def storm() -> Told:
    """The master goes down: forty disks lose their logs, and ten thousand calls their sessions."""
    pool = shop("storm", "2024-11-21 18:00:00", disks=40)
    world = pool.world
    pool.backup("2024-11-21 19:00:00")
    times = pool.crash("2024-11-22 02:10:00", "2024-11-22 02:30:00")
    stale = world.ids.ref()
    text = f"Session check failed: the client used an illegal or expired session ref '{stale}'"
    for _ in range(10_000):
        task = world.api.call("VDI.get_by_uuid", client="127.0.0.1")
        world.api.log(task, "session_check", text, level="info")
        world.nbd["jupiter"].session_invalid(stale)
    return pool.told("2024-11-22 07:40:00", times)


def two_troubles() -> Told:
    """While one host is down, the other finds no room on another SR for another VM's log."""
    pool = shop("two-troubles", "2024-11-21 05:00:00", hosts=("jupiter", "saturn"))
    world = pool.world
    other = world.storage("Local storage", "lvm")
    files = world.machine("files", other, [20 * GIB])
    world.start(files, world.master)
    world.enable_cbt(files.disks[0])
    pool.backup("2024-11-21 23:00:00")
    world.until(utc("2024-11-22 02:09:00"))
    world.snapshot(files.disks[0], fault=LogFault.NO_SPACE)
    times = pool.crash("2024-11-22 02:10:00", "2024-11-22 02:30:00")
    return pool.told("2024-11-22 07:40:00", times)


def many_incidents() -> Told:
    """What befalls a pool in a week, on a night: each is an incident of its own, none a finding."""
    pool = shop(
        "many-incidents",
        "2024-11-21 05:00:00",
        hosts=("jupiter", "saturn"),
        ahead={"saturn": timedelta(seconds=40)},
    )
    world = pool.world
    world.storage("NAS", "nfs")
    master, supporter = world.hosts
    world.until(utc("2024-11-21 20:00:00"))
    faults_host.lose_server(world, master, "198.51.100.20", times=500)
    world.until(utc("2024-11-21 23:00:00"))
    faults_host.restart_toolstack(world, master)
    world.until(utc("2024-11-22 01:00:00"))
    world.shut_down(pool.machine)
    fenced = world.clock.now
    faults_host.fence(world, supporter)
    world.until(utc("2024-11-22 03:00:00"))
    faults_host.upgrade_begins(world)
    world.until(utc("2024-11-22 05:00:00"))
    faults_host.upgrade_ends(world)
    told = pool.told("2024-11-22 07:40:00", (fenced, fenced))
    for report, fast in zip(told.reports, (0.000012, 40.0), strict=True):
        report.file("chronyc-tracking.out", faults_host.tracking(fast))
    return told


def clocks_never_compared_fast() -> Told:
    """The supporter sends clients away after the master went down; its clock is 20 minutes fast."""
    return _never_compared("clocks-fast", timedelta(minutes=20))


def clocks_never_compared_slow() -> Told:
    """The same, with a clock that is 20 minutes slow: the stamps tell the wrong order."""
    return _never_compared("clocks-slow", timedelta(minutes=-20))


def _never_compared(seed: str, ahead: timedelta) -> Told:
    pool = shop(
        seed,
        "2024-11-21 05:00:00",
        hosts=("jupiter", "saturn"),
        ahead={"saturn": ahead},
        place=0,
    )
    world = pool.world
    saturn = world.apis["saturn"]
    for hour in (10, 18):
        world.until(utc(f"2024-11-21 {hour}:30:00"))
        saturn.audit(saturn.call("host.send_debug_keys"), ())
    times = pool.crash("2024-11-22 02:10:00", "2024-11-22 02:20:30")
    stale = world.ids.ref()
    for _ in range(5):
        world.nbd["saturn"].session_invalid(stale)
        world.clock.tick(5)
    return pool.told("2024-11-22 07:40:00", times)
