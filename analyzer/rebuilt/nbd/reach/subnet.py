"""Networks of one host on one subnet, of which only some may carry NBD.

The kernel sends answers to a subnet through one of the devices that are on it, whichever address
they come from, and answers ARP for all its addresses on each. xapi's chains reject NBD packets on a
bridge whose network has no purpose, in and out (xen-api `scripts/nbd-firewall-config.sh`).
firewalld lets NBD in through all bridges of a zone and looks at no answers (xen-api `firewall.ml`).
"""

from collections.abc import Iterator
from ipaddress import IPv4Network

from analyzer.case.case import Case, HostReport
from analyzer.case.pool import PoolState
from analyzer.model.finding import Confidence, Evidence
from analyzer.model.xapi import Network, Pif
from analyzer.rebuilt.nbd.info.hosts import pifs_of
from analyzer.rebuilt.nbd.reach.filter import Answer, Passage, outward
from analyzer.rebuilt.nbd.reach.firewall import passage
from analyzer.rebuilt.nbd.reach.obstacle import Obstacle, Trouble
from analyzer.rebuilt.nbd.reach.places import Offer, row_evidence, subnet_of
from analyzer.rebuilt.nbd.reach.zones import uses_firewalld
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """A PIF without the purpose, on the subnet of one with it.

    ``shut`` tells whether the host's firewall certainly rejects NBD there; else it was not read.
    ``alone`` tells whether the host has no third network by which rejected answers could leave.
    """

    pif: Pif
    network: Network
    subnet: IPv4Network
    shut: bool
    alone: bool


def rivals(case: Case, pool: PoolState, offer: Offer) -> tuple[Rival, ...]:
    """Return the PIFs of the same host and subnet through which NBD is not let."""
    subnet = subnet_of(offer.pif) if offer.address == offer.pif.ip else None
    if subnet is None or (offer.report is not None and uses_firewalld(offer.report)):
        return ()
    # The host's plugged PIFs with an address on networks without any purpose.
    other_networks: list[tuple[Pif, Network]] = []
    for other_pif in pifs_of(case, pool, offer.host):
        other_network = pool.network(other_pif.network)
        if (
            other_network is not None
            and other_network.purpose == ()
            and other_pif.currently_attached
            and other_pif.ip
        ):
            other_networks.append((other_pif, other_network))
    others = tuple(other_networks)
    found = []
    for pif, network in others:
        way = passage(offer.report, network.bridge, offer.bare).passage
        if subnet_of(pif) == subnet and way is not Passage.OPEN:
            shut, alone = way is Passage.CLOSED, len(others) == 1
            found.append(Rival(pif=pif, network=network, subnet=subnet, shut=shut, alone=alone))
    return tuple(found)


def subnet_obstacles(case: Case, pool: PoolState, offer: Offer) -> Iterator[Obstacle]:
    """Yield each network without the purpose on the subnet of an offered address."""
    for rival in rivals(case, pool, offer):
        refused = refused_answers(offer.report, rival, offer.bare)
        if refused and rival.alone:
            confidence_of_rival: Confidence = Confidence.CERTAIN
        else:
            confidence_of_rival = Confidence.LIKELY if rival.shut else Confidence.POSSIBLE
        yield Obstacle(
            trouble=Trouble.SHARED,
            what=(
                f"{offer.place} is on subnet {rival.subnet} with network "
                f"{rival.network.name_label or rival.network.uuid} too, which has no NBD purpose: "
                "answers that leave there are rejected"
            ),
            confidence=confidence_of_rival,
            evidence=(*(refused.evidence if refused else ()), *rows_of(offer, rival)),
        )


def refused_answers(report: HostReport | None, rival: Rival, address: str) -> Answer | None:
    """Return the rule that rejects answers on a network without the purpose, if it ever did."""
    if report is None or report.iptables is None or not rival.network.bridge:
        return None
    answer = outward(report.iptables, rival.network.bridge, address)
    return answer if answer.passage is Passage.CLOSED and answer.packets else None


def rows_of(offer: Offer, rival: Rival) -> tuple[Evidence, ...]:
    """Quote the two interfaces and their networks, and the host's routes to the subnet."""
    routes = offer.report.routes.routes if offer.report and offer.report.routes else ()
    return (
        row_evidence(offer.pif, "device", "IP", "netmask"),
        row_evidence(offer.network, "purpose", "bridge"),
        row_evidence(rival.pif, "device", "IP", "netmask"),
        row_evidence(rival.network, "purpose", "bridge"),
        *(
            Evidence(source=route.source, text=route.text)
            for route in routes
            if route.destination == str(rival.subnet)
        ),
    )
