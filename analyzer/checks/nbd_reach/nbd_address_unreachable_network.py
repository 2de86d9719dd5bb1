"""An address that get_nbd_info gives and that no client can reach.

The call takes each address of each plugged PIF on an NBD network, IPv6 with its prefix and
link-local ones included (xen-api `xapi_vdi.ml` get_nbd_info). Private addresses are what storage
networks have, and say nothing.

It fails for all where one host with an address for NBD is down: xapi asks each such host that has
the SR for its certificate and does not pass over one that is not live (xen-api
`xapi_vdi.ml` get_nbd_info, `message_forwarding.ml` check_live).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.checks.nbd_reach.nbd_address_nobody import nobody_came
from analyzer.checks.nbd_reach.nbd_address_offers import (
    by_host,
    each_pool,
    live_offers,
    offer_fields,
    offer_subjects,
    unread,
)
from analyzer.checks.observation import Observation
from analyzer.checks.tools.finding import Row, found, listed, pool_name, times
from analyzer.checks.tools.nbd_use import (
    SrUse,
    asked_times,
    sr_names,
    sr_uses,
    use_evidence,
    use_in_words,
)
from analyzer.model.finding import Basis, Confidence, Finding, Gap, Severity, Subject
from analyzer.model.nbd import InfoStep
from analyzer.model.rule import RuleText
from analyzer.rebuilt.nbd.info.hosts import members
from analyzer.rebuilt.nbd.info.nbd_purposes import purposes_of
from analyzer.rebuilt.nbd.reach.offers import Obstacle, Offer, Trouble, link_state, obstacles

_USELESS = (Trouble.LOCAL, Trouble.IPV6)


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge the links and the kinds of the addresses that each pool's hosts offer."""
    yield from each_pool(
        case, lambda pool: _answers_for_pool(case, text, pool), beside=("interfaces", "sockets")
    )


def _answers_for_pool(case: Case, text: RuleText, pool: PoolState) -> Iterator[Finding | Gap]:
    offers = live_offers(case, pool)
    # One finding for the SRs of which each call fails for the same hosts.
    down_hosts: list[Finding] = []
    groups: dict[tuple[Subject, ...], list[SrUse]] = {}
    for use in sr_uses(case):
        if use.pool is pool and use.wanted and use.info.stopped_at is InfoStep.CERTIFICATE:
            rows = members(case, use.pool, use.sr, purposes_of(use.pool))
            dead = [each.host for each in rows if each.answers and each.live is False]
            dead_hosts = tuple(
                Subject(type="Host", uuid=each.uuid, name=each.name_label) for each in dead
            )
            groups.setdefault(dead_hosts, []).append(use)
    for hosts, uses in groups.items():
        down_hosts.append(_finding_of_dead(text, pool, hosts, uses))
    told: list[Finding] = [*down_hosts]
    for own in by_host(offers):
        told += _findings_of_host(case, text, pool, own)
        gaps = (_gap_of_link(case, pool, offer) for offer in own)
        yield from (gap for gap in gaps if gap is not None)
    yield from told
    if not told:
        yield from nobody_came(case, text, pool, offers)


def _findings_of_host(
    case: Case, text: RuleText, pool: PoolState, offers: Sequence[Offer]
) -> Iterable[Finding]:
    """Return a finding per link that was down, and one if no address is of any use."""
    down: dict[str, tuple[Offer, Obstacle]] = {}
    useless: list[tuple[Offer, Obstacle]] = []
    for offer in offers:
        for each in obstacles(case, pool, offer):
            if each.trouble is Trouble.LINK:
                down.setdefault(offer.pif.uuid, (offer, each))
            elif each.trouble in _USELESS:
                useless.append((offer, each))
    for offer, obstacle in down.values():
        yield _finding_of_link(text, pool, offer, obstacle)
    if not down and len({offer.address for offer, _ in useless}) == len(offers):
        use_offers = [offer for offer, _ in useless]
        values: Row = {
            **offer_fields(pool, use_offers[0]),
            "what": listed(list(dict.fromkeys(each.what for _, each in useless))),
            "addresses": listed(list(dict.fromkeys(offer.address for offer in use_offers))),
            "useless": use_offers[0].pif.uuid,
        }
        yield found(
            text,
            text.case("useless"),
            basis=Basis.STATE,
            confidence=Confidence.LIKELY,
            subjects=offer_subjects(use_offers),
            rows=[values],
            evidence=tuple(
                dict.fromkeys(each for _, obstacle in useless for each in obstacle.evidence)
            ),
        )


def _finding_of_link(text: RuleText, pool: PoolState, offer: Offer, obstacle: Obstacle) -> Finding:
    # Return `possible` where the host's own report does not show it; state is never certain.
    return found(
        text,
        text.case("link"),
        basis=Basis.STATE,
        confidence=Confidence.LIKELY
        if obstacle.confidence is Confidence.CERTAIN
        else Confidence.POSSIBLE,
        subjects=offer_subjects([offer]),
        rows=[{**offer_fields(pool, offer), "what": obstacle.what, "link": offer.pif.uuid}],
        evidence=obstacle.evidence,
    )


def _gap_of_link(case: Case, pool: PoolState, offer: Offer) -> Gap | None:
    """Return that nobody can tell whether a link was up."""
    if ":" in offer.bare or link_state(case, pool, offer) is not None:
        return None
    gap = unread(case, offer, "interfaces", "ip -s addr")
    return gap or Gap(
        need="interfaces",
        host=offer.place,
        why=f"what carries {offer.pif.device or 'PIF ' + offer.pif.uuid} is not shown",
        settle_with=f"xe pif-list uuid={offer.pif.uuid} params=device,carrier; ip -s addr",
    )


def _finding_of_dead(
    text: RuleText, pool: PoolState, hosts: Sequence[Subject], uses: Sequence[SrUse]
) -> Finding:
    # What was asked may have been answered before the host went down.
    asked = asked_times(uses)
    shown = dict.fromkeys(each for use in uses for each in use.info.evidence)
    told = found(
        text,
        text.case("down"),
        basis=Basis.STATE,
        confidence=Confidence.LIKELY,
        severity=Severity.ERROR,
        subjects=(*hosts, *(use.subject for use in uses)),
        rows=[
            {
                "pool": pool_name(pool),
                "host": listed([each.name or each.uuid for each in hosts]),
                "srs": sr_names(uses),
                "because": uses[0].info.because,
                "use": use_in_words(uses),
                **times(asked),
            }
        ],
        evidence=(*shown, *use_evidence(uses)),
    )
    steps = (step for use in uses for step in use.info.mend)
    return replace(told, action=(*dict.fromkeys(steps), *told.action))
