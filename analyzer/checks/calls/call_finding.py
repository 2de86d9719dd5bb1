"""How failed calls are told: one finding per disk, or pair of disks, and burst of failures."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.checks.tools.calls import Call, Method, calls, is_uuid
from analyzer.checks.tools.finding import Row, found, over, quote, quote_ends, quote_row, times
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Evidence, Finding, Gap, Severity, Subject
from analyzer.model.rule import RuleText
from analyzer.model.sentence import say
from analyzer.model.xapi import Vdi
from analyzer.values import dataclass

# A job that fails every night is one incident.
_BURST = timedelta(hours=26)

Burst = tuple[Call, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a check says of a burst: (title, detail), how sure, and what it adds to the quotations.

    ``rows`` are databases' rows that bear it out: (row, names of fields).
    """

    words: tuple[str, str]
    confidence: Confidence
    basis: Basis
    severity: Severity | None = None
    values: Row = field(default_factory=dict)
    more_rows: tuple[Row, ...] = ()
    evidence: tuple[Evidence, ...] = ()


def bursts(made: Iterable[Call], mine: Callable[[Call], bool]) -> tuple[Burst, ...]:
    """Return the calls that a check claims, by disks and bursts, in order of time."""
    open_: dict[tuple[str, str], list[Call]] = {}
    closed: list[Burst] = []
    for call in made:
        if not mine(call):
            continue
        burst = open_.setdefault(call.disks, [])
        if burst and not burst[-1].at.within(call.at, _BURST):
            closed.append(tuple(burst))
            burst.clear()
        burst.append(call)
    closed += [tuple(burst) for burst in open_.values()]
    return tuple(sorted(closed, key=lambda burst: (burst[0].at.at, burst[0].disks)))


def tell(
    case: Case, text: RuleText, burst: Burst, told: Told, retried: Call | None = None
) -> Finding:
    """Return the finding of a burst; ``retried`` is `retried_since` of it."""
    last = burst[-1]
    lines = tuple(line for call in burst if (line := call.line))
    well = say("The same call ended well later, at {at}.", at=retried.at) if retried else ""
    values = {**_values_of_call(case, last), "retried": well, **times(lines), **told.values}
    # Quote the latest call whole, and of the others the ends.
    earlier = [latest_line for call in burst[:-1] if (latest_line := call.line)]
    latest_and_ends_quoted = tuple(
        quote(latest_line) for latest_line in lines_of(burst[-1])
    ) + quote_ends(earlier, 2)
    keys = [key for key in last.disks if key]
    disks = [case.world.subject("VDI", key) for key in keys]
    if not disks:
        # The host whose log tells of a call of which nothing says what disk it was about.
        host = last.line.host if last.line else ""
        uuids = [report.host_uuid for report in case.hosts if report.name == host]
        subjects_of_call: tuple[Subject, ...] = (
            Subject(type="Host", uuid=(uuids and uuids[0]) or host, name=host),
        )
    else:
        known = (case.world.vdi(key) for key in keys)
        srs = {sr.uuid: sr for vdi in known if vdi and (sr := case.world.sr_of(vdi))}
        where = [Subject(type="SR", uuid=sr.uuid, name=sr.name_label) for sr in srs.values()]
        if not where and last.operation is not None and last.operation.sr:
            where = [Subject(type="SR", uuid=last.operation.sr)]
        subjects_of_call = (*dict.fromkeys(disks), *where)
    made = found(
        text,
        told.words,
        basis=told.basis,
        confidence=told.confidence,
        subjects=subjects_of_call,
        rows=[*({**values, **row} for row in told.more_rows), values],
        evidence=(*latest_and_ends_quoted, *told.evidence),
        events=lines,
        severity=Severity.INFO if retried else told.severity,
        count=len(burst),
    )
    run = retried.operation if retried else None
    shown = (retried.lines if retried else ()) or (run.lines if run else ())
    return over(made, "the same call ended well later", shown[-1]) if shown else made


def retried_since(case: Case, burst: Burst) -> Call | None:
    """Return the same call that ended well after the burst, None where that is not logged."""
    last = burst[-1]
    good = _ended_well(case, last.method).get(last.disks, ())
    return next((call for call in good if case.order.surely_before(last.mark, call.mark)), None)


@derived
def _ended_well(case: Case, method: Method) -> Mapping[tuple[str, str], Sequence[Call]]:
    """Return the calls of a method that ended well, by their disks."""
    found: dict[tuple[str, str], list[Call]] = {}
    for call in calls(case, method):
        if call.done:
            found.setdefault(call.disks, []).append(call)
    return found


def quoted_row(row: Vdi | None, *fields: str) -> tuple[Evidence, ...]:
    """Quote fields of a row; nothing of one that is not there."""
    return (quote_row(row, *fields),) if row is not None else ()


def called(case: Case, key: str) -> str:
    """Return what to call a disk in a sentence."""
    return case.world.named("VDI", key) if key else "a disk that no line names"


def cut_off(call: Call, need: str, what: str) -> Gap:
    """Return the gap of a call that failed for a reason that was not read."""
    return Gap(
        need=need,
        host=call.line.host if call.line else "",
        why=say(
            "{what} of disk {vdi} failed at {at} with {code}, and its reason was not read",
            what=what,
            vdi=call.vdi or "(not named)",
            at=call.at,
            code=call.code,
        ),
        settle_with=f"zgrep -h 'VDI.{call.method.value}' /var/log/xensource.log* "
        " # on the pool's master",
    )


def _values_of_call(case: Case, call: Call) -> dict[str, str]:
    line = call.line
    values = {
        "disk": called(case, call.vdi),
        "to_disk": called(case, call.to),
        "host": line.host if line else "",
        "reason": call.reason,
        "code": call.code,
    }
    if is_uuid(call.vdi):
        values["vdi"] = call.vdi
    if is_uuid(call.to):
        values["to"] = call.to
    if (row := case.world.vdi(call.vdi)) is not None and (
        live := _live_disk_of_snapshot(case, row)
    ) is not None:
        values["live"] = live.uuid
    return values


def _live_disk_of_snapshot(case: Case, snapshot: Vdi) -> Vdi | None:
    """Return the disk that a snapshot is of."""
    return next((row for p in case.pools if (row := p.vdi(snapshot.snapshot_of))), None)


def live_of(case: Case, uuid: str) -> Vdi | None:
    """Return the disk that the snapshot with this uuid is of, None where that is not known."""
    row = case.world.vdi(uuid)
    return _live_disk_of_snapshot(case, row) if row is not None else None


def lines_of(call: Call) -> tuple[Event, ...]:
    """Return the lines that show a call best: its failure, its request, SM's error and entry."""
    lines = [call.line] if call.line else []
    lines += [event for event in call.lines if "vdi" in event.fields][:1]
    if call.operation is not None:
        lines += [each.event for each in call.operation.raised[-1:]]
        lines += [call.operation.entry] if call.operation.entry else []
    return tuple({event.source: event for event in lines}.values())
