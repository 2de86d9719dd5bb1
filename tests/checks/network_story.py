"""A host that offers NBD, told by the outputs of its network commands, through the real parsers.

Jupiter has eth0 under xenbr0 (198.51.100.11, no purpose) and eth1 under xenbr1 (192.0.2.11, the
NBD network), as xen-bugtool of 8.x and later collects it.
"""

from typing import TypeVar

from analyzer.model.host import Packages
from analyzer.model.network import (
    FirewalldListing,
    HostCertificate,
    Interfaces,
    IptablesListing,
    NftListing,
    Routes,
    Sockets,
)
from analyzer.model.source import Source
from analyzer.model.xapi import Bond, Pif, PifMetrics, Vlan, XapiObject
from analyzer.parsers._api import DocumentParser
from analyzer.parsers.network import (
    addresses,
    certificate,
    firewalld,
    iptables,
    nft,
    routes,
    sockets,
)
from tests.checks.support import (
    JUPITER,
    NETWORK,
    OTHER_NETWORK,
    SATURN,
    CaseBuilder,
    network,
    pif,
    row,
)
from tests.parsers.memory_member import facts

Kind = TypeVar("Kind")
NBD = network(purpose=("nbd",))
LAN = network(OTHER_NETWORK, name_label="lan", bridge="xenbr0")
BOTH = ((JUPITER, "jupiter"), (SATURN, "saturn"))
HERE, THERE = "192.0.2.11", "198.51.100.11"
REJECT = "reject-with icmp-port-unreachable"
PUBLIC = "public (default, active)\n  target: {target}\n  interfaces: {interfaces}\n  sources: {sources}\n  services: {services}\n  ports: {ports}\n  rich rules: \n{rich}\n"


def metrics(uuid: str, *, carrier: bool | None = True) -> PifMetrics:
    """Return what xapi measured of a PIF."""
    return row(PifMetrics, uuid, carrier=carrier)


def nic(
    net: str = NETWORK, host: str = JUPITER, ip: str = HERE, device: str = "eth1", **fields: object
) -> Pif:
    """Return a managed, physical, plugged PIF with an address."""
    known: dict[str, object] = {
        "device": device,
        "netmask": "255.255.255.0",
        "vlan": -1,
        "physical": True,
        "managed": True,
    }
    return pif(net, host, ip, **{**known, **fields})


def lan(**fields: object) -> Pif:
    """Return the PIF of jupiter's other network."""
    known: dict[str, object] = {"ip": THERE, "device": "eth0", **fields}
    return nic(OTHER_NETWORK, **known)  # type: ignore[arg-type]  # fields of the model


def vlan(tag: int, carried_by: Pif, carrying: Pif) -> Vlan:
    """Return the row that ties a VLAN's PIF to what carries it."""
    uuid = f"{carrying.uuid[:18]}{carried_by.uuid[18:]}"
    return row(Vlan, uuid, untagged_pif=carrying.ref, tagged_pif=carried_by.ref, tag=tag)


def bond(uuid: str, master: Pif) -> Bond:
    """Return a bond."""
    return row(Bond, uuid, master=master.ref)


def rows() -> tuple[XapiObject, ...]:
    """Return jupiter's PIFs and their networks."""
    return (NBD, LAN, nic(), lan())


def ip_addr(*, eth1: str = "UP", xenbr1: str = HERE) -> Interfaces:
    """Return ``ip -s addr``; `eth1` is UP, DOWN (no carrier), OFF or a word for neither."""
    flags = {
        "UP": "BROADCAST,MULTICAST,UP,LOWER_UP",
        "DOWN": "NO-CARRIER,BROADCAST,MULTICAST,UP",
        "OFF": "BROADCAST,MULTICAST",
    }.get(eth1, "BROADCAST,MULTICAST,UP")
    blocks = [
        _device(1, "lo", "LOOPBACK,UP,LOWER_UP", "127.0.0.1/8"),
        _device(2, "eth0", "BROADCAST,MULTICAST,UP,LOWER_UP"),
        _device(3, "eth1", flags),
        _device(4, "xenbr0", "BROADCAST,MULTICAST,UP,LOWER_UP", f"{THERE}/24"),
        _device(5, "xenbr1", "BROADCAST,MULTICAST,UP,LOWER_UP", f"{xenbr1}/24" if xenbr1 else ""),
    ]
    return _read(Interfaces, addresses.IP, "ip-s-addr.out", "".join(blocks))


