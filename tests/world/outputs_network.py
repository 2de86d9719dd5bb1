"""Outputs of network commands of a host, in their true layout.

Commands as xen-bugtool calls them: until 2.0.9 `ifconfig -a`, `route -n`, `netstat -anop` and (from
1.2) `ss -nampi`; later `ip -s addr`, `ip route`, `ss -nampio`. `iptables -nvL` always, with the
chains of xen-api `scripts/nbd-firewall-config.sh`; from 2.0.18 `firewall-cmd --list-all-zones` and
`nft list ruleset`, where these programs are.
"""

from collections.abc import Iterator
from typing import NamedTuple

from tests.world.interfaces import Interface, of_host
from tests.world.objects import Host, Loopback, Pool

_PORT = 10809
_COUNTS = "    {word}: bytes  packets  errors  dropped {rest}\n    {numbers}\n"
_REJECT = "reject-with icmp-port-unreachable"


def network_outputs(pool: Pool, host: Host) -> Iterator[tuple[str, str]]:
    """Yield the members that xen-bugtool of the host's release writes of its network."""
    release = host.release
    if release.iproute:
        yield "ip-s-addr.out", ip_addr(pool, host)
        yield "ip-route.out", ip_route(pool, host)
        yield "ss-nampio.out", ss(pool, host)
    else:
        yield "ifconfig-a.out", ifconfig(pool, host)
        yield "route-n.out", route(pool, host)
        yield "netstat-anop.out", netstat(pool, host)
        if not release.host_field:
            yield "ss-nampi.out", ss(pool, host)
    yield "iptables-nvL.out", iptables(pool, host)
    if release.firewalld:
        yield "firewall-cmd--list-all-zones.out", firewalld(pool, host)
        yield "nft-list-ruleset.out", nft(pool, host)


def bridges(pool: Pool, host: Host) -> list[str]:
    """Return the bridges on which xapi of a host lets NBD through (``get_nbd_interfaces``)."""
    return [net.bridge for net in pool.networks if net.purpose and host.name not in net.closed]


def ip_addr(pool: Pool, host: Host) -> str:
    """Return ``ip -s addr``: the loopback, the devices, then the bridges with the addresses."""
    cards = [
        _Card("lo", "00:00:00:00:00:00", up=True, addresses=_LO),
        *(_Card(p.device, p.mac, up=p.carrier) for p in _physical(pool, host)),
        *(
            _Card(p.net.bridge, p.mac, up=True, addresses=_addresses(p))
            for p in _bridged(pool, host)
        ),
    ]
    return "".join(_block(number, card) for number, card in enumerate(cards, start=1))


def ip_route(pool: Pool, host: Host) -> str:
    """Return ``ip route``."""
    lines = [f"default via {pool.networks[0].subnet}.1 dev {pool.networks[0].bridge} "]
    lines += [
        f"{pif.net.subnet}.0/24 dev {pif.net.bridge} proto kernel scope link"
        f" src {pif.net.address(host)} "
        for pif in _bridged(pool, host)
        if pif.net.address(host)
    ]
    return "".join(f"{line}\n" for line in lines)


def ifconfig(pool: Pool, host: Host) -> str:
    """Return ``ifconfig -a`` of net-tools 2.0."""
    blocks = [_card("lo", "73<UP,LOOPBACK,RUNNING>", 65536, ["inet 127.0.0.1  netmask 255.0.0.0"])]
    for pif in _physical(pool, host):
        up = (
            "4163<UP,BROADCAST,RUNNING,MULTICAST>"
            if pif.carrier
            else "4099<UP,BROADCAST,MULTICAST>"
        )
        blocks.append(
            _card(pif.device, up, 1500, [f"ether {pif.mac}  txqueuelen 1000  (Ethernet)"])
        )
    for pif in _bridged(pool, host):
        address, words = pif.net.address(host), []
        if address:
            cast = f"{pif.net.subnet}.255"
            words.append(f"inet {address}  netmask 255.255.255.0  broadcast {cast}")
        words.append(f"ether {pif.mac}  txqueuelen 1  (Ethernet)")
        flags = "4163<UP,BROADCAST,RUNNING,MULTICAST>"
        blocks.append(_card(pif.net.bridge, flags, 1500, words))
    return "".join(blocks)


