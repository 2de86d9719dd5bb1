"""The records of get_nbd_info, each with what the call does not check."""

from collections.abc import Sequence
from dataclasses import replace

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.model.finding import Confidence, Subject
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
    field = "IPv6" if ":" in offer.address else "IP"
    evidence_of_offer = (
        *quoted([offer.pif], "device", "VLAN", "currently_attached", field),
        *quoted([offer.network], "purpose"),
    )
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
        evidence=evidence_of_offer,
    )
    # Warn of IPv6: xapi-nbd listens on IPv4 only (xen-api `ocaml/nbd/src/main.ml` main).
    warnings_of_ipv6: list[InfoWarning] = []
    if ":" in bare.address:
        warnings_of_ipv6.append(
            InfoWarning(
                what="xapi-nbd listens on IPv4 only, so nothing answers at an IPv6 address",
                confidence=Confidence.CERTAIN,
                evidence=bare.evidence[:1],
            )
        )
    warnings = (*warnings_of_ipv6, *reach_warnings(case, pool, bare))
    return replace(bare, warnings=warnings)
