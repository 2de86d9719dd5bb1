"""Tests of analyzer.parsers._rhythm."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.parsers.scan.rhythm import SHORTEST, Rhythm
from analyzer.parsers.scan.wall import JITTER

START = datetime(2024, 6, 10, 13, 0, tzinfo=UTC)


def bsd(at: datetime) -> str:
    """Return a stamp as rsyslog writes it."""
    return f"{at:%b} {at.day:2} {at:%H:%M:%S}"


def lines(times: Sequence[datetime], padding: int = 0) -> list[bytes]:
    """Return a line for each time."""
    return [f"{bsd(at)} jupiter SM: [1] {'x' * padding}\n".encode() for at in times]


def heard(log: Sequence[bytes], at_once: int = 0) -> Rhythm:
    """Read a log, in chunks of `at_once` lines."""
    rhythm = Rhythm()
    size = at_once or max(len(log), 1)
    for first in range(0, len(log), size):
        rhythm.read(b"".join(log[first : first + size]), first + 1)
    return rhythm


def steady(count: int, apart: float = 5, start: datetime = START) -> list[datetime]:
    """Return times in a steady beat."""
    return [start + timedelta(seconds=apart * number) for number in range(count)]


def test_a_steady_log_has_neither_silences_nor_jumps() -> None:
    rhythm = heard(lines(steady(5000)))
    assert (rhythm.silences, rhythm.jumps) == ((), ())


def test_a_silence_is_told_with_the_line_behind_it_and_both_stamps() -> None:
    late = START + timedelta(hours=3)
    rhythm = heard(lines([*steady(2000), *steady(2000, start=late)]))
    (silence,) = rhythm.silences
    assert silence.line == 2001
    assert silence.seconds == (late - steady(2000)[-1]).total_seconds()
    assert (silence.before.hour, silence.after.hour) == (15, 16)


def test_a_clock_set_back_is_told_in_a_busy_log() -> None:
    back = steady(3000, apart=1)[-1] - timedelta(hours=1)
    rhythm = heard(lines([*steady(3000, apart=1), *steady(3000, apart=1, start=back)]))
    (jump,) = rhythm.jumps
    assert (jump.line, jump.seconds) == (3001, -3600.0)


def test_a_clock_set_back_is_told_in_a_quiet_log() -> None:
    first = steady(20, apart=600)
    second = steady(20, apart=600, start=first[-1] - timedelta(minutes=50))
    (jump,) = heard(lines([*first, *second])).jumps
    assert jump.line == 21


def test_jitter_is_no_jump() -> None:
    times = steady(50)
    times[20] -= timedelta(seconds=JITTER - 2)
    assert heard(lines(times)).jumps == ()


def test_new_year_without_years_is_onward() -> None:
    rhythm = heard(lines(steady(100, apart=10, start=datetime(2023, 12, 31, 23, 52, tzinfo=UTC))))
    assert (rhythm.silences, rhythm.jumps) == ((), ())


def test_a_change_of_style_is_no_silence() -> None:
    log = [*lines(steady(3)), b"2024-06-11T13:00:00.5+02:00 jupiter SM: [1] x\n"]
    rhythm = heard(log)
    assert (rhythm.silences, rhythm.jumps) == ((), ())


def test_stamps_with_offsets_are_compared_as_instants() -> None:
    log = [
        b"2024-10-27T02:59:50+02:00 jupiter SM: [1] x\n",
        b"2024-10-27T02:00:10+01:00 jupiter SM: [1] x\n",
    ]
    rhythm = heard(log)
    assert (rhythm.silences, rhythm.jumps) == ((), ())


def test_lines_without_a_stamp_are_passed_over() -> None:
    late = START + timedelta(hours=1)
    log = [*lines([START]), b"garbage\n", *lines([late]), b"\n", b"2024-13-45T99 x\n"]
    (silence,) = heard(log).silences
    assert silence.line == 3


def test_only_the_longest_silences_are_kept() -> None:
    times = [START]
    for number in range(400):
        times.append(times[-1] + timedelta(seconds=SHORTEST + number))
    rhythm = heard(lines(times))
    assert len(rhythm.silences) == 256
    assert min(silence.seconds for silence in rhythm.silences) == SHORTEST + 144


@given(
    beats=st.lists(st.integers(min_value=-7200, max_value=7200), max_size=60),
    at_once=st.integers(min_value=1, max_value=70),
    padding=st.sampled_from([0, 400, 9000]),
)
def test_what_is_told_does_not_depend_on_chunks_and_is_true(
    beats: list[int], at_once: int, padding: int
) -> None:
    times = [START]
    for beat in beats:
        times.append(times[-1] + timedelta(seconds=beat))
    log = lines(times, padding)
    whole, parts = heard(log), heard(log, at_once)
    for rhythm in (whole, parts):
        for jump in (*rhythm.silences, *rhythm.jumps):
            apart = times[jump.line - 1] - times[jump.line - 2]
            assert jump.seconds == apart.total_seconds()
    steps = [beat for beat in beats if abs(beat) >= 3600]
    if len(steps) == 1:
        told = [*whole.silences, *whole.jumps]
        assert steps[0] in [jump.seconds for jump in told]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("form", ["", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.123456+02:00"])
def test_stamps_that_are_read_at_once_tell_what_each_line_tells(form: str, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  the same log every time
    times = [START]
    for _ in range(3000):
        odd = chance.choice([40, -8, 400, -30, -4000])
        step = odd if chance.random() < seed / 200 else chance.randrange(10)
        times.append(times[-1] + timedelta(seconds=step))
    log = [line for at in times for line in lines([at], chance.randrange(80))]
    if form:
        log = [
            f"{at:{form}} ".encode() + line[len("Jan 10 00:00:00 ") :]
            for at, line in zip(times, log, strict=True)
        ]
    found = []
    for quick in (True, False):
        rhythm = Rhythm(quick=quick)
        places = []
        for first in range(0, len(log), 700):
            rhythm.read(b"".join(log[first : first + 700]), first + 1)
            places.append(rhythm.places)
        found.append((rhythm.silences, rhythm.jumps, rhythm.edges, places))
    assert found[0] == found[1]
