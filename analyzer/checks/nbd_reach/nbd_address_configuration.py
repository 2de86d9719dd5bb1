"""A host offers NBD, and its own configuration keeps clients out.

xapi opens the firewall for the bridges of all networks with a purpose, after each change of a
network (xen-api `network_event_loop.ml`, `scripts/nbd-firewall-config.sh`, `firewall.ml`);
xapi-nbd listens by itself. get_nbd_info looks at neither.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.checks.nbd_reach.nbd_address_facts import (
    Log,
    gaps_of,
    just_started,
    leftovers,
    log_of,
    not_opened,
    stopped_long_ago,
    taken_apart,
)
from analyzer.checks.nbd_reach.nbd_address_offers import (
    by_host,
    each_pool,
    live_offers,
    offer_fields,
    offer_subjects,
)
from analyzer.checks.observation import Observation
from analyzer.checks.tools.finding import found, quote
from analyzer.model.finding import Basis, Confidence, Evidence, Finding, Gap, Severity
from analyzer.model.rule import RuleText
from analyzer.rebuilt.nbd.reach.offers import (
    Obstacle,
    Offer,
    Passage,
    Silence,
    Trouble,
    obstacles,
    passage,
    row_evidence,
    silence,
)

_ONE_BY_ONE = (Trouble.UNMANAGED, Trouble.FIREWALL, Trouble.GONE, Trouble.ELSEWHERE)
# Which case of the text tells of it; its steps are those that name the field of the same name.
_CASES: Mapping[Trouble, str] = MappingProxyType(
    {Trouble.UNMANAGED: "unmanaged", Trouble.GONE: "gone", Trouble.ELSEWHERE: "elsewhere"}
)


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge the firewall, the PIFs and the server of each host by its own report."""
    yield from each_pool(case, lambda pool: _pool(case, text, pool), beside=("firewall", "sockets"))


def _pool(case: Case, text: RuleText, pool: PoolState) -> Iterator[Finding | Gap]:
    for offers in by_host(live_offers(case, pool)):
        own = [offer for offer in offers if ":" not in offer.bare]
        if not own:
            continue
        log = log_of(case, own[0])
        yield from gaps_of(case, own)
        yield from _places(case, text, pool, own, log)
        yield from _server(case, text, pool, own)
        yield from _leftover(text, pool, own)


def _places(
    case: Case, text: RuleText, pool: PoolState, offers: Sequence[Offer], log: Log
) -> Iterator[Finding]:
    """Yield one finding for each offered address that the host's configuration shuts off."""
    for offer in offers:
        found_ = {each.trouble: each for each in obstacles(case, pool, offer)}
        first = next((found_[trouble] for trouble in _ONE_BY_ONE if trouble in found_), None)
        if first is None:
            yield from _not_opened(text, pool, offer, log)
        elif first.trouble is not Trouble.FIREWALL or not just_started(case, offer):
            yield _shut(case, text, pool, (offer, first), log)


def _shut(
    case: Case, text: RuleText, pool: PoolState, pair: tuple[Offer, Obstacle], log: Log
) -> Finding:
    offer, obstacle = pair
    failed = (quote(log.failed),) if log.failed and obstacle.trouble is Trouble.FIREWALL else ()
    unsure = taken_apart(case, pool, offer) or obstacle.trouble is Trouble.ELSEWHERE
    state = Confidence.POSSIBLE if unsure else Confidence.LIKELY
    key = _CASES.get(obstacle.trouble, "firewall")
    return found(
        text,
        text.case(key) if key != "firewall" else (text.title, text.detail),
        basis=Basis.BOTH if failed else Basis.STATE,
        confidence=Confidence.CERTAIN if failed else state,
        subjects=offer_subjects([offer]),
        rows=[{**offer_fields(pool, offer), "what": obstacle.what, key: _named(key, offer)}],
        evidence=(*failed, *obstacle.evidence),
        severity=Severity.WARNING if obstacle.trouble is Trouble.ELSEWHERE else None,
    )


def _named(key: str, offer: Offer) -> str:
    """Return what the steps of a case name: an interface, a bridge or a network."""
    if key == "gone":
        return offer.pif.uuid
    return offer.network.bridge or "" if key == "firewall" else offer.network.uuid


def _not_opened(text: RuleText, pool: PoolState, offer: Offer, log: Log) -> Iterator[Finding]:
    """Yield that xapi's own words leave a bridge out, where the firewall itself is not known."""
    answer = passage(offer.report, offer.network.bridge, offer.bare)
    event = not_opened(log, offer) if answer.passage is Passage.DOUBTFUL else None
    if event is None:
        return
    yield found(
        text,
        text.case("failed" if event is log.failed else "left-out"),
        basis=Basis.SYMPTOM,
        confidence=Confidence.LIKELY,
        subjects=offer_subjects([offer]),
        rows=[{**offer_fields(pool, offer), "firewall": _named("firewall", offer)}],
        evidence=(quote(event), row_evidence(offer.network, "bridge", "purpose")),
        events=[event],
    )


def _server(
    case: Case, text: RuleText, pool: PoolState, offers: Sequence[Offer]
) -> Iterator[Finding]:
    """Yield that nothing listened, unless xapi-nbd was starting or had crashed, or just stopped."""
    for offer in offers:
        silent = [o for o in obstacles(case, pool, offer) if o.trouble is Trouble.SILENT]
        if not silent or offer.report is None:
            continue
        stopped = stopped_long_ago(case, offer.report)
        if silence(case, offer.report)[0] is not Silence.UNEXPLAINED and stopped is None:
            return
        yield found(
            text,
            text.case("stopped" if stopped else "silent"),
            basis=Basis.STATE,
            confidence=Confidence.LIKELY,
            subjects=offer_subjects([offer])[:1],
            rows=[
                {
                    **offer_fields(pool, offer),
                    "silent": offer.place,
                    "since": stopped.moment if stopped else "",
                }
            ],
            evidence=silent[0].evidence,
            severity=Severity.WARNING if stopped else None,
        )
        return


def _leftover(text: RuleText, pool: PoolState, offers: Sequence[Offer]) -> Iterator[Finding]:
    """Yield that the firewall script was broken off; it costs nothing where the way is open."""
    chains = leftovers(offers[0].report)
    if not chains:
        return
    ways = [passage(each.report, each.network.bridge, each.bare).passage for each in offers]
    if Passage.CLOSED in ways:
        return  # told by the rule that shuts the way
    yield found(
        text,
        text.case("leftover"),
        basis=Basis.STATE,
        confidence=Confidence.LIKELY,
        severity=Severity.INFO,
        subjects=offer_subjects(offers)[:1],
        rows=[
            {
                **offer_fields(pool, offers[0]),
                "chains": " and ".join(chain.name for chain in chains),
                "leftover": offers[0].place,
            }
        ],
        evidence=tuple(Evidence(source=chain.source, text=chain.text) for chain in chains),
    )
