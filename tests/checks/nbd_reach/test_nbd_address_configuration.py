from dataclasses import replace
from datetime import UTC, datetime

from analyzer.model.finding import Basis, Confidence, Severity
from tests.checks.network_story import (
    BOTH,
    LAN,
    NBD,
    chain,
    chains_of,
    connected,
    filters,
    ip_addr,
    jupiter,
    lan,
    listening,
    nic,
    report,
    ruleset,
    zones,
)
from tests.checks.support import JUPITER, NETWORK, SATURN, CaseBuilder, network

RULE = "nbd-address-configuration"
LOOP = "watching networks for NBD-related changes D:0a1b2c3d4e5f"
UPDATED = f"{{time}} xapi: [debug||29 |{LOOP}|network_event_loop] Updating the firewall to use the following interfaces for NBD: [{{bridges}}]\n"
FAILED = f'{{time}} xapi: [error||29 |{LOOP}|Firewall] Firewall.Iptables.update_firewall_status: Failed to update firewall service (nbd) to (enabled) with error: Forkhelpers.Spawn_internal_error("", "", _)\n'
STARTED = "{time} xapi-nbd[3102]: main: Starting xapi-nbd: port = '10809'; certfile = '/etc/xensource/xapi-ssl.pem'\n"
STOPPED = "{time} xapi-nbd[3102]: main: Caught signal SIGTERM, cleaning up\n"
CRASHED = "{time} systemd[1]: Unit xapi-nbd.service entered failed state.\n"
XAPI = "{time} xapi: [debug||0 |XAPI SERVER STARTING D:a6bd9ee95f3f|xapi] (Re)starting xapi, pid: 32351\n"


# --- the firewall ---


def test_bridge_without_rule_is_likely() -> None:
    (finding,) = jupiter(iptables=filters("xenbr0")).examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.STATE, Confidence.LIKELY)
    assert finding.severity is Severity.ERROR
    assert [s.uuid for s in finding.subjects] == [JUPITER, nic().uuid, NETWORK]


def test_rule_that_rejects_is_quoted() -> None:
    (finding,) = jupiter(iptables=filters("xenbr0")).examine(RULE).findings
    assert any("REJECT" in each.text for each in finding.evidence)


def test_steps_are_those_of_the_firewall_only() -> None:
    (finding,) = jupiter(iptables=filters("xenbr0")).examine(RULE).findings
    assert all("xenbr1" in step.step for step in finding.action)
    assert f"param-key=nbd uuid={NETWORK}" in finding.action[1].step
    assert all(step.risk for step in finding.action)


def test_failure_of_the_script_makes_it_certain() -> None:
    log = UPDATED.format(time="10:00:00", bridges="xenbr1") + FAILED.format(time="10:00:01")
    (finding,) = jupiter(iptables=filters()).xensource_log(log).examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.BOTH, Confidence.CERTAIN)


def test_failure_that_was_mended_later_says_nothing() -> None:
    log = FAILED.format(time="10:00:01") + UPDATED.format(time="10:00:06", bridges="xenbr1")
    (finding,) = jupiter(iptables=filters()).xensource_log(log).examine(RULE).findings
    assert finding.basis is Basis.STATE


def test_firewalld_without_the_service_is_likely() -> None:
    built = jupiter(iptables=None, firewalld=zones("ssh"))
    assert built.examine(RULE).findings[0].confidence is Confidence.LIKELY


def test_missing_rule_of_a_network_without_purpose_is_ruled_out() -> None:
    assert jupiter(iptables=filters("xenbr1")).examine(RULE).findings == ()


def test_missing_rule_of_a_bridge_without_address_is_ruled_out() -> None:
    second = network("0f1e2d3c-4b5a-4697-8877-665544332211", ("nbd",), bridge="xapi3")
    rows = (NBD, second, nic(), nic(second.uuid, ip=""))
    assert jupiter(*rows).examine(RULE).findings == ()


def test_connected_client_leaves_it_open() -> None:
    examined = jupiter(iptables=filters(), sockets=listening(connected())).examine(RULE)
    assert examined.findings == ()
    assert "connected all the same" in examined.gaps[0].why


def test_firewalld_whose_zones_are_lost_is_a_gap() -> None:
    listing = chains_of(
        chain("INPUT (policy ACCEPT 9 packets, 720 bytes)"),
        chain("OUTPUT (policy ACCEPT 9 packets, 720 bytes)"),
    )
    examined = jupiter(iptables=listing, nft=ruleset("tcp dport 22 accept")).examine(RULE)
    assert examined.findings == ()
    assert "firewalld was at work" in examined.gaps[0].why


