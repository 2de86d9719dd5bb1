"""The host's offset from UTC, from places where its clock and UTC stand side by side.

A bundle does not name the zone. Between and beyond such places the offset holds as far as
summer time cannot have begun or ended; where it may have, the answer is a range. Zones change
in the night to a Friday, Saturday or Sunday, from 8 March to 10 April or from 31 August to
8 November (tz database, zones in use; Morocco's Ramadan apart).
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from analyzer.parsers.scan.wall import NOWHERE, Place
from analyzer.values import dataclass

EASTMOST = 14 * 60
WESTMOST = -12 * 60
QUARTER = 15
_SUMMER_TIME = 60
_NIGHT = timedelta(hours=4)
_WEEK = timedelta(days=7)
_ONE_CHANGE_AT_MOST = timedelta(days=90)
_HOUR = timedelta(hours=1)
_FRIDAY = 4
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The offset at a wall time, in minutes, what told it, and where that stands."""

    local: datetime
    minutes: int
    kind: str
    place: Place = NOWHERE
    text: str = ""

    @property
    def utc(self) -> datetime:
        """Return the instant, as the host's clock had it."""
        return self.local - timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """The instants between which a line was written, as far as its place in the log tells.

    ``told`` are (from, to, minutes): between those instants the zone changed, and for this line
    the offset was the one named, for it is on that side of the change.
    """

    earliest: datetime = _FIRST
    latest: datetime = _LAST
    told: tuple[tuple[datetime, datetime, int], ...] = ()

    def allows(self, instant: datetime, minutes: int) -> bool:
        """Tell whether a line can be of an instant, with that offset."""
        if not self.earliest <= instant <= self.latest:
            return False
        return all(minutes == other for start, end, other in self.told if start <= instant <= end)


ANY_PASSAGE = Passage()


def sight(
    local: datetime,
    utc: datetime,
    kind: str,
    slack: timedelta,
    place: Place = NOWHERE,
) -> Sighting | None:
    """Return the offset as a multiple of 15 minutes; None if it is off by more than `slack`."""
    seen = (local - utc) / timedelta(minutes=1)
    minutes = round(seen / QUARTER) * QUARTER
    if not WESTMOST <= minutes <= EASTMOST or abs(seen - minutes) > slack / timedelta(minutes=1):
        return None
    return Sighting(local=local, minutes=minutes, kind=kind, place=place)


