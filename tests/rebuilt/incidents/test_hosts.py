"""Hosts that went down, told apart by lines; an orderly reboot is never a crash."""

import pytest

from analyzer.model.finding import Confidence
from analyzer.model.hole import Hole, HoleKind
from analyzer.model.incident import Incident, IncidentKind
from analyzer.rebuilt.incidents.incidents import incidents
from tests.checks.support import JUPITER, SATURN, CaseBuilder, at

BOOT = "kernel: [    0.000000] Linux version 4.19.0+1 (mockbuild@builder)"
LIFE = "kernel: [81544.120033] device vif3.0 entered promiscuous mode"
DOWN = "systemd[1]: Reached target Shutdown."
LOGIN = "systemd-logind[812]: System is rebooting."
FENCE = "FH: Survival Rule is not met for the local host.  - Self-Fence (1007)."
XAPI = "xapi: [debug||0 |XAPI SERVER STARTING D:a6bd9ee95f3f|xapi]"
HOSTS = ((JUPITER, "jupiter"), (SATURN, "saturn"))
HOST_KINDS = (
    IncidentKind.HOST_CRASHED,
    IncidentKind.HOST_REBOOTED,
    IncidentKind.HOST_FENCED,
    IncidentKind.HOST_BOOTED,
)


def jupiter(kern: str = f"13:20:00 {LIFE}\n13:28:00 {BOOT}", daemon: str = "") -> CaseBuilder:
    case = CaseBuilder().host().database(hosts=HOSTS).kern_log(kern)
    return case.daemon_log(daemon) if daemon else case


def downs(case: CaseBuilder) -> list[Incident]:
    return [one for one in incidents(case.build()) if one.kind in HOST_KINDS]


def the_down(case: CaseBuilder) -> Incident:
    (one,) = downs(case)
    return one


def xha(time: str, text: str = FENCE) -> str:
    return f"{time} [err] {text}"


def test_boot_without_a_shutdown_is_a_crash() -> None:
    one = the_down(jupiter())
    assert one.kind is IncidentKind.HOST_CRASHED
    assert one.confidence is Confidence.LIKELY
    assert one.title == "Host jupiter went down without an orderly shutdown"
    assert [(s.type, s.uuid, s.name) for s in one.subjects] == [("Host", JUPITER, "jupiter")]
    assert one.master


def test_crash_began_somewhere_from_the_last_line_to_the_boot() -> None:
    one = the_down(jupiter())
    assert one.began.at == at("13:20:00").at
    assert (one.began.earliest, one.began.latest) == (at("13:20:00").at, at("13:28:00").at)
    assert one.ended == at("13:28:00")


def test_crash_quotes_the_last_line_and_the_boot() -> None:
    texts = [quote.text for quote in the_down(jupiter()).evidence]
    assert [LIFE in texts[0], BOOT in texts[1]] == [True, True]


def test_crash_began_after_the_line_before_a_silence() -> None:
    case = jupiter().build()
    hole = Hole(
        bundle="jupiter",
        host="jupiter",
        source="xensource_log",
        kind=HoleKind.DOWN,
        began=at("13:24:00"),
        ended=at("13:28:00"),
        expected="a line at least every 31 s",
    )
    object.__setattr__(case, "holes", (hole,))
    assert incidents(case)[0].began.at == at("13:24:00").at


@pytest.mark.parametrize("line", [DOWN, LOGIN, "systemd[1]: Stopped target Multi-User System."])
def test_boot_after_an_orderly_shutdown_is_a_reboot(line: str) -> None:
    one = the_down(jupiter(daemon=f"13:24:00 {line}"))
    assert one.kind is IncidentKind.HOST_REBOOTED
    assert one.confidence is Confidence.CERTAIN
    assert (one.began, one.ended) == (at("13:24:00"), at("13:28:00"))


