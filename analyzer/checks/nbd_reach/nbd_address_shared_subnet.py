"""Networks on one subnet of which only some have an NBD purpose.

The kernel sends the server's answers through any of the devices on the subnet, and xapi's chains
reject them on a bridge without the purpose (xen-api `scripts/nbd-firewall-config.sh`).
"""

from collections.abc import Iterator, Sequence

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.checks.nbd_reach.nbd_address_offers import each_pool, live_offers, offer_fields
from analyzer.checks.observation import Observation
from analyzer.checks.tools.finding import found, listed, named, pool_name
from analyzer.checks.tools.purposes import called, network_subject
from analyzer.model.finding import Basis, Confidence, Evidence, Finding, Gap, Subject
from analyzer.model.nbd import SessionFate
from analyzer.model.rule import RuleText
from analyzer.rebuilt.nbd.reach.offers import Offer, Rival, refused_answers, rivals, rows_of
from analyzer.rebuilt.nbd.sessions.sessions import nbd_sessions
from analyzer.values import dataclass

_MOST_HOSTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """An offered address, and what shares its subnet."""

    offer: Offer
    rival: Rival


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Compare the subnets of each host's plugged PIFs; two networks are one finding."""
    yield from each_pool(
        case, lambda pool: _findings_of_pool(case, text, pool), beside=("firewall",)
    )


def _findings_of_pool(case: Case, text: RuleText, pool: PoolState) -> Iterator[Finding | Gap]:
    groups: dict[tuple[str, str], list[_Pair]] = {}
    for offer in live_offers(case, pool):
        if offer.address == offer.pif.ip and not offer.pif.netmask:
            yield Gap(
                need="xapi_db",
                host=offer.place,
                why=f"{pool.source.member} does not show the netmask of {offer.bare}",
                settle_with=f"xe pif-list uuid={offer.pif.uuid} params=IP,netmask",
            )
        for rival in rivals(case, pool, offer):
            key = (offer.network.uuid, rival.network.uuid)
            groups.setdefault(key, []).append(_Pair(offer=offer, rival=rival))
    for pairs in groups.values():
        yield _finding_of_pairs(
            text, pool, pairs, works=all(_works_anyway(case, pair) for pair in pairs)
        )


def _works_anyway(case: Case, pair: _Pair) -> bool:
    """Tell whether clients were served, and the firewall, as far as it counts, rejected nothing."""
    report = pair.offer.report
    if report is None or report.iptables is None:
        return False
    return any(
        each.bundle == report.bundle and each.fate is SessionFate.CLOSED
        for each in nbd_sessions(case)
    )


def _finding_of_pairs(
    text: RuleText, pool: PoolState, pairs: Sequence[_Pair], *, works: bool
) -> Finding:
    first = pairs[0]
    refused: list[tuple[Evidence, ...]] = []
    for pair in pairs:
        answer = refused_answers(pair.offer.report, pair.rival, pair.offer.bare)
        refused.append(answer.evidence if answer else ())
    felt = any(refused)
    hosts = sorted({pair.offer.place for pair in pairs})
    shut = any(pair.rival.shut for pair in pairs)
    doubt = Confidence.POSSIBLE if works or not shut else Confidence.LIKELY
    values = {
        **offer_fields(pool, first.offer),
        "pool": pool_name(pool),
        "hosts": listed(hosts),
        "subnet": str(first.rival.subnet),
        "rival": named(called(first.rival.network), first.rival.network.uuid),
        "rival_uuid": first.rival.network.uuid,
        "firewall": "" if shut else "What the firewall does there was not read.",
    }
    rules = [each for own in refused for each in own]
    rows = [each for pair in pairs[:_MOST_HOSTS] for each in rows_of(pair.offer, pair.rival)]
    return found(
        text,
        text.case("felt") if felt else (text.title, text.detail),
        basis=Basis.BOTH if felt else Basis.STATE,
        confidence=_confidence_of_rejection(pairs, refused) if felt else doubt,
        subjects=(
            network_subject(first.offer.network),
            network_subject(first.rival.network),
            *(
                Subject(type="Host", uuid=p.offer.host.uuid, name=p.offer.host.name_label)
                for p in pairs
            ),
        ),
        rows=[values],
        evidence=tuple(dict.fromkeys((*rules, *rows))),
    )


def _confidence_of_rejection(
    pairs: Sequence[_Pair], refused: Sequence[tuple[Evidence, ...]]
) -> Confidence:
    """Return how sure it is that the answers were rejected on this of the host's networks."""
    alone = any(each and pair.rival.alone for pair, each in zip(pairs, refused, strict=True))
    return Confidence.CERTAIN if alone else Confidence.LIKELY
