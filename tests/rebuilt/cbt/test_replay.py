"""Random lives of disks on the model of SM: its logs are rebuilt from its lines, and never more."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analyzer.model.cbt import CbtLog, Walk, WalkEnd
from analyzer.model.finding import Confidence
from analyzer.model.operation import Operation
from analyzer.rebuilt.cbt.changed_blocks import walk
from analyzer.rebuilt.cbt.history import CbtHistory, rebuild
from analyzer.sm.comparing import list_changed_blocks
from analyzer.sm.state import Log, Result, State, Use
from tests.rebuilt.cbt.sm_logs import SR, Sm, chain
from tests.support.whole import examples

Values = tuple[object, object, object, object]
KINDS = [(True, ""), (False, "/run/sr-mount"), (False, "/var/run/sr-mount")]
MOVES = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 99), st.integers(0, 99)), max_size=25)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What happened: SM, and the true logs before each operation."""

    sm: Sm
    before: list[Mapping[str, Log]]


def live(
    moves: list[tuple[int, int, int]],
    kind: tuple[bool, str],
    hosts: int = 1,
    *,
    written: bool = False,
) -> Life:
    """Let disks live; moves that are not possible are left out."""
    names = ("jupiter", "saturn")[:hosts]
    sm = Sm(volumes=kind[0], folder=kind[1], hosts=names, written=written)
    for _ in range(2):
        sm.disk()
    before: list[Mapping[str, Log]] = []
    for verb, first, second in moves:
        act = _act(sm, verb, first, second)
        if act is not None:
            before.append(sm.logs)
            act()
    return Life(sm=sm, before=[*before, sm.logs])


def _act(sm: Sm, verb: int, first: int, second: int) -> Callable[[], object] | None:
    disk = sm.live[first % len(sm.live)]
    taken = sm.snapshots
    snapshot = taken[second % len(taken)] if taken else ""
    used = bool(sm.host_of(disk))
    host = sm.hosts[second % len(sm.hosts)]
    acts: list[tuple[bool, Callable[[], object]]] = [
        (True, lambda: sm.enable(disk)),
        (True, lambda: sm.disable(disk)),
        (True, lambda: sm.snapshot(disk)),
        (snapshot in sm.logs, lambda: sm.data_destroy(snapshot)),
        (bool(taken), lambda: sm.delete(snapshot)),
        (not used, lambda: sm.resize(disk)),
        (not used, lambda: sm.activate(disk, host)),
        (used, lambda: sm.deactivate(disk)),
        (bool(taken), lambda: sm.list_changed_blocks(snapshot, disk)),
        (True, lambda: sm.snapshot(disk, fails=True)),
        (not used, lambda: sm.resize(disk, fails=True)),
        (used, lambda: _power_cut(sm, disk)),
    ]
    possible, act = acts[verb]
    return act if possible else None


def _power_cut(sm: Sm, disk: str) -> None:
    sm.crash(disk)
    sm.activate(disk)


def truth(log: Log) -> Values:
    return log.parent, log.child, log.size, log.consistent


def told(log: CbtLog | None) -> Values:
    assert log is not None
    known = (log.parent, log.child, log.size, log.consistent)
    values = tuple(value.value if value else None for value in known)
    return values[0], values[1], values[2], values[3]


def there(log: CbtLog) -> bool:
    return log.exists is not None and log.exists.value


def _logs_of(history: CbtHistory) -> list[CbtLog]:
    return [log for (sr, _), log in sorted(history.now.items()) if sr == SR]


def assert_told(history: CbtHistory, logs: Mapping[str, Log]) -> None:
    found = {log.uuid: told(log) for log in _logs_of(history) if there(log)}
    assert found == {uuid: truth(log) for uuid, log in logs.items()}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=examples(60), deadline=None)
@given(moves=MOVES)
def test_the_logs_of_one_host_are_rebuilt(
    kind: tuple[bool, str], moves: list[tuple[int, int, int]]
) -> None:
    life = live(moves, kind)

    history = life.sm.history()

    assert_told(history, life.sm.logs)
    assert history.contradictions == ()


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=examples(40), deadline=None)
@given(moves=MOVES)
def test_each_log_stands_in_one_chain_in_the_order_of_its_pointers(
    kind: tuple[bool, str], moves: list[tuple[int, int, int]]
) -> None:
    life = live(moves, kind)

    chains = chain(life.sm.history())

    assert sorted(uuid for uuids in chains for uuid in uuids) == sorted(life.sm.logs)
    for uuids in chains:
        for older, newer in pairwise(uuids):
            assert life.sm.logs[older].child == newer
            assert life.sm.logs[newer].parent == older


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=examples(40), deadline=None)
@given(moves=MOVES)
def test_the_past_is_as_it_was_before_each_operation(
    kind: tuple[bool, str], moves: list[tuple[int, int, int]]
) -> None:
    life = live(moves, kind)
    operations = [each for each in life.sm.operations() if each.entry]
    history = rebuild(operations, (), ())

    for operation, logs in zip(operations, life.before, strict=False):
        assert_past(history, operation, logs)


