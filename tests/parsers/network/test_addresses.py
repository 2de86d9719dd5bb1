"""Network devices and addresses, as ip and ifconfig list them."""

import pytest

from analyzer.model.network import Interface, Interfaces
from analyzer.parsers.network import addresses
from tests.parsers.memory_member import facts, problems

IP = """\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
    inet6 ::1/128 scope host
       valid_lft forever preferred_lft forever
    RX: bytes  packets  errors  dropped overrun mcast
    6386       58       0       0       0       0
    TX: bytes  packets  errors  dropped carrier collsns
    6386       58       0       0       0       0
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq master ovs-system state UP group default qlen 1000
    link/ether 02:16:3e:11:22:33 brd ff:ff:ff:ff:ff:ff
    altname enp3s0
    RX: bytes  packets  errors  dropped overrun mcast
    1          1        0       0       0       0
3: eth1: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc mq master ovs-system state DOWN group default qlen 1000
    link/ether 02:16:3e:11:22:34 brd ff:ff:ff:ff:ff:ff
4: ovs-system: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN group default qlen 1000
    link/ether 02:16:3e:44:55:66 brd ff:ff:ff:ff:ff:ff
5: xenbr0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UNKNOWN group default qlen 1000
    link/ether 02:16:3e:11:22:33 brd ff:ff:ff:ff:ff:ff
    inet 192.0.2.11/24 brd 192.0.2.255 scope global dynamic xenbr0
       valid_lft 5400sec preferred_lft 5400sec
    inet 192.0.2.12/24 brd 192.0.2.255 scope global secondary xenbr0:1
       valid_lft forever preferred_lft forever
    inet6 2001:db8::11/64 scope global tentative dynamic mngtmpaddr
       valid_lft 86400sec preferred_lft 14400sec
6: tun0: <POINTOPOINT,MULTICAST,NOARP,UP,LOWER_UP> mtu 1500 qdisc noop state UNKNOWN
    link/none
    inet 198.51.100.1 peer 198.51.100.2/32 scope global tun0
7: xapi1@NONE: <BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN> mtu 1500 qdisc noqueue
"""
IFCONFIG = """\
xenbr0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500
        inet 192.0.2.11  netmask 255.255.255.0  broadcast 192.0.2.255
        inet6 2001:db8::11  prefixlen 64  scopeid 0x0<global>
        ether 02:16:3e:11:22:33  txqueuelen 1000  (Ethernet)
        RX packets 29173  bytes 931637075 (888.4 MiB)
        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0

eth1: flags=4099<UP,BROADCAST,MULTICAST>  mtu 1500
        ether 02:16:3e:11:22:34  txqueuelen 1000  (Ethernet)
        device memory 0x92b00000-92bfffff

ifb0: flags=130<BROADCAST,NOARP>  mtu 1500
        inet 203.0.113.1  netmask 255.0.255.0

"""


def listing(content: str, parser: addresses.Addresses = addresses.IP) -> Interfaces:
    found = facts(parser, parser.file, content)[0]
    assert isinstance(found, Interfaces)
    return found


def device(name: str) -> Interface:
    return next(each for each in listing(IP).interfaces if each.name == name)


def old(name: str) -> Interface:
    every = listing(IFCONFIG, addresses.IFCONFIG).interfaces
    return next(each for each in every if each.name == name)


@pytest.mark.parametrize("parser", [addresses.IP, addresses.IFCONFIG])
def test_the_file_is_claimed_by_name(parser: addresses.Addresses) -> None:
    assert parser.claims(parser.file, b"")
    assert not parser.claims("ip-maddr.out", IP.encode())


@pytest.mark.parametrize(
    ("parser", "text", "names"),
    [
        (addresses.IP, IP, ["lo", "eth0", "eth1", "ovs-system", "xenbr0", "tun0", "xapi1"]),
        (addresses.IFCONFIG, IFCONFIG, ["xenbr0", "eth1", "ifb0"]),
    ],
)
def test_a_whole_listing_is_complete(
    parser: addresses.Addresses, text: str, names: list[str]
) -> None:
    found = listing(text, parser)
    assert found.complete
    assert [each.name for each in found.interfaces] == names
    assert problems(facts(parser, parser.file, text)) == ()


def test_a_device_keeps_its_line() -> None:
    assert (device("eth0").source.line, device("eth0").text) == (11, IP.split("\n")[10])


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("xenbr0", (True, True, "UNKNOWN")),
        ("eth0", (True, True, "UP")),
        ("eth1", (True, False, "DOWN")),
        ("ovs-system", (False, None, "DOWN")),
        ("xapi1", (True, True, "")),
    ],
)
def test_up_and_carrier_are_told_apart(name: str, state: tuple[bool, bool | None, str]) -> None:
    found = device(name)
    assert (found.up, found.carrier, found.state) == state


@pytest.mark.parametrize(
    ("name", "state"),
    [("xenbr0", (True, True, "")), ("eth1", (True, False, "")), ("ifb0", (False, None, ""))],
)
def test_running_of_ifconfig_stands_for_the_carrier(
    name: str, state: tuple[bool, bool | None, str]
) -> None:
    found = old(name)
    assert (found.up, found.carrier, found.state) == state


def test_all_addresses_of_a_device_are_read() -> None:
    found = [(each.address, each.prefix, each.scope) for each in device("xenbr0").addresses]
    assert found == [
        ("192.0.2.11", 24, "global"),
        ("192.0.2.12", 24, "global"),
        ("2001:db8::11", 64, "global"),
    ]


def test_the_prefix_of_a_peer_is_not_taken_for_the_own() -> None:
    (found,) = device("tun0").addresses
    assert (found.address, found.prefix) == ("198.51.100.1", None)


def test_addresses_of_ifconfig_have_a_prefix() -> None:
    found = [(each.address, each.prefix, each.scope) for each in old("xenbr0").addresses]
    assert found == [("192.0.2.11", 24, ""), ("2001:db8::11", 64, "global")]


def test_a_mask_with_holes_is_no_prefix() -> None:
    (found,) = old("ifb0").addresses
    assert (found.address, found.prefix) == ("203.0.113.1", None)


@pytest.mark.parametrize(
    "line",
    [
        'Device "eth9" does not exist.',
        "    inet 192.0.2.999999/24 brd",
        "    inet6 zz/64 scope global",
        "8: eth8 <UP>",
    ],
)
def test_a_line_not_understood_is_a_problem(line: str) -> None:
    text = f"{IP}{line}\n"
    assert not listing(text).complete
    assert problems(facts(addresses.IP, "ip-s-addr.out", text)) == ("no line of a device",)


def test_a_line_of_no_device_of_ifconfig_is_a_problem() -> None:
    text = f"{IFCONFIG}eth9: error fetching interface information\n"
    assert not listing(text, addresses.IFCONFIG).complete


def test_addresses_above_every_device_are_a_problem() -> None:
    text = "    inet 192.0.2.11/24 scope global xenbr0\n"
    assert problems(facts(addresses.IP, "ip-s-addr.out", text)) == ("no line of a device",)
    assert listing(text).interfaces == ()


@pytest.mark.parametrize("text", ["", "\n\n", f"{IP}\n** timeout **\n", IP[:-1]])
def test_what_is_cut_or_empty_is_not_complete(text: str) -> None:
    assert not listing(text).complete


def test_blanks_at_the_ends_of_lines_change_nothing() -> None:
    assert listing(IP.replace("\n", " \n")).complete
    names = [each.name for each in listing(IP.replace("\n", "  \n")).interfaces]
    assert names == [each.name for each in listing(IP).interfaces]
