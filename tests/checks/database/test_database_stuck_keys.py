"""Marks are told only where nothing explains them; what runs at that moment is sound."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from analyzer.checks.observation import Examined
from analyzer.model.finding import Basis, Confidence, Severity, Verdict
from analyzer.model.host import Role
from analyzer.model.xapi import XapiObject
from analyzer.rules.load import load_catalogue
from tests.checks.support import (
    JUPITER,
    OTHER_VDI,
    SATURN,
    SNAPSHOT,
    SR,
    VDI,
    CaseBuilder,
    at,
    control_domain,
    examine,
    pbd,
    sr,
    vbd,
    vdi,
    vm,
)
from tests.support.judging import World, whole

RULE = "database-stuck-keys"
VM = "a41f8c2d-06b7-4e95-93fd-1c7e5b2d8a60"
PLUG = "11111111-aaaa-4bbb-8ccc-000000000001"
PLUGGING = {"OpaqueRef:7d2c5b1a-90e8-4f37-8c6b-a1d4e5f60718": "plug"}
TASK = "OpaqueRef:0a1b2c3d-4e5f-4607-8172-93a4b5c6d7e8"
ON_JUPITER = {f"host_OpaqueRef:{JUPITER}": "RW"}
BOTH = ((JUPITER, "jupiter"), (SATURN, "saturn"))
SM = "SM: [24517]"


def case(*rows: XapiObject, **database: object) -> CaseBuilder:
    built = CaseBuilder().host()
    return built.database(sr(), pbd(), *rows, **database)  # type: ignore[arg-type]  # of the builder


def marked(**keys: str) -> XapiObject:
    return vdi(sm_config={"vdi_type": "vhd", **keys})


def nothing(examined: Examined) -> bool:
    return not examined.findings and not examined.gaps


def clash(key: str, time: str = "09:00:00", disk: str = VDI) -> str:
    shown = f"['MAP_DUPLICATE_KEY', 'VDI', 'sm_config', 'OpaqueRef:{disk}', '{key}']"
    return f"{time} {SM} Raising exception [82, Failed to snapshot VDI [opterr={shown}]]\n"


@pytest.mark.parametrize("key", ["paused", "activating", "relinking"])
def test_mark_that_no_log_explains_is_stuck(key: str) -> None:
    (finding,) = case(marked(**{key: "true"})).examine(RULE).findings
    assert (finding.confidence, finding.basis) == (Confidence.LIKELY, Basis.STATE)
    assert finding.severity is Severity.ERROR
    assert key in finding.detail
    (removal,) = [step for step in finding.action if "remove_from_sm_config" in step.step]
    assert f'"{key}"' in removal.step
    assert removal.risk


@pytest.mark.parametrize("key", ["paused", "activating", "relinking"])
def test_mark_that_calls_met_is_certain(key: str) -> None:
    log = clash(key) + clash(key, "09:00:01") + clash(key, "12:00:00")
    (finding,) = case(marked(**{key: "true"})).smlog(log).examine(RULE).findings
    assert (finding.confidence, finding.basis) == (Confidence.CERTAIN, Basis.BOTH)
    assert finding.count == 2
    assert any("MAP_DUPLICATE_KEY" in each.text for each in finding.evidence)


LAST: dict[str, Callable[[str], str]] = {
    "paused": lambda time: f"{time} {SM} Pause request for {VDI}",
    "activating": lambda time: (
        f"{time} {SM} vdi_activate {{'args': ['true'], 'vdi_uuid': '{VDI}', 'sr_uuid': '{SR}', "
        "'command': 'vdi_activate'}"
    ),
    "relinking": lambda time: f"{time} SMGC: [2] Set relinking = True for {VDI[:8]}[VHD](10.000G)",
}


@pytest.mark.parametrize("key", LAST)
def test_mark_of_an_operation_long_ago_is_stuck(key: str) -> None:
    (finding,) = case(marked(**{key: "True"})).smlog(LAST[key]("11:00:00")).examine(RULE).findings
    assert "2024-06-10 11:00:00 UTC" in finding.detail
    assert finding.basis is Basis.BOTH


@pytest.mark.parametrize("key", LAST)
def test_mark_of_an_operation_at_the_time_of_the_report_may_be_sound(key: str) -> None:
    examined = case(marked(**{key: "True"})).smlog(LAST[key]("19:55:00")).examine(RULE)
    assert examined.findings == ()
    assert "19:55:00" in examined.gaps[0].why


def test_mark_of_a_disk_that_is_being_snapshotted_may_be_sound() -> None:
    row = vdi(sm_config={"paused": "true"}, current_operations={TASK: "snapshot"})
    examined = case(row).examine(RULE)
    assert examined.findings == ()
    assert "operation snapshot" in examined.gaps[0].why


def test_mark_of_a_disk_whose_vm_is_being_moved_may_be_sound() -> None:
    machine = vm(VM, current_operations={TASK: "pool_migrate"})
    row = vdi(sm_config={"activating": "True"})
    examined = case(row, machine, vbd(PLUG, VDI, VM)).examine(RULE)
    assert examined.findings == ()
    assert "pool_migrate" in examined.gaps[0].why


def test_call_that_met_a_mark_just_now_proves_nothing() -> None:
    examined = case(marked(paused="true")).smlog(clash("paused", "19:59:00")).examine(RULE)
    assert [finding.confidence for finding in examined.findings] == [Confidence.LIKELY]


def test_mark_without_the_log_of_its_host_cannot_be_judged() -> None:
    examined = case(marked(paused="true")).without("smlog").examine(RULE)
    assert examined.findings == ()
    assert "sm-config" in examined.gaps[0].settle_with


def test_mark_on_an_sr_of_a_host_that_was_not_given_cannot_be_judged() -> None:
    built = case(marked(paused="true"), pbd(SATURN), hosts=BOTH)
    examined = built.examine(RULE)
    assert examined.findings == ()
    assert "report of saturn was not given" in examined.gaps[0].why


def test_mark_in_a_database_of_unknown_age_cannot_be_judged() -> None:
    built = CaseBuilder().host(captured=None).database(sr(), pbd(), marked(paused="true"))
    examined = built.examine(RULE)
    assert examined.findings == ()
    assert "not known" in examined.gaps[0].why


def test_dump_of_nobody_knows_when_makes_it_possible_only() -> None:
    (finding,) = case(marked(paused="true"), generation=None).examine(RULE).findings
    assert finding.confidence is Confidence.POSSIBLE


def test_short_log_cannot_say_that_nothing_runs() -> None:
    built = case(marked(paused="true")).build()
    brief = replace(built, window=lambda _: (at("19:30:00"), at("20:00:00")))
    examined = examine(brief, RULE)
    assert examined.findings == ()
    assert "too short" in examined.gaps[0].why


def test_disk_with_sound_keys_only_is_sound() -> None:
    assert nothing(case(marked(key_hash="abc")).examine(RULE))


def test_mark_that_was_met_and_is_gone_is_only_noted() -> None:
    (finding,) = case(vdi(sm_config={})).smlog(clash("activating")).examine(RULE).findings
    assert (finding.severity, finding.basis) == (Severity.INFO, Basis.SYMPTOM)


def test_mark_of_a_disk_that_is_gone_is_only_noted() -> None:
    (finding,) = case().smlog(clash("paused", disk=OTHER_VDI)).examine(RULE).findings
    assert finding.severity is Severity.INFO


def test_mark_without_a_database_is_a_warning() -> None:
    (finding,) = CaseBuilder().host().smlog(clash("paused")).examine(RULE).findings
    assert finding.severity is Severity.WARNING
    assert "not in what was read" in finding.detail


def test_mark_told_by_xapi_alone_is_found() -> None:
    line = f"09:00:00 xapi: [error||4711 ||backtrace] VM.snapshot R:0a1b2c3d4e5f failed with exception Server_error(SR_BACKEND_FAILURE_82, [ ; Failed to snapshot VDI [opterr=['MAP_DUPLICATE_KEY', 'VDI', 'sm_config', 'OpaqueRef:{VDI}', 'paused']];  ])"
    (finding,) = case(marked(paused="true")).xensource_log(line).examine(RULE).findings
    assert finding.confidence is Confidence.CERTAIN


# Marks of hosts.


def held(**keys: str) -> XapiObject:
    return vdi(sm_config=dict(keys) or ON_JUPITER)


def released(time: str = "11:00:00") -> str:
    entry = f"'vdi_uuid': '{VDI}', 'sr_uuid': '{SR}'"
    return f"""
    10:00:00 {SM} vdi_activate {{'args': ['true'], {entry}, 'command': 'vdi_activate'}}
    10:00:01 {SM} Removed activating flag from {VDI}
    {time} SM: [24600] vdi_deactivate {{'args': [], {entry}, 'command': 'vdi_deactivate'}}
    {time} SM: [24600] Removed host key host_OpaqueRef:{JUPITER} for {VDI}
    """


def test_mark_of_a_host_that_is_not_in_the_pool_is_stuck() -> None:
    keys = {f"host_OpaqueRef:{SATURN}": "RW"}
    rows = (vdi(VDI, sm_config=keys), vdi(OTHER_VDI, sm_config=keys))
    (finding,) = case(*rows).examine(RULE).findings
    assert (finding.count, finding.severity) == (2, Severity.WARNING)
    assert any(f"resetvdis.py single {VDI}" in step.step for step in finding.action)


def test_host_that_may_be_in_the_unread_part_is_not_missing() -> None:
    row = held(**{f"host_OpaqueRef:{SATURN}": "RW"})
    assert not case(row, complete=False).examine(RULE).findings


def test_mark_that_stayed_after_the_disk_was_let_go_is_stuck() -> None:
    (finding,) = case(held()).smlog(released()).examine(RULE).findings
    assert "let go there at 2024-06-10 11:00:00 UTC" in finding.detail
    assert ("Host", JUPITER) in {(s.type, s.uuid) for s in finding.subjects}


def test_disk_let_go_just_before_the_report_is_a_gap() -> None:
    examined = case(held()).smlog(released("19:58:00")).examine(RULE)
    assert examined.findings == ()
    assert "let go" in examined.gaps[0].why


def test_disk_that_the_log_shows_active_is_sound() -> None:
    text = released().rpartition("11:00:00")[0].rpartition("11:00:00")[0]
    assert nothing(case(held()).smlog(text).examine(RULE))


def test_mark_without_any_line_is_a_gap() -> None:
    examined = case(held()).examine(RULE)
    assert examined.findings == ()
    assert "nothing that was read" in examined.gaps[0].why


def test_mark_without_any_line_and_datapath_is_stuck() -> None:
    (finding,) = case(held()).datapath(SNAPSHOT).examine(RULE).findings
    assert "no datapath" in finding.detail


def test_disk_with_a_datapath_is_held() -> None:
    assert nothing(case(held()).datapath(VDI).examine(RULE))


@pytest.mark.parametrize("need", ["smlog", "report"])
def test_mark_of_a_host_that_was_not_read_is_a_gap(need: str) -> None:
    if need == "smlog":
        examined = case(held()).without("smlog").examine(RULE)
    else:
        row = held(**{f"host_OpaqueRef:{SATURN}": "RW"})
        examined = case(row, hosts=BOTH).examine(RULE)
    assert (examined.findings, len(examined.gaps)) == ((), 1)


@pytest.mark.parametrize(
    "rows",
    [
        (vm(VM, resident_on=JUPITER), vbd(PLUG, VDI, VM)),
        (vm(VM, resident_on=JUPITER), vbd(PLUG, VDI, VM, currently_attached=False, reserved=True)),
        (vm(VM), vbd(PLUG, VDI, VM)),
        (vbd(PLUG, VDI, VM),),
        (
            vm(VM, resident_on=SATURN, current_operations={TASK: "pool_migrate"}),
            vbd(PLUG, VDI, VM),
        ),
        (control_domain(), vbd(PLUG, VDI)),
        (control_domain(), vbd(PLUG, VDI, currently_attached=False, current_operations=PLUGGING)),
    ],
    ids=[
        "running",
        "reserved",
        "where not known",
        "VM not known",
        "migrating",
        "control domain",
        "being plugged",
    ],
)
def test_disk_that_a_vm_may_hold_is_sound(rows: tuple[XapiObject, ...]) -> None:
    assert nothing(case(held(), *rows).smlog(released()).examine(RULE))


def test_unplugged_vbd_does_not_hold_a_disk() -> None:
    rows = (control_domain(), vbd(PLUG, VDI, currently_attached=False))
    (finding,) = case(held(), *rows).smlog(released()).examine(RULE).findings
    assert "without being attached there" in finding.title


def test_vm_on_another_host_does_not_hold_it_here() -> None:
    rows = (vm(VM, resident_on=SATURN), vbd(PLUG, VDI, VM))
    (finding,) = case(held(), *rows, hosts=BOTH).smlog(released()).examine(RULE).findings
    assert "jupiter" in finding.title


@pytest.mark.parametrize(
    "fields", [{"type": "ha_statefile"}, {"current_operations": {TASK: "mirror"}}]
)
def test_disks_that_need_no_vm_are_sound(fields: dict[str, object]) -> None:
    row = vdi(VDI, sm_config=ON_JUPITER, **fields)
    assert nothing(case(row).smlog(released()).examine(RULE))


# Operations.


def log_of(verb: str, time: str, task: str = TASK) -> str:
    words = "Marking SR for" if verb == "Marking" else "Unmarking SR after"
    return f"{time} xapi: [debug||4711 ||message_forwarding] {words} VDI.snapshot (task={task})\n"


def busy(op: str = "snapshot") -> XapiObject:
    return vdi(current_operations={TASK: op})


def younger(time: str = "130000") -> XapiObject:
    when = f"20240610T{time[:2]}:{time[2:4]}:{time[4:]}Z"
    return vdi(SNAPSHOT, is_a_snapshot=True, snapshot_of=f"OpaqueRef:{VDI}", snapshot_time=when)


def live(*rows: XapiObject) -> CaseBuilder:
    return case(*rows, live=True)


def test_operation_that_ended_before_a_live_dump_is_stuck() -> None:
    log = log_of("Marking", "10:00:00") + log_of("Unmarking", "10:01:00")
    (finding,) = live(busy()).xensource_log(log).examine(RULE).findings
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert "ended at 2024-06-10 10:01:00 UTC" in finding.detail


def test_operation_that_failed_before_a_younger_snapshot_is_stuck() -> None:
    line = "10:00:00 xapi: [error||4711 ||backtrace] Async.VM.snapshot R:0a1b2c3d4e5f failed with exception Server_error(VDI_IN_USE, [ ])"
    machine = vm(VM, current_operations={TASK: "snapshot"})
    (finding,) = case(machine, younger()).xensource_log(line).examine(RULE).findings
    assert [(s.type, s.uuid) for s in finding.subjects] == [("VM", VM)]


@pytest.mark.parametrize("rows", [(), (younger("100500"),)], ids=["no snapshot", "too near"])
def test_file_that_may_be_older_than_the_end_proves_nothing(rows: tuple[XapiObject, ...]) -> None:
    log = log_of("Marking", "10:00:00") + log_of("Unmarking", "10:01:00")
    assert nothing(case(busy(), *rows).xensource_log(log).examine(RULE))


def test_operation_that_still_runs_is_sound() -> None:
    assert nothing(live(busy()).xensource_log(log_of("Marking", "10:00:00")).examine(RULE))


def test_operation_that_ended_just_before_the_dump_is_sound() -> None:
    log = log_of("Marking", "19:50:00") + log_of("Unmarking", "19:59:00")
    assert nothing(live(busy()).xensource_log(log).examine(RULE))


OTHER_TASK = "OpaqueRef:91c3e5d0-7a41-4f0e-8f6b-55d1c0b7a2e4"


def test_short_operation_older_than_the_log_is_possible() -> None:
    log = log_of("Marking", "10:00:00", OTHER_TASK)
    (finding,) = live(busy("data_destroy")).xensource_log(log).examine(RULE).findings
    assert finding.confidence is Confidence.POSSIBLE


def test_log_that_shows_no_operation_at_all_proves_nothing_of_one() -> None:
    examined = live(busy()).examine(RULE)
    assert examined.findings == ()
    assert "no operation at all" in examined.gaps[0].why


def test_short_operation_without_the_master_s_log_is_a_gap() -> None:
    log = log_of("Marking", "10:00:00", OTHER_TASK)
    supporter = live(busy()).xensource_log(log).shows(role=Role.SUPPORTER)
    examined = supporter.examine(RULE)
    assert examined.findings == ()
    assert "pool master" in examined.gaps[0].why


def test_task_of_a_vm_that_let_go_of_an_sr_is_not_over() -> None:
    log = log_of("Marking", "10:00:00") + log_of("Unmarking", "10:01:00")
    machine = vm(VM, current_operations={TASK: "migrate_send"})
    assert nothing(live(machine).xensource_log(log).examine(RULE))


def test_short_operation_without_the_log_is_a_gap() -> None:
    examined = live(busy()).without("xensource_log").examine(RULE)
    assert examined.findings == ()
    assert "task-list" in examined.gaps[0].settle_with


def test_long_operation_older_than_the_log_is_sound() -> None:
    assert nothing(live(busy("mirror")).examine(RULE))


def test_operation_of_a_vm_whose_beginning_is_never_logged_is_sound() -> None:
    assert nothing(live(vm(VM, current_operations={TASK: "snapshot"})).examine(RULE))


def test_operation_in_a_file_is_sound_without_an_end() -> None:
    assert nothing(case(busy()).examine(RULE))


def test_task_of_another_form_is_taken_as_it_is() -> None:
    row = vdi(current_operations={"task-1": "snapshot"})
    assert nothing(case(row).examine(RULE))


# Verdicts.


def test_sound_pool_is_ruled_out() -> None:
    assert whole().judge(load_catalogue(), RULE).verdict is Verdict.RULED_OUT


def test_without_a_database_nobody_can_tell() -> None:
    assert World().judge(load_catalogue(), RULE).verdict is Verdict.CANNOT_TELL
