"""The rules about VDI.enable_cbt: on a snapshot, on a raw disk, without space."""

import pytest

from analyzer.checks.tools.calls import Method, calls
from analyzer.model.finding import Basis, Confidence, Severity
from tests.checks.calls.call_case import (
    ELSE,
    FULL,
    LIVE,
    MOUNT,
    OLD,
    RAW,
    CallCase,
    asked,
    audited,
    created,
    ended,
    entered,
    failed,
    live,
    refused,
    snapshot,
)
from tests.checks.support import GROUP, SATURN, SR, lvs, sr, vgs

ON_SNAPSHOT = "cbt-enable-on-snapshot"
ON_RAW = "cbt-enable-on-raw-vdi"
NO_SPACE = "cbt-enable-no-space"
RULES = (ON_SNAPSHOT, ON_RAW, NO_SPACE)

WORDS = f"VDI is a snapshot: OpaqueRef:{OLD}"
REFUSED = failed("enable_cbt", "OPERATION_NOT_ALLOWED", WORDS)
OF_SNAPSHOT = asked("enable_cbt", OLD) + REFUSED
OF_RAW = asked("enable_cbt", LIVE) + failed("enable_cbt", "SR_BACKEND_FAILURE_66", RAW)
OF_FULL = asked("enable_cbt", LIVE) + failed("enable_cbt", "SR_BACKEND_FAILURE_457", FULL)
TIMED_OUT = "; Unable to activate changed block tracking. [opterr=Connection timed out]; "
OF_SHORT = asked("enable_cbt", LIVE) + failed("enable_cbt", "SR_BACKEND_FAILURE_457", TIMED_OUT)
WITHOUT_SPACE = (
    entered("enable_cbt", LIVE)
    + "13:00:01 SM: [3000] Not enough space! free space: 1048576, need: 4194304\n"
    + ended(
        "enable_cbt",
        "Unable to activate changed block tracking. [opterr=There is insufficient space]",
    )
)


def pool(*rows: object) -> CallCase:
    """Return a pool with one host."""
    return CallCase().host().database(sr(), *rows)  # type: ignore[arg-type]  # rows of the database


def claims(case: CallCase) -> list[str]:
    """Return which of the rules find something."""
    return [rule for rule in RULES if case.ask(rule).findings]


def test_a_refused_snapshot_is_found_once_with_all_its_lines() -> None:
    lines = refused("enable_cbt", f"OPERATION_NOT_ALLOWED: [ {WORDS} ]")
    case = pool(snapshot(), live(cbt_enabled=False)).xensource_log(OF_SNAPSHOT + lines)
    finding = case.only(ON_SNAPSHOT)
    assert finding.count == 1
    assert [(s.type, s.uuid) for s in finding.subjects] == [("VDI", OLD), ("SR", SR)]
    assert "failed with exception" in finding.evidence[0].text
    assert f"VDI = '{OLD}'" in finding.evidence[1].text


def test_symptom_and_row_together_are_both_and_a_client_mistake_is_a_warning() -> None:
    finding = pool(snapshot(), live(cbt_enabled=False)).xensource_log(OF_SNAPSHOT).only(ON_SNAPSHOT)
    assert (finding.basis, finding.confidence) == (Basis.BOTH, Confidence.CERTAIN)
    assert finding.severity is Severity.WARNING
    assert finding.action[0].step.endswith(f"xe vdi-enable-cbt uuid={LIVE}")


def test_a_live_disk_that_has_cbt_makes_it_an_information() -> None:
    finding = pool(snapshot(), live()).xensource_log(OF_SNAPSHOT).only(ON_SNAPSHOT)
    assert finding.severity is Severity.INFO
    assert "CBT is on for the disk that it is a snapshot of" in finding.detail
    assert finding.action == ()  # a snapshot taken with CBT has it, and so will the next


def test_a_reference_in_the_error_is_resolved_without_the_request() -> None:
    finding = pool(snapshot(), live()).xensource_log(REFUSED).only(ON_SNAPSHOT)
    assert finding.subjects[0].uuid == OLD


