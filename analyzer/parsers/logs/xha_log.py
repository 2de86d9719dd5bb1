"""``var/log/xha.log``: the daemon of high availability, which fences its host.

Written by xhad itself, not by syslog (xenserver/xha, daemon/log.c, ``log_message``): host local
time with the name of the zone and the year, the level in brackets, no host and no program::

    Jun 09 13:27:55 CEST 2024 [err] FH: Survival Rule is not met for the local host.  - Self-Fence

Levels notice and worse go to daemon.log too (``xha[<pid>]: …``). The name of a zone is taken for an
offset only where it is one (``UTC``, ``GMT``, ``+03``). Not read: dumps of packets (lines that
begin with a tab).
"""

import re
from datetime import timedelta

from analyzer.model.event import Level
from analyzer.parsers._api import Body, LogParser, Split
from analyzer.parsers.scan.syslog import split_head

PROGRAM = "xhad"

_LEVELS = {
    "debug": Level.DEBUG,
    "info": Level.INFO,
    "notice": Level.INFO,
    "warn": Level.WARN,
    "warning": Level.WARN,
    "err": Level.ERROR,
    "error": Level.ERROR,
    "crit": Level.ERROR,
    "alert": Level.ERROR,
    "emerg": Level.ERROR,
    "panic": Level.ERROR,
}
_REST = r"[12][0-9]{3} \[[a-z]{2,8}\]"
_AFTER_ZONE = re.compile(r"([12][0-9]{3}) (\[[a-z]{2,8}\].*)")
_TEXT = re.compile(r"\[([a-z]+)\] ?(.*)")
_NUMBERED = re.compile(r"([+-])([01][0-9])([0-5][0-9])?")


def _split_line(line: str) -> Split | None:
    """Take a line apart: what looks like the host is the zone, and the year comes behind it."""
    head = split_head(line)
    found = _AFTER_ZONE.fullmatch(head[2]) if head else None
    if head is None or found is None:
        return None
    stamp, zone, _ = head
    stamp = stamp._replace(
        year=stamp.year or int(found[1]), offset=stamp.offset or _offset_of_zone(zone)
    )
    return stamp, "", (PROGRAM, None, found[2])


def _offset_of_zone(zone: str) -> timedelta | None:
    """Return the offset that a zone's name is; most names stand for several zones."""
    if zone in ("UTC", "GMT"):
        return timedelta()
    found = _NUMBERED.fullmatch(zone)
    if found is None:
        return None
    size = timedelta(hours=int(found[2]), minutes=int(found[3] or "0"))
    return -size if found[1] == "-" else size


def _xha_body(tag: str, pid: int | None, text: str) -> Body | None:
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    return Body(process=tag, pid=pid, message=found[2], level=_LEVELS.get(found[1]))


PARSER = LogParser(
    name="xha_log",
    rest=_REST,
    parse=_xha_body,
    split=_split_line,
    loud=r"\[(?:err|error|crit|alert|emerg|panic)\]",
)
