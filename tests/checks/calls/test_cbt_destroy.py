"""The rules about VDI.data_destroy: of no snapshot, of a snapshot without CBT."""

import pytest

from analyzer.model.finding import Basis, Confidence, Severity
from analyzer.model.goal import Standing
from tests.checks.calls.call_case import (
    LIVE,
    OLD,
    CallCase,
    asked,
    audited,
    ended,
    entered,
    failed,
    live,
    snapshot,
)
from tests.checks.support import SR, sr

NO_SNAPSHOT = "cbt-destroy-not-a-snapshot"
NO_CBT = "cbt-destroy-cbt-not-enabled"
OF_LIVE = asked("data_destroy", LIVE) + failed(
    "data_destroy", "OPERATION_NOT_ALLOWED", f"VDI is not a snapshot: OpaqueRef:{LIVE}"
)
WITHOUT = asked("data_destroy", OLD) + failed(
    "data_destroy", "VDI_NO_CBT_METADATA", f"OpaqueRef:{OLD}"
)


def pool(*rows: object) -> CallCase:
    """Return a pool with one host."""
    return CallCase().host().database(sr(), *rows)  # type: ignore[arg-type]  # rows of the database


def test_a_live_disk_is_found_and_no_step_destroys_it() -> None:
    finding = pool(live()).xensource_log(OF_LIVE).only(NO_SNAPSHOT)
    assert [(s.type, s.uuid) for s in finding.subjects] == [("VDI", LIVE), ("SR", SR)]
    assert (finding.basis, finding.confidence) == (Basis.BOTH, Confidence.CERTAIN)
    assert finding.severity is Severity.WARNING
    assert not any("vdi-destroy" in step.step for step in finding.action)


def test_sm_that_refuses_it_in_the_second_place_is_understood() -> None:
    words = "; Invalid VDI type [opterr=Only allowed for snapshot VDIs]; "
    line = asked("data_destroy", LIVE) + failed("data_destroy", "SR_BACKEND_FAILURE_66", words)
    assert pool(live()).xensource_log(line).only(NO_SNAPSHOT).count == 1


def test_smlog_alone_shows_it() -> None:
    log = entered("data_destroy", LIVE) + ended(
        "data_destroy", "Invalid VDI type [opterr=Only allowed for snapshot VDIs]"
    )
    assert pool(live()).smlog(log).only(NO_SNAPSHOT).subjects[0].uuid == LIVE


def test_metadata_that_a_scan_found_is_told_as_what_it_is() -> None:
    row = snapshot(is_a_snapshot=False, snapshot_of=None, type="cbt_metadata")
    finding = pool(row).xensource_log(OF_LIVE.replace(LIVE, OLD)).only(NO_SNAPSHOT)
    assert "gone already" in finding.title
    assert any(f"xe vdi-destroy uuid={OLD}" in step.step for step in finding.action)


def test_a_database_that_contradicts_makes_it_less_sure() -> None:
    case = pool(snapshot(), live()).xensource_log(OF_LIVE.replace(LIVE, OLD))
    assert case.only(NO_SNAPSHOT).confidence is Confidence.LIKELY


def test_a_snapshot_without_cbt_is_found_by_symptom_and_state() -> None:
    case = pool(snapshot(cbt_enabled=False), live()).xensource_log(WITHOUT)
    finding = case.only(NO_CBT)
    assert (finding.basis, finding.subjects[0].uuid) == (Basis.BOTH, OLD)
    assert any(LIVE in step.step and "CBT is on" in step.step for step in finding.action)
    assert any(f"xe vdi-destroy uuid={OLD}" in step.step for step in finding.action)


def test_a_live_disk_without_cbt_is_offered_to_be_enabled() -> None:
    case = pool(snapshot(cbt_enabled=False), live(cbt_enabled=False)).xensource_log(WITHOUT)
    steps = [step.step for step in case.only(NO_CBT).action]
    assert any(f"xe vdi-enable-cbt uuid={LIVE}" in step for step in steps)


def test_a_snapshot_that_is_gone_is_found_by_symptom() -> None:
    finding = pool(live()).xensource_log(WITHOUT).only(NO_CBT)
    assert finding.basis is Basis.SYMPTOM
    assert not any("vdi-destroy" in step.step for step in finding.action)


def test_a_later_success_makes_it_an_information() -> None:
    good = audited("data_destroy", "OK", OLD, time="16:00:00", task="00000000aaaa")
    case = pool(snapshot(cbt_enabled=True), live()).xensource_log(WITHOUT).audit_log(good)
    finding = case.only(NO_CBT)
    assert finding.severity is Severity.INFO
    assert "ended well later" in finding.detail
    assert (finding.state, finding.over_since) == (Standing.OVER, finding.evidence[-1].at)


@pytest.mark.parametrize(
    "line",
    [
        failed("data_destroy", "VDI_IN_USE", f"OpaqueRef:{OLD}; data_destroy"),
        failed("destroy", "OPERATION_NOT_ALLOWED", f"VDI is not a snapshot: OpaqueRef:{OLD}"),
        failed("data_destroy", "OPERATION_NOT_ALLOWED", "something else"),
        asked("data_destroy", OLD),
    ],
)
def test_other_failures_are_neither(line: str) -> None:
    case = pool(snapshot(cbt_enabled=False), live()).xensource_log(line)
    for rule in (NO_SNAPSHOT, NO_CBT):
        assert (case.ask(rule).findings, case.ask(rule).gaps) == ((), ())


def test_a_reason_that_was_cut_off_is_a_gap() -> None:
    line = "13:00:02 xapi: [error||4711 ||backtrace] VDI.data_destroy R:0a1b2c3d4e5f failed with exception Server_error(OPERATION_NOT_ALLOWED, [\n"
    assert pool(live()).xensource_log(line).ask(NO_SNAPSHOT).gaps
