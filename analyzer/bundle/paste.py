"""Pastes: lines of logs as people send them in a ticket, a mail or a chat.

They come with quote marks (``> ``), with what grep put in front (``SMlog.1:123:``, ``2170-``), with
a priority (``<27>``) or the escapes of Markdown, without host, or without date and host, wrapped
by a mail program, and with prose between them. Each line that a log wrote is made whole again, in
a log of its own family that keeps the line's number. What no log wrote is left as it is, so that
it counts as not understood. Lines of several hosts become logs of each: a line belongs to the host
that its head names, and one without a head to that of the line before.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import PurePosixPath

from analyzer.bundle.loose import may_be_read
from analyzer.bundle.names import LogName, log_name, place
from analyzer.model.terms import BUGTOOL_LOG
from analyzer.values import dataclass

NO_HOST = "-"
SNIFFED = 1 << 16  # bytes in which a paste must show that it is one
_NO_DATE = "Jan  1 00:00:00"
_BOOTING = "localhost"  # what a host calls itself until it knows its name
_NOTES = frozenset({"", ".txt", ".text", ".log", ".md", ".eml", ".msg"})
_NARROWEST, _WIDEST = 68, 100  # columns at which mail programs wrap

_CLOCK = r"[0-2][0-9]:[0-5][0-9]:[0-6][0-9](?:\.[0-9]{1,9})?"
_BSD = rf"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {{1,2}}[0-3]?[0-9] {_CLOCK}"
_ISO = rf"[12][0-9]{{3}}-[01][0-9]-[0-3][0-9]T{_CLOCK}(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}})?"
_QUOTED = re.compile(r"[>|\s]{0,16}")
# `grep -H`, `-n` and both; a dash stands for the colon in lines of context (-A, -B, -C)
_GREP = re.compile(
    r"(?:(?P<file>[\w./-]*?(?:log|SMlog)(?:\.[0-9]{1,4})?(?:\.gz)?)[:-])?(?:[0-9]{1,9}[:-])?"
)
_HEAD = re.compile(
    rf"(?:<[0-9]{{1,3}}>)?(?:(?P<stamp>{_BSD}|{_ISO}) )?(?:(?P<host><?[A-Za-z0-9][\w.-]*>?) )??"
    r"(?:<[0-9]{1,3}>)?(?P<rest>(?P<tag>[A-Za-z][^\s:\[]*)(?:\[[0-9]+\])?: ?(?P<text>.*))"
)
_DMESG = re.compile(r"\[ *[0-9]{1,10}\.[0-9]{6}\] ?\S")
_PID_OF_SM = re.compile(r"\[[0-9]{1,10}\](?:\[\w+\])?(?: |$)")
_BRACKET = re.compile(
    r"\[(?:[0-9]{8}T[0-9:.]+Z\|)? *(?P<level>debug|info|warn|error|audit)\|(?P<host>[\w.-]*)\|"
)
_ESCAPED = re.compile(r"\\([*_`\[\]<>#~])")
# What is known by its words, with nothing before it; 0 stands for the pid that SM writes.
_BARE = (
    (_DMESG, "kern.log", "kernel: "),
    (
        re.compile(r"block nbd[0-9]+: |print_req_error: |blk_update_request: |device-mapper: \S"),
        "kern.log",
        "kernel: ",
    ),
    (_PID_OF_SM, "SMlog", "SM: "),
    (re.compile(r"\*{5} \S|Raising exception \[|FAILED in util\."), "SMlog", "SM: [0] "),
    (re.compile(r"Caught exception while handling client: "), "daemon.log", "xapi-nbd: main: "),
)
_SM = ("SM", "SMGC", "SM-GC")
_FAMILIES: Mapping[str, str] = {
    **dict.fromkeys(("kernel",), "kern.log"),
    **dict.fromkeys(("nbd_client_manager", "cbt-util"), "user.log"),
    **dict.fromkeys(("xapi", "xenopsd-xc", "xcp-networkd", "message-switch"), "xensource.log"),
    **dict.fromkeys(("xapi-nbd", "tapdisk", "nbdkit", "qemu-nbd", "qemu-dp"), "daemon.log"),
    **dict.fromkeys(("systemd", "chronyd", "multipathd", "iscsid", "squeezed"), "daemon.log"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pasted:
    """What is known of the lines of a log that was put together from a paste.

    ``written`` maps a line as it is read to what was pasted of it, ``undated`` are the numbers of
    lines that had no date, ``original`` is all that was pasted. ``host`` is whose lines these are,
    "" where no more than one host is named.
    """

    written: Mapping[str, str]
    undated: frozenset[int]
    original: bytes
    host: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line of a log; ``host`` and ``stamp`` are "" where they were cut off.

    ``undated`` tells that the stamp is that of a line before.

    ``rest`` begins with the tag, ``written`` is what was pasted, without what stood before it.
    """

    family: str
    host: str
    stamp: str
    rest: str
    written: str
    undated: bool = False


