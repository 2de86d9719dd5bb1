"""What the rules about calls answer where nothing failed, where a log is missing, without CBT."""

import pytest

from analyzer.judging import outcomes_of
from analyzer.model.finding import Outcome, Verdict
from analyzer.model.report import Presence
from tests.checks.support import CATALOGUE
from tests.support.judging import JUPITER, World, pool, vdi, whole

XAPI = (
    "cbt-destroy-cbt-not-enabled",
    "cbt-destroy-not-a-snapshot",
    "cbt-enable-on-snapshot",
    "cbt-list-target-attached",
)
STORAGE = (
    "cbt-enable-no-space",
    "cbt-enable-on-raw-vdi",
    "cbt-list-cbt-not-enabled",
    "cbt-list-not-a-snapshot",
    "cbt-list-unrelated",
    "cbt-list-wrong-order",
)


def answer(world: World, rule: str) -> Outcome:
    """Return the answer of one rule."""
    outcomes = outcomes_of(CATALOGUE, *world.case(CATALOGUE))
    return next(outcome for outcome in outcomes if outcome.rule == rule)


@pytest.mark.parametrize("rule", [*XAPI, *STORAGE])
def test_whole_logs_without_a_failure_rule_it_out(rule: str) -> None:
    assert answer(whole(), rule).verdict is Verdict.RULED_OUT


@pytest.mark.parametrize("rule", [*XAPI, *STORAGE])
def test_without_the_log_of_xapi_nobody_can_tell(rule: str) -> None:
    world = whole(breaks={("a", "xensource_log"): Presence.TIMED_OUT})
    outcome = answer(world, rule)
    assert outcome.verdict is Verdict.CANNOT_TELL
    assert outcome.settle_with


@pytest.mark.parametrize("rule", STORAGE)
def test_without_the_log_of_the_storage_manager_nobody_can_tell(rule: str) -> None:
    world = whole(breaks={("a", "smlog"): Presence.TIMED_OUT})
    assert answer(world, rule).verdict is Verdict.CANNOT_TELL


@pytest.mark.parametrize("rule", [*XAPI, *STORAGE])
def test_a_pool_without_cbt_has_no_use_for_it(rule: str) -> None:
    world = whole(pools=(pool(JUPITER, vdis=(vdi(cbt=False),)),))
    assert answer(world, rule).verdict is Verdict.NOT_APPLICABLE