def test_host_that_was_off_for_hours_was_rebooted_all_the_same() -> None:
    kern = f"09:00:00 {LIFE}\n13:28:00 {BOOT}"
    assert the_down(jupiter(kern, f"09:10:00 {DOWN}")).kind is IncidentKind.HOST_REBOOTED


def test_shutdown_after_which_the_host_ran_on_does_not_excuse_a_boot() -> None:
    kern = f"12:00:00 {LIFE}\n13:28:00 {BOOT}"
    assert the_down(jupiter(kern, f"09:10:00 {DOWN}")).kind is IncidentKind.HOST_CRASHED


def test_shutdown_before_an_earlier_boot_does_not_excuse_a_later_one() -> None:
    kern = f"08:58:00 {LIFE}\n09:00:00 {BOOT}\n09:01:00 {LIFE}\n09:10:00 {BOOT}"
    kinds = [one.kind for one in downs(jupiter(kern, f"08:59:00 {DOWN}"))]
    assert kinds == [IncidentKind.HOST_REBOOTED, IncidentKind.HOST_CRASHED]


def test_end_of_a_users_session_is_no_shutdown_of_the_host() -> None:
    daemon = "13:24:00 systemd[24110]: Reached target Shutdown."
    assert the_down(jupiter(daemon=daemon)).kind is IncidentKind.HOST_CRASHED


def test_end_of_a_users_session_without_a_boot_is_nothing() -> None:
    daemon = "13:24:00 systemd[24110]: Reached target Shutdown."
    assert downs(jupiter(f"13:20:00 {LIFE}", daemon)) == []


def test_reboot_of_a_vm_is_nothing() -> None:
    case = jupiter(f"13:20:00 {LIFE}").xensource_log(
        "13:21:00 xapi: [ info||4711 ||message_forwarding] VM.clean_reboot: VM = 'c7f1b2a9'"
    )
    assert downs(case.alert("VM_REBOOTED", JUPITER, "13:22:00", "", cls="VM")) == []


@pytest.mark.parametrize("host", ["jupiter", "saturn"])
def test_who_asked_for_the_reboot_is_quoted_wherever_it_was_logged(host: str) -> None:
    line = f"13:23:00 xapi: [ info||4711 ||mf] Host.reboot: host = '{JUPITER} (jupiter)'"
    case = jupiter(daemon=f"13:24:00 {DOWN}")
    case = case.host("saturn", SATURN) if host == "saturn" else case
    one = next(iter(downs(case.xensource_log(line))))
    assert one.evidence[0].text.endswith(f"Host.reboot: host = '{JUPITER} (jupiter)'")
    assert one.began == at("13:23:00")


def test_reboot_of_another_host_is_not_quoted() -> None:
    line = f"13:23:00 xapi: [ info||4711 ||mf] Host.reboot: host = '{SATURN} (saturn)'"
    one = the_down(jupiter(daemon=f"13:24:00 {DOWN}").xensource_log(line))
    assert one.began == at("13:24:00")


def test_without_daemon_log_nobody_knows_how_the_host_went_down() -> None:
    one = the_down(jupiter().without("daemon_log"))
    assert one.kind is IncidentKind.HOST_BOOTED
    assert one.title == "Host jupiter booted; how it went down is not known"


def test_without_daemon_log_a_panic_is_a_crash() -> None:
    kern = f"13:27:00 kernel: [9.1] Kernel panic - not syncing: Fatal exception\n13:28:00 {BOOT}"
    one = the_down(jupiter(kern).without("daemon_log"))
    assert (one.kind, one.confidence) == (IncidentKind.HOST_CRASHED, Confidence.CERTAIN)
    assert one.began == at("13:27:00")


def test_crashdump_found_after_the_boot_makes_a_crash_certain() -> None:
    line = f"13:30:00 {XAPI} Adding record corresponding to new crashdump 20240610-132744-UTC"
    one = the_down(jupiter().xensource_log(line))
    assert (one.kind, one.confidence) == (IncidentKind.HOST_CRASHED, Confidence.CERTAIN)


