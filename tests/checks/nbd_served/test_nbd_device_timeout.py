"""NBD devices of the control domain that timed out; disconnects are no such thing."""

import pytest

from analyzer.model.finding import Severity, Verdict
from analyzer.rules.engine import judge
from tests.checks.support import CATALOGUE, CaseBuilder
from tests.support.judging import World, pair, whole

RULE = "nbd-device-timeout"
TIMED_OUT = "13:32:41 kernel: [2494015.132034] block nbd0: Connection timed out\n"
CLEAN = (
    "13:32:41 kernel: [2494015.132034] block nbd0: Receive control failed (result -32)\n"
    "13:32:41 kernel: [2494015.132040] block nbd0: shutting down sockets\n"
)


def titles(log: str) -> list[str]:
    """Return the titles of what the rule finds in a kern.log."""
    pattern = next(rule for rule in CATALOGUE.rules if rule.id == RULE)
    case = CaseBuilder().host().kern_log(log).build()
    return [finding.title for finding in judge(pattern, case, whole().sources()).findings]


def test_time_out_is_found_once_per_device() -> None:
    other = TIMED_OUT.replace("nbd0", "nbd3")
    assert titles(TIMED_OUT + TIMED_OUT + other) == [
        "NBD device nbd0 of host jupiter timed out",
        "NBD device nbd3 of host jupiter timed out",
    ]


@pytest.mark.parametrize(
    "log",
    [
        CLEAN,
        TIMED_OUT.replace("timed out", "timed out, retrying (1/2 alive)"),
        "13:32:41 kernel: [2494015.132034] print_req_error: I/O error, dev nbd0, sector 0\n",
    ],
    ids=["clean disconnect", "retried", "input/output error alone"],
)
def test_lines_that_come_without_trouble_are_nothing(log: str) -> None:
    assert titles(log) == []


def test_severity_is_that_of_a_dead_device() -> None:
    assert CATALOGUE.get(RULE).text.severity is Severity.ERROR


def test_whole_pool_without_it_is_ruled_out() -> None:
    assert pair().judge(CATALOGUE, RULE).verdict is Verdict.RULED_OUT


def test_without_logs_nobody_can_tell() -> None:
    assert World().judge(CATALOGUE, RULE).verdict is Verdict.CANNOT_TELL
