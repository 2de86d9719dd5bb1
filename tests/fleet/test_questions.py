"""Answers of a fleet: rates over what could be judged, and faults of a question by name."""

import shutil
from pathlib import Path

import pytest

from analyzer.errors import UsageError
from analyzer.fleet.engine import Plan
from analyzer.fleet.questions import ask, by_version, new_signatures, of_customer, trend
from analyzer.fleet.store import Store
from tests.fleet.small_fleet import SAMPLES, run, small_cases


def test_rates_divide_by_what_could_be_judged(tmp_path: Path) -> None:
    source = tmp_path / "src"
    for customer, sample in [("acme", "resize-failed"), ("globex", "healthy-cbt")]:
        (source / customer / "own").mkdir(parents=True)
        shutil.copy(SAMPLES / f"{sample}.tar.bz2", source / customer / "own")
    small_cases(source, 2)
    run(source, tmp_path / "out", Plan(chunk=4, jobs=1))
    store = Store(tmp_path / "out")
    rule = "cbt-disabled-resize-failed"
    by_month = trend(store, rule)[1]
    assert [row[1:] for row in by_month if row[0] == "2024-11"] == [(1, 1, 0, 0.5)]
    assert (rule, 1, 0) in [row[:3] for row in of_customer(store, "acme")[1]]
    assert rule in {row[1] for row in by_version(store)[1]}
    names, rows = new_signatures(store, 30)
    assert names[0] == "signature"
    assert [row[0] for row in rows if "no luck" in row[0]]


def test_a_question_that_is_none_is_told_by_its_fault(tmp_path: Path) -> None:
    run(small_cases(tmp_path / "src", 1), tmp_path / "out")
    with pytest.raises(UsageError, match="nonsense"):
        ask(Store(tmp_path / "out"), "select nonsense from cases")
    with pytest.raises(UsageError, match="no fleet"):
        Store.made(tmp_path / "src")
