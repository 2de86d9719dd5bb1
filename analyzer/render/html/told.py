"""Our sentences and times as HTML: every moment is a ``<time>``, so the page can change zones."""

from datetime import datetime

from markupsafe import Markup, escape

from analyzer.model.moment import Moment
from analyzer.model.sentence import FIELD, Around, Minute, Sentence, Told, Value, told
from analyzer.render.words.short_time import exact_time, short_around, short_time
from analyzer.render.words.view import iso, iso_time, visible


def shown(value: object) -> object:
    """Make a value visible, and mark the times of a sentence; what is HTML already stays."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return _sentence_marked_up(value) if isinstance(value, Sentence) else visible(value, lines=True)


def time_of(moment: Moment | None) -> Markup:
    """Return a time to the second, with its doubt; year and zone stand at the top of the page."""
    return _time_of_moment(moment, exact_time(moment))


def hour_of(time: datetime) -> Markup:
    """Return an hour of the chart of clients."""
    text = f"{time.day} {time:%b %H:%M}"
    return Markup('<time datetime="{}">{}</time>').format(iso_time(time), text)


def _time_of_moment(moment: Moment | None, text: str) -> Markup:
    at = iso(moment)
    if at is None:
        return Markup('<span class="when">{}</span>').format(text)
    return Markup('<time class="when" datetime="{}">{}</time>').format(at, text)


def _sentence_marked_up(sentence: Sentence) -> Markup:
    parts, done = Markup(), 0
    for found in FIELD.finditer(sentence.template):
        parts += visible(sentence.template[done : found.start()], lines=True)
        name, done = found[1], found.end()
        value = sentence.values.get(name)
        parts += visible(found[0]) if value is None else _value_marked_up(value)
    return parts + escape(visible(sentence.template[done:], lines=True))


def _value_marked_up(value: Value) -> Markup:
    match value:
        case Sentence():
            return _sentence_marked_up(value)
        case Moment():
            return _time_of_moment(value, exact_time(value) if value.year_known else told(value))
        case Around():
            return _time_of_moment(value.moment, short_around(value.moment))
        case Minute():
            return _time_of_moment(value.moment, short_time(value.moment))
        case Told():
            return _time_of_moment(value.moment, value.reading)
        case _:
            return escape(visible(told(value), lines=True))
