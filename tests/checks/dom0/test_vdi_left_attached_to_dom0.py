"""A disk left in a control domain: what is in use is never found, what is in the way is."""

from datetime import datetime, timedelta

import pytest

from analyzer.checks.observation import Examined
from analyzer.model.finding import Basis, Confidence, Finding, Severity, Verdict
from analyzer.model.goal import Standing
from analyzer.model.report import Presence
from analyzer.model.xapi import XapiObject
from tests.checks.support import (
    CAPTURED,
    CATALOGUE,
    JUPITER,
    SATURN,
    SNAPSHOT,
    SR,
    VDI,
    CaseBuilder,
    control_domain,
    sr,
    vbd,
    vdi,
    vm,
)
from tests.support.judging import World, pair

RULE = "vdi-left-attached-to-dom0"
VBD = "3f0b7c9e-52d4-4e0a-9a44-6d1f0c2b8e17"
OTHER_VBD = "7d2c5b1a-90e8-4f37-8c6b-a1d4e5f60718"
MACHINE = "5c4b3a29-1807-4f6e-9d5c-4b3a29180716"
REF = f"OpaqueRef:{VBD}"
SERVED = (
    "13:32:41 xapi-nbd[3102]: main: Got new client\n"
    f"13:32:42 xapi-nbd[3102]: main: Plugging VBD {REF}\n"
)
ENDED = (
    f"13:40:00 xapi-nbd[3102]: main: Unplugging VBD {REF}\n"
    f"13:40:02 xapi-nbd[3102]: main: Destroying VBD {REF}\n"
)
RESTARTED = "18:00:00 xapi-nbd[5102]: main: Starting xapi-nbd: port = '10809'; certfile = 'x'\n"


def snapshot(**fields: object) -> XapiObject:
    return vdi(SNAPSHOT, is_a_snapshot=True, snapshot_of=VDI, **fields)


def refused(time: str = "14:00:00", method: str = "data_destroy", disk: str = SNAPSHOT) -> str:
    """Return the line of a call that was refused because the disk was in use."""
    error = f"Server_error(VDI_IN_USE, [ OpaqueRef:{disk}; {method} ])"
    head = f"{time} xapi: [error||4711 ||backtrace]"
    return f"{head} Async.VDI.{method} R:0a1b2c3d4e5f failed with exception {error}\n"


def held(*rows: XapiObject, captured: datetime | None = CAPTURED, **fields: object) -> CaseBuilder:
    """Return jupiter, whose control domain holds a snapshot, unless rows are given."""
    own = rows or (sr(), snapshot(), control_domain(), vbd(VBD, SNAPSHOT, None, **fields))
    return CaseBuilder().host(captured=captured).database(*own)


def only(builder: CaseBuilder) -> Finding:
    (finding,) = builder.examine(RULE).findings
    return finding


def nothing(examined: Examined) -> bool:
    return not examined.findings and not examined.gaps


def test_plug_without_any_client_is_found() -> None:
    finding = only(held().daemon_log(SERVED).connected())
    assert (finding.confidence, finding.basis) == (Confidence.LIKELY, Basis.STATE)
    assert finding.severity is Severity.WARNING
    assert "since 2024-06-10 13:32:41 UTC" in finding.detail


def test_refused_call_and_plug_without_client_are_certain() -> None:
    finding = only(held().daemon_log(SERVED).connected().xensource_log(refused()))
    assert (finding.confidence, finding.basis) == (Confidence.CERTAIN, Basis.BOTH)
    assert finding.severity is Severity.ERROR
    assert "VDI.data_destroy was refused with VDI_IN_USE once" in finding.detail
    assert finding.evidence[0].text.endswith("data_destroy ])")


def test_steps_are_safe_and_in_order() -> None:
    steps = [step.step for step in only(held().daemon_log(SERVED).connected()).action]
    words = ["ss -tnp", "restart xapi-nbd", "vbd-unplug", "vbd-destroy", "sr-scan", "vdi-forget"]
    assert [word for step in steps for word in words if word in step] == words
    assert f"xe vbd-unplug uuid={VBD}" in steps[2]
    assert f"xe sr-scan uuid={SR}" in steps[4]


