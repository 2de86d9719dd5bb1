"""Where a host offers NBD: addresses of plugged PIFs on networks with a purpose, and the devices.

In xapi's VLAN table ``untagged_PIF`` is the PIF of the VLAN and ``tagged_PIF`` what carries it
(xen-api `xapi_vlan.ml`).
"""

from collections.abc import Iterator
from ipaddress import IPv4Network, ip_interface

from analyzer.case.case import Case, HostReport
from analyzer.case.derived import derived
from analyzer.case.pool import PoolState
from analyzer.case.quotation import quote
from analyzer.model.finding import Evidence
from analyzer.model.network import Interface
from analyzer.model.xapi import Host, Network, Pif, PifMetrics, XapiObject
from analyzer.rebuilt.nbd.info.hosts import addresses_of, pifs_of
from analyzer.rebuilt.nbd.info.nbd_purposes import purposes_of
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An address at which a host offers NBD, whatever SR it has; IPv6 with its prefix.

    ``report`` is the host's newest report, None where none was given.
    """

    host: Host
    pif: Pif
    network: Network
    address: str
    report: HostReport | None

    @property
    def bare(self) -> str:
        """Return the address without prefix."""
        return self.address.partition("/")[0]

    @property
    def place(self) -> str:
        """Return the host's name for a sentence."""
        return self.host.name_label or self.host.uuid


@derived
def offers_of(case: Case, pool: PoolState) -> tuple[Offer, ...]:
    """Return what the hosts of a pool offer, by host, PIF and xapi's order of addresses."""
    return tuple(_offers_in_pool(case, pool))


def newest_report(case: Case, host: Host) -> HostReport | None:
    """Return the newest report of a host, None if none was given."""
    own = [report for report in case.hosts if report.host_uuid == host.uuid]
    return max(own, key=age_of_report, default=None)


def metrics_of(pool: PoolState, pif: Pif) -> PifMetrics | None:
    """Return the metrics of a PIF; a VLAN shares those of what carries it."""
    keys = (row for row in pool.pif_metrics if pif.metrics and pif.metrics in (row.ref, row.uuid))
    return next(keys, None)


def carriers(pool: PoolState, pif: Pif) -> tuple[Pif, ...]:
    """Return the physical PIFs under a PIF, () where that is not known or there is none.

    A bond is carried by all of its slaves; what carries a tunnel depends on its routes.
    """
    # What carries a VLAN, the PIF itself where it is none.
    if pif.vlan is None or pif.vlan < 0:
        base: Pif | None = pif
    else:
        keys = {row.tagged_pif for row in pool.vlans if row.untagged_pif in _keys_of_row(pif)}
        known = (
            each for each in pool.pifs if keys.intersection(_keys_of_row(each)) and each is not pif
        )
        base = next(known, None)
    if base is None:
        return ()
    bond = next(
        (row for row in pool.bonds if row.master and row.master in _keys_of_row(base)), None
    )
    if bond is not None:
        slaves = (each for each in pool.pifs if (each.bond_slave_of or "-") in _keys_of_row(bond))
        return tuple(slaves) if pool.complete else ()
    return (base,) if base.physical and base.device else ()


def interface_of(report: HostReport | None, name: str | None) -> Interface | None:
    """Return a device as the host showed it; None where it or the listing is missing."""
    listed = report.interfaces.interfaces if report and report.interfaces else ()
    return next((each for each in listed if each.name == name), None)


def subnet_of(pif: Pif) -> IPv4Network | None:
    """Return the IPv4 subnet of a PIF, None where its address or mask is not known."""
    if not pif.ip or not pif.netmask:
        return None
    try:
        found = ip_interface(f"{pif.ip}/{pif.netmask}").network
    except ValueError:
        return None
    return found if isinstance(found, IPv4Network) else None


def row_evidence(row: XapiObject, *fields: str) -> Evidence:
    """Return the named fields of a database row as evidence."""
    return Evidence(source=row.source, text=quote(row, *fields))


def _offers_in_pool(case: Case, pool: PoolState) -> Iterator[Offer]:
    open_ = {network.uuid for network in purposes_of(pool).any}
    for host in pool.hosts:
        report = newest_report(case, host)
        for pif in pifs_of(case, pool, host):
            network = pool.network(pif.network)
            if network is None or network.uuid not in open_ or not pif.currently_attached:
                continue
            for address in addresses_of(pif):
                yield Offer(host=host, pif=pif, network=network, address=address, report=report)


def age_of_report(report: HostReport) -> tuple[str, str]:
    """Return what puts the newest report of a host last."""
    taken = report.captured_at.at.isoformat() if report.captured_at else ""
    return (taken, report.bundle)


def _keys_of_row(row: XapiObject) -> tuple[str, ...]:
    return tuple(name for name in (row.ref, row.uuid) if name)
