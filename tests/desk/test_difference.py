"""Two reports of one pool compared: nothing counts as fixed that nobody has seen to be."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from analyzer.desk.difference import Difference, Fate, difference
from analyzer.desk.steps_taken import Sight
from analyzer.errors import UsageError
from analyzer.render.data.json import render_json
from analyzer.run import Options, analyze
from tests.desk.pairs import PAIRS

pytestmark = pytest.mark.slow  # pools live through days, and are judged twice

NO_SPACE, OLD_SNAPSHOTS = "cbt-disabled-no-space", "cbt-enabled-on-old-snapshots"
UNRELATED, NO_NETWORK = "cbt-list-cbt-not-enabled", "nbd-info-no-nbd-network"

Fates = dict[str, Fate]

TRUTH: dict[str, Fates] = {
    "healthy_twice": {},
    "broke_in_between": {NO_SPACE: Fate.NEW, OLD_SNAPSHOTS: Fate.NEW},
    "nothing_done": {NO_SPACE: Fate.STILL, OLD_SNAPSHOTS: Fate.STILL},
    "turned_on_again": {NO_SPACE: Fate.FIXED, OLD_SNAPSHOTS: Fate.FIXED},
    "logs_gone": {
        NO_SPACE: Fate.LOST,
        OLD_SNAPSHOTS: Fate.FIXED,
        "cbt-disabled-snapshot-failed": Fate.NEW,
    },
    "disk_gone": {NO_SPACE: Fate.LOST, OLD_SNAPSHOTS: Fate.LOST},
    "broke_again": {NO_SPACE: Fate.STILL, OLD_SNAPSHOTS: Fate.STILL},
    "purpose_given": {NO_NETWORK: Fate.LOST},
    "purpose_still_missing": {NO_NETWORK: Fate.STILL},
    "rotated_and_untouched": {UNRELATED: Fate.LOST, "": Fate.LOST},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pairs")


@cache
def _documents(name: str, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    first, second = (
        json.loads(
            render_json(analyze([made.write_tar(folder / f"{name}-{n}.tar.bz2")], Options(jobs=1)))
        )
        for n, made in enumerate(PAIRS[name]())
    )
    return first, second


def _told(name: str, folder: Path) -> Difference:
    return difference(*_documents(name, folder))


@pytest.mark.parametrize("name", PAIRS)
def test_a_trouble_has_the_fate_that_its_story_tells(name: str, folder: Path) -> None:
    told = _told(name, folder)
    assert {change.rule: change.fate for change in told.changes} == TRUTH[name]
    assert all(change.why and change.quoted["text"] for change in told.changes)


@pytest.mark.parametrize("name", PAIRS)
def test_a_report_compared_with_itself_has_nothing_new_or_fixed(name: str, folder: Path) -> None:
    _, second = _documents(name, folder)
    assert not difference(second, second).of(Fate.NEW, Fate.FIXED)


def test_steps_are_taken_where_the_logs_show_them(folder: Path) -> None:
    enabled = {
        step.sight for step in _told("turned_on_again", folder).steps if "Turn CBT on" in step.step
    }
    assert enabled == {Sight.TAKEN}
    assert Sight.NOT_TAKEN in {step.sight for step in _told("nothing_done", folder).steps}
    assert Sight.TAKEN not in {step.sight for step in _told("nothing_done", folder).steps}
    assert Sight.TAKEN not in {step.sight for step in _told("logs_gone", folder).steps}
    assert Sight.TAKEN in {step.sight for step in _told("purpose_given", folder).steps}


def test_errors_without_a_rule_are_lost_when_the_line_is_gone(folder: Path) -> None:
    first, second = _documents("healthy_twice", folder)
    error = {
        "id": "E-1",
        "title": "SM: EXCEPTION of a kind nobody knows",
        "severity": "error",
        "subjects": [],
        "evidence": [],
    }
    told = difference({**first, "unexplained": [error]}, second)
    assert [change.fate for change in told.changes] == [Fate.LOST]
    assert [c.fate for c in difference(first, {**second, "unexplained": [error]}).changes] == [
        Fate.NEW
    ]


def test_reports_of_two_pools_or_in_the_wrong_order_are_refused(folder: Path) -> None:
    first, second = _documents("healthy_twice", folder)
    other, _ = _documents("purpose_given", folder)
    with pytest.raises(UsageError, match="no pool, host or SR in common"):
        difference(first, other)
    with pytest.raises(UsageError, match="older one first"):
        difference(second, first)


@pytest.mark.parametrize(
    "broken",
    [
        {"bundles": [{"captured_at_range": {"latest": "soon"}}]},
        {"bundles": [{"captured_at_range": {"latest": "2024-11-22T09:00:00"}}]},
        {"disks": [{"sr": "x"}]},
        {"plans": [{"object": 3, "steps": [{}]}]},
        {"outcomes": [{"findings": [{"rule": "a"}]}]},
    ],
)
def test_a_report_that_somebody_changed_is_refused(folder: Path, broken: dict[str, Any]) -> None:
    first, second = _documents("nothing_done", folder)
    with pytest.raises(UsageError, match="not as cbtriage writes it"):
        difference({**first, **broken}, second)
