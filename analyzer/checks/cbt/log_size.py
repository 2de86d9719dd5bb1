"""How long a CBT log has to be: cbt-util writes 48 bytes and one bit for 64 KiB of the disk."""

from analyzer.model.terms import CBT_BLOCK

HEADER = 48  # of struct cbt_log_metadata, padding included (blktap, include/cbt-util.h)
MIB = 1 << 20
EXTENT = 4 * MIB  # of the volume groups that SM makes; also the least that it gives a log
_BYTE = 8


def bytes_of_log(size: int) -> int:
    """Return the length of the log of a disk of `size` bytes.

    >>> bytes_of_log(10 << 30), bytes_of_log(2 << 40)
    (20528, 4194352)
    """
    blocks = -(-size // CBT_BLOCK)
    return HEADER + -(-blocks // _BYTE)


def volume_for(size: int) -> int:
    """Return the bytes of the volume that SM makes for the log of a disk of `size` bytes.

    Before QCOW2 it was 4 MiB for every disk; since then a byte for each block, in whole extents.
    """
    wanted = max(EXTENT, -(-size // CBT_BLOCK))
    return -(-wanted // EXTENT) * EXTENT
