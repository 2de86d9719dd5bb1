"""Whether an offered address is on the host, and whether its link was up.

The bridge of a network has a carrier as soon as it is up; what tells of the cable are the physical
devices under it. xapi keeps the carrier in ``PIF_metrics`` (xen-api `monitor_master.ml`); a row
that was never measured says false too.
"""

from collections.abc import Iterator
from ipaddress import ip_address

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.model.finding import Confidence, Evidence
from analyzer.model.nbd import NBD_PORT
from analyzer.model.network import Interface
from analyzer.model.xapi import Pif
from analyzer.rebuilt.nbd.info.hosts import pifs_of
from analyzer.rebuilt.nbd.reach.obstacle import Obstacle, Trouble
from analyzer.rebuilt.nbd.reach.places import (
    Offer,
    carriers,
    interface_of,
    metrics_of,
    row_evidence,
)

_MOST = 4


def link_state(case: Case, pool: PoolState, offer: Offer) -> bool | None:
    """Tell whether the link under an offered address was up; None where nothing tells."""
    parts = carriers(pool, offer.pif)
    shown: list[bool | None] = []
    for pif in parts:
        interface = interface_of(offer.report, pif.device)
        if interface is None:
            shown.append(None)
        else:
            shown.append(interface.carrier if interface.up else False)
    if any(shown):
        return True
    if shown and all(state is False for state in shown):
        return False
    # What xapi measured; False counts only where another link of the host was up.
    metrics = metrics_of(pool, offer.pif)
    if metrics is None or metrics.carrier is not False:
        return metrics.carrier if metrics else None
    others = (metrics_of(pool, pif) for pif in pifs_of(case, pool, offer.host))
    return False if any(each is not None and each.carrier for each in others) else None


def link_obstacles(case: Case, pool: PoolState, offer: Offer) -> Iterator[Obstacle]:
    """Yield the link that was down."""
    if link_state(case, pool, offer) is not False:
        return
    parts = carriers(pool, offer.pif)
    devices = [found for pif in parts if (found := interface_of(offer.report, pif.device))]
    metrics = metrics_of(pool, offer.pif)
    told = len(devices) == len(parts) > 0
    yield Obstacle(
        trouble=Trouble.LINK,
        what=f"the link under {offer.bare} was down on {offer.place}: {_link_named(offer, parts)}",
        confidence=Confidence.CERTAIN if told else Confidence.LIKELY,
        evidence=(
            *(Evidence(source=each.source, text=each.text) for each in devices[:_MOST] if told),
            *((row_evidence(metrics, "carrier"),) if metrics and metrics.carrier is False else ()),
            row_evidence(offer.pif, "device", "VLAN", "IP", "metrics"),
        ),
    )


def address_obstacles(pool: PoolState, offer: Offer) -> Iterator[Obstacle]:
    """Yield what is wrong with the address itself, and that the host does not have it."""
    row = row_evidence(offer.pif, "device", "IPv6" if ":" in offer.bare else "IP")
    try:
        address = ip_address(offer.bare)
    except ValueError:
        return
    if address.is_loopback or address.is_unspecified or address.is_link_local:
        found = ip_address(offer.bare)
        if found.is_link_local:
            kind_of_address = "a link-local address, which only the same network segment can use"
        else:
            kind_of_address = "an address of the host for itself"
        yield Obstacle(
            trouble=Trouble.LOCAL,
            what=f"{offer.bare} is {kind_of_address}",
            confidence=Confidence.CERTAIN if address.is_loopback else Confidence.LIKELY,
            evidence=(row,),
        )
    elif address.version == 6:  # noqa: PLR2004  # the number is the name of the protocol
        # Yield IPv6, unless the listing of sockets shows that the server listens on it.
        sockets = offer.report.sockets.sockets if offer.report and offer.report.sockets else ()
        listening = [
            each for each in sockets if each.state == "LISTEN" and each.local_port == NBD_PORT
        ]
        if not any(":" in each.local_address for each in listening):
            yield Obstacle(
                trouble=Trouble.IPV6,
                what="xapi-nbd listens on IPv4 only, so nothing answers at an IPv6 address",
                confidence=Confidence.CERTAIN,
                evidence=(row, *(Evidence(source=s.source, text=s.text) for s in listening[:1])),
            )
    yield from _address_elsewhere(pool, offer, row)


def _link_named(offer: Offer, parts: tuple[Pif, ...]) -> str:
    devices = sorted({pif.device or pif.uuid for pif in parts}) or [offer.pif.device or "its PIF"]
    return f"{', '.join(devices)} had no carrier"


def _address_elsewhere(pool: PoolState, offer: Offer, row: Evidence) -> Iterator[Obstacle]:
    """Yield that the host has the address on another device than the network's bridge, or not."""
    listing = offer.report.interfaces if offer.report else None
    if listing is None or not listing.complete or not listing.interfaces:
        return
    on = [each for each in listing.interfaces if _has_address(each, offer.bare)]
    names = {each.name for each in on}
    same = offer.report is not None and pool.source.bundle == offer.report.bundle
    if not on:
        shown = interface_of(offer.report, offer.network.bridge)
        yield Obstacle(
            trouble=Trouble.GONE,
            what=f"{offer.place} did not have the address {offer.bare} of the database",
            confidence=Confidence.CERTAIN if same else Confidence.LIKELY,
            evidence=(row, *((Evidence(source=shown.source, text=shown.text),) if shown else ())),
        )
    elif offer.network.bridge and offer.network.bridge not in names and offer.pif.managed:
        yield Obstacle(
            trouble=Trouble.ELSEWHERE,
            what=(
                f"{offer.bare} was on {', '.join(sorted(names))} of {offer.place}, "
                f"and the bridge of its network is {offer.network.bridge}"
            ),
            confidence=Confidence.LIKELY,
            evidence=(
                row,
                row_evidence(offer.network, "bridge"),
                *(Evidence(source=each.source, text=each.text) for each in on[:1]),
            ),
        )


def _has_address(interface: Interface, address: str) -> bool:
    return any(
        each.address.partition("/")[0].lower() == address.lower() for each in interface.addresses
    )