def test_report_made_while_xapi_started_is_a_gap() -> None:
    examined = jupiter(iptables=filters()).xensource_log(XAPI.format(time="19:58:00")).examine(RULE)
    assert examined.findings == ()
    assert "just started" in examined.gaps[0].why


def test_xapi_that_started_long_ago_explains_nothing() -> None:
    built = jupiter(iptables=filters()).xensource_log(XAPI.format(time="10:00:00"))
    assert len(built.examine(RULE).findings) == 1


def test_report_without_a_time_cannot_be_young() -> None:
    built = CaseBuilder().host(captured=None).shows(iptables=filters(), sockets=listening())
    built = built.database(NBD, nic()).xensource_log(XAPI.format(time="19:58:00"))
    assert len(built.examine(RULE).findings) == 1


def test_database_of_another_day_makes_it_possible() -> None:
    built = CaseBuilder().host("saturn", SATURN, captured=datetime(2024, 6, 9, tzinfo=UTC))
    built = built.database(NBD, nic(), hosts=BOTH)
    built = built.host().shows(iptables=filters(), sockets=listening())
    assert built.examine(RULE).findings[0].confidence is Confidence.POSSIBLE


def test_database_of_the_same_hour_leaves_it_likely() -> None:
    built = CaseBuilder().host("saturn", SATURN).database(NBD, nic(), hosts=BOTH)
    built = built.host().shows(iptables=filters(), sockets=listening())
    assert built.examine(RULE).findings[0].confidence is Confidence.LIKELY


# --- what xapi said it opened ---


def test_bridge_that_xapi_left_out_is_likely_without_a_listing() -> None:
    log = UPDATED.format(time="10:00:00", bridges="xenbr0, xapi3")
    built = jupiter(iptables=None).without("firewall").xensource_log(log)
    (finding,) = built.examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.SYMPTOM, Confidence.LIKELY)
    assert "xenbr0, xapi3" in finding.evidence[0].text


def test_bridge_that_xapi_opened_is_no_finding() -> None:
    log = UPDATED.format(time="10:00:00", bridges="xenbr0, xenbr1")
    examined = jupiter(iptables=None).without("firewall").xensource_log(log).examine(RULE)
    assert examined.findings == ()
    assert [gap.need for gap in examined.gaps] == ["firewall"]


def test_last_word_of_xapi_counts() -> None:
    log = UPDATED.format(time="10:00:00", bridges="") + UPDATED.format(
        time="11:00:00", bridges="xenbr1"
    )
    built = jupiter(iptables=None).without("firewall").xensource_log(log)
    assert built.examine(RULE).findings == ()


def test_listing_wins_over_the_log() -> None:
    log = UPDATED.format(time="10:00:00", bridges="xenbr0")
    assert jupiter().xensource_log(log).examine(RULE).findings == ()


def test_last_attempt_that_failed_is_told() -> None:
    log = UPDATED.format(time="10:00:00", bridges="xenbr1") + FAILED.format(time="10:00:01")
    built = jupiter(iptables=None).without("firewall").xensource_log(log)
    assert "failed" in built.examine(RULE).findings[0].detail


# --- PIFs ---


def test_unmanaged_pif_is_told_as_that() -> None:
    built = jupiter(NBD, nic(managed=False), iptables=filters("xenbr0"))
    (finding,) = built.examine(RULE).findings
    assert "does not manage" in finding.detail
    assert any("managed network instead" in step.step for step in finding.action)


def test_address_on_another_device_is_possible() -> None:
    other = network(purpose=("nbd",), bridge="xapi7")
    (finding,) = jupiter(other, nic(), iptables=filters("xapi7")).examine(RULE).findings
    assert finding.confidence is Confidence.POSSIBLE
    assert "bridge xapi7" in finding.detail


def test_address_that_the_host_does_not_have_is_likely() -> None:
    (finding,) = jupiter(interfaces=ip_addr(xenbr1="192.0.2.99")).examine(RULE).findings
    assert finding.confidence is Confidence.LIKELY
    assert f"xe pif-plug uuid={nic().uuid}" in finding.action[0].step


# --- the server ---


def test_nothing_on_the_port_is_likely() -> None:
    (finding,) = jupiter(sockets=listening(nbd="")).examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.STATE, Confidence.LIKELY)
    assert [s.uuid for s in finding.subjects] == [JUPITER]
    assert any("systemctl status xapi-nbd" in step.step for step in finding.action)


def test_two_addresses_without_listener_are_one_finding() -> None:
    second = network("0f1e2d3c-4b5a-4697-8877-665544332211", ("nbd",), bridge="xapi3")
    rows = (NBD, second, nic(), nic(second.uuid, ip="203.0.113.11"))
    built = jupiter(
        *rows, interfaces=None, iptables=filters("xenbr1", "xapi3"), sockets=listening(nbd="")
    )
    assert len(built.examine(RULE).findings) == 1


