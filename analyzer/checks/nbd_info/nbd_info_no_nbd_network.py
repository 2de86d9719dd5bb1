"""No network of a pool has an NBD purpose, and somebody wants NBD.

get_nbd_info then answers with an empty list (xen-api `xapi_vdi.ml`) and xapi-nbd refuses every
connection. A pool where nobody asks for NBD needs no such network: backups with CBT may read their
disks over HTTP, or attach snapshots to a VM of their own.
"""

from collections.abc import Iterator, Sequence

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.checks.observation import NotApplicable, Observation
from analyzer.checks.tools.finding import (
    found,
    how_often,
    listed,
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
    of_pools,
    purposes_gap,
    purposes_of,
    quote_purpose,
)
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Evidence, Finding, Gap
from analyzer.model.rule import RuleText
from analyzer.model.sentence import say
from analyzer.model.xapi import Network
from analyzer.values import dataclass

RULE = "nbd-info-no-nbd-network"
_MOST_CANDIDATES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lines:
    """What a pool's hosts logged: refused connections, and calls of get_nbd_info."""

    refused: Sequence[Event]
    calls: Sequence[Event] = ()


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge each pool by its refusals, or by its networks and its use of NBD."""
    refused = case.events.of(f"{RULE}.refused")
    asked = case.events.of(f"{RULE}.asked")
    yield from of_pools([_examine_pool(case, text, pool, refused, asked) for pool in case.pools])
    for own in outsiders(case, refused):
        yield _finding_of_purposes(case, text, None, NO_PURPOSES, _Lines(refused=own))


def _examine_pool(
    case: Case, text: RuleText, pool: PoolState, refused: Sequence[Event], asked: Sequence[Event]
) -> Finding | Gap | NotApplicable | None:
    """Return what one pool gives, None where all is well."""
    bundles = case.world.bundles_of(pool)
    own = [event for event in refused if event.source.bundle in bundles]
    calls = [event for event in asked if event.source.bundle in bundles]
    purposes = purposes_of(pool)
    if own:
        return _finding_of_purposes(case, text, pool, purposes, _Lines(refused=own, calls=calls))
    if purposes.any:
        return None
    if before_nbd(pool):
        return NotApplicable(f"pool {pool_name(pool)} runs a release without NBD server")
    if not purposes.known:
        return purposes_gap(case, pool)
    if calls:
        return _finding_of_purposes(case, text, pool, purposes, _Lines(refused=(), calls=calls))
    # What is missing to say that nobody asked for NBD.
    reports = case.world.reports_of(pool)
    gaps = (case.gap("xensource_log", report.bundle) for report in reports)
    gap_of_use = next((gap for gap in gaps if gap is not None), None)
    return gap_of_use or NotApplicable(
        f"pool {pool_name(pool)} has no network with an NBD purpose, "
        "and nobody asked for NBD: no call of get_nbd_info, no client"
    )


def _finding_of_purposes(
    case: Case,
    text: RuleText,
    pool: PoolState | None,
    purposes: Purposes,
    lines: _Lines,
) -> Finding:
    refused, calls = lines.refused, lines.calls
    told, basis, confidence = _kind_of_purposes(purposes, refused)
    values = {
        "pool": pool_name(pool, refused),
        "use": say("get_nbd_info was called {often}", often=how_often(calls)) if calls else "",
        "purposes": listed([f"{called(n)}: {', '.join(n.purpose or ())}" for n in purposes.any]),
        **times(refused or calls),
    }
    candidates = _networks_with_address(pool) if pool is not None and not purposes.any else ()
    return found(
        text,
        (text.title, text.detail) if told == "state" else text.case(told),
        basis=basis,
        confidence=confidence,
        subjects=(*pool_or_hosts(case, pool, refused), *map(network_subject, purposes.any)),
        rows=[
            *(
                {**values, "candidate": network.uuid, "candidate_name": called(network)}
                for network in candidates
            ),
            values,
        ],
        evidence=_evidence_of_purposes(pool, purposes, refused, calls),
        events=refused,
    )


def _kind_of_purposes(
    purposes: Purposes, refused: Sequence[Event]
) -> tuple[str, Basis, Confidence]:
    """Return (case of the text, basis, confidence)."""
    if not refused:
        return "state", Basis.STATE, Confidence.LIKELY
    if purposes.any:
        return "was", Basis.SYMPTOM, Confidence.LIKELY
    if purposes.known:
        return "both", Basis.BOTH, Confidence.CERTAIN
    return "symptom", Basis.SYMPTOM, Confidence.LIKELY


def _networks_with_address(pool: PoolState) -> tuple[Network, ...]:
    """Return networks on which a host has an address: only those can serve NBD."""
    nets = [
        network
        for network in pool.networks
        if network.managed is not False
        and any(pif.currently_attached and pif.ip for pif in pool.pifs_of(network))
    ]
    return tuple(nets[:_MOST_CANDIDATES])


def _evidence_of_purposes(
    pool: PoolState | None, purposes: Purposes, refused: Sequence[Event], calls: Sequence[Event]
) -> tuple[Evidence, ...]:
    """Quote refusals and calls; then the rows of the networks, which show the missing purpose."""
    lines = (*quote_ends(refused), *quote_ends(calls, 2))
    if pool is None or not (purposes.known or purposes.any):
        return lines
    return (*lines, *(quote_purpose(net) for net in (purposes.any or pool.networks)))
