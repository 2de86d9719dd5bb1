"""What each host can add to the answer of get_nbd_info: its plug, its addresses, its life."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.case.pool import PoolState
from analyzer.model.xapi import Host, Network, Pbd, Pif, Sr, XapiObject
from analyzer.rebuilt.nbd.info.nbd_purposes import INSECURE, SECURE, Purposes
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An address of a plugged PIF on a network with an NBD purpose, as xapi has it."""

    pif: Pif
    network: Network
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A host in the light of get_nbd_info.

    ``pbd`` is its plug of the SR that is asked for, None without one, and ``plugged`` what that
    says. ``offers`` are its addresses, ``unsure`` rows that may give it one and do not show it.
    ``live`` is True for the master, which xapi never asks for; None where no row tells.
    """

    host: Host
    pbd: Pbd | None
    plugged: bool | None
    offers: tuple[Offer, ...]
    unsure: tuple[XapiObject, ...]
    live: bool | None

    @property
    def answers(self) -> bool:
        """Tell whether get_nbd_info certainly takes this host up."""
        return self.plugged is True and bool(self.offers)

    @property
    def may_answer(self) -> bool:
        """Tell whether get_nbd_info may take this host up, as far as the rows tell."""
        return self.plugged is not False and bool(self.offers or self.unsure)


def members(case: Case, pool: PoolState, sr: Sr, purposes: Purposes) -> tuple[Member, ...]:
    """Return all hosts of a pool, those that have the SR first, each group by uuid."""
    plugs = sorted(pool.pbds_of(sr), key=lambda pbd: pbd.currently_attached is True)
    pbds = {host.uuid: pbd for pbd in plugs if (host := pool.host(pbd.host))}
    found = [
        _member_of_host(case, pool, host, pbds.get(host.uuid), purposes) for host in pool.hosts
    ]
    return tuple(sorted(found, key=lambda each: (each.plugged is not True, each.host.uuid)))


def pifs_of(case: Case, pool: PoolState, host: Host) -> tuple[Pif, ...]:
    """Return the PIFs of a host, by uuid."""
    return _pifs_by_host(case, pool).get(host.uuid, ())


def addresses_of(pif: Pif) -> tuple[str, ...]:
    """Return the addresses of a PIF in xapi's order: IPv4, then IPv6 with its prefix."""
    return tuple(each for each in (pif.ip, *(pif.ipv6 or ())) if each)


def is_master(pool: PoolState, host: Host) -> bool | None:
    """Tell whether a host is the pool's master; None where the pool's row does not say."""
    key = pool.pool.master if pool.pool else None
    return key in (host.ref, host.uuid) if key else None


@derived
def _pifs_by_host(_case: Case, pool: PoolState) -> Mapping[str, tuple[Pif, ...]]:
    held: dict[str, list[Pif]] = {}
    for pif in pool.pifs:
        if host := pool.host(pif.host):
            held.setdefault(host.uuid, []).append(pif)
    return MappingProxyType({uuid: tuple(pifs) for uuid, pifs in held.items()})


def _member_of_host(
    case: Case, pool: PoolState, host: Host, pbd: Pbd | None, purposes: Purposes
) -> Member:
    own = pifs_of(case, pool, host)
    # What xapi asks before it forwards a call (`message_forwarding.ml` check_live).
    if is_master(pool, host):
        is_live: bool | None = True
    else:
        keys = host.metrics
        rows = (row for row in pool.host_metrics if keys and keys in (row.ref, row.uuid))
        is_live = next((row.live for row in rows), None)
    # The PIFs and networks that lack a field which could give the host an address.
    found: dict[str, XapiObject] = {}
    for pif in own:
        network = pool.network(pif.network)
        if (
            pif.currently_attached is False
            or network is None
            or (
                network.purpose is not None and not {SECURE, INSECURE}.intersection(network.purpose)
            )
        ):
            continue
        addresses = addresses_of(pif)
        if not addresses and pif.ip is not None and pif.ipv6 is not None:
            continue
        if network.purpose is None:
            found[network.uuid] = network
        elif pif.currently_attached is None or not addresses:
            found[pif.uuid] = pif
    return Member(
        host=host,
        pbd=pbd,
        plugged=pbd.currently_attached if pbd else (False if pool.complete else None),
        offers=tuple(_offers_of_pifs(pool, own, purposes)),
        unsure=tuple(found.values()),
        live=is_live,
    )


def _offers_of_pifs(pool: PoolState, pifs: Sequence[Pif], purposes: Purposes) -> Iterable[Offer]:
    open_ = {network.uuid for network in purposes.any}
    for pif in pifs:
        network = pool.network(pif.network)
        if pif.currently_attached and network is not None and network.uuid in open_:
            for address in addresses_of(pif):
                yield Offer(pif=pif, network=network, address=address)
