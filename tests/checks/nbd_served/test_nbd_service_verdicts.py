"""What the rules about NBD connections and their server answer where nothing happened."""

import pytest

from analyzer.judging import outcomes_of
from analyzer.model.finding import Outcome, Verdict
from analyzer.model.report import Presence
from tests.checks.support import CATALOGUE
from tests.support.judging import JUPITER, World, network, pair, pool, whole

RULES = (
    "nbd-attach-refused",
    "nbd-connection-limit",
    "nbd-read-failed",
    "nbd-service-crashed",
    "nbd-session-invalid",
)


def answer(world: World, rule: str) -> Outcome:
    outcomes = outcomes_of(CATALOGUE, *world.case(CATALOGUE))
    return next(outcome for outcome in outcomes if outcome.rule == rule)


@pytest.mark.parametrize("rule", RULES)
def test_whole_logs_of_all_hosts_rule_it_out(rule: str) -> None:
    assert answer(pair(), rule).verdict is Verdict.RULED_OUT


@pytest.mark.parametrize("rule", RULES)
def test_without_the_log_of_one_host_nobody_can_tell(rule: str) -> None:
    outcome = answer(pair(breaks={("b", "daemon_log"): Presence.OMITTED_BY_CAP}), rule)
    assert outcome.verdict is Verdict.CANNOT_TELL
    assert outcome.settle_with


@pytest.mark.parametrize("rule", RULES)
def test_pool_without_nbd_has_no_use_for_it(rule: str) -> None:
    world = whole(pools=(pool(JUPITER, networks=(network(),)),))
    assert answer(world, rule).verdict is Verdict.NOT_APPLICABLE
