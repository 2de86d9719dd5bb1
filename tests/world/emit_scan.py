"""sr_scan and sr_update: what SM does with an SR as a whole, and how the database follows it.

Writer imitated: sm `SR.py` (`ScanRecord`), `VDI.py` (`in_sync_with_xenapi_record`), `FileSR.py`,
`LVHDSR.py`, `cleanup.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.world import emit_cbt as cbt
from tests.world.emit_sm import SmProcess
from tests.world.objects import Disk, Host, Storage

VHD_UTIL = "/usr/bin/vhd-util"


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """What a scan finds: new logs, disks that are gone, and those with a wrong size or flag.

    Of ``grown`` disks the image is larger than at the last scan, and that is all that is said of
    them: SM logs the first difference only.
    """

    new: Sequence[Disk] = ()
    gone: Sequence[Disk] = ()
    changed: Sequence[Disk] = ()
    grown: Sequence[Disk] = ()

    @property
    def updated(self) -> Sequence[Disk]:
        """Return all disks whose rows are written again."""
        return [*self.changed, *(disk for disk in self.grown if disk not in self.changed)]


def scan(
    host: Host, storage: Storage, known: Mapping[str, str], found: Differences | None = None
) -> None:
    """Scan an SR; ``known`` are arguments of the entry line."""
    sm = SmProcess(host)
    with sm.locked(storage.uuid, "sr"):
        if storage.volumes:
            sm.say(f"LVMCache created for {storage.group}")
        sm.enter("sr_scan", storage, {"args": [], **known})
        if storage.volumes:
            sm.say(f"{sm.family}SR.scan for {storage.uuid}")
            sm.refresh(storage)
            sm.lvm("/sbin/vgs", "--noheadings", "--nosuffix", "--units", "b", storage.group)
        pattern = "VHD-*" if storage.volumes else f"{storage.folder}/*.vhd"
        group = ("-l", storage.group) if storage.volumes else ()
        sm.run(VHD_UTIL, "scan", "-f", "-m", pattern, *group, seconds=0.4)
        if found is not None:
            _synchronise(sm, found)
        kick_gc(sm, storage)
    sm.close()


def _synchronise(sm: SmProcess, found: Differences) -> None:
    """Log how the database is made to follow the storage (``ScanRecord``)."""
    for disk in found.updated:
        if disk in found.grown:
            sm.say(f"utilisation {disk.size // 3} <> {disk.size // 3 - 1536}")
        elif disk.recorded is not None:
            sm.say(f"virtual_size {disk.size} <> {disk.recorded}")
        else:
            sm.say(f"cbt_enabled {disk.log is not None} <> {disk.cbt_enabled}")
    _set(sm, "new VDIs on disk", found.new)
    _set(sm, "VDIs missing from disk", found.gone)
    _set(sm, "VDIs changed on disk", found.updated)
    for disk in found.new:
        sm.say(f"Introducing VDI with location={disk.uuid}")
    for disk in found.gone:
        sm.say(f"Forgetting VDI with location={disk.uuid} uuid={disk.uuid}")
    for disk in found.updated:
        sm.say(f"Updating VDI with location={disk.uuid} uuid={disk.uuid}")


def _set(sm: SmProcess, what: str, disks: Sequence[Disk]) -> None:
    """Log disks as Python shows a set, which Python 2 and 3 do in their own ways."""
    if not disks:
        return
    inside = ", ".join(repr(disk.uuid) for disk in disks)
    old = sm.host.release.sm_major == 2
    shown = f"[{inside}]" if what == "VDIs changed on disk" else f"{{{inside}}}"
    sm.say(f"{what}: {f'set([{inside}])' if old and shown[0] == '{' else shown}")


def update(host: Host, storage: Storage) -> None:
    """Ask an SR for its size, as any host may."""
    sm = SmProcess(host)
    with sm.locked(storage.uuid, "sr"):
        sm.enter("sr_update", storage, {"args": []})
        if storage.volumes:
            cbt.check_space(sm, storage)
    sm.close()


def kick_gc(sm: SmProcess, storage: Storage) -> None:
    """Log that the garbage collector is started, and that it finds nothing to do."""
    sm.say("Kicking GC")
    if sm.modern:
        sm.say(f"Kicking SMGC@{storage.uuid}...")
        sm.run("/usr/bin/systemctl", "restart", f"SMGC@{storage.uuid}")
    gc = SmProcess(sm.host, program="SMGC")
    gc.say("Found 0 cache files")
    gc.say(f"SR {storage.uuid[:4]} ('{storage.name}') (5 VDIs in 5 VHD trees): no changes")
    gc.say("No work, exiting")
    gc.say("GC process exiting, no work left")
    gc.say("In cleanup")
