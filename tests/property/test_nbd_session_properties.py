"""Any lines of xapi-nbd make sessions: none raises, no line is doubled, and the bounds hold."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.model.nbd import SessionFate
from analyzer.rebuilt.nbd.sessions.lines import caught_by
from analyzer.rebuilt.nbd.sessions.sessions import concurrency, nbd_sessions, server_runs
from tests.rebuilt.nbd.nbd_log import NbdLog, quick_case, ref
from tests.support.whole import examples

GONE, TLS = "End_of_file", "Ssl.Accept_error(Ssl.Error_ssl)"
REFUSED = "Server_error(VDI_IN_USE, [ x; attach ])"
ENDS = (GONE, TLS, REFUSED, 'Failure("Server busy: already at maximum 16 connections.")', "x")
LINES = st.one_of(
    st.sampled_from(("client", "accepted", "serve", "goodbye", "start", "signal", "stopped")),
    st.tuples(st.sampled_from(("plug", "unplug", "destroy")), st.integers(0, 3)),
    st.tuples(st.just("caught"), st.sampled_from(ENDS)),
    st.tuples(st.just("process"), st.integers(1, 3)),
    st.tuples(st.just("wait"), st.integers(0, 400)),
    st.tuples(
        st.just("systemd"),
        st.sampled_from(
            (
                "xapi-nbd.service: main process exited, code=killed, status=9/KILL",
                "Unit xapi-nbd.service entered failed state.",
                "start request repeated too quickly for xapi-nbd.service",
                "xapi-nbd.service stop-sigterm timed out. Killing.",
            )
        ),
    ),
)
# What one connection writes, and how it ends. A client that takes its leave is unplugged at once.
STORIES = st.sampled_from(
    (
        ("client", "accepted", "plug", "serve", "leave", "destroy"),
        ("client", "accepted", "plug", "serve", "unplug", "destroy", GONE),
        ("client", "accepted", "plug", "destroy", REFUSED),
        ("client", GONE),
        ("client", TLS),
        ("client", "accepted", "plug", "serve"),
    )
)


def written(lines: Sequence[str | tuple[str, object]]) -> NbdLog:
    log = NbdLog(start="00:00:00")
    for line in lines:
        name, *arguments = (line,) if isinstance(line, str) else line
        getattr(log, name)(*arguments)
    return log


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(LINES, max_size=40))
def test_any_lines_are_told_without_an_exception_and_none_twice(
    lines: list[str | tuple[str, object]],
) -> None:
    case = quick_case(written(lines))
    sessions = nbd_sessions(case)
    named = [e.source for s in sessions for e in s.events if e.kind.startswith("nbd-connection.")]
    assert max(Counter(named).values(), default=1) == 1
    for count in concurrency(case):
        assert count.peak == max((low for _, low, _ in count.points), default=0)
        assert all(0 <= low <= high <= 16 for _, low, high in count.points)
    assert {s.pid for s in sessions} <= {run.pid for run in server_runs(case)}


@st.composite
def interleaved(draw: st.DrawFn) -> tuple[list[tuple[int, str]], list[tuple[str, ...]]]:
    """Return lines of several connections between each other, each as (its number, what)."""
    stories = draw(st.lists(STORIES, min_size=1, max_size=6))
    turns = [number for number, story in enumerate(stories) for _ in story]
    left = [list(story) for story in stories]
    order = draw(st.permutations(turns))
    return [(number, left[number].pop(0)) for number in order], stories


@settings(max_examples=examples(150), deadline=None)
@given(interleaved())
def test_interleaved_connections_are_counted_within_the_bounds(
    story: tuple[list[tuple[int, str]], list[tuple[str, ...]]],
) -> None:
    lines, stories = story
    log, truth, now = NbdLog(start="00:00:00").start(), [], 0
    for number, what in lines:
        if what == "leave":
            log.goodbye().unplug(number)
        elif what in ("plug", "unplug", "destroy"):
            getattr(log, what)(number)
        elif what in (GONE, TLS, REFUSED):
            log.caught(what)
        else:
            getattr(log, what)()
        last = stories[number][-1] == what
        now += (what == "client") - (last and what != "serve")
        truth.append((log.lines[-1][:8], now))
    case = quick_case(log)
    assert len(nbd_sessions(case)) == len(stories)
    points = [(moment.at, low, high) for moment, low, high in concurrency(case)[0].points]
    for time, number in truth:
        now_at = datetime.fromisoformat(f"2024-06-10T{time}+00:00")
        _, low, high = [point for point in points if point[0] <= now_at][-1]
        assert low <= number <= high


@settings(max_examples=examples(60), deadline=None)
@given(interleaved())
def test_disks_that_were_let_go_are_never_called_open(
    story: tuple[list[tuple[int, str]], list[tuple[str, ...]]],
) -> None:
    lines, stories = story
    log = NbdLog(start="00:00:00").start()
    for number, what in lines:
        if what == "leave":
            log.goodbye().unplug(number)
        elif what in ("plug", "unplug", "destroy"):
            getattr(log, what)(number)
        elif what in (GONE, TLS, REFUSED):
            log.caught(what)
        else:
            getattr(log, what)()
    fates = {session.vbd: session.fate for session in nbd_sessions(quick_case(log)) if session.vbd}
    for number, told in enumerate(stories):
        if "plug" in told:
            assert (fates[ref(number)] is SessionFate.OPEN) == ("destroy" not in told)


@given(st.text(max_size=200))
def test_any_text_is_an_exception_of_some_kind(text: str) -> None:
    assert caught_by(f"main: Caught exception while handling client: {text}").trouble
