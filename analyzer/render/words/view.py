"""The words that all renderers share: hostile text made visible, times said with their doubt."""

import re
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from analyzer.model.finding import Subject
from analyzer.model.moment import NO_DATE, Moment, zone_of
from analyzer.model.sentence import Sentence, told
from analyzer.model.source import Source
from analyzer.render.words.zone import clock_text

# How `stamp` tells a time of a text that says years and zone at its top; None where none does.
SHORT: ContextVar[Callable[[Moment | None], str] | None] = ContextVar("short times", default=None)
LAST = datetime.max.replace(tzinfo=UTC)
# What follows a sign is part of a command or a path, which is whole or of no use.
_UUID = re.compile(r"(?<![=/-])\b([0-9a-f]{8})(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_ASCII_SHOWN = frozenset(map(chr, range(0x20, 0x7F)))
_FEW = 8
_LATIN_1 = range(0x100)
_UNDECODABLE = range(0xDC80, 0xDD00)  # how Python's surrogateescape carries the bytes 80 to ff
_SECOND, _MINUTE = timedelta(seconds=1), timedelta(minutes=1)
DOUBT_SHOWN = _SECOND
_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def visible(text: str, *, lines: bool = False) -> str:
    r"""Return `text` with everything that does not print written out; ``lines`` keeps its layout.

    Control characters, bidi marks, zero-width characters and bytes that were not UTF-8 could
    move the cursor, reorder or hide what a log line really says.

    >>> visible("a\x1b[31mb\u202ec\n")
    'a\\x1b[31mb<U+202E>c\\n'
    """
    if text.isprintable():
        return text
    kept = "\n\t" if lines else ""
    odd = [c for c in {*text} - _ASCII_SHOWN if not (c.isprintable() or c in kept)]
    if len(odd) > _FEW:
        return text.translate({ord(c): _written_out(c) for c in odd})
    for c in odd:  # nearly always the one line feed between a command and its result
        text = text.replace(c, _written_out(c))
    return text


def _written_out(character: str) -> str:
    code = ord(character)
    if character in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[character]
    if code in _LATIN_1:
        return f"\\x{code:02x}"
    if code in _UNDECODABLE:
        return f"\\x{code - 0xDC00:02x}"
    return f"<U+{code:04X}>"


def cut(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text`, and say how many are left out.

    >>> cut("abcdef", 4)
    'abcd [+2 characters]'
    """
    if len(text) <= limit:
        return text
    return f"{text[:limit]} [+{len(text) - limit} characters]"


def short_ids(text: str) -> str:
    """Return a text with the first eight digits of each uuid; a sentence stays one.

    >>> short_ids("disk f03dc4c2-98ce-47de-af1b-5c9aa26fe068")
    'disk f03dc4c2'
    >>> short_ids("xe vdi-list uuid=f03dc4c2-98ce-47de-af1b-5c9aa26fe068")
    'xe vdi-list uuid=f03dc4c2-98ce-47de-af1b-5c9aa26fe068'
    """
    if isinstance(text, Sentence):
        values = {
            name: short_ids(told(value) if isinstance(value, Subject) else value)
            if isinstance(value, str | Subject)
            else value
            for name, value in text.values.items()
        }
        return Sentence(_UUID.sub(r"\1", text.template), values)
    return _UUID.sub(r"\1", text)


def short_place(source: Source) -> str:
    """Return a line as an answer names it, without the folders that all logs and alerts lie in.

    >>> short_place(Source(bundle="b.tar.bz2", member="var/log/SMlog.2", line=1204))
    'SMlog.2:1204'
    """
    return str(source).removeprefix("var/log/").removeprefix("var/xapi/blobs/")


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return the number with its noun.

    >>> counted(1, "rule"), counted(2, "rule"), counted(1200, "entry", "entries")
    ('1 rule', '2 rules', '1,200 entries')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def stamp(moment: Moment | None) -> str:
    """Return the time as the text that is written tells it: whole, unless its top says the year."""
    short = SHORT.get()
    return short(moment) if short else whole_stamp(moment)


def whole_stamp(moment: Moment | None) -> str:
    """Return the time as people read it, in UTC or its zone, with its doubt if over a second.

    A doubt of minutes that is not the same on both sides is told as a range.
    """
    if moment is None or moment.dated_by == NO_DATE:
        return "time unknown"
    text, zone = clock_text(moment)
    if not moment.year_known:
        return f"????{text[4:]} (year unknown)"
    if moment.doubt <= _SECOND:
        return f"{text} {zone}"
    uneven = moment.at - moment.earliest != moment.latest - moment.at
    if uneven and moment.doubt > _MINUTE:
        # The minutes that a time lies between, rounded outwards.
        own = zone_of(moment)
        first = moment.earliest.astimezone(own)
        last = moment.latest.astimezone(own) + _MINUTE - timedelta(microseconds=1)
        same_day = first.date() == last.date()
        return f"{first:%Y-%m-%d %H:%M}-{last:{'%H:%M' if same_day else '%Y-%m-%d %H:%M'}} {zone}"
    return f"about {text} {zone} {margin(moment)}"


def margin(moment: Moment) -> str:
    """Return the doubt of a moment, such as ±7 h, or -1 h +14 h."""
    before, after = duration(moment.at - moment.earliest), duration(moment.latest - moment.at)
    return f"±{after}" if before == after else f"-{before} +{after}"


def duration(length: timedelta) -> str:
    """Return the length in its largest fitting unit, rounded up: doubt is not talked down.

    >>> duration(timedelta(hours=7)), duration(timedelta(seconds=61)), duration(timedelta(0))
    ('7 h', '2 min', '0 s')
    """
    seconds = -(-length // _SECOND)
    for unit, size in _UNITS:
        if seconds >= (2 * size if unit == "d" else size):
            return f"{-(-seconds // size)} {unit}"
    return "0 s"


def span(first: Moment | None, last: Moment | None) -> str:
    """Return "A to B", or the one time if both read the same."""
    return _from_to(stamp(first), stamp(last))


def whole_span(first: Moment, last: Moment) -> str:
    """Return "A to B" with years and zones."""
    return _from_to(whole_stamp(first), whole_stamp(last))


def _from_to(begin: str, end: str) -> str:
    return begin if begin == end else f"{begin} to {end}"


def iso(moment: Moment | None) -> str | None:
    """Return the instant as ISO 8601 in UTC; None if there is none, or its year is unknown."""
    if moment is None or not moment.year_known:
        return None
    return iso_time(moment.at)


def iso_time(time: datetime) -> str:
    """Return an aware time as ISO 8601 in UTC, such as ``2024-11-22T10:06:01Z``."""
    utc = time if time.tzinfo is UTC else time.astimezone(UTC)
    return utc.isoformat()[: -len("+00:00")] + "Z"


def time_key(moment: Moment | None) -> datetime:
    """Return what moments are sorted by; those that cannot be dated come last."""
    return moment.at if moment is not None and moment.year_known else LAST


def anchor(source: Source, bundles: tuple[str, ...]) -> str:
    """Return the name of a source inside one page: number of its bundle, member, line.

    Only characters that need no escape in an HTML id or a URL fragment.
    """
    number = bundles.index(source.bundle) + 1 if source.bundle in bundles else 0
    member = quote(source.member, safe="/._-", errors="surrogatepass")
    member = member.replace("~", "%7E").replace("%", "~")
    return f"b{number}:{member}:{source.line}"
