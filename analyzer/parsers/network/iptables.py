"""Read iptables-nvL.out: the chains of the table filter, for IPv4.

Writer: ``iptables -nvL`` (``iptables/iptables.c``, `print_header` and `print_firewall`; the same
words from iptables-nft, which since 1.8.9 writes protocols as numbers), run by xen-bugtool
(`network-status`). No times. Counters above 99999 are rounded to K, M, G, T, in steps of 1000.

True lines: ``Chain xapi_nbd_input_chain (1 references)`` and
``  12   720 ACCEPT     all  --  xenbr0 *     0.0.0.0/0      0.0.0.0/0      ctstate NEW``.

Not read: counters of bytes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import field

from analyzer.bundle.member import Member
from analyzer.model.network import FirewallChain, FirewallRule, IptablesListing
from analyzer.model.report import ParseProblem
from analyzer.model.source import Source
from analyzer.parsers._api import Fact
from analyzer.parsers._text import command_of, opening, read_text
from analyzer.values import dataclass

_COUNT = r"[0-9]{1,18}[KMGTPE]?"
_CHAIN = re.compile(
    rf"Chain (?P<name>\S{{1,64}}) \((?:[0-9]+ references|policy (?P<policy>[A-Z]+)"
    rf"(?: {_COUNT} packets, {_COUNT} bytes)?)\)"
)
_HEADER = re.compile(r" *pkts +bytes +target +prot +opt +in +out +source +destination *")
_RULE = re.compile(
    rf" *(?P<packets>{_COUNT}) +{_COUNT} +(?:(?P<target>\S{{1,64}}) +)?"
    r"(?P<protocol>!?[\w-]{1,32}) +(?:--|-f|!f) +(?P<input>\S+) +(?P<output>\S+) +"
    r"(?P<source>\S+) +(?P<destination>\S+)"
    r"(?: +(?P<matches>.*))?"
)
_SOURCE_PORT = re.compile(r"(?:^| )spt:([0-9]{1,5})(?: |$)")
_DESTINATION_PORT = re.compile(r"(?:^| )dpt:([0-9]{1,5})(?: |$)")
_STEPS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18}
_PROTOCOLS = {"0": "", "all": "", "1": "icmp", "6": "tcp", "17": "udp", "58": "ipv6-icmp"}
_ANY = ("*", "any", "0.0.0.0/0", "anywhere")


@dataclass(slots=True, kw_only=True)
class _Chain:
    """A chain while its rules are read."""

    source: Source
    text: str
    name: str
    policy: str
    headed: bool = False
    rules: list[FirewallRule] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Iptables:
    """The parser."""

    name: str = "firewall"

    def claims(self, path: str, head: bytes) -> bool:
        """Tell whether the file is named so, or is a loose file that begins with a chain."""
        named = path.rpartition("/")[2] == "iptables-nvL.out"
        return named or _CHAIN.fullmatch(opening(path, head).rstrip()) is not None

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield the chains in the order of the file, then the first line that is none of theirs."""
        text = read_text(member, limit)
        chains: list[_Chain] = []
        strange: list[ParseProblem] = []
        for index, line in text.closed():
            if not line.strip() or line.startswith("#") or command_of(line) is not None:
                continue
            # Take a line into the chains; False if it has no place there.
            own_line = text.lines[index]
            if begun := _CHAIN.fullmatch(own_line.rstrip()):
                policy = begun["policy"] or ""
                line_chain = _Chain(
                    source=text.at(index), text=own_line, name=begun["name"], policy=policy
                )
                chains.append(line_chain)
                take_line = True
            elif not chains:
                take_line = False
            elif not chains[-1].headed:
                chains[-1].headed = _HEADER.fullmatch(own_line) is not None
                take_line = chains[-1].headed
            else:
                rule = _rule_of_line(text.at(index), own_line)
                chains[-1].rules += [rule] if rule else []
                take_line = rule is not None
            if not take_line:
                strange.append(ParseProblem(source=text.at(index), what="no rule of iptables"))
        yield IptablesListing(
            source=text.source,
            complete=text.whole and not strange and _is_whole(chains),
            chains=tuple(_finished_chain(chain) for chain in chains),
        )
        yield from strange[:1]


PARSER = Iptables()


def _is_whole(chains: Sequence[_Chain]) -> bool:
    """Tell whether INPUT is there, the last chain has its header, and no jump leads nowhere.

    The targets of iptables itself are written in capitals; all others are chains.
    """
    names = {chain.name for chain in chains}
    jumps = {rule.target for chain in chains for rule in chain.rules}
    lost = {jump for jump in jumps - names if jump != jump.upper()}
    return "INPUT" in names and all(chain.headed for chain in chains) and not lost


def _rule_of_line(source: Source, line: str) -> FirewallRule | None:
    found = _RULE.fullmatch(line.rstrip())
    if found is None:
        return None
    matches = found["matches"] or ""
    protocol = found["protocol"]
    return FirewallRule(
        source=source,
        text=line,
        target=found["target"] or "",
        protocol=_PROTOCOLS.get(protocol, protocol),
        input=_unless_any(found["input"]),
        output=_unless_any(found["output"]),
        source_port=_port_found(_SOURCE_PORT.search(matches)),
        destination_port=_port_found(_DESTINATION_PORT.search(matches)),
        packets=int(found["packets"].rstrip("KMGTPE"))
        * _STEPS[found["packets"].lstrip("0123456789")],
        source_network=_unless_any(found["source"]),
        destination_network=_unless_any(found["destination"]),
        matches=matches,
    )


def _unless_any(text: str) -> str:
    return "" if text in _ANY else text


def _port_found(found: re.Match[str] | None) -> int | None:
    return int(found[1]) if found else None


def _finished_chain(chain: _Chain) -> FirewallChain:
    return FirewallChain(
        source=chain.source,
        text=chain.text,
        name=chain.name,
        policy=chain.policy,
        rules=tuple(chain.rules),
    )
