"""The rules about VDI.list_changed_blocks, and which of them a failure is of."""

from dataclasses import replace
from datetime import timedelta

import pytest

from analyzer.checks.calls.call_finding import bursts
from analyzer.checks.tools.calls import Method, calls
from analyzer.model.finding import Basis, Confidence, Severity
from analyzer.model.goal import Standing
from analyzer.model.moment import Moment
from tests.checks.calls.call_case import (
    ELSE,
    LIVE,
    MOUNT,
    NEW,
    NOBODY,
    OLD,
    UNRELATED,
    VM,
    CallCase,
    asked,
    audited,
    cbt,
    compared,
    comparison,
    created,
    dropped,
    ended,
    entered,
    failed,
    live,
    sm,
    snapshot,
    taken,
    vbd,
    vm,
)
from tests.checks.support import JUPITER, SR, pbd, sr

OFF = "cbt-list-cbt-not-enabled"
ORDER = "cbt-list-wrong-order"
BROKEN = "cbt-list-unrelated"
NO_SNAPSHOT = "cbt-list-not-a-snapshot"
ATTACHED = "cbt-list-target-attached"
RULES = (OFF, ORDER, BROKEN, NO_SNAPSHOT, ATTACHED)
FIRST, SECOND = "20240610T12:10:00Z", "20240610T12:20:00Z"
CHAIN = (
    created(LIVE)
    + taken(LIVE, OLD, time="12:10:00", pid=2010)
    + taken(LIVE, NEW, OLD, time="12:20:00", pid=2020)
)
IN_USE = failed("list_changed_blocks", "VDI_IN_USE", f"OpaqueRef:{LIVE}; list_changed_blocks")


def pool(*rows: object, kind: str = "nfs") -> CallCase:
    """Return a pool with one host and a file-based SR."""
    return CallCase().host().database(sr(kind=kind), pbd(JUPITER), *rows)  # type: ignore[arg-type]  # rows


def bare() -> CallCase:
    """Return a pool whose database knows nothing of the disks."""
    return pool()


def rules(case: CallCase) -> list[str]:
    """Return which of the rules find something."""
    return [rule for rule in RULES if case.ask(rule).findings]


def both() -> tuple[object, ...]:
    """Return the live disk and its two snapshots, in the order of their times."""
    return (live(), snapshot(OLD, time=FIRST), snapshot(NEW, time=SECOND))


# -- no log


def test_a_first_disk_whose_log_was_never_there_had_cbt_off() -> None:
    case = pool(live(), snapshot(OLD, cbt_enabled=False), snapshot(NEW))
    case.xensource_log(comparison(OLD, NEW)).smlog(compared(OLD, NEW))
    assert rules(case) == [OFF]
    finding = case.only(OFF)
    assert "the first disk had no CBT log" in finding.title
    assert (finding.confidence, finding.severity) == (Confidence.LIKELY, Severity.WARNING)
    assert [s.uuid for s in finding.subjects] == [OLD, NEW, SR]


def test_a_second_disk_without_cbt_is_told_as_the_second() -> None:
    case = pool(live(), snapshot(OLD), snapshot(NEW, cbt_enabled=False))
    case.xensource_log(comparison(OLD, NEW))
    assert "the second disk had no CBT log" in case.only(OFF).title


def test_two_disks_without_cbt_are_told_as_both() -> None:
    case = pool(live(), snapshot(OLD, cbt_enabled=False), snapshot(NEW, cbt_enabled=False))
    case.xensource_log(comparison(OLD, NEW)).smlog(compared(OLD, NEW))
    assert "a disk had no CBT log" in case.only(OFF).title


def test_a_log_that_was_removed_before_is_certain_by_replay() -> None:
    log = CHAIN + dropped(LIVE, NEW, time="12:30:00", pid=2030) + compared(NEW, LIVE)
    case = bare().smlog(log).xensource_log(comparison(NEW, LIVE))
    finding = case.only(OFF)
    assert "the second disk" in finding.title
    assert (finding.basis, rules(case)) == (Basis.BOTH, [OFF])


