"""vdi_snapshot and vdi_resize, with and without the faults that turn CBT off.

Writer imitated: sm `FileSR.py` and `LVHDSR.py` (`_do_snapshot`, `_snapshot`, `resize`), `VDI.py`
(`_cbt_snapshot`, `resize_cbt`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto

from tests.support.clock import Ids
from tests.world import emit_cbt as cbt
from tests.world.emit_cbt import Disks
from tests.world.emit_disk import TD_UTIL, command
from tests.world.emit_errors import CommandError, SmError
from tests.world.emit_scan import VHD_UTIL
from tests.world.emit_sm import SmProcess
from tests.world.emit_tap import Hosts, paused
from tests.world.emit_xapi import Api, Argument
from tests.world.objects import MIB, Disk, Host, Storage, bitmap


class LogFault(Enum):
    """What goes wrong with the live disk's new log, once the snapshot itself is done."""

    NONE = auto()
    NO_SPACE = auto()  # S-29: the volume group has no extent left; on files: ENOSPC
    SHORT = auto()  # H-07: the file system is full, and cbt-util does not notice
    LVCREATE = auto()  # lvcreate fails, not for space
    SUPPORTER = auto()  # S-04: the supporter that runs the disk cannot refresh the log


def snapshot(
    host: Host,
    disk: Disk,
    copies: tuple[Disk, Disk],
    disks: Disks,
    hosts: Hosts,
    *,
    fault: LogFault = LogFault.NONE,
) -> bool:
    """Log a snapshot: `copies` are the snapshot and the base copy.

    False if the CBT part failed: the snapshot is there, and the live disk's log is not.
    """
    new, base = copies
    with command(host, "vdi_snapshot", disk, driver_params={"epoch_hint": ""}) as sm:
        if disk.log is not None:
            sm.say(f"Disk status request for {disk.uuid}")
            sm.say(f"Saving log consistency state of {not disk.attached} for vdi: {disk.uuid}")
        with paused(sm, disk, hosts):
            if disk.storage.volumes:
                _volume_snapshot(sm, disk, new, base)
            else:
                _file_snapshot(sm, disk, new, base)
            base.vhd_parent = disk.vhd_parent
            disk.vhd_parent = new.vhd_parent = base.uuid
            tracked = disk.log is not None
            if tracked:
                cbt.inherit(sm, disk, new, disks)
                _restart(sm, disk, new, hosts, fault)
            if disk.storage.volumes:
                _finish_volumes(sm, disk, new, base)
    return not tracked or disk.log is not None


