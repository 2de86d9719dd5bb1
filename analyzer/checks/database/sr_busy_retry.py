"""Calls hung because another operation of the SR did not end.

All operations of an SR wait for each other, so waits of seconds and minutes belong to a busy
pool: a scan, a snapshot of each of forty disks. What is found is one operation that others waited
for ten minutes for, which no such operation takes, half an hour in the queue, or a call that
gave up.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.case.time.order import began, ended, mark
from analyzer.checks.database.sr_jams import Jam, jams_of
from analyzer.checks.database.sr_waits import waits
from analyzer.checks.observation import LookedAt, Observation
from analyzer.checks.tools.finding import Row, found, listed, quote, quote_ends, quote_row, times
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Evidence, Finding, Severity, Subject
from analyzer.model.operation import Operation, Result
from analyzer.model.rule import RuleText
from analyzer.model.sentence import joined, say
from analyzer.rebuilt.calls.operations import sm_operations

_LONG = timedelta(hours=1)
_MOST_RUNS = 3


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge each operation that others waited for, and each long wait for several."""
    for jam in jams_of(case, waits(case)):
        yield _finding(case, text, jam)
    yield LookedAt("smlog")
    yield LookedAt("xapi_db")


def _finding(case: Case, text: RuleText, jam: Jam) -> Finding:
    row, runs = jam.row, _runs(case, jam)
    marked = jam.blocker in ((row.current_operations if row else None) or {})
    values = _values(case, jam, runs, marked)
    shown: list[Evidence] = [quote(run.entry) for run in runs if run.entry]
    if row is not None and marked:
        shown.append(quote_row(row, "current_operations"))
    error = jam.gave_up or jam.longest >= _LONG
    return found(
        text,
        (text.title, text.detail) if jam.blocker else text.case("queue"),
        basis=Basis.BOTH if marked else Basis.SYMPTOM,
        confidence=Confidence.CERTAIN if marked or jam.gave_up else Confidence.LIKELY,
        subjects=_subjects(jam),
        rows=[values],
        evidence=(*quote_ends(jam.gave_up, 2), *quote_ends(jam.tries, 4), *shown),
        events=(*jam.tries, *jam.gave_up),
        severity=Severity.ERROR if error else None,
        count=len(jam.waits),
    )


def _runs(case: Case, jam: Jam) -> tuple[Operation, ...]:
    """Return what the storage manager did for the operation; where it is not named, meanwhile."""
    if jam.blocker:
        return tuple(run for run in sm_operations(case) if run.task == jam.blocker)[:_MOST_RUNS]
    sr = jam.row.uuid if jam.row else ""
    worst = max(jam.waits, key=lambda wait: wait.length)
    first, last = mark(worst.tries[0]), mark(worst.tries[-1])
    return tuple(
        run
        for run in sm_operations(case)
        if run.sr == sr
        and run.entry
        and case.order.surely_before(began(run), first)
        and case.order.surely_before(last, ended(run))
    )[:_MOST_RUNS]


def _values(case: Case, jam: Jam, runs: Sequence[Operation], marked: bool) -> Row:
    row, last = jam.row, jam.tries[-1]
    operations = sorted({e.fields["operation"] for e in jam.tries if e.fields.get("operation")})
    values = {
        "calls": listed(sorted({wait.call for wait in jam.waits})),
        "longest": _length(jam.longest),
        "blocker": jam.blocker,
        "operation": _operation(operations, known=bool(jam.blocker)),
        "storage": joined((_told(case, run, last) for run in runs), " "),
        "state": "The database copy still has it on the SR." if marked else "",
        "end": _end(jam),
        "sr_name": (row.name_label if row else None) or (row.uuid if row else jam.sr),
        "master": last.host,
        **times(jam.tries),
    }
    return values if row is None else {**values, "sr": row.uuid}


def _operation(operations: Sequence[str], *, known: bool) -> str:
    if known:
        return listed(operations) or "an operation that is not named"
    if not operations:
        return "Which operations these were is not logged."
    return f"They waited for {listed(operations)}."


def _told(case: Case, run: Operation, last: Event) -> str:
    """Say what SM did for the operation, and whether that had ended before the waits did."""
    what = say(
        "SM ran {name} for it on {host} from {at}",
        name=run.name or "a call",
        host=run.host,
        at=run.first,
    )
    before = case.order.surely_before(ended(run), mark(last))
    over = run.result is not Result.UNKNOWN and before
    end = say(" to {at}", at=run.last) if over else ""
    return say("{what}{end}.", what=what, end=end)


def _end(jam: Jam) -> str:
    if not jam.gave_up:
        return ""
    number = len(jam.gave_up)
    return f"{number} of the calls ended with OTHER_OPERATION_IN_PROGRESS."


def _length(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes} minutes"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def _subjects(jam: Jam) -> tuple[Subject, ...]:
    row = jam.row
    if row is None:
        return (Subject(type="SR", uuid=jam.sr),)
    return (Subject(type="SR", uuid=row.uuid, name=row.name_label),)
