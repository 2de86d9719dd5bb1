"""Whether firewalld lets NBD in through a bridge, by the zone that the bridge is in."""

from analyzer.case.case import HostReport
from analyzer.model.finding import Evidence
from analyzer.model.nbd import NBD_PORT
from analyzer.model.network import FirewalldListing, FirewalldZone
from analyzer.rebuilt.nbd.reach.filter import DOUBT, Answer, Passage

SERVICE = "nbd"
_TABLE = "firewalld"
_DENIES = ("reject", "drop")
_MOST_ZONES = 3


def uses_firewalld(report: HostReport) -> bool:
    """Tell whether firewalld certainly was at work: its zones or its table in nft are shown."""
    tables = report.nft.tables if report.nft else ()
    return bool(report.firewalld and report.firewalld.zones) or any(_TABLE in t for t in tables)


def without_firewalld(report: HostReport) -> bool:
    """Tell whether firewalld certainly was not at work, so that iptables has the last word."""
    if uses_firewalld(report):
        return False
    chains = report.iptables.chains if report.iptables else ()
    # Only releases whose xapi sets iptables have these chains (xen-api `firewall.ml`).
    if any(c.name.startswith("xapi_nbd_") or c.name == "RH-Firewall-1-INPUT" for c in chains):
        return True
    if report.packages is not None and report.packages.complete:
        return not any(name.startswith("firewalld-") for name in report.packages.names)
    return report.nft is not None and report.nft.complete


def through_zones(report: HostReport, bridge: str) -> Answer:
    """Judge by the zone of the bridge, or by all that may be it; doubtful without a zone."""
    listing = report.firewalld
    # The zone of a bridge; a cut listing tells nothing of a bridge it does not name.
    if listing is not None:
        own = [zone for zone in listing.zones if bridge in zone.interfaces]
        if own or not listing.complete:
            zones: list[FirewalldZone] = own
        else:
            default = [zone for zone in listing.zones if zone.default]
            # Older firewalld does not mark the zone of the devices that are in none.
            zones = (
                default or [zone for zone in listing.zones if zone.active] or list(listing.zones)
            )
    else:
        zones = []
    if listing is None or not zones:
        return DOUBT
    lets_in = [zone for zone in zones if _lets_in(zone)]
    if len(lets_in) == len(zones) and not any(map(_may_deny, zones)):
        return Answer(passage=Passage.OPEN, evidence=_zones_quoted(zones))
    accepting = report.nft is not None and any("accept" in r.text for r in report.nft.rules)
    if lets_in or accepting or not listing.complete or _may_let_in(listing, zones):
        return DOUBT
    return Answer(passage=Passage.CLOSED, evidence=_zones_quoted(zones))


def _lets_in(zone: FirewalldZone) -> bool:
    ports = (port.partition("/")[0] for port in zone.ports if port.endswith("/tcp"))
    return zone.target == "ACCEPT" or SERVICE in zone.services or any(map(_names_port, ports))


def _may_deny(zone: FirewalldZone) -> bool:
    """Tell whether a rich rule may keep NBD out: those come before what the zone allows."""
    return any(word in rule.split() for rule in zone.rich_rules for word in _DENIES)


def _names_port(written: str) -> bool:
    low, _, high = written.partition("-")
    if not (low.isdecimal() and (high or low).isdecimal()):
        return False
    return int(low) <= NBD_PORT <= int(high or low)


def _may_let_in(listing: FirewalldListing, zones: list[FirewalldZone]) -> bool:
    """Tell whether rules that are not read, or zones of some clients, may let NBD in."""
    by_source = (zone for zone in listing.zones if zone.sources)
    return any(zone.rich_rules for zone in zones) or any(map(_lets_in, by_source))


def _zones_quoted(zones: list[FirewalldZone]) -> tuple[Evidence, ...]:
    some = zones[:_MOST_ZONES]
    lines = (line for zone in some for line in ((zone.source, zone.text), *zone.lines))
    return tuple(Evidence(source=source, text=text) for source, text in lines)
