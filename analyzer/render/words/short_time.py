"""Times as an answer says them: day and minute, a doubt as a range, the year once at the top."""

from dataclasses import replace
from datetime import timedelta

from analyzer.model.moment import Moment, zone_of
from analyzer.model.sentence import Minute, Sentence, Told, Value, say
from analyzer.render.words.view import stamp

_MINUTE = timedelta(minutes=1)


def short_time(moment: Moment | None) -> Sentence:
    """Return day and minute, or the range that it lies in; the zone only where it is not UTC.

    >>> from datetime import UTC, datetime
    >>> short_time(Moment.exact(datetime(2024, 6, 10, 3, 12, tzinfo=UTC), "audit.log"))
    '10 Jun 03:12'
    """
    if moment is None or not moment.year_known:
        return Sentence(stamp(moment))
    if moment.doubt < _MINUTE:
        return _told_reading(moment, _day_and_minute(moment) + _zone_unless_utc(moment))
    early = replace(moment, at=moment.earliest)
    late = replace(moment, at=moment.latest)
    return short_span(early, late)


def short_span(first: Moment, last: Moment) -> Sentence:
    """Return "10 Jun 03:12-03:26", both days where they differ, one time where they do not."""
    begin, end = _day_and_minute(first), _day_and_minute(last)
    if begin == end:
        return _told_reading(first, begin + _zone_unless_utc(first))
    same_day = begin[:-5] == end[:-5]
    return _told_reading(first, f"{begin}-{end[-5:] if same_day else end}{_zone_unless_utc(last)}")


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


def _with_short_time(value: Value) -> Value:
    match value:
        case Moment():
            return short_time(value)
        case Minute():
            return short_time(value.moment)
        case Sentence():
            return value.with_values(_with_short_time)
        case _:
            return value


def window_words(first: Moment, last: Moment) -> Sentence:
    """Return from when to when, with the year."""
    year = first.at.year
    begin = _day_and_minute(first) if last.at.year == year else f"{_day_and_minute(first)} {year}"
    end = f"{_day_and_minute(last)} {last.at.year}{_zone_unless_utc(last) or ' UTC'}"
    return _told_reading(first, f"{begin} to {end}")


def _day_and_minute(moment: Moment) -> str:
    time = moment.at.astimezone(zone_of(moment))
    return f"{time.day} {time:%b %H:%M}"


def _zone_unless_utc(moment: Moment) -> str:
    offset = f"{moment.at.astimezone(zone_of(moment)):%z}"
    return "" if offset == "+0000" else f" {offset[:3]}:{offset[3:]}"
