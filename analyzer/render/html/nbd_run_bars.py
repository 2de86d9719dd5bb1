"""The runs of xapi-nbd below the chart of its clients: a bar each, with what was seen of it."""

from collections.abc import Iterable, Sequence

from analyzer.model.nbd_view import NbdRun
from analyzer.render.html.time_axis import LEFT, RIGHT, WIDTH, Bar, Scale
from analyzer.render.words.nbd_words import run_words
from analyzer.render.words.view import span, stamp
from analyzer.values import dataclass


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
        yield RunBar(
            x=left,
            width=max(round(right - left, 1), 1.0),
            start_seen=begin is not None,
            end_seen=end is not None,
            crashed=run.crashed is True,
            title=_title_of_run(run),
        )


def _title_of_run(run: NbdRun) -> str:
    pid = f" pid {run.pid}" if run.pid is not None else ""
    begin = run.started or run.listening
    told = span(begin, run.ended) if begin and run.ended else stamp(begin or run.ended)
    return f"xapi-nbd{pid}, {told}: {run_words(run)}"
