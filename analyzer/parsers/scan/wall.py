"""Readings of a wall clock as values one can calculate with.

A wall time is a datetime that is marked UTC and means host local time: what the clock on the
wall showed. Only `analyzer.parsers._zone` turns it into an instant.
"""

from datetime import UTC, datetime

from analyzer.parsers._api import Stamp
from analyzer.values import dataclass

YEARS = (1000, 3000)
JITTER = 10.0  # seconds; programs hand in their lines a little late


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line of a log: of files of one ``family`` the one with the higher rotation is older."""

    member: str
    line: int
    family: str = ""
    rotation: int = 0

    @property
    def in_family(self) -> tuple[int, int]:
        """Return what puts the lines of one family in the order in which they were written."""
        return -self.rotation, self.line


NOWHERE = Place(member="", line=0)


def wall_time(stamp: Stamp, year: int) -> datetime | None:
    """Return what the clock showed, None for a day that the year does not have.

    A leap second is the end of its minute.
    """
    if not YEARS[0] <= year <= YEARS[1]:
        return None
    day = (year, stamp.month, stamp.day)
    second = min(stamp.second, 59)
    try:
        return datetime(*day, stamp.hour, stamp.minute, second, stamp.microsecond, tzinfo=UTC)
    except ValueError:
        return None


def nearest_wall_time(stamp: Stamp, to: datetime) -> datetime | None:
    """Return the reading in its own year, else in the year that brings it nearest to `to`."""
    if stamp.year is not None:
        return wall_time(stamp, stamp.year)
    readings = (wall_time(stamp, to.year + step) for step in (-1, 0, 1))
    return min((r for r in readings if r), key=lambda r: abs(r - to), default=None)


def month_turn(old: Stamp, new: Stamp) -> int:
    """Return by how many years the date goes on (or back) from one line to the next.

    With years on both the difference; else by months: up to nine months on is onward, ten and
    eleven are one or two back.
    """
    if old.year is not None and new.year is not None:
        return new.year - old.year
    onward = (new.month - old.month) % 12 <= 9  # noqa: PLR2004  the rule in the docstring
    if onward:
        return 1 if new.month < old.month else 0
    return -1 if new.month > old.month else 0
