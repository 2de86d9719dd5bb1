"""Read ip-route.out, and route-n.out of older releases: which way IPv4 packets leave.

Writers: iproute2 ``ip route`` (``ip/iproute.c``, `print_route`), run by xen-bugtool
(`network-status`) since 2.0.9; before it net-tools ``route -n``. No times. Neither shows IPv6.

True lines: ``192.0.2.0/24 dev xenbr0 proto kernel scope link src 192.0.2.11`` and
``0.0.0.0         192.0.2.1       0.0.0.0         UG    0      0        0 xenbr0``.

Not read: metrics, source addresses, tables other than main.
"""

import re
from collections.abc import Iterator
from ipaddress import IPv4Network

from analyzer.bundle.member import Member
from analyzer.model.network import Route, Routes
from analyzer.model.report import ParseProblem
from analyzer.parsers._api import Fact
from analyzer.parsers._text import Text, read_text
from analyzer.values import dataclass

_TITLE = "Kernel IP routing table"
_HEADER = re.compile(r"Destination +Gateway +Genmask +Flags .*")
_IPV4 = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
_KIND = (
    r"unicast|local|broadcast|multicast|anycast|throw|unreachable|prohibit|blackhole|nat|xresolve"
)
_WAY = (
    r"(?: nhid [0-9]+)?(?: via (?:inet6? )?(?P<gateway>[0-9A-Fa-f:.]+))?"
    r"(?: dev (?P<device>\S{1,64}))?(?: .*)?"
)
_ROUTE = re.compile(rf"(?:(?P<kind>{_KIND}) )?(?P<to>default|{_IPV4}(?:/[0-9]{{1,2}})?){_WAY}")
_HOP = re.compile(rf"\s+nexthop{_WAY}")
_ROW = re.compile(
    rf"(?P<to>{_IPV4}) +(?P<gateway>{_IPV4}|-|\*) +(?P<mask>{_IPV4}) +(?P<flags>[A-Z!]+) +"
    rf"\S+ +\S+ +\S+(?: +(?P<device>\S{{1,64}}))?\s*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IpRoute:
    """The parser of ``ip-route.out``."""

    name: str = "routes"

    def claims(self, path: str, head: bytes) -> bool:  # noqa: ARG002 (its name is enough)
        """Tell whether the file is named so."""
        return path.rpartition("/")[2] == "ip-route.out"

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield the routes, one per next hop, then the first line that is none."""
        text = read_text(member, limit)
        routes: list[Route] = []
        strange: set[int] = set()
        head, to = 0, ""
        for index, line in text.closed():
            if found := _ROUTE.fullmatch(line.rstrip()):
                head, to = index, found["to"]
                # Whether a route is whole on its line; else its next hops stand below it.
                if bool(found["gateway"] or found["device"] or found["kind"]):
                    routes.append(_route_of_line(text, index, to, found))
                else:
                    strange.add(index)
            elif to and (found := _HOP.fullmatch(line.rstrip())):
                routes.append(_route_of_line(text, index, to, found))
                strange.discard(head)
            elif line.strip():
                strange.add(index)
        yield from _answer_of_routes(text, routes, sorted(strange))


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteN:
    """The parser of ``route-n.out``."""

    name: str = "routes"

    def claims(self, path: str, head: bytes) -> bool:  # noqa: ARG002 (its name is enough)
        """Tell whether the file is named so."""
        return path.rpartition("/")[2] == "route-n.out"

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield the routes, then the first line that is none."""
        text = read_text(member, limit)
        routes: list[Route] = []
        strange: list[int] = []
        headed = False
        for index, line in text.closed():
            found = _ROW.fullmatch(line)
            subnet = _subnet_of_mask(found["to"], found["mask"]) if found else None
            if found and subnet:
                routes.append(_route_of_line(text, index, subnet, found))
            elif _HEADER.fullmatch(line):
                headed = True
            elif line.strip() not in ("", _TITLE):
                strange.append(index)
        yield from _answer_of_routes(text, routes if headed else [], strange)


IP_ROUTE = IpRoute()
ROUTE_N = RouteN()


def _answer_of_routes(text: Text, routes: list[Route], strange: list[int]) -> Iterator[Fact]:
    yield Routes(
        source=text.source,
        complete=text.whole and bool(routes) and not strange,
        routes=tuple(routes),
    )
    for index in strange[:1]:
        yield ParseProblem(source=text.at(index), what="no route")


def _route_of_line(text: Text, index: int, to: str, found: re.Match[str]) -> Route:
    gateway = found["gateway"]
    device = found["device"]
    return Route(
        source=text.at(index),
        text=text.lines[index],
        destination=to,
        gateway=gateway if gateway not in (None, "0.0.0.0", "-", "*") else None,  # noqa: S104 (no binding)
        device=device if device != "-" else None,
    )


def _subnet_of_mask(address: str, mask: str) -> str | None:
    try:
        subnet = IPv4Network(f"{address}/{mask}", strict=False)
    except ValueError:
        return None
    return "default" if subnet.prefixlen == 0 else str(subnet)
