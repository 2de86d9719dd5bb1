from dataclasses import replace

import pytest

from analyzer.model.finding import Basis, Confidence, Severity
from analyzer.model.xapi import XapiObject
from tests.checks.network_story import (
    BOTH,
    HERE,
    LAN,
    NBD,
    connected,
    filters,
    ip_addr,
    ip_route,
    jupiter,
    lan,
    listening,
    metrics,
    nic,
    report,
    rows,
)
from tests.checks.support import (
    JUPITER,
    SATURN,
    SR,
    CaseBuilder,
    examine,
    member,
    network,
    pbd,
    sr,
    vdi,
)

RULE = "nbd-address-unreachable-network"
METRICS = "3c2b1a09-f8e7-4d6c-b5a4-938271605f4e"
OTHER_METRICS = "7d6c5b4a-3f2e-41d0-8c9b-a0f1e2d3c4b5"
V6 = "2001:db8::11/64"
CLIENT = "203.0.113.20"
ROUTES = ip_route(
    "default via 198.51.100.1 dev xenbr0 ",
    "192.0.2.0/24 dev xenbr1 proto kernel scope link src 192.0.2.11 ",
    "unreachable 203.0.114.0/24 ",
)


def asked(*times: str, client: str = f"HTTPS {CLIENT}->") -> str:
    return "\n".join(
        f"{time} xapi: [ info||4711 {client}:::80|VDI.get_nbd_info R:0a1b2c3d4e5f|message_forwarding] VDI.get_nbd_info: vdi  = '6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913'"
        for time in times
    )


THRICE = asked("10:00:00", "10:01:00", "10:02:00")


# --- hosts that were down ---


def two_hosts(*more: XapiObject, live: bool | None = False, attached: bool = True) -> CaseBuilder:
    there = nic(host=SATURN, ip="192.0.2.21")
    plugs = (pbd(), pbd(SATURN, attached=attached))
    other = member(SATURN, "saturn", live=live)
    return jupiter(*rows(), there, sr(shared=True), *plugs, *other, *(more or (vdi(),)))


def test_host_that_is_down_fails_the_call_for_all() -> None:
    (finding,) = two_hosts().examine(RULE).findings
    assert (finding.severity, finding.confidence) == (Severity.ERROR, Confidence.LIKELY)
    assert "saturn was not live" in finding.title
    assert [s.uuid for s in finding.subjects] == [SATURN, SR]
    assert any('live="false"' in each.text for each in finding.evidence)
    assert "xe host-forget" in finding.action[1].step
    assert finding.action[1].risk


def test_host_that_is_down_with_its_sr_unplugged_fails_nobody() -> None:
    assert two_hosts(attached=False).examine(RULE).findings == ()


def test_host_that_is_live_fails_nobody() -> None:
    assert two_hosts(live=True).examine(RULE).findings == ()


def test_disks_that_nobody_wants_alarm_nobody() -> None:
    assert two_hosts(vdi(cbt_enabled=False)).examine(RULE).findings == ()


# --- links ---


def test_link_that_the_host_shows_as_down_is_likely() -> None:
    (finding,) = jupiter(interfaces=ip_addr(eth1="DOWN")).examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.STATE, Confidence.LIKELY)
    assert "eth1 had no carrier" in finding.detail
    assert finding.subjects[0].uuid == JUPITER


def test_steps_of_a_link_name_the_pif() -> None:
    (finding,) = jupiter(interfaces=ip_addr(eth1="DOWN")).examine(RULE).findings
    assert f"xe pif-list uuid={nic().uuid}" in finding.action[0].step
    assert not any("nc -vz" in step.step for step in finding.action)


def test_link_that_only_the_database_shows_is_possible() -> None:
    rows = (
        NBD,
        LAN,
        nic(metrics=f"OpaqueRef:{METRICS}"),
        lan(metrics=f"OpaqueRef:{OTHER_METRICS}"),
        metrics(METRICS, carrier=False),
        metrics(OTHER_METRICS, carrier=True),
    )
    (finding,) = CaseBuilder().host().database(*rows).examine(RULE).findings
    assert finding.confidence is Confidence.POSSIBLE


def test_two_addresses_on_one_dead_link_are_one_finding() -> None:
    built = jupiter(NBD, nic(ipv6=(V6,)), interfaces=ip_addr(eth1="DOWN"))
    assert len(built.examine(RULE).findings) == 1