def test_every_step_that_changes_something_names_its_risk() -> None:
    action = only(held().daemon_log(SERVED).connected()).action
    assert [step.risk is None for step in action] == [True, False, False, False, False, False]


def test_subjects_are_the_disk_its_sr_and_the_host() -> None:
    subjects = only(held().daemon_log(SERVED).connected()).subjects
    assert [(s.type, s.uuid) for s in subjects] == [
        ("VDI", SNAPSHOT),
        ("SR", SR),
        ("Host", JUPITER),
    ]


def test_backup_that_was_running_is_nothing() -> None:
    assert nothing(held().daemon_log(SERVED).connected("192.0.2.40").examine(RULE))


def test_export_that_was_running_is_nothing() -> None:
    rows = (sr(), snapshot(current_operations={"t": "copy"}), control_domain(), vbd(VBD))
    assert nothing(held(*rows).examine(RULE))


def test_vbd_that_was_being_plugged_is_nothing() -> None:
    builder = held(currently_attached=False, current_operations={"t": "plug"})
    assert nothing(builder.examine(RULE))


def test_session_that_ended_while_the_report_was_made_is_nothing() -> None:
    log = SERVED + ENDED.replace("13:40", "19:50")
    assert nothing(held().daemon_log(log).connected().examine(RULE))


def test_disk_of_a_vm_is_nothing() -> None:
    rows = (sr(), snapshot(), vm(MACHINE), vbd(VBD, machine=MACHINE))
    assert nothing(held(*rows).examine(RULE))


def test_row_that_outlived_its_session_is_found() -> None:
    assert only(held().daemon_log(SERVED + ENDED)).confidence is Confidence.LIKELY


def test_row_from_before_a_restart_of_the_server_is_found() -> None:
    finding = only(held().daemon_log(SERVED + RESTARTED).connected("192.0.2.40"))
    assert "started anew" in finding.detail or "logged neither" in finding.detail


def test_unplugged_row_is_found() -> None:
    assert "not plugged" in only(held(currently_attached=False)).detail


def test_unplugged_row_stops_data_destroy_only() -> None:
    finding = only(held(currently_attached=False).xensource_log(refused()))
    assert "in the way of nothing but data_destroy" in finding.detail
    assert (finding.severity, finding.confidence) == (Severity.ERROR, Confidence.CERTAIN)


def test_unplugged_row_is_not_what_a_destroy_failed_of() -> None:
    finding = only(held(currently_attached=False).xensource_log(refused(method="destroy")))
    assert finding.confidence is Confidence.LIKELY


def test_unplugged_row_needs_neither_a_restart_nor_an_unplug() -> None:
    steps = [step.step for step in only(held(currently_attached=False)).action]
    assert not any("systemctl" in step or "vbd-unplug" in step for step in steps)
    assert f"xe vbd-destroy uuid={VBD}" in steps[0]


def test_row_that_was_just_made_is_not_called_left() -> None:
    log = SERVED.replace("13:32", "19:58")
    (gap,) = held(currently_attached=False).daemon_log(log).examine(RULE).gaps
    assert "just been made" in gap.why


def test_row_whose_plug_hangs_is_not_called_left() -> None:
    examined = held(currently_attached=False).daemon_log(SERVED).examine(RULE)
    assert (examined.findings, len(examined.gaps)) == ((), 1)


def test_unplugged_row_of_a_host_that_was_not_read_may_be_new() -> None:
    rows = (
        sr(),
        snapshot(),
        control_domain(SATURN),
        vbd(VBD, machine=f"d0{SATURN[2:]}", currently_attached=False),
    )
    hosts = ((JUPITER, "jupiter"), (SATURN, "saturn"))
    (gap,) = CaseBuilder().host().database(*rows, hosts=hosts).examine(RULE).gaps
    assert "report of its host" in gap.why


