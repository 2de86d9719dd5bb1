"""What a file is that lies by itself, told by its content: people name what they send as they like.

Nothing is read here. Which parser takes such a file is asked of the parsers; this only keeps apart
what may be one of theirs from what is none, before the file is opened as an input.
"""

import re
import struct

# The words that begin what a parser of loose files claims: xapi's database, records of `xe`, a
# listing of an SR, tables of LVM, `cbt-util`, sockets, chains, a certificate.
_TELLING = re.compile(
    b"|".join(
        (
            rb"\A\s*<(?:\?xml|database)|^uuid \( ?RO\)",
            rb"\.cbtlog\b|/sr-mount/|VG_XenStorage-|\bcbt-util get\b",
            rb"^[-bcdlps][-rwxsStT]{9}[.+]? .*[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.",
            rb"^[ \t]*(?:LV|VG|PV) +(?:#?[A-Z][A-Za-z%]* +){2}",
            rb"^(?:Netid +)?State +Recv-Q|^Active Internet connections|^Proto +Recv-Q",
            rb"^Chain \S+ \((?:policy|\d+ ref)|^Certificate:\s",
        )
    ),
    re.MULTILINE,
)
_CBT_LOG = struct.Struct("<16s16sI4xQ")  # parent, child, consistent, size: see cbtlog_format.py
_LARGEST_DISK = 1 << 46
_SECTOR = 512
_NONE = bytes(16)


def may_be_read(head: bytes) -> bool:
    """Tell whether the first bytes of a file may be those of something that a parser knows."""
    return is_cbt_log(head) or (b"\0" not in head and _TELLING.search(head) is not None)


def is_cbt_log(head: bytes) -> bool:
    r"""Tell whether bytes begin as a CBT log does, whatever the file is called.

    Of a log that nothing points to, 28 of its first 48 bytes are zero: a log of an odd size, or of
    a disk of no size, is not told apart from other files, and needs its name.

    >>> is_cbt_log(bytes(32) + b"\1\0\0\0" + bytes(4) + (1 << 30).to_bytes(8, "little"))
    True
    >>> is_cbt_log(bytes(48))
    False
    """
    if len(head) < _CBT_LOG.size:
        return False
    parent, child, consistent, size = _CBT_LOG.unpack_from(head)
    sized = 0 < size <= _LARGEST_DISK and size % _SECTOR == 0
    return sized and consistent in (0, 1) and _is_pointer(parent) and _is_pointer(child)


def _is_pointer(stored: bytes) -> bool:
    """Tell whether 16 bytes are no uuid at all, or one as xapi makes them: random, of RFC 4122."""
    return stored == _NONE or (stored[6] >> 4 == 4 and stored[8] >> 6 == 2)  # noqa: PLR2004
