"""Networks for NBD with TLS and for insecure NBD in one pool: xapi-nbd refuses everybody.

xapi-nbd asks for the purposes of all networks of the pool at every connection, whichever network
the client comes from (xen-api `ocaml/nbd/src/main.ml`).
"""

from collections.abc import Iterable, Sequence

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.checks._api import Examined
from analyzer.checks.tools.finding import (
    Row,
    bundles_of,
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
    purposes_gap,
    purposes_of,
    quote_purpose,
    unused,
)
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Finding, Gap
from analyzer.model.rule import RuleText
from analyzer.model.xapi import Network


class NbdNetworkPurposeMixed:
    """Judge each pool by itself: two pools may well differ."""

    id = "nbd-network-purpose-mixed"

    def examine(self, case: Case, text: RuleText) -> Examined:
        """Compare the purposes in each pool, and look for refusals of its hosts."""
        refused = case.events.of(f"{self.id}.refused")
        findings: list[Finding] = []
        gaps: list[Gap] = []
        for pool in case.pools:
            bundles = bundles_of(case, pool)
            own = [event for event in refused if event.source.bundle in bundles]
            purposes = purposes_of(pool)
            if own or purposes.mixed:
                findings.append(_finding(case, text, pool, purposes, own))
            elif not purposes.known and not before_nbd(pool):
                gaps.append(purposes_gap(case, pool))
        findings += [
            _finding(case, text, None, NO_PURPOSES, lines) for lines in outsiders(case, refused)
        ]
        idle = not findings and not gaps and unused(case)
        return Examined(
            findings=tuple(findings),
            gaps=tuple(gaps),
            not_applicable="no network of the database has an NBD purpose" if idle else "",
        )


def _finding(
    case: Case,
    text: RuleText,
    pool: PoolState | None,
    purposes: Purposes,
    refused: Sequence[Event],
) -> Finding:
    told, basis, confidence = _kind(purposes, refused)
    values = {
        "pool": pool_name(pool, refused),
        "secure": _names(purposes.secure),
        "insecure": _names(purposes.insecure),
        **times(refused),
    }
    networks = purposes.any if pool is not None and purposes.mixed else ()
    rows = tuple(quote_purpose(network) for network in networks)
    return found(
        text,
        text.case(told),
        basis=basis,
        confidence=confidence,
        subjects=(
            *pool_or_hosts(case, pool, refused),
            *(network_subject(network) for network in networks),
        ),
        rows=[*_rows(purposes, values), values],
        evidence=(*quote_ends(refused), *rows),
        events=refused,
    )


def _kind(purposes: Purposes, refused: Sequence[Event]) -> tuple[str, Basis, Confidence]:
    """Return (case of the text, basis, confidence)."""
    if purposes.mixed:
        if refused:
            return "both", Basis.BOTH, Confidence.CERTAIN
        return "state", Basis.STATE, Confidence.LIKELY
    return ("was" if purposes.known else "symptom"), Basis.SYMPTOM, Confidence.LIKELY


def _rows(purposes: Purposes, values: Row) -> Iterable[Row]:
    """Yield the step fields of each network to change; TLS is what stays."""
    for network in purposes.insecure if purposes.mixed else ():
        sort = "both" if network in purposes.secure else "insecure"
        yield {**values, f"{sort}_uuid": network.uuid, f"{sort}_name": called(network)}


def _names(networks: Sequence[Network]) -> str:
    return listed([named(called(network), network.uuid) for network in networks])


CHECK = NbdNetworkPurposeMixed()
