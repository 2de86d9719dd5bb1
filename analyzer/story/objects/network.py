"""Networks as ``cbtriage show network`` shows them: database rows, and what the hosts reported."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_interface

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.case.quotation import quote
from analyzer.model.finding import Evidence, Finding, Outcome, Subject
from analyzer.model.nbd import NbdEndpoint
from analyzer.model.network_view import InterfaceView, NetworkView
from analyzer.model.xapi import Host, Network, Pif
from analyzer.rebuilt.nbd.info.answer import sr_answers
from analyzer.rebuilt.nbd.info.hosts import addresses_of
from analyzer.rebuilt.nbd.reach.offers import Offer, Passage, link_state, newest_report, passage

_PASSAGES = (Passage.OPEN, Passage.CLOSED)


def network_views(case: Case, outcomes: Sequence[Outcome]) -> tuple[NetworkView, ...]:
    """Return all networks, by pool, those for NBD first."""
    found = [(pool, network) for pool in case.pools for network in pool.networks]
    findings = [finding for outcome in outcomes for finding in outcome.findings]
    views = (_view_of_network(case, pool, network, findings) for pool, network in found)
    return tuple(sorted(views, key=lambda view: view.key))


def _view_of_network(
    case: Case, pool: PoolState, network: Network, findings: Sequence[Finding]
) -> NetworkView:
    endpoints = [
        (answer.sr, endpoint)
        for answer in sr_answers(case)
        if answer.pool is pool
        for endpoint in answer.info.endpoints
        if endpoint.network.uuid == network.uuid
    ]
    srs = {sr.uuid: Subject(type="SR", uuid=sr.uuid, name=sr.name_label) for sr, _ in endpoints}
    pifs = pool.pifs_of(network)
    given = [endpoint for _, endpoint in endpoints]
    shown = [_interface_of_network(case, pool, network, pif, given) for pif in pifs]
    subjects = {network.uuid, *(pif.uuid for pif in pifs)}
    return NetworkView(
        pool=pool.subject,
        network=Subject(type="Network", uuid=network.uuid, name=network.name_label),
        bridge=network.bridge,
        managed=network.managed,
        purpose=network.purpose,
        interfaces=tuple(sorted(shown, key=lambda each: (each.host.name or "", each.pif.uuid))),
        serves=tuple(srs.values()),
        clients=tuple(dict.fromkeys(net for pif in pifs for net in _subnets_of_pif(pif))),
        evidence=Evidence(source=network.source, text=quote(network, "bridge", "purpose")),
        findings=tuple(sorted(f.id for f in findings if subjects & {s.uuid for s in f.subjects})),
    )


def _interface_of_network(
    case: Case,
    pool: PoolState,
    network: Network,
    pif: Pif,
    endpoints: Sequence[NbdEndpoint],
) -> InterfaceView:
    host = pool.host(pif.host)
    own = [endpoint for endpoint in endpoints if endpoint.pif.uuid == pif.uuid]
    firewall, link = _nbd_through_bridge(case, pool, network, pif, host)
    warnings = (warning for endpoint in own for warning in endpoint.warnings)
    distinct_warnings = tuple({warning.what: warning for warning in warnings}.values())
    return InterfaceView(
        host=Subject(
            type="Host",
            uuid=host.uuid if host else pif.host or "unknown",
            name=host.name_label if host else None,
        ),
        pif=Subject(type="PIF", uuid=pif.uuid, name=pif.device),
        kind=_kind_of_pif(pool, pif),
        attached=pif.currently_attached,
        mode=pif.ip_configuration_mode,
        addresses=addresses_of(pif),
        netmask=pif.netmask or None,
        gateway=pif.gateway or None,
        management=pif.management,
        link=link,
        firewall=firewall,
        named=bool(own),
        reported=host is not None and newest_report(case, host) is not None,
        evidence=Evidence(
            source=pif.source,
            text=quote(pif, "device", "VLAN", "currently_attached", "IP", "netmask", "IPv6"),
        ),
        warnings=distinct_warnings,
    )


def _nbd_through_bridge(
    case: Case, pool: PoolState, network: Network, pif: Pif, host: Host | None
) -> tuple[str | None, bool | None]:
    """Return what became of NBD connections through the bridge, and whether the link was up."""
    if host is None:
        return None, None
    address = (addresses_of(pif) or ("",))[0]
    report = newest_report(case, host)
    offer = Offer(host=host, pif=pif, network=network, address=address, report=report)
    let = passage(report, network.bridge, offer.bare).passage if address else Passage.DOUBTFUL
    return let.value if let in _PASSAGES else None, link_state(case, pool, offer)


def _kind_of_pif(pool: PoolState, pif: Pif) -> str:
    names = [name for name in (pif.ref, pif.uuid) if name]
    bond = next((row for row in pool.bonds if row.master in names), None)
    if pif.vlan is not None and pif.vlan >= 0:
        return f"VLAN {pif.vlan} on {pif.device or 'an unknown device'}"
    if bond is not None:
        keys = (bond.ref or bond.uuid, bond.uuid)
        parts = [each.device or each.uuid for each in pool.pifs if each.bond_slave_of in keys]
        return f"bond of {', '.join(sorted(parts))}" if parts else "bond"
    if pif.bond_slave_of:
        return "part of a bond, without an address of its own"
    return "physical" if pif.physical else ""


def _subnets_of_pif(pif: Pif) -> Iterator[str]:
    """Yield the subnets of a PIF's addresses, as far as their length is known."""
    written = [f"{pif.ip}/{pif.netmask}"] if pif.ip and pif.netmask else []
    for each in (*written, *(address for address in pif.ipv6 or () if "/" in address)):
        try:
            yield str(ip_interface(each).network)
        except ValueError:
            continue
