"""Comparisons that are answered and lack blocks: what is said of them is so in the model."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.rebuilt.cbt.changed_blocks import walk
from analyzer.rebuilt.cbt.history import CbtHistory
from analyzer.rebuilt.cbt.left_out import LeftOut, Past, left_out
from tests.rebuilt.cbt.sm_logs import SR, Sm
from tests.rebuilt.cbt.test_cbt_hazards import BOTH, error_disabled
from tests.rebuilt.cbt.test_replay import KINDS, MOVES, answers, live
from tests.support.whole import examples


def lacking(history: CbtHistory, older: str, newer: str) -> LeftOut | None:
    past = Past(history=history, pools=())
    return left_out(past, walk(history, (), older, newer, sr=SR), older, newer)


@BOTH
def test_what_was_written_before_tracking_began_anew_is_left_out(volumes: bool) -> None:
    sm = Sm(volumes=volumes)
    disk, (old,) = error_disabled(sm, 1)

    missing = lacking(sm.history(), old, disk)

    assert missing is not None
    assert missing.disk == disk
    assert missing.since.certainly_before(missing.until)
    assert any("'create'" in quote.text for quote in missing.evidence)


@BOTH
def test_a_log_that_names_a_later_parent_leaves_out_what_came_before(volumes: bool) -> None:
    sm = Sm(volumes=volumes)
    disk, (old,) = error_disabled(sm, 1)
    sm.snapshot(disk)

    missing = lacking(sm.history(), old, disk)

    assert missing is not None
    assert any("'-p'" in quote.text for quote in missing.evidence)


@BOTH
def test_nothing_is_left_out_of_a_whole_chain(volumes: bool) -> None:
    sm = Sm(volumes=volumes)
    disk = sm.disk()
    sm.enable(disk)
    first, middle, last = (sm.snapshot(disk) for _ in range(3))
    sm.delete(middle)
    history = sm.history()

    assert lacking(history, first, last) is None
    assert lacking(history, first, disk) is None


@BOTH
def test_nothing_is_left_out_of_what_was_taken_since(volumes: bool) -> None:
    sm = Sm(volumes=volumes)
    disk, (old,) = error_disabled(sm, 1)
    new = sm.snapshot(disk)
    sm.delete(old)

    assert lacking(sm.history(), new, disk) is None


@pytest.mark.parametrize("kind", KINDS[:2])
@settings(max_examples=examples(100), deadline=None)
@given(moves=MOVES, cut=st.sampled_from([0, 0, 0.2, 0.5, 0.8]))
def test_blocks_are_said_to_be_left_out_only_where_they_are(
    kind: tuple[bool, str], moves: list[tuple[int, int, int]], cut: float
) -> None:
    life = live(moves, kind, written=True)
    history = life.sm.history(skip=int(cut * life.sm.text().count("\n")))

    for older, newer, answer in answers(life.sm.state):
        if answer.ok and not answer.left_out:
            assert lacking(history, older, newer) is None
