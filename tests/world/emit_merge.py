"""A deleted disk's CBT log: taken out of its chain, its bits merged into the newer one.

Writer imitated: sm `VDI.py` (`delete`).
"""

from contextlib import ExitStack

from tests.world.emit_cbt import (
    CBT_UTIL,
    Disks,
    activate_log,
    cbt_util,
    cbt_util_fails,
    deactivate_log,
    delete_log,
    log_exists,
    log_of,
    set_child,
    set_parent,
)
from tests.world.emit_errors import CommandError
from tests.world.emit_sm import SmProcess
from tests.world.emit_tap import Hosts, paused
from tests.world.objects import Disk, bitmap

_EINVAL = 22


def coalesce(sm: SmProcess, disk: Disk, disks: Disks, hosts: Hosts) -> bool:
    """Unlink a deleted disk's log from its neighbours and merge it into the newer one.

    False if the merge failed: the log stays where it was.
    """
    log = log_of(disk)
    cbt_util(sm, disk, "get", "-p")
    cbt_util(sm, disk, "get", "-c")
    if log_exists(sm, disk.storage, disks, log.parent):
        set_child(sm, disks[log.parent or ""], log.child)
    if log_exists(sm, disk.storage, disks, log.child):
        set_parent(sm, disks[log.child or ""], log.parent)
        if not _merged(sm, disk, disks, hosts):
            return False
    with sm.locked(disk.uuid, "cbtlog"):
        delete_log(sm, disk)
    sm.forget_lock(disk.uuid, "cbtlog")
    return True


def _merged(sm: SmProcess, disk: Disk, disks: Disks, hosts: Hosts) -> bool:
    """Merge a log into its child, whose tapdisk waits; False if that failed."""
    child = disks[log_of(disk).child or ""]
    whole = True
    with ExitStack() as paused_child:
        with sm.locked(disk.uuid, "cbtlog"):
            cbt_util(sm, child, "get", "-f")
            if not log_of(child).consistent:
                paused_child.enter_context(paused(sm, child, hosts))
            activate_log(sm, disk)
            try:
                _merge(sm, disk, child)
            except CommandError:
                whole = False
                _restore(sm, disk, disks)
        if not whole:
            sm.forget_lock(disk.uuid, "cbtlog")
    return whole


def _restore(sm: SmProcess, disk: Disk, disks: Disks) -> None:
    """Let the neighbours of a log that could not be merged point to it again."""
    sm.say("Exception in coalescing bitmaps on VDI delete, restoring to previous state")
    log = log_of(disk)
    if log_exists(sm, disk.storage, disks, log.parent):
        set_child(sm, disks[log.parent or ""], disk.uuid)
    if log_exists(sm, disk.storage, disks, log.child):
        set_parent(sm, disks[log.child or ""], disk.uuid)


def _merge(sm: SmProcess, older: Disk, newer: Disk) -> None:
    paths = [disk.storage.log(disk.uuid) for disk in (older, newer)]
    argv = ("coalesce", "-p", paths[0], "-c", paths[1])
    logs = (log_of(older), log_of(newer))
    if any(log.short for log in logs):
        raise cbt_util_fails(sm, newer, *argv, stderr="Failed to read bitmap\n")
    if bitmap(logs[0].size) > bitmap(logs[1].size):
        stderr = "Parent bitmap larger than child bitmap,can't coalesce"
        raise cbt_util_fails(sm, newer, *argv, stderr=stderr, status=_EINVAL)
    with sm.locked(newer.uuid, "cbtlog"):
        activated = activate_log(sm, newer)
        sm.run(CBT_UTIL, *argv)
        logs[1].bits |= logs[0].bits
        if activated:
            deactivate_log(sm, newer)
