"""An instant, with the doubt it carries."""

from dataclasses import dataclass
from datetime import datetime, timedelta

YEAR_UNKNOWN = timedelta(days=300)
_EXACT = timedelta(seconds=2)
_ABOUT = timedelta(seconds=90)


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


def in_words(moment: Moment) -> str:
    """Return a moment as people read it, in UTC, with its doubt.

    >>> from datetime import UTC, datetime
    >>> in_words(Moment.exact(datetime(2024, 6, 10, 11, 32, 41, tzinfo=UTC), "audit.log"))
    '2024-06-10 11:32:41 UTC'
    """
    if not moment.year_known:
        return f"{moment.at:%d %B %H:%M:%S} of an unknown year"
    stamp = f"{moment.at:%Y-%m-%d %H:%M:%S} UTC"
    if moment.doubt <= _EXACT:
        return stamp
    if moment.doubt <= _ABOUT:
        return f"about {stamp}"
    return f"{stamp} (between {moment.earliest:%m-%d %H:%M} and {moment.latest:%m-%d %H:%M})"
