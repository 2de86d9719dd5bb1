"""A change of the wall clock, and on which side of it a line of a log is."""

from datetime import datetime, timedelta

from analyzer.dating.spots import Spot
from analyzer.model.clock import ClockChangeKind
from analyzer.model.finding import Confidence
from analyzer.parsers.scan.wall import Place
from analyzer.values import dataclass


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

    def is_behind(self, place: Place, wall: datetime) -> bool | None:
        """Tell whether a line is behind the change, None where that cannot be told.

        In a log in which it shows the line's place tells; elsewhere the wall time, as far as it
        can.
        """
        for spot in self.spots:
            # Tell on which side of a spot a line is, if it is of the same log.
            if not place.family or place.family != spot.family:
                told: bool | None = None
            elif (-place.rotation, place.line) >= (
                -spot.after.place.rotation,
                spot.after.place.line,
            ):
                told = True
            else:
                before = (-spot.before.place.rotation, spot.before.place.line)
                told = False if (-place.rotation, place.line) <= before else None
            if told is not None:
                return told
        # The wall times between which a line may be of either side. A clock that was set back
        # showed the last time before it once more, as much later as it was set; and went on to the
        # first time behind it as much ahead.
        if self.after > self.before:
            walls_in_doubt: tuple[datetime, datetime] = self.before, self.after
        else:
            most = timedelta(seconds=max(0.0, -self.seconds) + self.slack)
            walls_in_doubt = (
                min(self.after, self.before - most),
                max(self.before, self.after + most),
            )
        low, high = walls_in_doubt
        onward = self.after > self.before
        if wall < low or (onward and wall == low):
            return False
        return True if wall > high or (onward and wall == high) else None

    def overlaps(self, wall: datetime) -> bool:
        """Tell whether the clock showed a wall time both before and behind a jump back."""
        return self.after <= wall <= self.before
