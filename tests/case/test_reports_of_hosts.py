"""What a host says of its network reaches its report, whichever program said it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest

from analyzer.case.case import HostReport
from analyzer.case.gather import BundleContent
from analyzer.case.reports_of_hosts import host_reports
from analyzer.model.host import Role
from analyzer.parsers import document_parser
from tests.parsers.host.test_nbd_files import LEFTOVERS
from tests.parsers.memory_member import facts
from tests.parsers.network.test_addresses import IFCONFIG, IP
from tests.parsers.network.test_certificate import CERTIFICATE
from tests.parsers.network.test_firewalld import ZONES
from tests.parsers.network.test_iptables import IPTABLES
from tests.parsers.network.test_nft import NFT
from tests.parsers.network.test_routes import IP_ROUTE, ROUTE_N
from tests.parsers.network.test_sockets import NETSTAT, SS
from tests.support.judging import JUPITER, TITAN, pool

NEW = {
    "ip-s-addr.out": IP,
    "ip-route.out": IP_ROUTE,
    "iptables-nvL.out": IPTABLES,
    "nft-list-ruleset.out": NFT,
    "firewall-cmd--list-all-zones.out": ZONES,
    "ss-nampio.out": SS,
    "xapi_cert.out": CERTIFICATE,
    "var/lib/xapi-nbd/VBDs_to_clean_up": LEFTOVERS,
}
OLD = {
    "ifconfig-a.out": IFCONFIG,
    "route-n.out": ROUTE_N,
    "iptables-nvL.out": IPTABLES,
    "netstat-anop.out": NETSTAT,
    "ss-nampi.out": SS,
}


def report(members: Mapping[str, str]) -> HostReport:
    content = BundleContent(name="b1")
    for path, text in members.items():
        parser = document_parser(path, text.encode()[:4096])
        assert parser is not None
        content.facts += facts(parser, path, text)
    (found,) = host_reports([content], [])
    return found


def origins(found: HostReport) -> list[str | None]:
    parts = (
        found.interfaces,
        found.routes,
        found.iptables,
        found.nft,
        found.firewalld,
        found.sockets,
        found.certificate,
        found.to_clean_up,
    )
    return [part.source.member if part else None for part in parts]


def test_all_that_a_new_release_collects_is_in_the_report() -> None:
    assert origins(report(NEW)) == list(NEW)


def test_an_old_release_fills_the_same_places() -> None:
    assert origins(report(OLD)) == [
        "ifconfig-a.out",
        "route-n.out",
        "iptables-nvL.out",
        None,
        None,
        "netstat-anop.out",
        None,
        None,
    ]


@pytest.mark.parametrize("cut", ["netstat-anop.out", "ss-nampi.out"])
def test_of_two_listings_of_sockets_the_whole_one_is_taken(cut: str) -> None:
    (other,) = {"netstat-anop.out", "ss-nampi.out"} - {cut}
    found = report(OLD | {cut: OLD[cut][:-1]}).sockets
    assert found is not None
    assert (found.source.member, found.complete) == (other, True)


def test_of_two_cut_listings_the_first_is_kept_as_cut() -> None:
    found = report({"ss-nampi.out": SS[:-1], "netstat-anop.out": NETSTAT[:-1]}).sockets
    assert found is not None
    assert (found.source.member, found.complete) == ("ss-nampi.out", False)


def test_a_host_that_says_nothing_has_none_of_it() -> None:
    assert origins(report({})) == [None] * 8


@pytest.mark.parametrize(
    ("hosts", "syslog", "name", "role"),
    [
        ((JUPITER, TITAN), {"jupiter": 3}, "jupiter", Role.MASTER),
        ((JUPITER, TITAN), {"titan": 3}, "titan", Role.SUPPORTER),
        ((JUPITER,), {"titan": 1, "saturn": 2}, "saturn", Role.UNKNOWN),
        ((JUPITER,), {}, "a", Role.UNKNOWN),
    ],
)
def test_host_is_the_one_row_that_has_its_name(
    hosts: tuple[str, ...], syslog: dict[str, int], name: str, role: Role
) -> None:
    state = pool(*hosts)
    named = tuple(replace(host, hostname=host.name_label) for host in state.hosts)
    assert state.pool is not None
    own = replace(state, hosts=named, pool=replace(state.pool, master=JUPITER))
    (found,) = host_reports([BundleContent(name="a", syslog_hosts=Counter(syslog))], [own])
    assert (found.name, found.role) == (name, role)
