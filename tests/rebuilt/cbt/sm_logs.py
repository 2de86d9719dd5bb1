"""The SMlog of disks' lives: the model of SM decides what is done, and its lines are printed here.

The true state is the model's; the lines go through the real scanner, `operations_of` and
`rebuild`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from analyzer.sm import by_hand, comparing, snapshots, tracking
from analyzer.sm.spans import Span, joined
from analyzer.sm.state import Command, Kind, Log, Part, Result, SrKind, State, Use, Vdi, Verb
from tests.parsers.memory_member import MemoryMember

SR = "0d2b6bd6-53d4-2f51-9e6c-1f8de3b4f0a7"
NOBODY = "00000000-0000-0000-0000-000000000000"
GIB = 1 << 30
BEGIN = datetime(2024, 6, 10, 1, 0, 0, tzinfo=UTC)
CATALOGUE = load_catalogue()
SCANNER = Scanner(LOG_PARSERS, CATALOGUE.selectors)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


_ALERTS = {
    tracking.INCONSISTENT: "Changed Block Tracking metadata is inconsistent for disk {}.",
    tracking.RESIZE_FAILED: "Resizing of CBT metadata for disk {} failed.",
    snapshots.SNAPSHOT_FAILED: "Creating CBT metadata log for disk {} failed.",
}
_OPTIONS = {
    Part.PARENT: "-p",
    Part.CHILD: "-c",
    Part.CONSISTENT: "-f",
    Part.SIZE: "-s",
    Part.BITMAP: "-b",
}


@dataclass(slots=True, kw_only=True)
class Sm:
    """SM of a pool on one SR; the first host is the master."""

    volumes: bool
    hosts: tuple[str, ...] = ("jupiter",)
    folder: str = "/run/sr-mount"
    gap: float = 7
    written: bool = False  # the disks, at all times, attached or not
    now: float = 0
    lines: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)
    _pids: "count[int]" = field(default_factory=lambda: count(2400, 7))
    _uuids: "count[int]" = field(default_factory=lambda: count(1))
    _pid: int = 0
    _host: str = ""
    _attached: dict[str, str] = field(default_factory=dict)  # disk → host
    state: State = field(init=False)

    def __post_init__(self) -> None:
        self.state = State(sr=SrKind.VOLUMES if self.volumes else SrKind.FILES)

    @property
    def logs(self) -> dict[str, Log]:
        """Return the logs as they are on the storage."""
        return dict(self.state.logs)

    @property
    def live(self) -> list[str]:
        """Return the disks that are no snapshots."""
        return self._there(Kind.DISK)

    @property
    def snapshots(self) -> list[str]:
        """Return the snapshots."""
        return self._there(Kind.SNAPSHOT, Kind.METADATA)

    def path(self, uuid: str) -> str:
        """Return where a disk's log is."""
        folder = f"/dev/VG_XenStorage-{SR}" if self.volumes else f"{self.folder}/{SR}"
        return f"{folder}/{uuid}.cbtlog"

    def host_of(self, uuid: str) -> str:
        """Return the host that has a disk attached, "" where none has."""
        return self._attached.get(uuid, "")

    def disk(self) -> str:
        """Add a disk."""
        uuid = self._uuid()
        self.state = replace(self.state, vdis={**self.state.vdis, uuid: Vdi(size=10 * GIB)})
        return uuid

    def enable(self, uuid: str) -> None:
        """Turn CBT on."""
        self._enter("vdi_enable_cbt", uuid)
        self._print(tracking.enable(self.state, uuid), paused=uuid)

    def disable(self, uuid: str) -> None:
        """Turn CBT off, as a user does."""
        self._enter("vdi_disable_cbt", uuid)
        self._print(tracking.disable(self.state, uuid), paused=uuid)

    def snapshot(self, uuid: str, *, fails: bool = False) -> str:
        """Take a snapshot; if it `fails`, the new log has no room (S-03)."""
        self._enter("vdi_snapshot", uuid)
        new = self._uuid()
        if uuid in self.logs:
            attached = self.state.vdis[uuid].host_key
            self._say(f"Saving log consistency state of {not attached} for vdi: {uuid}")
        self.state = replace(self.state, room=not fails)
        self._print(snapshots.snapshot(self.state, uuid, new))
        self.state = replace(self.state, room=True)
        return new

    def data_destroy(self, uuid: str) -> None:
        """Keep nothing but the log of a snapshot."""
        self._enter("vdi_data_destroy", uuid)
        self._print(snapshots.data_destroy(self.state, uuid))

    def delete(self, uuid: str) -> None:
        """Delete a disk."""
        kept = self.state.vdis[uuid].kind is Kind.METADATA
        self._enter("vdi_delete", uuid, extra="'vdi_type': 'cbt_metadata', " if kept else "")
        self._print(snapshots.vdi_delete(self.state, uuid))

    def resize(self, uuid: str, *, fails: bool = False) -> None:
        """Grow a disk; if it `fails`, its log cannot be read and does not follow (S-02)."""
        size = self.state.vdis[uuid].size + GIB
        self._enter("vdi_resize", uuid, f"['{size}']")
        if fails:
            self.state = by_hand.cut_bitmap(self.state, uuid).state
        self._print(tracking.resize(self.state, uuid, size))

    def activate(self, uuid: str, host: str = "") -> None:
        """Attach a disk; a log that was not closed goes (S-01)."""
        self._attached[uuid] = host or self.hosts[0]
        self._enter("vdi_activate", uuid, "['true']", host=host)
        self._print(tracking.attach(self.state, uuid))
        self._say(f"Removed activating flag from {uuid}")

    def deactivate(self, uuid: str) -> None:
        """Detach a disk."""
        self._enter("vdi_deactivate", uuid, host=self._attached.pop(uuid))
        self._print(tracking.detach(self.state, uuid))
        self._say(f"Removed host key host_OpaqueRef:1 for {uuid}")

    def crash(self, uuid: str) -> None:
        """Let the host that has a disk lose power; no line tells."""
        self._attached.pop(uuid, None)
        self.state = tracking.crash(self.state, uuid).state
        self.now += 600

    def remove_log(self, uuid: str) -> None:
        """Remove a log by hand; no line tells."""
        self.state = by_hand.remove_log(self.state, uuid).state

    def list_changed_blocks(self, older: str, newer: str) -> bool:
        """Compare two disks as if none were attached; tells whether it worked."""
        self._enter("vdi_list_changed_blocks", older, "['OpaqueRef:2']")
        vdis = {uuid: replace(vdi, use=Use.NONE) for uuid, vdi in self.state.vdis.items()}
        answer = comparing.list_changed_blocks(replace(self.state, vdis=vdis), older, newer)
        self._print(replace(answer, state=self.state))
        if not answer.ok:
            error = f"[opterr={answer.outcome}]"
            text = f"Failed to calculate changed blocks for given VDIs. {error}"
            self._say(f"Raising exception [{answer.code[-3:]}, {text}]")
            tag = "***** generic exception: vdi_list_changed_blocks: EXCEPTION"
            self._say(f"{tag} <class 'xs_errors.SROSError'>, {text}")
            self._say('  File "/opt/xensource/sm/SRCommand.py", line 392, in run', "    x = 1", "")
        return answer.ok

    def text(self, host: str = "jupiter", skip: int = 0) -> str:
        """Return a host's SMlog without its first lines."""
        return "".join(f"{line}\n" for _, line in self.lines.get(host, [])[skip:])

    def operations(self, skip: int = 0) -> tuple[Operation, ...]:
        """Return the operations as read back from the lines."""
        return read_back({host: self.text(host, skip) for host in self.hosts})

    def history(self, skip: int = 0) -> CbtHistory:
        """Return what is rebuilt from the lines alone."""
        return rebuild(self.operations(skip), (), ())

    def _write(self) -> None:
        """Let the call that was just made be a time in which every disk is written to."""
        now = (Span(since=self.state.clock - 1, until=self.state.clock),)
        vdis, logs = dict(self.state.vdis), self.logs
        for uuid in self.live:
            vdis[uuid] = replace(vdis[uuid], written=joined(vdis[uuid].written, now))
            if uuid in logs:
                logs[uuid] = replace(logs[uuid], recorded=joined(logs[uuid].recorded, now))
        self.state = replace(self.state, vdis=vdis, logs=logs)

    def _there(self, *kinds: Kind) -> list[str]:
        return [uuid for uuid, vdi in self.state.vdis.items() if vdi.row and vdi.kind in kinds]

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

    def _print(self, result: Result, *, paused: str = "") -> None:
        """Take the model's state over, and write the lines of what it did."""
        before, self.state = self.state, result.state
        if self.written:
            self._write()
        self._say(*([f"Pause request for {paused}"] if paused and result.did else []))
        for command in result.did:
            self._line(command, before)
        self._say(*([f"Unpause request for {paused} secondary=None"] if paused else []))

    def _line(self, command: Command, before: State) -> None:
        """Write the lines of a command."""
        if command.verb is Verb.DROP:
            self._say(_ALERTS[command.value].format(command.log))
        elif command.verb is Verb.RENAME and not self.volumes:
            self._say(f"FileVDI._rename {self.path(command.log)} to {self.path(command.value)}")
        for argv in self._argvs(command):
            self._run(command, *argv)
        if (command.verb, command.part, command.failed) == (Verb.GET, Part.SIZE, ""):
            size = before.logs[command.log].size
            self._say(f"DEBUG: Processing VDI {command.log} of size {size}")

    def _argvs(self, command: Command) -> Sequence[tuple[str, ...]]:
        """Return what SM runs; looking for a log is silent, and so is what is done to a file."""
        tool, path, value = "/usr/sbin/cbt-util", self.path(command.log), command.value
        option, name = _OPTIONS.get(command.part, ""), f"{command.log}.cbtlog"
        made = ("/sbin/lvcreate", "-n", name, "-L", "4", f"VG_XenStorage-{SR}")
        volume: Mapping[Verb, tuple[str, ...]] = {
            Verb.CREATE: made,
            Verb.RENAME: ("/sbin/lvrename", path, f"{value}.cbtlog"),
            Verb.REMOVE: ("/sbin/lvremove", "-f", path),
        }
        log: Mapping[Verb, tuple[str, ...]] = {
            Verb.GET: (tool, "get", "-n", path, option),
            Verb.SET: (tool, "set", "-n", path, option, value or NOBODY),
            Verb.CREATE: (tool, "create", "-n", path, "-s", value),
            Verb.COALESCE: (tool, "coalesce", "-p", self.path(value), "-c", path),
        }
        kept = (volume, log) if self.volumes else (log,)
        return [argvs[command.verb] for argvs in kept if command.verb in argvs]

    def _run(self, command: Command, *argv: str) -> None:
        """Write a command with its result; one that fails is tried twenty times."""
        for _ in range(20 if command.failed else 1):
            self._say(repr(list(argv)))
            self.now += 0.05
            if command.failed:
                self._say("FAILED in util.pread: (rc 5) stdout: '', stderr: 'no luck", "'")
            else:
                self._say("  pread SUCCESS")


def read_back(texts: dict[str, str], name: str | None = None) -> tuple[Operation, ...]:
    """Return the operations of the SMlog of each host, through the real parsers.

    With a name all are reports of one host that is called so.
    """
    table = EventTableBuilder(keep=CATALOGUE.keep)
    parser = next(parser for parser in LOG_PARSERS if parser.name == "smlog")
    for host, text in texts.items():
        member = MemoryMember("var/log/SMlog", text, bundle=host)
        for record, hits in SCANNER.scan(member, parser):
            table.add(bundle=host, member=member.path, parser="smlog", record=record, hits=hits)
    return operations_of(table.build(_date, {host: name or host for host in texts}))


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