def test_a_walk_that_never_began_is_of_a_missing_log_though_nobody_knows_which() -> None:
    case = bare().smlog(compared(OLD, NEW)).xensource_log(comparison(OLD, NEW))
    finding = case.only(OFF)
    assert (finding.confidence, finding.basis) == (Confidence.LIKELY, Basis.SYMPTOM)
    assert "At least one of them had no CBT log" in finding.detail


def test_cbt_that_was_turned_off_after_the_call_is_no_reason() -> None:
    later = dropped(LIVE, NEW, time="14:00:00", pid=2040)
    case = pool(live(cbt_enabled=False), snapshot(NEW)).smlog(later)
    case.xensource_log(comparison(NEW, LIVE))
    assert rules(case) == [BROKEN]
    assert case.only(BROKEN).confidence is Confidence.POSSIBLE


def test_an_sr_type_without_cbt_is_the_reason() -> None:
    case = pool(*both(), sm("nfs", "VDI_SNAPSHOT")).xensource_log(comparison(OLD, NEW))
    assert "because the SR has no CBT" in case.only(OFF).title


def test_a_log_lost_although_the_database_has_cbt_on_is_an_error() -> None:
    log = CHAIN + dropped(LIVE, NEW, time="12:30:00", pid=2030) + compared(NEW, LIVE)
    case = pool(live(), snapshot(NEW)).smlog(log).xensource_log(comparison(NEW, LIVE))
    finding = case.only(OFF)
    assert finding.severity is Severity.ERROR


# -- wrong order


def test_the_wrong_order_is_certain_by_replay() -> None:
    log = CHAIN + compared(NEW, OLD, LIVE)
    case = bare().smlog(log).xensource_log(comparison(NEW, OLD))
    finding = case.only(ORDER)
    assert (finding.confidence, finding.basis) == (Confidence.CERTAIN, Basis.BOTH)
    assert finding.severity is Severity.WARNING
    assert f"vdi_from {OLD}, vdi_to {NEW}" in finding.action[0].step
    assert rules(case) == [ORDER]


def test_the_wrong_order_is_likely_by_the_times_of_the_snapshots() -> None:
    case = pool(*both()).xensource_log(comparison(NEW, OLD))
    finding = case.only(ORDER)
    assert (finding.confidence, rules(case)) == (Confidence.LIKELY, [ORDER])
    assert any("snapshot_time" in evidence.text for evidence in finding.evidence)


def test_the_right_order_is_not_the_wrong_one() -> None:
    assert rules(pool(*both()).xensource_log(comparison(OLD, NEW))) == [BROKEN]


def test_times_that_are_no_times_give_no_order() -> None:
    epoch = "19700101T00:00:00Z"
    case = pool(live(), snapshot(OLD, time=epoch), snapshot(NEW, time=SECOND))
    assert rules(case.xensource_log(comparison(NEW, OLD))) == [BROKEN]


# -- unrelated


def test_a_disk_compared_with_itself_is_told_so() -> None:
    words = "; Failed to calculate changed blocks for given VDIs. [opterr=Source and target VDI are same]; "
    case = pool(snapshot(OLD)).xensource_log(comparison(OLD, OLD, what=words))
    finding = case.only(BROKEN)
    assert "a disk and itself" in finding.title
    assert [s.uuid for s in finding.subjects] == [OLD, SR]
    assert rules(case) == [BROKEN]


def test_snapshots_of_two_disks_are_unrelated() -> None:
    case = pool(live(), live(ELSE), snapshot(OLD), snapshot(NEW, of=ELSE))
    case.xensource_log(comparison(OLD, NEW))
    finding = case.only(BROKEN)
    assert "not of one disk" in finding.title
    assert not any("cbt-util" in step.step for step in finding.action)
    assert any("two snapshots of one disk" in step.step for step in finding.action)
    assert finding.goals == ()  # sound logs do not show that nobody asks for these two again


def test_a_chain_that_was_cut_by_turning_cbt_off_and_on_ends_there() -> None:
    log = (
        created(LIVE)
        + taken(LIVE, OLD, time="12:10:00", pid=2010)
        + dropped(LIVE, OLD, time="12:12:00", pid=2012)
        + created(LIVE, time="12:14:00", pid=2014)
        + taken(LIVE, NEW, time="12:20:00", pid=2020)
        + compared(OLD, NEW, OLD)
    )
    case = pool(*both()).smlog(log).xensource_log(comparison(OLD, NEW))
    finding = case.only(BROKEN)
    assert "the chain of logs ends between the disks" in finding.title
    assert (finding.confidence, finding.severity) == (Confidence.CERTAIN, Severity.WARNING)
    assert any(f"cbt-util get -c -n {MOUNT}/{OLD}.cbtlog" in s.step for s in finding.action)
    assert "A call turned CBT off for " in finding.detail
    assert any("vdi_disable_cbt" in evidence.text for evidence in finding.evidence)


