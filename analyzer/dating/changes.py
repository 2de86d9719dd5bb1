"""Spots become changes of the wall clock: what it was, how sure, and what it does to stamps.

A clock that is set shows in all logs of a host at once; a file in which lines were written late
shows it alone. Whether the clock was set or summer time ended is told by UTC beside local time:
if UTC went on, the zone changed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cmp_to_key
from itertools import pairwise

from analyzer.dating.change import Change, End, Spot
from analyzer.dating.years import Volume
from analyzer.dating.zone import Sighting, may_change
from analyzer.model.clock import ClockChangeKind
from analyzer.model.finding import Confidence
from analyzer.parsers.scan.rhythm import SHORTEST
from analyzer.parsers.scan.uptimes import STEADY, tolerance
from analyzer.parsers.scan.wall import JITTER, nearest_wall_time, wall_time

NEAR = timedelta(hours=36)  # how far a sighting may be from a change to tell of it
_SUMMER_TIMES = (30, 60, 120)  # minutes
_CLOSE = timedelta(minutes=10)  # offsets so near on both sides are of the change itself
_LATEST_NIGHT = 4  # o'clock
_BOOT = timedelta(minutes=10)  # before the clock is set by NTP
_DOWN = 86_400.0  # seconds for which a host is taken to have been down at most
_LONGER = 2.0  # times the longest silence that a log tells
_LONG = 600.0  # seconds: a jump back of this size shows in every log that was written


def changes_of(
    spots: Sequence[Spot], sightings: Sequence[Sighting], volumes: Mapping[str, Volume]
) -> tuple[Change, ...]:
    """Return all changes in the order in which they were made, boots among them.

    A log that shows two of them tells their order; else the wall time has to.
    """
    found: list[Change] = []
    for group in _spots_of_one_change([spot for spot in spots if not spot.boot]):
        # Return for how many seconds nothing may have been logged where stamps went back. It is
        # what a clock was set back beyond what the stamps tell. The log with the steadiest rhythm
        # tells it by its longest silence; while a host is down it may be any time.
        start, end = min(s.after.wall for s in group), max(s.before.wall for s in group)
        if any(spot.boot and start - _BOOT <= spot.after.wall <= end + _BOOT for spot in spots):
            longest_silence = _DOWN
        else:
            longest: dict[str, float] = {spot.family: SHORTEST for spot in group}
            for volume in volumes.values():
                known = longest.get(volume.log.family)
                if known is not None:
                    silences = (silence.seconds for silence in volume.stats.silences)
                    longest[volume.log.family] = max((known, *silences))
            longest_silence = _LONGER * min(longest.values())
        change = _change_of_spots(group, sightings, longest_silence)
        if (
            change.is_zone
            or any(spot.measured for spot in group)
            or _is_change_of_clock(change, volumes)
        ):
            found.append(change)
    found += _changes_by_offset_alone(sightings, found)
    found += [_change_by_reboot(spot) for spot in spots if spot.boot]
    by_wall = sorted(found, key=lambda change: (change.before, change.after))
    return tuple(sorted(by_wall, key=cmp_to_key(_order_of_changes)))


def _order_of_changes(one: Change, other: Change) -> int:
    places = {spot.family: spot.after.place for spot in one.spots}
    for spot in other.spots:
        place, there = places.get(spot.family), spot.after.place
        if place is not None and (place.rotation, place.line) != (there.rotation, there.line):
            return -1 if (-place.rotation, place.line) < (-there.rotation, there.line) else 1
    return -1 if one.before < other.before else int(one.before > other.before)


def _spots_of_one_change(spots: Sequence[Spot]) -> list[list[Spot]]:
    """Put together what may be one change: in other files, at the same time, the same way."""
    groups: list[list[Spot]] = []
    for spot in sorted(spots, key=lambda spot: (-abs(spot.seconds), spot.before.wall)):
        for group in groups:
            if all(_may_be_one(spot, other) for other in group):
                group.append(spot)
                break
        else:
            groups.append([spot])
    return groups


def _may_be_one(one: Spot, other: Spot) -> bool:
    if one.seconds * other.seconds < 0 or one.absolute != other.absolute:
        return False
    same = one.after.place.member == other.after.place.member
    if same and one.measured == other.measured:
        return False
    if one.measured and other.measured and abs(one.seconds - other.seconds) > STEADY:
        return False
    for measured, seen in ((one, other), (other, one)):
        if measured.measured and abs(seen.seconds) > abs(measured.seconds) + 3 * STEADY:
            return False
    by = timedelta(seconds=next((s.seconds for s in (one, other) if s.measured), 0.0))
    shift = min(by, timedelta())  # the end before a step back, by the clock as it was behind it
    (a, b), (c, d) = (sorted((s.before.wall + shift, s.after.wall)) for s in (one, other))
    return a <= d and c <= b


def _change_of_spots(
    spots: Sequence[Spot], sightings: Sequence[Sighting], silence: float
) -> Change:
    """Return what a group of spots is, if the clock changed at all."""
    measured = next((spot for spot in spots if spot.measured), None)
    size = measured or max(spots, key=lambda spot: abs(spot.seconds))
    back = size.seconds < 0
    narrow = _narrowest_walls(spots, back=back)
    passed = (size.after.wall - size.before.wall).total_seconds() - size.seconds
    if measured is not None:
        confidence_of_change: Confidence = Confidence.CERTAIN
    else:
        confidence_of_change = (
            Confidence.LIKELY if len({spot.family for spot in spots}) > 1 else Confidence.POSSIBLE
        )
    change = Change(
        kind=ClockChangeKind.BACK if back else ClockChangeKind.FORWARD,
        before=narrow[0],
        after=narrow[1],
        seconds=size.seconds,
        slack=tolerance(passed) if measured else silence,
        measured=measured is not None,
        confidence=confidence_of_change,
        spots=tuple(sorted(spots, key=_order_of_spot)),
    )
    if size.absolute:
        return change
    told = _told_by_utc(change, sightings)
    if told is not None:
        return told
    if _in_the_night(change, min(change.slack, SHORTEST)):
        return replace(change, kind=ClockChangeKind.SUMMER_TIME)
    unclear = not change.measured and _in_the_night(change, change.slack)
    return replace(change, confidence=Confidence.POSSIBLE) if unclear else change


def _order_of_spot(spot: Spot) -> tuple[str, int, bool]:
    return spot.after.place.member, spot.after.place.line, not spot.measured


def _narrowest_walls(spots: Sequence[Spot], *, back: bool) -> tuple[datetime, datetime]:
    """Return the wall times on both sides that leave the least between them."""
    if back:
        seen = [spot for spot in spots if not spot.measured] or list(spots)
        return max(s.before.wall for s in seen), min(s.after.wall for s in seen)
    return max(s.before.wall for s in spots), min(s.after.wall for s in spots)


def _told_by_utc(change: Change, sightings: Sequence[Sighting]) -> Change | None:
    """Judge by offsets seen shortly before and behind, None where there are none."""
    before = _nearest_sighting(change, sightings, behind=False)
    after = _nearest_sighting(change, sightings, behind=True)
    if before is None or after is None:
        return None
    minutes = after.minutes - before.minutes
    if minutes == 0:
        return change  # UTC jumped too
    passed = change.seconds - minutes * 60  # between the two lines, if only the zone changed
    if -JITTER - STEADY <= passed <= change.slack + JITTER:
        return _zone_change(change, before, after)
    if passed > 0 and not change.measured:
        return change  # of another moment than the zone's, which tells itself
    apart = max(abs(before.local - change.before), abs(after.local - change.after))
    if apart <= _CLOSE:
        # A change of the clock without that of the zone which came with it.
        seconds = change.seconds - minutes * 60.0
        kind = ClockChangeKind.BACK if seconds < 0 else ClockChangeKind.FORWARD
        return replace(change, kind=kind, seconds=seconds)
    certain = change.confidence is Confidence.CERTAIN  # that the zone changed elsewhere is not
    return replace(change, confidence=Confidence.LIKELY) if certain else change


def _zone_change(change: Change, before: Sighting, after: Sighting) -> Change:
    minutes = after.minutes - before.minutes
    summer = abs(minutes) in _SUMMER_TIMES and may_change(before.local, after.local)
    return replace(
        change,
        kind=ClockChangeKind.SUMMER_TIME if summer else ClockChangeKind.ZONE,
        seconds=minutes * 60.0,
        slack=0.0,
        confidence=Confidence.CERTAIN,
        minutes=(before.minutes, after.minutes),
        measured=True,
    )


def _nearest_sighting(
    change: Change, sightings: Sequence[Sighting], *, behind: bool
) -> Sighting | None:
    here = (change.before, change.after)
    found = [
        (min(abs(sighting.local - wall) for wall in here), sighting)
        for sighting in sightings
        if change.is_behind(sighting.place, sighting.local) is behind
    ]
    near = min(found, key=lambda pair: pair[0], default=None)
    return near[1] if near and near[0] <= NEAR else None


def _in_the_night(change: Change, slack: float) -> bool:
    """Tell whether a jump is of the size and at the hour of summer time, without more to go by."""
    walls = (change.before, change.after)
    size = abs(change.seconds)
    fits = any(
        -slack - JITTER <= size - minutes * 60 <= JITTER + STEADY for minutes in _SUMMER_TIMES[:2]
    )
    at_night = any(wall.hour <= _LATEST_NIGHT for wall in walls)
    return fits and at_night and may_change(*walls)


def _is_change_of_clock(change: Change, volumes: Mapping[str, Volume]) -> bool:
    """Tell whether stamps that went back were those of the clock, not of lines written late.

    The lines behind must go on from there, and no other log may have gone on through it.
    """
    if not any(spot.held for spot in change.spots):
        return False
    if abs(change.seconds) <= _LONG:
        return True
    shown = {spot.family for spot in change.spots}
    others = (volume for volume in volumes.values() if volume.log.family not in shown)
    return not any(_went_on(volume, change) for volume in others)


def _went_on(volume: Volume, change: Change) -> bool:
    """Tell whether a file has lines all through the hour that would have come twice."""
    first, last = volume.stats.first, volume.stats.last
    if not volume.settled or first is None or last is None:
        return False
    start, end = wall_time(first, volume.year(1)), wall_time(last, volume.year(volume.stats.lines))
    if start is None or end is None or not start < change.after <= change.before < end:
        return False
    for silence in volume.stats.silences:
        before = nearest_wall_time(silence.before, change.before)
        after = nearest_wall_time(silence.after, change.before)
        if before and after and before <= change.before and change.after <= after:
            return False
    return True


def _changes_by_offset_alone(
    sightings: Sequence[Sighting], known: Iterable[Change]
) -> list[Change]:
    """Return the changes of the offset that nothing but the offsets themselves shows."""
    told = [change for change in known if change.is_zone]
    found: list[Change] = []
    for before, after in pairwise(sightings):
        if before.minutes == after.minutes:
            continue
        if any(_lies_between(change, before, after) for change in told):
            continue
        ends = (_end_of_sighting(before), _end_of_sighting(after))
        spot = Spot(
            before=ends[0],
            after=ends[1],
            seconds=(after.minutes - before.minutes) * 60.0,
        )
        bare = Change(
            kind=ClockChangeKind.ZONE,
            before=before.local,
            after=after.local,
            seconds=spot.seconds,
            slack=0.0,
            confidence=Confidence.CERTAIN,
            spots=(spot,),
        )
        found.append(_zone_change(bare, before, after))
    return found


def _lies_between(change: Change, before: Sighting, after: Sighting) -> bool:
    first = change.is_behind(before.place, before.local)
    second = change.is_behind(after.place, after.local)
    return first is not True and second is not False


def _end_of_sighting(sighting: Sighting) -> End:
    return End(place=sighting.place, wall=sighting.local, text=sighting.text)


def _change_by_reboot(spot: Spot) -> Change:
    return Change(
        kind=ClockChangeKind.REBOOT,
        before=spot.before.wall,
        after=spot.after.wall,
        seconds=0.0,
        slack=0.0,
        confidence=Confidence.CERTAIN,
        spots=(spot,),
    )