def devices(**flags: str) -> Interfaces:
    """Return ``ip -s addr`` with these devices: name=flags."""
    lines = [_device(n, name, shown) for n, (name, shown) in enumerate(flags.items(), 1)]
    return _read(Interfaces, addresses.IP, "ip-s-addr.out", "".join(lines))


def ip_route(*lines: str) -> Routes:
    """Return ``ip route``."""
    return _read(Routes, routes.IP_ROUTE, "ip-route.out", "".join(f"{line}\n" for line in lines))


def filters(
    *bridges: str, refused: int = 0, extra: str = "", leftover: bool = False
) -> IptablesListing:
    """Return ``iptables -nvL`` with NBD let in through `bridges`.

    ``refused`` is the counter of the last rule of the output chain, ``extra`` are rules before
    those of xapi in INPUT.
    """
    old = "xapi_nbd_input_chain"
    chains = [
        _chain(
            "INPUT (policy ACCEPT 9 packets, 720 bytes)",
            extra,
            rule(old, "tcp", "tcp dpt:10809"),
            rule("RH-Firewall-1-INPUT"),
        ),
        _chain(
            "OUTPUT (policy ACCEPT 9 packets, 720 bytes)",
            rule("xapi_nbd_output_chain", "tcp", "tcp spt:10809"),
        ),
        _chain(
            "RH-Firewall-1-INPUT (1 references)",
            rule("ACCEPT", more="state RELATED,ESTABLISHED"),
            rule("ACCEPT", "tcp", "state NEW tcp dpt:22"),
            rule("REJECT", more=REJECT),
        ),
        _chain(
            f"{old} (1 references)",
            *(rule("ACCEPT", into=b, more="ctstate NEW,ESTABLISHED") for b in bridges),
            rule("REJECT", more=REJECT),
        ),
        _chain(
            "xapi_nbd_output_chain (1 references)",
            *(rule("RETURN", out=b) for b in bridges),
            rule("REJECT", more=REJECT, packets=refused),
        ),
    ]
    if leftover:
        chains.append(
            _chain("xapi_nbd_output_chain_new (0 references)", rule("REJECT", more=REJECT))
        )
    return chains_of(*chains)


def chains_of(*chains: str) -> IptablesListing:
    """Return ``iptables -nvL`` of these chains."""
    return _read(IptablesListing, iptables.PARSER, "iptables-nvL.out", "\n".join(chains))


def chain(head: str, *rules: str) -> str:
    """Return a chain as text."""
    return _chain(head, *rules)


def rule(
    target: str,
    protocol: str = "all",
    more: str = "",
    *,
    into: str = "*",
    out: str = "*",
    packets: int = 0,
    source: str = "0.0.0.0/0",
    destination: str = "0.0.0.0/0",
) -> str:
    """Return a rule as text."""
    return (
        f"{packets:>5} {0:>5} {target:<10} {protocol:<4} --  {into:<6} {out:<6} {source:<19} {destination:<19} {more}".rstrip()
        + "\n"
    )


def zones(
    services: str = "ssh nbd",
    *,
    interfaces: str = "xenbr0 xenbr1",
    target: str = "default",
    ports: str = "",
    rich: str = "",
    sources: str = "",
    more: str = "",
) -> FirewalldListing:
    """Return ``firewall-cmd --list-all-zones`` with the zone public, and `more` zones before it."""
    text = more + PUBLIC.format(
        target=target,
        interfaces=interfaces,
        services=services,
        ports=ports,
        rich=rich,
        sources=sources,
    )
    return _read(FirewalldListing, firewalld.PARSER, "firewall-cmd--list-all-zones.out", text)