def test_crashdump_of_long_ago_says_nothing_of_this_boot() -> None:
    line = f"18:30:00 {XAPI} Adding record corresponding to new crashdump 20240610-132744-UTC"
    assert the_down(jupiter().xensource_log(line)).confidence is Confidence.LIKELY


def test_boot_at_the_beginning_of_all_logs_has_no_earlier_beginning() -> None:
    one = the_down(jupiter(f"13:28:00 {BOOT}").without("daemon_log"))
    assert one.kind is IncidentKind.HOST_BOOTED
    assert one.began == one.ended == at("13:28:00")


def test_boot_before_daemon_log_reaches_back_is_no_crash() -> None:
    case = jupiter().build()
    object.__setattr__(case, "window", lambda _need: (at("14:00:00"), at("20:00:00")))
    assert incidents(case)[0].kind is IncidentKind.HOST_BOOTED


@pytest.mark.parametrize(
    ("daemon", "kind"),
    [
        ("13:19:00 systemd[1]: Stopping XenAPI server (XAPI)...", IncidentKind.HOST_CRASHED),
        ("13:29:00 systemd[1]: Stopping XenAPI server (XAPI)...", IncidentKind.HOST_BOOTED),
    ],
    ids=["reaches back", "begins later"],
)
def test_own_lines_of_daemon_log_show_that_it_reaches_back(daemon: str, kind: IncidentKind) -> None:
    case = jupiter(daemon=daemon).build()
    object.__setattr__(case, "window", lambda _need: None)
    found = [one.kind for one in incidents(case) if one.kind in HOST_KINDS]
    assert found == [kind]


def test_xapi_tells_of_a_boot_that_the_kernel_log_has_lost() -> None:
    line = f"13:29:00 {XAPI} on_system_boot=true pool_role=Master"
    one = the_down(jupiter(f"13:20:00 {LIFE}").xensource_log(line))
    assert (one.kind, one.ended) == (IncidentKind.HOST_CRASHED, at("13:29:00"))


def test_start_of_xapi_belongs_to_the_boot_before_it() -> None:
    line = f"13:29:00 {XAPI} on_system_boot=true pool_role=Master"
    one = the_down(jupiter().xensource_log(line))
    assert (one.ended, len(one.evidence)) == (at("13:28:00"), 3)


def test_restart_of_xapi_is_no_boot() -> None:
    line = f"13:29:00 {XAPI} on_system_boot=false pool_role=Master"
    assert downs(jupiter(f"13:20:00 {LIFE}").xensource_log(line)) == []


def test_host_that_fenced_itself_says_so_last() -> None:
    one = the_down(jupiter().xha_log(xha("13:27:55")))
    assert (one.kind, one.confidence) == (IncidentKind.HOST_FENCED, Confidence.CERTAIN)
    assert (one.began, one.ended) == (at("13:27:55"), at("13:28:00"))
    assert FENCE in one.evidence[0].text


def test_copy_of_the_line_in_daemon_log_tells_it_too() -> None:
    one = the_down(jupiter(daemon=f"13:27:55 xha[2201]: {FENCE}"))
    assert one.kind is IncidentKind.HOST_FENCED


def test_fence_after_which_the_host_ran_on_is_not_what_ended_it() -> None:
    case = jupiter(f"13:20:00 {LIFE}\n13:28:00 {BOOT}").xha_log(xha("12:00:00"))
    assert the_down(case).kind is IncidentKind.HOST_CRASHED


def test_fencing_that_was_only_armed_is_nothing() -> None:
    case = jupiter(f"13:20:00 {LIFE}").xha_log("12:00:00 [info] Fencing is armed.")
    assert downs(case) == []


def test_fence_without_a_boot_to_be_seen_is_told() -> None:
    one = the_down(jupiter(f"13:20:00 {LIFE}").xha_log(xha("13:27:55")))
    assert (one.kind, one.ended) == (IncidentKind.HOST_FENCED, None)
    assert one.confidence is Confidence.LIKELY