def test_a_chain_that_ends_for_no_call_that_was_seen_names_what_ends_one() -> None:
    log = (
        created(LIVE)
        + taken(LIVE, OLD, time="12:10:00", pid=2010)
        + dropped(LIVE, OLD, time="12:12:00", pid=2012).replace("disable_cbt", "delete")
        + created(LIVE, time="12:14:00", pid=2014)
        + taken(LIVE, NEW, time="12:20:00", pid=2020)
        + compared(OLD, NEW, OLD)
    )
    case = pool(*both()).smlog(log).xensource_log(comparison(OLD, NEW))
    assert "after the VM was reverted to a snapshot" in case.only(BROKEN).detail


def test_a_pointer_to_a_log_that_is_gone_breaks_the_chain() -> None:
    log = (
        CHAIN
        + entered("disable_cbt", ELSE, time="12:25:00", pid=2025)
        + cbt("set", OLD, "-c", ELSE, time="12:25:00", pid=2025)
        + cbt("create", ELSE, "-s", "1", time="12:25:01", pid=2025)
        + dropped(ELSE, time="12:26:00", pid=2026)
        + compared(OLD, NEW, OLD)
    )
    case = pool(*both()).smlog(log).xensource_log(comparison(OLD, NEW))
    finding = case.only(BROKEN)
    assert "a log between the disks is missing" in finding.title
    assert f"names {ELSE} as the next" in finding.detail
    assert finding.severity is Severity.ERROR


def test_a_log_that_sm_did_not_find_where_the_replay_has_it_is_missing() -> None:
    log = CHAIN + taken(LIVE, ELSE, NEW, time="12:40:00", pid=2040) + compared(OLD, ELSE, OLD)
    case = pool(live(), snapshot(OLD), snapshot(ELSE)).smlog(log)
    finding = case.xensource_log(comparison(OLD, ELSE)).only(BROKEN)
    assert f"names {NEW} as the next" in finding.detail
    assert finding.confidence is Confidence.LIKELY


def test_a_walk_that_stopped_for_a_reason_nobody_saw_lists_the_reasons() -> None:
    case = pool(*both()).smlog(compared(OLD, NEW, ELSE)).xensource_log(comparison(OLD, NEW))
    finding = case.only(BROKEN)
    assert (finding.confidence, rules(case)) == (Confidence.POSSIBLE, [BROKEN])
    assert f"as far as {ELSE}" in finding.detail
    assert "or the two were given in the wrong order" in finding.detail
    assert any("Processing VDI" in evidence.text for evidence in finding.evidence)


def test_a_failure_without_smlog_lists_all_reasons_and_what_would_tell() -> None:
    finding = bare().xensource_log(comparison(OLD, NEW)).only(BROKEN)
    assert finding.confidence is Confidence.POSSIBLE
    for words in ("had no CBT log", "wrong order", "not of one chain", "pointer to it is stale"):
        assert words in finding.detail
    assert any(f"xe vdi-param-list uuid={OLD}" in step.step for step in finding.action)


def test_smlog_alone_shows_a_failed_comparison() -> None:
    case = pool(*both()).smlog(compared(OLD, NEW, ELSE))
    assert (rules(case), case.only(BROKEN).count) == ([BROKEN], 1)


def test_audit_log_alone_shows_a_failed_comparison() -> None:
    line = audited(
        "list_changed_blocks", f"ERROR:SR_BACKEND_FAILURE_460: [ {UNRELATED} ]", OLD, NEW
    )
    finding = bare().audit_log(line).only(BROKEN)
    assert [s.uuid for s in finding.subjects] == [OLD, NEW]