def route(pool: Pool, host: Host) -> str:
    """Return ``route -n``."""
    head = "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface"
    rows = [(_ANY, f"{pool.networks[0].subnet}.1", _ANY, "UG", pool.networks[0].bridge)]
    rows += [
        (f"{pif.net.subnet}.0", _ANY, "255.255.255.0", "U", pif.net.bridge)
        for pif in _bridged(pool, host)
        if pif.net.address(host)
    ]
    lines = [
        f"{to:<16}{via:<16}{mask:<16}{f:<6}0      0        0 {dev}"
        for to, via, mask, f, dev in rows
    ]
    return "\n".join(["Kernel IP routing table", head, *lines]) + "\n"


def ss(pool: Pool, host: Host) -> str:
    """Return ``ss -nampio`` (or ``-nampi``): an entry, and its memory on the next line.

    iproute2 of the newest dom0 writes ``0.0.0.0`` for ``*``, and has a column for the process.
    """
    modern = host.release.sm_major > 3
    head = "Netid  State      Recv-Q Send-Q Local Address:Port               Peer Address:Port"
    lines = [
        f"{head}{' Process' if modern else ' ' * 14}",
        "u_str  ESTAB      0      0      * 21077                 * 21078              ",
    ]
    for local, peer, state, user in _tcp(pool, host):
        shown = [part.replace("*:", f"{_ANY}:", 1) if modern else part for part in (local, peer)]
        lines += _entry(shown[0], shown[1], state, user)
    return "\n".join(lines) + "\n"


def netstat(pool: Pool, host: Host) -> str:
    """Return ``netstat -anop``."""
    lines = [
        "Active Internet connections (servers and established)",
        f"{_NETSTAT}       PID/Program name     Timer",
    ]
    words = {"LISTEN": "LISTEN", "ESTAB": "ESTABLISHED"}
    for local, peer, state, (program, pid, _) in _tcp(pool, host):
        shown = (local.replace("*:", "0.0.0.0:"), peer.replace("*:", "0.0.0.0:"))
        timer = "off (0.00/0/0)"
        lines.append(
            f"tcp        0      0 {shown[0]:<23} {shown[1]:<23} {words[state]:<11} {f'{pid}/{program}':<20} {timer}"
        )
    lines += [
        "Active UNIX domain sockets (servers and established)",
        "Proto RefCnt Flags       Type       State         I-Node   PID/Program name     Path",
        "unix  2      [ ACC ]     STREAM     LISTENING     21077    1930/xapi            /var/lib/xcp/xapi",
    ]
    return "\n".join(lines) + "\n"


def iptables(pool: Pool, host: Host) -> str:
    """Return ``iptables -nvL``; where firewalld rules, what is left to iptables is empty.

    xapi sets NBD's chains at every start: without a network for it they only reject.
    """
    if host.release.firewalld:
        chains = ("INPUT", "FORWARD", "OUTPUT")
        return "\n".join(
            _chain(f"{name} (policy ACCEPT 0 packets, 0 bytes)", []) for name in chains
        )
    open_ = bridges(pool, host)
    rules_in = [
        _rule("ACCEPT", "all", into=name, extra="ctstate NEW,ESTABLISHED") for name in open_
    ]
    rules_out = [_rule("RETURN", "all", out=name) for name in open_]
    reject = _rule("REJECT", "all", extra=_REJECT)
    jump_in = _rule("xapi_nbd_input_chain", "tcp", extra=f"tcp dpt:{_PORT}")
    jump_out = _rule("xapi_nbd_output_chain", "tcp", extra=f"tcp spt:{_PORT}")
    parts = [
        _chain(
            "INPUT (policy ACCEPT 124K packets, 98M bytes)",
            [jump_in, _rule("RH-Firewall-1-INPUT", "all")],
        ),
        _chain("FORWARD (policy ACCEPT 0 packets, 0 bytes)", []),
        _chain("OUTPUT (policy ACCEPT 131K packets, 211M bytes)", [jump_out]),
        _chain("RH-Firewall-1-INPUT (1 references)", [_rule("ACCEPT", "all", into="lo"), reject]),
    ]
    parts.append(_chain("xapi_nbd_input_chain (1 references)", [*rules_in, reject]))
    parts.append(_chain("xapi_nbd_output_chain (1 references)", [*rules_out, reject]))
    return "\n".join(parts)


