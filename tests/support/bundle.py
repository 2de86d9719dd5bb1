"""BundleBuilder: status reports in the true layout, made in the test that needs them.

Writer imitated: status-report `xen-bugtool` (`TarOutput`, `ZipOutput`, `make_inventory`,
`construct_filename`); for several hosts xenadmin's `ZipStatusReportAction`.
"""

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Self
from xml.sax.saxutils import quoteattr

from tests.support.clock import MONTHS
from tests.world.pack import Compression, Packed, compressed, sanitised, stored_gzip, tar, zipped

ARGV = "['/usr/sbin/xen-bugtool', '--yestoall', '--silent', '--output=tar.bz2']"
_CAPABILITIES = (
    ("var/log/SMlog", "xenserver-logs"),
    ("var/log/xensource.log", "xenserver-logs"),
    ("var/log/audit.log", "xenserver-logs"),
    ("var/log/", "system-logs"),
    ("var/xapi/blobs/", "blobs"),
    ("xapi-db", "xenserver-databases"),
    ("etc/", "xenserver-config"),
    ("systemctl", "system-services"),
    ("dmsetup", "multipath"),
    ("ls-lR", "hardware-info"),
    ("rpm-qa", "xenserver-install"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    content: bytes
    mtime: datetime


class BundleBuilder:
    """One status report, built file by file; every method that adds returns the builder.

    ``captured`` is the host's local time as in the folder's name, ``utc_offset_minutes`` its
    zone. ``beside`` are files of the host by their paths that no report holds, ``inactive`` those
    of them that are volumes nobody has activated. Without ``log`` or ``file`` calls the bundle holds xen-bugtool's own two files only.
    """

    def __init__(
        self,
        *,
        host: str = "jupiter",
        captured: str = "20241122100601",
        utc_offset_minutes: int = 60,
        argv: str = ARGV,
        uptime: str = "3 days",
    ) -> None:
        self.host = host
        self.captured = captured
        local = datetime.strptime(captured, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        self.captured_at = local - timedelta(minutes=utc_offset_minutes)
        self._local = local
        self._argv = argv
        self._uptime = uptime
        self._log_lines: list[str] = []
        self._files: dict[str, _File] = {}
        self.beside: dict[str, bytes] = {}
        self.inactive: set[str] = set()
        self._without: set[str] = set()

    @property
    def folder(self) -> str:
        """Return the name of the top folder."""
        return f"bug-report-{self.captured}"

    def log(
        self,
        path: str,
        text: str | bytes | Iterable[str],
        rotation: int = 0,
        *,
        compress: bool | None = None,
        mtime: datetime | None = None,
    ) -> Self:
        """Add a log; rotation 1 is ``.1``, from 2 on it is gzipped unless `compress` says else."""
        content = text if isinstance(text, bytes) else _text(text).encode()
        name = f"{path}.{rotation}" if rotation else path
        if compress if compress is not None else rotation > 1:
            return self.file(f"{name}.gz", stored_gzip(content), mtime=mtime)
        return self.file(name, content, mtime=mtime)

    def file(self, path: str, content: str | bytes, mtime: datetime | None = None) -> Self:
        """Add or replace a file by its path inside the report."""
        data = content if isinstance(content, bytes) else content.encode()
        self._files[path] = _File(content=data, mtime=mtime or self.captured_at)
        self._without.discard(path)
        return self

    def files(self, contents: Iterable[tuple[str, str]]) -> Self:
        """Add several files."""
        for path, content in contents:
            self.file(path, content)
        return self

    def remove(self, path: str) -> Self:
        """Leave a file out, as if it had never been collected."""
        self._files.pop(path, None)
        self._without.add(path)
        return self

    def empty(self, path: str) -> Self:
        """Make a file empty, as a failed command leaves it."""
        return self.file(path, b"")

    def timeout(self, path: str) -> Self:
        """End a command's output the way xen-bugtool does when its time was up."""
        known = self._files.get(path)
        return self.file(path, (known.content if known else b"") + b"\n** timeout **\n")

    def omitted(self, path: str, capability: str) -> Self:
        """Leave a file out because its capability reached its size limit."""
        self._log_lines.append(f"Omitting /{path}, size constraint of {capability} exceeded")
        return self.remove(path)

    def paths(self) -> tuple[str, ...]:
        """Return the paths inside the report, in the order in which they are written."""
        return tuple(path for path, _ in self._ordered())

    def content(self, path: str) -> bytes:
        """Return the bytes of a file."""
        return dict(self._ordered())[path].content

    def packed(self, prefix: str = "") -> list[Packed]:
        """Return all files with their names in an archive."""
        return [
            Packed(
                name=f"{prefix}{self.folder}/{path}",
                content=file.content,
                mtime=int(file.mtime.timestamp()),
            )
            for path, file in self._ordered()
        ]

    def stream(self) -> bytes:
        """Return the plain tar that ``--outfd`` streams."""
        return tar(self.packed())

    def write_tar(
        self, path: Path, compression: Compression | None = "bz2", *, bz2_level: int = 1
    ) -> Path:
        """Write a tar archive and return its path."""
        path.write_bytes(compressed(self.stream(), compression, bz2_level))
        return path

    def write_zip(self, path: Path) -> Path:
        """Write xen-bugtool's zip and return its path."""
        path.write_bytes(zipped(self.packed()))
        return path

    def write_folder(self, path: Path) -> Path:
        """Unpack the report below `path` and return the report's own folder."""
        for file in self.packed():
            target = path / PurePosixPath(file.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.content)
            os.utime(target, (file.mtime, file.mtime))
        return path / self.folder

    def _ordered(self) -> list[tuple[str, _File]]:
        """Return outputs of commands, then files, then the two that close a report."""
        last = ("xen-bugtool.log", "inventory.xml", "etc/systemd.tar")
        own = {
            "xen-bugtool.log": self._bugtool_log,
            "inventory.xml": self._inventory,
        }
        commands = [(p, f) for p, f in self._files.items() if "/" not in p and p not in last]
        others = [(p, f) for p, f in self._files.items() if "/" in p and p not in last]
        ordered = [*commands, *others]
        for path in last:
            if path in self._files:
                ordered.append((path, self._files[path]))
            elif path in own and path not in self._without:
                made = _File(content=own[path]().encode(), mtime=self.captured_at)
                ordered.append((path, made))
        return ordered

    def _bugtool_log(self) -> str:
        path = "PATH=/sbin:/usr/sbin:/bin:/usr/bin:/usr/local/sbin:/usr/local/bin"
        return _text([self._argv, path, *self._log_lines])

    def _inventory(self) -> str:
        """Return ``make_inventory``'s document: a summary, then an entry with md5 per file."""
        date = _c_locale(self._local)
        uname = f"Linux {self.host} 4.19.0+1 #1 SMP x86_64 x86_64"
        uptime = f" {self._local:%H:%M:%S} up {self._uptime}, 2 users"
        summary = f'user="root" date="{date}" hostname="{self.host}" uname="{uname}"'
        summary += f' uptime="{uptime}"'
        entries = [
            f"\t<inventory-entry capability={quoteattr(_capability(path))}"
            f" filename={quoteattr(f'{self.folder}/{path}')}"
            f' md5sum="{hashlib.md5(file.content, usedforsecurity=False).hexdigest()}"/>'
            for path, file in self._files.items()
        ]
        return _text(
            [
                '<?xml version="1.0" encoding="utf-8"?>',
                "<system-status-inventory>",
                f"\t<system-summary {summary}/>",
                *entries,
                "</system-status-inventory>",
            ]
        )


def xencenter_zip(
    path: Path,
    builders: Sequence[BundleBuilder],
    *,
    raw_tars: bool = False,
    pool: str = "orion",
    time: str = "2024-11-22-10-08-12",
) -> Path:
    """Write the zip of XenCenter's wizard: a folder (or a tar) per host, the master first."""
    files: list[Packed] = []
    for builder in builders:
        top = f"{time}-bugtool-{builder.host[:20]}"
        if raw_tars:
            files.append(Packed(name=f"{top}.tar", content=builder.stream(), mtime=0))
        else:
            files += builder.packed(prefix=f"{top}/")
    names = sanitised(file.name for file in files)
    clean = [
        Packed(name=name, content=file.content, mtime=file.mtime)
        for name, file in zip(names, files, strict=True)
    ]
    notes = (
        (f"{time}-Coordinators.txt", _coordinators([b.host for b in builders], pool)),
        (f"{time}-Metadata.json", '{"XenCenter": {"Version": "2024.4.0", "Hosts": []}}\n'),
    )
    clean += [Packed(name=name, content=text.encode(), mtime=0) for name, text in notes]
    path.write_bytes(zipped(clean))
    return path


def _coordinators(hosts: Sequence[str], pool: str) -> str:
    roles = ["coordinator", *["supporter"] * (len(hosts) - 1)]
    lines = [f"Server '{h}' is a {r} of pool '{pool}'" for h, r in zip(hosts, roles, strict=True)]
    return "\r\n".join(lines) + "\r\n"


def _text(lines: str | Iterable[str]) -> str:
    if isinstance(lines, str):
        return lines
    return "".join(f"{line}\n" for line in lines)


def _capability(path: str) -> str:
    return next((name for start, name in _CAPABILITIES if path.startswith(start)), "disk-info")


def _c_locale(time: datetime) -> str:
    """Return strftime's ``%c`` of the C locale, whatever locale the tests run in."""
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    day = f"{days[time.weekday()]} {MONTHS[time.month - 1]} {time.day:2d}"
    return f"{day} {time:%H:%M:%S} {time.year}"
