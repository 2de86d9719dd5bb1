"""Whether a host's firewall lets NBD in through a bridge: the rules of ``iptables`` followed.

xapi puts one rule per bridge into ``xapi_nbd_input_chain`` and ``xapi_nbd_output_chain`` (xen-api
`scripts/nbd-firewall-config.sh`); an administrator may have put others. A rule whose conditions
are not understood makes the answer doubtful instead of wrong.
"""

import re
from enum import Enum
from ipaddress import ip_address, ip_network

from analyzer.model.finding import Evidence
from analyzer.model.nbd import NBD_PORT
from analyzer.model.network import FirewallChain, FirewallRule, IptablesListing
from analyzer.values import dataclass

_COMMENT = re.compile(r"/\*[^*]*\*/")
_ANY = ("", "*")
_DEEPEST = 12
_SILENT = ("tcp", "udp", "reject-with")


class Passage(Enum):
    """What becomes of a packet."""

    OPEN = "open"
    CLOSED = "closed"
    RETURNED = "returned"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What becomes of a packet, and the chain and the rule that say so."""

    passage: Passage
    evidence: tuple[Evidence, ...] = ()
    packets: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Packet:
    """A client's first packet (``state`` NEW), or the server's answer (ESTABLISHED)."""

    bridge: str
    address: str
    inward: bool

    @property
    def state(self) -> str:
        return "NEW" if self.inward else "ESTABLISHED"


DOUBT = Answer(passage=Passage.DOUBTFUL)
_END = Answer(passage=Passage.RETURNED)


def inward(listing: IptablesListing, bridge: str, address: str) -> Answer:
    """Return what becomes of a new connection to the NBD port through a bridge."""
    return _answer_of_hook(listing, "INPUT", _Packet(bridge=bridge, address=address, inward=True))


def outward(listing: IptablesListing, bridge: str, address: str) -> Answer:
    """Return what becomes of the server's answers that leave through a bridge."""
    return _answer_of_hook(listing, "OUTPUT", _Packet(bridge=bridge, address=address, inward=False))


def _answer_of_hook(listing: IptablesListing, hook: str, packet: _Packet) -> Answer:
    chains = {chain.name: chain for chain in listing.chains}
    first = chains.get(hook)
    if first is None or not listing.complete:
        return DOUBT
    answer = _walk_chain(chains, first, packet, 0)
    if answer.passage is not Passage.RETURNED:
        return answer
    shut = first.policy in ("DROP", "REJECT")
    evidence = (Evidence(source=first.source, text=first.text),)
    return Answer(passage=Passage.CLOSED if shut else Passage.OPEN, evidence=evidence)


def _walk_chain(
    chains: dict[str, FirewallChain], chain: FirewallChain, packet: _Packet, depth: int
) -> Answer:
    if depth > _DEEPEST:
        return DOUBT
    for_some = False  # some clients are let in, whatever the rules below say of the others
    for rule in chain.rules:
        # Whether a rule is for a packet; None where one of its conditions is not understood.
        if rule.protocol in ("!tcp", "!6") or not _device_matches(rule, packet):
            matches: bool | None = False
        elif rule.protocol not in ("", "tcp") and not rule.protocol.startswith("!"):
            matches = False
        else:
            ours, theirs = rule.destination_port, rule.source_port
            if not packet.inward:
                ours, theirs = theirs, ours
            # The client's port is one of thousands; a rule for one of them is not for this client.
            answers = (
                *(ours in (None, NBD_PORT), theirs is None),
                *_columns_of_packet(rule, packet),
            )
            if any(answer is False for answer in answers):
                matches = False
            else:
                matches = None if any(answer is None for answer in answers) else True
        answer = None if matches is False else _target_of_chains(chains, chain, rule, packet, depth)
        if answer is None or (matches is None and _shuts_out_some(rule, answer)):
            continue
        if matches is True:
            return DOUBT if for_some and answer.passage is not Passage.OPEN else answer
        if answer.passage is not Passage.OPEN:
            return DOUBT
        for_some = True
    return DOUBT if for_some else _END


def _shuts_out_some(rule: FirewallRule, answer: Answer) -> bool:
    """Tell whether a rule shuts out clients, as of a scanner, and is not about NBD itself."""
    about_nbd = NBD_PORT in (rule.destination_port, rule.source_port)
    return answer.passage is Passage.CLOSED and not about_nbd


def _target_of_chains(
    chains: dict[str, FirewallChain],
    chain: FirewallChain,
    rule: FirewallRule,
    packet: _Packet,
    depth: int,
) -> Answer | None:
    """Return what a rule makes of a packet that it is for; None: go on with the next rule."""
    here = (
        Evidence(source=chain.source, text=chain.text),
        Evidence(source=rule.source, text=rule.text),
    )
    if rule.target == "ACCEPT":
        return Answer(passage=Passage.OPEN, evidence=here)
    if rule.target in ("REJECT", "DROP"):
        return Answer(passage=Passage.CLOSED, evidence=here, packets=rule.packets)
    if rule.target == "RETURN":
        return _END
    if rule.target not in chains:
        return None
    answer = _walk_chain(chains, chains[rule.target], packet, depth + 1)
    return None if answer.passage is Passage.RETURNED else answer


def _device_matches(rule: FirewallRule, packet: _Packet) -> bool:
    wanted, other = (rule.input, rule.output) if packet.inward else (rule.output, rule.input)
    if other not in _ANY:  # a packet of the host itself has no device on the other side
        return other.startswith("!")
    name = wanted.removeprefix("!")
    hit = packet.bridge.startswith(name[:-1]) if name.endswith("+") else packet.bridge == name
    return wanted in _ANY or hit != wanted.startswith("!")


def _columns_of_packet(rule: FirewallRule, packet: _Packet) -> tuple[bool | None, ...]:
    """Judge the addresses of a rule, and what else it asks for."""
    near, far = rule.destination_network, rule.source_network
    if not packet.inward:
        near, far = far, near
    words = _COMMENT.sub(" ", rule.matches).split()
    if near:
        try:
            here: bool | None = ip_address(packet.address) in ip_network(near, strict=False)
        except ValueError:
            here = None
    else:
        here = True
    # Which address the client has is not known.
    found: list[bool | None] = []
    rest = iter(words)
    for word in rest:
        if word in ("state", "ctstate"):
            found.append(packet.state in next(rest, "").split(","))
        elif word in _SILENT:
            if word == "reject-with":
                next(rest, None)
        elif not word.startswith(("dpt:", "spt:")):
            found.append(None)
    return (here, None if far else True, *tuple(found))
