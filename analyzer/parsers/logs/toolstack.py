r"""The bracket with which xapi and its daemons begin what they say.

``[<level>|<host or trace>|<thread> <client>|<task>|<module>] <message>``, written by debug.ml
(xen-api, ocaml/libs/log). The level is padded to five characters; the second field is the host
name up to about release 8.0, empty later, a trace context in the newest; the task may hold
blanks and brackets (``[XO] Importing content …``). audit.log has a UTC time before the level.
Control characters are escaped by rsyslog (``#012``), and by xapi itself since 2020 (``\x0A``).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from analyzer.model.event import Level
from analyzer.parsers._api import Body, Usual
from analyzer.parsers.scan.syslog import ESCAPES, unescape, unfold_repeats

ALWAYS = rf"{ESCAPES}|\\x(?:[01][0-9A-Fa-f]|7[Ff])"

LOUD = r"\[ *error\|"
# Of daemons that write at level debug how a call ended; their other words are of every kind.
FAILURE = (
    r"failed with exception|Server_error\(|Storage_error|INTERNAL_ERROR|\b[Ff]ailed\b"
    r"|uncaught exception|not allowed because|since the heartbeat hasn't been updated"
)

_HEAD = (
    r"\[(?:[0-9]{8}T[0-9:.]+Z\|)? *(?P<level>debug|info|warn|error|audit)"
    r"\|[^|]*\|[0-9]* ?[^|]*\|(?P<task>.*?)\|[^|\]]*\] ?"
)
_BRACKET = re.compile(rf"{_HEAD}(?P<message>.*)")
_USUAL = re.compile(rf"([^ \n]+) ([^ :\[\n]+)(?:\[([0-9]{{1,10}})\])?: (?:{_HEAD})?(?P<message>.*)")
_LEVELS: Mapping[str, Level] = MappingProxyType({level.value: level for level in Level})
_HEX = re.compile(r"\\x([01][0-9A-Fa-f]|7[Ff])")
_UTC = re.compile(
    r"\[([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?[0-9]*Z\|"
)


def parse(tag: str, pid: int | None, text: str) -> Body:
    """Take a line of the toolstack apart; a line without the bracket is all message."""
    inner, count = unfold_repeats(text)
    found = _BRACKET.match(inner)
    if found is None:
        return Body(process=tag, pid=pid, message=_decoded_octets(inner), count=count)
    level, task, message = found.groups()
    return Body(tag, _decoded_octets(message), pid, task or None, _LEVELS[level], count)


def usual(line: str, head: int) -> Usual | None:
    """Take a line apart in which nothing is escaped or repeated."""
    found = _USUAL.match(line, head)
    if found is None or "#" in line or "\\x" in line:
        return None
    host, process, pid, level, task, message = found.groups()
    if level is None and message.startswith("message repeated"):
        return None
    return host, process, message, int(pid) if pid else None, task or None, _LEVELS.get(level)


def _decoded_octets(text: str) -> str:
    text = unescape(text)
    if "\\x" not in text:
        return text
    return _HEX.sub(lambda found: chr(int(found[1], 16)), text)


def inner_utc(text: str) -> datetime | None:
    """Return the UTC time at the beginning of an audit line's bracket.

    >>> inner_utc("[20241122T10:06:01.123Z|audit||12 |task|audit] (…)").isoformat()
    '2024-11-22T10:06:01.123000+00:00'
    """
    found = _UTC.match(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(found[n]) for n in range(1, 7))
    microsecond = int((found[7] or "").ljust(6, "0"))
    try:
        return datetime(year, month, day, hour, minute, second, microsecond, tzinfo=UTC)
    except ValueError:
        return None
