"""Tests of analyzer.parsers._uptimes: few lines are looked at, and none that matters is missed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from analyzer.parsers.logs import kern_log
from analyzer.parsers.scan.uptimes import Uptimes
from tests.dating.clock_story import utc

START = utc("2024-06-10 13:00:00")


def line(at: datetime, seconds: float) -> str:
    return f"{at:%b} {at.day:2} {at:%H:%M:%S} jupiter kernel: [{seconds:12.6f}] text\n"


def heard(lines: Sequence[str], at_once: int = 0) -> Uptimes:
    assert kern_log.PARSER.uptime
    uptimes = Uptimes(kern_log.PARSER.uptime)
    size = at_once or max(len(lines), 1)
    for first in range(0, len(lines), size):
        uptimes.read("".join(lines[first : first + size]).encode(), first + 1)
    return uptimes


def steady(count: int, shift: float = 0.0, boot: float = 5000.0, first: int = 0) -> list[str]:
    """Return lines, a minute apart, of a clock that is off by so many seconds."""
    return [
        line(START + timedelta(seconds=60 * number + shift), boot + 60 * number)
        for number in range(first, first + count)
    ]


def test_a_steady_log_is_noted_by_its_ends() -> None:
    assert [note.line for note in heard(steady(200)).notes] == [1, 200]


def test_both_sides_of_a_step_are_noted() -> None:
    log = [*steady(100), *steady(100, 3600, first=100)]
    notes = heard(log).notes
    assert [note.line for note in notes] == [1, 100, 101, 200]
    assert notes[1].text == log[99].rstrip("\n")


def test_both_sides_of_a_boot_are_noted() -> None:
    log = [*steady(100), *steady(100, boot=-6000.0 + 1.0, first=101)]
    assert [note.line for note in heard(log).notes] == [1, 100, 101, 200]


def test_a_step_between_two_chunks_is_noted() -> None:
    log = [*steady(100), *steady(100, -600, first=100)]
    assert [note.line for note in heard(log, 100).notes] == [1, 100, 101, 200]


def test_new_year_and_29_february_are_no_steps() -> None:
    for day in ("2023-12-31 23:00:00", "2023-02-28 23:00:00", "2024-02-28 23:00:00"):
        log = [line(utc(day) + timedelta(minutes=n), 5000 + 60 * n) for n in range(120)]
        lines = {note.line for note in heard(log).notes} - {1, 120}
        assert lines in (set(), {60, 61})  # what is noted is judged with its year later


def test_lines_without_an_uptime_are_passed_over() -> None:
    log = ["garbage\n", *steady(3), "Jun 10 13:10:00 jupiter kernel: text\n"]
    assert [note.line for note in heard(log).notes] == [2, 4]


def test_a_log_without_any_uptime_has_no_notes() -> None:
    assert heard(["garbage\n"] * 3).notes == ()


def test_a_log_without_any_sense_is_given_up() -> None:
    log = [line(START + timedelta(seconds=number % 50 * 40), 5.0) for number in range(9000)]
    assert len(heard(log).notes) <= 2002


@given(
    beats=st.lists(st.integers(0, 5000), max_size=40),
    step=st.integers(-7000, 7000).filter(lambda seconds: abs(seconds) > 60),
    at_once=st.integers(1, 50),
)
def test_a_step_is_noted_whatever_the_chunks(beats: list[int], step: int, at_once: int) -> None:
    times = [0]
    for beat in beats:
        times.append(times[-1] + beat)
    middle = len(times) // 2
    log = [
        line(START + timedelta(seconds=at + (step if number >= middle else 0)), 9000.0 + at)
        for number, at in enumerate(times)
    ]
    if middle:
        noted = {note.line for note in heard(log, at_once).notes}
        assert {middle, middle + 1} <= noted
