"""Wall times become instants: by the zone, by what was done to the clock, and by other clocks.

An instant is told in the frame of the clock as it was when the report was made. Before a change
of the clock it is not known how long the clock had been wrong, so a stamp of then may mean what
it says or be off by all that the clock was set: its range holds both. In an hour that the clock
showed twice, the lines before the change are put at its moment, in their order.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from analyzer.dating.change import Change
from analyzer.dating.zone import ANY_PASSAGE, Passage, Sighting, Zone
from analyzer.model.clock import ClockChangeKind
from analyzer.parsers.scan.wall import JITTER, Place
from analyzer.values import dataclass

_IN_ORDER = 1e-6  # of the hour that comes twice: next to nothing, but the order is kept
_LATE = timedelta(seconds=JITTER)
_FAR = timedelta(days=2)
_HOUR = timedelta(hours=1)
_ANY_ZONE = timedelta(hours=16)  # between a wall time and its instant, and an hour more
_TRUSTED = timedelta(days=1)  # how far beyond what was compared a lead is taken to be the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """By how many seconds a clock was fast against another, and when that was compared."""

    low: float
    high: float
    start: datetime
    end: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """An instant, its range, and a word on what made it doubtful, "" for nothing."""

    at: datetime
    earliest: datetime
    latest: datetime
    why: str = ""


class Instants:
    """The clock of one host as a function from wall times and places to instants.

    ``by_place`` is False where the place of a line says nothing: its stamp alone counts. Else lines
    with the same stamp and the same `sides` are of one instant.
    """

    def __init__(
        self,
        sightings: Iterable[Sighting] = (),
        changes: Sequence[Change] = (),
        leads: Sequence[Lead] = (),
    ) -> None:
        steps = [c for c in changes if not c.is_zone and c.kind is not ClockChangeKind.REBOOT]
        zones = [change for change in changes if change.is_zone]
        self.sightings, self.changes = tuple(sightings), tuple(changes)
        self.zone = Zone((*self.sightings, *(s for change in zones for s in _sightings(change))))
        self.leads = tuple(leads)
        self._steps = steps
        self.by_place = bool(steps or zones)
        # A step near by could have set the clock back to before the zone changed.
        self._zones = [z for z in zones if all(abs(z.after - step.after) > _FAR for step in steps)]
        self._spots: dict[str, list[tuple[tuple[int, int], tuple[int, int]]]] = {}
        for spot in (spot for change in (*steps, *self._zones) for spot in change.spots):
            ends = (spot.before.place.in_family, spot.after.place.in_family)
            self._spots.setdefault(spot.family, []).append(ends)
        # The wall times of hours in which lines are of either side of a change.
        self._uneven = [(each.doubted[0] - _HOUR, each.doubted[1]) for each in steps]
        self._uneven += [
            (each.doubted[0] - 2 * _ANY_ZONE, each.doubted[1] + 2 * _ANY_ZONE)
            for each in self._zones
        ]

    def sides(self, place: Place) -> tuple[object, ...]:
        """Return on which side of each jump a place is, as far as it is of the same log.

        Along a file it changes at the lines around a jump, and never back.
        """
        spots = self._spots.get(place.family) if place.family else None
        if not spots:
            return ()
        own = place.in_family
        return (
            place.family,
            *(2 if own >= after else int(own > before) for before, after in spots),
        )

    def of(self, wall: datetime, end: datetime, offset: timedelta | None, place: Place) -> Reach:
        """Return the instant of a line's stamp that says ``wall`` and means up to ``end``."""
        if offset is not None:
            reach = Reach(at=wall - offset, earliest=wall - offset, latest=end - offset)
        else:
            # The instants that the place of a line leaves, by the changes of the zone.
            if not self._zones:
                passage_of_place: Passage = ANY_PASSAGE
            else:
                earliest, latest = ANY_PASSAGE.earliest, ANY_PASSAGE.latest
                told = []
                for change in self._zones:
                    before, after = _sightings(change)
                    behind = change.is_behind(place, wall)
                    if behind is True:
                        earliest = max(earliest, after.utc - _LATE)
                        told.append((before.utc, after.utc, after.minutes))
                    elif behind is False:
                        latest = min(latest, before.utc + _LATE)
                        told.append((before.utc, after.utc, before.minutes))
                passage_of_place = Passage(earliest=earliest, latest=latest, told=tuple(told))
            low, likely, high = self.zone.offsets(wall, passage_of_place)
            reach = Reach(
                at=wall - timedelta(minutes=likely),
                earliest=wall - timedelta(minutes=high),
                latest=end - timedelta(minutes=low),
                why="" if low == high or self.zone.minutes is None else "in doubt",
            )
        for step in self._steps:
            reach = _reach_widened_by_step(step, reach, wall, step.is_behind(place, wall))
        return self._reach_corrected_by_lead(reach)

    def is_even(self, hour: datetime, offset: timedelta | None) -> bool:
        """Tell whether what holds at both ends of a wall clock's hour holds all through it.

        So far as lines are of the same `sides`, and their stamps tell this offset, if any.
        """
        edges = (edge for lead in self.leads for edge in (lead.start, lead.end))
        bends = (edge + step for edge in edges for step in (-_TRUSTED, timedelta(), _TRUSTED))
        near = any(abs(bend - hour) <= _ANY_ZONE for bend in bends)
        near = near or any(first <= hour <= last for first, last in self._uneven)
        return not near and (offset is not None or self.zone.is_even(hour))

    def at_capture(self, wall: datetime, end: datetime) -> Reach:
        """Return the instant of the host's time when the report was made: behind all changes."""
        low, likely, high = self.zone.offsets(wall)
        reach = Reach(
            at=wall - timedelta(minutes=likely),
            earliest=wall - timedelta(minutes=high),
            latest=end - timedelta(minutes=low),
            why="" if low == high or self.zone.minutes is None else "in doubt",
        )
        return self._reach_corrected_by_lead(reach)

    def _reach_corrected_by_lead(self, reach: Reach) -> Reach:
        """Shift by how far the clock was fast; where it was not compared, the range holds both."""
        if not self.leads:
            return reach
        near = min(self.leads, key=lambda lead: _distance_from_lead(lead, reach.at))
        fits = [lead for lead in self.leads if _distance_from_lead(lead, reach.at) <= _TRUSTED]
        low = min((lead.low for lead in fits), default=min(0.0, near.low))
        high = max((lead.high for lead in fits), default=max(0.0, near.high))
        words = near.text if fits else f"{near.text}, then"
        return Reach(
            at=reach.at - timedelta(seconds=(near.low + near.high) / 2),
            earliest=reach.earliest - timedelta(seconds=high),
            latest=reach.latest - timedelta(seconds=low),
            why="; ".join(word for word in (reach.why, words) if word),
        )


