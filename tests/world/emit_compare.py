"""vdi_list_changed_blocks: SM's walk along the child pointers, with every way in which it ends.

Writer imitated: sm `VDI.py` (`list_changed_blocks`, `_get_blocktracking_status`).
"""

from tests.world.emit_cbt import Disks, cbt_util, cbt_util_fails, log_exists
from tests.world.emit_disk import command
from tests.world.emit_errors import NeverEndsError, raised
from tests.world.emit_sm import SmProcess
from tests.world.objects import Disk, Host, Log, bitmap

Bits = frozenset[str]

_UNRELATED = "Source and target VDI are unrelated"
_STEPS = 40  # a walk that runs in a circle logs for ever; this is enough of it


def list_changed_blocks(host: Host, older: Disk, newer: Disk, disks: Disks) -> Bits:
    """Compare two disks along their logs; returns the names of the writes between them.

    Raises:
        SmError: SM refuses, or something on the way fails.
        NeverEndsError: the pointers run in a circle.
    """
    with command(host, "vdi_list_changed_blocks", older, (newer.ref,)) as sm:
        if older is newer:
            raise raised(sm, 460, "Source and target VDI are same")
        if not (_enabled(sm, older, older) and _enabled(sm, older, newer)):
            raise raised(sm, 460, _UNRELATED)
        return _walk(sm, older, newer, disks)


def _enabled(sm: SmProcess, asked: Disk, disk: Disk) -> bool:
    """Tell whether a disk has a log; what `asked`, the older one, is blinds some releases."""
    blind = sm.host.release.blind and not asked.storage.volumes and not asked.image
    return not blind and asked.format != "raw" and disk.log is not None


def _walk(sm: SmProcess, older: Disk, newer: Disk, disks: Disks) -> Bits:
    current, size, merged = older, 0, Bits()
    for _ in range(_STEPS):
        current = _successor(sm, current, disks)
        log = _read(sm, current)
        if not _fits(size, log.size):
            sm.say("Cannot calculate changed blocks withinconsistent bitmap sizes")
            raise raised(sm, 459, "Inconsistent bitmaps")
        size, merged = log.size, merged | log.bits
        if current is newer:
            return merged
    raise NeverEndsError


def _fits(size: int, following: int) -> bool:
    """Tell whether the next disk's bitmap can be merged: a disk that grew has a longer one."""
    return size in {0, following} or bitmap(following) > bitmap(size)


def _successor(sm: SmProcess, disk: Disk, disks: Disks) -> Disk:
    """Follow a child pointer; whose log it is, and whether that disk still is, does not matter."""
    assert disk.log is not None
    cbt_util(sm, disk, "get", "-c")
    if not log_exists(sm, disk.storage, disks, disk.log.child):
        raise raised(sm, 460, _UNRELATED)
    return disks[disk.log.child or ""]


def _read(sm: SmProcess, disk: Disk) -> Log:
    """Read size and bitmap of a log."""
    assert disk.log is not None
    cbt_util(sm, disk, "get", "-s")
    sm.say(f"DEBUG: Processing VDI {disk.uuid} of size {disk.log.size}")
    path = disk.storage.log(disk.uuid)
    if disk.log.short:
        stderr = f"Failed to read bitmap from file {path}\n"
        raise cbt_util_fails(sm, disk, "get", "-n", path, "-b", stderr=stderr)
    cbt_util(sm, disk, "get", "-b")
    sm.say(f"Size of bitmap: {bitmap(disk.log.size) * 8}")
    return disk.log