def packages(*names: str, complete: bool = True) -> Packages:
    """Return ``rpm -qa``."""
    source = Source(bundle="jupiter", member="rpm-qa.out")
    return Packages(source=source, complete=complete, names=names)


def ruleset(line: str, table: str = "inet firewalld") -> NftListing:
    """Return ``nft list ruleset`` with one rule."""
    text = f"table {table} {{\n\tchain filter_IN_public_allow {{\n\t\t{line}\n\t}}\n}}\n"
    return _read(NftListing, nft.PARSER, "nft-list-ruleset.out", text)


def listening(*lines: str, nbd: str = "*:10809") -> Sockets:
    """Return ``ss -nampio`` with sshd, what listens for NBD ("" for nothing), and `lines`."""
    entries = ["LISTEN     0      128    *:22                 *:*                   "]
    entries += (
        [f"LISTEN     0      5      {nbd}              *:*                   "] if nbd else []
    )
    head = "Netid  State      Recv-Q Send-Q Local Address:Port               Peer Address:Port              "
    text = "\n".join(
        [
            head,
            *(
                f"tcp    {line}\n\t skmem:(r0,rb87380,t0,tb16384,f0,w0,o0,bl0)"
                for line in (*entries, *lines)
            ),
        ]
    )
    return _read(Sockets, sockets.SS, "ss-nampio.out", f"{text}\n")


def connected(peer: str = "198.51.100.20", at: str = HERE) -> str:
    """Return the line of a connected client, for `listening`."""
    return f"ESTAB      0      0      {at}:10809           {peer}:40822               "


def x509(
    *,
    until: str = "Jun  8 10:00:00 2034 GMT",
    since: str = "Jun 10 10:00:00 2024 GMT",
    names: str = "DNS:jupiter.example",
) -> HostCertificate:
    """Return ``openssl x509 -text`` of a certificate."""
    alternative = (
        f"            X509v3 Subject Alternative Name: \n                {names}\n" if names else ""
    )
    text = (
        "Certificate:\n    Data:\n        Version: 3 (0x2)\n        Issuer: CN = 192.0.2.11\n"
        f"        Validity\n            Not Before: {since}\n            Not After : {until}\n"
        "        Subject: CN = 192.0.2.11\n        X509v3 extensions:\n"
        f"{alternative}-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    )
    return _read(HostCertificate, certificate.PARSER, "xapi_cert.out", text)


def jupiter(*more: XapiObject, **parts: object) -> CaseBuilder:
    """Return jupiter in good order with the rows of its pool, and what is changed of its report."""
    return report(**parts).database(*(more or rows()))


def report(**parts: object) -> CaseBuilder:
    """Return jupiter's report in good order, without a database."""
    known: dict[str, object] = {
        "interfaces": ip_addr(),
        "iptables": filters("xenbr1"),
        "sockets": listening(),
        **parts,
    }
    return CaseBuilder().host().shows(**known)


def _device(number: int, name: str, flags: str, address: str = "") -> str:
    inet = (
        f"    inet {address} scope global {name}\n       valid_lft forever preferred_lft forever\n"
        if address
        else ""
    )
    state = "UNKNOWN" if name.startswith("xenbr") else "UP" if "LOWER_UP" in flags else "DOWN"
    return f"{number}: {name}: <{flags}> mtu 1500 qdisc mq state {state} group default qlen 1000\n    link/ether 00:16:3e:2a:10:0{number} brd ff:ff:ff:ff:ff:ff\n{inet}    RX: bytes  packets  errors  dropped overrun mcast   \n    1200       12       0       0       0       0      \n    TX: bytes  packets  errors  dropped carrier collsns \n    1200       12       0       0       0       0      \n"


def _chain(head: str, *rules: str) -> str:
    return f"Chain {head}\n pkts bytes target     prot opt in     out     source               destination         \n{''.join(rules)}"


def _read(kind: type[Kind], parser: DocumentParser, path: str, text: str) -> Kind:
    found = [fact for fact in facts(parser, path, text) if isinstance(fact, kind)]
    return found[0]
