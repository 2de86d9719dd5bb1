"""Where a log's uptimes and its stamps do not agree: a clock that was set, or a boot.

The kernel counts the seconds since its boot with a clock that nobody sets. A stretch in which
uptime and stamps go on by the same amount holds neither; the others are halved.
"""

from collections.abc import Callable

from analyzer.parsers._api import Stamp, Uptime
from analyzer.parsers.scan.halve import Chunk
from analyzer.parsers.scan.syslog import split_head, split_tag
from analyzer.parsers.scan.wall import nearest_wall_time, wall_time
from analyzer.values import dataclass

STEADY = 10.0  # seconds by which lines are handed in late, or clocks are slewed, unnoticed
DRIFT = 2e-4  # of the kernel's clock against one that is held right, generously
_MOST = 1000  # places told
_TRIED = 20_000  # lines looked at, against a log without any sense
_LEAP_YEAR = 2000


@dataclass(frozen=True, slots=True)
class _Point:
    start: int
    stamp: Stamp
    seconds: float


class Uptimes:
    """Collects the uptimes of one member that its clock is judged by."""

    def __init__(self, uptime: Callable[[str], float | None]) -> None:
        self._uptime = uptime
        self._notes: dict[int, Uptime] = {}
        self._last: Uptime | None = None
        self._tried = 0
        self._chunk = Chunk(b"", 1, self._point_at_line)

    @property
    def notes(self) -> tuple[Uptime, ...]:
        """Return what was noted, in the order of lines."""
        last = () if self._last is None else ((self._last.line, self._last),)
        return tuple(note for _, note in sorted({**self._notes, **dict(last)}.items()))

    def read(self, text: bytes, line: int) -> None:
        """Look at a chunk of whole lines; ``line`` is the number of its first."""
        self._chunk = Chunk(text, line, self._point_at_line)
        first = self._chunk.point(0)
        if first is None:
            return
        noted = self._uptime_at_point(first)
        if self._last is None:
            self._keep_note(noted)
        elif not _stamps_agree(self._last.local, self._last.seconds, noted.local, noted.seconds):
            self._keep_note(self._last)
            self._keep_note(noted)
        final = self._chunk.before(len(text), first.start)
        if final is not None:
            self._search_between(first, final)
        self._last = self._uptime_at_point(final or first)

    def _search_between(self, first: _Point, last: _Point) -> None:
        if self._tried >= _TRIED or len(self._notes) >= 2 * _MOST:
            return
        if _stamps_agree(first.stamp, first.seconds, last.stamp, last.seconds):
            return
        middle = self._chunk.middle(first, last)
        if middle is None:
            self._keep_note(self._uptime_at_point(first))
            self._keep_note(self._uptime_at_point(last))
            return
        self._search_between(first, middle)
        self._search_between(middle, last)

    def _keep_note(self, note: Uptime) -> None:
        self._notes[note.line] = note

    def _uptime_at_point(self, point: _Point) -> Uptime:
        return Uptime(
            line=self._chunk.line(point),
            local=point.stamp,
            seconds=point.seconds,
            text=self._chunk.quote(point),
        )

    def _point_at_line(self, text: bytes, start: int) -> _Point | None:
        self._tried += 1
        line = text[start : text.index(b"\n", start)].decode(errors="replace")
        head = split_head(line)
        tagged = split_tag(head[2]) if head else None
        seconds = self._uptime(tagged[2]) if tagged else None
        return _Point(start, head[0], seconds) if head and seconds is not None else None


def tolerance(seconds: float) -> float:
    """Return by how much uptime and stamps may differ after so many seconds.

    >>> tolerance(0.0)
    10.0
    """
    return STEADY + DRIFT * abs(seconds)


def _stamps_agree(old: Stamp, old_seconds: float, new: Stamp, new_seconds: float) -> bool:
    """Tell whether stamps and uptimes go on by the same amount; the year is a nominal one."""
    start = wall_time(old, old.year or _LEAP_YEAR)
    end = nearest_wall_time(new, start) if start else None
    walls = (start, end) if start and end else None
    if walls is None:
        return True
    wall = (walls[1] - walls[0]).total_seconds()
    up = new_seconds - old_seconds
    return abs(wall - up) <= tolerance(up)
