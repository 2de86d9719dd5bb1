"""get_nbd_info gave addresses, and no client ever came to any of them.

xapi logs who asked (xen-api `http_svr.ml` string_of_client, since 2020); xapi-nbd logs every
client that reaches it, before it checks anything. That nobody came has many reasons, most of
them at the client, so this is possible at most; `likely` is said where the host's own routes show
that its answers leave through a network on which NBD is rejected.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from ipaddress import IPv4Address, ip_address, ip_network

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.checks.nbd_reach.nbd_address_offers import offer_fields, offer_subjects
from analyzer.checks.tools.finding import found, listed, quote_ends, times
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Evidence, Finding, Gap
from analyzer.model.network import Route
from analyzer.model.rule import RuleText
from analyzer.rebuilt.nbd.info.nbd_purposes import purposes_of
from analyzer.rebuilt.nbd.reach.offers import Offer, Passage, obstacles, passage, row_evidence

ASKED, CAME = "nbd-asked", "nbd-activity.client"
_CLIENT = re.compile(r"\|\d+ HTTPS? ([0-9a-f.:]+)->")
# A backup asks once per disk; less is somebody who looked.
_FEWEST = 3
# From the answer to the connection.
_CONNECTS = timedelta(minutes=10)


def nobody_came(
    case: Case, text: RuleText, pool: PoolState, offers: Sequence[Offer]
) -> Iterator[Finding | Gap]:
    """Yield a finding if clients asked often, and none came while all hosts' logs cover it."""
    bundles = case.world.bundles_of(pool)
    asked = [each.row for each in case.events.in_brief(ASKED) if each.bundle in bundles]
    # Whether another obstacle is known already for some address.
    if not offers or len(asked) < _FEWEST or any(obstacles(case, pool, offer) for offer in offers):
        return
    gap = next((g for bundle in sorted(bundles) if (g := case.gap("daemon_log", bundle))), None)
    if gap is not None or any(offer.report is None for offer in offers):
        if gap is not None:
            yield gap
        return
    if any(each.bundle in bundles for each in case.events.in_brief(CAME)):
        return
    covered = [each for each in case.events.at(asked) if _is_covered(case, each)]
    clients = sorted({address for each in covered if (address := _address_of_client(pool, each))})
    if len(covered) >= _FEWEST and clients:
        yield _finding_of_offers(text, pool, offers, (covered, clients))


def _is_covered(case: Case, event: Event) -> bool:
    window = case.window("daemon_log")
    if window is None:
        return False
    since, until = window
    due = event.moment.latest + _CONNECTS
    unseen = any(h.began.earliest <= due for h in case.unread("daemon_log", event.moment))
    return since.latest < event.moment.earliest and due < until.earliest and not unseen


def _address_of_client(pool: PoolState, event: Event) -> str | None:
    """Return the address of who asked, None for a host of the pool and where none is logged."""
    match = _CLIENT.search(event.text)
    if match is None:
        return None
    own = {host.address for host in pool.hosts} | {pif.ip for pif in pool.pifs}
    address = match[1].removeprefix("::ffff:")
    return None if address in own or address.startswith(("127.", "::1")) else address


def _finding_of_offers(
    text: RuleText,
    pool: PoolState,
    offers: Sequence[Offer],
    told: tuple[Sequence[Event], Sequence[str]],
) -> Finding:
    asked, clients = told
    routes = tuple(_routes_astray(pool, offers, clients))
    values = {
        **offer_fields(pool, offers[0]),
        "addresses": listed(sorted({offer.bare for offer in offers})),
        "clients": listed(clients),
        "why": _why_in_words(routes),
        "nobody": offers[0].bare,
        **times(asked),
    }
    return found(
        text,
        text.case("nobody"),
        basis=Basis.BOTH if routes else Basis.SYMPTOM,
        confidence=Confidence.LIKELY if routes else Confidence.POSSIBLE,
        subjects=offer_subjects(offers),
        rows=[values],
        evidence=(
            *quote_ends(asked, 4),
            *(row_evidence(offer.pif, "device", "IP", "netmask") for offer in offers[:3]),
            *dict.fromkeys(Evidence(source=r.source, text=r.text) for _, r in routes),
        ),
        events=asked,
    )


def _why_in_words(routes: Sequence[tuple[Offer, Route]]) -> str:
    if not routes:
        return "Whether the client can reach these addresses is not in a status report."
    offer, route = routes[0]
    return (
        f"Answers of {offer.place} to that client leave through {route.device}, whose network has "
        "no NBD purpose, and are rejected there, unless the client has a second address."
    )


def _routes_astray(
    pool: PoolState, offers: Sequence[Offer], clients: Sequence[str]
) -> Iterator[tuple[Offer, Route]]:
    """Yield the routes by which answers leave where NBD is rejected."""
    bridges = {network.bridge for network in purposes_of(pool).any}
    for offer in offers:
        for client in clients:
            # The route that a host takes to a client: the longest prefix, the first of those.
            table = offer.report.routes if offer.report else None
            address = _ipv4_of_text(client)
            if table is None or not table.complete or address is None:
                route: Route | None = None
            else:
                fitting = [(_prefix_length(each, address), each) for each in table.routes]
                known = [(length, each) for length, each in fitting if length is not None]
                route = max(known, key=lambda pair: pair[0])[1] if known else None
            if route is None or route.device in bridges:
                continue
            answer = passage(offer.report, route.device, offer.bare)
            if answer.passage is Passage.CLOSED:
                yield offer, route


def _prefix_length(route: Route, address: IPv4Address) -> int | None:
    """Return the length of a route's prefix if it leads to the address."""
    if route.destination == "default":
        return 0
    try:
        subnet = ip_network(route.destination)
    except ValueError:
        return None
    return subnet.prefixlen if address in subnet else None


def _ipv4_of_text(text: str) -> IPv4Address | None:
    try:
        found_ = ip_address(text)
    except ValueError:
        return None
    return found_ if isinstance(found_, IPv4Address) else None
