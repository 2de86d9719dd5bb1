"""What the collector says of its own run: ``inventory.xml`` and ``xen-bugtool.log``.

Both are written at the end by xen-bugtool (status-report): make_inventory() and log().
"""

import re
from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from analyzer.values import dataclass

_OMITTING = re.compile(r"Omitting (?P<path>.+), size constraint of (?P<capability>\S+) exceeded")
_PROGRAM = re.compile(r"(?:^|/)(?:xen-bugtool|xenserver-status-report)(?:\s|$)")
_MD5 = re.compile(r"[0-9a-fA-F]{32}", re.ASCII)
_SHORT = "adsuy"
_ENTRIES = "--entries"
LARGEST = 16 << 20  # bytes of either file; a report has some thousand entries of 200
_ALL = "--all"
_QUIETEST, _FULLEST = 1, 9


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInventory:
    """``inventory.xml``: who made the report, when and where, and the list of its files.

    ``date`` is host time in the host's locale (``%c``), ``entries`` are (capability, file name
    with the top folder) in the order written. None stands for an attribute that is not there.
    ``sums`` are the md5 sums by file name; `analyzer.bundle._sums` says which of them bind.
    """

    user: str | None
    date: str | None
    hostname: str | None
    uname: str | None
    uptime: str | None
    entries: tuple[tuple[str, str], ...]
    sums: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class BugtoolLog:
    """``xen-bugtool.log``, which xen-bugtool writes since 2.0.

    ``argv`` is how it was called, () when that line is not there. ``requested`` are the
    capabilities of ``--entries`` with the number that limits their rotated logs (``a,b:3``; None
    without one), None when all were asked for or it is not known. ``omitted`` are (path or
    label, capability) of what a size cap kept out.
    """

    argv: tuple[str, ...]
    requested: Mapping[str, int | None] | None
    omitted: tuple[tuple[str, str], ...]


def read_inventory(data: bytes) -> ReportInventory | None:
    """Read ``inventory.xml``; None when it is cut, no inventory, or has a DTD.

    >>> read_inventory(b"<system-status-inventory><system-summary hostname='jupiter'/>") is None
    True
    """
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except (DefusedXmlException, LookupError, ParseError, ValueError):
        return None
    if root.tag != "system-status-inventory":
        return None
    summary = root.find("system-summary")
    named = {} if summary is None else summary.attrib
    return ReportInventory(
        user=named.get("user"),
        date=named.get("date"),
        hostname=named.get("hostname"),
        uname=named.get("uname"),
        uptime=named.get("uptime"),
        entries=tuple(
            (entry.get("capability", ""), entry.get("filename", ""))
            for entry in root.iter("inventory-entry")
        ),
        sums=MappingProxyType(
            {
                entry.get("filename", ""): md5.lower()
                for entry in root.iter("inventory-entry")
                if _MD5.fullmatch(md5 := entry.get("md5sum", ""))
            }
        ),
    )


def read_bugtool_log(data: bytes) -> BugtoolLog:
    r"""Read ``xen-bugtool.log``: one line with the arguments, one with PATH, then what it noted.

    >>> log = read_bugtool_log(b"/usr/sbin/xen-bugtool -y --entries=disk-info\nPATH=/sbin\n")
    >>> dict(log.requested)
    {'disk-info': None}
    """
    lines = data.decode("utf-8", "replace").splitlines()
    first = lines[0] if lines else ""
    argv = tuple(first.split()) if _PROGRAM.search(first) else ()
    omitted = (match for line in lines if (match := _OMITTING.fullmatch(line)))
    # Follow getopt as xen-bugtool calls it: long options may be shortened, the last one wins.
    requested: dict[str, int | None] | None = None
    waiting = False
    for word in argv[1:]:
        option, given, value = word.partition("=")
        if waiting:
            requested, waiting = _entries_of_option(word, requested), False
        elif len(option) > len("--") and _ENTRIES.startswith(option):
            waiting = not given
            requested = _entries_of_option(value, requested)
        elif _asks_for_all(word):
            requested = None
    entries_of_command_line = None if requested is None else MappingProxyType(requested)
    return BugtoolLog(
        argv=argv,
        requested=entries_of_command_line,
        omitted=tuple((match["path"], match["capability"]) for match in omitted),
    )


def _asks_for_all(word: str) -> bool:
    if word.startswith("--"):
        return len(word) > len("--") and _ALL.startswith(word)
    return word.startswith("-") and "a" in word and all(char in _SHORT for char in word[1:])


def _entries_of_option(
    text: str, other: dict[str, int | None] | None
) -> dict[str, int | None] | None:
    if not text:
        return other
    found: dict[str, int | None] = {}
    for item in text.split(","):
        name, _, verbosity = item.partition(":")
        known = verbosity.isascii() and verbosity.isdecimal()
        number = int(verbosity[:4]) if known else None
        found[name] = None if number is None else min(_FULLEST, max(_QUIETEST, number))
    return found
