"""What SM does with CBT logs: the calls of cbt-util in true order, and the logs' new state.

Writer imitated: sm `VDI.py` (`configure_blocktracking`, `_cbt_snapshot`, `activate`,
`deactivate`, `delete`, `list_changed_blocks`, `resize_cbt`, `_disable_cbt_on_error`), with
`LVHDSR.py` where disks are volumes.
"""

from collections.abc import Mapping
from contextlib import ExitStack

from tests.support.emit_sm import SmProcess
from tests.support.emit_tap import Hosts, paused
from tests.support.objects import Disk, Log, Storage, bitmap

CBT_UTIL = "/usr/sbin/cbt-util"
NOBODY = "00000000-0000-0000-0000-000000000000"

Disks = Mapping[str, Disk]


def cbt_util(sm: SmProcess, disk: Disk, verb: str, *arguments: str) -> None:
    """Log one call of cbt-util on a disk's log, inside its lock (``_cbt_op``)."""
    path = disk.storage.log(disk.uuid)
    with sm.locked(disk.uuid, "cbtlog"):
        activated = activate_log(sm, disk)
        sm.run(CBT_UTIL, verb, "-n", path, *arguments)
        if activated:
            deactivate_log(sm, disk)


def activate_log(sm: SmProcess, disk: Disk) -> bool:
    """Log the activation of a log's volume; False where it is a file, or is active already."""
    log = _log_of(disk)
    if not disk.storage.volumes:
        return False
    sm.refresh(disk.storage)
    if sm.host.name in log.active_on:
        return False
    sm.lvm("/sbin/lvchange", "-ay", disk.storage.log(disk.uuid))
    log.active_on.add(sm.host.name)
    return True


def deactivate_log(sm: SmProcess, disk: Disk) -> None:
    """Log the deactivation of a log's volume."""
    if disk.storage.volumes:
        sm.deactivated(disk.storage.log(disk.uuid))
        _log_of(disk).active_on.discard(sm.host.name)


def set_flag(sm: SmProcess, disk: Disk, *, consistent: bool) -> None:
    """Set the consistent flag of a log."""
    cbt_util(sm, disk, "set", "-f", str(int(consistent)))
    _log_of(disk).consistent = consistent


def set_parent(sm: SmProcess, disk: Disk, parent: str | None) -> None:
    """Set the pointer to the next older log."""
    cbt_util(sm, disk, "set", "-p", parent or NOBODY)
    _log_of(disk).parent = parent


def set_child(sm: SmProcess, disk: Disk, child: str | None) -> None:
    """Set the pointer to the next newer log."""
    cbt_util(sm, disk, "set", "-c", child or NOBODY)
    _log_of(disk).child = child


def log_exists(sm: SmProcess, storage: Storage, disks: Disks, uuid: str | None) -> bool:
    """Look for a log; silent, but for the noise that sm of 2018 makes when there is none."""
    disk = disks.get(uuid or "")
    if disk is not None and disk.log is not None:
        return True
    if storage.volumes and sm.host.release.existence_noise:
        path = storage.log(uuid or NOBODY)
        name = path.removeprefix("/dev/")
        stderr = f'  Failed to find logical volume "{name}"\n'
        sm.lvm_fails("/sbin/lvs", "--noheadings", path, code=5, stderr=stderr)
        sm.say(f"Ignoring exception for LV check: {path} !")
    return False


def check_space(sm: SmProcess, storage: Storage) -> None:
    """Log the look at the volume group's free space; nothing is asked of a file system."""
    if storage.volumes:
        sm.lvm("/sbin/vgs", "--noheadings", "--nosuffix", "--units", "b", storage.group)


def create_log(sm: SmProcess, disk: Disk) -> None:
    """Create a disk's log, consistent, without neighbours."""
    storage = disk.storage
    disk.log = Log()
    if storage.volumes:
        name = f"{disk.uuid}.cbtlog"
        sm.lvm(
            "/sbin/lvcreate", "-n", name, "-L", "4", storage.group, "--addtag", "cbtlog", "-W", "n"
        )
        disk.log.active_on.add(sm.host.name)
        storage.free -= 4 * 1024 * 1024
    cbt_util(sm, disk, "create", "-s", str(disk.size))
    set_flag(sm, disk, consistent=True)
    deactivate_log(sm, disk)


def delete_log(sm: SmProcess, disk: Disk) -> None:
    """Remove a disk's log; no line tells of a removed file."""
    if disk.log is None:
        return
    if disk.storage.volumes:
        path = disk.storage.log(disk.uuid)
        sm.lvm("/sbin/lvremove", "-f", path)
        sm.dm_gone(path)
        disk.storage.free += 4 * 1024 * 1024
    disk.log = None


