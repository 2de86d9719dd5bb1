"""What SM does with CBT logs: the calls of cbt-util in true order, and the logs' new state.

Writer imitated: sm `VDI.py` (`configure_blocktracking`, `_cbt_snapshot`, `activate`,
`deactivate`, `resize_cbt`, `_disable_cbt_on_error`), with
`LVHDSR.py` where disks are volumes.
"""

from collections.abc import Mapping

from tests.world.emit_errors import CommandError, raised
from tests.world.emit_sm import SmProcess
from tests.world.objects import MIB, Disk, Log, Storage

CBT_UTIL = "/usr/sbin/cbt-util"
NOBODY = "00000000-0000-0000-0000-000000000000"
EIO, ENOSPC, ETIMEDOUT = 5, 28, 110
_TRIES = 20
_LAMBDA = "<function _call_cbt_util.<locals>.<lambda> at 0x7f5c8a3d1e18>"

Disks = Mapping[str, Disk]


def cbt_util(sm: SmProcess, disk: Disk, verb: str, *arguments: str) -> None:
    """Log one call of cbt-util on a disk's log, inside its lock (``_cbt_op``)."""
    path = disk.storage.log(disk.uuid)
    with sm.locked(disk.uuid, "cbtlog"):
        activated = activate_log(sm, disk)
        sm.run(CBT_UTIL, verb, "-n", path, *arguments)
        if activated:
            deactivate_log(sm, disk)


def cbt_util_fails(
    sm: SmProcess, disk: Disk, *argv: str, stderr: str, status: int = EIO
) -> CommandError:
    """Log a failing call, 20 times if the status may be a passing I/O error; returns its error."""
    with sm.locked(disk.uuid, "cbtlog"):
        activate_log(sm, disk)
        for _ in range(_TRIES if status == EIO else 1):
            sm.fail(CBT_UTIL, *argv, code=status, stderr=stderr, seconds=1)
    if status == EIO and sm.modern:
        return CommandError(ETIMEDOUT, _LAMBDA, "Timeout")
    return CommandError(status, repr([CBT_UTIL, *argv]), stderr.strip())


def activate_log(sm: SmProcess, disk: Disk) -> bool:
    """Log the activation of a log's volume; False where it is a file, or is active already."""
    log = log_of(disk)
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
        log_of(disk).active_on.discard(sm.host.name)


def set_flag(sm: SmProcess, disk: Disk, *, consistent: bool) -> None:
    """Set the consistent flag of a log."""
    cbt_util(sm, disk, "set", "-f", str(int(consistent)))
    log_of(disk).consistent = consistent


def set_parent(sm: SmProcess, disk: Disk, parent: str | None) -> None:
    """Set the pointer to the next older log."""
    cbt_util(sm, disk, "set", "-p", parent or NOBODY)
    log_of(disk).parent = parent


def set_child(sm: SmProcess, disk: Disk, child: str | None) -> None:
    """Set the pointer to the next newer log."""
    cbt_util(sm, disk, "set", "-c", child or NOBODY)
    log_of(disk).child = child


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


def ensure_space(sm: SmProcess, disk: Disk) -> None:
    """Look for room for a log (``_ensure_cbt_space``).

    Raises:
        SmError: the volume group has not enough.
    """
    storage, need = disk.storage, _volume(sm, disk)
    check_space(sm, storage)
    if storage.volumes and storage.free < need:
        sm.say(f"Not enough space! free space: {storage.free}, need: {need}")
        raise raised(sm, 44)


def create_log(sm: SmProcess, disk: Disk, *, short: bool = False) -> None:
    """Create a disk's log, consistent, without neighbours.

    Raises:
        OSError: the file system is full, and says so.
    """
    storage = disk.storage
    if not storage.volumes and not storage.free and not short:
        raise OSError(ENOSPC, "No space left on device", storage.log(disk.uuid))
    disk.log = Log(size=disk.recorded or disk.size, short=short)
    if storage.volumes:
        _create_volume(sm, disk, disk.log)
    cbt_util(sm, disk, "create", "-s", str(disk.log.size))
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
        disk.storage.free += disk.log.volume
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
    parent = log_of(snapshot).parent
    if log_exists(sm, disk.storage, disks, parent):
        set_child(sm, disks[parent or ""], snapshot.uuid)


def restart(sm: SmProcess, disk: Disk, snapshot: Disk, *, short: bool = False) -> None:
    """Do the second half: a new log for the live disk, linked behind the snapshot's.

    Raises:
        SmError, OSError: there is no room for it.
    """
    ensure_space(sm, disk)
    create_log(sm, disk, short=short)
    if disk.attached:
        set_flag(sm, disk, consistent=False)
    cbt_util(sm, snapshot, "get", "-c")
    set_parent(sm, disk, snapshot.uuid)
    set_child(sm, disk, log_of(snapshot).child)
    set_child(sm, snapshot, disk.uuid)


def opened(sm: SmProcess, disk: Disk) -> str | None:
    """Do the CBT part of a read-write activation.

    Returns the log's path for tapdisk, or None when the log says that it was not closed: the
    sentence is logged then, and the log removed.
    """
    with sm.locked(disk.uuid, "cbtlog"):
        activate_log(sm, disk)
    cbt_util(sm, disk, "get", "-f")
    if not log_of(disk).consistent:
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
        log_of(disk).consistent = True
        if activated:
            deactivate_log(sm, disk)
        deactivate_log(sm, disk)


def _volume(sm: SmProcess, disk: Disk) -> int:
    """Return the bytes that SM gives to a log's volume; without QCOW2 all have 4 MiB."""
    blocks = ((disk.recorded or disk.size) + 65535) // 65536
    needed = (blocks + 65535) // 65536 * 65536
    return max(4 * MIB, needed) if sm.host.release.qcow2 else 4 * MIB


def _create_volume(sm: SmProcess, disk: Disk, log: Log) -> None:
    log.volume = (_volume(sm, disk) + 4 * MIB - 1) // (4 * MIB) * 4 * MIB
    size = str(_volume(sm, disk) // MIB)
    wipe = ("-W", "y", "--yes") if sm.host.release.sm_major > 3 else ("-W", "n")
    name, group = f"{disk.uuid}.cbtlog", disk.storage.group
    sm.lvm("/sbin/lvcreate", "-n", name, "-L", size, group, "--addtag", "cbtlog", *wipe)
    log.active_on.add(sm.host.name)
    disk.storage.free -= log.volume


def log_of(disk: Disk) -> Log:
    """Return the log of a disk that has one."""
    assert disk.log is not None, f"{disk.name} has no CBT log"
    return disk.log