def test_sizes_that_do_not_fit_are_told_with_the_line() -> None:
    log = (
        entered("list_changed_blocks", OLD, NEW)
        + cbt("get", OLD, "-c")
        + f"13:00:01 SM: [3000] DEBUG: Processing VDI {NEW} of size 10737418240\n"
        + "13:00:01 SM: [3000] Size of bitmap: 163840\n"
        + "13:00:01 SM: [3000] Cannot calculate changed blocks withinconsistent bitmap sizes\n"
        + ended(
            "list_changed_blocks",
            "Changed block tracking log is in an inconsistent state. [opterr=Inconsistent bitmaps]",
        )
    )
    finding = pool(*both()).smlog(log).only(BROKEN)
    assert (finding.severity, finding.confidence) == (Severity.ERROR, Confidence.CERTAIN)
    assert any("withinconsistent" in evidence.text for evidence in finding.evidence)


def test_a_log_that_is_too_short_is_another_rules() -> None:
    log = (
        entered("list_changed_blocks", OLD, NEW)
        + f"13:00:01 SM: [3000] DEBUG: Processing VDI {NEW} of size 10737418240\n"
        + "13:00:01 SM: [3000] Size of bitmap 8 is less than expected size 163840\n"
        + ended(
            "list_changed_blocks",
            "Changed block tracking log is in an inconsistent state. [opterr=Inconsistent bitmaps]",
        )
    )
    assert rules(pool(*both()).smlog(log)) == []


def broken_command(code: int, path: str) -> str:
    """Return a comparison that ends because cbt-util fails on a log."""
    argv = ["/usr/sbin/cbt-util", "get", "-n", path, "-c"]
    return (
        entered("list_changed_blocks", OLD, NEW)
        + f"13:00:01 SM: [3000] {argv!r}\n"
        + f"13:00:01 SM: [3000] FAILED in util.pread: (rc {code}) stdout: '', stderr: 'Failed to read CBT metadata'\n"
        + ended("list_changed_blocks", f"General backend error [opterr=Command {argv} failed]")
    )


@pytest.mark.parametrize(
    ("code", "path", "found"),
    [
        (13, f"{MOUNT}/{OLD}.cbtlog", [BROKEN]),
        (5, f"/dev/VG_XenStorage-{SR}/{OLD}.cbtlog", [BROKEN]),
        (5, f"{MOUNT}/{OLD}.cbtlog", []),
        (2, f"{MOUNT}/{OLD}.cbtlog", []),
    ],
)
def test_a_command_that_failed_is_told_unless_another_rule_tells(
    code: int, path: str, found: list[str]
) -> None:
    case = pool(*both()).smlog(broken_command(code, path))
    assert rules(case) == found


def test_disks_on_two_srs_explain_an_internal_error() -> None:
    rows = (snapshot(OLD, sr=f"OpaqueRef:{ELSE}"), snapshot(NEW))
    case = pool(*rows).xensource_log(comparison(OLD, NEW, "INTERNAL_ERROR", "Not_found"))
    assert "on different SRs" in case.only(BROKEN).title


def test_an_internal_error_of_disks_on_one_sr_is_not_ours() -> None:
    case = pool(*both()).xensource_log(comparison(OLD, NEW, "INTERNAL_ERROR", "Not_found"))
    assert rules(case) == []


# -- a defect of sm


def test_a_release_that_does_not_see_metadata_logs_is_named() -> None:
    rows = (live(), snapshot(OLD, type="cbt_metadata"), snapshot(NEW))
    case = pool(*rows).packages("sm-3.2.12-17.3.xcpng8.3.x86_64").smlog(compared(OLD, NEW))
    finding = case.xensource_log(comparison(OLD, NEW)).only(BROKEN)
    assert "a defect of this sm" in finding.title
    assert any("17.3" in evidence.text for evidence in finding.evidence)
    assert any("sm-3.2.12-17.4" in step.step for step in finding.action)
    assert finding.goals == ()


@pytest.mark.parametrize("release", ["sm-3.2.12-17.4.xcpng8.3.x86_64", "smartmontools-7.0-2"])
def test_without_such_a_release_the_defect_is_one_of_the_reasons(release: str) -> None:
    rows = (live(), snapshot(OLD, type="cbt_metadata"), snapshot(NEW))
    case = pool(*rows).packages(release).smlog(compared(OLD, NEW))
    finding = case.xensource_log(comparison(OLD, NEW)).only(BROKEN)
    assert finding.confidence is Confidence.POSSIBLE
    assert "takes metadata disks of file-based SRs" in finding.detail