def assert_past(history: CbtHistory, operation: Operation, logs: Mapping[str, Log]) -> None:
    assert operation.entry is not None
    for _, uuid in history.now:
        log = history.at(SR, uuid, operation.entry)
        assert log is not None
        if there(log):
            assert told(log) == truth(logs[uuid])
        else:
            assert uuid not in logs


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=examples(80), deadline=None)
@example(moves=[(0, 0, 0), (2, 0, 0), (3, 0, 0), (4, 0, 0), (9, 0, 0)], cut=0.25)
@given(moves=MOVES, cut=st.floats(0, 1))
def test_a_log_file_that_begins_in_the_middle_tells_nothing_untrue(
    kind: tuple[bool, str], moves: list[tuple[int, int, int]], cut: float
) -> None:
    life = live(moves, kind)
    lines = life.sm.text().count("\n")

    history = life.sm.history(skip=int(cut * lines))

    for log in _logs_of(history):
        assert_true_as_far_as_known(log, life.sm.logs)


def assert_true_as_far_as_known(log: CbtLog, logs: Mapping[str, Log]) -> None:
    if log.exists and log.exists.confidence is not Confidence.POSSIBLE:
        assert log.exists.value == (log.uuid in logs)
    true = logs.get(log.uuid)
    if true is None:
        return
    pairs = zip(truth(true), (log.parent, log.child, log.size, log.consistent), strict=True)
    for value, known in pairs:
        if known is not None and known.confidence is not Confidence.POSSIBLE:
            assert known.value == value


@settings(max_examples=examples(60), deadline=None)
@given(moves=MOVES)
def test_two_hosts_that_write_one_sr_tell_nothing_untrue(
    moves: list[tuple[int, int, int]],
) -> None:
    life = live(moves, KINDS[0], hosts=2)

    assert_told(life.sm.history(), life.sm.logs)


def answers(state: State) -> Iterator[tuple[str, str, Result]]:
    """Yield every comparison of two disks, none of which is attached."""
    vdis = {uuid: replace(vdi, use=Use.NONE) for uuid, vdi in state.vdis.items()}
    detached = replace(state, vdis=vdis)
    for older in vdis:
        for newer in vdis:
            yield older, newer, list_changed_blocks(detached, older, newer)


def refused(walked: Walk) -> bool:
    return walked.end is not WalkEnd.REACHED


@pytest.mark.parametrize("kind", KINDS[:2])
@settings(max_examples=examples(60), deadline=None)
@given(moves=MOVES)
def test_a_comparison_is_predicted_as_the_model_answers_it(
    kind: tuple[bool, str], moves: list[tuple[int, int, int]]
) -> None:
    life = live(moves, kind)
    history = life.sm.history()

    for older, newer, answer in answers(life.sm.state):
        walked = walk(history, (), older, newer, sr=SR)
        if walked.end is not WalkEnd.UNKNOWN:
            assert (refused(walked), walked.visited) == (not answer.ok, answer.visited)
        else:
            # A disk of whose log no line was written: nothing says that it has none.
            assert {older, newer} - set(life.sm.logs)


@pytest.mark.parametrize("kind", KINDS[:2])
@settings(max_examples=examples(60), deadline=None)
@example(moves=[(0, 0, 0), (2, 0, 0), (3, 0, 0), (4, 0, 0), (9, 0, 0)], cut=0.25)
@given(moves=MOVES, cut=st.floats(0, 1))
def test_a_log_file_that_begins_in_the_middle_predicts_nothing_untrue(
    kind: tuple[bool, str], moves: list[tuple[int, int, int]], cut: float
) -> None:
    life = live(moves, kind)
    history = life.sm.history(skip=int(cut * life.sm.text().count("\n")))

    for older, newer, answer in answers(life.sm.state):
        walked = walk(history, (), older, newer, sr=SR)
        if walked.end is not WalkEnd.UNKNOWN:
            assert (refused(walked), walked.visited) == (not answer.ok, answer.visited)