def firewalld(pool: Pool, host: Host) -> str:
    """Return ``firewall-cmd --list-all-zones``: the service nbd is for all interfaces or none."""
    open_ = " nbd" if bridges(pool, host) else ""
    devices = " ".join(pif.net.bridge for pif in _bridged(pool, host))
    zones = (
        ("drop", "DROP", "", ""),
        ("public (active)", "default", devices, f"dhcpv6-client{open_} ssh xapi-insecure"),
        ("trusted", "ACCEPT", "", ""),
    )
    return "\n".join(_zone(*zone) for zone in zones)


def nft(pool: Pool, host: Host) -> str:
    """Return ``nft list ruleset``, as firewalld fills it."""
    accept = (
        f"\t\ttcp dport {_PORT} ct state {{ new, untracked }} accept\n"
        if bridges(pool, host)
        else ""
    )
    return (
        "table inet firewalld {\n\tchain filter_INPUT {\n"
        "\t\ttype filter hook input priority filter + 10; policy accept;\n"
        '\t\tct state { established, related } accept\n\t\tiifname "lo" accept\n'
        "\t\tjump filter_INPUT_ZONES\n\t\treject with icmpx admin-prohibited\n\t}\n\n"
        "\tchain filter_IN_public_allow {\n"
        f"\t\ttcp dport 22 ct state {{ new, untracked }} accept\n{accept}\t}}\n}}\n"
    )


_ANY = "0.0.0.0"  # noqa: S104 - as route prints it
_LO = ("inet 127.0.0.1/8 scope host lo", "inet6 ::1/128 scope host ")
_NETSTAT = "Proto Recv-Q Send-Q Local Address           Foreign Address         State"
_DEAD = "NO-CARRIER,BROADCAST,MULTICAST,UP"
_User = tuple[str, int, int]  # program, pid, descriptor


class _Card(NamedTuple):
    """A device as ``ip`` shows it."""

    name: str
    mac: str
    up: bool
    addresses: tuple[str, ...] = ()


def _physical(pool: Pool, host: Host) -> list[Interface]:
    return [p for p in of_host(pool, host) if p.net.tag < 0 and not p.net.members]


def _bridged(pool: Pool, host: Host) -> list[Interface]:
    return [pif for pif in of_host(pool, host) if pif.attached]


def _addresses(pif: Interface) -> tuple[str, ...]:
    net, host = pif.net, pif.host
    shown: list[str] = []
    if address := net.address(host):
        shown.append(f"inet {address}/24 brd {net.subnet}.255 scope global {net.bridge}")
    if address6 := net.address6(host):
        shown.append(f"inet6 {address6} scope global ")
    return tuple(shown)


def _block(number: int, card: _Card) -> str:
    loop, bridge = card.name == "lo", card.name.startswith("x")
    kind, cast = ("loopback", "00:00:00:00:00:00") if loop else ("ether", "ff:ff:ff:ff:ff:ff")
    flags = f"{'LOOPBACK' if loop else 'BROADCAST,MULTICAST'},UP,LOWER_UP" if card.up else _DEAD
    up = "UNKNOWN" if loop or bridge else "UP"
    queue = "noqueue" if loop or bridge else "mq master ovs-system"
    words = f"mtu {65536 if loop else 1500} qdisc {queue} state {up if card.up else 'DOWN'}"
    lines = [
        f"{number}: {card.name}: <{flags}> {words} group default qlen 1000\n",
        f"    link/{kind} {card.mac} brd {cast}\n",
    ]
    lifetime = "       valid_lft forever preferred_lft forever"
    lines += [f"    {address}\n{lifetime}\n" for address in card.addresses]
    numbers = "81237714   402113   0       12      0       9121   "
    lines.append(_COUNTS.format(word="RX", rest="overrun mcast   ", numbers=numbers))
    numbers = "1933210411 1320077  0       0       0       0      "
    lines.append(_COUNTS.format(word="TX", rest="carrier collsns ", numbers=numbers))
    return "".join(lines)