def test_dead_link_with_a_connected_client_is_possible() -> None:
    built = jupiter(interfaces=ip_addr(eth1="DOWN"), sockets=listening(connected()))
    (finding,) = built.examine(RULE).findings
    assert finding.confidence is Confidence.POSSIBLE


def test_dead_link_of_a_network_without_purpose_is_ruled_out() -> None:
    built = jupiter(NBD, LAN, lan(device="eth1"), interfaces=ip_addr(eth1="DOWN"))
    assert built.examine(RULE).findings == ()


def test_host_that_was_down_is_left_to_others() -> None:
    down = member(SATURN, "saturn", live=False)
    rows = (NBD, nic(host=SATURN, metrics=f"OpaqueRef:{METRICS}"), *down)
    examined = CaseBuilder().host().database(*rows).examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


# --- addresses ---


def test_only_ipv6_addresses_are_of_no_use() -> None:
    built = jupiter(NBD, nic(ip="", ipv6=(V6, "fe80::1/64")), interfaces=None)
    (finding,) = built.examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.STATE, Confidence.LIKELY)
    assert V6 in finding.detail
    assert any("pif-reconfigure-ip" in step.step for step in finding.action)


def test_ipv6_beside_ipv4_is_normal() -> None:
    assert jupiter(NBD, nic(ipv6=(V6, "fe80::1/64"))).examine(RULE).findings == ()


def test_only_a_link_local_address_is_of_no_use() -> None:
    built = jupiter(NBD, nic(ip="169.254.3.4"), interfaces=ip_addr(xenbr1="169.254.3.4"))
    assert "link-local" in built.examine(RULE).findings[0].detail


@pytest.mark.parametrize("address", ["10.1.2.3", "172.16.4.5", "192.168.7.7"])
def test_private_address_is_no_finding(address: str) -> None:
    built = jupiter(NBD, nic(ip=address), interfaces=ip_addr(xenbr1=address))
    examined = built.examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


# --- nobody came ---


def test_many_questions_and_no_client_are_possible() -> None:
    built = jupiter(routes=None).xensource_log(THRICE)
    (finding,) = built.examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.SYMPTOM, Confidence.POSSIBLE)
    assert CLIENT in finding.detail
    assert any(f"nc -vz {HERE} 10809" in step.step for step in finding.action)


def test_answers_that_leave_where_nbd_is_rejected_make_it_likely() -> None:
    (finding,) = jupiter(routes=ROUTES).xensource_log(THRICE).examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.BOTH, Confidence.LIKELY)
    assert any("default via" in each.text for each in finding.evidence)


def test_route_through_the_nbd_network_is_no_reason() -> None:
    near = ip_route(
        "default via 198.51.100.1 dev xenbr0 ", "203.0.113.0/24 via 192.0.2.1 dev xenbr1 "
    )
    (finding,) = jupiter(routes=near).xensource_log(THRICE).examine(RULE).findings
    assert finding.confidence is Confidence.POSSIBLE


def test_route_where_nbd_is_let_through_is_no_reason() -> None:
    built = jupiter(routes=ROUTES, iptables=filters("xenbr0", "xenbr1"))
    (finding,) = built.xensource_log(THRICE).examine(RULE).findings
    assert finding.confidence is Confidence.POSSIBLE


def test_table_without_a_way_to_the_client_is_no_reason() -> None:
    built = jupiter(routes=ip_route("192.0.2.0/24 dev xenbr1 scope link "))
    (finding,) = built.xensource_log(THRICE).examine(RULE).findings
    assert finding.confidence is Confidence.POSSIBLE


@pytest.mark.parametrize(
    "log",
    [
        asked("10:00:00", "10:01:00"),
        asked("19:55:00", "19:56:00", "19:57:00"),
        asked("10:00:00", "10:01:00", "10:02:00", client="INET "),
        asked("10:00:00", "10:01:00", "10:02:00", client=f"HTTPS {HERE}->"),
        asked("10:00:00", "10:01:00", "10:02:00", client="HTTP 127.0.0.1->"),
    ],
)
def test_questions_that_say_nothing_of_a_client_are_ruled_out(log: str) -> None:
    assert jupiter().xensource_log(log).examine(RULE).findings == ()


