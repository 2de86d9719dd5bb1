"""Routing tables, as ip and route list them."""

import pytest

from analyzer.model.network import Routes
from analyzer.parsers._api import DocumentParser
from analyzer.parsers.network import routes
from tests.parsers.memory_member import facts, problems

IP_ROUTE = """\
default via 192.0.2.1 dev xenbr0 proto static metric 100
198.51.100.0/24 dev xapi1 proto kernel scope link src 198.51.100.11 linkdown
192.0.2.0/24 dev xenbr0 proto kernel scope link src 192.0.2.11
203.0.113.7 via inet6 2001:db8::1 dev xenbr1
unreachable 203.0.113.128/25 metric 4
203.0.113.64/26 proto static
\tnexthop via 192.0.2.2 dev xenbr0 weight 1
\tnexthop via 198.51.100.2 dev xapi1 weight 1
"""
ROUTE_N = """\
Kernel IP routing table
Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
0.0.0.0         192.0.2.1       0.0.0.0         UG    0      0        0 xenbr0
192.0.2.0       0.0.0.0         255.255.255.0   U     0      0        0 xenbr0
203.0.113.7     198.51.100.1    255.255.255.255 UGH   0      0        0 xapi1
203.0.113.128   -               255.255.255.128 !     0      -        0 -
"""


def read(content: str, parser: DocumentParser = routes.IP_ROUTE) -> Routes:
    found = facts(parser, "x", content)[0]
    assert isinstance(found, Routes)
    return found


def table(content: str, parser: DocumentParser) -> list[tuple[str, str | None, str | None]]:
    return [(each.destination, each.gateway, each.device) for each in read(content, parser).routes]


def test_the_files_are_claimed_by_name() -> None:
    assert routes.IP_ROUTE.claims("ip-route.out", b"")
    assert routes.ROUTE_N.claims("route-n.out", b"")
    assert not routes.IP_ROUTE.claims("route-n.out", b"")
    assert not routes.ROUTE_N.claims("ip-route.out", b"")


def test_routes_of_ip_are_read() -> None:
    assert table(IP_ROUTE, routes.IP_ROUTE) == [
        ("default", "192.0.2.1", "xenbr0"),
        ("198.51.100.0/24", None, "xapi1"),
        ("192.0.2.0/24", None, "xenbr0"),
        ("203.0.113.7", "2001:db8::1", "xenbr1"),
        ("203.0.113.128/25", None, None),
        ("203.0.113.64/26", "192.0.2.2", "xenbr0"),
        ("203.0.113.64/26", "198.51.100.2", "xapi1"),
    ]


def test_routes_of_route_are_read() -> None:
    assert table(ROUTE_N, routes.ROUTE_N) == [
        ("default", "192.0.2.1", "xenbr0"),
        ("192.0.2.0/24", None, "xenbr0"),
        ("203.0.113.7/32", "198.51.100.1", "xapi1"),
        ("203.0.113.128/25", None, None),
    ]


@pytest.mark.parametrize(
    ("parser", "text"), [(routes.IP_ROUTE, IP_ROUTE), (routes.ROUTE_N, ROUTE_N)]
)
def test_a_whole_table_is_complete(parser: DocumentParser, text: str) -> None:
    assert read(text, parser).complete
    assert problems(facts(parser, "x", text)) == ()


def test_a_route_keeps_its_line() -> None:
    found = read(IP_ROUTE).routes[5]
    assert (found.source.line, found.text) == (7, IP_ROUTE.split("\n")[6])


@pytest.mark.parametrize(
    ("parser", "text"),
    [
        (routes.IP_ROUTE, 'Command "route" is unknown\n'),
        (routes.IP_ROUTE, "default proto static\n192.0.2.0/24 dev xenbr0\n"),
        (routes.IP_ROUTE, "\tnexthop via 192.0.2.2 dev xenbr0 weight 1\n"),
        (routes.ROUTE_N, f"{ROUTE_N}192.0.2.0 0.0.0.0 255.0.255.0 U 0 0 0 xenbr0\n"),
        (routes.ROUTE_N, f"{ROUTE_N}no route\n"),
    ],
)
def test_a_line_not_understood_is_a_problem(parser: DocumentParser, text: str) -> None:
    assert not read(text, parser).complete
    assert problems(facts(parser, "x", text)) == ("no route",)


@pytest.mark.parametrize(
    ("parser", "text"),
    [
        (routes.IP_ROUTE, ""),
        (routes.IP_ROUTE, "\n"),
        (routes.IP_ROUTE, IP_ROUTE[:-1]),
        (routes.IP_ROUTE, f"{IP_ROUTE}\n** timeout **\n"),
        (routes.ROUTE_N, ROUTE_N[:104]),
        (routes.ROUTE_N, ROUTE_N.split("\n", 2)[2]),
    ],
)
def test_what_is_cut_or_empty_is_not_complete(parser: DocumentParser, text: str) -> None:
    assert not read(text, parser).complete


@pytest.mark.parametrize(
    ("parser", "text"), [(routes.IP_ROUTE, IP_ROUTE), (routes.ROUTE_N, ROUTE_N)]
)
def test_blanks_at_the_ends_of_lines_change_nothing(parser: DocumentParser, text: str) -> None:
    blanks = text.replace("\n", " \n")
    assert read(blanks, parser).complete
    assert table(blanks, parser) == table(text, parser)
