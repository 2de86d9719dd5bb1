"""Tapdisks that ended by themselves.

The kernel says that one was killed (a fault, no memory left); SM finds at the deactivation of a
disk that its tapdisk is gone (sm ``blktap2.py`` ``_tap_deactivate``: ``No such Tapdisk``), which
is as true after a boot of the host, and then no crash.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.model.event import Event
from analyzer.model.finding import Confidence, Subject
from analyzer.model.incident import IncidentKind
from analyzer.model.moment import Moment
from analyzer.model.operation import Operation, Result
from analyzer.model.source import Source
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.rebuilt.incidents.boots import Boot, booted_between, boots_of
from analyzer.rebuilt.incidents.draft import Draft, Hosts, spread, unseen
from analyzer.values import dataclass

KILLED = ("tapdisk-crashed.segfault", "tapdisk-crashed.killed")
MISSING = "tapdisk-crashed.missing"

_ONE_CRASH = timedelta(hours=1)  # a disk whose tapdisk dies again and again
_PID = "-p"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """A tapdisk that SM opened for a disk."""

    pid: str
    vdi: str | None
    sr: str | None
    event: Event


@dataclass(slots=True, kw_only=True)
class _Crash:
    """The end of a disk's tapdisk, or of several after each other, while it is put together."""

    began: Moment
    opened: _Opened | None
    pids: list[str]
    events: list[Event] = field(default_factory=list)
    confidence: Confidence = Confidence.CERTAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What SM's calls of one host tell of tapdisks."""

    opened: Sequence[_Opened]
    boots: Sequence[Boot]
    calls: Mapping[Source, Operation]

    def of_pid(self, pid: str, event: Event) -> _Opened | None:
        """Return what a tapdisk was opened for, the last time before an event."""
        return self._last_opened_before([one for one in self.opened if one.pid == pid], event)

    def of_disk(self, vdi: str, event: Event) -> _Opened | None:
        """Return the tapdisk that a disk was opened by, the last time before an event."""
        return self._last_opened_before([one for one in self.opened if one.vdi == vdi], event)

    def _last_opened_before(self, opened: Sequence[_Opened], event: Event) -> _Opened | None:
        earlier = [one for one in opened if one.event.moment.at <= event.moment.at]
        return earlier[-1] if earlier else None


def tapdisk_incidents(case: Case, hosts: Hosts) -> Iterator[Draft]:
    """Yield the crashes of tapdisks, those of one disk soon after each other as one."""
    events = hosts.grouped(case.events.of(*KILLED, MISSING))
    for key, own in events.items():
        known = _known_of_host(case, hosts, key)
        for crash in _crashes_told(own, known):
            subjects: list[Subject] = []
            opened = crash.opened
            if opened and opened.vdi:
                subjects.append(hosts.disk(opened.vdi))
            if opened and opened.sr:
                subjects.append(hosts.repository(opened.sr))
            disk = f" of disk {opened.vdi}" if opened and opened.vdi else ""
            first = crash.events[0]
            lines = [*crash.events]
            if opened and opened.pid and opened.event.source != first.source:
                lines.insert(1, opened.event)
            yield Draft(
                kind=IncidentKind.TAPDISK_CRASHED,
                host=key,
                title=f"A tapdisk{disk} ended by itself on host {hosts.name(key)}",
                began=crash.began,
                ended=first.moment if crash.confidence is Confidence.CERTAIN else None,
                confidence=crash.confidence,
                events=lines,
                subjects=subjects,
                tapdisks=tuple(pid for pid in crash.pids if pid),
                count=sum(event.count for event in crash.events),
                last_seen=crash.events[-1].moment,
            )


def _known_of_host(case: Case, hosts: Hosts, key: str) -> _Known:
    own = [one for one in sm_operations(case) if hosts.key(one.bundle) == key]
    return _Known(
        opened=tuple(opened for operation in own for opened in _tapdisks_opened(operation)),
        boots=boots_of(case).get(key, ()),
        calls={note.source: operation for operation in own for note in operation.notes},
    )


def _tapdisks_opened(operation: Operation) -> Iterator[_Opened]:
    for command in operation.commands:
        if command.result is Result.FAILED or command.argv[1:2] != ("open",):
            continue
        options = command.argv[2:]
        if _PID in options[:-1]:
            pid = options[options.index(_PID) + 1]
            yield _Opened(pid=pid, vdi=operation.vdi, sr=operation.sr, event=command.event)


def _crashes_told(events: Sequence[Event], known: _Known) -> Sequence[_Crash]:
    found: list[_Crash] = []
    for event in events:
        if event.kind in KILLED:
            crash_pid = event.fields["tapdisk"]
            opened = known.of_pid(crash_pid, event)
            if opened and booted_between(known.boots, opened.event, event):
                opened = None
            crash: _Crash | None = _Crash(
                began=event.moment, opened=opened, pids=[crash_pid], events=[event]
            )
        else:
            crash = _crash_noticed_late(event, known, found)
        if crash is None:
            continue
        before = next((one for one in reversed(found) if _is_same_crash(one, crash)), None)
        if before is None:
            found.append(crash)
        else:
            before.events += crash.events
            before.pids += [pid for pid in crash.pids if pid not in before.pids]
    return found


def _is_same_crash(one: _Crash, other: _Crash) -> bool:
    """Tell whether two crashes are of one tapdisk, or of one disk and near each other."""
    near = one.events[-1].moment.within(other.events[0].moment, _ONE_CRASH)
    disks = [crash.opened.vdi for crash in (one, other) if crash.opened and crash.opened.vdi]
    if len(disks) > 1:
        return near and disks[0] == disks[1]
    return near and bool(set(one.pids) & set(other.pids))


def _crash_noticed_late(event: Event, known: _Known, found: Sequence[_Crash]) -> _Crash | None:
    """Return the crash that SM noticed late; None after a boot, and if the kernel told of it."""
    call = known.calls.get(event.source)
    vdi = call.vdi if call else None
    opened = known.of_disk(vdi, event) if vdi else None
    if opened is None:
        alone = _Opened(pid="", vdi=vdi, sr=call.sr if call else None, event=event)
        if any(boot.event.moment.at <= event.moment.at for boot in known.boots):
            return None  # it may have ended with the host
        return _Crash(
            began=unseen(event.moment),
            opened=alone,
            pids=[],
            events=[event],
            confidence=Confidence.POSSIBLE,
        )
    if booted_between(known.boots, opened.event, event):
        return None
    told = [
        one
        for one in found
        if opened.pid in one.pids and one.events[0].moment.at >= opened.event.moment.at
    ]
    if told:
        told[-1].events.append(event)
        return None
    return _Crash(
        began=spread(opened.event.moment, event.moment),
        opened=opened,
        pids=[opened.pid],
        events=[event],
        confidence=Confidence.LIKELY,
    )
