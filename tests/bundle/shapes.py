"""The same files in every shape that a status report comes in."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from analyzer.bundle.archive import Archive, open_bundle
from analyzer.bundle.budget import Budget

Files: TypeAlias = Mapping[str, bytes]

REPORT = "bug-report-20240610133241"
LINE = b"Jun 10 13:32:41 jupiter SM: [24517] lock: acquired /var/lock/sm/sr\n"
MTIME = 1718026361


def report(root: str = REPORT) -> dict[str, bytes]:
    """Return the files of a small status report in the order that xen-bugtool writes them."""
    files = {
        "lvs.out": b"  LV VG Attr LSize\n",
        "xapi-db.xml": b"<?xml version='1.0' encoding='UTF-8'?><database/>",
        "var/log/SMlog": LINE * 300,
        "var/log/SMlog.1": LINE * 200,
        "var/log/SMlog.2.gz": gzip.compress(LINE * 100, mtime=0),
        "var/log/xensource.log": LINE * 50,
        "etc/xensource/pool.conf": b"master",
        "xen-bugtool.log": b"/usr/sbin/xen-bugtool -y\nPATH=/usr/sbin\n",
        "inventory.xml": b"<system-status-inventory/>",
    }
    return {f"{root}/{path}" if root else path: data for path, data in files.items()}


def tar(files: Files, form: int = tarfile.PAX_FORMAT) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=form) as archive:
        for path, data in files.items():
            info = tarfile.TarInfo(path)
            info.size, info.mtime = len(data), MTIME
            archive.addfile(info, io.BytesIO(data))
    return target.getvalue()


def zipped(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return target.getvalue()


class Unseekable(io.RawIOBase):
    """What a packer sees that writes into a pipe: it must put sizes behind the data."""

    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        """Say yes."""
        return True

    def write(self, data: object) -> int:
        """Keep a copy."""
        block = bytes(data)  # type: ignore[call-overload]  # any buffer; typeshed has no public name for it
        self.written += block
        return len(block)


def streamed_zip(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = Unseekable()
    with zipfile.ZipFile(target, "w", method) as archive:
        for path, data in files.items():
            with archive.open(path, "w") as entry:
                entry.write(data)
    return bytes(target.written)


def folder(files: Files, place: Path) -> Path:
    for path, data in files.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(data)
    return place


def written(place: Path, name: str, data: bytes) -> Path:
    path = place / name
    path.write_bytes(data)
    return path


def opened(path: Path, **limits: int) -> Archive:
    return open_bundle(path, budget=Budget(**limits))


def piped(data: bytes, **limits: int) -> Archive:
    return open_bundle(None, budget=Budget(**limits), stdin=io.BytesIO(data))


def contents(archive: Archive) -> dict[tuple[str, str], bytes]:
    """Return (bundle, path) → content of all members, each read whole."""
    return {
        (member.bundle, member.path): b"".join(member.blocks(4096)) for member in archive.members()
    }


def by_path(archive: Archive) -> dict[str, bytes]:
    return {path: data for (_, path), data in contents(archive).items()}


def whys(archive: Archive) -> str:
    return "\n".join(f"{omission.member}: {omission.why}" for omission in archive.omissions)


PACKERS: Mapping[str, Callable[[Files], bytes]] = {
    "tar": tar,
    "gnu.tar": lambda files: tar(files, tarfile.GNU_FORMAT),
    "tar.bz2": lambda files: bz2.compress(tar(files)),
    "tar.gz": lambda files: gzip.compress(tar(files)),
    "tar.xz": lambda files: lzma.compress(tar(files)),
    "tar.bz2.gz": lambda files: gzip.compress(bz2.compress(tar(files))),
    "zip": zipped,
    "stored.zip": lambda files: zipped(files, zipfile.ZIP_STORED),
    "bzip2.zip": lambda files: zipped(files, zipfile.ZIP_BZIP2),
    "streamed.zip": streamed_zip,
    "streamed-stored.zip": lambda files: streamed_zip(files, zipfile.ZIP_STORED),
}
