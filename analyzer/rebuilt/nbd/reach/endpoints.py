"""The records of get_nbd_info, each with what the call does not check."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.model.finding import Confidence, Evidence, Subject
from analyzer.model.nbd import InfoWarning, NbdEndpoint
from analyzer.rebuilt.nbd.info.hosts import Member, Offer
from analyzer.rebuilt.nbd.info.judge import quoted
from analyzer.rebuilt.nbd.info.nbd_purposes import SECURE
from analyzer.rebuilt.nbd.info.subject import certificate_of, subject_of
from analyzer.rebuilt.nbd.reach.offers import reach_warnings


def endpoints_of(case: Case, pool: PoolState, members: Sequence[Member]) -> tuple[NbdEndpoint, ...]:
    """Return the records of all hosts that certainly have the SR and an address."""
    return tuple(
        _endpoint_of_offer(case, pool, member, offer)
        for member in members
        if member.answers
        for offer in member.offers
    )


def _endpoint_of_offer(case: Case, pool: PoolState, member: Member, offer: Offer) -> NbdEndpoint:
    host, pif, network = member.host, offer.pif, offer.network
    certificate = certificate_of(case, host)
    bare = NbdEndpoint(
        address=offer.address,
        host=Subject(type="Host", uuid=host.uuid, name=host.name_label),
        network=Subject(
            type="Network", uuid=network.uuid, name=network.name_label or network.bridge
        ),
        pif=Subject(type="PIF", uuid=pif.uuid, name=pif.device),
        secure=SECURE in (network.purpose or ()),
        subject=subject_of(pool, host, certificate),
        certificate=certificate,
        evidence=_evidence_of_offer(offer),
    )
    warnings = (*_warnings_of_ipv6(bare), *reach_warnings(case, pool, bare))
    return replace(bare, warnings=warnings)


def _evidence_of_offer(offer: Offer) -> tuple[Evidence, ...]:
    field = "IPv6" if ":" in offer.address else "IP"
    return (
        *quoted([offer.pif], "device", "VLAN", "currently_attached", field),
        *quoted([offer.network], "purpose"),
    )


def _warnings_of_ipv6(endpoint: NbdEndpoint) -> Iterator[InfoWarning]:
    """Warn of IPv6: xapi-nbd listens on IPv4 only (xen-api `ocaml/nbd/src/main.ml` main)."""
    if ":" in endpoint.address:
        yield InfoWarning(
            what="xapi-nbd listens on IPv4 only, so nothing answers at an IPv6 address",
            confidence=Confidence.CERTAIN,
            evidence=endpoint.evidence[:1],
        )