def test_service_that_was_stopped_long_ago_is_a_warning() -> None:
    built = jupiter(sockets=listening(nbd="")).daemon_log(STOPPED.format(time="10:00:00"))
    (finding,) = built.examine(RULE).findings
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert "not started again" in finding.title
    assert any("cleaning up" in each.text for each in finding.evidence)


def test_service_that_was_stopped_just_before_is_no_finding() -> None:
    built = jupiter(sockets=listening(nbd="")).daemon_log(STOPPED.format(time="19:58:00"))
    assert built.examine(RULE).findings == ()


def test_service_that_is_shown_as_failed_after_a_stop_is_told_by_its_own_rule() -> None:
    built = jupiter(sockets=listening(nbd="")).daemon_log(STOPPED.format(time="10:00:00"))
    assert built.service("failed").examine(RULE).findings == ()


def test_stop_that_systemd_noted_as_a_failure_is_told_by_its_own_rule() -> None:
    log = STOPPED.format(time="10:00:00") + CRASHED.format(time="10:00:01")
    assert jupiter(sockets=listening(nbd="")).daemon_log(log).examine(RULE).findings == ()


def test_stop_before_a_report_without_a_time_is_no_finding() -> None:
    sockets = listening(nbd="")
    built = CaseBuilder().host(captured=None).shows(sockets=sockets, iptables=filters("xenbr1"))
    built = built.daemon_log(STOPPED.format(time="10:00:00")).database(NBD, nic())
    assert built.examine(RULE).findings == ()


def test_service_that_was_just_starting_is_no_finding() -> None:
    built = jupiter(sockets=listening(nbd="")).daemon_log(STARTED.format(time="19:58:00"))
    assert built.examine(RULE).findings == ()


def test_service_that_crashed_is_left_to_its_own_rule() -> None:
    log = STARTED.format(time="10:00:00") + CRASHED.format(time="11:00:00")
    built = jupiter(sockets=listening(nbd="")).daemon_log(log)
    assert built.examine(RULE).findings == ()


def test_service_that_came_back_and_does_not_listen_is_told() -> None:
    log = CRASHED.format(time="10:00:00") + STARTED.format(time="11:00:00")
    built = jupiter(sockets=listening(nbd="")).daemon_log(log)
    assert len(built.examine(RULE).findings) == 1


# --- a script that was broken off ---


def test_leftover_chain_is_information_where_nbd_gets_through() -> None:
    (finding,) = jupiter(iptables=filters("xenbr1", leftover=True)).examine(RULE).findings
    assert finding.severity is Severity.INFO
    assert "xapi_nbd_output_chain_new" in finding.detail


def test_leftover_chain_beside_a_shut_bridge_is_one_finding() -> None:
    (finding,) = jupiter(iptables=filters(leftover=True)).examine(RULE).findings
    assert finding.severity is Severity.ERROR


# --- what cannot be told ---


def test_good_order_is_ruled_out() -> None:
    examined = jupiter().examine(RULE)
    assert (examined.findings, examined.gaps, examined.not_applicable) == ((), (), "")


def test_unread_firewall_and_sockets_are_gaps() -> None:
    built = jupiter(iptables=None, sockets=None).without("firewall").without("sockets")
    gaps = built.examine(RULE).gaps
    assert [gap.need for gap in gaps] == ["firewall", "sockets"]
    assert all(gap.host == "jupiter" for gap in gaps)


def test_rules_that_settle_nothing_are_a_gap() -> None:
    cut = replace(filters("xenbr0"), complete=False)
    (gap,) = jupiter(iptables=cut).examine(RULE).gaps
    assert "settle" in gap.why


def test_sockets_that_settle_nothing_are_a_gap() -> None:
    (gap,) = jupiter(sockets=replace(listening(), sockets=())).examine(RULE).gaps
    assert gap.need == "sockets"


def test_host_that_offers_nbd_without_report_is_a_gap() -> None:
    built = report().database(NBD, LAN, nic(), nic(host=SATURN, ip="192.0.2.21"), hosts=BOTH)
    examined = built.examine(RULE)
    assert [gap.host for gap in examined.gaps] == ["saturn"]


def test_host_with_ipv6_only_is_left_to_others() -> None:
    built = jupiter(NBD, nic(ip="", ipv6=("2001:db8::11/64",)), iptables=filters())
    examined = built.examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


def test_host_without_address_on_the_network_is_ruled_out() -> None:
    assert jupiter(NBD, LAN, nic(ip=""), lan(), interfaces=ip_addr()).examine(RULE).gaps == ()


def test_pool_without_purposes_is_not_applicable() -> None:
    assert jupiter(network(), nic()).examine(RULE).not_applicable
