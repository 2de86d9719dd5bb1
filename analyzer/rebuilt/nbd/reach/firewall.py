"""What a host's firewall does with NBD on a bridge: iptables, firewalld, or neither known.

With firewalld xapi opens the service ``nbd`` of the default zone, for all bridges of that zone
(xen-api `firewall.ml`); then answers may leave through any of them. Rules of firewalld stand in nft
only, so an iptables listing that lets everything in proves nothing on such a host.
"""

from collections.abc import Iterator

from analyzer.case.case import HostReport
from analyzer.model.finding import Confidence
from analyzer.model.nbd import NBD_PORT
from analyzer.rebuilt.nbd.reach.filter import DOUBT, Answer, Passage, inward, outward
from analyzer.rebuilt.nbd.reach.obstacle import Obstacle, Trouble
from analyzer.rebuilt.nbd.reach.places import Offer, row_evidence
from analyzer.rebuilt.nbd.reach.zones import through_zones, without_firewalld


def passage(report: HostReport | None, bridge: str | None, address: str) -> Answer:
    """Return what becomes of NBD connections through a bridge, in and out."""
    if report is None or not bridge:
        return DOUBT
    answers = []
    if report.iptables is not None:
        answers.append(inward(report.iptables, bridge, address))
        answers.append(outward(report.iptables, bridge, address))
    if not without_firewalld(report):
        answers.append(through_zones(report, bridge))
    shut = [answer for answer in answers if answer.passage is Passage.CLOSED]
    if shut:
        return shut[0]
    doubtful = not answers or any(answer.passage is Passage.DOUBTFUL for answer in answers)
    return DOUBT if doubtful else answers[-1]


def firewall_obstacles(offer: Offer) -> Iterator[Obstacle]:
    """Yield that the firewall keeps clients of an offered address out."""
    bridge = offer.network.bridge
    answer = passage(offer.report, bridge, offer.bare)
    if answer.passage is not Passage.CLOSED:
        return
    if offer.pif.managed is False or offer.network.managed is False:
        yield Obstacle(
            trouble=Trouble.UNMANAGED,
            what=(
                f"xapi does not manage the network of {offer.bare} on {offer.place}, whose "
                f"firewall rejected connections to port {NBD_PORT} there"
            ),
            confidence=Confidence.LIKELY,
            evidence=(
                *answer.evidence,
                row_evidence(offer.pif, "device", "managed"),
                row_evidence(offer.network, "managed", "bridge", "purpose"),
            ),
        )
    if ":" not in offer.bare:
        yield Obstacle(
            trouble=Trouble.FIREWALL,
            what=(
                f"the firewall of {offer.place} rejected connections to port {NBD_PORT} "
                f"through {bridge}"
            ),
            confidence=Confidence.CERTAIN,
            evidence=(*answer.evidence, row_evidence(offer.network, "bridge", "purpose")),
        )
