"""Calls hung because another operation of the SR did not end.

All operations of an SR wait for each other, so waits of seconds and minutes belong to a busy
pool: a scan, a snapshot of each of forty disks. What is found is one operation that others waited
for ten minutes for, which no such operation takes, half an hour in the queue, or a call that
gave up.

A call that finds its SR marked waits 1 to 20 seconds and tries again, for two hours at most
(xen-api `helpers.ml` `retry`, `Repeat_with_uniform_backoff.standard`); each try is a line.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import groupby

from analyzer.case.case import Case
from analyzer.case.made_of_rows import Brief
from analyzer.case.pool import PoolState
from analyzer.case.time.order import began, ended, mark
from analyzer.checks.observation import LookedAt, Observation
from analyzer.checks.tools.finding import Row, found, listed, quote, quote_ends, quote_row, times
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Evidence, Finding, Severity, Subject
from analyzer.model.operation import Operation, Result
from analyzer.model.rule import RuleText
from analyzer.model.sentence import joined, say
from analyzer.model.terms import MICROSECOND, SHORT_REQUEST
from analyzer.model.xapi import Sr
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.values import dataclass

_LONG = timedelta(hours=1)
_MOST_RUNS = 3
_STUCK = timedelta(minutes=10)
_QUEUED = timedelta(minutes=30)
WAITED, GAVE_UP = "sr-busy-retry.waited", "sr-busy-retry.gave-up"
# A try comes 20 seconds after the one before at the latest; xapi itself may be slow.
_ONE_WAIT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wait:
    """One call waiting for one SR: its tries, and the line that says it gave up.

    ``length`` is how long it waited at least.
    """

    call: str
    sr: str
    tries: tuple[Event, ...]
    length: timedelta
    gave_up: Event | None = None

    @property
    def events(self) -> tuple[Event, ...]:
        """Return all of its lines, in order."""
        return (*self.tries, *((self.gave_up,) if self.gave_up else ()))

    @property
    def behind(self) -> tuple[tuple[str, tuple[Event, ...]], ...]:
        """Return (blocker, its tries) one after the other; "" for one that is not named."""
        groups = groupby(self.tries, key=lambda event: event.fields.get("blocker") or "")
        return tuple((blocker, tuple(events)) for blocker, events in groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Jam:
    """Calls that waited for one operation of an SR ("" for several in turn), and their tries."""

    pool: PoolState | None
    sr: str
    blocker: str
    waits: tuple[_Wait, ...]
    tries: tuple[Event, ...]
    longest: timedelta

    @property
    def row(self) -> Sr | None:
        """Return the SR's row."""
        return self.pool.sr(self.sr) if self.pool else None

    @property
    def gave_up(self) -> tuple[Event, ...]:
        """Return the lines of the calls that gave up."""
        return tuple(wait.gave_up for wait in self.waits if wait.gave_up)


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge each operation that others waited for, and each long wait for several."""
    ends = {(e.source.bundle, e.fields["task"]): e for e in case.events.of(GAVE_UP)}
    # All waits that may be long, in order of time.
    groups: dict[tuple[str, ...], list[Event]] = {}
    for event in _tries_of_long_waits(case, ends.keys()):
        task = _short_task(event.task)
        key = (event.source.bundle, event.fields["call"], event.fields["sr"], task)
        groups.setdefault(key, []).append(event)
    found = [
        _wait_of(case, part, ends.get((key[0], key[3])))
        for key, events in groups.items()
        for part in _split_at_gaps(case, events)
    ]
    waits_in_order = tuple(
        sorted(found, key=lambda wait: (wait.tries[0].moment.at, wait.tries[0].source))
    )
    for jam in _jams_of(case, waits_in_order):
        yield _finding_of_jam(case, text, jam)
    yield LookedAt("smlog")
    yield LookedAt("xapi_db")


def _tries_of_long_waits(case: Case, gave_up: Container[tuple[str, str]]) -> tuple[Event, ...]:
    """Return the tries of calls that gave up, or tried for as long as a jam lasts at least.

    A busy pool has tens of thousands of others. A line without its task, as a damaged one may be,
    is a try of nobody knows which call.
    """
    waits: dict[tuple[str, str], list[list[Brief]]] = {}
    for line in case.events.in_brief(WAITED):
        if not (task := _short_task(line.task)):
            continue
        own = waits.setdefault((line.bundle, task), [])
        # where the clock was set, stamps do not tell that it is another wait
        apart = own and line.at - own[-1][-1].at > _ONE_WAIT // MICROSECOND
        if not own or (apart and not case.order.was_set(line.bundle)):
            own.append([])
        own[-1].append(line)
    return case.events.at(
        sorted(
            line.row
            for call, own in waits.items()
            for wait in own
            if call in gave_up or wait[-1].at - wait[0].at >= _STUCK // MICROSECOND
            for line in wait
        )
    )


def _short_task(task: str | None) -> str:
    found = SHORT_REQUEST.search(task or "")
    return found[0] if found else ""


def _finding_of_jam(case: Case, text: RuleText, jam: _Jam) -> Finding:
    row, runs = jam.row, _runs_of_sm(case, jam)
    marked = jam.blocker in ((row.current_operations if row else None) or {})
    values = _values_of_jam(case, jam, runs, marked)
    shown: list[Evidence] = [quote(run.entry) for run in runs if run.entry]
    if row is not None and marked:
        shown.append(quote_row(row, "current_operations"))
    error = jam.gave_up or jam.longest >= _LONG
    subjects_row = jam.row
    if subjects_row is None:
        subjects_of_jam: tuple[Subject, ...] = (Subject(type="SR", uuid=jam.sr),)
    else:
        subjects_of_jam = (
            Subject(type="SR", uuid=subjects_row.uuid, name=subjects_row.name_label),
        )
    return found(
        text,
        (text.title, text.detail) if jam.blocker else text.case("queue"),
        basis=Basis.BOTH if marked else Basis.SYMPTOM,
        confidence=Confidence.CERTAIN if marked or jam.gave_up else Confidence.LIKELY,
        subjects=subjects_of_jam,
        rows=[values],
        evidence=(*quote_ends(jam.gave_up, 2), *quote_ends(jam.tries, 4), *shown),
        events=(*jam.tries, *jam.gave_up),
        severity=Severity.ERROR if error else None,
        count=len(jam.waits),
    )


def _runs_of_sm(case: Case, jam: _Jam) -> tuple[Operation, ...]:
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


def _values_of_jam(case: Case, jam: _Jam, runs: Sequence[Operation], marked: bool) -> Row:
    row, last = jam.row, jam.tries[-1]
    operations = sorted({e.fields["operation"] for e in jam.tries if e.fields.get("operation")})
    if not jam.gave_up:
        how_it_ended = ""
    else:
        number = len(jam.gave_up)
        how_it_ended = f"{number} of the calls ended with OTHER_OPERATION_IN_PROGRESS."
    if bool(jam.blocker):
        operation_in_words = listed(operations) or "an operation that is not named"
    elif not operations:
        operation_in_words = "Which operations these were is not logged."
    else:
        operation_in_words = f"They waited for {listed(operations)}."
    minutes = int(jam.longest.total_seconds() // 60)
    hours, rest = divmod(minutes, 60)
    if not hours:
        how_long = f"{minutes} minutes"
    else:
        how_long = f"{hours} h {rest} min" if rest else f"{hours} h"
    values = {
        "calls": listed(sorted({wait.call for wait in jam.waits})),
        "longest": how_long,
        "blocker": jam.blocker,
        "operation": operation_in_words,
        "storage": joined((_what_sm_did(case, run, last) for run in runs), " "),
        "state": "The database copy still has it on the SR." if marked else "",
        "end": how_it_ended,
        "sr_name": (row.name_label if row else None) or (row.uuid if row else jam.sr),
        "master": last.host,
        **times(jam.tries),
    }
    return values if row is None else {**values, "sr": row.uuid}


def _what_sm_did(case: Case, run: Operation, last: Event) -> str:
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


def _jams_of(case: Case, found_: Sequence[_Wait]) -> Iterator[_Jam]:
    """Yield one jam per operation that others waited for, and per SR for waits in turn."""
    stuck: dict[tuple[str, str], list[tuple[_Wait, tuple[Event, ...]]]] = {}
    queued: dict[tuple[str, str], list[_Wait]] = {}
    for wait in found_:
        longest = max(wait.behind, key=lambda part: _length_of(case, part[1]))
        if longest[0] and (_length_of(case, longest[1]) >= _STUCK or wait.gave_up):
            stuck.setdefault((wait.sr, longest[0]), []).append((wait, longest[1]))
        elif wait.length >= _QUEUED or wait.gave_up:
            queued.setdefault((wait.sr, wait.tries[0].source.bundle), []).append(wait)
    for (sr, blocker), parts in stuck.items():
        yield _jam_of(case, sr, blocker, [w for w, _ in parts], [part for _, part in parts])
    for (sr, _), long in queued.items():
        yield _jam_of(case, sr, "", long, [wait.tries for wait in long])


def _jam_of(
    case: Case,
    sr: str,
    blocker: str,
    long: Sequence[_Wait],
    parts: Sequence[tuple[Event, ...]],
) -> _Jam:
    tries = sorted((e for part in parts for e in part), key=lambda e: (e.moment.at, e.source))
    bundle = tries[0].source.bundle
    own = (pool for pool in case.pools if pool.sr(sr) and bundle in case.world.bundles_of(pool))
    return _Jam(
        pool=next(own, None),
        sr=sr,
        blocker=blocker,
        waits=tuple(long),
        tries=tuple(tries),
        longest=max(_length_of(case, part) for part in parts),
    )


def _length_of(case: Case, events: Sequence[Event]) -> timedelta:
    """Return how long lies between the first and the last event, at least."""
    return case.order.least_between(mark(events[0]), mark(events[-1]))


def _split_at_gaps(case: Case, events: Iterable[Event]) -> list[list[Event]]:
    """Part the tries where more time passed than between two tries of one wait.

    One clock wrote them: what is between them is known where the zone is not.
    """
    parts: list[list[Event]] = []
    for event in events:
        if parts and _length_of(case, (parts[-1][-1], event)) <= _ONE_WAIT:
            parts[-1].append(event)
        else:
            parts.append([event])
    return parts


def _wait_of(case: Case, tries: Sequence[Event], end: Event | None) -> _Wait:
    near = end is not None and _length_of(case, (tries[-1], end)) <= _ONE_WAIT
    return _Wait(
        call=tries[0].fields["call"],
        sr=tries[0].fields["sr"],
        tries=tuple(tries),
        length=_length_of(case, [*tries, *([end] if end and near else ())]),
        gave_up=end if near else None,
    )
