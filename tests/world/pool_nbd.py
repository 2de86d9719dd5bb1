"""The pool of most NBD stories: two hosts, a shared SR, disks with CBT, a network for backups."""

from dataclasses import dataclass

from tests.support.clock import utc
from tests.world.objects import GIB, Disk, Host, Network, Storage
from tests.world.releases import XCP_NG_8_3, Release
from tests.world.sample import UNASKED, Findings, Sample
from tests.world.world import World

START, NIGHT, END = "2024-11-21 18:00:00", "2024-11-22 01:00:00", "2024-11-22 09:06:01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backups:
    """The pool, its SR and its backup network; snapshots of two disks, taken in the evening."""

    world: World
    storage: Storage
    net: Network
    disks: tuple[Disk, ...]
    snapshots: tuple[Disk, ...]

    @property
    def hosts(self) -> tuple[Host, ...]:
        """Return the hosts, the master first."""
        return tuple(self.world.hosts)

    def read(self, count: int = 2) -> None:
        """Back the snapshots up in order, from one host and the next."""
        for number in range(count):
            disk = self.snapshots[number % len(self.snapshots)]
            with self.world.exported(disk, self.hosts[number % len(self.hosts)]):
                self.world.clock.tick(60)

    def told(
        self,
        found: Findings,
        meaningless: frozenset[str] = UNASKED,
        states: tuple[str, ...] = (),
        untold: frozenset[str] = frozenset(),
    ) -> Sample:
        """Let time pass to the morning, and make the reports of all hosts."""
        if self.world.clock.now < utc(END):
            self.world.until(utc(END))
        words = (*states, *[""] * len(self.hosts))
        reports = tuple(
            self.world.bundle(host, nbd=word) for host, word in zip(self.hosts, words, strict=False)
        )
        return Sample(reports=reports, found=found, meaningless=meaningless, untold=untold)


def backups(
    seed: str,
    *,
    release: Release = XCP_NG_8_3,
    hosts: tuple[str, ...] = ("jupiter", "saturn"),
    purpose: tuple[str, ...] = ("nbd",),
    tag: int = -1,
    subnet: str = "198.51.100",
    type_: str = "lvmoiscsi",
) -> Backups:
    """Return the pool at night, before anything is read."""
    world = World(seed, utc(START), hosts=hosts, release=release)
    storage = world.storage("SAN", type_)
    net = world.network("Backup", "xenbr1", "eth1" if tag < 0 else "eth0", subnet, purpose, tag=tag)
    world.serve()
    machine = world.machine("ledger", storage, [20 * GIB, 8 * GIB])
    world.start(machine)
    for disk in machine.disks:
        world.enable_cbt(disk)
    world.until(utc("2024-11-21 23:00:00"))
    snapshots = tuple(world.snapshot(disk) for disk in machine.disks)
    world.until(utc(NIGHT))
    return Backups(
        world=world, storage=storage, net=net, disks=tuple(machine.disks), snapshots=snapshots
    )