def test_the_request_gives_the_uuid_where_no_database_has_the_disk() -> None:
    finding = CallCase().host().xensource_log(OF_SNAPSHOT).only(ON_SNAPSHOT)
    assert finding.subjects[0].uuid == OLD
    assert finding.basis is Basis.SYMPTOM


def test_a_reference_that_nothing_resolves_is_the_subject_and_in_no_command() -> None:
    finding = CallCase().host().xensource_log(REFUSED).only(ON_SNAPSHOT)
    assert finding.subjects[0].uuid == f"OpaqueRef:{OLD}"
    assert not any("OpaqueRef" in step.step for step in finding.action)


def test_audit_log_alone_shows_it_with_uuid() -> None:
    line = audited("enable_cbt", f"ERROR:OPERATION_NOT_ALLOWED: [ {WORDS} ]", OLD, task="")
    finding = pool(snapshot(), live()).audit_log(line).only(ON_SNAPSHOT)
    assert (finding.count, finding.subjects[0].uuid) == (1, OLD)


def test_audit_log_and_xensource_log_tell_of_one_call() -> None:
    line = audited("enable_cbt", f"ERROR:OPERATION_NOT_ALLOWED: [ {WORDS} ]", OLD)
    without = audited("enable_cbt", f"ERROR:OPERATION_NOT_ALLOWED: [ {WORDS} ]", OLD, task="")
    for audit in (line, without):
        case = pool(snapshot(), live()).xensource_log(OF_SNAPSHOT).audit_log(audit)
        assert case.only(ON_SNAPSHOT).count == 1


def test_lines_of_the_first_releases_with_cbt_are_read() -> None:
    old = (
        f"13:00:00 xapi: [debug|jupiter|1680 INET :::80|VDI.enable_cbt R:0a1b2c3d4e5f|audit] VDI.enable_cbt: VDI = '{OLD}'\n"
        f"13:00:01 xapi: [error|jupiter|1680 INET :::80|dispatch:VDI.enable_cbt D:5f4e3d2c1b0a|backtrace] VDI.enable_cbt R:0a1b2c3d4e5f failed with exception Server_error(OPERATION_NOT_ALLOWED, [ {WORDS} ])\n"
        f"13:00:01 xapi: [error|jupiter|1680 INET :::80|dispatch:VDI.enable_cbt D:5f4e3d2c1b0a|backtrace] Raised Server_error(OPERATION_NOT_ALLOWED, [ {WORDS} ])\n"
    )
    finding = pool(snapshot(), live()).xensource_log(old).only(ON_SNAPSHOT)
    assert (finding.count, finding.subjects[0].uuid) == (1, OLD)


def test_asynchronous_calls_are_calls() -> None:
    line = failed("enable_cbt", "OPERATION_NOT_ALLOWED", WORDS, sync="Async.")
    assert pool(snapshot(), live()).xensource_log(line).only(ON_SNAPSHOT).count == 1


def test_master_and_supporter_that_both_tell_of_a_call_tell_of_one() -> None:
    case = pool(snapshot(), live()).xensource_log(OF_SNAPSHOT)
    case.host("saturn", SATURN).xensource_log(REFUSED)
    assert case.only(ON_SNAPSHOT).count == 1


def test_two_calls_within_a_day_are_one_finding() -> None:
    second = OF_SNAPSHOT.replace("13:00:", "19:00:").replace("0a1b2c3d4e5f", "00000000aaaa")
    case = pool(snapshot(), live()).xensource_log(OF_SNAPSHOT + second)
    assert case.only(ON_SNAPSHOT).count == 2


def test_two_disks_are_two_findings() -> None:
    other = OF_SNAPSHOT.replace(OLD, ELSE).replace("0a1b2c3d4e5f", "00000000aaaa")
    case = pool(snapshot(), live()).xensource_log(OF_SNAPSHOT + other)
    assert len(case.ask(ON_SNAPSHOT).findings) == 2


