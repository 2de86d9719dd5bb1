"""What zip says of an entry: in its directory, and before the entry's data."""

import stat
import struct
import zipfile

from analyzer.bundle._stream import Peekable
from analyzer.values import dataclass

LOCAL = b"PK\x03\x04"
_LOCAL_SIZE = 30
_HAS_DESCRIPTOR = 0x08
_ENCRYPTED = 0x01
_UTF8 = 0x800
_READ = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipHeader:
    """What an entry says of itself; ``packed`` is None when that follows its data."""

    name: str
    flags: int
    method: int
    checksum: int | None
    packed: int | None
    mode: int = 0

    @property
    def skip(self) -> str:
        """Say why its content cannot be read, "" if it can."""
        if self.flags & _ENCRYPTED:
            return "encrypted: unpack it with its password and give the folder"
        if self.mode and not stat.S_ISREG(self.mode) and stat.S_IFMT(self.mode):
            return "a symbolic link" if stat.S_ISLNK(self.mode) else "a device or pipe"
        if self.method not in _READ:
            return f"packed by zip's method {self.method}: unpack the zip and give the folder"
        if self.method == zipfile.ZIP_BZIP2 and self.packed is None:
            return "packed with bzip2, and its size is lost: unpack the zip and give the folder"
        return ""


def from_directory(info: zipfile.ZipInfo) -> ZipHeader:
    """Take what the directory says of an entry."""
    raw = info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8 else "cp437", "replace")
    return ZipHeader(
        name=_decoded_name(raw),
        flags=info.flag_bits,
        method=info.compress_type,
        checksum=info.CRC,
        packed=info.compress_size,
        mode=info.external_attr >> 16,
    )


def local_header(stream: Peekable) -> ZipHeader | None:
    """Read a local header, the stream standing on it; None if it is none."""
    block = stream.exactly(_LOCAL_SIZE)
    if len(block) < _LOCAL_SIZE or not block.startswith(LOCAL):
        return None
    _, flags, method, _, _, checksum, packed, size, names, extras = struct.unpack(
        "<HHHHHIIIHH", block[4:]
    )
    name, extra = stream.exactly(names), stream.exactly(extras)
    if len(name) + len(extra) < names + extras:
        return None
    # The sizes from the zip64 field, where the header only says that they are there.
    sizes_extra = extra
    zip64_size = size
    sizes_packed = packed
    while len(sizes_extra) > 4:  # noqa: PLR2004 - a field's head
        kind, length = struct.unpack("<HH", sizes_extra[:4])
        values = [
            int.from_bytes(sizes_extra[at : at + 8], "little") for at in range(4, 4 + length, 8)
        ]
        if kind == 1:
            zip64_size = values.pop(0) if zip64_size == 0xFFFFFFFF and values else zip64_size  # noqa: PLR2004
            sizes_packed = values.pop(0) if sizes_packed == 0xFFFFFFFF and values else sizes_packed  # noqa: PLR2004
        sizes_extra = sizes_extra[4 + length :]
    size, packed = (zip64_size, sizes_packed)
    follows = bool(flags & _HAS_DESCRIPTOR) and not packed
    return ZipHeader(
        name=_decoded_name(name),
        flags=flags,
        method=method,
        checksum=None if follows else checksum,
        packed=None if follows else packed,
    )


def _decoded_name(raw: bytes) -> str:
    """Decode a name; Windows packers before 2016 write backslashes where zip wants slashes."""
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        name = raw.decode("cp437")
    return name if "/" in name else name.replace("\\", "/")
