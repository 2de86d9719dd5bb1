"""The smallest changes that give get_nbd_info an answer, or what would tell."""

from collections.abc import Iterator, Sequence

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.model.call import Answer
from analyzer.model.finding import Advice
from analyzer.model.nbd import InfoStep
from analyzer.model.xapi import Host, Network, Pif
from analyzer.rebuilt.nbd.info.hosts import Member, addresses_of, pifs_of
from analyzer.rebuilt.nbd.info.judge import Facts, Judged
from analyzer.rebuilt.nbd.info.nbd_purposes import INSECURE, SECURE, purposes_of

_MOST = 4
_OPENS = "Opens TCP port 10809 of the hosts on this network."


def mend(case: Case, facts: Facts, judged: Judged) -> tuple[Advice, ...]:
    """Return the changes, the smallest first; nothing for an answer that needs none."""
    if judged.answer is Answer.UNKNOWN:
        advice_to_settle: list[Advice] = []
        advice_to_settle.append(
            Advice(
                step=f"xe pbd-list sr-uuid={facts.sr.uuid} params=uuid,host-uuid,currently-attached"
            )
        )
        advice_to_settle.append(Advice(step="xe network-list params=uuid,name-label,purpose"))
        advice_to_settle.append(
            Advice(step="xe pif-list params=uuid,host-uuid,network-uuid,currently-attached,IP,IPv6")
        )
        advice_to_settle.append(
            Advice(step="xe host-list params=uuid,name-label,host-metrics-live")
        )
        return tuple(advice_to_settle)
    match judged.stopped_at:
        case InfoStep.PLUGGED:
            found = _plug_sr(facts) or _no_pbd(facts)
        case InfoStep.PURPOSE:
            found = _advice_on_purposes(case, facts) or _no_candidate(facts)
        case InfoStep.ADDRESS:
            found = _advice_on_addresses(case, facts)
        case InfoStep.CERTIFICATE:
            found = _advice_on_hosts(facts)
        case _:
            found = []
    return tuple(dict.fromkeys(found))[:_MOST]


def _plug_sr(facts: Facts) -> list[Advice]:
    """Offer the PBDs to plug, of hosts that have an NBD address before others."""
    pbds = [each for each in facts.members if each.pbd is not None and each.plugged is False]
    useful = [each for each in pbds if each.offers]
    return [
        Advice(
            step=f"Attach the SR to {_member_called(each)}: xe pbd-plug uuid={each.pbd.uuid}",
            risk="The host starts to use the storage; find out first why it was unplugged.",
        )
        for each in useful or pbds
        if each.pbd is not None
    ]


def _no_pbd(facts: Facts) -> list[Advice]:
    step = (
        "Give the SR a PBD on a host and plug it: "
        f"xe pbd-create sr-uuid={facts.sr.uuid} host-uuid=<host> device-config:<key>=<value>"
    )
    return [Advice(step=step, risk="A wrong device-config reaches other storage.")]


def _advice_on_purposes(case: Case, facts: Facts) -> list[Advice]:
    """Offer the networks where the hosts that have the SR have an address already."""
    kind = INSECURE if facts.purposes.insecure and not facts.purposes.secure else SECURE
    return [
        Advice(
            step=(
                f"If the clients reach network {_network_called(network)}, offer NBD on it: xe "
                f"network-param-add param-name=purpose param-key={kind} uuid={network.uuid}"
            ),
            risk=_OPENS,
        )
        for network in _networks_that_would_serve(case, facts)
    ]


def _networks_that_would_serve(case: Case, facts: Facts) -> list[Network]:
    """Return networks that would serve, those of most hosts first, management last."""
    serves: dict[str, list[Pif]] = {}
    for member in facts.plugged:
        for pif in pifs_of(case, facts.pool, member.host):
            network = facts.pool.network(pif.network)
            if network and pif.currently_attached and network.managed is not False and pif.ip:
                serves.setdefault(network.uuid, []).append(pif)
    offered = {network.uuid for network in facts.purposes.any}
    nets = [net for net in facts.pool.networks if net.uuid in serves and net.uuid not in offered]
    return sorted(nets, key=lambda net: _rank_of_pifs(serves[net.uuid]))