def rename_log(sm: SmProcess, disk: Disk, snapshot: Disk) -> None:
    """Give the log of a live disk to its new snapshot."""
    old, new = disk.storage.log(disk.uuid), disk.storage.log(snapshot.uuid)
    if disk.storage.volumes:
        sm.lvm("/sbin/lvrename", old, f"{snapshot.uuid}.cbtlog")
    else:
        sm.say(f"FileVDI._rename {old} to {new}")
    snapshot.log, disk.log = disk.log, None


def inherit(sm: SmProcess, disk: Disk, snapshot: Disk, disks: Disks) -> None:
    """Do the first half of a snapshot's CBT part: the old log becomes the snapshot's."""
    rename_log(sm, disk, snapshot)
    set_flag(sm, snapshot, consistent=True)
    cbt_util(sm, snapshot, "get", "-p")
    parent = _log_of(snapshot).parent
    if log_exists(sm, disk.storage, disks, parent):
        set_child(sm, disks[parent or ""], snapshot.uuid)


def restart(sm: SmProcess, disk: Disk, snapshot: Disk) -> None:
    """Do the second half: a new log for the live disk, linked behind the snapshot's."""
    check_space(sm, disk.storage)
    create_log(sm, disk)
    if disk.attached:
        set_flag(sm, disk, consistent=False)
    cbt_util(sm, snapshot, "get", "-c")
    set_parent(sm, disk, snapshot.uuid)
    set_child(sm, disk, _log_of(snapshot).child)
    set_child(sm, snapshot, disk.uuid)


def coalesce(sm: SmProcess, disk: Disk, disks: Disks, hosts: Hosts) -> None:
    """Unlink a deleted disk's log from its neighbours and merge it into the newer one."""
    log = _log_of(disk)
    cbt_util(sm, disk, "get", "-p")
    cbt_util(sm, disk, "get", "-c")
    if log_exists(sm, disk.storage, disks, log.parent):
        set_child(sm, disks[log.parent or ""], log.child)
    if log_exists(sm, disk.storage, disks, log.child):
        child = disks[log.child or ""]
        set_parent(sm, child, log.parent)
        with sm.locked(disk.uuid, "cbtlog"), ExitStack() as stack:
            cbt_util(sm, child, "get", "-f")
            if not _log_of(child).consistent:
                stack.enter_context(paused(sm, child, hosts))
            activate_log(sm, disk)
            _merge(sm, disk, child)
    with sm.locked(disk.uuid, "cbtlog"):
        delete_log(sm, disk)
    sm.forget_lock(disk.uuid, "cbtlog")


def changed_blocks(sm: SmProcess, older: Disk, newer: Disk, disks: Disks) -> None:
    """Walk the chain from one disk to another, reading each bitmap on the way."""
    current = older
    while current is not newer:
        cbt_util(sm, current, "get", "-c")
        current = disks[_log_of(current).child or ""]
        cbt_util(sm, current, "get", "-s")
        sm.say(f"DEBUG: Processing VDI {current.uuid} of size {current.size}")
        cbt_util(sm, current, "get", "-b")
        sm.say(f"Size of bitmap: {bitmap(current.size) * 8}")


def opened(sm: SmProcess, disk: Disk) -> str | None:
    """Do the CBT part of a read-write activation.

    Returns the log's path for tapdisk, or None when the log says that it was not closed: the
    sentence is logged then, and the log removed.
    """
    with sm.locked(disk.uuid, "cbtlog"):
        activate_log(sm, disk)
    cbt_util(sm, disk, "get", "-f")
    if not _log_of(disk).consistent:
        sm.say(f"Changed Block Tracking metadata is inconsistent for disk {disk.uuid}.")
        delete_log(sm, disk)
        return None
    set_flag(sm, disk, consistent=False)
    return disk.storage.log(disk.uuid)


def closed(sm: SmProcess, disk: Disk) -> None:
    """Do the CBT part of a deactivation, read-only or not: the flag is set either way."""
    with sm.locked(disk.uuid, "cbtlog"):
        activated = activate_log(sm, disk)
        sm.run(CBT_UTIL, "set", "-n", disk.storage.log(disk.uuid), "-f", "1")
        _log_of(disk).consistent = True
        if activated:
            deactivate_log(sm, disk)
        deactivate_log(sm, disk)


def _merge(sm: SmProcess, older: Disk, newer: Disk) -> None:
    paths = [disk.storage.log(disk.uuid) for disk in (older, newer)]
    with sm.locked(newer.uuid, "cbtlog"):
        activated = activate_log(sm, newer)
        sm.run(CBT_UTIL, "coalesce", "-p", paths[0], "-c", paths[1])
        if activated:
            deactivate_log(sm, newer)


def _log_of(disk: Disk) -> Log:
    assert disk.log is not None, f"{disk.name} has no CBT log"
    return disk.log
