"""Sources of time of one bundle that cannot both be right.

Each is believed for what it tells best; what it says besides is compared with the others. Times
of files count only where they agree with each other: a copied file may have any time.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from analyzer.dating.years import Volume
from analyzer.dating.zone import Sighting
from analyzer.parsers._api import Stamp
from analyzer.parsers.scan.uptimes import tolerance
from analyzer.parsers.scan.wall import wall_time
from analyzer.values import dataclass

_COLLECTING = timedelta(hours=6)  # a report is made in minutes; a wedged host takes hours
_SKEWED = timedelta(minutes=5)
_LATE = timedelta(hours=1)
_ROUNDED = 90.0  # seconds: `uptime` shows minutes
_RECENT = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A time at which the report was made: host time, UTC or both, and what tells it."""

    local: Stamp | None
    utc: datetime | None
    kind: str

    @property
    def wall(self) -> datetime | None:
        """Return the host's wall time with its year, None where it is not told."""
        return wall_time(self.local, self.local.year) if self.local and self.local.year else None


def contradictions(
    captures: Sequence[Capture],
    uptime: float | None,
    volumes: Mapping[str, Volume],
    lines: Sequence[Sighting],
    files: Sequence[Sighting],
) -> tuple[str, ...]:
    """Return a sentence for each pair of sources that cannot both be right.

    ``uptime`` is that of the moment of capture, ``lines`` and ``files`` are the offsets that log
    lines and the times of files tell.
    """
    made = [(capture.wall, capture.kind) for capture in captures]
    walls = [(wall, kind) for wall, kind in made if wall is not None]
    # Name the logs with lines of after the report was made.
    of_lines: list[str] = []
    if walls:
        lines_made, lines_kind = max(walls)
        for member, volume in sorted(volumes.items()):
            last = volume.stats.last
            if last is None or not volume.settled or last.offset is not None:
                continue
            lines_wall = wall_time(last, last.year or volume.year(volume.stats.lines))
            if lines_wall is not None and lines_wall > lines_made + _LATE:
                of_lines.append(
                    f"{member} ends at {_shown_wall_time(lines_wall)}, after the report was made: "
                    f"{lines_kind} says {_shown_wall_time(lines_made)}"
                )
    return (
        *(
            f"{name} says that the report was made at {_shown_wall_time(first)} host time, "
            f"{captures_kind} says {_shown_wall_time(other)}"
            for (first, name), (other, captures_kind) in pairwise(walls)
            if not -_SKEWED <= other - first <= _COLLECTING
        ),
        *of_lines,
        *_of_offsets(walls, lines, files),
        *_of_uptimes(walls, uptime, volumes),
    )


def _of_offsets(
    walls: Sequence[tuple[datetime, str]], lines: Sequence[Sighting], files: Sequence[Sighting]
) -> Iterator[str]:
    """Compare the offsets of the last day; file times count if two of them agree."""
    if not lines or len(files) < 2:  # noqa: PLR2004  two that agree
        return
    told, shown = max(lines, key=lambda s: s.local), max(files, key=lambda s: s.local)
    near = abs(told.local - shown.local) <= _RECENT
    if near and told.minutes != shown.minutes and walls:
        yield (
            f"{told.kind} says that host time was {told.minutes:+} minutes from UTC, "
            f"the times of {len(files)} files say {shown.minutes:+}"
        )


def _of_uptimes(
    walls: Sequence[tuple[datetime, str]], uptime: float | None, volumes: Mapping[str, Volume]
) -> Iterator[str]:
    """Compare the uptime at the end of kern.log with that of the moment of capture."""
    last_uptimes: list[tuple[datetime, float, str]] = []
    for last_member, volume in volumes.items():
        for note in volume.stats.uptimes[-1:]:
            last_wall = wall_time(note.local, note.local.year or volume.year(note.line))
            if volume.settled and last_wall is not None and note.local.offset is None:
                last_uptimes.append((last_wall, note.seconds, last_member))
    last = max(last_uptimes, default=None, key=lambda end: end[0])
    if last is None or uptime is None or not walls:
        return
    (wall, seconds, member), (made, kind) = last, max(walls)
    passed = (made - wall).total_seconds()
    apart = passed - (uptime - seconds)
    if uptime >= seconds and abs(apart) > tolerance(passed) + _ROUNDED:
        yield (
            f"from the end of {member} to {kind} the clock went on by {_length_of(passed)} and the "
            f"uptime by {_length_of(uptime - seconds)}: the clock was set in between"
        )


def _shown_wall_time(wall: datetime) -> str:
    return f"{wall:%Y-%m-%d %H:%M:%S}"


def _length_of(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
