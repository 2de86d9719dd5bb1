"""An instant, with the doubt it carries."""

from datetime import UTC, datetime, timedelta, timezone

from analyzer.values import dataclass

NO_DATE = "the line has no date"
YEAR_UNKNOWN = timedelta(days=300)
_EXACT = timedelta(seconds=2)
_ABOUT = timedelta(seconds=90)
_TO_THE_MINUTE = timedelta(minutes=1)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalMoment(Moment):
    """A moment that is to be told in a zone. Its times are UTC as those of every moment."""

    zone: timezone


def zone_of(moment: Moment) -> timezone:
    """Return the zone in which a moment is to be told."""
    return moment.zone if isinstance(moment, LocalMoment) else UTC


def zone_text(time: datetime) -> str:
    """Return the zone of an aware time: "UTC", or its offset such as "+02:00"."""
    return "UTC" if time.tzinfo is UTC else time.isoformat(timespec="minutes")[16:]


def in_words(moment: Moment) -> str:
    """Return a moment as people read it, in its zone, with its doubt.

    >>> from datetime import UTC, datetime
    >>> in_words(Moment.exact(datetime(2024, 6, 10, 11, 32, 41, tzinfo=UTC), "audit.log"))
    '2024-06-10 11:32:41 UTC'
    """
    if moment.dated_by == NO_DATE:
        return "at an unknown time"
    if not moment.year_known:
        return f"{moment.at:%d %B %H:%M:%S} of an unknown year"
    at, first, last = _in_its_zone(moment)
    stamp = f"{at:%Y-%m-%d %H:%M:%S} {zone_text(at)}"
    if moment.doubt <= _EXACT:
        return stamp
    if moment.doubt <= _ABOUT:
        return f"about {stamp}"
    return f"{stamp} (between {first:%m-%d %H:%M} and {last:%m-%d %H:%M})"


def around(moment: Moment) -> str:
    """Say to the minute when something was: the range where it is not known that well."""
    if not moment.year_known:
        return "at an unknown date"
    at, first, last = _in_its_zone(moment)
    if moment.doubt <= _TO_THE_MINUTE:
        return f"at {to_the_minute(moment)}"
    end = "%H:%M" if first.date() == last.date() else "%Y-%m-%d %H:%M"
    return f"between {first:%Y-%m-%d %H:%M} and {last:{end}} {zone_text(at)}"


def to_the_minute(moment: Moment) -> str:
    """Return a moment to the minute, without its doubt."""
    at, _, _ = _in_its_zone(moment)
    return f"{at:%Y-%m-%d %H:%M} {zone_text(at)}"


def _in_its_zone(moment: Moment) -> tuple[datetime, datetime, datetime]:
    zone = zone_of(moment)
    at, first, last = (
        time.astimezone(zone) for time in (moment.at, moment.earliest, moment.latest)
    )
    return at, first, last