def test_leaked_datapath_is_found() -> None:
    assert "leaked" in only(held().datapath(SNAPSHOT, leaked=True)).detail


def test_leaked_datapath_without_a_vbd_has_no_step_for_one() -> None:
    finding = only(held(sr(), snapshot()).datapath(SNAPSHOT, leaked=True))
    assert "no VBD for it" in finding.detail
    assert not any("vbd-unplug" in step.step for step in finding.action)


def test_several_hosts_are_one_finding_with_a_step_each() -> None:
    rows = (
        sr(),
        snapshot(),
        control_domain(),
        control_domain(SATURN),
        vbd(VBD, currently_attached=False),
        vbd(OTHER_VBD, machine=f"d0{SATURN[2:]}", currently_attached=False),
    )
    hosts = ((JUPITER, "jupiter"), (SATURN, "saturn"))
    finding = only(CaseBuilder().host().database(*rows, hosts=hosts).host("saturn", SATURN))
    assert "jupiter and saturn" in finding.detail
    assert sum("vbd-destroy" in step.step for step in finding.action) == 2


def test_unknown_use_is_said_to_be_unknown() -> None:
    (gap,) = held().daemon_log(SERVED).examine(RULE).gaps
    assert (gap.need, gap.host) == ("sockets", "jupiter")
    assert SNAPSHOT in gap.settle_with


def test_unknown_use_that_was_in_the_way_for_long_is_likely() -> None:
    finding = only(held().daemon_log(SERVED).xensource_log(refused()))
    assert (finding.confidence, finding.severity) == (Confidence.LIKELY, Severity.ERROR)


def test_unknown_use_that_was_just_in_the_way_is_possible() -> None:
    finding = only(held().daemon_log(SERVED).xensource_log(refused("19:58:00")))
    assert (finding.confidence, finding.severity) == (Confidence.POSSIBLE, Severity.WARNING)
    assert "Ask the backup software" in finding.detail


def test_unknown_use_for_more_than_a_day_is_possible() -> None:
    later = CAPTURED + timedelta(days=2)
    finding = only(held(captured=later).daemon_log(SERVED))
    assert (finding.confidence, finding.basis) == (Confidence.POSSIBLE, Basis.STATE)


def test_connection_that_stayed_after_the_disk_was_to_be_destroyed_is_possible() -> None:
    builder = held().daemon_log(SERVED).connected("192.0.2.40").xensource_log(refused())
    finding = only(builder)
    assert finding.confidence is Confidence.POSSIBLE
    assert "which job still has the connection open" in finding.detail


def test_call_from_before_the_plug_was_refused_for_another_reason() -> None:
    log = held().daemon_log(SERVED).connected("192.0.2.40").xensource_log(refused("12:00:00"))
    assert nothing(log.examine(RULE))


def test_live_disk_that_somebody_attached_is_no_finding() -> None:
    rows = (sr(), vdi(VDI), control_domain(), vbd(VBD, VDI))
    examined = held(*rows).examine(RULE)
    assert not examined.findings
    assert "what it was attached for" in examined.gaps[0].why


def test_live_disk_with_an_unplugged_row_is_nothing() -> None:
    rows = (sr(), vdi(VDI), control_domain(), vbd(VBD, VDI, currently_attached=False))
    assert nothing(held(*rows).examine(RULE))


def test_live_disk_that_xapi_nbd_left_is_found() -> None:
    rows = (sr(), vdi(VDI), control_domain(), vbd(VBD, VDI))
    assert only(held(*rows).daemon_log(SERVED).connected()).subjects[0].uuid == VDI


def test_steps_for_an_export_do_not_restart_the_nbd_server() -> None:
    line = (
        "13:32:41 xapi: [debug||4711 HTTPS 192.0.2.40->:::80|Export R:0a1b2c3d4e5f|attach_helpers] "
        f"created VBD (uuid {VBD}); attempting to hotplug to VM (uuid: {MACHINE})\n"
    )
    finding = only(held().xensource_log(line + refused()))
    assert not any("xapi-nbd" in step.step for step in finding.action)
    assert any("xe task-list" in step.step for step in finding.action)


