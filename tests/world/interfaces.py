"""The interfaces of a pool's hosts: physical ones, VLANs on them, bonds and what these are made of.

How they hang together follows xapi (`nm.ml`, `xapi_bond.ml`, `xapi_vlan.ml`): a bond and a VLAN
are PIFs of their own; the slaves of a bond are not attached.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.support.clock import Ids
from tests.world.objects import Host, Network, Pool

NULL = "OpaqueRef:NULL"


@dataclass(slots=True, kw_only=True)
class Interface:
    """A PIF: ``slave_of`` and ``tag_of`` are references of the Bond and of the VLAN it belongs to."""

    ref: str
    uuid: str
    metrics: str
    host: Host
    net: Network
    device: str
    slave_of: str = NULL
    tag_of: str = NULL

    @property
    def mac(self) -> str:
        """Return the hardware address."""
        return f"00:16:3e:{self.uuid[:2]}:{self.uuid[2:4]}:{self.uuid[4:6]}"

    @property
    def carrier(self) -> bool:
        """Tell whether a cable is plugged in."""
        return self.host.name not in self.net.down

    @property
    def attached(self) -> bool:
        """Tell whether the host uses the interface."""
        return self.slave_of == NULL and self.host.name not in self.net.unplugged


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A Bond or a VLAN: the PIF it makes (``master``), the PIFs it is made of, its tag."""

    ref: str
    uuid: str
    master: Interface
    parts: tuple[Interface, ...]
    tag: int = -1


@dataclass(slots=True, kw_only=True)
class Interfaces:
    """All PIFs, Bonds and VLANs; ``hidden`` are the networks of the slaves of bonds."""

    pifs: list[Interface]
    bonds: list[Joined]
    vlans: list[Joined]
    hidden: list[Network]


def interfaces(pool: Pool) -> Interfaces:
    """Return the interfaces of a pool, the same in every call while its networks are the same."""
    ids = Ids("interfaces of " + pool.uuid)
    made = Interfaces(pifs=[], bonds=[], vlans=[], hidden=list(_hidden(ids, pool.networks)))
    for net in pool.networks:
        for host in pool.hosts:
            _add(ids, made, host, net)
    for net in pool.networks:
        if net.tag >= 0:
            _tag(ids, made, net)
    return made


def of_host(pool: Pool, host: Host) -> list[Interface]:
    """Return the interfaces of one host."""
    return [pif for pif in interfaces(pool).pifs if pif.host is host]


def _hidden(ids: Ids, networks: Sequence[Network]) -> Iterator[Network]:
    for net in networks:
        for device in net.members:
            yield Network(
                uuid=ids.uuid(),
                ref=ids.ref(),
                name=f"Pool-wide network associated with {device}",
                bridge=f"xenbr{device.removeprefix('eth')}",
                device=device,
                subnet="",
                down=net.down,
            )


def _add(ids: Ids, made: Interfaces, host: Host, net: Network) -> None:
    pif = _pif(ids, host, net, net.device)
    made.pifs.append(pif)
    if not net.members:
        return
    ref = ids.ref()
    slaves = [
        _pif(ids, host, hidden, hidden.device, slave_of=ref)
        for hidden in made.hidden
        if hidden.device in net.members
    ]
    made.pifs += slaves
    made.bonds.append(Joined(ref=ref, uuid=ids.uuid(), master=pif, parts=tuple(slaves)))


def _tag(ids: Ids, made: Interfaces, net: Network) -> None:
    for pif in [pif for pif in made.pifs if pif.net is net]:
        below = next(
            other
            for other in made.pifs
            if other.host is pif.host and other.device == net.device and other.net.tag < 0
        )
        pif.tag_of = ids.ref()
        vlan = Joined(ref=pif.tag_of, uuid=ids.uuid(), master=pif, parts=(below,), tag=net.tag)
        made.vlans.append(vlan)


def _pif(ids: Ids, host: Host, net: Network, device: str, slave_of: str = NULL) -> Interface:
    return Interface(
        ref=ids.ref(),
        uuid=ids.uuid(),
        metrics=ids.ref(),
        host=host,
        net=net,
        device=device,
        slave_of=slave_of,
    )
