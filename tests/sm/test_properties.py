from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from analyzer.sm.comparing import answered_short, list_changed_blocks
from analyzer.sm.snapshots import vdi_delete
from analyzer.sm.spans import Span, Spans, joined, within, without
from analyzer.sm.state import Body, Use, one_disk
from analyzer.sm.tracking import attach, detach, disable, enable, scan
from tests.sm.acts import CALLS, FAULTS, Act, acts, after, compare, do, names

ANY = acts(*CALLS, *FAULTS, "read")
HEALTHY = acts("start", "stop", "snapshot", "destroy", "scan")


@given(ANY, ANY)
def test_a_call_leaves_the_state_it_was_given_alone(
    before: Sequence[Act], doing: Sequence[Act]
) -> None:
    state = after(before)
    copy = (dict(state.vdis), dict(state.logs), state.clock)
    after(doing, state)
    assert (dict(state.vdis), dict(state.logs), state.clock) == copy


@given(ANY)
def test_a_call_is_ok_or_has_a_code(doing: Sequence[Act]) -> None:
    state = one_disk()
    for act in doing:
        result = do(state, act)
        assert result.ok == (result.code == "")
        assert result.state.clock == state.clock + 1
        state = result.state


@given(ANY)
def test_comparisons_that_are_answered_short_are_those_that_a_caller_would_get(
    doing: Sequence[Act],
) -> None:
    state = after(doing)
    pairs = [(one, other) for one in state.logs for other in state.logs]
    answers = [(pair, list_changed_blocks(state, *pair)) for pair in pairs]
    short = [pair for pair, answer in answers if answer.ok and answer.left_out]
    assert list(answered_short(state, pairs)) == short


@given(ANY)
def test_a_log_records_only_what_was_written(doing: Sequence[Act]) -> None:
    state = after(doing)
    for log in state.logs.values():
        assert without(log.recorded, state.vdis["disk"].written) == ()
        assert log.body is Body.WHOLE or log.recorded == ()


@given(HEALTHY)
def test_without_faults_every_comparison_is_answered_and_complete(doing: Sequence[Act]) -> None:
    state = after(doing, enable(one_disk(), "disk").state)
    state = detach(state, "disk").state
    chain = [*state.snapshots("disk"), "disk"]
    for index, older in enumerate(chain):
        for newer in chain[index + 1 :]:
            answer = compare(state, older, newer)
            assert (answer.outcome, answer.left_out) == ("ok", ())


@given(ANY)
def test_a_user_can_always_end_what_a_readable_log_began(doing: Sequence[Act]) -> None:
    state = after(doing)
    readable = all(log.body is not Body.CUT for log in state.logs.values())
    if readable and state.vdis["disk"].row:
        state = disable(state, "disk").state
        assert not state.vdis["disk"].cbt_enabled


@given(ANY)
def test_deleting_twice_leaves_no_log_on_files(doing: Sequence[Act]) -> None:
    state = after(doing)
    for name in state.snapshots("disk"):
        state = vdi_delete(scan(vdi_delete(state, name).state).state, name).state
        assert name not in state.logs


@given(ANY)
def test_a_disk_without_log_starts(doing: Sequence[Act]) -> None:
    state = detach(after(doing), "disk").state
    if "disk" not in state.logs and state.vdis["disk"].use is Use.NONE:
        assert attach(state, "disk").ok


@given(ANY, st.integers(0, 9), st.integers(0, 9))
def test_the_end_of_a_comparison_hangs_on_what_it_read_and_nothing_else(
    doing: Sequence[Act], first: int, last: int
) -> None:
    state = detach(after(doing), "disk").state
    there = names(state)
    older, newer = there[first % len(there)], there[last % len(there)]
    answer = compare(state, older, newer)
    read = {each.log for each in answer.read}
    less = replace(state, logs={name: log for name, log in state.logs.items() if name in read})
    again = compare(less, older, newer)
    assert (again.outcome, again.visited) == (answer.outcome, answer.visited)


SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 5)), max_size=6).map(
    lambda pairs: joined(tuple(Span(since=a, until=a + n) for a, n in pairs))
)


def ticks(spans: Spans) -> set[int]:
    return {tick for span in spans for tick in range(span.since, span.until)}


@given(SPANS, SPANS, st.integers(0, 30), st.integers(0, 30))
def test_spans_are_sets_of_ticks(one: Spans, two: Spans, since: int, until: int) -> None:
    assert ticks(joined(one, two)) == ticks(one) | ticks(two)
    assert ticks(without(one, two)) == ticks(one) - ticks(two)
    assert ticks(within(one, since, until)) == ticks(one) & set(range(since, until))
