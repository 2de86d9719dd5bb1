"""Where the stamps of a log stand still for long, or jump back: its silences and its clock.

A chunk is halved until a piece spans less than the shortest silence that is told, and its middle
lies between its ends.
"""

import re
from bisect import bisect_left, bisect_right, insort
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from analyzer.parsers._api import Edge, Jump, Stamp
from analyzer.parsers.scan.halve import Chunk
from analyzer.parsers.scan.stamps import DAYS_BEFORE, Stamps, stamps_of
from analyzer.parsers.scan.syslog import MONTHS, split_head
from analyzer.parsers.scan.wall import JITTER
from analyzer.values import dataclass

SHORTEST = 300.0  # seconds; what is shorter is no silence
MOST = 256  # silences told, the longest
MOST_JUMPS = 1000
_PIECE = 16 * 1024
_HALF_A_YEAR = 180 * 86_400.0
_YEAR = 365 * 86_400.0
_HELD = 20  # lines behind a jump back that have to stay there

_QUICK = re.compile(
    rb"(?:\x00|\xef\xbb\xbf)*(?:<[0-9]{1,3}>)?"
    rb"(?:(?P<month>[A-Z][a-z]{2}) {1,2}(?P<day>[0-9]{1,2})|(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})T)"
    rb" ?(?P<h>[0-9]{2}):(?P<m>[0-9]{2}):(?P<s>[0-9]{2})(?:\.[0-9]{1,9})?"
    rb"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_MONTH_DAYS = {name.encode(): days for name, days in zip(MONTHS, DAYS_BEFORE, strict=True)}


@dataclass(frozen=True, slots=True)
class _Point:
    """A stamped line: where it begins, its time in seconds, and the style of its stamp.

    Times are compared within one style only; without a year they count from a nominal 1 January.
    """

    start: int
    seconds: float
    style: int


class _StampedChunk(Chunk[_Point]):
    """A chunk whose stamps are all known: it is halved without a look at its text."""

    def __init__(self, text: bytes, line: int, stamps: Stamps) -> None:
        super().__init__(text, line, _point_at_line)
        self._starts: list[int] = stamps.starts.tolist()
        self._seconds: list[float] = stamps.seconds.astype(float).tolist()
        self._style = stamps.style
        self._far: list[int] = np.cumsum(_far_apart(stamps)).tolist()

    def is_calm(self, first: _Point, last: _Point) -> bool:
        """Tell whether no neighbours between two lines are far apart."""
        one, other = (bisect_left(self._starts, point.start) for point in (first, last))
        return self._far[one] == self._far[other]

    def point(self, start: int) -> _Point | None:
        place = bisect_left(self._starts, start)
        return self._point_at(place) if place < len(self._starts) else None

    def before(self, end: int, behind: int) -> _Point | None:
        place = bisect_left(self._starts, end) - 1
        return self._point_at(place) if self._starts[place] > behind else None

    def middle(self, first: _Point, last: _Point) -> _Point | None:
        place = bisect_right(self._starts, first.start)
        start = self._starts[place]
        if start == last.start:
            return None
        return self._point_at(max(place, bisect_right(self._starts, (start + last.start) // 2) - 1))

    def _point_at(self, place: int) -> _Point:
        return _Point(self._starts[place], self._seconds[place], self._style)


def _far_apart(stamps: Stamps) -> npt.NDArray[np.bool_]:
    """Tell of each line whether it is far from the one before it."""
    steps = np.diff(stamps.seconds, prepend=stamps.seconds[:1])
    return (steps < -JITTER) | (steps >= SHORTEST)


class Rhythm:
    """The longest silences of one member, and the places where its stamps go back.

    ``places`` are offsets in the chunk that was read last: the lines behind what was found in it.
    Not `quick` it halves what is calm, too, reads what it needs, and finds the same.
    """

    def __init__(self, *, quick: bool = True) -> None:
        self._quick = quick
        self.places: list[int] = []
        self._silences: list[tuple[float, int, Jump]] = []
        self._jumps: list[Jump] = []
        self._first: Edge | None = None
        self._last: tuple[_Point, Edge] | None = None
        self._chunk = Chunk(b"", 1, _point_at_line)

    @property
    def silences(self) -> tuple[Jump, ...]:
        """Return the longest silences in the order of lines."""
        return tuple(sorted((jump for _, _, jump in self._silences), key=lambda jump: jump.line))

    @property
    def edges(self) -> tuple[Edge, Edge] | None:
        """Return the first and the last line with a stamp, None without any."""
        return (self._first, self._last[1]) if self._first and self._last else None

    @property
    def jumps(self) -> tuple[Jump, ...]:
        """Return the places where the stamps go back, in the order of lines."""
        return tuple(sorted(self._jumps, key=lambda jump: jump.line))

    def lines_before(self, place: int) -> int:
        """Return how many lines of the chunk that was read last end before a place."""
        return self._chunk.lines_before(place)

    def read(self, text: bytes, line: int) -> None:
        """Look at a chunk of whole lines; ``line`` is the number of its first."""
        self._chunk = Chunk(text, line, _point_at_line)
        self.places = []
        stamps = stamps_of(text) if self._quick else None
        if stamps is not None:
            if self._is_calm(stamps):
                return
            self._chunk = _StampedChunk(text, line, stamps)
        first = self._chunk.point(0)
        if first is None:
            return
        self._first = self._first or self._edge_at_point(first)
        if self._last is not None:
            self._compare_points(*self._last, first)
        before = first
        for place in (*range(_PIECE, len(text), _PIECE), len(text)):
            point = self._chunk.before(place, before.start)
            if point is not None:
                self._search_between(before, point)
                before = point
        self._last = (before, self._edge_at_point(before))

    def _is_calm(self, stamps: Stamps) -> bool:
        """Pass over a chunk in which no neighbours are far apart; False if there may be any."""
        if _far_apart(stamps).any():
            return False
        first, last = (
            _Point(int(stamps.starts[place]), float(stamps.seconds[place]), stamps.style)
            for place in (0, -1)
        )
        if self._last is not None:
            apart = _seconds_apart(self._last[0], first)
            if apart is None or not -JITTER <= apart < SHORTEST:
                return False
        self._first = self._first or self._edge_at_point(first)
        self._last = (last, self._edge_at_point(last))
        return True

    def _search_between(self, first: _Point, last: _Point) -> None:
        """Halve a piece until nothing can hide in it."""
        if isinstance(self._chunk, _StampedChunk) and self._chunk.is_calm(first, last):
            return
        middle = self._chunk.middle(first, last)
        if middle is None:
            self._compare_points(first, None, last)
            return
        apart = _seconds_apart(first, last)
        inside = apart is not None and 0 <= (_seconds_apart(first, middle) or 0.0) <= apart
        if inside and apart is not None and apart < SHORTEST:
            return
        self._search_between(first, middle)
        self._search_between(middle, last)

    def _compare_points(self, first: _Point, seen: Edge | None, last: _Point) -> None:
        apart = _seconds_apart(first, last)
        if apart is None or -JITTER <= apart < SHORTEST:
            return
        if apart > 0 and len(self._silences) >= MOST and apart <= self._silences[0][0]:
            return
        before, after = seen or self._edge_at_point(first), self._edge_at_point(last)
        jump = Jump(
            line=after.line,
            before=before.stamp,
            after=after.stamp,
            seconds=apart,
            before_line=before.line,
            before_text=before.text,
            after_text=after.text,
            held=apart > 0 or self._jump_back_holds(first, last),
        )
        self.places.append(last.start)
        if apart < 0:
            self._jumps = [*self._jumps, jump][:MOST_JUMPS]
            return
        insort(self._silences, (apart, -jump.line, jump), key=lambda entry: entry[:2])
        del self._silences[:-MOST]

    def _jump_back_holds(self, first: _Point, last: _Point) -> bool:
        """Tell whether the lines behind a jump back go on from there, as far as they are here.

        Lines that were only written late are followed by one that is as far on as they are back.
        """
        before = last
        for _ in range(_HELD):
            start = self._chunk.text.index(b"\n", before.start) + 1
            point = self._chunk.point(start)
            if point is None:
                return True
            back, onward = _seconds_apart(first, point), _seconds_apart(before, point)
            if back is not None and onward is not None and back >= -JITTER:
                return onward < abs(_seconds_apart(first, last) or 0.0) / 2
            before = point
        return True

    def _edge_at_point(self, point: _Point) -> Edge:
        text = self._chunk.quote(point)
        head = split_head(f"{text} ")
        stamp = head[0] if head else Stamp(month=1, day=1, hour=0, minute=0, second=0)
        return Edge(line=self._chunk.line(point), stamp=stamp, text=text)


def _point_at_line(text: bytes, start: int) -> _Point | None:
    found = _QUICK.match(text, start)
    time = _time_and_style(found) if found else None
    return _Point(start, *time) if time else None


def _time_and_style(found: re.Match[bytes]) -> tuple[float, int] | None:
    """Return (seconds, style) of a stamp, None for a day that does not exist."""
    month, day, date, hour, minute, second, zone = found.groups()
    of_day = int(hour) * 3600.0 + int(minute) * 60 + int(second)
    if month is not None:
        days = _MONTH_DAYS.get(month)
        return None if days is None else ((days + int(day)) * 86_400.0 + of_day, 0)
    try:
        midnight = datetime.fromisoformat(date.decode()).replace(tzinfo=UTC)
    except ValueError:
        return None
    if zone is None or zone == b"Z":
        seconds_of_offset = 0.0
    else:
        size = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:])).total_seconds()
        seconds_of_offset = -size if zone[:1] == b"-" else size
    return midnight.timestamp() + of_day - seconds_of_offset, 2 if zone else 1


def _seconds_apart(first: _Point, last: _Point) -> float | None:
    """Return the seconds from one to the other; None for stamps of two styles.

    Without years December to January is onward.
    """
    if first.style != last.style:
        return None
    apart = last.seconds - first.seconds
    if first.style == 0 and apart < -_HALF_A_YEAR:
        return apart + _YEAR + 86_400.0
    return apart