@pytest.mark.parametrize(
    "line",
    [
        failed("snapshot", "OPERATION_NOT_ALLOWED", "Snapshot operation not allowed during copy."),
        failed("disable_cbt", "OPERATION_NOT_ALLOWED", WORDS),
        failed("enable_cbt", "LICENSE_RESTRICTION", "CBT"),
        failed("enable_cbt", "OTHER_OPERATION_IN_PROGRESS", f"VDI; OpaqueRef:{OLD}"),
        asked("enable_cbt", LIVE),
        "13:00:02 xapi: [debug||4711 |VM.set_name_label R:0a1b2c3d4e5f|audit] VM.set_name_label: VM = 'x'; value = 'VDI.enable_cbt R:0a1b2c3d4e5f failed with exception Server_error(OPERATION_NOT_ALLOWED, [ VDI is a snapshot'\n",
        f"13:00:02 xapi: [error||4711 ||backtrace] Raised Server_error(OPERATION_NOT_ALLOWED, [ {WORDS} ])\n",
    ],
)
def test_other_calls_and_words_in_names_trip_no_rule(line: str) -> None:
    case = pool(snapshot(), live()).xensource_log(line)
    assert claims(case) == []
    assert all(case.ask(rule).gaps == () for rule in RULES)


def test_a_name_that_looks_like_a_call_trips_nothing_in_audit_log() -> None:
    line = audited("enable_cbt", "OK", LIVE, name="OPERATION_NOT_ALLOWED: [ VDI is a snapshot ]")
    assert claims(pool(live()).audit_log(line)) == []


def test_a_name_with_a_quote_hides_no_uuid() -> None:
    error = f"ERROR:OPERATION_NOT_ALLOWED: [ {WORDS} ]"
    for name in ("Tom\\'s disk", "Tom\\\\'s disk"):
        line = audited("enable_cbt", error, OLD, name=name)
        assert pool(snapshot(), live()).audit_log(line).only(ON_SNAPSHOT).subjects[0].uuid == OLD


def test_a_reason_that_was_cut_off_is_a_gap() -> None:
    line = "13:00:02 xapi: [error||4711 ||backtrace] VDI.enable_cbt R:0a1b2c3d4e5f failed with exception Server_error(OPERATION_NOT_ALLOWED, [\n"
    examined = pool(live()).xensource_log(line).ask(ON_SNAPSHOT)
    assert examined.findings == ()
    assert "its reason was not read" in examined.gaps[0].why


@pytest.mark.parametrize("config", [{"vdi_type": "aio"}, {"type": "raw"}], ids=["volume", "file"])
def test_a_raw_disk_by_its_configuration_is_certain(config: dict[str, str]) -> None:
    finding = pool(live(sm_config=config, cbt_enabled=False)).xensource_log(OF_RAW).only(ON_RAW)
    assert (finding.basis, finding.confidence) == (Basis.BOTH, Confidence.CERTAIN)
    assert finding.severity is Severity.WARNING


def test_a_raw_disk_by_its_volume_is_certain() -> None:
    case = pool(live(sm_config={}, cbt_enabled=False)).xensource_log(OF_RAW)
    finding = case.lvs(lvs(f"LV-{LIVE}")).only(ON_RAW)
    assert finding.confidence is Confidence.CERTAIN
    assert any(f"LV-{LIVE}" in evidence.text for evidence in finding.evidence)


def test_a_raw_disk_by_its_file_is_certain() -> None:
    case = pool(live(sm_config={}, cbt_enabled=False)).xensource_log(OF_RAW)
    assert case.listing(f"{LIVE}.raw").only(ON_RAW).confidence is Confidence.CERTAIN


def test_a_refusal_that_nothing_explains_is_likely_raw() -> None:
    finding = pool(live(sm_config=None, cbt_enabled=False)).xensource_log(OF_RAW).only(ON_RAW)
    assert (finding.basis, finding.confidence) == (Basis.SYMPTOM, Confidence.LIKELY)


def test_a_refusal_that_the_database_contradicts_is_possible() -> None:
    row = live(sm_config={"vdi_type": "vhd"}, cbt_enabled=False)
    assert pool(row).xensource_log(OF_RAW).only(ON_RAW).confidence is Confidence.POSSIBLE


