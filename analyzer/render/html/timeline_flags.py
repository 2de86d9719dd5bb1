"""What the timeline draws of time itself: jumps of clocks, holes, how much was kept by the hour.

What has no year is not drawn; the table under the drawing has it.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from math import log1p
from types import MappingProxyType
from typing import TypeAlias

from analyzer.model.clock import ClockChange, ClockChangeKind
from analyzer.model.entry import Entry, EntryKind
from analyzer.model.report import Report
from analyzer.render.html.time_axis import Bar, Scale
from analyzer.render.words.view import counted, cut, span, stamp
from analyzer.values import dataclass

STRIP = 18  # height of the strip of density
_NEAR, _LEAST = 9.0, 3.0
_HOUR = timedelta(hours=1)
_LETTERS: Mapping[ClockChangeKind, str] = MappingProxyType(
    {
        ClockChangeKind.BACK: "\N{MINUS SIGN}",
        ClockChangeKind.FORWARD: "+",
        ClockChangeKind.SUMMER_TIME: "S",
        ClockChangeKind.ZONE: "Z",
        ClockChangeKind.REBOOT: "R",
    }
)
Row: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A boot or a jump of a clock, with the range it lies in where that is wide."""

    x: float
    whisker: tuple[float, float] | None
    letter: str
    title: str
    count: int = 1


def flag_rows(report: Report, scale: Scale) -> dict[str, tuple[Flag, ...]]:
    """Return host → boots and jumps of its clock, those of a kind that fall together as one."""
    found: dict[str, dict[tuple[str, int], list[ClockChange]]] = {}
    for clock in report.clocks:
        for change in clock.changes:
            at = change.at
            if at.year_known and scale.shows(at.earliest, at.latest):
                place = _LETTERS[change.kind], int(scale.x(at.at) // (2 * _NEAR))
                found.setdefault(clock.host, {}).setdefault(place, []).append(change)
    return {
        host: tuple(
            sorted((_flag_of_changes(own, scale) for own in groups.values()), key=lambda f: f.x)
        )
        for host, groups in sorted(found.items())
    }


def _flag_of_changes(changes: Sequence[ClockChange], scale: Scale) -> Flag:
    first = changes[0]
    ends = scale.x(first.at.earliest), scale.x(first.at.latest)
    more = f" (and {len(changes) - 1} more here)" if len(changes) > 1 else ""
    return Flag(
        x=scale.x(first.at.at),
        whisker=ends if ends[1] - ends[0] > _NEAR else None,
        letter=_LETTERS[first.kind],
        title=f"{change_words(first)}: {stamp(first.at)}; {first.confidence}{more}",
        count=len(changes),
    )


def change_words(change: ClockChange) -> str:
    """Say what a clock did, and by how much."""
    return f"{change.kind}{change.by}"


def hole_bars(report: Report, scale: Scale) -> dict[Row, tuple[Bar, ...]]:
    """Return (host, source) → what was not read of it, as far as it is known when."""
    found: dict[Row, list[Bar]] = {}
    for hole in (each for each in report.happenings if each.what is EntryKind.HOLE):
        first, last = hole.moment, hole.until or hole.moment
        known = first.year_known and last.year_known and first.at <= last.at
        if known and scale.shows(first.at, last.at):
            x = scale.x(first.at)
            bar = Bar(
                x=x,
                width=max(round(scale.x(last.at) - x, 1), _LEAST),
                title=f"{hole_words(hole)}: {span(first, last)}",
            )
            found.setdefault((hole.host, hole.lane), []).append(bar)
    return {row: tuple(bars) for row, bars in found.items()}


def hole_words(hole: Entry) -> str:
    """Say why nothing was read, and what was expected."""
    return f"{hole.title} ({cut(hole.message, 200)})" if hole.message else hole.title


def strips(report: Report, scale: Scale) -> dict[str, tuple[str, str]]:
    """Return host → (path of the strip at height 0, title): lines an hour, a logarithmic scale."""
    most = max((hour.lines for hour in report.hours), default=0)
    columns: dict[str, dict[tuple[float, float], int]] = {}
    for hour in report.hours:
        end = hour.hour + _HOUR
        if scale.shows(hour.hour, end):
            place = scale.x(hour.hour), max(scale.x(end), scale.x(hour.hour) + 1)
            own = columns.setdefault(hour.host, {})
            own[place] = max(own.get(place, 0), hour.lines)
    return {
        host: (
            _path_of_columns(own, most),
            f"{counted(max(own.values()), 'line')} kept in the fullest hour; logarithmic",
        )
        for host, own in sorted(columns.items())
    }


def _path_of_columns(columns: Mapping[tuple[float, float], int], most: int) -> str:
    pieces = []
    for (first, last), lines in sorted(columns.items()):
        height = max(round(STRIP * log1p(lines) / log1p(most), 1), 1.0)
        pieces.append(f"M{first:g} {STRIP}v{-height:g}H{last:g}V{STRIP}z")
    return "".join(pieces)
