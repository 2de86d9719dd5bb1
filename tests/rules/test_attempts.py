"""What could have been a finding of a pattern, and what it lacked."""

from dataclasses import replace
from datetime import timedelta

import pytest

from analyzer.case.case import Case
from analyzer.rules.attempts import attempts, condition
from analyzer.rules.pattern import Correlate, Correlation, Pattern
from tests.checks.support import CATALOGUE, CaseBuilder

STARTED = "13:32:{:02d} xapi-nbd[2407]: main: Starting xapi-nbd: port = '10809'; certfile = 'x'\n"
BOOTED = (
    "13:33:{:02d} kernel: [    0.000000] Linux version 4.19.0+1 (mockbuild@b2d1) (gcc 11.2.1)\n"
)


def pattern(correlation: Correlation, gte: int = 1) -> Pattern:
    """Return a pattern of two kinds of lines: xapi-nbd started, the host booted."""
    nbd, boot = CATALOGUE.get("nbd-started"), CATALOGUE.get("host-booted")
    correlate = Correlate(type=correlation, gte=gte, timespan=timedelta(minutes=5))
    selectors = (nbd.selectors[0], boot.selectors[0])
    return replace(nbd, selectors=selectors, correlate=correlate)


def case(nbd: int = 0, boot: int = 0) -> Case:
    lines = "".join(STARTED.format(second) for second in range(nbd))
    boots = "".join(BOOTED.format(second) for second in range(boot))
    return CaseBuilder().host().daemon_log(lines).kern_log(boots).build()


def lacks(of: Pattern, known: Case) -> list[str]:
    return [attempt.lacks for attempt in attempts(of, known)[0]]


def test_too_few_lines_say_how_many_of_how_many() -> None:
    assert lacks(pattern(Correlation.EVENT_COUNT, 3), case(nbd=2)) == ["2 of 3"]


def test_enough_lines_lack_nothing() -> None:
    assert lacks(pattern(Correlation.EVENT_COUNT, 2), case(nbd=2)) == [""]


@pytest.mark.parametrize("kind", [Correlation.TEMPORAL, Correlation.TEMPORAL_ORDERED])
def test_burst_without_a_kind_names_it(kind: Correlation) -> None:
    (told,) = lacks(pattern(kind), case(nbd=1))
    assert told == "no host-booted near it"


def test_burst_in_another_order_says_so() -> None:
    reverse = replace(
        pattern(Correlation.TEMPORAL_ORDERED),
        selectors=pattern(Correlation.TEMPORAL_ORDERED).selectors[::-1],
    )
    assert lacks(reverse, case(nbd=1, boot=1)) == [
        "all kinds are there, but not certainly in this order"
    ]
    assert lacks(pattern(Correlation.TEMPORAL_ORDERED), case(nbd=1, boot=1)) == [""]


def test_line_that_was_answered_is_no_finding_and_is_shown() -> None:
    (told,) = lacks(pattern(Correlation.ABSENT), case(nbd=1, boot=1))
    assert told.startswith("it was answered in time")


def test_no_line_is_no_attempt() -> None:
    assert not lacks(pattern(Correlation.EVENT_COUNT), case())


@pytest.mark.parametrize("kind", list(Correlation))
def test_condition_is_said_for_every_correlation(kind: Correlation) -> None:
    said = condition(pattern(kind, 3))
    assert "0:05:00" in said
    assert "host" in said


def test_condition_without_groups_names_none() -> None:
    alone = replace(pattern(Correlation.EVENT_COUNT), correlate=Correlate(group_by=()))
    assert "of one" not in condition(alone)
