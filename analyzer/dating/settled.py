"""What is known of a clock once all is read, as a value; it dates the lines of its bundle.

A case file keeps it, so that a line that was not kept is dated as it would have been.
"""

import sys
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from analyzer.dating.change import Change
from analyzer.dating.instants import Instants, Lead, Reach
from analyzer.dating.years import TOLERANCE, Limit, Years
from analyzer.dating.zone import Sighting
from analyzer.model.moment import NO_DATE, Moment
from analyzer.parsers._api import Stamp
from analyzer.parsers.scan.wall import NOWHERE, YEARS, Place, wall_time
from analyzer.values import dataclass

SECOND = timedelta(microseconds=999_999)  # a stamp of whole seconds means all of its second
_HOUR = timedelta(hours=1)
_OWN_YEAR = "its own year"
_REMEMBERED = 8192  # moments: neighbouring lines share their second
_ANY_TIME = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2170, 1, 1, tzinfo=UTC))
_UNDATED = Moment(at=_ANY_TIME[0], earliest=_ANY_TIME[0], latest=_ANY_TIME[1], dated_by=NO_DATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedFile:
    """A log file; ``years`` are None where nothing settles them, ``undated`` have no date."""

    family: str
    rotation: int
    years: Years | None
    undated: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A clock. ``files`` are by member; ``captured`` is when the bundle was made, as it showed."""

    files: Mapping[str, DatedFile]
    sightings: tuple[Sighting, ...] = ()
    changes: tuple[Change, ...] = ()
    leads: tuple[Lead, ...] = ()
    limit: Limit | None = None
    captured: Limit | None = None
    captured_at: Moment | None = None


class LineDates:
    """Dates the lines of one bundle by its clock."""

    def __init__(self, settled: Settled, instants: Instants | None = None) -> None:
        self.settled = settled
        self._files = settled.files
        self._instants = instants or Instants(settled.sightings, settled.changes, settled.leads)
        self._moments: dict[tuple[object, ...], Moment] = {}
        self._hours: dict[tuple[object, ...], Moment | None] = {}
        self._undated: dict[str, list[int]] = {}  # by member, in order

    def moment(self, member: str, line: int, stamp: Stamp) -> Moment:
        """Return the instant of a line's stamp.

        For a member that was not added the year is the last one that is not in the future.
        """
        file = self._files.get(member)
        undated = file is not None and line in file.undated
        return _UNDATED if undated else self._of_line(file, member, line, stamp)

    def _of_line(self, file: DatedFile | None, member: str, line: int, stamp: Stamp) -> Moment:
        place = NOWHERE
        if file is not None and self._instants.by_place:
            place = _place_in(file, member, line)
        if stamp.year is not None:
            # Put in doubt what lies behind the time at which the bundle was made. A line cannot be
            # younger than the report that holds it: one of two clocks was wrong.
            moment = self._moment_dated_by(stamp, stamp.year, _OWN_YEAR, place)
            captured = self.settled.captured_at
            if captured is None or moment.earliest <= captured.latest + TOLERANCE:
                return moment
            return _moment_of_either(moment, captured)
        years, limit = file.years if file is not None else None, self.settled.limit
        if years is None:
            if limit is None:
                return self._moment_of_unknown_year(stamp, _ANY_TIME[0].year)
            latest = limit.wall
            walls = ((each, wall_time(stamp, each)) for each in range(latest.year + 1, 0, -1))
            moment_past = (each for each, wall in walls if wall and wall <= latest + TOLERANCE)
            return self._moment_dated_by(
                stamp, next(moment_past, latest.year), limit.told_by, NOWHERE
            )
        year = years.year(line)
        if not years.known:
            return self._moment_of_unknown_year(stamp, year)
        likely = self._moment_dated_by(stamp, year, years.how, place)
        if years.in_doubt(line):
            return _moment_of_either(
                likely, self._moment_dated_by(stamp, year + 1, years.how, place)
            )
        past = self._year_of_the_past(stamp, year)
        if past == year:
            return likely
        return _moment_of_either(likely, self._moment_dated_by(stamp, past, years.how, place))

    def hour(self, member: str, stamp: Stamp, first: int, last: int) -> Moment | None:
        """Return the moment of the first second of a stamp's hour, for lines of that hour.

        Each of them, from the ``first`` to the ``last``, is as much later as its stamp says. None
        where that is not certain: there each line is dated by itself. All of them have the year and
        the offset of the stamp, and a fraction if it has one.
        """
        file = self._files.get(member)
        if file is None or self._has_undated(member, file, first, last):
            return None
        year, how = stamp.year, _OWN_YEAR
        if year is None and file.years is not None:
            year, how = file.years.only_year(first, last), file.years.how
        place, end = (_place_in(file, member, line) for line in (first, last))
        sides = self._instants.sides(place)
        if year is None or sides != self._instants.sides(end):
            return None
        key = (member, year, *stamp[:3], *stamp[6:], not stamp.microsecond, sides)
        if key not in self._hours:
            self._hours[key] = self._hour_of(how, stamp, year, place)
        return self._hours[key]

    def _hour_of(self, how: str, stamp: Stamp, year: int, place: Place) -> Moment | None:
        begin = stamp._replace(minute=0, second=0, microsecond=min(stamp.microsecond, 1))
        start = wall_time(begin, year)
        if start is None or not self._instants.is_even(start, stamp.offset):
            return None
        one, other = (
            self._moment_dated_by(begin._replace(minute=each, second=each), year, how, place)
            for each in (0, 59)
        )
        later = _HOUR - timedelta(seconds=1)
        if _later(one, later) != other:
            return None
        # Whether some of it lies behind the time at which the bundle was made.
        captured, captured_at = self.settled.captured, self.settled.captured_at
        if stamp.year is not None:
            young = captured_at is not None and other.earliest > captured_at.latest + TOLERANCE
        else:
            young = captured is not None and start + _HOUR > captured.wall + TOLERANCE
        return None if young else _later(one, timedelta(microseconds=-begin.microsecond))

    def _has_undated(self, member: str, file: DatedFile, first: int, last: int) -> bool:
        """Tell whether lines without a date stand beside those that have one."""
        if not file.undated:
            return False
        if member not in self._undated:
            self._undated[member] = sorted(file.undated)
        lines = self._undated[member]
        return bisect_left(lines, first) < bisect_right(lines, last)

    def _year_of_the_past(self, stamp: Stamp, year: int) -> int:
        """Return the last year up to `year` in which a stamp is not behind the capture."""
        captured = self.settled.captured
        if captured is None:
            return year
        latest = captured.wall + TOLERANCE
        for past in range(year, YEARS[0], -1):
            wall = wall_time(stamp, past)
            if wall and wall <= latest:
                return past
        return year

    def _moment_dated_by(self, stamp: Stamp, year: int, how: str, place: Place) -> Moment:
        wall = wall_time(stamp, year)
        if wall is None:
            return self._moment_of_unknown_year(stamp, year)
        key = (wall, stamp.offset, how, self._instants.sides(place))
        known = self._moments.get(key)
        if known is None:
            if len(self._moments) >= _REMEMBERED:
                self._moments.clear()
            end = wall if stamp.microsecond else wall + SECOND
            reach = self._instants.of(wall, end, stamp.offset, place)
            if stamp.offset is None:
                of_stamp: Moment = with_zone(self._instants, reach, f"year from {how}")
            else:
                of_stamp = _moment_dated_by_reach(
                    reach, f"stamp with year and offset{_reason_of_reach(reach)}"
                )
            known = self._moments[key] = of_stamp
        return known

    def _moment_of_unknown_year(self, stamp: Stamp, year: int) -> Moment:
        """Return a moment in a nominal year: its order in the log holds, its range is all time."""
        walls = (wall_time(stamp, year + step) for step in range(9))
        wall = next((wall for wall in walls if wall), _ANY_TIME[0])
        at = min(max(wall, _ANY_TIME[0]), _ANY_TIME[1])
        return Moment(
            at=at,
            earliest=_ANY_TIME[0],
            latest=_ANY_TIME[1],
            dated_by=f"year unknown; {self._instants.zone.text}",
        )


def _place_in(file: DatedFile, member: str, line: int) -> Place:
    return Place(member=member, line=line, family=file.family, rotation=file.rotation)


def with_zone(instants: Instants, reach: Reach, how: str) -> Moment:
    """Return the moment of an instant; ``how`` says where its year is from."""
    return _moment_dated_by_reach(reach, f"{how}; {instants.zone.text}{_reason_of_reach(reach)}")


def _reason_of_reach(reach: Reach) -> str:
    return f", {reach.why}" if reach.why else ""


def _moment_dated_by_reach(reach: Reach, dated_by: str) -> Moment:
    told = sys.intern(dated_by)  # the same words for most lines
    return Moment(at=reach.at, earliest=reach.earliest, latest=reach.latest, dated_by=told)


def _later(moment: Moment, by: timedelta) -> Moment:
    return Moment(
        at=moment.at + by,
        earliest=moment.earliest + by,
        latest=moment.latest + by,
        dated_by=moment.dated_by,
    )


def _moment_of_either(likely: Moment, other: Moment) -> Moment:
    """Return the one that is likely with a range that holds both."""
    doubt = ", in doubt"
    return Moment(
        at=likely.at,
        earliest=min(likely.earliest, other.earliest),
        latest=max(likely.latest, other.latest),
        dated_by=f"{likely.dated_by.removesuffix(doubt)}{doubt}",
    )