def _card(name: str, flags: str, mtu: int, words: list[str]) -> str:
    lines = [f"{name}: flags={flags}  mtu {mtu}", *(f"        {word}" for word in words)]
    lines += [
        "        RX packets 402113  bytes 81237714 (77.4 MiB)",
        "        RX errors 0  dropped 12  overruns 0  frame 0",
        "        TX packets 1320077  bytes 1933210411 (1.8 GiB)",
        "        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0",
    ]
    return "\n".join(lines) + "\n\n"


def _tcp(pool: Pool, host: Host) -> Iterator[tuple[str, str, str, _User]]:
    """Yield (local, peer, state, user) of the TCP sockets that are listed."""
    yield "*:22", "*:*", "LISTEN", ("sshd", 1204, 3)
    pid = pool.servers.get(host.name)
    if pid is not None:
        yield f"*:{_PORT}", "*:*", "LISTEN", ("xapi-nbd", pid, 6)
    management = pool.networks[0].address(host)
    yield f"{management}:22", "192.0.2.41:50122", "ESTAB", ("sshd", 30211, 3)
    if pid is None:
        return
    for number, held in enumerate(vbd for vbd in pool.loopbacks if vbd.host is host):
        if held.client:
            local = f"{_nbd_address(pool, held)}:{_PORT}"
            yield local, held.client, "ESTAB", ("xapi-nbd", pid, 8 + 2 * number)
            if held.client.partition(":")[0] == local.partition(":")[0]:
                yield held.client, local, "ESTAB", ("qemu-img", 20114 + number, 11)


def _nbd_address(pool: Pool, held: Loopback) -> str:
    """Return the address under which a client reached a host."""
    addresses = [net.address(held.host) for net in pool.networks if net.purpose]
    return next(filter(None, addresses), pool.networks[0].address(held.host))


def _entry(local: str, peer: str, state: str, user: _User) -> tuple[str, str]:
    program, pid, descriptor = user
    backlog = 5 if program == "xapi-nbd" else 128
    queue = backlog if state == "LISTEN" else 0
    users = f'users:(("{program}",pid={pid},fd={descriptor}))'
    timer = " timer:(keepalive,83min,0)" if program == "sshd" and state == "ESTAB" else ""
    return (
        f"tcp    {state:<10} 0      {queue:<6} {local:<25} {peer:<21} {users}{timer}",
        "\t skmem:(r0,rb87380,t0,tb87040,f0,w0,o0,bl0,d0) cubic rto:1000 mss:536 cwnd:10",
    )


def _chain(title: str, rules: list[str]) -> str:
    head = (
        " pkts bytes target     prot opt in     out     source               destination         "
    )
    return "\n".join([f"Chain {title}", head, *rules]) + "\n"


def _rule(target: str, protocol: str, *, into: str = "*", out: str = "*", extra: str = "") -> str:
    counts = " 8123  488K" if target == "ACCEPT" else "    0     0"
    anywhere = "0.0.0.0/0            0.0.0.0/0           "
    return f"{counts} {target:<9}  {protocol:<4} --  {into:<6} {out:<6}  {anywhere} {extra}"


def _zone(name: str, target: str, devices: str, services: str) -> str:
    words = (
        ("target", target),
        ("ingress-priority", "0"),
        ("egress-priority", "0"),
        ("icmp-block-inversion", "no"),
        ("interfaces", devices),
        ("sources", ""),
        ("services", services),
        ("ports", ""),
        ("protocols", ""),
        ("forward", "yes"),
        ("masquerade", "no"),
        ("forward-ports", ""),
        ("source-ports", ""),
        ("icmp-blocks", ""),
        ("rich rules", ""),
    )
    return "\n".join([name, *(f"  {key}: {value}" for key, value in words)]) + "\n"
