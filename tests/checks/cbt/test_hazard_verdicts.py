"""The verdicts of the hazards where there is nothing to find."""

import pytest

from analyzer.model.finding import Verdict
from analyzer.rules.load import load_catalogue
from tests.support.judging import JUPITER, World, pair, vdi, whole
from tests.support.judging import pool as pool_of

CATALOGUE = load_catalogue()
RULES = [
    "cbt-chain-cycle",
    "cbt-database-disagrees",
    "cbt-disabled-inconsistent-log",
    "cbt-disabled-resize-failed",
    "cbt-every-backup-full",
    "cbt-incomplete-changed-blocks",
    "cbt-inconsistency-hidden",
    "cbt-log-cannot-grow",
    "cbt-log-short",
    "cbt-log-unlinked",
    "cbt-stale-child-pointer",
    "cbt-tapdisk-without-log",
]


@pytest.mark.parametrize("rule", [*RULES, "known-defect"])
def test_whole_pool_without_the_trouble_is_ruled_out(rule: str) -> None:
    assert pair().judge(CATALOGUE, rule).verdict is Verdict.RULED_OUT


@pytest.mark.parametrize("rule", RULES)
def test_without_a_database_nobody_can_tell(rule: str) -> None:
    assert World().judge(CATALOGUE, rule).verdict is Verdict.CANNOT_TELL


@pytest.mark.parametrize("rule", RULES)
def test_where_nobody_uses_cbt_the_rule_does_not_apply(rule: str) -> None:
    unused = pool_of(JUPITER, vdis=(vdi(cbt=False),), networks=())
    assert whole(pools=(unused,)).judge(CATALOGUE, rule).verdict is Verdict.NOT_APPLICABLE