def is_paste(head: bytes, *, named: bool) -> bool:
    r"""Tell whether text that begins with ``head`` is pasted lines of logs.

    A file that has the name of a log is one only where more of its lines lack something than not.

    >>> is_paste(b"> Aug  1 17:24:48 a SM: [12965] lock: opening", named=True)
    True
    >>> is_paste(b"Aug  1 17:24:48 a SM: [12965] lock: opening\n", named=True)
    False
    """
    if b"\0" in head:
        return False
    kinds = Counter(
        _kind_of_pasted_line(line) for line in head.decode(errors="replace").splitlines()
    )
    return kinds["cut"] > kinds["whole"] if named else kinds["cut"] + kinds["whole"] > 0


def is_loose_paste(path: str, head: bytes) -> bool:
    """Tell whether a file in an archive, by its path in it and its first bytes, is a paste.

    Only what lies in no folder of a host and has the name of a note is one; where it may also be
    the output of a command, a third of its lines have to be of logs.
    """
    named = "/" not in path and path != BUGTOOL_LOG and PurePosixPath(path).suffix in _NOTES
    if not named or b"\0" in head:
        return False
    lines = [line for line in head.decode(errors="replace").splitlines() if _is_said(line)]
    logged = sum(bool(_kind_of_pasted_line(line)) for line in lines)
    return logged > 0 and (not may_be_read(head) or logged * 3 >= len(lines))


def put_together(
    content: bytes, family: str | None = None
) -> Sequence[tuple[LogName, bytes, Pasted]]:
    """Return one log per host and family of which there are lines: name, bytes, what was pasted.

    ``family`` is where lines belong that do not tell theirs.
    """
    lines = re.split(r"\r\n|\r|\n", content.decode(errors="replace"))
    found = dict(_log_lines(lines, family or "var/log/daemon.log"))
    hosts, found = _hosts(found), dict(_dated(found))
    logs: dict[tuple[str, str], dict[int, _Line]] = {}
    for number, line in found.items():
        logs.setdefault((hosts[number], line.family), {})[number] = line
    main = max(sorted(logs), key=lambda log: len(logs[log]), default=None)
    if main is None:
        main = ("", family or "var/log/daemon.log")
        logs[main] = {}
    inside = {
        number
        for begun, line in found.items()
        for number in range(begun, begun + line.written.count("\n") + 1)
    }
    several = len({host for host, _ in logs}) > 1
    return tuple(
        _put_together(
            log,
            lines,
            own,
            Pasted(
                written={}, undated=frozenset(), original=content, host=log[0] if several else ""
            ),
            inside if log == main else None,
        )
        for log, own in sorted(logs.items())
    )


def _hosts(found: Mapping[int, _Line]) -> Mapping[int, str]:
    """Return whose each line is, "" where no line names a host."""
    told = {number: name for number, line in found.items() if (name := _named_host(line))}
    host = next(iter(told.values()), "")
    hosts = {}
    for number in found:
        host = hosts[number] = told.get(number, host)
    return hosts


def _dated(found: Mapping[int, _Line]) -> Mapping[int, _Line]:
    """Give lines without a date that of the line before in their log, of whatever host."""
    stamps = {line.family: line.stamp for line in reversed(list(found.values())) if line.stamp}
    dated = {}
    for number, line in found.items():
        stamps[line.family] = line.stamp or stamps.get(line.family, _NO_DATE)
        dated[number] = replace(line, stamp=stamps[line.family], undated=not line.stamp)
    return dated


def _named_host(line: _Line) -> str:
    """Return the short name of the host that a head names, "" for a cut head or none."""
    whole = line.stamp or f"|{line.host}|" in line.rest
    name = line.host.partition(".")[0].lower()
    return name if whole and name[:1].isalnum() and name != _BOOTING else ""


