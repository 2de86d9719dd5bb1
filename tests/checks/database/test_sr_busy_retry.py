"""Calls that hang behind an operation of their SR: who blocks, since when, and how long is long."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from analyzer.model.finding import Basis, Confidence, Finding, Severity, Verdict
from analyzer.model.xapi import XapiObject
from tests.checks.support import CATALOGUE, JUPITER, SR, VDI, CaseBuilder, at, sr, vdi
from tests.support.judging import World, pair

RULE = "sr-busy-retry"
BLOCKER = "OpaqueRef:91c3e5d0-7a41-4f0e-8f6b-55d1c0b7a2e4"
NEXT = "OpaqueRef:c7f1b2a9-3e4d-4a5b-9c6d-0e1f2a3b4c5d"
SCAN = f"; scan; {BLOCKER}"


def tries(
    minutes: int,
    held_by: str = SCAN,
    *,
    call: str = "VDI.snapshot",
    task: str = "R:0a1b2c3d4e5f",
    begin: str = "13:00:00",
    step: int = 15,
) -> str:
    """Return the tries of one call, one every `step` seconds."""
    return "".join(
        f"{time} xapi: [debug||4711 HTTPS 192.0.2.40->:::80|Async.{call} {task}|helpers] {call} "
        "locking failed: caught transient failure OTHER_OPERATION_IN_PROGRESS: "
        f"[ SR; OpaqueRef:{SR}{held_by} ]\n"
        for time in _times(begin, minutes, step)
    )


def _times(begin: str, minutes: int, step: int) -> Iterator[str]:
    first = datetime.fromisoformat(f"2024-06-10T{begin}")
    for second in range(0, minutes * 60 + 1, step):
        yield (first + timedelta(seconds=second)).strftime("%H:%M:%S")


def gave_up(time: str, call: str = "VDI.snapshot", task: str = "R:0a1b2c3d4e5f") -> str:
    error = f"Server_error(OTHER_OPERATION_IN_PROGRESS, [ SR; OpaqueRef:{SR}{SCAN} ])"
    return (
        f"{time} xapi: [error||4711 ||backtrace] Async.{call} {task} failed with exception "
        f"{error}\n"
    )


def builder(log: str, *rows: XapiObject) -> CaseBuilder:
    return CaseBuilder().host().database(*(rows or (sr(),))).xensource_log(log)


def only(found: CaseBuilder) -> Finding:
    (finding,) = found.examine(RULE).findings
    return finding


def test_wait_of_ten_minutes_for_one_operation_is_found() -> None:
    finding = only(builder(tries(12)))
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert finding.basis is Basis.SYMPTOM
    assert finding.title == "Calls waited 12 minutes for one operation of SR tank"
    assert f"scan (task {BLOCKER})" in finding.detail
    assert finding.first_seen == at("13:00:00")
    assert finding.last_seen == at("13:12:00")


def test_subject_is_the_sr() -> None:
    assert [(s.type, s.uuid) for s in only(builder(tries(12))).subjects] == [("SR", SR)]


@pytest.mark.parametrize("minutes", [0, 1, 9])
def test_wait_of_minutes_is_usual(minutes: int) -> None:
    assert not builder(tries(minutes)).examine(RULE).findings


def test_queue_of_many_short_operations_is_usual() -> None:
    log = "".join(
        tries(4, f"; scan; {blocker}", begin=begin)
        for blocker, begin in ((BLOCKER, "13:00:00"), (NEXT, "13:05:00"), (BLOCKER, "13:10:00"))
    )
    assert not builder(log).examine(RULE).findings


def test_queue_of_half_an_hour_is_found() -> None:
    log = "".join(
        tries(6, f"; VDI.clone; {blocker}", begin=f"13:{minute:02}:00")
        for minute, blocker in enumerate([BLOCKER, NEXT] * 4)
        for minute in [minute * 7]
    )
    finding = only(builder(log))
    assert "for their turn" in finding.title
    assert "They waited for VDI.clone." in finding.detail


@pytest.mark.parametrize("held_by", ["", "; VDI.clone"])
def test_release_that_does_not_name_the_blocker_needs_half_an_hour(held_by: str) -> None:
    assert not builder(tries(25, held_by)).examine(RULE).findings
    finding = only(builder(tries(35, held_by)))
    assert "35 minutes" in finding.title


def test_two_tries_an_hour_apart_are_two_waits() -> None:
    log = tries(1) + tries(1, begin="14:00:00")
    assert not builder(log).examine(RULE).findings


def test_tries_without_their_task_are_no_wait_of_one_call() -> None:
    damaged = tries(40).replace("R:0a1b2c3d4e5f", "R0a1b2c3d4e5f")
    assert not builder(damaged).examine(RULE).findings


def test_call_that_gave_up_is_an_error() -> None:
    finding = only(builder(tries(120) + gave_up("15:00:01")))
    assert (finding.severity, finding.confidence) == (Severity.ERROR, Confidence.CERTAIN)
    assert "1 of the calls ended with OTHER_OPERATION_IN_PROGRESS" in finding.detail
    assert "2 h" in finding.title
    assert "failed with exception" in finding.evidence[0].text


def test_call_that_gave_up_quickly_without_naming_the_blocker_is_found_too() -> None:
    finding = only(builder(tries(2, "") + gave_up("13:02:01")))
    assert finding.severity is Severity.ERROR


def test_failure_without_a_wait_is_nothing() -> None:
    assert not builder(gave_up("15:00:00")).examine(RULE).findings


def test_wait_of_an_hour_is_an_error() -> None:
    finding = only(builder(tries(80)))
    assert finding.severity is Severity.ERROR
    assert "1 h 20 min" in finding.title


def test_calls_behind_one_operation_are_one_finding() -> None:
    other = tries(14, call="VDI.list_changed_blocks", task="R:111111111111", begin="13:01:00")
    finding = only(builder(tries(12) + other))
    assert finding.count == 2
    assert "VDI.list_changed_blocks and VDI.snapshot" in finding.detail


def test_operation_that_the_database_still_has_is_certain() -> None:
    row = sr(current_operations={BLOCKER: "scan"})
    finding = only(builder(tries(12), row))
    assert (finding.basis, finding.confidence) == (Basis.BOTH, Confidence.CERTAIN)
    assert "current_operations" in finding.evidence[-1].text


def run_of_blocker(task: str, first: str, last: str, pid: int = 2401) -> str:
    return (
        f"{first} SM: [{pid}] vdi_snapshot {{'args': [], 'vdi_uuid': '{VDI}', 'sr_uuid': '{SR}', "
        f"'subtask_of': '{task}', 'command': 'vdi_snapshot'}}\n"
        f"{last} SM: [{pid}] Pause request for {VDI}\n"
    )


def test_run_of_the_storage_manager_is_named() -> None:
    log = run_of_blocker(BLOCKER, "12:59:59", "13:05:00")
    finding = only(builder(tries(12), sr(), vdi()).smlog(log))
    assert "SM ran vdi_snapshot for it on jupiter from 2024-06-10 12:59:59 UTC" in finding.detail
    assert any("vdi_snapshot {" in quoted.text for quoted in finding.evidence)


def test_run_that_lasted_as_long_stands_for_a_blocker_without_a_name() -> None:
    log = run_of_blocker("OpaqueRef:NULL", "12:59:59", "13:14:00")
    log += f"13:28:00 SM: [2401] Unpause request for {VDI} secondary=None\n"
    log += f"13:40:00 SM: [2401] Unpause request for {VDI} secondary=None\n"
    finding = only(builder(tries(35, ""), sr(), vdi()).smlog(log))
    assert any("vdi_snapshot {" in quoted.text for quoted in finding.evidence)


def test_sr_that_no_database_has_is_named_by_its_reference() -> None:
    finding = only(CaseBuilder().host(uuid=JUPITER).xensource_log(tries(12)))
    assert finding.subjects[0].uuid == f"OpaqueRef:{SR}"
    assert not any("sr-param-get" in step.step for step in finding.action)


def test_whole_pool_without_it_is_ruled_out() -> None:
    assert pair().judge(CATALOGUE, RULE).verdict is Verdict.RULED_OUT


def test_without_logs_nobody_can_tell() -> None:
    assert World().judge(CATALOGUE, RULE).verdict is Verdict.CANNOT_TELL
