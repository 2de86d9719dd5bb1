"""Tell what bytes are by their first block, whatever the file is called."""

from analyzer.bundle._tar import RECORD, header
from analyzer.bundle._unpack import BZIP2, GZIP, XZ

HEAD = 4096
TAR = "tar"
ZIP = "zip"

_PACKED = ((b"\x1f\x8b\x08", GZIP), (b"BZh", BZIP2), (b"\xfd7zXZ\0", XZ))
_ZIPPED = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08PK")
_FOREIGN = (
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"\x1f\x9d", "compress (.Z)"),
    (b"\x04\x22\x4d\x18", "lz4"),
)
_CHECKSUM = slice(148, 156)
_BZIP2_LEVELS = b"123456789"
_BZIP2_STARTS = (b"1AY&SY", b"\x17rE8P\x90")


def packing(head: bytes) -> str | None:
    """Return the compression that `head` starts with: ``gz``, ``bz2``, ``xz``.

    >>> packing(b"BZh91AY&SY")
    'bz2'
    """
    for magic, kind in _PACKED:
        if head.startswith(magic) and (kind != BZIP2 or _is_bzip2(head)):
            return kind
    return None


def container(head: bytes) -> str | None:
    r"""Return the kind of archive that `head` starts: ``tar`` or ``zip``.

    >>> container(b"PK\x05\x06")
    'zip'
    """
    if head.startswith(_ZIPPED):
        return ZIP
    block = head[:RECORD]
    if len(block) == RECORD and (block[257:262] == b"ustar" or _is_old_header(block)):
        return TAR
    return None


def foreign(head: bytes) -> str | None:
    r"""Return the name of a compression that is not read here, None if it is none of them.

    >>> foreign(b"Rar!\x1a\x07\x01")
    'RAR'
    """
    return next((name for magic, name in _FOREIGN if head.startswith(magic)), None)


def _is_old_header(block: bytes) -> bool:
    """Tell whether a block without a magic is a header of tar.

    Its signed sum is 0, which a checksum that is not there stands for, in some bitmap of a CBT
    log, too: one with as many changed as unchanged blocks.
    """
    info = header(block)
    return info is not None and bool(info.name) and bool(block[_CHECKSUM].strip(b"\0 "))


def _is_bzip2(head: bytes) -> bool:
    level, start = head[3:4], head[4:10]
    return level in _BZIP2_LEVELS and any(magic.startswith(start) for magic in _BZIP2_STARTS)
