"""What a host said of its own network when the report was made: addresses, firewall, sockets."""

from datetime import datetime

from analyzer.model.source import Source
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceAddress:
    """An address of an interface: ``prefix`` is its length in bits, ``scope`` as ip shows it."""

    address: str
    prefix: int | None
    scope: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """A network device: ``up`` is the administrator's wish, ``carrier`` the cable.

    ``carrier`` is None where ip shows neither LOWER_UP nor NO-CARRIER, and where the device is
    down. ``name`` is without ``@parent``; ``state`` is what stands behind "state", "" without.
    """

    source: Source
    text: str
    name: str
    up: bool
    carrier: bool | None
    state: str
    addresses: tuple[InterfaceAddress, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interfaces:
    """``ip-s-addr.out``, or ``ifconfig-a.out`` of an older release, of one host."""

    source: Source
    complete: bool
    interfaces: tuple[Interface, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A row of the routing table; ``destination`` is ``default``, a subnet or an address.

    ``device`` is None where nothing is sent at all (``unreachable``, ``blackhole``).
    """

    source: Source
    text: str
    destination: str
    gateway: str | None
    device: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """``ip-route.out``, or ``route-n.out`` of an older release, of one host: IPv4 only."""

    source: Source
    complete: bool
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallRule:
    """A rule of ``iptables-nvL.out``; ``""`` or None stands for any.

    ``target`` is ACCEPT, REJECT, RETURN or the name of a chain, ``protocol`` a name (``tcp``).
    Ports are those that the rule names alone; ranges and lists stand in ``matches`` only, which
    is everything behind the addresses, verbatim. ``packets`` is its counter, rounded as shown.
    """

    source: Source
    text: str
    target: str
    protocol: str
    input: str
    output: str
    source_port: int | None = None
    destination_port: int | None = None
    packets: int | None = None
    source_network: str = ""
    destination_network: str = ""
    matches: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallChain:
    """A chain of ``iptables-nvL.out``; ``policy`` is "" for a chain of one's own."""

    source: Source
    text: str
    name: str
    policy: str
    rules: tuple[FirewallRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IptablesListing:
    """``iptables-nvL.out`` of one host."""

    source: Source
    complete: bool
    chains: tuple[FirewallChain, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewalldZone:
    """A zone of ``firewall-cmd--list-all-zones.out``; ``default`` is the one of devices in none.

    ``target`` is as firewalld names it: ``default`` (refuse what no service allows), ``ACCEPT``,
    ``DROP``, ``%%REJECT%%``. ``lines`` are those of its target, its services and its ports.
    """

    source: Source
    text: str
    name: str
    active: bool
    target: str
    interfaces: tuple[str, ...]
    services: tuple[str, ...]
    ports: tuple[str, ...]
    sources: tuple[str, ...] = ()
    rich_rules: tuple[str, ...] = ()
    default: bool = False
    lines: tuple[tuple[Source, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewalldListing:
    """``firewall-cmd--list-all-zones.out`` of one host."""

    source: Source
    complete: bool
    zones: tuple[FirewalldZone, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NftRule:
    """A rule of ``nft-list-ruleset.out`` in its chain; ``table`` is with its family: "ip filter".

    It names TCP port 10809 (alone, in a list or in a range), or its chain is named after NBD.
    """

    source: Source
    text: str
    table: str
    chain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NftListing:
    """``nft-list-ruleset.out`` of one host; ``rules`` are those about NBD, ``chains`` all.

    ``tables`` are all tables with their family: "inet firewalld".
    """

    source: Source
    complete: bool
    chains: tuple[str, ...]
    rules: tuple[NftRule, ...]
    tables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Socket:
    """A TCP socket: ``state`` as ss spells it (LISTEN, ESTAB, CLOSE-WAIT, TIME-WAIT).

    Addresses are without brackets and without ``%device``, IPv4 in IPv6 is plain IPv4.
    ``0.0.0.0`` is any IPv4, ``::`` any IPv6, ``*`` any of what the listing's program meant (ss of
    8.x and before: IPv4; later ones: both). netstat cuts long IPv6 addresses. ``process`` and
    ``pid`` are those of the first holder, None where the listing does not show them.
    """

    source: Source
    text: str
    state: str
    local_address: str
    local_port: int | None
    peer_address: str
    peer_port: int | None
    process: str | None = None
    pid: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sockets:
    """``ss-nampio.out``, ``ss-nampi.out`` or ``netstat-anop.out`` of one host: TCP only.

    ``listeners`` tells that all that listened is shown, where connections may have been left out.
    """

    source: Source
    complete: bool
    sockets: tuple[Socket, ...]
    listeners: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCertificate:
    """``xapi_cert.out``: the certificate that xapi-nbd shows its clients too.

    ``names`` are the DNS names of subjectAltName, ``addresses`` its IP addresses; the two times
    are in UTC, None where the text does not show them. ``text`` is the line with its last day,
    ``lines`` are those of its dates, its subject and its names, in the order of the file.
    """

    source: Source
    text: str
    complete: bool
    common_name: str | None
    names: tuple[str, ...]
    addresses: tuple[str, ...]
    not_before: datetime | None
    not_after: datetime | None
    lines: tuple[tuple[Source, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VbdsToCleanUp:
    """``/var/lib/xapi-nbd/VBDs_to_clean_up``: what xapi-nbd has plugged and not yet destroyed.

    ``vbds`` are VBD uuids, the newest first. The file is not collected by default; somebody
    added it. Empty is a good answer: nothing is left.
    """

    source: Source
    complete: bool
    vbds: tuple[tuple[str, Source], ...]
