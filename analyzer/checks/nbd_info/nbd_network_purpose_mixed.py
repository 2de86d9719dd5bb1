"""Networks for NBD with TLS and for insecure NBD in one pool: xapi-nbd refuses everybody.

xapi-nbd asks for the purposes of all networks of the pool at every connection, whichever network
the client comes from (xen-api `ocaml/nbd/src/main.ml`).
"""

from collections.abc import Iterator, Sequence

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.checks.observation import Observation
from analyzer.checks.tools.finding import (
    Row,
    found,
    listed,
    named,
    outsiders,
    pool_name,
    pool_or_hosts,
    quote_ends,
    times,
)
from analyzer.checks.tools.purposes import (
    NO_PURPOSES,
    Purposes,
    before_nbd,
    called,
    network_subject,
    nothing_offered,
    purposes_gap,
    purposes_of,
    quote_purpose,
)
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Finding
from analyzer.model.rule import RuleText
from analyzer.model.xapi import Network

RULE = "nbd-network-purpose-mixed"


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Compare the purposes in each pool, and look for refusals of its hosts: pools may differ."""
    refused = case.events.of(f"{RULE}.refused")
    for pool in case.pools:
        bundles = case.world.bundles_of(pool)
        own = [event for event in refused if event.source.bundle in bundles]
        purposes = purposes_of(pool)
        if own or purposes.mixed:
            yield _finding_of_purposes(case, text, pool, purposes, own)
        elif not purposes.known and not before_nbd(pool):
            yield purposes_gap(case, pool)
    for lines in outsiders(case, refused):
        yield _finding_of_purposes(case, text, None, NO_PURPOSES, lines)
    yield from nothing_offered(case)


def _finding_of_purposes(
    case: Case,
    text: RuleText,
    pool: PoolState | None,
    purposes: Purposes,
    refused: Sequence[Event],
) -> Finding:
    told, basis, confidence = _kind_of_purposes(purposes, refused)
    values = {
        "pool": pool_name(pool, refused),
        "secure": _names_of_networks(purposes.secure),
        "insecure": _names_of_networks(purposes.insecure),
        **times(refused),
    }
    networks = purposes.any if pool is not None and purposes.mixed else ()
    rows = tuple(quote_purpose(network) for network in networks)
    # The step fields of each network to change; TLS is what stays.
    rows_of_purposes: list[Row] = []
    for rows_network in purposes.insecure if purposes.mixed else ():
        sort = "both" if rows_network in purposes.secure else "insecure"
        rows_of_purposes.append(
            {**values, f"{sort}_uuid": rows_network.uuid, f"{sort}_name": called(rows_network)}
        )
    return found(
        text,
        text.case(told),
        basis=basis,
        confidence=confidence,
        subjects=(
            *pool_or_hosts(case, pool, refused),
            *(network_subject(network) for network in networks),
        ),
        rows=[*rows_of_purposes, values],
        evidence=(*quote_ends(refused), *rows),
        events=refused,
    )


def _kind_of_purposes(
    purposes: Purposes, refused: Sequence[Event]
) -> tuple[str, Basis, Confidence]:
    """Return (case of the text, basis, confidence)."""
    if purposes.mixed:
        if refused:
            return "both", Basis.BOTH, Confidence.CERTAIN
        return "state", Basis.STATE, Confidence.LIKELY
    return ("was" if purposes.known else "symptom"), Basis.SYMPTOM, Confidence.LIKELY


def _names_of_networks(networks: Sequence[Network]) -> str:
    return listed([named(called(network), network.uuid) for network in networks])
