"""Where everything stands in the chart of clients over time; the template only writes it down.

One band a host: full is how many clients there were at least, hatched on top how many at most.
Time of which daemon.log was not read is hatched over its whole height: there nothing is known.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from analyzer.model.moment import Moment
from analyzer.model.nbd import CONNECTION_LIMIT
from analyzer.model.nbd_view import NbdHost, NbdRun, NbdView
from analyzer.model.report import Report
from analyzer.render.html.nbd_band import TALL, area, columns_of, height_of, peak_place, top_of
from analyzer.render.html.time_axis import (
    LEFT,
    RIGHT,
    WIDTH,
    Bar,
    Scale,
    Tick,
    around,
    coverage_by_log,
    covered_bars,
    ticks_of,
)
from analyzer.render.words.nbd_words import called, run_words
from analyzer.render.words.view import span, stamp
from analyzer.values import dataclass

# The runs of xapi-nbd below the chart of its clients: a bar each, with what was seen of it.


@dataclass(frozen=True, slots=True, kw_only=True)
class RunBar:
    """A run of xapi-nbd: from where to where, whether its ends were seen, and a crash."""

    x: float
    width: float
    start_seen: bool
    end_seen: bool
    crashed: bool
    title: str


def run_bars(runs: Sequence[NbdRun], scale: Scale, read: Sequence[Bar]) -> Iterable[RunBar]:
    """Yield a bar for each run that is dated; an end not seen lies where our knowledge ends."""
    first = min((bar.x for bar in read), default=float(LEFT))
    last = max((bar.x + bar.width for bar in read), default=float(WIDTH - RIGHT))
    for run in runs:
        begin, end = run.started or run.listening, run.ended
        known = [moment for moment in (begin, end) if moment is not None]
        if not known or not all(moment.year_known for moment in known):
            continue
        right = scale.x(end.at) if end else max(last, scale.x(known[0].at))
        left = scale.x(begin.at) if begin else min(first, right)
        pid = f" pid {run.pid}" if run.pid is not None else ""
        title_begin = run.started or run.listening
        told = (
            span(title_begin, run.ended)
            if title_begin and run.ended
            else stamp(title_begin or run.ended)
        )
        yield RunBar(
            x=left,
            width=max(round(right - left, 1), 1.0),
            start_seen=begin is not None,
            end_seen=end is not None,
            crashed=run.crashed is True,
            title=f"xapi-nbd{pid}, {told}: {run_words(run)}",
        )


TOP, RUNS, GAP = 26, 14, 26
MOST_CHARTS = 12
_MARGIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostChart:
    """The chart of one host; paths as SVG writes them, "" where there is nothing to draw.

    ``limit`` is the height of the limit, ``peak`` where the largest count stands, ``holes`` what
    was not read.
    """

    name: str
    y: int
    limit: float
    least: str
    most: str
    peak: tuple[float, float, str] | None
    full: bool
    holes: tuple[Bar, ...]
    runs: tuple[RunBar, ...]
    missing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientChart:
    """All hosts of a pool over one axis of time; ``undated`` counts changes without a year."""

    height: int
    hosts: tuple[HostChart, ...]
    ticks: tuple[Tick, ...]
    hosts_left_out: int
    undated: int


def client_chart(report: Report, view: NbdView) -> ClientChart | None:
    """Return the chart of a pool, None where no client and no run was seen."""
    served = [host for host in view.hosts if host.concurrency or host.runs]
    hosts = [host for host in view.hosts if host in served or host.unread] if served else []
    moments = [moment for host in hosts for moment in _moments_of_host(host)]
    bundles = {bundle for host in hosts for bundle in host.bundles}
    covered = [
        moment
        for row in report.coverage
        if row.parser == "daemon_log" and row.bundle in bundles
        for moment in (row.first, row.last)
        if moment is not None
    ]
    scale = around([*moments, *covered], _MARGIN)
    if scale is None:
        return None
    shown = hosts[:MOST_CHARTS]
    return ClientChart(
        height=TOP + len(shown) * (TALL + RUNS + GAP),
        hosts=tuple(_chart_of_host(report, scale, host, n) for n, host in enumerate(shown)),
        ticks=ticks_of(scale),
        hosts_left_out=len(hosts) - len(shown),
        undated=sum(not moment.year_known for moment in moments),
    )


def _moments_of_host(host: NbdHost) -> Iterator[Moment]:
    for clients in host.concurrency:
        yield from (moment for moment, _, _ in clients.points)
    for run in host.runs:
        yield from (m for m in (run.started, run.listening, run.ended) if m is not None)


def _chart_of_host(report: Report, scale: Scale, host: NbdHost, number: int) -> HostChart:
    y = TOP + number * (TALL + RUNS + GAP)
    read = coverage_by_log(report)
    bars = [
        bar
        for bundle in host.bundles
        for bar in covered_bars(
            read.get(
                (
                    next((host.name for host in report.hosts if host.bundle == bundle), bundle),
                    "daemon_log",
                ),
                (),
            ),
            scale,
        )
    ]
    least, most = columns_of(scale, host)
    top = top_of(least, most)
    if not bars:
        why_missing = "daemon.log was not read: nothing is known"
    else:
        why_missing = (
            "not all of daemon.log was read: there may be more clients" if host.unread else ""
        )
    return HostChart(
        name=called(host.host),
        y=y,
        limit=height_of(y, CONNECTION_LIMIT, top),
        least=area(least, y, top),
        most=area(most, y, top),
        peak=peak_place(least, y, top),
        full=max(least.values(), default=0) >= CONNECTION_LIMIT,
        holes=tuple(_holes_of_bars(bars)),
        runs=tuple(run_bars(host.runs, scale, bars)),
        missing=why_missing,
    )


def _holes_of_bars(bars: Iterable[Bar]) -> Iterator[Bar]:
    """Yield what no bar covers."""
    x = float(LEFT)
    title = "not read: nothing is known"
    for bar in sorted(bars, key=lambda bar: bar.x):
        if bar.x > x:
            yield Bar(x=x, width=round(bar.x - x, 1), title=title)
        x = max(x, bar.x + bar.width)
    if x < WIDTH - RIGHT:
        yield Bar(x=round(x, 1), width=round(WIDTH - RIGHT - x, 1), title=title)
