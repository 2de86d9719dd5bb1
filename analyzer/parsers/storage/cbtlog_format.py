"""The binary ``.cbtlog`` file: 48 bytes of header, then one bit for each block of 64 KiB.

Written by ``cbt-util`` (blktap ``cbt/cbt-util.c``, ``struct cbt_log_metadata`` in
``include/cbt-util.h``) and, while the disk is attached, by tapdisk (``drivers/block-log.c``).
Little endian, but uuids as they print: parent (16 bytes), child (16), consistent (int, 4),
padding (4, not initialised), size of the disk in bytes (8), bitmap. Block k is bit ``k & 7`` of
byte ``k >> 3``. An LVM log lies in a volume of 4 MiB: what follows the bitmap means nothing, and
is not read.
"""

import re
import struct
from itertools import pairwise
from pathlib import PurePosixPath
from uuid import UUID

from analyzer.model.cbt import NO_LOG, CbtLogFile
from analyzer.model.source import Source
from analyzer.model.terms import CBT_BLOCK

# struct cbt_log_metadata (blktap, include/cbt-util.h): parent, child, flag, padding that create
# leaves as it was in memory, size of the disk in bytes.
HEADER = struct.Struct("<16s16si4xQ")
PARTS = 64
_LARGEST = 1 << 46
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-{1,2}[0-9a-fA-F]{4}){3}-{1,2}[0-9a-fA-F]{12}")
_FLAGS = (0, 1)


def read_cbtlog(data: bytes, name: str) -> CbtLogFile:
    """Read the content of a log; ``name`` is its path, whose last uuid is the disk's.

    Never raises: what is wrong stands in `CbtLogFile.problem`. With fewer bytes than a header
    ``header`` is False, and the values of the header mean nothing.

    >>> read_cbtlog(b"", "x.cbtlog").problem
    'the file is empty'
    """
    if len(data) < HEADER.size:
        if not data:
            return unreadable(name, "the file is empty")
        there = f"{len(data)} of {HEADER.size} bytes are there"
        return unreadable(name, f"the file ends inside its header: {there}")
    parent, child, consistent, size = HEADER.unpack_from(data)
    blocks = -(-size // CBT_BLOCK)
    expected = -(-blocks // 8)
    bitmap = data[HEADER.size : HEADER.size + expected]
    # The bitmap as a number, block k being bit k, without bits behind the last block.
    bitmap_marked = int.from_bytes(bitmap, "little")
    excess = bitmap_marked.bit_length() - blocks
    marked = bitmap_marked & ((1 << blocks) - 1) if excess > 0 else bitmap_marked
    return CbtLogFile(
        source=Source(bundle="", member=name),
        uuid=disk_of(name),
        parent=_pointer_of_raw(parent),
        child=_pointer_of_raw(child),
        consistent=consistent,
        size=size,
        bitmap_bytes=len(bitmap),
        expected_bytes=expected,
        bits=marked.bit_count(),
        problem=_problem_of_size(size, consistent, len(bitmap), expected),
        spread=_marked_by_part(marked, blocks) if size <= _LARGEST else (),
    )


def unreadable(name: str, why: str) -> CbtLogFile:
    """Return a log of which nothing is known but why."""
    return CbtLogFile(
        source=Source(bundle="", member=name),
        uuid=disk_of(name),
        parent=NO_LOG,
        child=NO_LOG,
        consistent=0,
        size=0,
        bitmap_bytes=0,
        expected_bytes=0,
        bits=0,
        problem=why,
        header=False,
    )


def _problem_of_size(size: int, consistent: int, there: int, expected: int) -> str:
    if size > _LARGEST:
        return f"the size it states, {size} bytes, is larger than any disk: this is no CBT log"
    if consistent not in _FLAGS:
        return f"the consistency flag is {consistent}, neither 0 nor 1: this is no sound CBT log"
    if there < expected:
        return f"the bitmap is cut: {there} of {expected} bytes are there"
    return ""


def disk_of(name: str) -> str:
    """Return the last uuid of the file's name, as LVM's device mapper spells it too."""
    found = _UUID.findall(PurePosixPath(name.replace("\\", "/")).name)
    return found[-1].replace("--", "-").lower() if found else ""


def _pointer_of_raw(raw: bytes) -> str:
    return str(UUID(bytes=raw)) if any(raw) else NO_LOG


def _marked_by_part(marked: int, blocks: int) -> tuple[int, ...]:
    """Return how many blocks are marked in each of at most `PARTS` equal parts of the disk."""
    parts = min(PARTS, blocks) if marked.bit_length() else 0
    edges = [part * blocks // parts for part in range(parts + 1)] if parts else []
    return tuple(
        ((marked >> begin) & ((1 << (end - begin)) - 1)).bit_count()
        for begin, end in pairwise(edges)
    )
