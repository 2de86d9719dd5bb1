"""Write the same bytes for the same content: gzip members, tar archives, XenCenter's zip.

Times, owners and compression settings are fixed. A gzip member is made of stored blocks, because
deflated bytes differ between builds of zlib; only zip archives (and .tar.gz, which no sample is)
are deflated.
"""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Compression = Literal["bz2", "gz", "xz"]

_BLOCK = 65535
_ZIP_DATE = (2024, 11, 22, 10, 8, 12)
_FORBIDDEN = frozenset('<>:"/\\|?*')


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A file inside an archive; ``mtime`` in seconds of the epoch."""

    name: str
    content: bytes
    mtime: int


def stored_gzip(content: bytes) -> bytes:
    """Return a valid gzip file of `content` that no zlib build writes differently."""
    starts = range(0, len(content), _BLOCK) or range(1)
    blocks = b"".join(_stored(content[at : at + _BLOCK], last=at == starts[-1]) for at in starts)
    trailer = struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF)
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + blocks + trailer


def tar(files: Iterable[Packed]) -> bytes:
    """Return a plain tar of regular files, owner root, as xen-bugtool's TarOutput writes it."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for file in files:
            entry = tarfile.TarInfo(file.name)
            entry.size = len(file.content)
            entry.mtime = file.mtime
            entry.uname = entry.gname = "root"
            archive.addfile(entry, io.BytesIO(file.content))
    return target.getvalue()


def compressed(content: bytes, compression: Compression | None, bz2_level: int = 1) -> bytes:
    """Return `content` compressed, or as it is.

    bzip2's blocks are of 100 kB, so that half of a small archive still holds whole ones;
    xen-bugtool's are of 900 kB (level 9).
    """
    match compression:
        case "bz2":
            return bz2.compress(content, bz2_level)
        case "gz":
            return gzip.compress(content, 6, mtime=0)
        case "xz":
            return lzma.compress(content, preset=6)
        case None:
            return content


def zipped(files: Iterable[Packed]) -> bytes:
    """Return a zip; like XenCenter it keeps one time for all members, not their own."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in files:
            entry = zipfile.ZipInfo(file.name, _ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.content)
    return target.getvalue()


def sanitised(names: Iterable[str]) -> Iterator[str]:
    """Yield names as XenCenter's TarSanitization makes them fit for Windows.

    >>> list(sanitised(["refs/OpaqueRef:ab", "Gen/1", "gen/1"]))
    ['refs/OpaqueRef_ab', 'Gen/1', 'gen/1 (1)']
    """
    taken: set[str] = set()
    for name in names:
        clean = "/".join(_component(part) for part in name.split("/"))
        unique, number = clean, 0
        while unique.lower() in taken:
            number += 1
            unique = f"{clean} ({number})"
        taken.add(unique.lower())
        yield unique


def _stored(block: bytes, *, last: bool) -> bytes:
    return struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF) + block


def _component(part: str) -> str:
    clean = "".join("_" if c in _FORBIDDEN or not " " <= c < "\x7f" else c for c in part)
    return clean[:-1] + "_" if clean.endswith(".") else clean
