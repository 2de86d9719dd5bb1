"""Places in the logs of one bundle at which the wall clock jumped, or the host booted.

Three things show them: stamps that go back inside a file or from a rotated file to the next, the
kernel's uptime that goes on by another amount than the stamps beside it, and an uptime that
begins anew. All times here are wall times, see `_wall`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from analyzer.dating.change import End, Spot
from analyzer.dating.years import Volume
from analyzer.parsers._api import Stamp
from analyzer.parsers.scan.uptimes import tolerance
from analyzer.parsers.scan.wall import JITTER, Place, wall_time

_BOOTING = 600.0  # seconds of uptime in which the kernel's lines may still be read late
_BURST = 60.0
_HUNG = 1800.0  # seconds: no boot takes as long until syslog reads the kernel's lines


def spots_of(volumes: Iterable[tuple[str, Volume]]) -> tuple[Spot, ...]:
    """Return all spots, by family, oldest file first, in the order of lines.

    ``volumes`` are (member, file) with their years settled.
    """
    families: dict[str, list[tuple[str, Volume]]] = defaultdict(list)
    for member, volume in sorted(volumes, key=lambda pair: -pair[1].log.rotation):
        if volume.settled and volume.stats.last:
            families[volume.log.family].append((member, volume))
    found: list[Spot] = []
    for _, named in sorted(families.items()):
        # The files of a log in the order of time: some may lie under each other's names. That their
        # stamps fit end to end in another order than that of their names is not what a clock does
        # that is set back: it would have been set just when a file was begun, by all that is in it.
        spans = [(span, file) for file in named if (span := _span(*file)) is not None]
        ordered = sorted(spans, key=lambda span: span[0])
        apart = all(older[1] <= newer[0] for (older, _), (newer, _) in pairwise(ordered))
        files = [file for _, file in ordered] if apart and len(spans) == len(named) else named
        for member, volume in files:
            spots_inside_volume: list[Spot] = []
            for jump in volume.stats.jumps:
                before = _end_of_line(
                    member, volume, jump.before_line, jump.before, jump.before_text
                )
                after = _end_of_line(member, volume, jump.line, jump.after, jump.after_text)
                spot = (
                    _spot_if_clock_went_back(before, after, held=jump.held)
                    if before and after
                    else None
                )
                if spot:
                    spots_inside_volume.append(spot)
            found += spots_inside_volume
        for (old, older), (new, newer) in pairwise(files):
            found += _spot_between_volumes(old, older, new, newer)
        found += _by_uptime(files)
    return tuple(found)


def _span(member: str, volume: Volume) -> tuple[datetime, datetime] | None:
    """Return the wall times of the first and the last line with a stamp."""
    edges = volume.stats.edges or ()
    ends = [_end_of_line(member, volume, edge.line, edge.stamp, edge.text) for edge in edges]
    known = [end.wall for end in ends if end is not None]
    return (known[0], known[-1]) if known else None


def _spot_between_volumes(old: str, older: Volume, new: str, newer: Volume) -> Iterator[Spot]:
    """Compare the last line of a rotated file with the first of the next."""
    if older.stats.edges is None or newer.stats.edges is None:
        return
    last, first = older.stats.edges[1], newer.stats.edges[0]
    before = _end_of_line(old, older, last.line, last.stamp, last.text)
    after = _end_of_line(new, newer, first.line, first.stamp, first.text)
    spot = _spot_if_clock_went_back(before, after, held=True) if before and after else None
    if spot:
        yield spot


def _spot_if_clock_went_back(before: End, after: End, *, held: bool) -> Spot | None:
    if (before.offset is None) != (after.offset is None):
        return None
    seconds = (after.instant - before.instant).total_seconds()
    if seconds >= -JITTER:
        return None
    return Spot(before=before, after=after, seconds=seconds, held=held)


def _end_of_line(member: str, volume: Volume, line: int, stamp: Stamp, text: str) -> End | None:
    wall = wall_time(stamp, stamp.year or volume.year(line))
    place = Place(member=member, line=line, family=volume.log.family, rotation=volume.log.rotation)
    if wall is None:
        return None
    return End(place=place, wall=wall, text=text, offset=stamp.offset)


def _by_uptime(files: Sequence[tuple[str, Volume]]) -> Iterator[Spot]:
    """Compare uptimes and stamps along the files of one family."""
    notes = [
        (end, note.seconds)
        for member, volume in files
        for note in volume.stats.uptimes
        if (end := _end_of_line(member, volume, note.line, note.local, note.text))
    ]
    for place in range(len(notes) - 1):
        (before, up), (after, later) = notes[place], notes[place + 1]
        wall = (after.instant - before.instant).total_seconds()
        change = wall - (later - up)
        if abs(change) <= tolerance(later - up):
            continue
        boot = later < up
        if not boot and not _clock_change_lasts(notes, place, change):
            continue
        yield Spot(
            before=before,
            after=after,
            seconds=0.0 if boot else change,
            measured=True,
            boot=boot,
        )


def _clock_change_lasts(notes: Sequence[tuple[End, float]], place: int, change: float) -> bool:
    """Tell a clock that was set from lines of the kernel that were read late.

    What is read late comes in a burst, each line less late than the one before. A clock that was
    set forward stays ahead; one that was set back was not ahead only for that burst.
    """
    (before, up), (after, later) = notes[place], notes[place + 1]
    if change > 0:
        ahead = (note for note in notes[place + 2 :] if not 0 <= note[1] - later < _BURST)
        return _agrees_with_uptime(after, later, next(ahead, None))
    if up < _BOOTING and after.wall >= before.wall and change > -_HUNG:
        return False
    behind = (note for note in notes[:place][::-1] if not 0 <= up - note[1] < _BURST)
    other = next(behind, None)
    if other is None or other[1] > up:  # nothing older of this boot: what is late never goes back
        gone_back = (after.instant - before.instant).total_seconds() < -JITTER
        return gone_back or (up < _BOOTING and change <= -_HUNG)
    return _agrees_with_uptime(before, up, other)


def _agrees_with_uptime(end: End, up: float, other: tuple[End, float] | None) -> bool:
    """Tell whether the clock and the uptime of another place in the same boot agree."""
    if other is None:
        return False
    passed = other[1] - up
    drift = (other[0].instant - end.instant).total_seconds() - passed
    return abs(drift) <= tolerance(passed)
