"""The host's offset from UTC, from places where its clock and UTC stand side by side.

A bundle does not name the zone. Between and beyond such places the offset holds as far as
summer time cannot have begun or ended; where it may have, the answer is a range. Zones change
in the night to a Friday, Saturday or Sunday, from 8 March to 10 April or from 31 August to
8 November (tz database, zones in use; Morocco's Ramadan apart).
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

EASTMOST = 14 * 60
WESTMOST = -12 * 60
_QUARTER = 15
_SUMMER_TIME = 60
_NIGHT = timedelta(hours=4)
_WEEK = timedelta(days=7)
_ONE_CHANGE_AT_MOST = timedelta(days=90)
_FRIDAY = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The offset at a wall time, in minutes, and what told it."""

    local: datetime
    minutes: int
    kind: str


def sight(local: datetime, utc: datetime, kind: str, slack: timedelta) -> Sighting | None:
    """Return the offset as a multiple of 15 minutes; None if it is off by more than `slack`."""
    seen = (local - utc) / timedelta(minutes=1)
    minutes = round(seen / _QUARTER) * _QUARTER
    if not WESTMOST <= minutes <= EASTMOST or abs(seen - minutes) > slack / timedelta(minutes=1):
        return None
    return Sighting(local=local, minutes=minutes, kind=kind)


class Zone:
    """Offsets of one host over time; `minutes` is the newest one, None when nothing is known.

    ``text`` says which, and what told it.
    """

    def __init__(self, sightings: Iterable[Sighting] = ()) -> None:
        self._sightings = sorted(sightings, key=lambda s: (s.local, s.minutes))
        self._times = [sighting.local for sighting in self._sightings]
        self.minutes = self._sightings[-1].minutes if self._sightings else None
        self.text = _text(self._sightings[-1]) if self._sightings else "zone unknown"

    def offsets(self, local: datetime) -> tuple[int, int, int]:
        """Return (lowest, likeliest, highest) offset in minutes at a wall time."""
        index = bisect_right(self._times, local)
        before, after = self._sightings[max(0, index - 1) : index], self._sightings[index:][:1]
        if not before and not after:
            return WESTMOST, 0, EASTMOST
        if before and after:
            return _between(before[0], local, after[0])
        (near,) = before or after
        return _around(near.minutes, sure=not _may_change(near.local, local))


def _text(newest: Sighting) -> str:
    hours, minutes = divmod(abs(newest.minutes), 60)
    return f"zone UTC{'-' if newest.minutes < 0 else '+'}{hours:02}:{minutes:02} from {newest.kind}"


def _around(minutes: int, *, sure: bool) -> tuple[int, int, int]:
    doubt = 0 if sure else _SUMMER_TIME
    return minutes - doubt, minutes, minutes + doubt


def _between(before: Sighting, local: datetime, after: Sighting) -> tuple[int, int, int]:
    if before.minutes == after.minutes:
        short = after.local - before.local <= _ONE_CHANGE_AT_MOST
        sure = short or not (_may_change(before.local, local) and _may_change(local, after.local))
        return _around(before.minutes, sure=sure)
    nearer = min((before, after), key=lambda sighting: abs(sighting.local - local))
    low, high = sorted((before.minutes, after.minutes))
    return low, nearer.minutes, high


def _may_change(one: datetime, other: datetime) -> bool:
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
