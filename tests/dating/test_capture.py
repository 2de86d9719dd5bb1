"""When a report was made, by its name, its inventory and uptime."""

import pytest

from analyzer.dating.capture import parse_c_date, parse_report_name, parse_uptime
from analyzer.parsers._api import Stamp

MADE = Stamp(year=2024, month=11, day=22, hour=10, minute=6, second=1)


@pytest.mark.parametrize(
    "name",
    [
        "bug-report-20241122100601",
        "bug-report-20241122100601.tar.bz2",
        "x/bug-report-20241122100601/",
    ],
)
def test_name_tells_the_time(name: str) -> None:
    assert parse_report_name(name) == MADE


@pytest.mark.parametrize(
    "name",
    [
        "bug-report-20241322100601",
        "bug-report-2024112210060",
        "bug-report-202411221006011",
        "report",
    ],
)
def test_name_without_a_whole_time_tells_none(name: str) -> None:
    assert parse_report_name(name) is None


@pytest.mark.parametrize(
    "text",
    [
        "Fri Nov 22 10:06:01 2024",
        "Fri Nov 22 10:06:01 CET 2024",
        "Fri 22 Nov 2024 10:06:01 AM CET",
        " Fri 22 Nov 2024 10:06:01 ",
    ],
)
def test_date_of_two_locales_is_read(text: str) -> None:
    assert parse_c_date(text) == MADE


@pytest.mark.parametrize(
    ("text", "hour"), [("12:06:01 AM", 0), ("12:06:01 PM", 12), ("10:06:01 PM", 22)]
)
def test_halves_of_the_day_are_minded(text: str, hour: int) -> None:
    found = parse_c_date(f"Fri 22 Nov 2024 {text} CET")
    assert found is not None
    assert found.hour == hour


@pytest.mark.parametrize(
    "text",
    ["Fr 22. Nov 10:06:01 CET 2024", "Fri Nov 31 10:06:01 2024", "Fri Nov 22 10:06 2024", ""],
)
def test_date_of_another_form_is_none(text: str) -> None:
    assert parse_c_date(text) is None


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        (" 10:06:01 up 3 days, 2 users", None),  # tells no minutes
        (" 10:06:01 up 1 day,  3:46,  1 user", 24 * 60 + 226),
        (" 10:06:01 up 5 min,  1 user", 5),
        (" 10:06:01 up  3:46,  1 user", 226),
        (" 10:06:01 up 400 days, 12 min,  1 user", 400 * 24 * 60 + 12),
        ("load average: 0.10", None),
    ],
)
def test_uptime_is_told_to_the_minute(text: str, minutes: int | None) -> None:
    assert parse_uptime(text) == (None if minutes is None else minutes * 60.0)
