"""Generate a large status report in the true layout: ``python -m tests.benchmarks.generate TARGET``.

By bytes half of it is SMlog, 35 % xensource.log, the rest daemon.log and audit.log, each in two
files, with the database and the volumes of the pool that wrote them. One night of a
pool is lived through for real (`tests.support.world`); its lines are then repeated, night after
night back in time, each with its own stamps, pids and task names.
"""

import argparse
import gzip
import hashlib
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from tests.support.bundle import BundleBuilder
from tests.support.clock import MONTHS, utc
from tests.world.journal import AUDIT, DAEMON, SMLOG, XENSOURCE
from tests.world.objects import GIB
from tests.world.routine import backup, noise
from tests.world.world import World

MB = 1_000_000
SHARES = ((SMLOG, 50), (XENSOURCE, 35), (DAEMON, 10), (AUDIT, 5))
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_PID = re.compile(r"\[\d{4,5}\]")
TOKEN = re.compile(rf"({_UUID}|(?<= R:)[0-9a-f]{{12}}|(?<= SM: )\[\d{{4,5}}\])")
ZULU = re.compile(r"\[\d{8}T\d\d:\d\d:\d\d\.\d{3}Z\|")
END = utc("2024-11-22 06:00:00")


def generate(target: Path, *, size: int, files: int = 2) -> Path:
    """Write a bundle with `size` bytes of logs to `target` (tar.bz2) and return it.

    Each log is cut into that many `files`; as on a host, those after the second are gzipped.
    """
    world = night()
    report = world.bundle(world.master)
    for path in report.paths():
        if path.startswith("var/log/"):
            report.remove(path)
    keep = frozenset({*world.disks, *(storage.uuid for storage in world.storages)})
    for path, share in SHARES:
        lines = world.master.journal.lines(path)
        _logs(report, path, lines, size=size * share // 100, files=files, keep=keep)
    return report.write_tar(target, bz2_level=9)


def _logs(
    report: BundleBuilder,
    path: str,
    lines: Sequence[str],
    *,
    size: int,
    files: int,
    keep: frozenset[str],
) -> None:
    """Add a log and its rotations; the night is repeated until `size` bytes are there."""
    night = sum(len(line) + 1 for line in lines)
    nights = max(1, round(size / night))
    per_file = -(-nights // files)
    for rotation in range(-(-nights // per_file)):
        ages = range(min(nights, (rotation + 1) * per_file) - 1, rotation * per_file - 1, -1)
        texts = ("\n".join(_aged(lines, age, nights, keep)) + "\n" for age in ages)
        mtime = END - timedelta(minutes=_minutes(nights) * rotation * per_file)
        content = "".join(texts).encode()
        if rotation > 1:
            report.file(f"{path}.{rotation}.gz", gzip.compress(content, 6, mtime=0), mtime=mtime)
        else:
            report.log(path, content, rotation, mtime=mtime)


def _minutes(nights: int) -> int:
    """Return how far apart the repetitions are, so that all of them fit in 40 days."""
    return max(1, min(1440, 40 * 1440 // nights))


def _aged(lines: Sequence[str], age: int, nights: int, keep: frozenset[str]) -> Iterator[str]:
    """Yield the night's lines as they were `age` repetitions before, in as little time."""
    start = END - timedelta(minutes=_minutes(nights) * (age + 1))
    step = _minutes(nights) * 60 / len(lines)
    renamed = Renamed(age, keep)
    for number, line in enumerate(lines):
        at = start + timedelta(seconds=step * number)
        local = at + timedelta(hours=1)
        day = f"{MONTHS[local.month - 1]} {local.day:2d}"
        rest = "".join([renamed[part] for part in TOKEN.split(line[15:])])
        zulu = f"[{at:%Y%m%dT%H:%M:%S}.000Z|"
        yield f"{day} {local:%H:%M:%S}{ZULU.sub(zulu, rest) if '|audit|' in rest else rest}"


class Renamed(dict[str, str]):
    """Pids, tasks and the identifiers of what does not last, other ones on every night."""

    def __init__(self, age: int, keep: frozenset[str]) -> None:
        self._age = age
        self._keep = keep
        order = sorted(
            "0123456789abcdef", key=lambda c: hashlib.sha256(f"{age}{c}".encode()).hexdigest()
        )
        self._hex = str.maketrans("0123456789abcdef", "".join(order))

    def __missing__(self, part: str) -> str:
        if _PID.fullmatch(part):
            new = f"[{2000 + (int(part[1:-1]) + self._age * 131) % 30000}]"
        elif TOKEN.fullmatch(part) and part not in self._keep:
            new = part.translate(self._hex)
        else:
            new = part
        self[part] = new
        return new


def night() -> World:
    """Return a pool that lived through a night of backups."""
    world = World("benchmark", utc("2024-11-21 18:00:00"))
    local = world.storage("Local storage", "lvm")
    share = world.storage("NFS virtual disk storage", "nfs")
    world.network("Backup", "xenbr1", "eth1", "198.51.100", ("nbd",))
    world.nbd["jupiter"].start()
    for number in range(4):
        storage = (local, share)[number % 2]
        machine = world.machine(f"vm{number}", storage, [40 * GIB, 10 * GIB])
        world.start(machine)
        for disk in machine.disks:
            world.enable_cbt(disk)
    tracked = [disk for machine in world.machines for disk in machine.disks]
    last = backup(world, tracked, {})
    for _ in range(12):
        noise(world)
    backup(world, tracked, last)
    world.until(END)
    return world


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path)
    parser.add_argument("--size", type=int, default=100, metavar="MB")
    parser.add_argument("--files", type=int, default=2, help="files per log")
    chosen = parser.parse_args()
    made = generate(chosen.target, size=chosen.size * MB, files=chosen.files)
    sys.stdout.write(f"{made}  {made.stat().st_size // 1024} KiB\n")