def _rank_of_pifs(pifs: list[Pif]) -> tuple[int, bool]:
    return (-len(pifs), any(pif.management for pif in pifs))


def _no_candidate(facts: Facts) -> list[Advice]:
    """Answer where no host that certainly has the SR has an address on any network."""
    step = "Find a network on which the hosts that have the SR have an address: xe pif-list"
    return [*(_plug_sr(facts) if not facts.plugged else ()), Advice(step=step)]


def address_steps(case: Case, pool: PoolState, host: Host) -> tuple[Advice, ...]:
    """Return the changes that give one host an address on an NBD network, the smallest first."""
    pifs = tuple(_pifs_that_could_serve(case, pool, host))
    return (*_advice_to_plug(pool, pifs), *_advice_to_configure(pool, pifs))


def _advice_on_addresses(case: Case, facts: Facts) -> list[Advice]:
    pool = facts.pool
    pifs = [
        pif for member in facts.plugged for pif in _pifs_that_could_serve(case, pool, member.host)
    ]
    elsewhere = _plug_sr(facts) if any(each.offers for each in facts.members) else []
    purposes = _advice_on_purposes(case, facts)[:2]
    found = [*_advice_to_plug(pool, pifs), *elsewhere, *purposes, *_advice_to_configure(pool, pifs)]
    return found or [Advice(step="Create a PIF of the hosts on an NBD network: xe pif-list")]


def _pifs_that_could_serve(case: Case, pool: PoolState, host: Host) -> Iterator[Pif]:
    """Yield the PIFs of a host on NBD networks that could serve: a bond's parts cannot."""
    open_ = {network.uuid for network in purposes_of(pool).any}
    for pif in pifs_of(case, pool, host):
        network = pool.network(pif.network)
        usable = pif.bond_slave_of is None and pif.managed is not False
        if network is not None and network.uuid in open_ and usable:
            yield pif


def _advice_to_plug(pool: PoolState, pifs: Sequence[Pif]) -> Iterator[Advice]:
    for pif in pifs:
        if pif.currently_attached:
            continue
        known = bool(addresses_of(pif)) or pif.ip_configuration_mode not in ("None", None)
        then = "" if known else f", and give it an address: {_command_to_reconfigure(pif)}"
        risk = "Traffic of other uses of this network changes its way."
        yield Advice(
            step=f"Plug {_pif_in_words(pool, pif)}: xe pif-plug uuid={pif.uuid}{then}", risk=risk
        )


def _advice_to_configure(pool: PoolState, pifs: Sequence[Pif]) -> Iterator[Advice]:
    for pif in pifs:
        if not pif.currently_attached:
            continue
        how = _command_to_reconfigure(pif)
        if pif.ip_configuration_mode == "DHCP":
            step = f"Find out why {_pif_in_words(pool, pif)} got no address by DHCP, or: {how}"
        else:
            step = f"Give {_pif_in_words(pool, pif)} an address: {how}"
        yield Advice(step=step, risk="An address that is taken already cuts off its owner.")


def _command_to_reconfigure(pif: Pif) -> str:
    return f"xe pif-reconfigure-ip uuid={pif.uuid} mode=static IP=<free address> netmask=<netmask>"


def _advice_on_hosts(facts: Facts) -> list[Advice]:
    dead = [each for each in facts.answering if each.live is False]
    back = [Advice(step=f"Bring host {_member_called(each)} back into the pool.") for each in dead]
    gone = [
        Advice(
            step=(
                f"If {_member_called(each)} is gone for good: xe host-forget uuid={each.host.uuid}"
            ),
            risk="Forgets its local SRs and whatever ran on it; the host must not come back.",
        )
        for each in dead
    ]
    return [*back, *gone]


def _member_called(member: Member) -> str:
    return member.host.name_label or member.host.uuid


def _network_called(network: Network) -> str:
    return network.name_label or network.bridge or network.uuid


def _pif_in_words(pool: PoolState, pif: Pif) -> str:
    host = pool.host(pif.host)
    of = (host.name_label or host.uuid) if host else "a host"
    return f"PIF {pif.device or pif.uuid} of {of}"
