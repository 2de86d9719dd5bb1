"""The axis of time that all drawings share: where an instant stands, what was read, the ticks."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from analyzer.model.moment import Moment
from analyzer.model.report import Coverage, Report
from analyzer.model.terms import EPOCH
from analyzer.render.words.view import iso_time, span
from analyzer.values import dataclass

WIDTH, LEFT, RIGHT = 1180, 190, 16
TICKS = 9
_ROTATED = re.compile(r"\.(\d{1,4})(?:\.(?:gz|bz2|xz))?$")
_STEPS = tuple(
    timedelta(seconds=seconds)
    for seconds in (1, 5, 15, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
) + tuple(timedelta(days=days) for days in (1, 2, 7, 14, 30, 91, 365, 3650, 36500, 365_000))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """The part of a lane that one member covers."""

    x: float
    width: float
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A line of the time axis; ``at`` is its time in ISO 8601."""

    x: float
    label: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The time from one edge of a drawing to the other."""

    start: datetime
    end: datetime

    def x(self, time: datetime) -> float:
        """Return the place of a time, held inside the drawing."""
        part = (time - self.start) / (self.end - self.start)
        return round(LEFT + min(max(part, 0.0), 1.0) * (WIDTH - LEFT - RIGHT), 1)

    def shows(self, first: datetime, last: datetime) -> bool:
        """Tell whether any of a range lies inside the drawing."""
        return first <= self.end and last >= self.start


def around(moments: Iterable[Moment], least_margin: timedelta) -> Scale | None:
    """Return a scale that holds all moments whose year is known, None if there is none."""
    times = [moment.at for moment in moments if moment.year_known]
    if not times:
        return None
    first, last = min(times), max(times)
    margin = max((last - first) / 24, least_margin)
    return Scale(start=_shifted_by(first, -margin), end=_shifted_by(last, margin))


def _shifted_by(time: datetime, by: timedelta) -> datetime:
    try:
        return time + by
    except OverflowError:
        return time


def coverage_by_log(report: Report) -> Mapping[tuple[str, str], tuple[Coverage, ...]]:
    """Return (name of the host, parser) → what was read of that log's members."""
    hosts = hosts_by_bundle(report)
    found: dict[tuple[str, str], list[Coverage]] = {}
    for entry in report.coverage:
        found.setdefault((hosts.get(entry.bundle, entry.bundle), entry.parser), []).append(entry)
    return {key: tuple(entries) for key, entries in found.items()}


def covered_bars(coverage: Iterable[Coverage], scale: Scale) -> Iterable[Bar]:
    """Yield what the members of one host's log cover."""
    for entry, first, last in spans_of(coverage):
        if scale.shows(first.at, last.at):
            x = scale.x(first.at)
            width = max(round(scale.x(last.at) - x, 1), 1.0)
            yield Bar(x=x, width=width, title=f"{entry.member}: {span(first, last)}")


def spans_of(coverage: Iterable[Coverage]) -> Iterable[tuple[Coverage, Moment, Moment]]:
    """Yield what each member covers: a rotated one until the next newer one begins."""
    own = {(entry.bundle, _rotation_of(entry.member)): entry for entry in coverage}
    for (bundle, rotation), entry in own.items():
        first, last = entry.first, entry.last
        if not first or not last or not first.year_known or not last.year_known:
            continue
        newer = own.get((bundle, rotation - 1))
        if newer and newer.first and newer.first.year_known and newer.first.at > last.at:
            last = newer.first
        yield entry, first, last


def _rotation_of(member: str) -> int:
    number = _ROTATED.search(member)
    return int(number[1]) if number else 0


def ticks_of(scale: Scale) -> tuple[Tick, ...]:
    """Return the lines of an axis, at round times."""
    length = scale.end - scale.start
    step = next((step for step in _STEPS if length / step <= TICKS), _STEPS[-1])
    first, last = -((EPOCH - scale.start) // step), (scale.end - EPOCH) // step
    times = [EPOCH + number * step for number in range(first, last + 1)]
    return tuple(
        Tick(
            x=scale.x(time),
            label=_axis_label(time, step, first=number == 0),
            at=iso_time(time),
        )
        for number, time in enumerate(times)
    )


def with_a_day(ticks: Iterable[Tick]) -> tuple[Tick, ...]:
    """Return some lines of an axis, the day on the first one if it has a time only."""
    kept = tuple(ticks)
    if not kept or " " in kept[0].label:
        return kept
    day = datetime.fromisoformat(kept[0].at)
    return (replace(kept[0], label=f"{day.day} {day:%b} {kept[0].label}"), *kept[1:])


def _axis_label(time: datetime, step: timedelta, *, first: bool) -> str:
    day, clock = f"{time.day} {time:%b}", time.time().isoformat("seconds")
    if step >= timedelta(days=1):
        return f"{day} {time.year}" if first or step >= timedelta(days=91) else day
    short = clock if step < timedelta(minutes=1) else clock[:5]
    return f"{day} {short}" if first or clock == "00:00:00" else short


def hosts_by_bundle(report: Report) -> Mapping[str, str]:
    """Return the name of the host that each bundle is from."""
    return {host.bundle: host.name for host in report.hosts}