def _kind_of_pasted_line(line: str) -> str:
    told = _log_line(line, "")
    if told is None:
        return ""
    return "whole" if line == f"{told.stamp} {told.host} {told.rest}" else "cut"


def _put_together(
    log: tuple[str, str],
    lines: Sequence[str],
    own: Mapping[int, _Line],
    pasted: Pasted,
    inside: AbstractSet[int] | None,
) -> tuple[LogName, bytes, Pasted]:
    """Make one log; with ``inside``, the lines that some log wrote, also what none wrote."""
    written: dict[str, str] = {}
    undated = set()
    whole = []
    for number, text in enumerate(lines, 1):
        line = own.get(number)
        if line is None:
            said = inside is not None and number not in inside and _is_said(text)
            whole.append(text if said else "")
            continue
        whole.append(f"{line.stamp} {line.host or NO_HOST} {line.rest}")
        written[whole[-1]] = line.written
        if line.undated:
            undated.add(number)
    pasted = replace(pasted, written=written, undated=frozenset(undated))
    return LogName(family=log[1], rotation=0), "\n".join(whole).encode(), pasted


def _is_said(text: str) -> bool:
    """Tell whether a line that no log wrote says anything: no fence, no separator of grep."""
    return any(character.isalnum() for character in text)


def _log_lines(lines: Sequence[str], family: str) -> Iterator[tuple[int, _Line]]:
    """Yield the lines that a log wrote, by number, each with what a mail program wrapped of it."""
    number = 0
    while number < len(lines):
        told = _log_line(lines[number], family)
        begun = number = number + 1
        if told is None:
            continue
        while number < len(lines) and (
            more := _rest_of_wrapped_line(lines[number - 1], lines[number])
        ):
            rest = _ESCAPED.sub(r"\1", more)
            told = replace(told, rest=f"{told.rest} {rest}", written=f"{told.written}\n{more}")
            number += 1
        yield begun, told


def _rest_of_wrapped_line(before: str, line: str) -> str:
    """Return the rest of a line that was wrapped, "" if this is a line of its own."""
    text = _without_quote_marks(line).strip()
    if not _is_said(text) or _log_line(line, "") is not None or len(before) > _WIDEST:
        return ""
    if before.startswith(">") != line.startswith(">"):
        return ""
    return text if len(before) + 1 + len(text.split(None, 1)[0]) >= _NARROWEST else ""


def _without_quote_marks(line: str) -> str:
    found = _QUOTED.match(line)
    return line[found.end() :] if found else line


def _log_line(line: str, family: str) -> _Line | None:
    """Read a line that a log wrote, whatever stands before it, None if it is none."""
    text = _without_quote_marks(line)
    grep = _GREP.match(text)
    told = _told(text, "", family)
    if told is None and grep and grep.end():
        log = log_name(place((grep["file"] or "").rpartition("/")[2]).path)
        told = _told(text[grep.end() :], log.family if log else "", family)
    return told


def _told(text: str, named: str, family: str) -> _Line | None:
    """Read a line; ``named`` is the family by the file's name, ``family`` the one by default."""
    plain = _ESCAPED.sub(r"\1", text)
    for pattern, log, tag in _BARE:
        if pattern.match(plain):
            return _Line(
                family=(f"var/log/{log}"), host="", stamp="", rest=(f"{tag}{plain}"), written=text
            )
    found = _HEAD.match(plain)
    if found is None:
        return None
    bracket = _BRACKET.match(found["text"])
    # The log that a program writes to, None for a program that is not known.
    log_tag = found["tag"]
    log_text = found["text"]
    if log_tag in _SM:
        own: str | None = "var/log/SMlog" if _PID_OF_SM.match(log_text) else None
    elif bracket is not None and log_tag != "squeezed":
        own = f"var/log/{'audit' if bracket['level'] == 'audit' else 'xensource'}.log"
    else:
        name = _FAMILIES.get(log_tag)
        own = f"var/log/{name}" if name else None
    if own is None and not (found["stamp"] and found["host"]):
        return None  # prose has colons, too
    return _Line(
        family=named or own or family or "var/log/daemon.log",
        host=found["host"] or (bracket["host"] if bracket else ""),
        stamp=found["stamp"] or "",
        rest=found["rest"],
        written=text,
    )
