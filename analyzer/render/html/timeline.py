"""Where everything stands in the timeline's drawing; the template only writes it down.

A lane is a host's source. What its members cover is a bar, what no bar covers stays hatched, and
so do holes in a bar; a finding's evidence is a mark with a letter, anything else a tick, and a
time in doubt has a whisker over its whole range. Above the logs of a host stand how many lines
were kept by the hour, what befell it, its NBD sessions, and flags for boots and jumps of its
clock; a pool has a lane for its backup runs.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from analyzer.model.entry import Entry, EntryKind
from analyzer.model.report import Presence, Report, SpanKind
from analyzer.render.html.time_axis import (
    Bar,
    Scale,
    Tick,
    around,
    coverage_by_log,
    covered_bars,
    hosts_by_bundle,
    ticks_of,
)
from analyzer.render.html.timeline_flags import Flag, flag_rows, hole_bars, strips
from analyzer.render.html.timeline_marks import Mark, marks_of
from analyzer.render.html.timeline_spans import Row, Span, ends_of, span_rows, told_once
from analyzer.sources import LOGS, SOURCES
from analyzer.values import dataclass

TOP, ROW, FOOT = 26, 26, 6
SCENE = timedelta(minutes=15)  # what is shown at least before and after the findings
FOCUS = 4  # a second, closer drawing is made if the findings fill less than this part
_NAMES = {kind.name: kind.label for kind in SOURCES if kind.is_log}
_LASTING = (*(kind.value for kind in SpanKind), "NBD sessions")
_ABOVE = ("lines/hour", "incidents", "clock", "backup runs", *_LASTING)
_LOG_OF = {name: source for source, name in _NAMES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One row: a source of a host.

    ``log`` is True for a source that runs through time, so that where no bar is nothing was
    read; ``missing`` says why it has neither bar nor mark, "" if it has. ``holes`` are stretches
    inside the bars that were not read, ``strip`` is (path, title) of the density.
    """

    host: str
    name: str
    y: int = 0
    bars: tuple[Bar, ...] = ()
    marks: tuple[Mark, ...] = ()
    missing: str = ""
    log: bool = False
    holes: tuple[Bar, ...] = ()
    spans: tuple[Span, ...] = ()
    flags: tuple[Flag, ...] = ()
    strip: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One drawing: its window, axis and lanes."""

    name: str
    title: str
    height: int
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]


def drawings(report: Report) -> tuple[Drawing, ...]:
    """Return no drawing if nothing is dated, else one of everything, before it one close by."""
    covered = [m for c in report.coverage for m in (c.first, c.last) if m is not None]
    everything = around(
        [*covered, *(moment for each in report.happenings for moment in ends_of(each))],
        timedelta(minutes=1),
    )
    if everything is None:
        return ()
    close = around([e.moment for e in report.happenings if e.findings], SCENE)
    pages = [_drawing_of_scale(report, everything, "all", "Everything that was read")]
    if close and (close.end - close.start) * FOCUS < everything.end - everything.start:
        pages.insert(0, _drawing_of_scale(report, close, "close", "Around the findings"))
    return tuple(pages)


def undated(report: Report) -> int:
    """Return how many happenings cannot be drawn because their year is unknown."""
    flags = (change.at for clock in report.clocks for change in clock.changes)
    other = (e.moment for e in told_once(report) if e.what is not EntryKind.CLOCK)
    return sum(not moment.year_known for moment in (*flags, *other))


def _drawing_of_scale(report: Report, scale: Scale, name: str, title: str) -> Drawing:
    events: dict[tuple[str, str], list[Entry]] = {}
    for event in report.happenings:
        if event.what.is_line and event.moment.year_known:
            events.setdefault(_lane_key(event), []).append(event)
    # Return (name of the host, source) → what became of it, by the ledger's first word.
    hosts = hosts_by_bundle(report)
    presences_by_source = {
        (hosts.get(entry.bundle, entry.bundle), entry.source): entry.presence
        for entry in reversed(report.ledger)
    }
    holes, read, presences = (
        {(host, log_of(source)): bars for (host, source), bars in hole_bars(report, scale).items()},
        coverage_by_log(report),
        presences_by_source,
    )
    lanes = [
        *_extra_lanes(report, scale),
        *(
            _lane_of_log(
                key,
                scale,
                bars=tuple(covered_bars(read.get(key, ()), scale)),
                holes=holes.get(key, ()),
                events=events.get(key, []),
                presence=presences.get(key, Presence.PRESENT),
            )
            for key in sorted(lane_keys(report))
        ),
    ]
    key = lane_order(report)
    lanes.sort(key=lambda lane: key((lane.host, lane.name)))
    placed = tuple(replace(lane, y=TOP + number * ROW) for number, lane in enumerate(lanes))
    return Drawing(
        name=name,
        title=title,
        height=TOP + len(placed) * ROW + FOOT,
        lanes=placed,
        ticks=ticks_of(scale),
    )


def lane_order(report: Report) -> Callable[[Row], tuple[bool, str, int, str]]:
    """Return the key that lanes are sorted by: pools, then hosts; what lasted above the logs."""
    hosts = {host.name for host in report.hosts}
    return lambda row: (row[0] in hosts, row[0], _place_of_row(row[1]), row[1])


def _place_of_row(name: str) -> int:
    return _ABOVE.index(name) if name in _ABOVE else len(_ABOVE)


def _extra_lanes(report: Report, scale: Scale) -> Iterator[Lane]:
    for host, strip in strips(report, scale).items():
        yield Lane(host=host, name="lines/hour", strip=strip)
    for (host, name), rows in span_rows(report, scale).items():
        for row in rows:
            yield Lane(host=host, name=name, spans=row)
    for host, flags in flag_rows(report, scale).items():
        yield Lane(host=host, name="clock", flags=flags)


def log_of(source: str) -> str:
    """Return the parser of a log that is named by its parser, its file, or the whole member."""
    name = source.rsplit("/", 1)[-1]
    return _LOG_OF.get(name, name)


def lane_name(host: str, source: str) -> Row:
    """Return what the lane of a host's log is called."""
    log = log_of(source)
    return host, _NAMES.get(log, log)


def lane_keys(report: Report) -> set[Row]:
    """Return (host, source) of all logs that were read, are lost, or have a point."""
    hosts = hosts_by_bundle(report)
    read = {(hosts.get(c.bundle, c.bundle), c.parser) for c in report.coverage if c.first}
    lost = {(hosts.get(e.bundle, e.bundle), e.source) for e in report.ledger if e.source in LOGS}
    return read | lost | {_lane_key(each) for each in report.happenings if each.what.is_line}


def _lane_key(event: Entry) -> tuple[str, str]:
    return event.host, log_of(event.lane)


def _lane_of_log(
    key: tuple[str, str],
    scale: Scale,
    *,
    bars: tuple[Bar, ...],
    holes: tuple[Bar, ...],
    events: Sequence[Entry],
    presence: Presence,
) -> Lane:
    host, source = key
    missing = "nothing of this time" if presence is Presence.PRESENT else presence.value
    return Lane(
        host=host,
        name=_NAMES.get(source, source),
        bars=bars,
        holes=holes,
        marks=marks_of(events, scale),
        missing="" if bars or events or source not in _NAMES else missing,
        log=source in _NAMES or bool(bars),
    )
