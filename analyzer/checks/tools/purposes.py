"""What checks say of the NBD purposes of a pool's networks."""

from collections.abc import Iterator, Sequence

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.checks.observation import NotApplicable, Observation
from analyzer.checks.tools.finding import quote_row
from analyzer.model.finding import Evidence, Gap, Subject
from analyzer.model.xapi import Network
from analyzer.rebuilt.nbd.info.nbd_purposes import NO_PURPOSES, Purposes, before_nbd, purposes_of

__all__ = [
    "NO_PURPOSES",
    "Purposes",
    "before_nbd",
    "called",
    "network_subject",
    "nothing_offered",
    "of_pools",
    "purposes_gap",
    "purposes_of",
    "quote_purpose",
    "unused",
]


def called(network: Network) -> str:
    """Return a network's name, else its bridge, else its uuid."""
    return network.name_label or network.bridge or network.uuid


def network_subject(network: Network) -> Subject:
    """Return a network as the subject of a finding."""
    return Subject(type="Network", uuid=network.uuid, name=network.name_label or network.bridge)


def quote_purpose(network: Network) -> Evidence:
    """Return the row's purpose as evidence."""
    return quote_row(network, "purpose")


def purposes_gap(case: Case, pool: PoolState) -> Gap:
    """Say that the purposes of a pool's networks were not all read."""
    reports = case.world.reports_of(pool)
    return Gap(
        need="xapi_db",
        host=reports[0].name if reports else "",
        why=f"{pool.source.member} does not show the purpose of every network",
        settle_with="xe network-list params=uuid,name-label,purpose",
    )


def unused(case: Case) -> bool:
    """Tell whether certainly no network of any pool has an NBD purpose."""
    return bool(case.pools) and all(
        before_nbd(pool) or (purposes.known and not purposes.any)
        for pool in case.pools
        for purposes in (purposes_of(pool),)
    )


def nothing_offered(case: Case) -> Iterator[NotApplicable]:
    """Say that a rule about offers over NBD has no meaning where nothing is offered."""
    if unused(case):
        yield NotApplicable("no network of the database has an NBD purpose")


def of_pools(answers: Sequence[Observation | None]) -> Iterator[Observation]:
    """Pass on one answer for each pool; a rule has no meaning if it has none in any of them."""
    idle = all(isinstance(answer, NotApplicable) for answer in answers)
    for answer in answers:
        if answer is not None and (idle or not isinstance(answer, NotApplicable)):
            yield answer
