"""The life line of a disk: what SM and the database say happened to it, and its comparisons."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from analyzer.case.quotation import quote
from analyzer.model.disk import Comparison, LifeEvent, LifeKind
from analyzer.model.event import Event
from analyzer.model.finding import Evidence, Finding
from analyzer.model.moment import Moment
from analyzer.model.operation import Operation, Result
from analyzer.model.xapi import Vdi
from analyzer.story.disks.index import COMPARE, DiskIndex

_KINDS: Mapping[str, LifeKind] = MappingProxyType(
    {
        "vdi_enable_cbt": LifeKind.ENABLED,
        "vdi_disable_cbt": LifeKind.DISABLED,
        "vdi_snapshot": LifeKind.SNAPSHOT,
        "vdi_data_destroy": LifeKind.DATA_DESTROY,
        "vdi_resize": LifeKind.RESIZED,
        "vdi_resize_online": LifeKind.RESIZED,
        "vdi_delete": LifeKind.DELETED,
        COMPARE: LifeKind.COMPARED,
    }
)
_ALIKE = 120  # seconds between xapi's time of a snapshot and SM's line for it
_EPOCH = 1970


def life_of(
    known: DiskIndex, members: frozenset[str], findings: Iterable[Finding]
) -> tuple[LifeEvent, ...]:
    """Return the events of a disk's life in the order of their times, undated ones last."""
    calls = [event for op in _calls_of_disk(known, members) if (event := _event_of_call(known, op))]
    lost = [_loss_of_finding(f) for f in findings if f.rule.startswith("cbt-disabled-")]
    rows = (known.row(uuid) for uuid in sorted(members))
    taken = [event for row in rows if row and (event := _snapshot_of_row(row, calls))]
    return tuple(sorted((*calls, *lost, *taken), key=_place_in_life))


def comparisons_of(known: DiskIndex, members: frozenset[str]) -> tuple[Comparison, ...]:
    """Return the calls of list_changed_blocks that name the disk or one of its snapshots."""
    return tuple(
        Comparison(
            older=op.vdi or "",
            newer=known.other(op),
            moment=op.first,
            result=op.result,
            why=_last_error(op),
            evidence=evidence,
        )
        for op in _calls_of_disk(known, members)
        if op.name == COMPARE and (evidence := _evidence_of_call(op))
    )


def _calls_of_disk(known: DiskIndex, members: frozenset[str]) -> list[Operation]:
    found = {id(op): op for uuid in members for op in known.calls.get(uuid, ())}
    return sorted(found.values(), key=lambda op: (op.first.at, op.host, op.pid or 0, op.name))


def _event_of_call(known: DiskIndex, op: Operation) -> LifeEvent | None:
    kind = _KINDS.get(op.name)
    evidence = _evidence_of_call(op) if kind is not None else None
    if kind is None or evidence is None:
        return None
    failed = f": {_last_error(op)}" if _last_error(op) else ""
    if kind is LifeKind.COMPARED:
        what_in_words = f"from {op.vdi} to {known.other(op) or 'a disk that is not known'}{failed}"
    elif kind is LifeKind.RESIZED and op.args:
        what_in_words = f"{op.vdi} to {op.args[0]} bytes{failed}"
    else:
        what_in_words = f"{op.vdi}{failed}"
    return LifeEvent(
        kind=kind,
        moment=op.first,
        what=what_in_words,
        result=op.result,
        evidence=evidence,
    )


def _last_error(op: Operation) -> str:
    """Return the last error that was raised, "" where none was."""
    if op.result is not Result.FAILED or not op.raised:
        return ""
    last = op.raised[-1]
    return f"error {last.code}, {last.text}" if last.code is not None else last.text


def _evidence_of_call(op: Operation) -> Evidence | None:
    lines: tuple[Event | None, ...] = (
        op.entry,
        *(raised.event for raised in op.raised),
        *(command.event for command in op.commands),
        *op.notes,
    )
    line = next((line for line in lines if line), None)
    return Evidence(source=line.source, text=line.text, at=line.moment) if line else None


def _loss_of_finding(finding: Finding) -> LifeEvent:
    return LifeEvent(
        kind=LifeKind.LOST,
        moment=finding.first_seen,
        what=finding.title,
        result=Result.SUCCEEDED,
        evidence=finding.evidence[0],
    )


def _snapshot_of_row(row: Vdi, calls: Iterable[LifeEvent]) -> LifeEvent | None:
    """Return the snapshot that a row tells of, None where a call in the log tells it already."""
    moment = snapshot_time(row)
    if not row.is_a_snapshot or moment is None:
        return None
    if any(_is_same_snapshot(call, moment) for call in calls):
        return None
    text = quote(row, "is_a_snapshot", "snapshot_of", "snapshot_time", "type", "cbt_enabled")
    return LifeEvent(
        kind=LifeKind.SNAPSHOT,
        moment=moment,
        what=f"{row.uuid} taken, as the database says",
        result=Result.SUCCEEDED,
        evidence=Evidence(source=row.source, text=text, at=moment),
    )


def _is_same_snapshot(call: LifeEvent, moment: Moment) -> bool:
    if call.kind is not LifeKind.SNAPSHOT or call.moment is None:
        return False
    return abs((call.moment.at - moment.at).total_seconds()) <= _ALIKE


def snapshot_time(row: Vdi) -> Moment | None:
    """Return VDI.snapshot_time as a moment; xapi writes 1970 where there is none."""
    try:
        time = datetime.fromisoformat(row.snapshot_time or "")
    except ValueError:
        return None
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    if aware.year <= _EPOCH:
        return None
    return Moment.exact(aware.astimezone(UTC), "VDI.snapshot_time")


def _place_in_life(event: LifeEvent) -> tuple[bool, str, str, str]:
    moment = event.moment
    dated = moment is not None and moment.year_known
    return not dated, moment.at.isoformat() if moment else "", event.kind.value, event.what