def test_client_whose_address_is_none_has_no_route_here() -> None:
    log = asked("10:00:00", "10:01:00", "10:02:00", client="HTTPS 203.0.113.999->")
    (finding,) = jupiter(routes=ROUTES).xensource_log(log).examine(RULE).findings
    assert finding.confidence is Confidence.POSSIBLE


def test_cut_table_of_routes_is_no_reason() -> None:
    cut = replace(ROUTES, complete=False)
    (finding,) = jupiter(routes=cut).xensource_log(THRICE).examine(RULE).findings
    assert finding.confidence is Confidence.POSSIBLE


def test_destination_that_is_no_subnet_leads_nowhere() -> None:
    odd = replace(ROUTES, routes=(replace(ROUTES.routes[0], destination="somewhere"),))
    (finding,) = jupiter(routes=odd).xensource_log(THRICE).examine(RULE).findings
    assert finding.confidence is Confidence.POSSIBLE


def test_logs_without_a_time_in_common_settle_nothing() -> None:
    case = replace(jupiter().xensource_log(THRICE).build(), window=lambda _need: None)
    assert examine(case, RULE).findings == ()


def test_client_of_ipv6_has_no_route_here() -> None:
    log = asked("10:00:00", "10:01:00", "10:02:00", client="HTTPS 2001:db8::99->")
    (finding,) = jupiter(routes=ROUTES).xensource_log(log).examine(RULE).findings
    assert finding.confidence is Confidence.POSSIBLE


def test_any_client_that_came_refutes_it() -> None:
    built = (
        jupiter().xensource_log(THRICE).daemon_log("09:00:00 xapi-nbd[3102]: main: Got new client")
    )
    assert built.examine(RULE).findings == ()


def test_obstacle_that_another_rule_tells_explains_it() -> None:
    built = jupiter(iptables=filters()).xensource_log(THRICE)
    assert built.examine(RULE).findings == ()


def test_unread_daemon_log_makes_it_a_gap() -> None:
    (gap,) = jupiter().without("daemon_log").xensource_log(THRICE).examine(RULE).gaps
    assert gap.need == "daemon_log"


def test_host_without_report_may_have_served_the_client() -> None:
    rows = (
        NBD,
        LAN,
        nic(),
        nic(host=SATURN, ip="192.0.2.21", metrics=f"OpaqueRef:{METRICS}"),
        metrics(METRICS),
    )
    built = report().database(*rows, hosts=BOTH).xensource_log(THRICE)
    assert built.examine(RULE).findings == ()


# --- what cannot be told ---


def test_good_order_is_ruled_out() -> None:
    examined = jupiter().examine(RULE)
    assert (examined.findings, examined.gaps, examined.not_applicable) == ((), (), "")
    assert examined.beside == ("interfaces", "sockets")


def test_link_that_nothing_shows_is_a_gap() -> None:
    (gap,) = jupiter(interfaces=None).without("interfaces").examine(RULE).gaps
    assert (gap.need, gap.host, gap.settle_with) == ("interfaces", "jupiter", "ip -s addr")


def test_device_that_is_not_listed_is_a_gap() -> None:
    (gap,) = jupiter(NBD, nic(device="eth7")).examine(RULE).gaps
    assert "eth7" in gap.why


def test_host_without_report_and_without_metrics_is_a_gap() -> None:
    built = (
        CaseBuilder()
        .host()
        .shows(interfaces=ip_addr())
        .database(NBD, nic(), nic(host=SATURN, ip="192.0.2.21"), hosts=BOTH)
    )
    (gap,) = built.examine(RULE).gaps
    assert gap.host == "saturn"


def test_carrier_in_the_database_is_enough_without_a_report() -> None:
    rows = (NBD, nic(metrics=f"OpaqueRef:{METRICS}"), metrics(METRICS))
    examined = CaseBuilder().host("saturn", SATURN).database(*rows).examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


def test_networks_without_the_field_are_a_gap() -> None:
    (gap,) = jupiter(network(purpose=None), nic()).examine(RULE).gaps
    assert "purpose" in gap.why


def test_pool_without_purposes_is_not_applicable() -> None:
    assert jupiter(network(), nic()).examine(RULE).not_applicable
