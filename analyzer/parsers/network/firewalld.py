"""Read firewall-cmd--list-all-zones.out: what firewalld lets in, zone by zone.

Writer: firewalld's ``firewall-cmd --list-all-zones`` (``firewall/command.py``,
`print_zone_policy_info`), run by xen-bugtool (`network-status`) since 2.0.18. No times. A zone
ends with its rich rules, each on a line of its own behind a tab.

True lines: ``public (default, active)`` and ``  services: nbd ssh xapi-insecure``.

Not read: protocols, forwarding, ICMP, what belongs to policies.
"""

import re
from collections.abc import Iterator
from dataclasses import field

from analyzer.bundle.member import Member
from analyzer.model.network import FirewalldListing, FirewalldZone
from analyzer.model.report import ParseProblem
from analyzer.model.source import Source
from analyzer.parsers._api import Fact
from analyzer.parsers._text import Text, read_text
from analyzer.values import dataclass

_ZONE = re.compile(r"(?P<name>[\w+.-]{1,64})(?: \((?P<marks>[a-z, ]+)\))?\s*")
_KEY = re.compile(r"  (?P<key>[a-z][a-z -]{1,40}):(?: (?P<value>.*))?")
_RICH = "rich rules"
_SHOWN = ("target", "services", "ports")
_NEEDED = frozenset({"target", "interfaces", "services", "ports", _RICH})


@dataclass(slots=True, kw_only=True)
class _Zone:
    """A zone while its lines are read; ``key`` is the last one, which further lines belong to."""

    source: Source
    text: str
    name: str
    marks: frozenset[str]
    key: str = ""
    values: dict[str, str] = field(default_factory=dict)
    rich_rules: list[str] = field(default_factory=list)
    lines: list[tuple[Source, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallCmd:
    """The parser."""

    name: str = "firewall"

    def claims(self, path: str, head: bytes) -> bool:  # noqa: ARG002 (its name is enough)
        """Tell whether the file is named so."""
        return path.rpartition("/")[2] == "firewall-cmd--list-all-zones.out"

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield the zones in the order of the file, then the first line that is none of theirs."""
        text = read_text(member, limit)
        zones: list[_Zone] = []
        strange: list[ParseProblem] = []
        for index, line in text.closed():
            if line.strip() and not _take_line(text, index, zones):
                strange.append(ParseProblem(source=text.at(index), what="no line of a zone"))
        whole = all(zone.values.keys() >= _NEEDED for zone in zones)
        yield FirewalldListing(
            source=text.source,
            complete=text.whole and bool(zones) and whole and not strange,
            zones=tuple(_finished_zone(zone) for zone in zones),
        )
        yield from strange[:1]


PARSER = FirewallCmd()


def _take_line(text: Text, index: int, zones: list[_Zone]) -> bool:
    """Take a line into the zones; False if it has no place there."""
    line = text.lines[index]
    if begun := _ZONE.fullmatch(line):
        marks = frozenset((begun["marks"] or "").replace(",", " ").split())
        zone = _Zone(source=text.at(index), text=line, name=begun["name"], marks=marks)
        zones.append(zone)
        return True
    if not zones:
        return False
    zone = zones[-1]
    if found := _KEY.fullmatch(line):
        zone.key = found["key"]
        zone.values[zone.key] = (found["value"] or "").strip()
        zone.lines += [(text.at(index), line)] if zone.key in _SHOWN else []
        return True
    if zone.key == _RICH and line.startswith("\t"):
        zone.rich_rules.append(line.strip())
    return bool(zone.key) and line.startswith("\t")


def _finished_zone(zone: _Zone) -> FirewalldZone:
    return FirewalldZone(
        source=zone.source,
        text=zone.text,
        name=zone.name,
        active="active" in zone.marks,
        target=zone.values.get("target", ""),
        interfaces=_words_of_zone(zone, "interfaces"),
        services=_words_of_zone(zone, "services"),
        ports=_words_of_zone(zone, "ports"),
        sources=_words_of_zone(zone, "sources"),
        rich_rules=tuple(zone.rich_rules),
        default="default" in zone.marks,
        lines=tuple(zone.lines),
    )


def _words_of_zone(zone: _Zone, key: str) -> tuple[str, ...]:
    return tuple(zone.values.get(key, "").split())
