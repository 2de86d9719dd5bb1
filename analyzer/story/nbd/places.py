"""The networks of a pool as the report draws them: purpose, interfaces, addresses, warnings."""

from collections.abc import Iterable, Mapping, Sequence

from analyzer.case.pool import PoolState
from analyzer.case.quotation import quote
from analyzer.model.call import Answer
from analyzer.model.finding import Evidence, Subject
from analyzer.model.nbd import InfoWarning, NbdInfo
from analyzer.model.nbd_view import NbdNetwork, NbdPlace, PlaceState
from analyzer.model.xapi import Network, Pif
from analyzer.rebuilt.nbd.info.hosts import addresses_of
from analyzer.rebuilt.nbd.info.nbd_purposes import INSECURE, SECURE

FindingIds = Mapping[str, tuple[str, ...]]


def networks_of(
    pool: PoolState, infos: Sequence[NbdInfo], findings: FindingIds
) -> tuple[NbdNetwork, ...]:
    """Return the networks that have, may have or could have an NBD address.

    Those with a purpose first, then by name and uuid. A network without purpose is there if a
    host has an address on it or a finding names it.
    """
    views = (_network_of_infos(pool, network, infos, findings) for network in pool.networks)
    shown = (
        view
        for view in views
        if view.purpose != () or view.findings or any(place.addresses for place in view.places)
    )
    return tuple(sorted(shown, key=_key_of_view))


def _key_of_view(view: NbdNetwork) -> tuple[bool, bool, str, str]:
    return not view.purpose, view.purpose is None, view.network.name or "", view.network.uuid


def _network_of_infos(
    pool: PoolState, network: Network, infos: Sequence[NbdInfo], findings: FindingIds
) -> NbdNetwork:
    pifs = sorted(pool.pifs_of(network), key=lambda pif: _order_of_pif(pool, pif))
    return NbdNetwork(
        network=Subject(type="Network", uuid=network.uuid, name=network.name_label),
        bridge=network.bridge,
        purpose=network.purpose,
        places=tuple(_place_of_network(pool, network, pif, infos, findings) for pif in pifs),
        evidence=Evidence(source=network.source, text=quote(network, "bridge", "purpose")),
        findings=findings.get(network.uuid, ()),
    )


def _order_of_pif(pool: PoolState, pif: Pif) -> tuple[str, str, str, str]:
    host = pool.host(pif.host)
    return (host.name_label or "") if host else "", pif.host or "", _device_with_tag(pif), pif.uuid


def _place_of_network(
    pool: PoolState,
    network: Network,
    pif: Pif,
    infos: Sequence[NbdInfo],
    findings: FindingIds,
) -> NbdPlace:
    endpoints = [e for info in infos for e in info.endpoints if e.pif.uuid == pif.uuid]
    warnings = _distinct_warnings(
        warning for endpoint in endpoints for warning in endpoint.warnings
    )
    host = pool.host(pif.host)
    rows = (row for row in pool.pif_metrics if pif.metrics and pif.metrics in (row.ref, row.uuid))
    if network.purpose is None:
        state_of_network: PlaceState = PlaceState.UNKNOWN
    elif not {SECURE, INSECURE} & set(network.purpose):
        state_of_network = PlaceState.PLAIN
    elif endpoints:
        doubted = any(endpoint.warnings for endpoint in endpoints)
        state_of_network = PlaceState.DOUBTED if doubted else PlaceState.NAMED
    else:
        state_of_network = _why_unnamed(pif, infos)
    return NbdPlace(
        host=host.uuid if host else pif.host or "",
        pif=pif.uuid,
        device=_device_with_tag(pif),
        addresses=addresses_of(pif),
        state=state_of_network,
        carrier=next((row.carrier for row in rows), None),
        evidence=Evidence(
            source=pif.source,
            text=quote(pif, "device", "network", "host", "currently_attached", "ip", "ipv6"),
        ),
        warnings=warnings,
        findings=findings.get(pif.uuid, ()),
    )


def _distinct_warnings(warnings: Iterable[InfoWarning]) -> tuple[InfoWarning, ...]:
    return tuple({warning.what: warning for warning in warnings}.values())


def _device_with_tag(pif: Pif) -> str:
    tag = f".{pif.vlan}" if pif.vlan is not None and pif.vlan >= 0 else ""
    return f"{pif.device}{tag}" if pif.device else ""


def _why_unnamed(pif: Pif, infos: Sequence[NbdInfo]) -> PlaceState:
    """Return why get_nbd_info does not name an interface on a network with an NBD purpose."""
    if pif.currently_attached is False:
        return PlaceState.DETACHED
    addresses = addresses_of(pif)
    if not addresses and None not in (pif.currently_attached, pif.ip, pif.ipv6):
        return PlaceState.EMPTY
    unsure = not infos or any(info.answer is Answer.UNKNOWN for info in infos)
    if pif.currently_attached is None or not addresses or unsure:
        return PlaceState.UNKNOWN
    return PlaceState.IDLE