def test_disk_that_was_still_attached_when_it_was_to_be_destroyed_is_told() -> None:
    activated = (
        f"13:59:00 SM: [2401] vdi_activate {{'args': ['false'], 'vdi_uuid': '{SNAPSHOT}', "
        f"'sr_uuid': '{SR}', 'command': 'vdi_activate'}}\n"
        f"14:00:03 SM: [2402] vdi_deactivate {{'vdi_uuid': '{SNAPSHOT}', 'sr_uuid': '{SR}', "
        "'args': [], 'command': 'vdi_deactivate'}\n"
    )
    builder = held(sr(), snapshot()).smlog(activated).xensource_log(refused())
    finding = only(builder)
    assert (finding.basis, finding.severity) == (Basis.SYMPTOM, Severity.WARNING)
    assert (finding.state, finding.over_since) == (Standing.OVER, finding.evidence[-1].at)
    assert "vdi_deactivate" in finding.evidence[-1].text
    done = held(sr(), snapshot(type="cbt_metadata")).smlog(activated).xensource_log(refused())
    assert only(done).severity is Severity.INFO


def test_refusal_that_a_session_explains_is_told() -> None:
    source = (
        "13:32:42 xapi: [debug||4711 UNIX /var/lib/xcp/xapi|VBD.create R:0a1b2c3d4e5e|xapi_vbd] "
        f"VBD.create (device = autodetect; uuid = {VBD}; ref = {REF})\n"
    )
    asked = (
        "13:32:42 xapi: [ info||4711 UNIX /var/lib/xcp/xapi|VBD.create R:0a1b2c3d4e5e|"
        f"message_forwarding] VBD.create: VM = '{MACHINE}'; VDI = '{SNAPSHOT}'\n"
    )
    builder = held(sr(), snapshot()).daemon_log(SERVED + ENDED)
    finding = only(builder.xensource_log(asked + source + refused("13:40:01")))
    assert "jupiter" in finding.detail


@pytest.mark.parametrize("method", ["data_destroy", "destroy"])
def test_refusal_that_nothing_in_a_control_domain_explains_is_nothing(method: str) -> None:
    rows = (sr(), snapshot(), vm(MACHINE, is_a_snapshot=True), vbd(VBD, machine=MACHINE))
    assert nothing(held(*rows).xensource_log(refused(method=method)).examine(RULE))


def test_refusal_that_the_vbd_of_a_snapshot_explains_is_not_blamed_on_dom0() -> None:
    activated = (
        f"13:59:00 SM: [2401] vdi_activate {{'args': ['false'], 'vdi_uuid': '{SNAPSHOT}', "
        f"'sr_uuid': '{SR}', 'command': 'vdi_activate'}}\n"
        f"14:00:03 SM: [2402] vdi_deactivate {{'vdi_uuid': '{SNAPSHOT}', 'sr_uuid': '{SR}', "
        "'args': [], 'command': 'vdi_deactivate'}\n"
    )
    row = vbd(VBD, machine=MACHINE, currently_attached=False)
    rows = (sr(), snapshot(), vm(MACHINE, is_a_snapshot=True), row)
    assert nothing(held(*rows).smlog(activated).xensource_log(refused()).examine(RULE))


def test_refusal_of_a_live_disk_is_nothing() -> None:
    builder = held(sr(), vdi(VDI)).xensource_log(refused(method="destroy", disk=VDI))
    assert nothing(builder.examine(RULE))


def test_refusal_of_a_disk_that_is_gone_is_nothing() -> None:
    assert nothing(held(sr()).xensource_log(refused()).examine(RULE))


