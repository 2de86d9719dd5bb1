"""Tapdisk: launched, paused, shut down; in SMlog, and in daemon.log by tapdisk itself.

Writer imitated: sm `blktap2.py` (`VDI.activate`, `VDI.deactivate`, `tap_pause`), the plugin
`tapdisk-pause`, blktap `tapdisk-vbd.c`, `block-log.c`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.world.emit_sm import SmProcess
from tests.world.journal import DAEMON
from tests.world.objects import Disk, Host, bitmap

Hosts = Mapping[str, Host]  # by reference


@contextmanager
def paused(sm: SmProcess, disk: Disk, hosts: Hosts) -> Iterator[None]:
    """Log a pause of the disk's tapdisk on the host that has it attached, and its end."""
    sm.say(f"Pause request for {disk.uuid}")
    for ref in disk.attached:
        sm.say(f"Calling tap-pause on host {ref}")
        _pause(hosts[ref], disk)
    try:
        yield
    finally:
        sm.say(f"Unpause request for {disk.uuid} secondary=None")
        for ref in disk.attached:
            sm.say(f"Calling tap-unpause on host {ref}")
            _unpause(hosts[ref], disk)


def launch(sm: SmProcess, disk: Disk, *, log: str | None, writable: bool) -> None:
    """Log the start of a tapdisk; ``-C`` names the CBT log it is to keep."""
    pid, minor = str(sm.host.journal.pid()), str(sm.pid % 37)
    disk.tapdisk = (pid, minor)
    image = f"{_type(disk)}:{disk.path}"
    sm.tap_ctl("allocate")
    sm.tap_ctl("spawn")
    sm.run("/usr/bin/cgclassify", "-g", "cpu:vm.slice", pid) if not sm.modern else None
    sm.tap_ctl("attach", "-p", pid, "-m", minor)
    options = ([] if writable else ["-R"]) + ["-t", "40"] + (["-C", log] if log else [])
    sm.tap_ctl("open", "-p", pid, "-m", minor, "-a", image, *options)
    _opened(sm.host, disk, log)
    sm.say(f"tap.activate: Launched Tapdisk({image}, pid={pid}, minor={minor}, state=R)")


def shut_down(sm: SmProcess, disk: Disk) -> None:
    """Log the end of a tapdisk."""
    pid, minor = disk.tapdisk
    image = f"{_type(disk)}:{disk.path}"
    sm.tap_ctl("close", "-p", pid, "-m", minor, "-t", "120")
    sm.tap_ctl("detach", "-p", pid, "-m", minor)
    sm.tap_ctl("free", "-m", minor)
    sm.say(f"tap.deactivate: Shut down Tapdisk({image}, pid={pid}, minor={minor}, state=R)")
    disk.tapdisk = ("", "")


def _pause(host: Host, disk: Disk) -> None:
    pid, minor = disk.tapdisk
    plugin = SmProcess(host)
    with plugin.locked(disk.uuid, "vdi"):
        plugin.say(f"Pause for {disk.uuid}")
        plugin.say(f"Calling tap pause with minor {minor}")
        plugin.tap_ctl("pause", "-p", pid, "-m", minor)
    host.journal.write(DAEMON, f"tapdisk[{pid}]", f"received 'pause' message (uuid = {minor})")


def _unpause(host: Host, disk: Disk) -> None:
    pid, minor = disk.tapdisk
    image = disk.path
    log = disk.storage.log(disk.uuid) if disk.log is not None else None
    plugin = SmProcess(host)
    with plugin.locked(disk.uuid, "vdi"):
        plugin.say(f"Unpause for {disk.uuid}")
        if log and disk.storage.volumes:
            plugin.refresh(disk.storage)
            plugin.lvm("/sbin/lvchange", "-ay", log)
        plugin.say(f"Realpath: {image}")
        plugin.say(f"Calling tap unpause with minor {minor}")
        extra = ["-c", log] if log else []
        plugin.tap_ctl("unpause", "-p", pid, "-m", minor, "-a", f"{_type(disk)}:{image}", *extra)
    if log and disk.log is not None and disk.storage.volumes:
        disk.log.active_on.add(host.name)
    _opened(host, disk, log)


def _opened(host: Host, disk: Disk, log: str | None) -> None:
    pid, minor = disk.tapdisk
    tag = f"tapdisk[{pid}]"
    host.journal.write(DAEMON, tag, f"received 'open' message (uuid = {minor})")
    if log:
        needed = bitmap(disk.size)
        device = disk.path
        host.journal.write(
            DAEMON, tag, f"CBT:tapdisk_vbd_add_dirty_log called for {device} with log file {log}"
        )
        host.journal.write(DAEMON, tag, f"CBT: Size in Image: {disk.size // 512} sectors")
        size = f"{needed + 48} bytes (bitmap {needed} + header 48)"
        host.journal.write(DAEMON, tag, f"CBT: allocating {size} for dirty bitmap")


def _type(disk: Disk) -> str:
    """Return tapdisk's word for the format of an image."""
    return "aio" if disk.format == "raw" else disk.format