def test_a_metadata_disk_on_volumes_has_no_such_defect() -> None:
    rows = (live(), snapshot(OLD, type="cbt_metadata"), snapshot(NEW))
    case = pool(*rows, kind="lvmoiscsi").smlog(compared(OLD, NEW))
    assert rules(case.xensource_log(comparison(OLD, NEW))) == [OFF]


# -- not a snapshot


def test_a_live_first_disk_is_no_snapshot_whatever_the_order() -> None:
    case = pool(*both()).smlog(CHAIN + compared(LIVE, OLD, LIVE))
    case.xensource_log(comparison(LIVE, OLD))
    finding = case.only(NO_SNAPSHOT)
    assert rules(case) == [NO_SNAPSHOT]
    assert (finding.basis, finding.confidence) == (Basis.BOTH, Confidence.CERTAIN)


def test_a_live_first_disk_of_a_call_whose_end_nobody_saw_is_found_by_state() -> None:
    case = pool(*both()).xensource_log(asked("list_changed_blocks", LIVE, NEW))
    finding = case.only(NO_SNAPSHOT)
    assert (finding.basis, finding.confidence) == (Basis.STATE, Confidence.LIKELY)


def test_a_base_copy_cannot_be_compared() -> None:
    rows = (live(), snapshot(OLD), live(NEW, managed=False))
    case = pool(*rows).xensource_log(comparison(OLD, NEW))
    assert "base copy" in case.only(NO_SNAPSHOT).title
    assert rules(case) == [NO_SNAPSHOT]


@pytest.mark.parametrize(
    "row",
    [
        snapshot(OLD),
        snapshot(OLD, type="cbt_metadata"),
        snapshot(OLD, type="cbt_metadata", is_a_snapshot=False, snapshot_of=None),
    ],
    ids=["snapshot", "metadata", "metadata that a scan found"],
)
def test_snapshots_of_any_kind_may_be_compared_with_a_detached_disk(row: object) -> None:
    case = pool(live(), row).xensource_log(asked("list_changed_blocks", OLD, LIVE))
    examined = case.ask(NO_SNAPSHOT)
    assert (examined.findings, examined.gaps) == ((), ())


def test_a_comparison_that_went_well_is_never_wrong() -> None:
    good = audited("list_changed_blocks", "OK", LIVE, NEW)
    case = pool(*both()).xensource_log(asked("list_changed_blocks", LIVE, NEW)).audit_log(good)
    assert rules(case) == []


def test_a_failed_comparison_of_a_disk_that_is_gone_is_a_gap() -> None:
    examined = pool(live(), snapshot(NEW)).xensource_log(comparison(OLD, NEW)).ask(NO_SNAPSHOT)
    assert examined.findings == ()
    assert OLD in examined.gaps[0].why
    assert examined.gaps[0].settle_with == f"xe vdi-param-list uuid={OLD}"


def test_a_disk_that_is_gone_and_was_walked_from_was_a_snapshot() -> None:
    case = bare().smlog(compared(OLD, NEW, ELSE)).xensource_log(comparison(OLD, NEW))
    assert case.ask(NO_SNAPSHOT).gaps == ()


def test_disks_that_are_gone_and_whose_logs_were_renamed_to_them_were_snapshots() -> None:
    case = bare().smlog(CHAIN).xensource_log(comparison(NEW, OLD))
    assert case.ask(NO_SNAPSHOT).gaps == ()


def test_a_disk_that_is_gone_and_led_nowhere_may_have_been_a_live_one() -> None:
    case = bare().smlog(compared(OLD, NEW, OLD)).xensource_log(comparison(OLD, NEW))
    (gap,) = case.ask(NO_SNAPSHOT).gaps
    assert (OLD in gap.why, NEW in gap.why) == (True, False)


# -- target attached