def test_call_is_counted_once_though_two_lines_tell_of_it() -> None:
    marked = (
        "14:00:00 xapi: [debug||4711 HTTPS 192.0.2.40->:::80|Async.VDI.data_destroy "
        "R:0a1b2c3d4e5f|message_forwarding] Caught exception while marking VDI for "
        "VDI.data_destroy in message forwarder: VDI_IN_USE: "
        f"[ OpaqueRef:{SNAPSHOT}; data_destroy ]\n"
    )
    builder = held().daemon_log(SERVED).connected().xensource_log(marked + refused())
    assert only(builder).count == 1


def test_without_a_database_an_unplug_that_is_missing_is_possible() -> None:
    made = (
        "13:32:42 xapi: [ info||4711 UNIX /var/lib/xcp/xapi|VBD.create R:0a1b2c3d4e5e|"
        f"message_forwarding] VBD.create: VM = '{MACHINE}'; VDI = '{SNAPSHOT}'\n"
        "13:32:42 xapi: [debug||4711 UNIX /var/lib/xcp/xapi|VBD.create R:0a1b2c3d4e5e|xapi_vbd] "
        f"VBD.create (device = autodetect; uuid = {VBD}; ref = {REF})\n"
    )
    died = (
        "15:00:00 systemd[1]: xapi-nbd.service: main process exited, code=killed, status=9/KILL\n"
    )
    builder = CaseBuilder().host().daemon_log(SERVED + died).xensource_log(made)
    finding = only(builder)
    assert finding.confidence is Confidence.POSSIBLE
    assert "no unplug" in finding.title


def test_whole_pool_without_it_is_ruled_out() -> None:
    assert pair().judge(CATALOGUE, RULE).verdict is Verdict.RULED_OUT


def test_datapaths_that_were_not_all_listed_may_hide_a_leaked_one() -> None:
    cut = pair(breaks={("b", "sm_diagnostics"): Presence.TIMED_OUT})
    assert cut.judge(CATALOGUE, RULE).verdict is Verdict.CANNOT_TELL


def test_without_a_database_nobody_can_tell() -> None:
    assert World().judge(CATALOGUE, RULE).verdict is Verdict.CANNOT_TELL


def test_plug_that_smlog_would_show_was_before_it_begins() -> None:
    lines = (
        f"13:30:00 SM: [2401] vdi_activate {{'args': ['true'], 'vdi_uuid': '{VDI}', "
        f"'sr_uuid': '{SR}', 'command': 'vdi_activate'}}\n"
    )
    detail = only(held(captured=CAPTURED + timedelta(days=2)).smlog(lines)).detail
    assert "since before 2024-06-10 00:00:00 UTC" in detail


def test_host_without_a_report_is_named_by_its_row() -> None:
    rows = (sr(), snapshot(), control_domain(SATURN), vbd(VBD, machine=f"d0{SATURN[2:]}"))
    hosts = ((JUPITER, "jupiter"), (SATURN, "saturn"))
    builder = CaseBuilder().host().database(*rows, hosts=hosts).xensource_log(refused())
    assert "control domain of saturn" in only(builder).detail


def test_host_that_nothing_names_is_said_to_be_unknown() -> None:
    rows = (sr(), snapshot(), control_domain(resident_on=None), vbd(VBD))
    assert "a host that is not known" in only(held(*rows).xensource_log(refused())).detail


@pytest.mark.parametrize("time", ["13:30:00", "15:00:00"])
def test_session_at_another_time_does_not_explain_a_refusal(time: str) -> None:
    activated = (
        f"13:59:00 SM: [2401] vdi_activate {{'args': ['false'], 'vdi_uuid': '{SNAPSHOT}', "
        f"'sr_uuid': '{SR}', 'command': 'vdi_activate'}}\n"
        f"14:00:03 SM: [2402] vdi_deactivate {{'vdi_uuid': '{SNAPSHOT}', 'sr_uuid': '{SR}', "
        "'args': [], 'command': 'vdi_deactivate'}\n"
    )
    builder = held(sr(), snapshot()).smlog(activated).xensource_log(refused(time))
    assert nothing(builder.examine(RULE))
