"""A fixed small part of what ``make mutate`` does to all samples."""

from pathlib import Path

import pytest

from tests.mutate.damage import Kind
from tests.mutate.judge import Damaged, Judge, Verdicts, all_damages
from tests.mutate.results import Results
from tests.mutate.worker import Worker

_EVERY = 1499  # a prime, so that each sample and most kinds of damage are met
_ALL = all_damages()
_PART = _ALL[::_EVERY]


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    return Judge(tmp_path_factory.mktemp("mutate") / "report")


def test_the_part_has_every_kind_of_damage() -> None:
    assert {damaged.kind for damaged in _ALL} == set(Kind)


@pytest.mark.parametrize("damaged", _PART, ids=lambda damaged: damaged.where)
def test_damage_takes_no_finding_away_and_makes_none(damaged: Damaged, judge: Judge) -> None:
    verdicts = judge(damaged).verdicts
    assert verdicts.good, verdicts


@pytest.mark.parametrize(
    ("sample", "where"),
    [
        ("nbd-healthy", "jupiter var/log/SMlog.1 member removed"),
        ("nbd-healthy", "jupiter var/log/daemon.log"),  # under the name of the older one
        ("two-host-pool", "jupiter var/log/SMlog"),
        ("cbt-hazards-lvm", "jupiter var/log/xensource.log"),
        ("cbt-hazards-lvm", "jupiter var/log/kern.log"),
    ],
)
def test_what_was_told_wrong_once(sample: str, where: str, judge: Judge) -> None:
    own = (each for each in _ALL if each.sample == sample)
    damaged = next(each for each in own if each.where == f"{sample}: {each.shape} {where}")
    verdicts = judge(damaged).verdicts
    assert verdicts.good, verdicts


def test_archives_that_read_alike_are_judged_once(judge: Judge) -> None:
    removed = [each for each in _ALL if each.where.endswith("jupiter df-alT.out member removed")]
    alike = [each for each in removed if each.sample == "resize-failed"]
    assert [each.shape for each in alike] == ["tar", "tar.gz", "tar.bz2", "zip"]
    # a zip as XenCenter packs it keeps no times
    assert [judge(each).again for each in alike] == [False, True, True, False]


@pytest.mark.slow
def test_a_hang_is_named_and_the_next_is_judged() -> None:
    worker = Worker(seconds=0.01)
    try:
        (why,) = worker.judge(_PART[0]).verdicts.failed
    finally:
        worker.close()
    assert why.startswith("no answer in ")


def test_a_run_goes_on_where_the_last_one_ended(tmp_path: Path, judge: Judge) -> None:
    good, bad, new = _PART[:3]
    first = Results(tmp_path / "answers")
    judged = judge(good)
    first.add(good, judged)
    first.add(bad, type(judged)(verdicts=Verdicts(new=("x",)), seconds=0, again=False))
    second = Results(tmp_path / "answers")
    assert [second.good(each) for each in (good, bad, new)] == [True, False, None]
