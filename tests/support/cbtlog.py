"""A CBT log as a file: what ``cbt-util`` and tapdisk keep of a disk.

Writer imitated: blktap `cbt-util.h` (`struct cbt_log_metadata`), `cbt-util.c`, `block-log.c`.
"""

import struct
import uuid
import zlib

from tests.world.emit_cbt import NOBODY
from tests.world.objects import Log, bitmap

_HEADER = "<16s16si4sQ"


def content(log: Log) -> bytes:
    """Return the file: parent, child, flag, size, and a bit per block that was written to."""
    neighbours = [uuid.UUID(other or NOBODY).bytes for other in (log.parent, log.child)]
    header = struct.pack(_HEADER, *neighbours, int(log.consistent), b"\0\0\0\0", log.size)
    bits = bytearray(bitmap(log.size))
    for name in sorted(log.bits):
        block = zlib.crc32(name.encode()) % (len(bits) * 8)
        bits[block >> 3] |= 1 << (block & 7)
    return (header + bytes(bits))[: log.length]