def resize(host: Host, disk: Disk, size: int, *, fails: bool = False) -> bool:
    """Log a resize; False if it `fails` for the CBT log, which is gone then."""
    with command(host, "vdi_resize", disk, (str(size),)) as sm:
        if disk.storage.volumes:
            sm.say(f"{sm.family}VDI.resize for {disk.uuid}")
            cbt.check_space(sm, disk.storage)
            sm.lvm("/sbin/lvresize", "-L", str(size // MIB + 8), disk.path)
        _resize_image(sm, disk, size)
        disk.size = size
        if disk.log is None:
            return True
        too_small = disk.storage.volumes and 48 + bitmap(size) > disk.log.volume
        if not (fails or too_small):
            cbt.cbt_util(sm, disk, "set", "-s", str(size))
            disk.log.size = size
            return True
        _log_does_not_grow(sm, disk)
    return False


def _resize_image(sm: SmProcess, disk: Disk, size: int) -> None:
    if disk.format == "qcow2":
        sm.run("/usr/bin/qemu-img", "resize", disk.path, str(size))
        return
    last = ("-f",) if disk.storage.volumes else ("-j", f".journal-{disk.uuid}")
    sm.run(VHD_UTIL, "resize", "--debug", "-s", str(size // MIB), "-n", disk.path, *last)
    sm.run(VHD_UTIL, "query", "--debug", "-v", "-n", disk.path)


def _log_does_not_grow(sm: SmProcess, disk: Disk) -> None:
    """Log 20 tries, a second apart: cbt-util's status 5 is taken for a passing I/O error."""
    path = disk.storage.log(disk.uuid)
    stderr = f"Failed to write CBT bitmap to file {path}\n"
    cbt.cbt_util_fails(sm, disk, "set", "-n", path, "-s", str(disk.size), stderr=stderr)
    sm.say(f"Resizing of CBT metadata for disk {disk.uuid} failed.")
    cbt.delete_log(sm, disk)


def _restart(sm: SmProcess, disk: Disk, new: Disk, hosts: Hosts, fault: LogFault) -> None:
    if fault is LogFault.NO_SPACE:
        disk.storage.free = 0
    try:
        if fault is LogFault.LVCREATE:
            _lvcreate_fails(sm, disk)
        cbt.restart(sm, disk, new, short=fault is LogFault.SHORT)
    except (SmError, CommandError, OSError):
        sm.say(f"Creating CBT metadata log for disk {disk.uuid} failed.")
        cbt.delete_log(sm, disk)
        return
    _update_supporters(sm, disk, hosts, fails=fault is LogFault.SUPPORTER)


def _lvcreate_fails(sm: SmProcess, disk: Disk) -> None:
    storage = disk.storage
    cbt.check_space(sm, storage)
    name = f"{disk.uuid}.cbtlog"
    tags = ("--addtag", "cbtlog", "-W", "n")
    argv = ("/sbin/lvcreate", "-n", name, "-L", "4", storage.group, *tags)
    stderr = f"  Metadata on {_device(storage)} at 4096 has wrong VG name.\n"
    sm.lvm_fails(*argv, code=5, stderr=stderr)
    raise CommandError(5, repr(list(argv)), stderr.strip())


def _update_supporters(sm: SmProcess, disk: Disk, hosts: Hosts, *, fails: bool) -> None:
    name = f"{disk.uuid}.cbtlog"
    for ref in disk.attached:
        if ref == sm.host.ref or not disk.storage.volumes:
            continue
        sm.say(f"Updating {name} on slave {ref}")
        with _plugin_called(sm, hosts[ref]):
            _refresh_on(hosts[ref], disk, fails=fails)
        if fails:
            sm.say(f"Creating CBT snapshot for {disk.uuid} failed")
            cbt.delete_log(sm, disk)
            return
        sm.say("call-plugin returned: True")


@contextmanager
def _plugin_called(sm: SmProcess, host: Host) -> Iterator[None]:
    """Log how SM lets xapi call a plugin of another host (xapi's message_forwarding.ml)."""
    ids = Ids(f"{sm.host.uuid}/{sm.pid}/{host.uuid}/{sm.host.journal.clock.zulu}")
    api, other = Api(sm.host, ids), Api(host, ids)
    task = api.call("host.call_plugin", socket="/var/lib/xcp/xapi")
    shown = f"host = '{host.uuid} ({host.name})'; plugin = 'on-slave'; fn = 'multi'"
    api.log(
        task, "message_forwarding", f"Host.call_plugin {shown} args = [ 'hidden' ]", level="info"
    )
    api.hand_on(task, other)
    yield
    arguments = (Argument("host", host.name, host.uuid, host.ref),)
    for each in (other, api):
        each.audit(task, arguments)


def _refresh_on(host: Host, disk: Disk, *, fails: bool) -> None:
    """Log the plugin on-slave on the host that runs the disk."""
    name, log = f"{disk.uuid}.cbtlog", disk.storage.log(disk.uuid)
    plugin = SmProcess(host)
    actions = {"action1": "deactivateNoRefcount", "lvName1": name, "action2": "refresh"}
    plugin.say(f"on-slave.multi: { ({'vgName': disk.storage.group, **actions, 'lvName2': name})!r}")
    plugin.say(f"LVMCache created for {disk.storage.group}")
    plugin.say("on-slave.action 1: deactivateNoRefcount")
    plugin.say("LVMCache: will initialize now")
    plugin.refresh(disk.storage)
    plugin.deactivated(log)
    plugin.say("on-slave.action 2: refresh")
    if fails:
        stderr = "  device-mapper: reload ioctl on  failed: Invalid argument\n"
        plugin.lvm_fails("/sbin/lvchange", "-ay", log, code=5, stderr=stderr)
        plugin.say("on-slave.refresh failed")
        return
    plugin.lvm("/sbin/lvchange", "-ay", log)
    plugin.lvm("/sbin/lvchange", "--refresh", log)
    mapped = log.removeprefix("/dev/").replace("-", "--").replace("/", "-")
    plugin.lvm("/sbin/dmsetup", "table", mapped)
    plugin.say(f"DM table for {log}: 0 8192 linear 8:16 524288")
    if disk.log is not None:
        disk.log.active_on.add(host.name)


def _file_snapshot(sm: SmProcess, disk: Disk, new: Disk, base: Disk) -> None:
    image, copy, parent = (disk.storage.image(d.uuid) for d in (disk, new, base))
    sm.say(f"FileVDI._snapshot for {disk.uuid} (type 2)")
    sm.run("uuidgen", "-r")
    sm.run(VHD_UTIL, "query", "--debug", "-d", "-n", image)
    sm.run("uuidgen", "-r")
    sm.say(f"FileVDI._link {image} to {parent}")
    sm.run(TD_UTIL, "snapshot", "vhd", f"{image}.new", f"{base.uuid}.vhd")
    sm.say(f"FileVDI._rename {image}.new to {image}")
    sm.run(TD_UTIL, "snapshot", "vhd", copy, f"{base.uuid}.vhd")
    sm.run(VHD_UTIL, "set", "--debug", "-n", parent, "-f", "hidden", "-v", "1")
    for path in (image, copy, parent):
        sm.run(TD_UTIL, "query", "vhd", "-p", path)
    sm.say(f"vdi_clone: introduced VDI: {new.ref} ({new.uuid})")
    sm.say(f"vdi_clone: introduced VDI: {base.ref} ({base.uuid})")


def _volume_snapshot(sm: SmProcess, disk: Disk, new: Disk, base: Disk) -> None:
    storage = disk.storage
    sm.say(f"{sm.family}VDI._snapshot for {disk.uuid} (type 2)")
    sm.say("LVMCache: will initialize now")
    sm.refresh(storage)
    sm.run(VHD_UTIL, "query", "--debug", "-d", "-n", disk.path)
    cbt.check_space(sm, storage)
    sm.run("uuidgen", "-r")
    sm.run("uuidgen", "-r")
    journal = f"clone_{disk.uuid}_{base.uuid}_{new.uuid}"
    sm.lvm(
        "/sbin/lvcreate",
        "-n",
        journal,
        "-L",
        "4",
        storage.group,
        "--addtag",
        "journaler",
        "-W",
        "n",
    )
    sm.lvm("/sbin/lvrename", disk.path, f"VHD-{base.uuid}")
    for leaf, size in ((disk, disk.size // MIB + 44), (new, 8)):
        name = f"VHD-{leaf.uuid}"
        sm.lvm("/sbin/lvcreate", "-n", name, "-L", str(size), storage.group, "-W", "n")
        leaf_path, base_path = (storage.image(d.uuid) for d in (leaf, base))
        argv = ("snapshot", "--debug", "-n", leaf_path, "-p", base_path, "-S", str(2 * MIB))
        sm.run(VHD_UTIL, *argv)
    hidden = ("-f", "hidden", "-v", "1")
    sm.run(VHD_UTIL, "set", "--debug", "-n", storage.image(base.uuid), *hidden)
    with sm.locked(f"lvm-{storage.uuid}", "lvchange-p"):
        sm.lvm("/sbin/lvchange", storage.image(base.uuid), "-p", "r")


def _finish_volumes(sm: SmProcess, disk: Disk, new: Disk, base: Disk) -> None:
    journal = f"/dev/{disk.storage.group}/clone_{disk.uuid}_{base.uuid}_{new.uuid}"
    sm.lvm("/sbin/lvremove", "-f", journal)
    sm.dm_gone(journal)
    sm.say(f"vdi_clone: introduced 2nd snap VDI: {new.ref} ({new.uuid})")
    sm.say(f"vdi_clone: introduced base VDI: {base.ref} ({base.uuid})")


def _device(storage: Storage) -> str:
    return f"/dev/mapper/3600508b1001c{storage.uuid[:8]}"
