"""Readings of a wall clock as values one can calculate with.

A wall time is a datetime that is marked UTC and means host local time: what the clock on the
wall showed. Only `analyzer.parsers._zone` turns it into an instant.
"""

from datetime import UTC, datetime, timedelta

from analyzer.parsers._api import Stamp

YEARS = (1000, 3000)


def wall_time(stamp: Stamp, year: int) -> datetime | None:
    """Return what the clock showed, None for a day that the year does not have.

    A leap second is the end of its minute.
    """
    if not YEARS[0] <= year <= YEARS[1]:
        return None
    leap = stamp.second == 60  # noqa: PLR2004  a leap second
    try:
        start = datetime(year, stamp.month, stamp.day, stamp.hour, stamp.minute, tzinfo=UTC)
    except ValueError:
        return None
    second = 59 if leap else stamp.second
    return start + timedelta(seconds=second, microseconds=stamp.microsecond)


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