class Zone:
    """Offsets of one host over time; `minutes` is the newest one, None when nothing is known.

    ``text`` says which, and what told it. The sightings are put in the order of instants: when
    summer time ends an hour of the wall clock comes twice.
    """

    def __init__(self, sightings: Iterable[Sighting] = ()) -> None:
        self.sightings = sorted(
            sightings, key=lambda s: (s.utc, s.minutes, s.place.member, s.place.line, s.kind)
        )
        self._times = [sighting.utc for sighting in self.sightings]
        self._known = sorted({sighting.minutes for sighting in self.sightings})
        self._same = len(self._known) == 1 and (
            self.sightings[-1].local - self.sightings[0].local <= _ONE_CHANGE_AT_MOST
        )
        self.minutes = self.sightings[-1].minutes if self.sightings else None
        self.text = _text_of_zone(self.sightings[-1]) if self.sightings else "zone unknown"

    def offsets(self, local: datetime, passage: Passage = ANY_PASSAGE) -> tuple[int, int, int]:
        """Return (lowest, likeliest, highest) offset in minutes at a wall time."""
        if not self.sightings:
            return WESTMOST, 0, EASTMOST
        if self._same and self.sightings[0].local <= local <= self.sightings[-1].local:
            return self._known[0], self._known[0], self._known[0]
        found = sorted(self._possible_offsets(local, passage)) or sorted(
            self._possible_offsets(local, ANY_PASSAGE)
        )
        if not found:
            near = min(self.sightings, key=lambda s: abs(s.local - local))
            return (near.minutes - _SUMMER_TIME, near.minutes, near.minutes + _SUMMER_TIME)
        minutes = [minutes for _, minutes in found]
        return min(minutes), minutes[0], max(minutes)

    def is_even(self, hour: datetime) -> bool:
        """Tell whether what holds at both ends of a wall clock's hour holds all through it.

        It does where all places around it tell one offset, and none is missing for long. Elsewhere
        summer time begins and ends on the hour: what is left are the places that tell the offset.
        """
        if not self.sightings:
            return True
        widest = timedelta(minutes=_SUMMER_TIME - self._known[0])
        latest = hour + _HOUR + widest  # of its instants; then what is told before and behind them
        earliest = hour - timedelta(minutes=self._known[-1] + _SUMMER_TIME)
        begin, end = bisect_right(self._times, earliest) - 1, bisect_right(self._times, latest)
        near = self.sightings[max(begin, 0) : end + 1]
        told = begin >= 0 and end < len(self._times) and len({each.minutes for each in near}) == 1
        if told and near[-1].local - near[0].local <= _ONE_CHANGE_AT_MOST:
            return True
        if len(self._known) > 1:
            return False
        around = self.sightings[0].local, self.sightings[-1].local
        if self._same and around[0] <= hour and hour + _HOUR <= around[1]:
            return True
        utc = hour - timedelta(minutes=self._known[0])
        first = bisect_right(self._times, utc - 2 * _HOUR)
        return first == bisect_right(self._times, utc + 3 * _HOUR)

    def _possible_offsets(
        self, local: datetime, passage: Passage
    ) -> Iterator[tuple[timedelta, int]]:
        """Yield (how far the place is that told it, offset) for all that it can have been."""
        near = {m + step for m in self._known for step in (-_SUMMER_TIME, 0, _SUMMER_TIME)}
        for minutes in near:
            instant = local - timedelta(minutes=minutes)
            if not passage.allows(instant, minutes):
                continue
            index = bisect_right(self._times, instant)
            before = self.sightings[index - 1] if index else None
            after = self.sightings[index] if index < len(self.sightings) else None
            # How far off the sighting is that makes an offset possible, None: it is not.
            if before is not None and instant == before.utc and minutes != before.minutes:
                distance: timedelta | None = None
            else:
                around = [sighting for sighting in (before, after) if sighting]
                agree = [abs(s.local - local) for s in around if s.minutes == minutes]
                if before and after and before.minutes != after.minutes:
                    distance = min(agree, default=None)
                elif agree:
                    distance = min(agree)
                else:
                    unlikely = abs(
                        minutes - around[0].minutes
                    ) == _SUMMER_TIME and not _offset_held_at(local, before, after)
                    distance = timedelta.max if unlikely else None
            if distance is not None:
                yield distance, minutes


def _offset_held_at(local: datetime, before: Sighting | None, after: Sighting | None) -> bool:
    """Tell whether the offset of the neighbours, which is the same, held at a wall time."""
    if before and after:
        short = after.local - before.local <= _ONE_CHANGE_AT_MOST
        return short or not (may_change(before.local, local) and may_change(local, after.local))
    near = before or after
    return near is not None and not may_change(near.local, local)


def _text_of_zone(newest: Sighting) -> str:
    hours, minutes = divmod(abs(newest.minutes), 60)
    return f"zone UTC{'-' if newest.minutes < 0 else '+'}{hours:02}:{minutes:02} from {newest.kind}"


def may_change(one: datetime, other: datetime) -> bool:
    """Tell whether summer time can have begun or ended between two wall times."""
    start, end = sorted((one, other))
    season = _calm_season(start)
    if season is not None and season == _calm_season(end):
        return False
    if end - start > _WEEK:
        return True
    day = start.replace(hour=0, minute=0, second=0, microsecond=0)
    nights = (day + timedelta(days=n) for n in range(8))
    return any(
        night.weekday() >= _FRIDAY and night <= end and start <= night + _NIGHT for night in nights
    )


def _calm_season(local: datetime) -> tuple[int, str] | None:
    """Return a name for the part of the year without changes, None in spring and autumn."""
    day = (local.month, local.day)
    if (4, 10) < day < (8, 31):
        return local.year, "summer"
    if day > (11, 8):
        return local.year, "winter"
    return (local.year - 1, "winter") if day < (3, 8) else None