def test_the_same_error_of_a_snapshot_is_the_siblings() -> None:
    case = pool(snapshot(), live()).xensource_log(OF_RAW.replace(LIVE, OLD))
    assert claims(case) == [ON_SNAPSHOT]


def test_smlog_alone_shows_the_refusal_of_a_raw_disk() -> None:
    log = entered("enable_cbt", LIVE) + ended("enable_cbt", RAW.strip("; "))
    finding = pool(live(sm_config={"vdi_type": "aio"})).smlog(log).only(ON_RAW)
    assert (finding.count, finding.subjects[0].uuid) == (1, LIVE)


def test_smlog_and_xensource_log_tell_of_one_refusal() -> None:
    log = entered("enable_cbt", LIVE) + ended("enable_cbt", RAW.strip("; "))
    case = pool(live(sm_config={"vdi_type": "aio"})).smlog(log).xensource_log(OF_RAW)
    assert case.only(ON_RAW).count == 1


def test_an_error_of_type_of_another_run_is_not_about_cbt() -> None:
    log = entered("resize", LIVE) + ended("resize", RAW.strip("; "))
    assert claims(pool(live()).smlog(log)) == []


def test_no_space_is_an_error_and_tells_how_much_there_was() -> None:
    case = pool(live(cbt_enabled=False)).xensource_log(OF_FULL).smlog(WITHOUT_SPACE)
    finding = case.vgs(vgs("0 ")).only(NO_SPACE)
    assert (finding.severity, finding.basis) == (Severity.ERROR, Basis.BOTH)
    assert "SM found 1 MiB free and needed 4 MiB" in finding.detail
    assert f"vgs VG_XenStorage-{SR}" in finding.action[0].step
    assert any("Not enough space!" in evidence.text for evidence in finding.evidence)


def test_no_space_of_a_file_system_is_found_by_its_words() -> None:
    words = f"; Unable to activate changed block tracking. [opterr=[Errno 28] No space left on device: '{MOUNT}/{LIVE}.cbtlog']; "
    line = asked("enable_cbt", LIVE) + failed("enable_cbt", "SR_BACKEND_FAILURE_457", words)
    case = pool(live(cbt_enabled=False)).xensource_log(line)
    assert case.only(NO_SPACE).basis is Basis.SYMPTOM


def test_a_retry_that_went_well_makes_it_an_information() -> None:
    log = WITHOUT_SPACE + created(LIVE, time="14:00:00", pid=3100)
    finding = pool(live(cbt_enabled=None)).smlog(log).only(NO_SPACE)
    assert finding.severity is Severity.INFO
    assert "The same call ended well later, at 2024-06-10 14:00:00 UTC." in finding.detail


def test_a_retry_that_audit_log_shows_counts_too() -> None:
    retry = asked("enable_cbt", LIVE, time="15:00:00", task="00000000aaaa")
    good = audited("enable_cbt", "OK", LIVE, time="15:00:01", task="00000000aaaa")
    case = pool(live(cbt_enabled=None)).xensource_log(OF_FULL + retry).audit_log(good)
    assert "ended well later" in case.only(NO_SPACE).detail


def test_a_disk_that_has_cbt_by_now_is_not_to_be_enabled() -> None:
    finding = pool(live()).xensource_log(OF_FULL).only(NO_SPACE)
    assert finding.severity is Severity.INFO


def test_a_log_cut_short_on_a_full_mount_is_likely() -> None:
    case = CallCase().host().database(sr(kind="nfs"), live(cbt_enabled=False))
    case.xensource_log(OF_SHORT).mount(MOUNT, 0)
    finding = case.only(NO_SPACE)
    assert (finding.confidence, finding.basis) == (Confidence.LIKELY, Basis.BOTH)


def test_a_log_cut_short_on_a_mount_nobody_saw_is_a_gap() -> None:
    case = CallCase().host().database(sr(kind="nfs"), live(cbt_enabled=False))
    examined = case.xensource_log(OF_SHORT).ask(NO_SPACE)
    assert examined.findings == ()
    assert examined.gaps[0].settle_with == f"df -h {MOUNT}"