def test_an_attached_target_is_found_with_who_holds_it() -> None:
    case = pool(live(), snapshot(OLD), vm(), vbd(LIVE))
    case.xensource_log(asked("list_changed_blocks", OLD, LIVE) + IN_USE)
    finding = case.only(ATTACHED)
    assert rules(case) == [ATTACHED]
    assert (finding.basis, finding.confidence) == (Basis.BOTH, Confidence.CERTAIN)
    assert f"attached to VM web-01 ({VM})" in finding.detail
    assert [s.uuid for s in finding.subjects] == [OLD, LIVE, SR]


def test_vms_that_are_snapshots_do_not_hold_a_disk() -> None:
    case = pool(live(), snapshot(OLD), vm(is_a_snapshot=True), vbd(LIVE))
    case.xensource_log(asked("list_changed_blocks", OLD, LIVE) + IN_USE)
    assert case.only(ATTACHED).basis is Basis.SYMPTOM


def test_a_snapshot_left_with_the_control_domain_is_told_and_the_vbd_named() -> None:
    case = pool(live(), snapshot(OLD), snapshot(NEW), vm(is_control_domain=True), vbd(NEW))
    case.xensource_log(asked("list_changed_blocks", OLD, NEW) + IN_USE.replace(LIVE, NEW))
    finding = case.only(ATTACHED)
    assert "the second snapshot was attached" in finding.title
    assert "the control domain" in finding.detail
    assert any("xe vbd-unplug" in step.step for step in finding.action)


def test_the_disk_is_known_from_the_error_where_the_request_is_missing() -> None:
    finding = pool(live()).xensource_log(IN_USE).only(ATTACHED)
    assert [s.uuid for s in finding.subjects] == [LIVE, SR]


def test_smlog_shows_who_had_it_at_that_time() -> None:
    log = (
        f"12:00:00 SM: [2100] vdi_activate {{'args': ['true'], 'vdi_uuid': '{LIVE}', 'sr_uuid': '{SR}', 'command': 'vdi_activate'}}\n"
        f"12:00:01 SM: [2100] ['/usr/sbin/tap-ctl', 'open', '-p', '88', '-m', '0', '-a', 'vhd:{MOUNT}/{LIVE}.vhd', '-C', '{MOUNT}/{LIVE}.cbtlog']\n"
        "12:00:01 SM: [2100]  = 0\n"
        f"12:00:02 SM: [2100] Removed activating flag from {LIVE}\n"
        f"14:00:00 SM: [2200] vdi_deactivate {{'args': [], 'vdi_uuid': '{LIVE}', 'sr_uuid': '{SR}', 'command': 'vdi_deactivate'}}\n"
        f"14:00:02 SM: [2200] Removed host key host_OpaqueRef:{JUPITER} for {LIVE}\n"
    )
    case = pool(live(), snapshot(OLD)).smlog(log)
    case.xensource_log(asked("list_changed_blocks", OLD, LIVE) + IN_USE)
    finding = case.only(ATTACHED)
    assert finding.basis is Basis.BOTH
    assert any("vdi_activate" in evidence.text for evidence in finding.evidence)


def test_the_same_error_of_another_call_is_not_about_comparisons() -> None:
    line = failed("resize", "VDI_IN_USE", f"OpaqueRef:{LIVE}; resize")
    assert rules(pool(live()).xensource_log(line)) == []


# -- one failure is one


def test_all_lines_of_one_comparison_are_one_finding() -> None:
    audit = audited(
        "list_changed_blocks", f"ERROR:SR_BACKEND_FAILURE_460: [ {UNRELATED} ]", OLD, NEW
    )
    case = pool(*both()).smlog(compared(OLD, NEW, ELSE)).xensource_log(comparison(OLD, NEW))
    finding = case.audit_log(audit).only(BROKEN)
    assert finding.count == 1
    assert "Server_error" in finding.evidence[0].text


def test_a_comparison_that_succeeded_later_is_an_information() -> None:
    good = audited("list_changed_blocks", "OK", OLD, NEW, time="15:00:00", task="00000000aaaa")
    case = pool(*both()).xensource_log(comparison(OLD, NEW)).audit_log(good)
    finding = case.only(BROKEN)
    assert finding.severity is Severity.INFO
    assert "ended well later" in finding.detail
    assert (finding.state, finding.over_since) == (Standing.OVER, finding.evidence[-1].at)


