"""The rhythm of a log, learnt from the log itself: how long it is silent when all is well.

A log whose third longest silence is short speaks steadily, and one much longer silence is a hole
in it. A log without such a rhythm (user.log, SMlog of a host without work) may be silent for as
long as it likes.
"""

from collections.abc import Sequence
from datetime import timedelta

from analyzer.case.time.log_tracks import Silence, Track
from analyzer.parsers.scan.rhythm import SHORTEST
from analyzer.values import dataclass

_RARE = 2  # silences that are no part of a rhythm
_STEADY = 600.0  # seconds: the longest usual silence of a steady log
_SPOKEN = timedelta(hours=2)  # that a log must have been speaking for
_LINES = 100
_FEW = 20
_LATE = 1800.0  # seconds
UNHEARD = 3  # times the longest silence that a log ever kept
_UNUSUAL = 4  # times the longest usual silence
_WEEKS = (7, 14, 21)
_DAYS = range(1, 15)
_SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """``longest`` is the longest usual silence in seconds; ``steady`` logs have a rhythm."""

    longest: float
    steady: bool

    def is_broken_by(self, silence: Silence) -> bool:
        """Tell whether a silence is far longer than is usual."""
        return self.steady and silence.seconds >= _UNUSUAL * self.longest

    def __str__(self) -> str:
        minutes = round(self.longest / 60)
        return f"a line at least every {minutes} minutes"


def rhythm_of(track: Track, explained: Sequence[Silence]) -> Rhythm:
    """Return the rhythm of a log; silences that are ``explained`` tell nothing of it."""
    told = frozenset(explained)
    silences = [silence for silence in track.silences if silence not in told]
    longest = sorted((silence.seconds for silence in silences), reverse=True)[_RARE:]
    usual = max([SHORTEST, *longest[:1]])
    quiet = timedelta(seconds=sum(silence.seconds for silence in track.silences))
    spoken = track.last.at - track.first.at - quiet
    steady = usual <= _STEADY and spoken >= _SPOKEN and track.lines >= _LINES
    return Rhythm(longest=usual, steady=steady)


def longest_silence(track: Track) -> float | None:
    """Return the longest silence that a log kept, in seconds; None of one that says little.

    The few lines of a kern.log that spoke at boot alone tell nothing of when it speaks.
    """
    if track.lines < _FEW or track.last.at - track.first.at < _SPOKEN:
        return None
    return max([SHORTEST, *(silence.seconds for silence in track.silences)])


def begins_too_late(track: Track, silence: Silence) -> bool:
    """Tell whether a file begins so long after the older one ended that its beginning is lost.

    logrotate renames a log between two lines: what was silent there alone, on a host that was
    at work as on other days, was cut.
    """
    if track.lines < _LINES:
        return False
    others = (own.seconds for own in track.silences if own is not silence)
    longest = max([SHORTEST, *others])
    late = silence.seconds > max(_LATE, UNHEARD * longest)
    return late and speaks_at_that_time(track, silence, Rhythm(longest=longest, steady=True))


def speaks_at_that_time(track: Track, silence: Silence, rhythm: Rhythm) -> bool:
    """Tell whether the log spoke at the same time of another day.

    Work that is done every night is no rhythm of the day, and a weekend is like a weekend only.
    """
    quiet = [own for own in track.silences if rhythm.is_broken_by(own)]
    length = (silence.ended.at.date() - silence.began.at.date()).days
    touches_days = (silence.began.at + timedelta(days=day) for day in range(min(length, 7) + 1))
    touches_weekend = any(day.weekday() >= _SATURDAY for day in touches_days)
    for days in _WEEKS if touches_weekend else _DAYS:
        for shift in (timedelta(days=days), timedelta(days=-days)):
            first, last = silence.began.at + shift, silence.ended.at + shift
            there = track.first.at <= first and last <= track.last.at
            if there and not any(own.began.at < last and first < own.ended.at for own in quiet):
                return True
    return False
