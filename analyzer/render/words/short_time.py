"""Times as an answer says them: day and minute, a doubt as a range, the year once at the top."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from analyzer.model.moment import NO_DATE, Moment, zone_of
from analyzer.model.sentence import Around, Minute, Sentence, Told, Value, say
from analyzer.render.words.view import DOUBT_SHOWN, SHORT, margin, short_ids, whole_stamp

DASH = "\N{EN DASH}"
_MINUTE = timedelta(minutes=1)
_LONG_AGO = timedelta(days=330)  # a day and its month might be those of another year
_NO_YEARS: frozenset[int] = frozenset()
# The years that are told at the top, so that no time below says them; None where nothing is known.
_years: ContextVar[frozenset[int] | None] = ContextVar("years at the top", default=None)


@contextmanager
def year_at_the_top(covered: tuple[Moment, Moment] | None) -> Iterator[None]:
    """Tell a year below only where it is none of the time that the top says was read."""
    years = _NO_YEARS
    if covered and covered[1].at - covered[0].at < _LONG_AGO:
        years = frozenset(moment.at.astimezone(zone_of(moment)).year for moment in covered)
    token = _years.set(years)
    try:
        yield
    finally:
        _years.reset(token)


@contextmanager
def exact_times(covered: tuple[Moment, Moment] | None) -> Iterator[None]:
    """Tell times to the second wherever a text is written whose top says what was read."""
    token = SHORT.set(exact_time)
    try:
        with year_at_the_top(covered):
            yield
    finally:
        SHORT.reset(token)


def short_time(moment: Moment | None) -> Sentence:
    """Return day and minute, or the range that it lies in; the zone only where it is not UTC.

    >>> from datetime import UTC, datetime
    >>> short_time(Moment.exact(datetime(2024, 6, 10, 3, 12, tzinfo=UTC), "audit.log"))
    '10 Jun 03:12'
    """
    if moment is None or not moment.year_known:
        return Sentence(whole_stamp(moment))
    if moment.doubt < _MINUTE:
        return _told_reading(moment, _day_and_minute(moment) + _zone_unless_utc(moment))
    early = replace(moment, at=moment.earliest)
    late = replace(moment, at=moment.latest)
    return short_span(early, late)


def short_times(moments: Sequence[Moment | None]) -> list[Sentence]:
    """Return the times of steps: with seconds where two neighbours fall into one minute.

    >>> from datetime import UTC, datetime
    >>> steps = [(3, 12, 1), (3, 12, 40), (3, 26, 0), (3, 26, 0)]
    >>> made = [Moment.exact(datetime(2024, 6, 10, *at, tzinfo=UTC), "SMlog") for at in steps]
    >>> [str(each) for each in short_times(made)]
    ['10 Jun 03:12:01', '10 Jun 03:12:40', '10 Jun 03:26', '10 Jun 03:26']
    """
    told = [short_time(moment) for moment in moments]
    close: set[int] = set()
    for number, (one, other) in enumerate(pairwise(moments)):
        if told[number] != told[number + 1] or one is None or other is None:
            continue
        if max(one.doubt, other.doubt) <= DOUBT_SHOWN and exact_time(one) != exact_time(other):
            close.update((number, number + 1))
    return [
        _told_reading(moment, exact_time(moment)) if number in close and moment else told[number]
        for number, moment in enumerate(moments)
    ]


def exact_time(moment: Moment | None) -> str:
    """Return day and second, with its doubt if that is over a second: a range if it is uneven.

    >>> from datetime import UTC, datetime
    >>> exact_time(Moment.exact(datetime(2024, 6, 10, 3, 12, 5, tzinfo=UTC), "audit.log"))
    '10 Jun 03:12:05'
    """
    if moment is None or moment.dated_by == NO_DATE or not moment.year_known:
        return whole_stamp(moment)
    time, zone = moment.at.astimezone(zone_of(moment)), _zone_unless_utc(moment)
    text = f"{_day_and_minute(moment)}:{time:%S}"
    if moment.doubt <= DOUBT_SHOWN:
        return text + zone
    uneven = moment.at - moment.earliest != moment.latest - moment.at
    if uneven and moment.doubt > _MINUTE:
        return str(short_time(moment))
    return f"about {text}{zone} {margin(moment)}"


def short_around(moment: Moment) -> str:
    """Say to the minute when something was, with its preposition."""
    if not moment.year_known:
        return "at an unknown date"
    if moment.doubt <= _MINUTE:
        return f"at {_day_and_minute(moment)}{_zone_unless_utc(moment)}"
    return f"between {str(short_time(moment)).replace(DASH, ' and ')}"


def short_span(first: Moment, last: Moment) -> Sentence:
    """Return "10 Jun 03:12" to "03:26", both days where they differ, one time where they do not."""
    begin, end = _day_and_minute(first), _day_and_minute(last)
    if begin == end:
        return _told_reading(first, begin + _zone_unless_utc(first))
    same_day = begin[:-5] == end[:-5]
    until = f"{end[-5:] if same_day else end}{_zone_unless_utc(last)}"
    return _told_reading(first, f"{begin}{DASH}{until}")


def _told_reading(moment: Moment, reading: str) -> Sentence:
    return say("{at}", at=Told(moment, reading))


def with_short_times(text: str) -> str:
    """Return a sentence with its times as an answer says them; other text as it is.

    >>> from datetime import UTC, datetime
    >>> at = Moment.exact(datetime(2024, 6, 10, 3, 12, tzinfo=UTC), "audit.log")
    >>> with_short_times(say("{disk}, taken {at}", disk=say("log ({at})", at=Minute(at)), at=at))
    'log (10 Jun 03:12), taken 10 Jun 03:12'
    """
    return text.with_values(_with_short_time) if isinstance(text, Sentence) else text


def in_brief(text: str) -> str:
    """Return a sentence with its times and uuids as an answer says them."""
    return with_short_times(short_ids(text))


def with_exact_times(sentence: Sentence) -> Sentence:
    """Return a sentence with its times to the second, or to the minute where it wants no more."""
    return sentence.with_values(_with_exact_time)


def _with_exact_time(value: Value) -> Value:
    match value:
        case Moment() if value.year_known:
            return Told(value, exact_time(value))
        case Sentence():
            return with_exact_times(value)
        case Minute() | Around():
            return _with_short_time(value)
        case _:
            return value


def _with_short_time(value: Value) -> Value:
    match value:
        case Moment():
            return short_time(value)
        case Minute():
            return short_time(value.moment)
        case Around():
            return _told_reading(value.moment, short_around(value.moment))
        case Sentence():
            return value.with_values(_with_short_time)
        case _:
            return value


def window_words(first: Moment, last: Moment) -> Sentence:
    """Return from when to when, with the year."""
    year = first.at.year
    begin = _told_in_year(first, "") + ("" if last.at.year == year else f" {year}")
    end = f"{_told_in_year(last, '')} {last.at.year}{_zone_unless_utc(last) or ' UTC'}"
    return _told_reading(first, f"{begin} to {end}")


def _day_and_minute(moment: Moment) -> str:
    year, years = moment.at.astimezone(zone_of(moment)).year, _years.get()
    return _told_in_year(moment, "" if years is None or year in years else f"{year} ")


def _told_in_year(moment: Moment, year: str) -> str:
    time = moment.at.astimezone(zone_of(moment))
    return f"{time.day} {time:%b} {year}{time:%H:%M}"


def _zone_unless_utc(moment: Moment) -> str:
    offset = f"{moment.at.astimezone(zone_of(moment)):%z}"
    return "" if offset == "+0000" else f" {offset[:3]}:{offset[3:]}"