def test_healthy_comparisons_find_nothing_and_leave_no_gap() -> None:
    log = CHAIN + entered("list_changed_blocks", OLD, NEW) + cbt("get", OLD, "-c")
    log += f"13:00:01 SM: [3000] DEBUG: Processing VDI {NEW} of size 10737418240\n"
    log += created(ELSE, time="13:30:00", pid=3100)
    case = pool(live(), snapshot(NEW)).smlog(log)
    case.xensource_log(asked("list_changed_blocks", OLD, NEW))
    case.audit_log(audited("list_changed_blocks", "OK", OLD, NEW))
    for rule in RULES:
        assert (case.ask(rule).findings, case.ask(rule).gaps) == ((), ())


def test_two_comparisons_of_one_pair_at_once_keep_their_own_runs() -> None:
    second = comparison(OLD, NEW).replace("0a1b2c3d4e5f", "00000000aaaa").replace("13:00", "13:01")
    runs = compared(OLD, NEW, ELSE) + compared(OLD, NEW, ELSE, time="13:01:01", pid=3001)
    case = pool(*both()).smlog(runs).xensource_log(comparison(OLD, NEW) + second).build()
    found = calls(case, Method.LIST)
    assert [call.operation.pid for call in found if call.operation] == [3000, 3001]


def test_a_run_is_joined_by_its_task_whatever_the_time() -> None:
    run = compared(OLD, NEW, ELSE).replace(
        "'command'", "'subtask_of': 'OpaqueRef:0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d', 'command'"
    )
    late = run.replace("13:00:0", "13:20:0")
    case = pool(*both()).smlog(late).xensource_log(comparison(OLD, NEW)).build()
    (call,) = calls(case, Method.LIST)
    assert call.operation is not None


def test_bursts_a_week_apart_are_two() -> None:
    case = pool(*both()).xensource_log(comparison(OLD, NEW)).build()
    (call,) = calls(case, Method.LIST)
    week = Moment.exact(call.at.at + timedelta(days=7), "test")
    later = replace(call, lines=tuple(replace(line, moment=week) for line in call.lines))
    assert len(bursts((call, later), lambda _: True)) == 2


def test_a_failure_that_names_no_disk_is_of_its_host() -> None:
    line = failed("list_changed_blocks", "SR_BACKEND_FAILURE_460", UNRELATED)
    finding = bare().xensource_log(line).only(BROKEN)
    assert [(s.type, s.uuid) for s in finding.subjects] == [("Host", JUPITER)]
    assert "a disk that no line names" in finding.detail
    assert not any("uuid=" in step.step for step in finding.action)


def test_a_target_that_no_database_has_is_found_by_symptom() -> None:
    case = bare().xensource_log(asked("list_changed_blocks", OLD, LIVE) + IN_USE)
    assert case.only(ATTACHED).basis is Basis.SYMPTOM


def test_a_disk_attached_later_was_not_attached_then() -> None:
    log = f"15:00:00 SM: [2100] vdi_activate {{'args': ['true'], 'vdi_uuid': '{LIVE}', 'sr_uuid': '{SR}', 'command': 'vdi_activate'}}\n"
    case = pool(live(), snapshot(OLD)).smlog(log)
    case.xensource_log(asked("list_changed_blocks", OLD, LIVE) + IN_USE)
    assert case.only(ATTACHED).basis is Basis.SYMPTOM


def test_zero_uuid_is_never_a_disk() -> None:
    case = bare().xensource_log(comparison(OLD, NOBODY))
    assert rules(case) == [BROKEN]


def test_a_script_that_asks_every_second_is_joined_call_by_call() -> None:
    lines, runs = [], []
    for second in range(40):
        time = f"13:00:{second:02}"
        task = f"{second:012x}"
        lines.append(asked("list_changed_blocks", OLD, NEW, time=time, task=task))
        words = {"time": time, "task": task}
        lines.append(failed("list_changed_blocks", "SR_BACKEND_FAILURE_460", UNRELATED, **words))
        runs.append(compared(OLD, NEW, time=time, pid=3000 + second))
    case = pool(*both()).smlog("".join(runs)).xensource_log("".join(lines)).build()
    found = calls(case, Method.LIST)
    assert len(found) == 40
    assert {call.operation.pid for call in found if call.operation} == set(range(3000, 3040))
