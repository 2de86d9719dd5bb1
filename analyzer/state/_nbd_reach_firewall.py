"""What a host's firewall does with NBD on a bridge: iptables, firewalld, or neither known.

With firewalld xapi opens the service ``nbd`` of the default zone, for all bridges of that zone
(xen-api `firewall.ml`); then answers may leave through any of them.
"""

from collections.abc import Iterator

from analyzer.model.finding import Confidence, Evidence
from analyzer.model.nbd import NBD_PORT
from analyzer.model.network import FirewalldListing, FirewalldZone
from analyzer.state._nbd_reach_filter import Answer, Passage, inward, outward
from analyzer.state._nbd_reach_obstacle import Obstacle, Trouble
from analyzer.state._nbd_reach_places import Offer, row_evidence
from analyzer.state.case import HostReport

SERVICE = "nbd"
_MOST_ZONES = 3
_DOUBT = Answer(passage=Passage.DOUBTFUL)


def passage(report: HostReport | None, bridge: str | None, address: str) -> Answer:
    """Return what becomes of NBD connections through a bridge, in and out."""
    if report is None or not bridge:
        return _DOUBT
    answers = []
    if report.iptables is not None:
        answers.append(inward(report.iptables, bridge, address))
        answers.append(outward(report.iptables, bridge, address))
    if report.firewalld is not None and report.firewalld.zones:
        answers.append(_zones(report.firewalld, report, bridge))
    shut = [answer for answer in answers if answer.passage is Passage.CLOSED]
    if shut:
        return shut[0]
    doubtful = not answers or any(answer.passage is Passage.DOUBTFUL for answer in answers)
    return _DOUBT if doubtful else answers[-1]


def firewall_obstacles(offer: Offer) -> Iterator[Obstacle]:
    """Yield that the firewall keeps clients of an offered address out."""
    bridge = offer.network.bridge
    answer = passage(offer.report, bridge, offer.bare)
    unmanaged = offer.pif.managed is False or offer.network.managed is False
    if unmanaged and answer.passage is not Passage.OPEN:
        yield Obstacle(
            trouble=Trouble.UNMANAGED,
            what=(
                f"xapi does not manage the network of {offer.bare} on {offer.place} and cannot "
                "open its firewall for NBD"
            ),
            confidence=Confidence.LIKELY,
            evidence=(
                row_evidence(offer.pif, "device", "managed"),
                row_evidence(offer.network, "managed", "bridge", "purpose"),
            ),
        )
    if answer.passage is Passage.CLOSED and ":" not in offer.bare:
        yield Obstacle(
            trouble=Trouble.FIREWALL,
            what=(
                f"the firewall of {offer.place} rejected connections to port {NBD_PORT} "
                f"through {bridge}"
            ),
            confidence=Confidence.CERTAIN,
            evidence=(*answer.evidence, row_evidence(offer.network, "bridge", "purpose")),
        )


def _zones(listing: FirewalldListing, report: HostReport, bridge: str) -> Answer:
    """Judge by the zone of the bridge, or by all that may be it."""
    own = [zone for zone in listing.zones if bridge in zone.interfaces]
    default = [zone for zone in listing.zones if zone.default]
    # Older firewalld does not mark the zone of the devices that are in none.
    zones = own or default or [zone for zone in listing.zones if zone.active] or list(listing.zones)
    if any(_lets_in(zone) for zone in zones):
        return Answer(passage=Passage.OPEN, evidence=_quoted(zones))
    accepting = report.nft is not None and any("accept" in r.text for r in report.nft.rules)
    if accepting or not listing.complete or _may_let_in(listing, zones):
        return _DOUBT
    return Answer(passage=Passage.CLOSED, evidence=_quoted(zones))


def _lets_in(zone: FirewalldZone) -> bool:
    ports = (port.partition("/")[0] for port in zone.ports if port.endswith("/tcp"))
    return zone.target == "ACCEPT" or SERVICE in zone.services or any(map(_names_port, ports))


def _names_port(written: str) -> bool:
    low, _, high = written.partition("-")
    if not (low.isdecimal() and (high or low).isdecimal()):
        return False
    return int(low) <= NBD_PORT <= int(high or low)


def _may_let_in(listing: FirewalldListing, zones: list[FirewalldZone]) -> bool:
    """Tell whether rules that are not read, or zones of some clients, may let NBD in."""
    by_source = (zone for zone in listing.zones if zone.sources)
    return any(zone.rich_rules for zone in zones) or any(map(_lets_in, by_source))


def _quoted(zones: list[FirewalldZone]) -> tuple[Evidence, ...]:
    return tuple(Evidence(source=zone.source, text=zone.text) for zone in zones[:_MOST_ZONES])
