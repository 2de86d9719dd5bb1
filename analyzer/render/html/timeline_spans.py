"""What the timeline draws over time: incidents, backup runs, NBD sessions.

A span is full where it certainly lasted, and a line with ends over all the time that it may have
lasted. What has no year is not drawn; the table under the drawing has it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from analyzer.model.incident import Incident
from analyzer.model.moment import Moment
from analyzer.model.nbd_view import NbdConnection
from analyzer.model.report import Report
from analyzer.model.run import BackupRun
from analyzer.render.html.time_axis import WIDTH, Scale
from analyzer.render.words.run_words import verdicts_short
from analyzer.render.words.view import span

POOL = "pool"
_NEAR, _LEAST, _CHARACTER, _LABEL = 9.0, 3.0, 6.3, 42
_STACK = 4  # rows that overlapping spans are spread over
Row: TypeAlias = tuple[str, str]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    kind: str
    title: str
    label: str
    of: str | None


def span_rows(report: Report, scale: Scale) -> dict[Row, tuple[tuple[Span, ...], ...]]:
    """Return (host or pool, name of the row) → its spans, spread over rows without overlap."""
    found: dict[Row, list[Span]] = {}
    for row, made in _spans(report, scale):
        if scale.shows(*made[1]):
            found.setdefault(row, []).append(made[0])
    return {row: _stacked(_merged(spans)) for row, spans in sorted(found.items())}


def _spans(
    report: Report, scale: Scale
) -> Iterator[tuple[Row, tuple[Span, tuple[datetime, datetime]]]]:
    for incident in report.incidents:
        if made := _incident(incident, scale):
            yield (incident.host or POOL, "incidents"), made
    for run in report.runs:
        if made := _run(run, scale):
            yield (run.pool.called if run.pool else POOL, "backup runs"), made
    for view in report.nbd:
        for each in view.connections:
            if made := _connection(each, scale):
                yield (each.host.name or each.host.uuid, "NBD sessions"), made


def _incident(each: Incident, scale: Scale) -> tuple[Span, tuple[datetime, datetime]] | None:
    last = each.ended or each.last_seen or each.began
    unseen = "" if each.ended else ", its end was not seen"
    title = f"{each.title}: {span(each.began, last)}{unseen}; {each.confidence}"
    shown = _Shown(kind="incident", title=title, label=each.title, of=each.id)
    return _span(each.began, last, scale, shown)


def _run(run: BackupRun, scale: Scale) -> tuple[Span, tuple[datetime, datetime]] | None:
    short = verdicts_short(run)
    title = f"backup run {span(run.began, run.ended)}: {short}"
    shown = _Shown(kind="backup", title=title, label=short, of=run.id)
    return _span(run.began, run.ended, scale, shown)


def _connection(each: NbdConnection, scale: Scale) -> tuple[Span, tuple[datetime, datetime]] | None:
    first = each.began or each.ended
    if first is None:
        return None
    title = f"NBD session {span(each.began, each.ended)}: {each.fate}"
    shown = _Shown(kind="session", title=title, label=each.fate.value, of=None)
    return _span(first, each.ended or first, scale, shown)


def _span(
    first: Moment, last: Moment, scale: Scale, shown: _Shown
) -> tuple[Span, tuple[datetime, datetime]] | None:
    if not (first.year_known and last.year_known):
        return None
    whole = min(first.earliest, last.earliest), max(first.latest, last.latest)
    sure = first.latest <= last.earliest
    return (
        Span(
            outer=(scale.x(whole[0]), scale.x(whole[1])),
            sure=(scale.x(first.latest), scale.x(last.earliest)) if sure else None,
            kind=shown.kind,
            title=shown.title,
            label=_short(shown.label),
            of=shown.of,
        ),
        whole,
    )


def _short(label: str) -> str:
    return label if len(label) <= _LABEL else label[: _LABEL - 2] + "…"


def _merged(spans: Iterable[Span]) -> list[Span]:
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
    return [_counted(each) for each in kept]


def _counted(each: Span) -> Span:
    if each.count == 1:
        return each
    times = f" \N{MULTIPLICATION SIGN}{each.count}"
    more = f"{each.title} (and {each.count - 1} more here)"
    return replace(each, label=each.label + times, title=more)


def _stacked(spans: Sequence[Span]) -> tuple[tuple[Span, ...], ...]:
    rows: list[list[Span]] = []
    for each in spans:
        free = (row for row in rows if row[-1].outer[1] + _LEAST <= each.outer[0])
        row = next(free, None)
        if row is None and len(rows) < _STACK:
            row = []
            rows.append(row)
        (row if row is not None else rows[-1]).append(each)
    return tuple(_labelled(row) for row in rows)


def _labelled(row: Sequence[Span]) -> tuple[Span, ...]:
    ends = [each.outer[0] for each in row[1:]] + [float(WIDTH)]
    placed = []
    for each, end in zip(row, ends, strict=True):
        x = max(each.outer[1], each.outer[0] + _LEAST) + 7
        fits = x + len(each.label) * _CHARACTER <= end
        placed.append(replace(each, label=each.label if fits else "", label_x=round(x, 1)))
    return tuple(placed)