def _sightings(change: Change) -> tuple[Sighting, Sighting]:
    assert change.minutes is not None, "asked of changes of the zone only"
    before, after = change.minutes
    how = "a change of the offset in the logs"
    return (
        Sighting(local=change.before, minutes=before, kind=how),
        Sighting(local=change.after, minutes=after, kind=how),
    )


def _distance_from_lead(lead: Lead, at: datetime) -> timedelta:
    """Return how far an instant is from when a lead was compared."""
    return max(lead.start - at, at - lead.end, timedelta())


def _reach_widened_by_step(
    step: Change, reach: Reach, wall: datetime, behind: bool | None
) -> Reach:
    """Widen a range by a clock that was set later, or that showed this hour once before."""
    twice = step.seconds < 0 and step.overlaps(wall)
    if behind is True and not twice:
        return reach
    at, earliest, latest = reach.at, reach.earliest, reach.latest
    if behind is not True:
        earliest += timedelta(seconds=min(0.0, step.seconds - step.slack))
        latest += timedelta(seconds=max(0.0, step.seconds + step.slack))
        at = _instant_before_step(step, reach.at, wall) if behind is False else at
    if behind is not False and twice:
        earliest = min(earliest, reach.earliest - (wall - step.after))
    return Reach(
        at=min(max(at, earliest), latest),
        earliest=earliest,
        latest=latest,
        why="in doubt, the clock was set",
    )


def _instant_before_step(step: Change, at: datetime, wall: datetime) -> datetime:
    """Return where a line from before a step most likely belongs."""
    if step.kind is ClockChangeKind.SUMMER_TIME:
        return at + timedelta(seconds=step.seconds)
    if step.seconds < 0 and step.overlaps(wall):
        return at - (wall - step.after) - (step.before - wall) * _IN_ORDER
    return at
