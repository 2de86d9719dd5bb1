"""SM commands on disks, from lock to lock: attach, activate, snapshot, resize, delete.

Writer imitated: sm `SRCommand.py`, `FileSR.py`, `LVHDSR.py`, `blktap2.py`. Each function is one
process of SM (one pid). What they change of the objects is what the storage would show after.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.world import emit_cbt as cbt
from tests.world.emit_cbt import Disks
from tests.world.emit_errors import CommandError, SmError, failed, raised
from tests.world.emit_merge import coalesce
from tests.world.emit_scan import VHD_UTIL, kick_gc
from tests.world.emit_sm import SmProcess
from tests.world.emit_tap import Hosts, launch, paused, shut_down
from tests.world.objects import Disk, Host, Storage

TD_UTIL = "/usr/sbin/td-util"
_EXCLUSIVE_FILE = ("vdi_delete", "vdi_attach", "vdi_detach", "vdi_snapshot")
_EXCLUSIVE_LVM = ("vdi_delete", "vdi_resize", "vdi_snapshot", "sr_scan")


@contextmanager
def command(
    host: Host, name: str, disk: Disk, arguments: tuple[str, ...] = (), **extra: object
) -> Iterator[SmProcess]:
    """Log the frame of a command: SR lock, load of the disk, entry line; then the body.

    Raises:
        SmError: the body raised it, or a program failed; its traceback is logged.
    """
    sm = SmProcess(host)
    entry: Mapping[str, object] = {
        "args": list(arguments),
        "vdi_ref": disk.ref,
        "vdi_location": disk.uuid,
        "vdi_uuid": disk.uuid,
        "vdi_on_boot": "persist",
        "vdi_allow_caching": "false",
        **extra,
    }
    if disk.storage.volumes:
        sm.say(f"LVMCache created for {disk.storage.group}")
    try:
        with _locked_sr(sm, name, disk):
            sm.enter(name, disk.storage, entry)
            yield sm
    except (SmError, CommandError) as error:
        told = failed(sm, name, error, disk.storage)
        sm.close()
        raise told from error
    sm.close()


@contextmanager
def _locked_sr(sm: SmProcess, name: str, disk: Disk) -> Iterator[None]:
    """Lock the SR for the command, or on file systems for the load of the disk, or not at all."""
    storage = disk.storage
    exclusive = name in (_EXCLUSIVE_LVM if storage.volumes else _EXCLUSIVE_FILE)
    if exclusive:
        with sm.locked(storage.uuid, "sr"):
            _load(sm, disk)
            yield
        return
    if not storage.volumes:
        with sm.locked(storage.uuid, "sr"):
            _load(sm, disk)
    yield


def enable_cbt(host: Host, disk: Disk, hosts: Hosts) -> None:
    """Turn CBT on: a new log, inconsistent while the disk is attached.

    Raises:
        SmError: the disk is raw or a snapshot, or there is no room for a log.
    """
    with command(host, "vdi_enable_cbt", disk) as sm:
        if disk.format == "raw" or disk.is_a_snapshot:
            raise raised(sm, 66, "Raw VDI or snapshot not permitted")
        if disk.log is not None:
            return
        sm.say(f"Disk status request for {disk.uuid}")
        with paused(sm, disk, hosts):
            try:
                _start_log(sm, disk)
            except (SmError, CommandError, OSError) as error:
                raise raised(sm, 457, str(error)) from error


def _start_log(sm: SmProcess, disk: Disk) -> None:
    cbt.ensure_space(sm, disk)
    _first_use(sm, disk.storage)
    cbt.create_log(sm, disk)
    if disk.attached:
        sm.say(f"Setting consistency of cbtlog file to False for VDI: {disk.uuid}")
        cbt.set_flag(sm, disk, consistent=False)


def disable_cbt(host: Host, disk: Disk, disks: Disks, hosts: Hosts) -> None:
    """Turn CBT off, as a user does: the log goes, its parent is told."""
    with command(host, "vdi_disable_cbt", disk) as sm:
        sm.say(f"Disk status request for {disk.uuid}")
        with paused(sm, disk, hosts):
            parent = disk.log.parent if disk.log else None
            with sm.locked(disk.uuid, "cbtlog"):
                sm.run(cbt.CBT_UTIL, "get", "-n", disk.storage.log(disk.uuid), "-p")
                cbt.delete_log(sm, disk)
                if cbt.log_exists(sm, disk.storage, disks, parent):
                    cbt.set_child(sm, disks[parent or ""], None)
            sm.forget_lock(disk.uuid, "cbtlog")


def attach(host: Host, disk: Disk, *, writable: bool) -> None:
    """Attach a disk."""
    storage = disk.storage
    with command(host, "vdi_attach", disk, (str(writable).lower(),)) as sm:
        if storage.volumes:
            sm.say(f"{sm.family}VDI.attach for {disk.uuid}")
            sm.say(f"Refcount for lvm-{storage.uuid}:{disk.uuid} (0, 0) + (1, 0) => (1, 0)")
            sm.lvm("/sbin/lvchange", "-ay", disk.path)
            sm.run(VHD_UTIL, "query", "--debug", "-vsfp", "-n", disk.path)
        path = f"nbd:unix:/run/blktap-control/nbd/{storage.uuid}/{disk.uuid}:exportname={disk.uuid}"
        shown = {"params_nbd": path, "o_direct": True, "o_direct_reason": "DEFAULT"}
        sm.say(f"result: {shown!r}")


def activate(host: Host, disk: Disk, *, writable: bool) -> bool:
    """Activate a disk; False if that found an unclosed CBT log and dropped it."""
    with command(host, "vdi_activate", disk, (str(writable).lower(),)) as sm:
        sm.say("blktap2.activate")
        with sm.locked(disk.uuid, "vdi"):
            sm.say(f"Adding tag to: {disk.uuid}")
            disk.attached[host.ref] = "RW" if writable else "RO"
            sm.say("Activate lock succeeded")
            tracked = disk.log is not None and writable
            log = cbt.opened(sm, disk) if tracked else None
            if disk.log is None:
                cbt.log_exists(sm, disk.storage, {}, disk.uuid)
            launch(sm, disk, log=log, writable=writable)
            sm.say(f"Removed activating flag from {disk.uuid}")
    return log is not None or not tracked


def deactivate(host: Host, disk: Disk) -> None:
    """Deactivate a disk: tapdisk ends, then the log is marked consistent."""
    with command(host, "vdi_deactivate", disk) as sm:
        sm.say("blktap2.deactivate")
        with sm.locked(disk.uuid, "vdi"):
            shut_down(sm, disk)
            if disk.log is not None:
                cbt.closed(sm, disk)
            del disk.attached[host.ref]
            sm.say(f"Removed host key host_{host.ref} for {disk.uuid}")


def detach(host: Host, disk: Disk) -> None:
    """Detach a disk."""
    storage = disk.storage
    with command(host, "vdi_detach", disk) as sm:
        if storage.volumes:
            sm.say(f"{sm.family}VDI.detach for {disk.uuid}")
            sm.say(f"Refcount for lvm-{storage.uuid}:{disk.uuid} (1, 0) + (-1, 0) => (0, 0)")
            sm.deactivated(disk.path)


def data_destroy(host: Host, snapshot: Disk) -> None:
    """Remove the data of a snapshot; its CBT log stays, no line names it."""
    storage = snapshot.storage
    with command(host, "vdi_data_destroy", snapshot) as sm:
        if storage.volumes:
            sm.say(f"{sm.family}VDI.delete for {snapshot.uuid}")
            sm.refresh(storage)
            _remove_volume(sm, snapshot)
        sm.forget_lock(snapshot.uuid, "vdi")
        sm.say(f"lock: removing lock dir /var/lock/sm/{snapshot.uuid}")
        kick_gc(sm, storage)
    snapshot.image = False
    snapshot.type = "cbt_metadata"


def delete(host: Host, disk: Disk, disks: Disks, hosts: Hosts) -> bool:
    """Delete a disk; one with a log is taken out of its chain. False if its log had to stay."""
    storage = disk.storage
    with command(host, "vdi_delete", disk) as sm:
        if storage.volumes:
            sm.say(f"{sm.family}VDI.delete for {disk.uuid}")
            if disk.image:
                _remove_volume(sm, disk)
                kick_gc(sm, storage)
            else:
                sm.raising(46, "The VDI is not available [opterr=LV not found]")
        else:
            kick_gc(sm, storage)
        disk.image = False
        unlinked = not storage.volumes and disk.type == "cbt_metadata"
        if disk.log is not None and not unlinked and not coalesce(sm, disk, disks, hosts):
            return False
    disk.log = None
    return True


def _load(sm: SmProcess, disk: Disk) -> None:
    if not disk.storage.volumes and disk.image and disk.format == "vhd":
        sm.run(TD_UTIL, "query", "vhd", "-vpfb", disk.path)


def _first_use(sm: SmProcess, storage: Storage) -> None:
    if storage.volumes:
        sm.say("LVMCache: will initialize now")
        sm.refresh(storage)


def _remove_volume(sm: SmProcess, disk: Disk) -> None:
    path = disk.path
    sm.say(f"Refcount for lvm-{disk.storage.uuid}:{disk.uuid} (0, 0) + (1, 0) => (1, 0)")
    sm.lvm("/sbin/lvchange", "-ay", path)
    sm.run(VHD_UTIL, "query", "--debug", "-vsaf", "-n", path)
    sm.run(VHD_UTIL, "set", "--debug", "-n", path, "-f", "hidden", "-v", "1")
    sm.say(f"Refcount for lvm-{disk.storage.uuid}:{disk.uuid} (1, 0) + (-1, 0) => (0, 0)")
    sm.deactivated(path)
    sm.lvm("/sbin/lvremove", "-f", path)
    sm.dm_gone(path)
