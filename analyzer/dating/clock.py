"""The clock of one bundle: stamps without year and zone become moments that carry their doubt.

syslog writes host local time without year or zone (``RSYSLOG_TraditionalFileFormat``). The year
comes from `_years`, the offset from `_zone`, what was done to the clock from `_changes`; all say
what they rest on, and what they do not know widens the range of the moment.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from analyzer.bundle.names import LogName
from analyzer.dating.assumed import Assumed
from analyzer.dating.capture import parse_c_date, parse_report_name
from analyzer.dating.change import Change
from analyzer.dating.changes import changes_of
from analyzer.dating.cross_check import Capture, contradictions
from analyzer.dating.instants import Instants, Lead
from analyzer.dating.offsets import file_sightings, line_sightings
from analyzer.dating.settled import SECOND, DatedFile, LineDates, Settled, with_zone
from analyzer.dating.spots import spots_of
from analyzer.dating.years import TOLERANCE, Limit, Volume, newest_dated, settle_family
from analyzer.dating.zone import Sighting
from analyzer.model.moment import Moment
from analyzer.parsers._api import LogStats, Stamp, Witness
from analyzer.parsers.scan.wall import Place

__all__ = ("Change", "Clock", "Lead", "parse_c_date", "parse_report_name")


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
        self._dates: LineDates | None = None
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
        self._dates = None
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
        self._dates = None

    def compare(self, sightings: Iterable[Sighting], leads: Sequence[Lead]) -> None:
        """Take into account what the logs of another host tell of this host's clock.

        ``sightings`` are offsets, used only where this host's own report tells none; ``leads``
        are by how much its clock was fast.
        """
        self._sightings = self._sightings or tuple(sightings)
        self._instants = Instants(self._sightings, self.changes, leads)
        self._dates = None

    def follow(self, other: "Clock") -> None:
        """Date by what the report of the same host tells of its clock: zone, changes and leads."""
        self._sightings, self.changes = other._sightings, other.changes  # noqa: SLF001 - its kind
        self._instants = other._instants  # noqa: SLF001 - of its own class
        self._dates = None

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
                end = capture.wall + SECOND
                reach = self._instants.at_capture(capture.wall, end)
                return with_zone(self._instants, reach, f"year from {capture.kind}")
        known = ((capture.utc, capture.kind) for capture in self._captures)
        return next((Moment.exact(utc, kind) for utc, kind in known if utc), None)

    def moment_of(self, change: Change) -> Moment:
        """Return the instant behind a change: that of the first line with which it shows."""
        end = min((spot.after for spot in change.spots), key=lambda e: (e.wall, e.place.member))
        return self.moment_at(end.wall, end.offset, end.place)

    def moment_at(self, wall: datetime, offset: timedelta | None, place: Place) -> Moment:
        """Return the instant of a wall time whose year is known."""
        reach = self._instants.of(wall, wall + SECOND, offset, place)
        return with_zone(self._instants, reach, "year from the log")

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
        return self.dates.moment(member, line, stamp)

    @property
    def dates(self) -> LineDates:
        """Return what dates lines, as far as the clock is known now."""
        if self._dates is None:
            files = {
                member: DatedFile(
                    family=volume.log.family,
                    rotation=volume.log.rotation,
                    years=volume.years if volume.settled else None,
                    undated=self._undated.get(member, frozenset()),
                )
                for member, volume in self._volumes.items()
            }
            settled = Settled(
                files=files,
                sightings=self._instants.sightings,
                changes=self._instants.changes,
                leads=self._instants.leads,
                limit=self._limit,
                captured=self._captured,
                captured_at=self.captured_at,
            )
            self._dates = LineDates(settled, self._instants)
        return self._dates

    def hour(self, member: str, stamp: Stamp, first: int, last: int) -> Moment | None:
        """Return the moment of the first second of a stamp's hour, as `LineDates.hour` does."""
        return self.dates.hour(member, stamp, first, last)

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
