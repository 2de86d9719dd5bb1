"""Where everything stands in the timeline's drawing; the template only writes it down.

A lane is a host's source. What its members cover is a bar, what no bar covers stays hatched;
a finding's evidence is a mark with a letter, anything else a tick, and a time in doubt has a
whisker over its whole range.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from analyzer.model.report import Presence, Report, TimelineEvent
from analyzer.render.time_axis import (
    WIDTH,
    Bar,
    Scale,
    Tick,
    around,
    covered_bars,
    hosts_by_bundle,
    ticks_of,
)
from analyzer.render.view import stamp

TOP, ROW, FOOT = 26, 26, 6
LABEL_CHARACTERS, CHARACTER = 42, 6.3
NEAR = 9.0  # marks of one kind that are nearer than this are drawn as one
SCENE = timedelta(minutes=15)  # what is shown at least before and after the findings
FOCUS = 4  # a second, closer drawing is made if the findings fill less than this part
LOGS: Mapping[str, str] = {
    "smlog": "SMlog",
    "xensource_log": "xensource.log",
    "audit_log": "audit.log",
    "daemon_log": "daemon.log",
    "kern_log": "kern.log",
    "user_log": "user.log",
}
_LOG_OF = {name: source for source, name in LOGS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One point, or several that fall together (``count``); ``label`` is "" without room."""

    x: float
    whisker: tuple[float, float] | None
    kind: str
    letter: str
    title: str
    label: str
    label_x: float
    finding: str | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One row: a source of a host.

    ``log`` is True for a source that runs through time, so that where no bar is nothing was
    read; ``missing`` says why it has neither bar nor mark, "" if it has.
    """

    host: str
    name: str
    y: int
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    missing: str
    log: bool


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
        [*covered, *(event.moment for event in report.timeline)], timedelta(minutes=1)
    )
    if everything is None:
        return ()
    close = around([e.moment for e in report.timeline if e.finding], SCENE)
    pages = [_drawing(report, everything, "all", "Everything that was read")]
    if close and (close.end - close.start) * FOCUS < everything.end - everything.start:
        pages.insert(0, _drawing(report, close, "close", "Around the findings"))
    return tuple(pages)


def undated(report: Report) -> int:
    """Return how many events cannot be drawn because their year is unknown."""
    return sum(not event.moment.year_known for event in report.timeline)


def _drawing(report: Report, scale: Scale, name: str, title: str) -> Drawing:
    events: dict[tuple[str, str], list[TimelineEvent]] = {}
    for event in report.timeline:
        if event.moment.year_known:
            events.setdefault(_lane_key(event), []).append(event)
    lanes = tuple(
        _lane(report, scale, key, events.get(key, []), TOP + number * ROW)
        for number, key in enumerate(sorted(_lane_keys(report)))
    )
    return Drawing(
        name=name,
        title=title,
        height=TOP + len(lanes) * ROW + FOOT,
        lanes=lanes,
        ticks=ticks_of(scale),
    )


def _lane_keys(report: Report) -> set[tuple[str, str]]:
    hosts = hosts_by_bundle(report)
    read = {(hosts.get(c.bundle, c.bundle), c.parser) for c in report.coverage if c.first}
    lost = {(hosts.get(e.bundle, e.bundle), e.source) for e in report.ledger if e.source in LOGS}
    return read | lost | {_lane_key(event) for event in report.timeline}


def _lane_key(event: TimelineEvent) -> tuple[str, str]:
    """Return host and source; an event may name the parser, the log, or the whole member."""
    name = event.lane.rsplit("/", 1)[-1]
    return event.host, _LOG_OF.get(name, name)


def _lane(
    report: Report, scale: Scale, key: tuple[str, str], events: list[TimelineEvent], y: int
) -> Lane:
    host, source = key
    bars = tuple(covered_bars(report, scale, key))
    return Lane(
        host=host,
        name=LOGS.get(source, source),
        y=y,
        bars=bars,
        marks=_marks(events, scale),
        missing="" if bars or events or source not in LOGS else _why_missing(report, key),
        log=source in LOGS or bool(bars),
    )


def _why_missing(report: Report, key: tuple[str, str]) -> str:
    hosts = hosts_by_bundle(report)
    fates = (e.presence for e in report.ledger if (hosts.get(e.bundle, e.bundle), e.source) == key)
    presence = next(fates, Presence.PRESENT)
    return "nothing of this time" if presence is Presence.PRESENT else presence.value


def _marks(events: list[TimelineEvent], scale: Scale) -> tuple[Mark, ...]:
    groups: dict[tuple[str, int], list[TimelineEvent]] = {}
    for event in events:
        if scale.shows(event.moment.earliest, event.moment.latest):
            place = int(scale.x(event.moment.at) // NEAR)
            groups.setdefault((_kind(event), place), []).append(event)
    marks = sorted((_mark(group, scale) for group in groups.values()), key=lambda m: m.x)
    ends = [mark.x - NEAR for mark in marks[1:]] + [float(WIDTH)]
    return tuple(_labelled(mark, end) for mark, end in zip(marks, ends[: len(marks)], strict=True))


def _kind(event: TimelineEvent) -> str:
    return event.severity.value if event.severity else "context"


def _mark(group: list[TimelineEvent], scale: Scale) -> Mark:
    first = group[0]
    moment, kind = first.moment, _kind(first)
    whisker = (scale.x(moment.earliest), scale.x(moment.latest))
    more = f" (and {len(group) - 1} more here)" if len(group) > 1 else ""
    return Mark(
        x=scale.x(moment.at),
        whisker=whisker if whisker[1] - whisker[0] > NEAR else None,
        kind=kind,
        letter="" if kind == "context" else kind[0].upper(),
        title=f"{stamp(moment)} {first.label} [{first.source}]{more}",
        label=first.label + (f" \N{MULTIPLICATION SIGN}{len(group)}" if len(group) > 1 else ""),
        label_x=0.0,
        finding=first.finding,
        count=len(group),
    )


def _labelled(mark: Mark, end: float) -> Mark:
    begin = max(mark.x, mark.whisker[1] if mark.whisker else 0.0) + 12
    label = mark.label if len(mark.label) <= LABEL_CHARACTERS else mark.label[:40] + "…"
    fits = begin + len(label) * CHARACTER <= end
    return replace(mark, label=label if fits else "", label_x=round(begin, 1))
