"""A change of the wall clock: where it shows, and on which side of it a line of a log is."""

from datetime import datetime, timedelta

from analyzer.model.clock import ClockChangeKind
from analyzer.model.finding import Confidence
from analyzer.parsers.scan.wall import Place
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One of the two lines around a jump; ``offset`` is None where the stamp names none."""

    place: Place
    wall: datetime
    text: str
    offset: timedelta | None = None

    @property
    def instant(self) -> datetime:
        """Return the instant if the stamp names its offset, else the wall time."""
        return self.wall - self.offset if self.offset is not None else self.wall


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A jump in one file: ``seconds`` as far as the stamps, or the uptime, tell.

    ``measured`` tells that it is by uptime. ``held`` is False where the stamps soon return: lines
    that were only written late. ``boot`` tells that the host booted between the two lines.
    """

    before: End
    after: End
    seconds: float
    measured: bool = False
    held: bool = True
    boot: bool = False

    @property
    def absolute(self) -> bool:
        """Tell whether the stamps name their offset: then it is no matter of zones."""
        return self.before.offset is not None and self.after.offset is not None

    @property
    def family(self) -> str:
        """Return the family of the files in which it shows."""
        return self.after.place.family


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change: ``before`` and ``after`` are the wall times nearest to it on both sides.

    ``seconds`` is by how much the wall clock jumped, ``slack`` by how much it may have been more.
    ``measured`` tells that it is by uptime or by offsets; else a step back is a lower bound.
    ``minutes`` are the offsets before and after where the zone changed for certain, None else.
    """

    kind: ClockChangeKind
    before: datetime
    after: datetime
    seconds: float
    slack: float
    confidence: Confidence
    spots: tuple[Spot, ...]
    minutes: tuple[int, int] | None = None
    measured: bool = True

    @property
    def is_zone(self) -> bool:
        """Tell whether only the offset changed, for certain: the instants go on."""
        return self.minutes is not None

    @property
    def doubted(self) -> tuple[datetime, datetime]:
        """Return the wall times between which a line may be of either side.

        A clock that was set back showed the last time before it once more, as much later as it was
        set; and went on to the first time behind it as much ahead.
        """
        if self.after > self.before:
            return self.before, self.after
        most = timedelta(seconds=max(0.0, -self.seconds) + self.slack)
        return min(self.after, self.before - most), max(self.before, self.after + most)

    def is_behind(self, place: Place, wall: datetime) -> bool | None:
        """Tell whether a line is behind the change, None where that cannot be told.

        In a log in which it shows the line's place tells; elsewhere the wall time, as far as it
        can.
        """
        for spot in self.spots:
            # Tell on which side of a spot a line is, if it is of the same log.
            if not place.family or place.family != spot.family:
                told: bool | None = None
            elif place.in_family >= spot.after.place.in_family:
                told = True
            else:
                told = False if place.in_family <= spot.before.place.in_family else None
            if told is not None:
                return told
        low, high = self.doubted
        onward = self.after > self.before
        if wall < low or (onward and wall == low):
            return False
        return True if wall > high or (onward and wall == high) else None

    def overlaps(self, wall: datetime) -> bool:
        """Tell whether the clock showed a wall time both before and behind a jump back."""
        return self.after <= wall <= self.before