def test_another_reason_of_457_is_not_space() -> None:
    words = f"; Unable to activate changed block tracking. [opterr=Failed to pause VDI {LIVE}]; "
    examined = (
        pool(live(cbt_enabled=False))
        .xensource_log(asked("enable_cbt", LIVE))
        .xensource_log(failed("enable_cbt", "SR_BACKEND_FAILURE_457", words))
        .ask(NO_SPACE)
    )
    assert (examined.findings, examined.gaps) == ((), ())


def test_no_space_at_a_snapshot_is_another_rule() -> None:
    log = (
        entered("snapshot", LIVE)
        + f"13:00:01 SM: [3000] ['/sbin/lvrename', '/dev/{GROUP}/{LIVE}.cbtlog', '{OLD}.cbtlog']\n"
        + "13:00:01 SM: [3000] Not enough space! free space: 0, need: 4194304\n"
        + "13:00:01 SM: [3000] Raising exception [44, There is insufficient space]\n"
        + f"13:00:02 SM: [3000] Creating CBT metadata log for disk {LIVE} failed.\n"
    )
    assert claims(pool(live(cbt_enabled=False)).smlog(log)) == []


def test_a_call_that_failed_for_a_reason_not_read_is_a_gap() -> None:
    line = "13:00:02 xapi: [error||4711 ||backtrace] VDI.enable_cbt R:0a1b2c3d4e5f failed with exception Server_error(SR_BACKEND_FAILURE_457, [\n"
    assert pool(live()).xensource_log(line).ask(NO_SPACE).gaps


def test_a_command_that_found_no_space_is_the_reason() -> None:
    log = (
        entered("enable_cbt", LIVE)
        + f"13:00:01 SM: [3000] ['/usr/sbin/cbt-util', 'create', '-n', '{MOUNT}/{LIVE}.cbtlog', '-s', '1073741824']\n"
        + f"13:00:01 SM: [3000] FAILED in util.pread: (rc 28) stdout: '', stderr: 'Failed to open log file {MOUNT}/{LIVE}.cbtlog. No space left on device'\n"
        + ended("enable_cbt", "Unable to activate changed block tracking. [opterr=cbt-util]")
    )
    finding = CallCase().host().smlog(log).only(NO_SPACE)
    assert any("(rc 28)" in evidence.text for evidence in finding.evidence)
    assert [s.type for s in finding.subjects] == ["VDI", "SR"]


def test_no_space_without_a_database_still_names_the_disk() -> None:
    finding = CallCase().host().xensource_log(OF_FULL).only(NO_SPACE)
    assert [s.uuid for s in finding.subjects] == [LIVE]


def test_a_call_that_xapi_refused_is_not_joined_to_a_run_of_sm() -> None:
    case = pool(snapshot(), live()).xensource_log(OF_SNAPSHOT).smlog(created(OLD, time="13:00:01"))
    found = calls(case.build(), Method.ENABLE)
    assert [bool(call.operation) for call in found] == [False, True]


def test_a_run_that_went_well_is_not_joined_to_a_failure() -> None:
    case = pool(live()).xensource_log(OF_FULL).smlog(created(LIVE, time="13:00:30"))
    found = calls(case.build(), Method.ENABLE)
    assert [(call.code != "", call.done) for call in found] == [(True, False), (False, True)]


def test_a_failed_run_is_not_joined_to_a_call_that_went_well() -> None:
    case = (
        pool(live())
        .xensource_log(asked("enable_cbt", LIVE))
        .audit_log(audited("enable_cbt", "OK", LIVE))
    )
    found = calls(case.smlog(WITHOUT_SPACE).build(), Method.ENABLE)
    assert len(found) == 2


def test_the_live_disk_is_to_be_found_where_nothing_names_it() -> None:
    finding = CallCase().host().xensource_log(OF_SNAPSHOT).only(ON_SNAPSHOT)
    assert f"uuid={OLD} param-name=snapshot-of" in finding.action[0].step
