"""What stands between a client and an address that get_nbd_info gives, and the call ignores.

get_nbd_info (xen-api `xapi_vdi.ml`) looks at purposes, plugs and addresses only. What the host's
own report shows of links, addresses, firewall and sockets is of the time of the report.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.case.pool import PoolState
from analyzer.model.finding import Confidence
from analyzer.model.nbd import InfoWarning, NbdEndpoint
from analyzer.rebuilt.nbd.info.nbd_purposes import INSECURE, SECURE
from analyzer.rebuilt.nbd.reach.filter import Answer, Passage
from analyzer.rebuilt.nbd.reach.firewall import firewall_obstacles, passage
from analyzer.rebuilt.nbd.reach.link import address_obstacles, link_obstacles, link_state
from analyzer.rebuilt.nbd.reach.listen import (
    Silence,
    connections,
    listen_obstacles,
    listeners,
    silence,
    silence_evidence,
)
from analyzer.rebuilt.nbd.reach.obstacle import Obstacle, Trouble
from analyzer.rebuilt.nbd.reach.places import Offer, newest_report, offers_of, row_evidence
from analyzer.rebuilt.nbd.reach.subnet import Rival, refused_answers, rivals, rows_of
from analyzer.rebuilt.nbd.reach.subnet import subnet_obstacles as _subnet_obstacles

__all__ = [
    "Answer",
    "Obstacle",
    "Offer",
    "Passage",
    "Rival",
    "Silence",
    "Trouble",
    "connections",
    "link_state",
    "listeners",
    "newest_report",
    "obstacles",
    "offers_of",
    "passage",
    "reach_warnings",
    "refused_answers",
    "rivals",
    "row_evidence",
    "rows_of",
    "silence",
    "silence_evidence",
]

# Told of every IPv6 address by nbd_info itself.
_TOLD_ELSEWHERE = (Trouble.IPV6,)


def reach_warnings(case: Case, pool: PoolState, endpoint: NbdEndpoint) -> tuple[InfoWarning, ...]:
    """Return what speaks against an endpoint, those that are certain first; () if nothing does."""
    found = [
        InfoWarning(what=each.what, confidence=each.confidence, evidence=each.evidence)
        for offer in offers_of(case, pool)
        if (offer.pif.uuid, offer.address) == (endpoint.pif.uuid, endpoint.address)
        for each in obstacles(case, pool, offer)
        if each.trouble not in _TOLD_ELSEWHERE
    ]
    return tuple(sorted(found, key=lambda each: list(Confidence).index(each.confidence)))


def obstacles(case: Case, pool: PoolState, offer: Offer) -> tuple[Obstacle, ...]:
    """Return what stands between a client and an offered address, in the order of `Trouble`."""
    return _all_obstacles(case, pool)[offer.pif.uuid, offer.address]


@derived
def _all_obstacles(case: Case, pool: PoolState) -> Mapping[tuple[str, str], tuple[Obstacle, ...]]:
    return {
        (offer.pif.uuid, offer.address): tuple(_obstacles_of_offer(case, pool, offer))
        for offer in offers_of(case, pool)
    }


def _obstacles_of_offer(case: Case, pool: PoolState, offer: Offer) -> Iterator[Obstacle]:
    # A connection outlives a cable that was pulled: the server has no keepalive.
    served = bool(connections(offer.report, offer.bare))
    for each in link_obstacles(case, pool, offer):
        yield replace(each, confidence=Confidence.LIKELY) if served else each
    if not served:
        yield from address_obstacles(pool, offer)
        yield from firewall_obstacles(offer)
        yield from listen_obstacles(case, offer)
        yield from _subnet_obstacles(case, pool, offer)
    if {SECURE, INSECURE} <= set(offer.network.purpose or ()):
        yield Obstacle(
            trouble=Trouble.PURPOSES,
            what="its network has both purposes, and xapi-nbd refuses every connection",
            confidence=Confidence.CERTAIN,
            evidence=(row_evidence(offer.network, "purpose"),),
        )