def test_alert_of_a_fence_is_xapis_guess() -> None:
    one = the_down(jupiter().alert("HA_HOST_WAS_FENCED", JUPITER, "13:31:00", "", cls="Host"))
    assert (one.kind, one.confidence) == (IncidentKind.HOST_FENCED, Confidence.LIKELY)
    assert one.began.at == at("13:20:00").at


def test_alert_of_a_fence_does_not_make_a_reboot_by_hand_a_fence() -> None:
    case = jupiter(daemon=f"13:24:00 {DOWN}")
    one = the_down(case.alert("HA_HOST_WAS_FENCED", JUPITER, "13:31:00", "", cls="Host"))
    assert one.kind is IncidentKind.HOST_REBOOTED


def test_alert_that_a_host_failed_makes_an_unknown_end_a_crash() -> None:
    case = jupiter().without("daemon_log")
    one = the_down(case.alert("HA_HOST_FAILED", JUPITER, "13:22:00", "x", cls="Host"))
    assert (one.kind, one.confidence) == (IncidentKind.HOST_CRASHED, Confidence.LIKELY)


@pytest.mark.parametrize(
    ("name", "kind", "confidence"),
    [
        ("HA_HOST_WAS_FENCED", IncidentKind.HOST_FENCED, Confidence.LIKELY),
        ("HA_HOST_FAILED", IncidentKind.HOST_CRASHED, Confidence.POSSIBLE),
    ],
)
def test_master_tells_of_a_host_whose_report_was_not_given(
    name: str, kind: IncidentKind, confidence: Confidence
) -> None:
    case = jupiter(f"13:20:00 {LIFE}").alert(name, SATURN, "13:31:00", "", cls="Host")
    one = the_down(case)
    assert (one.kind, one.confidence, one.host, one.ended) == (kind, confidence, "saturn", None)
    assert one.began.earliest < at("13:31:00").at
    assert not one.master


def test_host_that_no_database_knows_is_called_by_its_uuid() -> None:
    stranger = "b8c7d6e5-f4a3-4b21-8c0d-9e8f7a6b5c4d"
    case = jupiter(f"13:20:00 {LIFE}")
    one = the_down(case.alert("HA_HOST_FAILED", stranger, "13:31:00", "", cls="Host"))
    assert one.host == stranger


def test_shutdown_at_the_end_of_the_logs_is_told() -> None:
    one = the_down(jupiter(f"13:20:00 {LIFE}", f"13:24:00 {DOWN}"))
    assert (one.kind, one.ended) == (IncidentKind.HOST_REBOOTED, None)
    assert one.title == "Host jupiter was shut down"


def test_target_of_systemd_that_was_left_on_a_running_host_is_nothing() -> None:
    daemon = "13:24:00 systemd[1]: Stopped target Multi-User System."
    assert downs(jupiter(f"13:20:00 {LIFE}\n15:20:00 {LIFE}", daemon)) == []


def test_hosts_of_one_name_are_told_apart() -> None:
    case = jupiter().host("jupiter", SATURN, bundle="other").daemon_log(f"13:24:00 {DOWN}")
    kinds = [one.kind for one in downs(case.kern_log(f"13:28:00 {BOOT}"))]
    assert sorted(kinds) == [IncidentKind.HOST_REBOOTED, IncidentKind.HOST_CRASHED]


def test_two_reports_of_one_host_tell_of_one_crash() -> None:
    case = jupiter().host("jupiter", JUPITER, bundle="later")
    assert len(downs(case.kern_log(f"13:20:00 {LIFE}\n13:28:00 {BOOT}"))) == 1


def test_id_does_not_depend_on_where_the_report_lies() -> None:
    def of(bundle: str) -> str:
        case = CaseBuilder().host(bundle=bundle).kern_log(f"13:20:00 {LIFE}\n13:28:00 {BOOT}")
        return the_down(case).id

    assert of("a") == of("b")
    assert of("a").startswith("I-host-crashed-")
