"""The full timeline of a case file: kept events by row, and which of them tell of which object.

A line tells of an object that it names, that the call of SM names which it is a line of, or that
another line of its task of xapi names: just what `wanted.Naming` finds for one question.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from analyzer.case.case import Case
from analyzer.case.events import stored_lines
from analyzer.model.entry import Entry
from analyzer.model.event import Event
from analyzer.model.report import Report
from analyzer.model.source import Source
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.story.timeline.full_timeline import Unseen, beside_records, unseen
from analyzer.story.timeline.happenings import marked, quoted, records
from analyzer.story.timeline.order import in_order
from analyzer.story.timeline.wanted import Wanted, chosen, tasks_of, told_by, uuids_in
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldIndex:
    """What finds the events of a question among those that are stored.

    ``rows`` are the rows that tell of an object, by its uuid, ascending. ``calls`` are the objects
    of the calls whose lines incidents and runs begin or end with, ``count`` is how many events are
    stored.
    """

    rows: Mapping[str, tuple[int, ...]]
    calls: tuple[tuple[Source, tuple[str, ...]], ...]
    unseen: tuple[Unseen, ...]
    count: int


def told_index(
    case: Case, report: Report, known: Collection[str], parts: Iterable[Sequence[Sequence[Any]]]
) -> ToldIndex:
    """Return which events tell of which of the ``known`` objects.

    ``parts`` are the events as `EventTable.stored` gives them.
    """
    objects = frozenset(known)
    calls = _of_calls(case, objects)
    quotes = quoted(report)
    titles = {
        source: " ".join(finding.title for finding, _ in uses)
        for source, uses in quotes.findings.items()
    }
    lines: dict[Source, tuple[set[str], list[int], frozenset[str]]] = {}
    tasks: dict[str, set[str]] = {}
    stored = (line for part in parts for line in stored_lines(part))
    for row, (source, text, task, values) in enumerate(stored):
        named = objects.intersection(uuids_in(text)) | calls.get(source, frozenset())
        own = tasks_of(task)
        for each in own:
            tasks.setdefault(each, set()).update(named)
        told, rows, _ = lines.setdefault(source, (set(), [], own))
        told.update(named, objects.intersection(values))
        if source in titles:
            told.update(objects.intersection(uuids_in(titles[source])))
        rows.append(row)
    found: dict[str, list[int]] = {}
    for told, rows, own in lines.values():
        for uuid in told.union(*(tasks[task] for task in own)):
            found.setdefault(uuid, []).extend(rows)
    ends = {entry.source for entry in beside_records(report)}
    return ToldIndex(
        rows={uuid: tuple(sorted(rows)) for uuid, rows in sorted(found.items())},
        calls=tuple((source, tuple(sorted(calls[source]))) for source in sorted(ends & {*calls})),
        unseen=unseen(case, report, Wanted()),
        count=len(case.events),
    )


def _of_calls(case: Case, known: frozenset[str]) -> Mapping[Source, frozenset[str]]:
    """Return the disk and the SR of the call that a line belongs to."""
    found: dict[Source, frozenset[str]] = {}
    for operation in sm_operations(case):
        own = known & {operation.vdi or "", operation.sr or ""}
        for event in operation.lines if own else ():
            found[event.source] = found.get(event.source, frozenset()) | own
    return found


def told_timeline(
    report: Report,
    titles: Mapping[str, str],
    wanted: Wanted,
    index: ToldIndex,
    events: Callable[[Sequence[int] | None, datetime | None, datetime | None], Iterable[Event]],
) -> tuple[Entry, ...]:
    """Return what `full_timeline` does; a session cannot be asked for.

    ``events`` gives the stored events of some rows, of all for None, that touch a time.
    """
    rows = _rows_of(index, wanted.objects) if wanted.objects else None
    quotes = quoted(report)
    own = records(events(rows, wanted.first, wanted.last), titles)
    found = [each for entry in own if chosen(each := marked(entry, quotes), wanted, None)]
    calls = dict(index.calls)

    def names(entry: Entry) -> bool:
        told = {*uuids_in(told_by(entry)), *calls.get(entry.source, ())}
        return all(group & told for group in wanted.objects)

    others = (each for each in beside_records(report) if chosen(each, wanted, names))
    return in_order([*found, *others])


def _rows_of(index: ToldIndex, groups: Iterable[frozenset[str]]) -> Sequence[int]:
    """Return the rows that tell of an object of each group."""
    each = [{row for uuid in group for row in index.rows.get(uuid, ())} for group in groups]
    return sorted(set.intersection(*each))


def unseen_of(index: ToldIndex, wanted: Wanted) -> tuple[Unseen, ...]:
    """Return what `unseen` does of the hosts that are asked for."""
    return tuple(log for log in index.unseen if not wanted.bundles or log.bundle in wanted.bundles)
