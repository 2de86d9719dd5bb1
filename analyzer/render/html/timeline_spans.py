"""What the timeline draws over time: incidents, backup runs, NBD sessions.

A span is full where it certainly lasted, and a line with ends over all the time that it may have
lasted. What has no year is not drawn; the table under the drawing has it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TypeAlias

from analyzer.model.entry import Entry, EntryKind
from analyzer.model.moment import Moment
from analyzer.model.report import Report
from analyzer.render.html.time_axis import WIDTH, Scale
from analyzer.render.words.view import span
from analyzer.values import dataclass

POOL = "pool"
_NEAR, _LEAST, _CHARACTER, _LABEL = 9.0, 3.0, 6.3, 42
_STACK = 4  # rows that overlapping spans are spread over
Row: TypeAlias = tuple[str, str]
_ROWS: Mapping[EntryKind, tuple[str, str]] = MappingProxyType(
    {  # its row, and its class in the style sheet
        EntryKind.INCIDENT_BEGAN: ("incidents", "incident"),
        EntryKind.RUN: ("backup runs", "backup"),
        EntryKind.SESSION: ("NBD sessions", "session"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Something that lasted; ``sure`` is where it certainly did, None if that is nowhere.

    ``outer`` is where it may have; ``of`` is the id of what it shows, None for several.
    """

    outer: tuple[float, float]
    sure: tuple[float, float] | None
    kind: str
    title: str
    label: str
    label_x: float = 0.0
    of: str | None = None
    count: int = 1


def told_once(report: Report) -> Iterator[Entry]:
    """Yield what happened, an incident as one thing from its beginning to its end."""
    return (each for each in report.happenings if each.what is not EntryKind.INCIDENT_ENDED)


def lasting(report: Report) -> Iterator[tuple[Row, Entry]]:
    """Yield incidents, backup runs and NBD sessions, each with (host or pool, name of its row)."""
    pools = {run.id: run.pool.called for run in report.runs if run.pool}
    for entry in told_once(report):
        if entry.what in _ROWS:
            yield (entry.host or pools.get(entry.kinds[0], POOL), _ROWS[entry.what][0]), entry


def ends_of(entry: Entry) -> tuple[Moment, Moment]:
    """Return when an entry began and ended, or was last seen."""
    return entry.moment, entry.until or entry.moment


def id_of(entry: Entry) -> str | None:
    """Return the id of the finding, incident or run that an entry is about."""
    if entry.what is EntryKind.RUN:
        return entry.kinds[0]
    return next(iter((*entry.findings, *entry.incidents)), None)


def kind_of(entry: Entry) -> str:
    """Return the class in the style sheet of something that lasted."""
    return _ROWS[entry.what][1]


def span_rows(report: Report, scale: Scale) -> dict[Row, tuple[tuple[Span, ...], ...]]:
    """Return (host or pool, name of the row) → its spans, spread over rows without overlap."""
    sure = {each.id: f"; {each.confidence}" for each in report.incidents}
    found: dict[Row, list[Span]] = {}
    for row, entry in lasting(report):
        first, last = ends_of(entry)
        if not (first.year_known and last.year_known):
            continue
        whole = min(first.earliest, last.earliest), max(first.latest, last.latest)
        if scale.shows(*whole):
            certain = first.latest <= last.earliest
            when = span(*ends_of(entry))
            if entry.what is EntryKind.INCIDENT_BEGAN:
                told_on_hover = (
                    f"{entry.title}: {when}{', its end was not seen' if entry.open else ''}"
                )
            else:
                told_on_hover = f"{entry.what} {when}: {entry.title}"
            made = Span(
                outer=(scale.x(whole[0]), scale.x(whole[1])),
                sure=(scale.x(first.latest), scale.x(last.earliest)) if certain else None,
                kind=kind_of(entry),
                title=told_on_hover + sure.get(id_of(entry) or "", ""),
                label=entry.title
                if len(entry.title) <= _LABEL
                else entry.title[: _LABEL - 2] + "…",
                of=id_of(entry),
            )
            found.setdefault(row, []).append(made)
    return {row: _stacked_rows(_merged_spans(spans)) for row, spans in sorted(found.items())}


def _merged_spans(spans: Iterable[Span]) -> list[Span]:
    """Return the spans by time; narrow ones of the same label in one place are one."""
    kept: list[Span] = []
    places: dict[tuple[str, int], int] = {}
    for each in sorted(spans, key=lambda s: (s.outer, s.title)):
        place = each.label, int(each.outer[0] // _NEAR)
        narrow = each.outer[1] - each.outer[0] < _NEAR
        if narrow and place in places:
            first = kept[places[place]]
            kept[places[place]] = replace(first, count=first.count + 1, of=None)
            continue
        if narrow:
            places[place] = len(kept)
        kept.append(each)
    return [_counted_span(each) for each in kept]


def _counted_span(each: Span) -> Span:
    if each.count == 1:
        return each
    times = f" \N{MULTIPLICATION SIGN}{each.count}"
    more = f"{each.title} (and {each.count - 1} more here)"
    return replace(each, label=each.label + times, title=more)


def _stacked_rows(spans: Sequence[Span]) -> tuple[tuple[Span, ...], ...]:
    rows: list[list[Span]] = []
    for each in spans:
        free = (row for row in rows if row[-1].outer[1] + _LEAST <= each.outer[0])
        row = next(free, None)
        if row is None and len(rows) < _STACK:
            row = []
            rows.append(row)
        (row if row is not None else rows[-1]).append(each)
    return tuple(_with_labels(row) for row in rows)


def _with_labels(row: Sequence[Span]) -> tuple[Span, ...]:
    ends = [each.outer[0] for each in row[1:]] + [float(WIDTH)]
    placed = []
    for each, end in zip(row, ends, strict=True):
        x = max(each.outer[1], each.outer[0] + _LEAST) + 7
        fits = x + len(each.label) * _CHARACTER <= end
        placed.append(replace(each, label=each.label if fits else "", label_x=round(x, 1)))
    return tuple(placed)
