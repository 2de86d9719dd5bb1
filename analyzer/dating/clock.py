"""The clock of one bundle: stamps without year and zone become moments that carry their doubt.

syslog writes host local time without year or zone (``RSYSLOG_TraditionalFileFormat``). The year
comes from `_years`, the offset from `_zone`, what was done to the clock from `_changes`; all say
what they rest on, and what they do not know widens the range of the moment.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from analyzer.bundle.names import LogName
from analyzer.dating.assumed import Assumed
from analyzer.dating.capture import parse_c_date, parse_report_name
from analyzer.dating.change import Change
from analyzer.dating.changes import changes_of
from analyzer.dating.cross_check import Capture, contradictions
from analyzer.dating.instants import Instants, Lead, Reach
from analyzer.dating.offsets import file_sightings, line_sightings
from analyzer.dating.spots import spots_of
from analyzer.dating.years import TOLERANCE, Limit, Volume, newest_dated, settle_family
from analyzer.dating.zone import Sighting
from analyzer.model.moment import NO_DATE, Moment
from analyzer.parsers._api import LogStats, Stamp, Witness
from analyzer.parsers.scan.wall import NOWHERE, YEARS, Place, wall_time

__all__ = ("Change", "Clock", "Lead", "parse_c_date", "parse_report_name")

_SECOND = timedelta(microseconds=999_999)  # a stamp of whole seconds means all of its second
_REMEMBERED = 8192  # moments: neighbouring lines share their second
_ANY_TIME = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2170, 1, 1, tzinfo=UTC))

_UNDATED = Moment(at=_ANY_TIME[0], earliest=_ANY_TIME[0], latest=_ANY_TIME[1], dated_by=NO_DATE)


_HOUR = timedelta(hours=1)


class Clock:
    """Dates the lines of one bundle. Add all that is known, settle, then ask."""

    def __init__(self, assumed: Assumed | None = None) -> None:
        self._assumed = assumed or Assumed()
        self._undated: dict[str, frozenset[int]] = {}
        self._added: dict[str, tuple[LogName, LogStats, datetime | None]] = {}
        self._volumes: dict[str, Volume] = {}
        self._captures: list[Capture] = []
        self._witnesses: list[Witness] = []
        self._uptime: float | None = None
        self._sightings: tuple[Sighting, ...] = ()
        self._instants = Instants()
        self._limit: Limit | None = None
        self._captured: Limit | None = None
        self._moments: dict[tuple[datetime, timedelta | None, str, Place], Moment] = {}
        self._hours: dict[tuple[str, int, int, int], Moment | None] = {}
        self.changes: tuple[Change, ...] = ()

    def add(
        self,
        member: str,
        log: LogName,
        stats: LogStats,
        mtime: datetime | None,
        undated: frozenset[int] = frozenset(),
    ) -> None:
        """Add what the scanner knows of a log file; ``undated`` are lines with no date at all."""
        self._added[member] = (log, stats, mtime)
        self._undated[member] = undated

    def add_capture(self, local: Stamp | None, utc: datetime | None, kind: str) -> None:
        """Add a time at which the bundle was made; `kind` says where it stands."""
        self._captures.append(Capture(local=local, utc=utc and utc.astimezone(UTC), kind=kind))

    def add_witness(self, witness: Witness) -> None:
        """Add a place outside the logs where local time and UTC stand side by side."""
        self._witnesses.append(witness)

    def assume(self, assumed: Assumed) -> None:
        """Let what is said by others count where nothing here tells."""
        self._assumed = assumed

    def add_uptime(self, seconds: float | None) -> None:
        """Add for how long the host had been up when the bundle was made."""
        self._uptime = seconds

    def settle(self) -> None:
        """Work out the years, the zone and the changes of the clock from what was added."""
        self._volumes = {
            member: Volume(log, stats, mtime)
            for member, (log, stats, mtime) in sorted(self._added.items())
        }
        families: dict[str, list[Volume]] = defaultdict(list)
        for volume in sorted(self._volumes.values(), key=lambda volume: -volume.log.rotation):
            families[volume.log.family].append(volume)
        self._captured = _newest_limit(
            [
                Limit(wall=wall, told_by=capture.kind)
                for capture in self._captures
                if (wall := capture.wall or capture.utc) is not None
            ]
        )
        self._limit = self._newest_time(families.values())
        for volumes in families.values():
            settle_family(volumes, self._limit)
        lines = line_sightings(self._volumes)
        self._sightings = lines or file_sightings(self._volumes.values(), self._witnesses)
        if not self._sightings and self._limit is not None:
            self._sightings = tuple(self._assumed.sightings(self._limit.wall))
        in_order = sorted(self._sightings, key=lambda sighting: (sighting.utc, sighting.place.line))
        self.changes = changes_of(spots_of(self._volumes.items()), in_order, self._volumes)
        self._instants = Instants(self._sightings, self.changes)
        self._moments.clear()
        self._hours.clear()

    def compare(self, sightings: Iterable[Sighting], leads: Sequence[Lead]) -> None:
        """Take into account what the logs of another host tell of this host's clock.

        ``sightings`` are offsets, used only where this host's own report tells none; ``leads``
        are by how much its clock was fast.
        """
        self._sightings = self._sightings or tuple(sightings)
        self._instants = Instants(self._sightings, self.changes, leads)
        self._moments.clear()
        self._hours.clear()

    def follow(self, other: "Clock") -> None:
        """Date by what the report of the same host tells of its clock: zone, changes and leads."""
        self._sightings, self.changes = other._sightings, other.changes  # noqa: SLF001 - its kind
        self._instants = other._instants  # noqa: SLF001 - of its own class
        self._moments.clear()

    @property
    def contradictions(self) -> tuple[str, ...]:
        """Return a sentence for each pair of sources that cannot both be right."""
        lines = line_sightings(self._volumes)
        files = file_sightings(self._volumes.values(), self._witnesses)
        return contradictions(self._captures, self._uptime, self._volumes, lines, files)

    @property
    def utc_offset_minutes(self) -> int | None:
        """Return the newest offset that is known."""
        return self._instants.zone.minutes

    @property
    def captured_at(self) -> Moment | None:
        """Return when the bundle was made, by the first that was added; local time is trusted.

        A UTC time beside it is that of a file, which may be a copy's.
        """
        for capture in self._captures:
            if capture.wall is not None:
                end = capture.wall + _SECOND
                reach = self._instants.at_capture(capture.wall, end)
                return self._moment_with_zone(reach, f"year from {capture.kind}")
        known = ((capture.utc, capture.kind) for capture in self._captures)
        return next((Moment.exact(utc, kind) for utc, kind in known if utc), None)

    def moment_of(self, change: Change) -> Moment:
        """Return the instant behind a change: that of the first line with which it shows."""
        end = min((spot.after for spot in change.spots), key=lambda e: (e.wall, e.place.member))
        return self.moment_at(end.wall, end.offset, end.place)

    def moment_at(self, wall: datetime, offset: timedelta | None, place: Place) -> Moment:
        """Return the instant of a wall time whose year is known."""
        reach = self._instants.of(wall, wall + _SECOND, offset, place)
        return self._moment_with_zone(reach, "year from the log")

    @property
    def dated_by(self) -> str:
        """Say in one sentence what years and offset rest on."""
        how = sorted({volume.how for volume in self._volumes.values() if volume.known})
        year = f"the year is taken from {' and '.join(how)}" if how else "the year is unknown"
        return f"T{year[1:]}; {self._instants.zone.text}."

    def moment(self, member: str, line: int, stamp: Stamp) -> Moment:
        """Return the instant of a line's stamp.

        For a member that was not added the year is the last one that is not in the future.
        """
        undated = line in self._undated.get(member, ())
        return _UNDATED if undated else self._of_line(member, line, stamp)

    def _of_line(self, member: str, line: int, stamp: Stamp) -> Moment:
        place_volume = self._volumes.get(member) if self._instants.by_place else None
        if place_volume is None:
            place: Place = NOWHERE
        else:
            log = place_volume.log
            place = Place(member=member, line=line, family=log.family, rotation=log.rotation)
        if stamp.year is not None:
            # Put in doubt what lies behind the time at which the bundle was made. A line cannot be
            # younger than the report that holds it: one of two clocks was wrong.
            moment = self._moment_dated_by(stamp, stamp.year, "its own year", place)
            captured = self.captured_at
            if captured is None or moment.earliest <= captured.latest + TOLERANCE:
                return moment
            return _moment_of_either(moment, captured)
        volume = self._volumes.get(member)
        if volume is None or not volume.settled:
            if self._limit is None:
                return self._moment_of_unknown_year(stamp, _ANY_TIME[0].year)
            latest = self._limit.wall
            walls = ((year, wall_time(stamp, year)) for year in range(latest.year + 1, 0, -1))
            moment_past = (year for year, wall in walls if wall and wall <= latest + TOLERANCE)
            return self._moment_dated_by(
                stamp, next(moment_past, latest.year), self._limit.told_by, NOWHERE
            )
        year = volume.year(line)
        if not volume.known:
            return self._moment_of_unknown_year(stamp, year)
        likely = self._moment_dated_by(stamp, year, volume.how, place)
        if volume.in_doubt(line):
            return _moment_of_either(
                likely, self._moment_dated_by(stamp, year + 1, volume.how, place)
            )
        past = self._year_of_the_past(stamp, year)
        if past == year:
            return likely
        return _moment_of_either(likely, self._moment_dated_by(stamp, past, volume.how, place))

    def hour(self, member: str, stamp: Stamp) -> Moment | None:
        """Return the moment of the first second of a stamp's hour, for all lines of that hour.

        Each of them is as much later as its stamp says. None where that is not certain, and for
        stamps with a year, an offset or a fraction: there each line is dated by itself.
        """
        if stamp.year is not None or stamp.offset is not None or stamp.microsecond:
            return None
        if self._undated.get(member):  # a line without a date stands beside those that have one
            return None
        key = (member, stamp.month, stamp.day, stamp.hour)
        if key not in self._hours:
            volume = self._volumes.get(member)
            year = volume.only_year if volume else None
            first, last = stamp._replace(minute=0, second=0), stamp._replace(minute=59, second=59)
            start = wall_time(first, year) if year else None
            if volume is None or year is None or start is None or not self._instants.is_even(start):
                dated_hour: Moment | None = None
            elif self._captured is not None and start + _HOUR > self._captured.wall + TOLERANCE:
                dated_hour = None
            else:
                one = self._moment_dated_by(first, year, volume.how, NOWHERE)
                other = self._moment_dated_by(last, year, volume.how, NOWHERE)
                later = _HOUR - timedelta(seconds=1)
                same = (one.at + later, one.earliest + later, one.latest + later, one.dated_by)
                dated_hour = (
                    one
                    if same == (other.at, other.earliest, other.latest, other.dated_by)
                    else None
                )
            self._hours[key] = dated_hour
        return self._hours[key]

    def _year_of_the_past(self, stamp: Stamp, year: int) -> int:
        """Return the last year up to `year` in which a stamp is not behind the capture."""
        if self._captured is None:
            return year
        latest = self._captured.wall + TOLERANCE
        for past in range(year, YEARS[0], -1):
            wall = wall_time(stamp, past)
            if wall and wall <= latest:
                return past
        return year

    def _moment_dated_by(self, stamp: Stamp, year: int, how: str, place: Place) -> Moment:
        wall = wall_time(stamp, year)
        if wall is None:
            return self._moment_of_unknown_year(stamp, year)
        key = (wall, stamp.offset, how, place)
        known = self._moments.get(key)
        if known is None:
            if len(self._moments) >= _REMEMBERED:
                self._moments.clear()
            end = wall if stamp.microsecond else wall + _SECOND
            reach = self._instants.of(wall, end, stamp.offset, place)
            if stamp.offset is None:
                of_stamp: Moment = self._moment_with_zone(reach, f"year from {how}")
            else:
                of_stamp = _moment_dated_by(
                    reach, f"stamp with year and offset{_reason_of_reach(reach)}"
                )
            known = self._moments[key] = of_stamp
        return known

    def _moment_with_zone(self, reach: Reach, how: str) -> Moment:
        return _moment_dated_by(
            reach, f"{how}; {self._instants.zone.text}{_reason_of_reach(reach)}"
        )

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

    def _newest_time(self, families: Iterable[Sequence[Volume]]) -> Limit | None:
        """Return the wall time behind which no line lies.

        The time of capture, or a stamp with a year that is newer still; then what somebody says,
        and file times last.
        """
        stamps = [
            Limit(wall=wall, told_by="stamps with a year")
            for volumes in families
            if (wall := newest_dated(volumes)) is not None
        ]
        mtimes = [
            Limit(wall=volume.mtime, told_by="the newest file time")
            for volume in self._volumes.values()
            if volume.mtime is not None
        ]
        captured, stamped = self._captured, _newest_limit(stamps)
        if captured and stamped and stamped.wall > captured.wall + TOLERANCE:
            return stamped
        return captured or stamped or self._assumed.limit or _newest_limit(mtimes)


def _newest_limit(limits: Iterable[Limit]) -> Limit | None:
    return max(limits, key=lambda limit: limit.wall, default=None)


def _reason_of_reach(reach: Reach) -> str:
    return f", {reach.why}" if reach.why else ""


def _moment_dated_by(reach: Reach, dated_by: str) -> Moment:
    told = sys.intern(dated_by)  # the same words for most lines
    return Moment(at=reach.at, earliest=reach.earliest, latest=reach.latest, dated_by=told)


def _moment_of_either(likely: Moment, other: Moment) -> Moment:
    """Return the one that is likely with a range that holds both."""
    doubt = ", in doubt"
    return Moment(
        at=likely.at,
        earliest=min(likely.earliest, other.earliest),
        latest=max(likely.latest, other.latest),
        dated_by=f"{likely.dated_by.removesuffix(doubt)}{doubt}",
    )
