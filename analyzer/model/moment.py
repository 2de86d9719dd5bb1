"""An instant, with the doubt it carries."""

from dataclasses import dataclass
from datetime import datetime, timedelta

YEAR_UNKNOWN = timedelta(days=300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An instant in UTC, the range it certainly lies in, and how it was dated.

    Invariant: ``earliest <= at <= latest``, all three aware and in UTC. Two moments whose
    ranges overlap are never called ordered.

    Raises:
        ValueError: a naive time, or a range that does not hold `at`.
    """

    at: datetime
    earliest: datetime
    latest: datetime
    dated_by: str

    def __post_init__(self) -> None:
        if self.at.tzinfo is None or self.earliest.tzinfo is None or self.latest.tzinfo is None:
            raise ValueError("a moment needs aware times")
        if not self.earliest <= self.at <= self.latest:
            raise ValueError("a moment lies inside its own range")

    @classmethod
    def exact(cls, at: datetime, dated_by: str) -> "Moment":
        """Return a moment without doubt, such as a stamp that carries its zone."""
        return cls(at=at, earliest=at, latest=at, dated_by=dated_by)

    @property
    def doubt(self) -> timedelta:
        """Return the width of the range."""
        return self.latest - self.earliest

    @property
    def year_known(self) -> bool:
        """Tell whether the range is narrow enough to print a date at all."""
        return self.doubt < YEAR_UNKNOWN

    def certainly_before(self, other: "Moment") -> bool:
        """Tell whether all of this range lies before all of the other's."""
        return self.latest < other.earliest

    def within(self, other: "Moment", distance: timedelta) -> bool:
        """Tell whether the two ranges come as near as `distance`, or overlap."""
        gap = max(self.earliest - other.latest, other.earliest - self.latest)
        return gap <= distance
