"""A fixed small part of what ``make mutate`` does to all samples."""

import pytest

from tests.mutate.damage import Kind
from tests.mutate.judge import Damaged, all_damages, judge

_EVERY = 1499  # a prime, so that each sample and most kinds of damage are met
_ALL = all_damages()
_PART = _ALL[::_EVERY]


def test_the_part_has_every_kind_of_damage() -> None:
    assert {damaged.kind for damaged in _ALL} == set(Kind)


@pytest.mark.parametrize("damaged", _PART, ids=lambda damaged: damaged.where)
def test_damage_takes_no_finding_away_and_makes_none(damaged: Damaged) -> None:
    verdicts = judge(damaged)
    assert verdicts.good, verdicts
