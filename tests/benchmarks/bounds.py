"""Does any input cost more than its share? ``python -m tests.benchmarks.bounds [KIND …]``.

Each kind is a status report that somebody hostile, or very unlucky, could send. cbtriage may take
60 seconds of a processor and 1 GiB of memory beyond a second for each 10 MB that was unpacked
(docs/security.md). What takes more makes the exit status 1.
"""

import argparse
import gzip
import io
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from tests.benchmarks import growth

PROCESSOR = 60.0  # seconds
MEMORY = 1 << 30
SPEED = 10_000_000  # bytes a second
MB = 1_000_000
_TOP = "bug-report-20241122100601"
_LOG = "var/log/SMlog"
_LINE = b"Nov 21 10:00:00 jupiter SM: [1] lock: opened\n"
_TESTS = Path(__file__).parents[2]


class _Repeated(io.RawIOBase):
    """A file of one piece again and again, between a head and a tail, that nobody has to hold."""

    def __init__(self, piece: bytes, size: int, head: bytes = b"", tail: bytes = b"") -> None:
        block = piece * max(1, MB // len(piece))
        self._parts: Iterator[bytes] = iter(
            (head, *(block for _ in range(size // len(block))), tail)
        )
        self.size = len(head) + size // len(block) * len(block) + len(tail)
        self._left = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while len(self._left) < size:
            part = next(self._parts, None)
            if part is None:
                break
            self._left += part
        given, self._left = self._left[:size], self._left[size:]
        return given


Content = bytes | _Repeated


def _archive(folder: Path, members: Iterable[tuple[str, Content]]) -> Path:
    path = folder / "report.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=1, format=tarfile.GNU_FORMAT) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            whole = isinstance(content, bytes)
            info.size = len(content) if isinstance(content, bytes) else content.size
            archive.addfile(info, io.BytesIO(content) if whole else content)  # type: ignore[arg-type]
    return path


def _report(folder: Path, *members: tuple[str, Content]) -> Path:
    own = [(f"{_TOP}/{name}", content) for name, content in members]
    if not any(name == _LOG for name, _ in members):
        own.insert(0, (f"{_TOP}/{_LOG}", _LINE))
    return _archive(folder, own)


def _one(path: str, piece: bytes, size: int, head: bytes = b"", tail: bytes = b"") -> "Made":
    return lambda folder: _report(folder, (path, _Repeated(piece, size, head, tail)))


def _of_growth(kind: str, size: int) -> "Made":
    return lambda folder: growth.GROWTHS[kind][1](folder, size)


def _tops(folder: Path) -> Path:
    return _archive(folder, ((f"top{n}/xen-bugtool.log", b"x\n") for n in range(5000)))


def _long_names(folder: Path) -> Path:
    return _report(folder, *((f"{n}-{'x' * MB}", b"") for n in range(1000)))


def _empty_members(folder: Path) -> Path:
    return _report(folder, *((f"var/log/file-{n}", b"") for n in range(250_000)))


def _zip_without_directory(folder: Path) -> Path:
    header = b"PK\x03\x04\x14\x00\x00\x00\x00\x00" + bytes(16) + b"\x04\x00\x00\x00name"
    path = folder / "report.zip"
    path.write_bytes(header * 220_000)
    return path


def _bomb(folder: Path) -> Path:
    inner = folder / "bomb.gz"
    source = _Repeated(b"\n", 3000 * MB)
    with gzip.open(inner, "wb", compresslevel=1) as packed:
        while block := source.read(MB):
            packed.write(block)
    return _report(folder, (f"{_LOG}.2.gz", inner.read_bytes()), (_LOG, _LINE))


def _long_lines(folder: Path) -> Path:
    line = b"Nov 21 10:00:00 jupiter SM: [1] FAILED in util.pread: " + b"x" * 100_000 + b"\n"
    return _report(folder, (_LOG, _Repeated(line, 150 * MB)))


def _numbered(path: str, lines: Callable[[int], str], size: int, head: str = "") -> "Made":
    def made(folder: Path) -> Path:
        text, number = [head], 0
        left = size
        while left > 0:
            line = lines(number)
            text.append(line)
            left, number = left - len(line), number + 1
        return _report(folder, (path, "".join(text).encode()))

    return made


def _time(number: int) -> str:
    second = number // 4 % 80_000
    return f"Nov 21 {second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


def _sm(text: Callable[[int, str], str]) -> Callable[[int], str]:
    def line(number: int) -> str:
        uuid = f"{number:08x}-9d1f-4c55-8a47-000000000001"
        return f"{_time(number)} jupiter SM: [{2000 + number % 30_000}] {text(number, uuid)}\n"

    return line


def _traceback(_number: int, _uuid: str) -> str:
    inside = '  File "/opt/xensource/sm/util.py", line 1, in f'
    return f"***** vdi_attach: EXCEPTION <class 'X'>, no\n{inside}\n    f()\n"


Made = Callable[[Path], Path]
_SR = "d07ad4d2-d8fe-4a70-9a87-dfca6fbe4dd9"
_DATABASE = b"<database><manifest/>"
BOUNDS: Mapping[str, Made] = {
    "folders": _tops,
    "names": _long_names,
    "members": _empty_members,
    "zip": _zip_without_directory,
    "bomb": _bomb,
    "line": _one(_LOG, b"x" * 100, 900 * MB),
    "long-lines": _long_lines,
    "attribute": _one(
        "xapi-db.xml", b"x", 500 * MB, _DATABASE + b'<table name="', b'"/></database>'
    ),
    "comment": _one("xapi-db.xml", b"x", 500 * MB, _DATABASE + b"<!--", b"--></database>"),
    "tags": _one("xapi-db.xml", b"<a>", 15 * MB, _DATABASE),
    "inventory": _one(
        "inventory.xml",
        b'<inventory-entry capability="a" filename="b" md5sum="c"/>',
        500 * MB,
        b"<system-status-inventory>",
        b"</system-status-inventory>",
    ),
    "notes": _one("xen-bugtool.log", b"something was said\n", 1000 * MB),
    "sockets": _one(
        "ss-nampio.out",
        b'tcp LISTEN 0 128 0.0.0.0:10809 0.0.0.0:* users:(("xapi-nbd",pid=2,fd=3))\n',
        500 * MB,
        b"Netid State Recv-Q Send-Q Local Address:Port Peer Address:Port\n",
    ),
    "iptables": _one(
        "iptables-nvL.out",
        b"    0     0 ACCEPT     tcp  --  *      *       0.0.0.0/0            0.0.0.0/0\n",
        500 * MB,
        b"Chain INPUT (policy ACCEPT 0 packets, 0 bytes)\n"
        b" pkts bytes target     prot opt in     out     source               destination\n",
    ),
    "listing": _numbered(
        "ls-lR-%run%sr-mount.out",
        lambda n: (
            f"-rw-r--r-- 1 root root 4096 Nov 21 10:00 {n:08x}-9d1f-4c55-8a47-000000000001.cbtlog\n"
        ),
        90 * MB,
        f"/run/sr-mount/{_SR}:\ntotal 1\n",
    ),
    "failures": _numbered(
        _LOG, _sm(lambda _, uuid: f"FAILED in util.pread: (rc 5) {uuid}"), 20 * MB
    ),
    "tracebacks": _numbered(_LOG, _sm(_traceback), 30 * MB),
    "created": _numbered(
        _LOG,
        _sm(
            lambda _, uuid: (
                f"['/usr/sbin/cbt-util', 'create', '-n', "
                f"'/dev/VG_XenStorage-{_SR}/{uuid}.cbtlog', '-s', '1']"
            )
        ),
        20 * MB,
    ),
    "inconsistent": _numbered(
        _LOG,
        _sm(lambda _, uuid: f"Changed Block Tracking metadata is inconsistent for disk {uuid}."),
        20 * MB,
    ),
    "storm": _of_growth("storm", 900_000),
    "comparisons": _of_growth("comparisons", 30_000),
    "clients": _of_growth("clients", 80_000),
    "tasks": _of_growth("tasks", 100_000),
    "volumes": _of_growth("volumes", 750_000),
    "rows": _of_growth("rows", 1_000_000),
    "kept": _of_growth("kept", 40_000),
    "many-kept": _of_growth("many-kept", 200),
}


def main() -> int:
    """Make and analyze each; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(BOUNDS)}")
    over = 0
    sys.stdout.write("| input | packed | processor | memory |\n| --- | --- | --- | --- |\n")
    for kind in parser.parse_args().kinds or BOUNDS:
        with tempfile.TemporaryDirectory() as name:
            path = BOUNDS[kind](Path(name))
            packed = path.stat().st_size if path.is_file() else 0
            processor, memory, status = _cost(path, Path(name) / "out")
            share = _unpacked(path) / SPEED
        bad = processor > PROCESSOR + share or memory > MEMORY or status not in {0, 1, 2, 3, 4}
        over += bad
        sys.stdout.write(
            f"| {kind} | {packed / MB:.1f} MB | {processor:.0f} s | {memory / MB:.0f} MB |"
            f"{f' over, exit {status}' * bad}\n"
        )
        sys.stdout.flush()
    return 1 if over else 0


def _cost(path: Path, out: Path) -> tuple[float, int, int]:
    """Return processor seconds of all processes, memory of the largest one, and exit status."""
    code = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, done.returncode)"
    )
    command = [sys.executable, "-m", "analyzer", "analyze", str(path), "-o", str(out), "-q"]
    ran = subprocess.run(
        [sys.executable, "-c", code, *command],
        capture_output=True,
        text=True,
        check=True,
        cwd=_TESTS,
    )
    processor, memory, status = ran.stdout.split()
    return float(processor), int(memory), int(status)


def _unpacked(path: Path) -> int:
    """Return what a report holds, in bytes: what its share is counted from."""
    if path.suffix == ".zip" or path.is_dir():
        return 0
    with tarfile.open(path) as archive:
        return sum(member.size for member in archive)


if __name__ == "__main__":
    sys.exit(main())
