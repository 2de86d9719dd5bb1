"""Why CBT was turned off at a snapshot: the sentence in SMlog, and the line that says why.

Writer: sm `VDI.py` `_cbt_snapshot()`. At a snapshot the CBT log of the disk is renamed to the
snapshot and a new one is created; an exception in that second part is swallowed, without a word
about it, and CBT is turned off. What is left of the reason are lines that the failing part logged
itself, under the process id of the same command.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from enum import Enum

from analyzer.case.case import Case
from analyzer.checks.tools.finding import near
from analyzer.model.event import Event
from analyzer.model.finding import Evidence
from analyzer.model.terms import CBT_BLOCK, LOG_VOLUME_SIZE, VOLUME_GROUP, VOLUME_TYPES
from analyzer.values import dataclass

RULE = "cbt-disabled-no-space"
NOT_CREATED = f"{RULE}.log-not-created"
NOT_REFRESHED = f"{RULE}.not-refreshed"
ALERT = f"{RULE}.alert"
ENTERED = f"{RULE}.entered"
RENAMED = f"{RULE}.renamed"
SPACE = f"{RULE}.not-enough-space"
RAISED = f"{RULE}.raised"
COMMAND = f"{RULE}.command-failed"
SUPPORTER = f"{RULE}.supporter-failed"

_HEADER = 48  # bytes before the bitmap, cbt-util.c
# One command is one process, and a process id comes back only after tens of thousands of others.
_SAME_COMMAND = timedelta(minutes=5)
_SAME_FAILURE = timedelta(minutes=10)
_ON_SUPPORTER = timedelta(minutes=2)
# What the plugin on-slave does on the host that has the disk active (sm, on_slave.py).
_CLONE_ACTIONS = frozenset({"refresh", "deactivateNoRefcount"})
_SR_NO_SPACE = "44"
_VDI_UNAVAILABLE = "46"  # also raised, and caught, where nothing is wrong
_ENOSPC = "28"
_EIO = "5"
_FULL = re.compile(r"No space left on device|insufficient free space|Insufficient free extents")
_CBT_UTIL = re.compile(r"Failed to (?:read|write) (?:CBT |meta|bitmap)")
_SR_UUID = re.compile(r"(?:VG_XenStorage-|sr-mount/)([0-9a-f-]{36})")


class Reason(Enum):
    """What the lines before the failure say."""

    NO_SPACE = "no space"
    CUT_SHORT = "a log that could not be written or read back: no space, or an I/O error"
    OTHER = "something else"
    UNKNOWN = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """CBT turned off once at a snapshot: ``line`` says so, ``because`` are the lines that say why.

    ``line`` is SM's sentence, or the alert where no log has the sentence any more.
    """

    vdi: str
    sr: str | None
    line: Event
    alert: Event | None
    reason: Reason
    because: tuple[Event, ...]

    @property
    def refresh(self) -> bool:
        """Tell whether it was the refresh on another host that failed, not the creation."""
        return "Creating CBT snapshot" in self.line.message

    @property
    def need(self) -> int | None:
        """Return how many bytes the log needed, where SM logged it."""
        sizes = [int(e.fields["need"]) for e in self.because if "need" in e.fields]
        return sizes[0] if sizes else None


def failures(case: Case) -> tuple[Failure, ...]:
    """Return every time that CBT was turned off at a snapshot, in the order of their times."""
    lines = _first_of_command(case.events.of(NOT_CREATED, NOT_REFRESHED))
    alerts = list(_distinct_alerts(case.events.of(ALERT)))
    trace = _by_process(case)
    found = [_failure_at_line(case, line, _take_alert(alerts, line), trace) for line in lines]
    found += [_failure_of_alert(case, alert) for alert in alerts]
    return tuple(sorted(found, key=lambda failure: (failure.line.moment.at, failure.vdi)))


def full_now(case: Case, failure: Failure) -> tuple[Evidence, ...]:
    """Return the rows that show the SR without space for a log when the report was made.

    Empty when no row shows it, and when two hosts disagree.
    """
    rows = [] if failure.sr is None else list(_space_rows(case, failure.sr))
    short = [evidence for free, evidence in rows if free < log_size(case, failure)]
    return tuple(short[:1]) if rows and len(short) == len(rows) else ()


def log_size(case: Case, failure: Failure) -> int:
    """Return how many bytes a log of this disk takes: an extent, or what SM said it needed."""
    if failure.need is not None:
        return failure.need
    known = case.world.vdi(failure.vdi)
    sr = case.world.sr_of(known) if known else None
    size = known.virtual_size if known else None
    if size is None or (sr is not None and sr.type in VOLUME_TYPES):
        return LOG_VOLUME_SIZE
    return max(_HEADER + -(-size // CBT_BLOCK // 8), 1)


def no_space(case: Case, failure: Failure) -> bool:
    """Tell whether the failure belongs to the rule about space rather than to its sibling."""
    match failure.reason:
        case Reason.NO_SPACE:
            return True
        case Reason.CUT_SHORT:
            return bool(full_now(case, failure))
        case Reason.OTHER | Reason.UNKNOWN:
            return False


def _first_of_command(lines: Iterable[Event]) -> tuple[Event, ...]:
    """Keep one line per command: a log that was not created cannot be refreshed either."""
    kept: list[Event] = []
    for line in lines:
        if not any(_same_command(earlier, line) for earlier in kept[-20:]):
            kept.append(line)
    return tuple(kept)


def _same_command(earlier: Event, line: Event) -> bool:
    return (
        earlier.fields["vdi"] == line.fields["vdi"]
        and (earlier.host, earlier.pid) == (line.host, line.pid)
        and line.moment.at - earlier.moment.at <= _SAME_COMMAND
    )


def _distinct_alerts(alerts: Iterable[Event]) -> Iterable[Event]:
    return {(alert.fields["vdi"], alert.moment.at): alert for alert in alerts}.values()


def _take_alert(alerts: list[Event], line: Event) -> Event | None:
    for alert in alerts:
        if alert.fields["vdi"] == line.fields["vdi"] and near(alert, line, _SAME_FAILURE):
            alerts.remove(alert)
            return alert
    return None


def _by_process(case: Case) -> Mapping[tuple[str, int | None], Sequence[Event]]:
    trace: dict[tuple[str, int | None], list[Event]] = {}
    for event in case.events.of(ENTERED, RENAMED, SPACE, RAISED, COMMAND):
        trace.setdefault((event.source.bundle, event.pid), []).append(event)
    return trace


def _failure_at_line(
    case: Case,
    line: Event,
    alert: Event | None,
    trace: Mapping[tuple[str, int | None], Sequence[Event]],
) -> Failure:
    # The events of the command that logged `line`, before it.
    events = trace.get((line.source.bundle, line.pid), ())
    if line.pid is None:
        own: tuple[Event, ...] = ()
    else:
        before = [event for event in events if _stands_shortly_before(event, line)]
        own = _after_last(ENTERED, before)
    tail = _after_last(RENAMED, own)
    reason, because = _judge_reason(line.fields["vdi"], tail)
    if reason is Reason.UNKNOWN and line.kind == NOT_REFRESHED:
        # The nearest failure of what SM asks the other hosts of this pool to do. sm LVHDSR.py,
        # _updateSlavesOnCBTClone(): deactivateNoRefcount, then refresh.
        pools = [case.world.bundles_of(pool) for pool in case.pools]
        elsewhere = frozenset().union(*(pool for pool in pools if line.source.bundle not in pool))
        failed = [
            event
            for event in case.events.of(SUPPORTER)
            if event.fields["operation"] in _CLONE_ACTIONS
            and near(event, line, _ON_SUPPORTER)
            and event.source.bundle not in elsewhere
        ]
        failed.sort(key=lambda event: abs(event.moment.at - line.moment.at))
        because = tuple(failed[:1])
        reason = Reason.OTHER if because else Reason.UNKNOWN
    return Failure(
        vdi=line.fields["vdi"],
        sr=_sr_of_disk(case, line.fields["vdi"], own),
        line=line,
        alert=alert,
        reason=reason,
        because=because,
    )


def _failure_of_alert(case: Case, alert: Event) -> Failure:
    vdi = alert.fields["vdi"]
    return Failure(
        vdi=vdi,
        sr=_sr_of_disk(case, vdi, ()),
        line=alert,
        alert=alert,
        reason=Reason.UNKNOWN,
        because=(),
    )


def _stands_shortly_before(event: Event, line: Event) -> bool:
    """Tell whether `event` stands shortly before `line`; within one file the lines decide."""
    if not timedelta(0) <= line.moment.at - event.moment.at <= _SAME_COMMAND:
        return False
    return event.source.member != line.source.member or event.source.line < line.source.line


def _after_last(kind: str, events: Sequence[Event]) -> tuple[Event, ...]:
    """Return the events from the last one of a kind on; all of them where there is none."""
    marks = [place for place, event in enumerate(events) if event.kind == kind]
    return tuple(events[marks[-1] :]) if marks else tuple(events)


def _judge_reason(vdi: str, tail: Sequence[Event]) -> tuple[Reason, tuple[Event, ...]]:
    short = tuple(event for event in tail if _says_no_space(event))
    if short:
        return Reason.NO_SPACE, short[:3]
    broken = tuple(event for event in tail if event.kind == COMMAND)
    cut = tuple(event for event in broken if _cut_short(vdi, event))
    if cut:
        return Reason.CUT_SHORT, (cut[0], *cut[1:][-1:])
    # The first about a log: what follows it is cleaning up.
    logs = tuple(event for event in broken if ".cbtlog" in event.message)
    raised = tuple(e for e in tail if e.kind == RAISED and e.fields["code"] != _VDI_UNAVAILABLE)
    because = (logs or broken or raised)[:1]
    return (Reason.OTHER if because else Reason.UNKNOWN), because


def _cut_short(vdi: str, event: Event) -> bool:
    """Tell whether cbt-util found the new log of a file-based SR too short or unwritable.

    cbt-util ignores a full file system when it closes the file; the next command then reads
    less than a header. A volume has its size from the start and is never cut.
    """
    return (
        event.fields["rc"] == _EIO
        and _CBT_UTIL.search(event.message) is not None
        and re.search(f"sr-mount/[^ ']*/{vdi}[.]cbtlog", event.message) is not None
    )


def _says_no_space(event: Event) -> bool:
    match event.kind:
        case kind if kind == SPACE:
            return True
        case kind if kind == RAISED:
            return event.fields["code"] == _SR_NO_SPACE
        case kind if kind == COMMAND:
            return event.fields["rc"] == _ENOSPC or bool(_FULL.search(event.message))
        case _:
            return False


def _sr_of_disk(case: Case, vdi: str, own: Sequence[Event]) -> str | None:
    """Return the uuid of the disk's SR, from the database or from a path in the log."""
    known = case.world.vdi(vdi)
    row = case.world.sr_of(known) if known else None
    if row is not None:
        return row.uuid
    paths = (_SR_UUID.search(event.message) for event in reversed(own))
    return next((path[1] for path in paths if path), None)


def _space_rows(case: Case, sr: str) -> Iterable[tuple[int, Evidence]]:
    """Yield (free bytes, row) of every host that shows the SR's volume group or mount."""
    for report in case.hosts:
        for group in report.vgs.groups if report.vgs else ():
            if group.name == f"{VOLUME_GROUP}{sr}" and group.free is not None:
                yield group.free, Evidence(source=group.source, text=group.text)
        for mount in report.mounts.mounts if report.mounts else ():
            if mount.path.endswith(f"/{sr}") and mount.available is not None:
                yield mount.available, Evidence(source=mount.source, text=mount.text)
