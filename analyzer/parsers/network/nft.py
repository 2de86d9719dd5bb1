"""Read nft-list-ruleset.out: the rules about NBD, and the names of all tables and chains.

Writer: nftables ``nft list ruleset`` (``src/rule.c``, `table_print`, `chain_print_declaration`),
run by xen-bugtool (`network-status`) since 2.0.18. No times. Blocks stand in braces, a rule on
one line; what iptables-nft wrote is shown here too.

True lines: ``table ip filter {``, ``	chain xapi_nbd_input_chain {`` and
``		iifname "xenbr0" ct state established,new counter packets 12 bytes 720 accept``.

Not read: rules that do not name the port of NBD, outside of chains named after NBD; sets.
"""

import re
from collections.abc import Iterator
from dataclasses import field

from analyzer.bundle.member import Member
from analyzer.model.nbd import NBD_PORT
from analyzer.model.network import NftListing, NftRule
from analyzer.model.report import ParseProblem
from analyzer.parsers._api import Fact
from analyzer.parsers._text import read_text
from analyzer.values import dataclass

_NAME = r'"?([\w.+/-]{1,128})"?'
_TABLE = re.compile(rf"table (?:([a-z0-9]{{1,8}}) )?{_NAME} \{{.*")
_CHAIN = re.compile(rf"chain {_NAME} \{{.*")
_HOOK = re.compile(r"(?:type |policy |comment ).*")
_PORTS = re.compile(r"\b(?:tcp|th) [sd]port (?:(?:!=|==|vmap) )?(?P<ports>\{[^{}]{0,4000}\}|\S+)")
_RANGE = re.compile(r"(?P<first>[0-9]{1,5})(?:-(?P<last>[0-9]{1,5}))?")
_QUOTED = re.compile(r'"[^"]*"')


@dataclass(slots=True, kw_only=True)
class _Reading:
    """Where in the blocks the reading is, and what it found."""

    depth: int = 0
    broken: int | None = None
    table: str = ""
    chain: str = ""
    tables: list[str] = field(default_factory=list)
    chains: list[str] = field(default_factory=list)
    rules: list[NftRule] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nft:
    """The parser."""

    name: str = "firewall"

    def claims(self, path: str, head: bytes) -> bool:  # noqa: ARG002 (its name is enough)
        """Tell whether the file is named so."""
        return path.rpartition("/")[2] == "nft-list-ruleset.out"

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield the listing; it is whole when every block that was opened is closed."""
        text = read_text(member, limit)
        reading = _Reading()
        for index, line in text.closed():
            own_line = line.strip()
            table = _TABLE.fullmatch(own_line) if reading.depth == 0 else None
            chain = _CHAIN.fullmatch(own_line) if reading.depth == 1 else None
            if table:
                reading.table = " ".join(word for word in table.groups() if word)
                reading.tables.append(reading.table)
            elif chain:
                reading.chain = chain[1]
                reading.chains.append(chain[1])
            elif reading.depth == 0 and own_line and not own_line.startswith("#"):
                reading.broken = index if reading.broken is None else reading.broken
            elif reading.chain and _is_about_nbd(own_line, reading.chain):
                source = text.at(index)
                rule = NftRule(
                    source=source, text=text.lines[index], table=reading.table, chain=reading.chain
                )
                reading.rules.append(rule)
            plain = _QUOTED.sub("", own_line)
            reading.depth = max(0, reading.depth + plain.count("{") - plain.count("}"))
            if reading.depth < 2:  # noqa: PLR2004  a chain is the second block
                reading.chain = ""
        yield NftListing(
            source=text.source,
            complete=text.whole
            and bool(reading.table)
            and reading.depth == 0
            and reading.broken is None,
            chains=tuple(reading.chains),
            rules=tuple(reading.rules),
            tables=tuple(dict.fromkeys(reading.tables)),
        )
        if reading.broken is not None:
            yield ParseProblem(source=text.at(reading.broken), what="no line of a ruleset")


PARSER = Nft()


def _is_about_nbd(line: str, chain: str) -> bool:
    if not line.strip("}") or _HOOK.fullmatch(line):
        return False
    return "nbd" in chain.lower() or any(
        _holds_port(found["ports"]) for found in _PORTS.finditer(line)
    )


def _holds_port(ports: str) -> bool:
    """Tell whether a port, a list or a range of ports holds NBD's.

    >>> _holds_port("{ 22, 10000-11000 }"), _holds_port("nbd"), _holds_port("22")
    (True, True, False)
    """
    words = (item.strip().partition(" ")[0] for item in ports.strip("{} ").split(","))
    # "nbd" is the name that /etc/services has for it
    return any(word == "nbd" or _is_around(_RANGE.fullmatch(word)) for word in words)


def _is_around(ports: re.Match[str] | None) -> bool:
    if ports is None:
        return False
    return int(ports["first"]) <= NBD_PORT <= int(ports["last"] or ports["first"])
