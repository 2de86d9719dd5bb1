"""Clients were turned away at the limit; whose connections filled the server."""

import pytest

from analyzer.model.finding import Finding, Severity
from analyzer.model.goal import Standing
from analyzer.model.nbd import CONNECTION_LIMIT
from tests.checks.support import JUPITER, SATURN, VDI, CaseBuilder, vbd, vdi
from tests.rebuilt.nbd.nbd_log import NbdLog, ref, uuid

RULE = "nbd-connection-limit"
BUSY = 'Failure("Server busy: already at maximum 16 connections.")'


def full(log: NbdLog) -> NbdLog:
    for number in range(CONNECTION_LIMIT):
        log.open(number)
    return log


def only(builder: CaseBuilder) -> Finding:
    (finding,) = builder.examine(RULE).findings
    return finding


def built(log: NbdLog) -> CaseBuilder:
    return CaseBuilder().host().daemon_log(log.text)


def test_refusals_are_one_finding_of_the_host() -> None:
    log = full(NbdLog().start()).client().caught(BUSY).client().caught(BUSY)
    finding = only(built(log))
    assert (finding.severity, finding.count) == (Severity.ERROR, 2)
    assert [subject.uuid for subject in finding.subjects] == [JUPITER]
    assert "already serving 16" in finding.detail


def test_those_who_filled_it_are_counted_by_disk() -> None:
    log = full(NbdLog(start="19:00:00").start()).client().caught(BUSY)
    rows = [vbd(uuid(number), VDI, ref=ref(number)) for number in range(12)]
    finding = only(built(log).database(vdi(), *rows))
    assert "the log shows 16: 12 for disk web-01 0" in finding.detail
    assert "4 whose disk nothing names" in finding.detail
    assert "The oldest was there since 2024-06-10 19:00:05 UTC." in finding.detail


def test_their_plugs_and_rows_are_quoted() -> None:
    log = full(NbdLog(start="19:00:00").start()).client().caught(BUSY)
    finding = only(built(log).database(vdi(), vbd(uuid(0), VDI, ref=ref(0))))
    texts = [evidence.text for evidence in finding.evidence]
    assert "Server busy" in texts[0]
    assert any(text.endswith(f"Plugging VBD {ref(0)}") for text in texts)
    assert '<table name="VBD">' in texts[-1]


def test_connections_that_had_not_come_to_a_disk_are_told_apart() -> None:
    log = NbdLog(start="19:00:00").start()
    for _ in range(CONNECTION_LIMIT):
        log.client()
    finding = only(built(log.client().caught(BUSY)))
    assert "had not come to a disk" in finding.title
    assert "16 that had not come to a disk yet" in finding.detail
    assert finding.severity is Severity.WARNING


def test_few_connections_without_a_disk_do_not_change_the_title() -> None:
    log = NbdLog(start="19:00:00").start()
    for number in range(CONNECTION_LIMIT - 1):
        log.open(number)
    finding = only(built(log.client().client().caught(BUSY)))
    assert "not come to a disk" not in finding.title
    assert "1 that had not come to a disk yet" in finding.detail


def test_those_who_closed_before_are_not_blamed() -> None:
    log = NbdLog().start().open(1).close(1).open(2).client().caught(BUSY)
    assert "the log shows 1:" in only(built(log)).detail


def test_connections_from_before_the_log_are_owned_up_to() -> None:
    finding = only(built(NbdLog().open(1).client().caught(BUSY)))
    assert "The others began before what was read" in finding.detail


def test_nothing_but_the_refusal_is_still_told() -> None:
    finding = only(built(NbdLog().client().caught(BUSY)))
    assert finding.detail.endswith("counts too.")


def test_connection_open_for_days_is_named_with_its_disk() -> None:
    old = "\n".join(
        f"Jun  8 {line[:8]} jupiter {line[9:]}" for line in NbdLog().start().open(1).lines
    )
    new = NbdLog().open(2).client().caught(BUSY)
    now = "\n".join(f"Jun 10 {line[:8]} jupiter {line[9:]}" for line in new.lines)
    builder = CaseBuilder().host().dated_daemon_log(f"{old}\n{now}\n")
    finding = only(builder.database(vdi(), vbd(uuid(1), VDI, ref=ref(1))))
    assert "never closed" in finding.title
    assert [subject.type for subject in finding.subjects] == ["Host", "VDI"]
    assert any(f"xe vbd-list vdi-uuid={VDI}" in step.step for step in finding.action)


def test_refusals_hours_apart_are_two_findings() -> None:
    log = NbdLog().client().caught(BUSY).wait(9000).client().caught(BUSY)
    assert len(built(log).examine(RULE).findings) == 2


def _closed(log: NbdLog, *numbers: int) -> NbdLog:
    for number in numbers:
        log.close(number)
    return log


def test_limit_is_over_when_its_connections_ended_and_a_client_was_served() -> None:
    log = full(NbdLog().start()).client().caught(BUSY)
    finding = only(built(_closed(log, *range(CONNECTION_LIMIT)).wait(60).open(20)))
    assert (finding.state, finding.over_since) == (Standing.OVER, finding.evidence[-1].at)
    assert finding.evidence[-1].text.endswith("Serving new client, read_only = true")


def test_limit_is_over_when_another_server_serves() -> None:
    log = full(NbdLog().start()).client().caught(BUSY).wait(60).signal().stopped()
    finding = only(built(log.process(77).start().open(20)))
    assert (finding.state, "started anew" in finding.state_why) == (Standing.OVER, True)


@pytest.mark.parametrize("closed", [0, CONNECTION_LIMIT - 1, CONNECTION_LIMIT])
def test_limit_is_not_over_without_proof(closed: int) -> None:
    log = _closed(full(NbdLog().start()).client().caught(BUSY), *range(closed)).wait(60)
    served = log.open(20) if closed < CONNECTION_LIMIT else log.client()
    assert only(built(served)).state is Standing.UNKNOWN


def test_hosts_have_findings_of_their_own() -> None:
    log = NbdLog().client().caught(BUSY).text
    builder = CaseBuilder().host().daemon_log(log).host("saturn", SATURN).daemon_log(log)
    found = builder.examine(RULE).findings
    assert sorted(each.subjects[0].uuid for each in found) == sorted((JUPITER, SATURN))


def test_sixteen_at_a_time_without_a_refusal_is_no_finding() -> None:
    assert built(full(NbdLog().start())).examine(RULE).findings == ()


def test_other_failures_of_clients_are_not_the_limit() -> None:
    log = NbdLog().start().client().caught("End_of_file")
    assert built(log).examine(RULE).findings == ()


def test_steps_fit_who_filled_it() -> None:
    crowd, strangers = NbdLog().start(), NbdLog().start()
    for number in range(CONNECTION_LIMIT):
        crowd.open(number)
        strangers.client()
    steps = [
        " ".join(step.step for step in only(built(log.client().caught(BUSY))).action)
        for log in (crowd, strangers)
    ]
    assert ["Read fewer disks" in each for each in steps] == [True, False]
    assert ["port scanners" in each for each in steps] == [False, True]
