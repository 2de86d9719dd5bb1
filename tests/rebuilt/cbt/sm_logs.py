"""A small storage manager that keeps CBT logs as sm's VDI.py does, and writes its SMlog.

The true state is in `logs`; the lines go through the real scanner, `operations_of` and `rebuild`.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from analyzer.case.events import EventTableBuilder
from analyzer.model.moment import Moment
from analyzer.model.operation import Operation
from analyzer.parsers import LOG_PARSERS
from analyzer.parsers._api import Stamp
from analyzer.parsers.scan.scan import Scanner
from analyzer.rebuilt.calls.operations import operations_of
from analyzer.rebuilt.cbt.history import CbtHistory, rebuild
from analyzer.rules.load import load_catalogue
from tests.parsers.memory_member import MemoryMember

SR = "0d2b6bd6-53d4-2f51-9e6c-1f8de3b4f0a7"
NOBODY = "00000000-0000-0000-0000-000000000000"
GIB = 1 << 30
BEGIN = datetime(2024, 6, 10, 1, 0, 0, tzinfo=UTC)
CATALOGUE = load_catalogue()
SCANNER = Scanner(LOG_PARSERS, CATALOGUE.selectors)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(slots=True, kw_only=True)
class TrueLog:
    """A log as it is on the storage; "" is the zero uuid."""

    parent: str = ""
    child: str = ""
    size: int
    consistent: bool = False


@dataclass(slots=True, kw_only=True)
class TrueDisk:
    """A disk; ``host`` has it attached."""

    size: int = 10 * GIB
    snapshot_of: str = ""
    destroyed: bool = False
    host: str = ""


@dataclass(slots=True, kw_only=True)
class Sm:
    """SM of a pool on one SR; the first host is the master."""

    volumes: bool
    hosts: tuple[str, ...] = ("jupiter",)
    folder: str = "/run/sr-mount"
    gap: float = 7
    now: float = 0
    logs: dict[str, TrueLog] = field(default_factory=dict)
    disks: dict[str, TrueDisk] = field(default_factory=dict)
    lines: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)
    _pids: "count[int]" = field(default_factory=lambda: count(2400, 7))
    _uuids: "count[int]" = field(default_factory=lambda: count(1))
    _pid: int = 0
    _host: str = ""

    @property
    def live(self) -> list[str]:
        """Return the disks that are no snapshots."""
        return [uuid for uuid, disk in self.disks.items() if not disk.snapshot_of]

    @property
    def snapshots(self) -> list[str]:
        """Return the snapshots."""
        return [uuid for uuid, disk in self.disks.items() if disk.snapshot_of]

    def path(self, uuid: str) -> str:
        """Return where a disk's log is."""
        folder = f"/dev/VG_XenStorage-{SR}" if self.volumes else f"{self.folder}/{SR}"
        return f"{folder}/{uuid}.cbtlog"

    def disk(self) -> str:
        """Add a disk."""
        uuid = self._uuid()
        self.disks[uuid] = TrueDisk()
        return uuid

    def enable(self, uuid: str) -> None:
        """Turn CBT on."""
        self._enter("vdi_enable_cbt", uuid)
        if uuid not in self.logs:
            self._say(f"Disk status request for {uuid}", f"Pause request for {uuid}")
            self._create(uuid)
            if self.disks[uuid].host:
                self._say(f"Setting consistency of cbtlog file to False for VDI: {uuid}")
                self._flag(uuid, consistent=False)
            self._say(f"Unpause request for {uuid} secondary=None")

    def disable(self, uuid: str) -> None:
        """Turn CBT off, as a user does."""
        self._enter("vdi_disable_cbt", uuid)
        if uuid in self.logs:
            self._say(f"Pause request for {uuid}")
            self._get(uuid, "-p")
            parent = self.logs[uuid].parent
            self._remove(uuid)
            if parent in self.logs:
                self._point(parent, "-c", "")
            self._say(f"Unpause request for {uuid} secondary=None")

    def snapshot(self, uuid: str, *, fails: bool = False) -> str:
        """Take a snapshot; if it `fails`, the new log cannot be made (S-03)."""
        disk = self.disks[uuid]
        self._enter("vdi_snapshot", uuid)
        new = self._uuid()
        self.disks[new] = TrueDisk(size=disk.size, snapshot_of=uuid)
        if uuid in self.logs:
            self._say(f"Saving log consistency state of {not disk.host} for vdi: {uuid}")
            self._rename(uuid, new)
            self._flag(new, consistent=True)
            self._get(new, "-p")
            parent = self.logs[new].parent
            if parent in self.logs:
                self._point(parent, "-c", new)
            if fails:
                self._drop(uuid, f"Creating CBT metadata log for disk {uuid} failed.")
                return new
            self._create(uuid)
            if disk.host:
                self._flag(uuid, consistent=False)
            self._get(new, "-c")
            child = self.logs[new].child
            self._point(uuid, "-p", new)
            self._point(uuid, "-c", child)
            self._point(new, "-c", uuid)
        return new

    def data_destroy(self, uuid: str) -> None:
        """Keep nothing but the log of a snapshot."""
        self._enter("vdi_data_destroy", uuid)
        self.disks[uuid].destroyed = True

    def delete(self, uuid: str) -> None:
        """Delete a disk."""
        disk = self.disks.pop(uuid)
        known = "'vdi_type': 'cbt_metadata', " if disk.destroyed else ""
        self._enter("vdi_delete", uuid, extra=known)
        log = self.logs.get(uuid)
        if log is None:
            return
        if disk.destroyed and not self.volumes:
            del self.logs[uuid]  # H-01
            return
        self._get(uuid, "-p")
        self._get(uuid, "-c")
        if log.parent in self.logs:
            self._point(log.parent, "-c", log.child)
        if log.child in self.logs:
            self._point(log.child, "-p", log.parent)
            self._get(log.child, "-f")
            paths = [self.path(each) for each in (uuid, log.child)]
            self._run("/usr/sbin/cbt-util", "coalesce", "-p", paths[0], "-c", paths[1])
        self._remove(uuid)

    def resize(self, uuid: str, *, fails: bool = False) -> None:
        """Grow a disk; if it `fails`, its log cannot follow (S-02)."""
        disk = self.disks[uuid]
        disk.size += GIB
        self._enter("vdi_resize", uuid, f"['{disk.size}']")
        if uuid not in self.logs:
            return
        argv = ("/usr/sbin/cbt-util", "set", "-n", self.path(uuid), "-s", str(disk.size))
        if fails:
            for _ in range(20):
                self._say(repr(list(argv)))
                self._say("FAILED in util.pread: (rc 5) stdout: '', stderr: 'no luck", "'")
            self._drop(uuid, f"Resizing of CBT metadata for disk {uuid} failed.")
        else:
            self._run(*argv)
            self.logs[uuid].size = disk.size

    def activate(self, uuid: str, host: str = "") -> None:
        """Attach a disk; a log that was not closed goes (S-01)."""
        self.disks[uuid].host = host or self.hosts[0]
        self._enter("vdi_activate", uuid, "['true']", host=host)
        if uuid in self.logs:
            self._get(uuid, "-f")
            if self.logs[uuid].consistent:
                self._flag(uuid, consistent=False)
            else:
                words = f"Changed Block Tracking metadata is inconsistent for disk {uuid}."
                self._drop(uuid, words)
        self._say(f"Removed activating flag from {uuid}")

    def deactivate(self, uuid: str) -> None:
        """Detach a disk."""
        host, self.disks[uuid].host = self.disks[uuid].host, ""
        self._enter("vdi_deactivate", uuid, host=host)
        if uuid in self.logs:
            self._flag(uuid, consistent=True)
        self._say(f"Removed host key host_OpaqueRef:1 for {uuid}")

    def crash(self, uuid: str) -> None:
        """Let the host that has a disk lose power; no line tells."""
        self.disks[uuid].host = ""
        self.now += 600

    def list_changed_blocks(self, older: str, newer: str) -> bool:
        """Compare two disks; tells whether it worked."""
        self._enter("vdi_list_changed_blocks", older, "['OpaqueRef:2']")
        at, seen = older, {older}
        with suppress(KeyError):
            while older in self.logs and newer in self.logs:
                self._get(at, "-c")
                at = self.logs[at].child
                size = self.logs[at].size
                self._get(at, "-s")
                self._say(f"DEBUG: Processing VDI {at} of size {size}")
                self._get(at, "-b")
                if at == newer:
                    return True
                if at in seen:
                    return False
                seen.add(at)
        error = "[opterr=Source and target VDI are unrelated]"
        text = f"Failed to calculate changed blocks for given VDIs. {error}"
        self._say(f"Raising exception [460, {text}]")
        tag = "***** generic exception: vdi_list_changed_blocks: EXCEPTION"
        self._say(f"{tag} <class 'xs_errors.SROSError'>, {text}")
        self._say('  File "/opt/xensource/sm/SRCommand.py", line 392, in run', "    ret = 1", "")
        return False

    def text(self, host: str = "jupiter", skip: int = 0) -> str:
        """Return a host's SMlog without its first lines."""
        return "".join(f"{line}\n" for _, line in self.lines.get(host, [])[skip:])

    def operations(self, skip: int = 0) -> tuple[Operation, ...]:
        """Return the operations as read back from the lines."""
        return read_back({host: self.text(host, skip) for host in self.hosts})

    def history(self, skip: int = 0) -> CbtHistory:
        """Return what is rebuilt from the lines alone."""
        return rebuild(self.operations(skip), (), ())

    def _uuid(self) -> str:
        return f"{next(self._uuids):08x}-3a7d-4c1e-8b52-6f0d9e4c2a17"

    def _enter(
        self, name: str, uuid: str, args: str = "[]", *, host: str = "", extra: str = ""
    ) -> None:
        self.now += self.gap
        self._pid, self._host = next(self._pids), host or self.hosts[0]
        self._say(
            f"{name} {{'sr_uuid': '{SR}', 'subtask_of': 'DummyRef:|1|VDI', 'args': {args}, {extra}"
            f"'vdi_uuid': '{uuid}', 'device_config': {{'SRmaster': 'true'}}, 'command': '{name}'}}"
        )

    def _say(self, *texts: str) -> None:
        at = BEGIN + timedelta(seconds=self.now)
        stamp = f"{MONTHS[at.month - 1]} {at.day:2d} {at:%H:%M:%S} {self._host}"
        for text in texts:
            line = f"{stamp} SM: [{self._pid}] {text}"
            self.lines.setdefault(self._host, []).append((at, line))

    def _run(self, *argv: str) -> None:
        self._say(repr(list(argv)))
        self.now += 0.05
        self._say("  pread SUCCESS")

    def _get(self, uuid: str, option: str) -> None:
        self._run("/usr/sbin/cbt-util", "get", "-n", self.path(uuid), option)

    def _flag(self, uuid: str, *, consistent: bool) -> None:
        path = self.path(uuid)
        self._run("/usr/sbin/cbt-util", "set", "-n", path, "-f", str(int(consistent)))
        self.logs[uuid].consistent = consistent

    def _point(self, uuid: str, option: str, to: str) -> None:
        self._run("/usr/sbin/cbt-util", "set", "-n", self.path(uuid), option, to or NOBODY)
        if option == "-p":
            self.logs[uuid].parent = to
        else:
            self.logs[uuid].child = to

    def _create(self, uuid: str) -> None:
        group, size = f"VG_XenStorage-{SR}", self.disks[uuid].size
        if self.volumes:
            name = f"{uuid}.cbtlog"
            self._run("/sbin/lvcreate", "-n", name, "-L", "4", group, "--addtag", "cbtlog")
        self._run("/usr/sbin/cbt-util", "create", "-n", self.path(uuid), "-s", str(size))
        self.logs[uuid] = TrueLog(size=size)
        self._flag(uuid, consistent=True)

    def _rename(self, uuid: str, new: str) -> None:
        if self.volumes:
            self._run("/sbin/lvrename", self.path(uuid), f"{new}.cbtlog")
        else:
            self._say(f"FileVDI._rename {self.path(uuid)} to {self.path(new)}")
        self.logs[new] = self.logs.pop(uuid)

    def _remove(self, uuid: str) -> None:
        if uuid in self.logs:
            if self.volumes:
                self._run("/sbin/lvremove", "-f", self.path(uuid))
            del self.logs[uuid]

    def _drop(self, uuid: str, sentence: str) -> None:
        self._say(sentence)
        self._remove(uuid)


