"""The clock of one bundle: stamps without year and zone become moments that carry their doubt.

syslog writes host local time without year or zone (``RSYSLOG_TraditionalFileFormat``). The year
comes from `_years`, the offset from `_zone`; both say what they rest on, and what they do not
know widens the range of the moment.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from analyzer.bundle.names import LogName
from analyzer.model.moment import Moment
from analyzer.parsers._api import LogStats, Stamp, Witness
from analyzer.parsers._capture import parse_c_date, parse_report_name
from analyzer.parsers._offsets import file_sightings, line_sightings
from analyzer.parsers._wall import YEARS, wall_time
from analyzer.parsers._years import TOLERANCE, Limit, Volume, newest_dated, settle_family
from analyzer.parsers._zone import Zone

__all__ = ("Clock", "parse_c_date", "parse_report_name")

_SECOND = timedelta(microseconds=999_999)  # a stamp of whole seconds means all of its second
_ANY_TIME = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2170, 1, 1, tzinfo=UTC))


class Clock:
    """Dates the lines of one bundle. Add all that is known, settle, then ask."""

    def __init__(self) -> None:
        self._added: dict[str, tuple[LogName, LogStats, datetime | None]] = {}
        self._volumes: dict[str, Volume] = {}
        self._captures: list[tuple[Stamp | None, datetime | None, str]] = []
        self._witnesses: list[Witness] = []
        self._zone = Zone()
        self._limit: Limit | None = None
        self._captured: Limit | None = None

    def add(self, member: str, log: LogName, stats: LogStats, mtime: datetime | None) -> None:
        """Add what the scanner knows of a log file."""
        self._added[member] = (log, stats, mtime)

    def add_capture(self, local: Stamp | None, utc: datetime | None, kind: str) -> None:
        """Add a time at which the bundle was made; `kind` says where it stands."""
        self._captures.append((local, utc and utc.astimezone(UTC), kind))

    def add_witness(self, witness: Witness) -> None:
        """Add a place outside the logs where local time and UTC stand side by side."""
        self._witnesses.append(witness)

    def settle(self) -> None:
        """Work out the years and the zone from what was added."""
        self._volumes = {
            member: Volume(log, stats, mtime)
            for member, (log, stats, mtime) in sorted(self._added.items())
        }
        families: dict[str, list[Volume]] = defaultdict(list)
        for volume in sorted(self._volumes.values(), key=lambda volume: -volume.log.rotation):
            families[volume.log.family].append(volume)
        self._captured = _newest(self._captures_as_limits())
        self._limit = self._newest_time(families.values())
        for volumes in families.values():
            settle_family(volumes, self._limit)
        every = self._volumes.values()
        self._zone = Zone(line_sightings(every) or file_sightings(every, self._witnesses))

    @property
    def utc_offset_minutes(self) -> int | None:
        """Return the newest offset that is known."""
        return self._zone.minutes

    @property
    def captured_at(self) -> Moment | None:
        """Return when the bundle was made, by the first that was added; local time is trusted.

        A UTC time beside it is that of a file, which may be a copy's.
        """
        for local, _, kind in self._captures:
            if local is not None and local.year is not None:
                return self._moment(local, local.year, kind)
        return next((Moment.exact(utc, kind) for _, utc, kind in self._captures if utc), None)

    @property
    def dated_by(self) -> str:
        """Say in one sentence what years and offset rest on."""
        how = sorted({volume.how for volume in self._volumes.values() if volume.known})
        year = f"the year is taken from {' and '.join(how)}" if how else "the year is unknown"
        return f"T{year[1:]}; {self._zone.text}."

    def moment(self, member: str, line: int, stamp: Stamp) -> Moment:
        """Return the instant of a line's stamp.

        For a member that was not added the year is the last one that is not in the future.
        """
        if stamp.year is not None:
            return self._until_capture(self._moment(stamp, stamp.year, "its own year"))
        volume = self._volumes.get(member)
        if volume is None or not volume.settled:
            return self._outside(stamp)
        year = volume.year(line)
        if not volume.known:
            return self._yearless(stamp, year)
        likely = self._moment(stamp, year, volume.how)
        if volume.in_doubt(line):
            return _either(likely, self._moment(stamp, year + 1, volume.how))
        past = self._year_of_the_past(stamp, year)
        return _either(likely, self._moment(stamp, past, volume.how)) if past != year else likely

    def _year_of_the_past(self, stamp: Stamp, year: int) -> int:
        """Return the last year up to `year` in which a stamp is not behind the capture."""
        if self._captured is None:
            return year
        latest = self._captured.wall + TOLERANCE
        walls = ((past, wall_time(stamp, past)) for past in range(year, YEARS[0], -1))
        return next((past for past, wall in walls if wall and wall <= latest), year)

    def _until_capture(self, moment: Moment) -> Moment:
        """Put in doubt what lies behind the time at which the bundle was made.

        A line cannot be younger than the report that holds it: one of two clocks was wrong.
        """
        captured = self.captured_at
        if captured is None or moment.earliest <= captured.latest + TOLERANCE:
            return moment
        return _either(moment, captured)

    def _outside(self, stamp: Stamp) -> Moment:
        if self._limit is None:
            return self._yearless(stamp, _ANY_TIME[0].year)
        latest = self._limit.wall
        walls = ((year, wall_time(stamp, year)) for year in range(latest.year + 1, 0, -1))
        past = (year for year, wall in walls if wall and wall <= latest + TOLERANCE)
        return self._moment(stamp, next(past, latest.year), self._limit.told_by)

    def _moment(self, stamp: Stamp, year: int, how: str) -> Moment:
        wall = wall_time(stamp, year)
        if wall is None:
            return self._yearless(stamp, year)
        end = wall if stamp.microsecond else wall + _SECOND
        if stamp.offset is not None:
            dated_by = "stamp with year and offset"
            return Moment(
                at=wall - stamp.offset,
                earliest=wall - stamp.offset,
                latest=end - stamp.offset,
                dated_by=dated_by,
            )
        low, likely, high = self._zone.offsets(wall)
        doubt = "" if low == high or self._zone.minutes is None else ", in doubt"
        return Moment(
            at=wall - timedelta(minutes=likely),
            earliest=wall - timedelta(minutes=high),
            latest=end - timedelta(minutes=low),
            dated_by=f"year from {how}; {self._zone.text}{doubt}",
        )

    def _yearless(self, stamp: Stamp, year: int) -> Moment:
        """Return a moment in a nominal year: its order in the log holds, its range is all time."""
        walls = (wall_time(stamp, year + step) for step in range(9))
        wall = next((wall for wall in walls if wall), _ANY_TIME[0])
        at = min(max(wall, _ANY_TIME[0]), _ANY_TIME[1])
        return Moment(
            at=at,
            earliest=_ANY_TIME[0],
            latest=_ANY_TIME[1],
            dated_by=f"year unknown; {self._zone.text}",
        )

    def _captures_as_limits(self) -> list[Limit]:
        return [
            Limit(wall=wall, told_by=kind)
            for local, utc, kind in self._captures
            if (wall := wall_time(local, local.year) if local and local.year else utc) is not None
        ]

    def _newest_time(self, families: Iterable[Sequence[Volume]]) -> Limit | None:
        """Return the wall time behind which no line lies.

        The time of capture, or a stamp with a year that is newer still; file times come last.
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
        captured, stamped = self._captured, _newest(stamps)
        if captured and stamped and stamped.wall > captured.wall + TOLERANCE:
            return stamped
        return captured or stamped or _newest(mtimes)


def _newest(limits: Iterable[Limit]) -> Limit | None:
    return max(limits, key=lambda limit: limit.wall, default=None)


def _either(likely: Moment, other: Moment) -> Moment:
    """Return the one that is likely with a range that holds both."""
    doubt = ", in doubt"
    return Moment(
        at=likely.at,
        earliest=min(likely.earliest, other.earliest),
        latest=max(likely.latest, other.latest),
        dated_by=f"{likely.dated_by.removesuffix(doubt)}{doubt}",
    )
