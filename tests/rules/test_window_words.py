from datetime import timedelta

import pytest

from analyzer.rules._window_words import beyond, lasting
from tests.support.judging import at


@pytest.mark.parametrize(
    ("time", "said"),
    [
        (timedelta(seconds=20), "1 min"),
        (timedelta(minutes=45), "45 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=23, minutes=59), "23 h 59 min"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=2, hours=3, minutes=9), "2 days 3 h"),
    ],
)
def test_how_long_something_lasted_is_said_in_two_units(time: timedelta, said: str) -> None:
    assert lasting(time) == said


def test_a_few_minutes_at_the_end_are_not_worth_a_word() -> None:
    window = (at(3), at(8))
    assert beyond(window, [{"a": (at(3), at(8)), "b": (at(1), at(8, 20))}]) == (
        "; before that nothing was read of a"
    )


def test_hosts_without_a_window_are_not_named() -> None:
    assert beyond((at(3), at(8)), [{"a": None}]) == ""


def test_the_logs_of_one_host_may_begin_at_other_times() -> None:
    logs = [{"a": (at(1), at(8))}, {"a": (at(3), at(8))}]
    assert beyond((at(3), at(8)), logs) == "; before that nothing was read"
