"""A host's clock as its logs show it: zone, steps, reboots, and how far it was from the others."""

from enum import StrEnum
from math import ceil

from analyzer.model.finding import Confidence, Evidence
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.values import dataclass

_SMALLEST = 0.005  # seconds that are told of a distance


class ClockChangeKind(StrEnum):
    """What made the stamps of a log jump."""

    BACK = "the clock was set back"
    FORWARD = "the clock was set forward"
    SUMMER_TIME = "summer time began or ended"
    ZONE = "the time zone was changed"
    REBOOT = "the host booted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockChange:
    """A place where the stamps of a log jump: ``before`` and ``after`` quote the two lines.

    ``seconds`` is by how much the wall clock jumped against the time that passed, positive for
    forward, None where that is not known (a reboot). ``at`` is the instant behind the jump.
    ``more`` is by how many seconds it may have been more: not 0 where no second clock measured it,
    and ``seconds`` is a lower bound. ``members`` are the files in which it was seen.
    """

    kind: ClockChangeKind
    host: str
    bundle: str
    at: Moment
    seconds: float | None
    confidence: Confidence
    before: Evidence
    after: Evidence
    members: tuple[str, ...]
    more: float = 0.0

    @property
    def by(self) -> str:
        """Return by how much, for the end of a sentence; one number wherever it is told."""
        if self.seconds is None:
            return ""
        least = "at least " if self.more else ""
        return f" by {least}{length_words(abs(self.seconds))}"


def length_words(seconds: float) -> str:
    """Return a length of time as people say it.

    >>> length_words(3600), length_words(3725), length_words(95), length_words(0.25)
    ('1 h', '1 h 2 min 5 s', '1 min 35 s', '0.25 s')
    """
    if seconds < 1:
        return f"{seconds:g} s"
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (left, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def apart_words(seconds: float, doubt: float) -> str:
    """Return a distance of two clocks with its range, which is never told narrower than it is.

    >>> apart_words(420.5, 46.5), apart_words(-2.5, 0.011), apart_words(0.25, 1.5)
    ('7 min ± 47 s', '2.5 s ± 0.02 s', '0 s ± 2 s')
    >>> apart_words(5e-07, 0.99)
    '0 s ± 1 s'
    """
    size = abs(seconds)
    if doubt < 1:
        shown = float(f"{size:.3g}") if size >= _SMALLEST else 0.0
        return f"{shown:g} s ± {ceil((doubt + abs(size - shown)) * 100) / 100:g} s"
    middle = round(size)
    told = length_words(middle) if middle else "0 s"
    return f"{told} ± {length_words(ceil(doubt + abs(size - middle)))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSkew:
    """How far a host's clock is from another clock: ``seconds`` ± ``doubt``, positive for fast.

    ``to`` is "NTP" where chronyc measured it, else a host's name. ``pairs`` is the number of
    events that both hosts saw and that it is estimated from, 1 for a measure.
    """

    host: str
    bundle: str
    to: str
    seconds: float
    doubt: float
    how: str
    pairs: int
    evidence: tuple[Evidence, ...]

    @property
    def apart(self) -> str:
        """Return the distance with its range and direction: ``7 min ± 2 s fast of jupiter``."""
        told = apart_words(self.seconds, self.doubt)
        way = "fast of" if self.seconds >= 0 else "behind"
        return f"{told} {'from' if told.startswith('0 s') else way} {self.to}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NtpTracking:
    """``chronyc tracking`` of one host: ``seconds`` by which its clock was fast of NTP's time.

    None where it does not say. ``doubt`` is how far NTP's time itself may be off, ``leap`` the
    leap status (``Normal``, ``Not synchronised``), ``text`` the line with the seconds.
    """

    source: Source
    complete: bool
    text: str
    seconds: float | None
    doubt: float
    leap: str

    @property
    def synchronised(self) -> bool:
        """Tell whether the host followed a server: else the seconds measure nothing."""
        return self.leap not in ("", "Not synchronised")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostClock:
    """What is known of the clock of one host's report.

    ``dated_by`` says what years and zone rest on, ``zone_known`` is False where the zone is a
    guess. ``contradictions`` are sentences: two sources of time that cannot both be right.
    ``compared`` says with which other clocks it was compared, or why with none.
    """

    host: str
    bundle: str
    dated_by: str
    zone_known: bool
    utc_offset_minutes: int | None
    changes: tuple[ClockChange, ...] = ()
    skews: tuple[ClockSkew, ...] = ()
    contradictions: tuple[str, ...] = ()
    compared: str = ""
