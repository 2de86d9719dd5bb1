"""What the rules about NBD addresses have in common: the offers of a pool, and the gaps."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.checks.observation import LookedAt, Observation
from analyzer.checks.tools.finding import Row, named, pool_name
from analyzer.checks.tools.purposes import called, nothing_offered, purposes_gap
from analyzer.model.finding import Finding, Gap, Subject
from analyzer.rebuilt.nbd.info.nbd_purposes import INSECURE, SECURE, before_nbd, purposes_of
from analyzer.rebuilt.nbd.reach.offers import Offer, offers_of


def each_pool(
    case: Case,
    judge: Callable[[PoolState], Iterable[Finding | Gap]],
    *,
    beside: tuple[str, ...] = (),
) -> Iterator[Observation]:
    """Judge each pool in which NBD may be offered; `beside` are the sources that are looked at."""
    for pool in case.pools:
        if not purposes_of(pool).known and not before_nbd(pool):
            yield purposes_gap(case, pool)
        yield from judge(pool)
    yield from nothing_offered(case)
    for need in beside:
        if case.hosts and all(case.gap(need, each.bundle) is None for each in case.hosts):
            yield LookedAt(need)


def live_offers(case: Case, pool: PoolState) -> tuple[Offer, ...]:
    """Return the offers of the hosts that were not certainly down."""
    return tuple(offer for offer in offers_of(case, pool) if not _host_was_down(pool, offer))


def by_host(offers: Sequence[Offer]) -> tuple[tuple[Offer, ...], ...]:
    """Group offers by host, in their order."""
    groups: dict[str, list[Offer]] = {}
    for offer in offers:
        groups.setdefault(offer.host.uuid, []).append(offer)
    return tuple(tuple(group) for group in groups.values())


def offer_subjects(offers: Sequence[Offer]) -> tuple[Subject, ...]:
    """Return the hosts, then the PIFs and networks of offers, each once."""
    hosts = [_subject_of_object("Host", each.host.uuid, each.host.name_label) for each in offers]
    pifs = [_subject_of_object("PIF", each.pif.uuid, each.pif.device) for each in offers]
    networks = [
        _subject_of_object(
            "Network", each.network.uuid, each.network.name_label or each.network.bridge
        )
        for each in offers
    ]
    return tuple(dict.fromkeys((*hosts, *pifs, *networks)))


def offer_fields(pool: PoolState, offer: Offer) -> Row:
    """Return what texts and steps say of an offer."""
    return {
        "pool": pool_name(pool),
        "host": offer.place,
        "host_uuid": offer.host.uuid,
        "address": offer.bare,
        "pif": offer.pif.uuid,
        "device": offer.pif.device or offer.pif.uuid,
        "network": named(called(offer.network), offer.network.uuid),
        "network_uuid": offer.network.uuid,
        "bridge": offer.network.bridge or "its bridge",
        "purpose": SECURE if SECURE in (offer.network.purpose or ()) else INSECURE,
    }


def unread(case: Case, offer: Offer, need: str, command: str) -> Gap | None:
    """Return what is missing of a host's own report, None if that source was read whole."""
    if offer.report is None:
        why = f"{offer.place} offers NBD, and no status report of this host was given"
        settle = f"xen-bugtool --yestoall  # on {offer.place}"
        return Gap(need=need, host=offer.place, why=why, settle_with=settle)
    gap = case.gap(need, offer.report.bundle)
    if gap is None:
        return None
    return Gap(need=need, host=gap.host, why=gap.why, settle_with=command)


def _host_was_down(pool: PoolState, offer: Offer) -> bool:
    keys = offer.host.metrics
    rows = (row for row in pool.host_metrics if keys and keys in (row.ref, row.uuid))
    return any(row.live is False for row in rows) and offer.report is None


def _subject_of_object(kind: str, uuid: str, name: str | None) -> Subject:
    return Subject(type=kind, uuid=uuid, name=name)
