"""Descriptors that ran out: of a tapdisk, of xapi-nbd, and a tapdisk that is close to it."""

from analyzer.model.finding import Basis, Confidence, Finding, Severity, Verdict
from tests.checks.support import CATALOGUE, JUPITER, SATURN, CaseBuilder
from tests.support.judging import World, pair

RULE = "nbd-descriptor-leak"
EXHAUSTED = (
    "13:32:41 tapdisk[11874]: nbd: failed to accept connection: Too many open files\n"
    "13:32:51 tapdisk[11874]: nbd: failed to accept connection: Too many open files\n"
)
HIGH = "13:30:00 tapdisk[11874]: nbd: server: got connection fd = 911\n"
SERVER = (
    "13:32:41 xapi-nbd[3102]: main: Caught unexpected exception: "
    'Unix.Unix_error(Unix.EMFILE, "accept", "")\n'
)
OLD, NEW = "blktap-3.54.9-1.2.xcpng8.3.x86_64", "blktap-3.55.4-1.1.xcpng8.3.x86_64"


def only(builder: CaseBuilder) -> Finding:
    (finding,) = builder.examine(RULE).findings
    return finding


def test_tapdisk_that_could_open_no_more_is_found() -> None:
    finding = only(CaseBuilder().host().daemon_log(EXHAUSTED))
    assert (finding.severity, finding.confidence) == (Severity.ERROR, Confidence.LIKELY)
    assert finding.count == 2
    assert "process 11874" in finding.detail
    assert "was not read" in finding.detail
    assert "/proc/11874/fd" in finding.action[0].step


def test_version_with_the_leaks_makes_it_certain() -> None:
    finding = only(CaseBuilder().host().packages("kernel-4.19", OLD).daemon_log(EXHAUSTED))
    assert (finding.basis, finding.confidence) == (Basis.BOTH, Confidence.CERTAIN)
    assert "older than the one that closed them all" in finding.detail


def test_version_with_the_fixes_leaves_it_likely() -> None:
    finding = only(CaseBuilder().host().packages(NEW).daemon_log(EXHAUSTED))
    assert (finding.basis, finding.confidence) == (Basis.SYMPTOM, Confidence.LIKELY)
    assert "has all known fixes" in finding.detail


def test_version_alone_is_nothing() -> None:
    assert not CaseBuilder().host().packages(OLD).daemon_log("").examine(RULE).findings


def test_high_descriptors_are_possible() -> None:
    finding = only(CaseBuilder().host().packages(OLD).daemon_log(HIGH))
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.POSSIBLE)
    assert "That was 911 on jupiter" in finding.detail


def test_exhausted_tapdisk_is_told_once() -> None:
    assert "ran out" in only(CaseBuilder().host().daemon_log(HIGH + EXHAUSTED)).title


def test_usual_descriptors_are_nothing() -> None:
    line = "13:30:00 tapdisk[11874]: nbd: server: got connection fd = 23\n"
    assert not CaseBuilder().host().daemon_log(line).examine(RULE).findings


def test_server_that_could_open_no_more_is_another_finding() -> None:
    finding = only(CaseBuilder().host().packages(OLD).daemon_log(SERVER))
    assert finding.title == "xapi-nbd on host jupiter ran out of file descriptors"
    assert not any("blktap" in step.step for step in finding.action)
    assert any("restart xapi-nbd" in step.step for step in finding.action)


def test_each_host_is_judged_by_itself() -> None:
    builder = CaseBuilder().host().daemon_log(EXHAUSTED).host("saturn", SATURN)
    (finding,) = builder.daemon_log("").examine(RULE).findings
    assert finding.subjects[0].uuid == JUPITER


def test_whole_pool_without_it_is_ruled_out() -> None:
    assert pair().judge(CATALOGUE, RULE).verdict is Verdict.RULED_OUT


def test_without_logs_nobody_can_tell() -> None:
    assert World().judge(CATALOGUE, RULE).verdict is Verdict.CANNOT_TELL
