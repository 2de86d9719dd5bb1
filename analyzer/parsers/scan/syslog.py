"""The head that syslog writes before what a program says.

rsyslog with ``RSYSLOG_TraditionalFileFormat`` writes ``Mmm dd HH:MM:SS <host> <tag> <message>``:
host local time, day padded with a blank, no year. Development builds of XenServer 9 write RFC
3339 stamps, with or without fraction and offset; remote captures put ``<27>`` before the stamp.
After a host crash a file may hold a run of NULs before the next line, or half a line with the next
one glued to it; an editor may have put a byte order mark first. A message that repeats is
replaced by ``message repeated N times: [ <message>]`` (``$RepeatedMsgReduction on``).

The character classes are spelled out so that `re` on text and RE2 on bytes agree on every line.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from types import MappingProxyType

from analyzer.parsers._api import Stamp

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_NUMBERS: Mapping[str, int] = MappingProxyType({name: n for n, name in enumerate(MONTHS, 1)})

_PRIORITY = r"(?:<[0-9]{1,3}>)?"
_MARK = rf"(?:\x00|\ufeff)*{_PRIORITY}"
_MARK_OF_BYTES = rf"(?:\x00|\xef\xbb\xbf)*{_PRIORITY}"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]{1,9})?"
_TO_28 = r"0?[1-9]|1[0-9]|2[0-8]"
_TO_30 = r"0?[1-9]|[12][0-9]|30"
_TO_31 = r"0?[1-9]|[12][0-9]|3[01]"
_BSD = (
    rf"(?:Jan|Mar|May|Jul|Aug|Oct|Dec) {{1,2}}(?:{_TO_31}) {_CLOCK}",
    rf"(?:Apr|Jun|Sep|Nov) {{1,2}}(?:{_TO_30}) {_CLOCK}",
    rf"Feb {{1,2}}(?:{_TO_28}|29) {_CLOCK}",
)
ZONE = "Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9]"
_ISO = (
    r"[12][0-9]{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|[12][0-9]))"
    rf"T{_CLOCK}(?:{ZONE})?"
)
_HEAD = re.compile(rf"{_MARK}({'|'.join(_BSD)}|{_ISO}) ([^ \n]+) (.*)")
_WITH_YEAR = re.compile(_ISO)
_USUAL = re.compile(rf"(?:{'|'.join(_BSD)}) ")
_PARTS = re.compile(
    r"(?:(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-|(?P<name>[A-Z][a-z]{2}) {1,2})(?P<day>[0-9]{1,2})"
    r"[T ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
    r"(?:\.(?P<fraction>[0-9]+))?(?P<zone>Z|[+-][0-9:]+)?"
)
_TAG = re.compile(r"([^ :\[\n]+)(?:\[([^\] \n]*)\])?: ?(.*)")
_PID = re.compile(r"[0-9]{1,10}")
_REPEATED = re.compile(r"message repeated ([0-9]{1,9}) times: \[ (.*)")

ANY_TAG = r"[^ :\[\n]+(?:\[[^\] \n]*\])?:"
REPEATED = r"message repeated [0-9]{1,9} times: \[ "
ESCAPES = r"#(?:0[0-3][0-7]|177)"
OLD_REPEAT = r"last message repeated [0-9]{1,9} times?"
# Only of the host of the line around it where the stamp is one that messages hold too.
_GLUED = re.compile(rf"(?:{'|'.join(_BSD)}|(?P<iso>{_ISO})) (?P<host>[^ \n]+) {ANY_TAG}")
_TIME = re.compile(r":[0-5][0-9]:[0-6][0-9]")
_SHORTEST_STAMP = len("Jan 1 00:00:00")
_USUAL_STAMP = len("Jan 10 00:00:00")
USUAL_HEAD = _USUAL_STAMP + 1
_OLD_REPEAT = re.compile(OLD_REPEAT)
_ESCAPE = re.compile(r"#(0[0-3][0-7]|177)")


def line_patterns(rest: str) -> tuple[str, ...]:
    """Return RE2 patterns of whole understood lines, to be put in an ``(?m)`` alternation.

    One for each month, one for 29 February and one for RFC 3339: a run of lines that match the
    same of them says all that is needed of the year.
    """
    february = rf"Feb {{1,2}}(?:{_TO_28}) {_CLOCK}"
    leap_day = rf"Feb {{1,2}}29 {_CLOCK}"
    months = (
        rf"{month} {{1,2}}(?:{_TO_30 if month in 'Apr Jun Sep Nov' else _TO_31}) {_CLOCK}"
        for month in MONTHS
        if month != "Feb"
    )
    stamps = (*months, february, leap_day, _ISO)
    return tuple(
        rf"^{_MARK_OF_BYTES}{stamp} [^ \n]+ (?:{rest}|{OLD_REPEAT})[^\n]*\n" for stamp in stamps
    )


def split_head(line: str) -> tuple[Stamp, str, str] | None:
    """Return (stamp, host, what follows), or None where there is no such head.

    >>> split_head("Jun 10 13:32:41 jupiter SM: [24517] text")[1:]
    ('jupiter', 'SM: [24517] text')
    """
    found = _HEAD.match(line)
    return (read_stamp(found[1]), found[2], found[3]) if found else None


def other_tag(words: tuple[str, ...]) -> str:
    """Return a pattern of the tags that are none of `words`; RE2 has no look-ahead."""
    firsts = sorted({word[0] for word in words if word})
    shut = "".join(re.escape(first) for first in firsts)
    branches = [rf"[^ :\[\n{shut}][^ :\[\n]*"]
    for first in firsts:
        ends = tuple(word[1:] for word in words if word.startswith(first))
        branches.append(f"{re.escape(first)}(?:{other_tag(ends)})")
    return "|".join(branches if "" in words else [*branches, ""])


def glued_lines() -> str:
    """Return an RE2 pattern that finds every place where `glued_part` may find something."""
    return rf"[^\n](?:{'|'.join(_BSD)}|{_ISO}) [^ \n]+ {ANY_TAG}"


def glued_part(line: str, host: str) -> str:
    """Return what begins as a line of its own in the middle of a line of `host`, "" without it.

    >>> glued_part("Jun 10 13:32:41 a SM: [1] loJun 10 13:40:02 a SM: [7] text", "a")
    'Jun 10 13:40:02 a SM: [7] text'
    """
    if _TIME.search(line, _SHORTEST_STAMP) is None:  # nearly always, and ten times faster
        return ""
    for found in _GLUED.finditer(line, _SHORTEST_STAMP):
        if found["iso"] is None or found["host"] == host:
            return line[found.start() :]
    return ""


@lru_cache(maxsize=4096)  # neighbouring lines share their second
def read_stamp(text: str) -> Stamp:
    """Read a stamp that the grammar of the head has accepted."""
    if len(text) == _USUAL_STAMP and text[0].isalpha():  # nearly all are such
        day, hour, minute, second = text[4:6], text[7:9], text[10:12], text[13:15]
        return Stamp(
            month=_NUMBERS[text[:3]],
            day=int(day),
            hour=int(hour),
            minute=int(minute),
            second=int(second),
        )
    found = _PARTS.fullmatch(text)
    if found is None:
        raise ValueError(text)
    month = found["name"]
    return Stamp(
        year=int(found["year"]) if found["year"] else None,
        month=_NUMBERS[month] if month else int(found["month"]),
        day=int(found["day"]),
        hour=int(found["hour"]),
        minute=int(found["minute"]),
        second=int(found["second"]),
        microsecond=microseconds_of(found["fraction"]),
        offset=offset_of(found["zone"]),
    )


def microseconds_of(fraction: str | None) -> int:
    """Return the microseconds of the digits behind a second."""
    return int(fraction[:6].ljust(6, "0")) if fraction else 0


@lru_cache(maxsize=64)
def offset_of(zone: str | None) -> timedelta | None:
    """Return how far a zone of RFC 3339 is from UTC."""
    if zone is None:
        return None
    if zone == "Z":
        return timedelta()
    size = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return -size if zone[0] == "-" else size


def stamp_with_year(text: str) -> Stamp | None:
    """Read a stamp of RFC 3339, None if it is none.

    >>> stamp_with_year("2024-11-12T07:00:00").year
    2024
    >>> stamp_with_year("2024-11-31T07:00:00")
    """
    return read_stamp(text) if _WITH_YEAR.fullmatch(text) else None


def usual_stamp(start: str) -> Stamp | None:
    """Read what nearly all lines begin with, up to the host: a stamp without year and fraction.

    >>> usual_stamp("Jun 10 13:32:41 ").day
    10
    >>> usual_stamp("Jun 31 13:32:41 ")
    """
    return read_stamp(start[:-1]) if _USUAL.fullmatch(start) else None


def split_tag(line: str, start: int = 0) -> tuple[str, int | None, str] | None:
    """Return (tag, pid, text) of what follows the host from `start` on, or None without a tag.

    >>> split_tag("xapi-nbd[1234]: main: Got new client")
    ('xapi-nbd', 1234, 'main: Got new client')
    """
    found = _TAG.match(line, start)
    if found:
        pid = found[2]
        return found[1], int(pid) if pid and _PID.fullmatch(pid) else None, found[3]
    if _OLD_REPEAT.match(line, start):
        return "syslogd", None, line[start:]
    return None


def unfold_repeats(text: str) -> tuple[str, int]:
    """Return the message and how often syslog counted it: 1, or N of "repeated N times".

    >>> unfold_repeats("message repeated 25 times: [ [1234] lock: acquired x]")
    ('[1234] lock: acquired x', 25)
    """
    found = _REPEATED.match(text) if text.startswith("message") else None
    if found is None:
        return text, 1
    return found[2].removesuffix("]"), max(1, int(found[1]))


def unescape(text: str) -> str:
    r"""Decode the control characters that rsyslog wrote as ``#ooo`` (octal).

    >>> unescape("uncaught exception:#012    End_of_file")
    'uncaught exception:\n    End_of_file'
    """
    if "#" not in text:
        return text
    return _ESCAPE.sub(lambda found: chr(int(found[1], 8)), text)