def read_back(texts: dict[str, str]) -> tuple[Operation, ...]:
    """Return the operations of the SMlog of each host, through the real parsers."""
    table = EventTableBuilder(keep=CATALOGUE.keep)
    parser = next(parser for parser in LOG_PARSERS if parser.name == "smlog")
    for host, text in texts.items():
        member = MemoryMember("var/log/SMlog", text, bundle=host)
        for record, hits in SCANNER.scan(member, parser):
            table.add(bundle=host, member=member.path, parser="smlog", record=record, hits=hits)
    return operations_of(table.build(_date, {host: host for host in texts}))


def moment(seconds: float) -> Moment:
    """Return the second in which something happened, so many seconds after the beginning."""
    return _second(BEGIN + timedelta(seconds=int(seconds)))


def _second(at: datetime) -> Moment:
    return Moment(at=at, earliest=at, latest=at + timedelta(microseconds=999_999), dated_by="test")


def _date(_bundle: str, _member: str, _line: int, stamp: Stamp) -> Moment:
    parts = (stamp.month, stamp.day, stamp.hour, stamp.minute, stamp.second)
    return _second(datetime(2024, *parts, tzinfo=UTC))


def chain(history: CbtHistory) -> Sequence[tuple[str, ...]]:
    """Return the chains as uuids."""
    return [tuple(log.uuid for log in chain.logs) for chain in history.chains]
