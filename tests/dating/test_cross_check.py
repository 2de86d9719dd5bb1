"""Sources of time that cannot both be right are told, and only those."""

from datetime import datetime, timedelta

import pytest

from analyzer.bundle.names import LogName
from analyzer.dating.capture import parse_uptime
from analyzer.dating.clock import Clock
from analyzer.parsers._api import LogParser
from analyzer.parsers.logs import audit_log, kern_log, smlog
from analyzer.parsers.scan.syslog import read_stamp
from tests.dating.clock_story import utc
from tests.parsers._member import scanned

SM, AUDIT, KERN = "var/log/SMlog", "var/log/audit.log", "var/log/kern.log"


def add(
    clock: Clock, family: str, parser: LogParser, text: str, mtime: datetime | None = None
) -> None:
    clock.add(family, LogName(family=family, rotation=0), scanned(parser, text)[1], mtime)


def clock_with(*captures: tuple[str, str]) -> Clock:
    clock = Clock()
    for kind, local in captures:
        clock.add_capture(read_stamp(local), None, kind)
    return clock


def told(clock: Clock) -> tuple[str, ...]:
    clock.settle()
    return clock.contradictions


def test_a_name_and_an_inventory_that_agree_are_no_contradiction() -> None:
    clock = clock_with(("name", "2024-06-10T14:00:00"), ("inventory", "2024-06-10T14:09:00"))
    assert told(clock) == ()


@pytest.mark.parametrize("other", ["2024-06-10T13:00:00", "2024-06-11T14:00:00"])
def test_a_name_and_an_inventory_at_odds_are_told(other: str) -> None:
    (sentence,) = told(clock_with(("name", "2024-06-10T14:00:00"), ("inventory", other)))
    assert sentence.startswith("name says")


def test_a_log_that_ends_after_the_report_is_told() -> None:
    clock = clock_with(("name", "2024-06-10T14:00:00"))
    add(clock, SM, smlog.PARSER, "Jun 10 15:30:00 jupiter SM: [1] text\n")
    (sentence,) = told(clock)
    assert SM in sentence


def test_lines_written_while_the_report_is_made_are_not() -> None:
    clock = clock_with(("name", "2024-06-10T14:00:00"))
    add(clock, SM, smlog.PARSER, "Jun 10 14:20:00 jupiter SM: [1] text\n")
    assert told(clock) == ()


def with_files(minutes: int, count: int = 2) -> Clock:
    """Return a clock whose audit.log says +120, and whose files' times say `minutes`."""
    clock = clock_with(("name", "2024-06-10T14:00:05"))
    mtime = utc("2024-06-10 14:00:00") - timedelta(minutes=minutes)
    said = "xapi: [20240610T12:00:00.000Z|audit||1 |t|audit] ('a')"
    add(clock, AUDIT, audit_log.PARSER, f"Jun 10 14:00:00 jupiter {said}\n", mtime)
    if count > 1:
        add(clock, SM, smlog.PARSER, "Jun 10 14:00:00 jupiter SM: [1] text\n", mtime)
    return clock


def test_file_times_that_agree_with_audit_log_are_no_contradiction() -> None:
    assert told(with_files(120)) == ()


def test_file_times_at_odds_with_audit_log_are_told() -> None:
    (sentence,) = told(with_files(60))
    assert "+120 minutes" in sentence
    assert "+60" in sentence


def test_the_time_of_one_file_says_nothing() -> None:
    assert told(with_files(60, 1)) == ()


KERNEL = "".join(
    f"Jun 10 13:{minute:02}:00 jupiter kernel: [{5000 + 60 * minute:12.6f}] text\n"
    for minute in range(30)
)


def with_uptime(seconds: float | None) -> Clock:
    clock = clock_with(("name", "2024-06-10T14:29:00"))
    add(clock, KERN, kern_log.PARSER, KERNEL)
    clock.add_uptime(seconds)
    return clock


@pytest.mark.parametrize("uptime", [10_340.0, 10_380.0, None, 300.0])
def test_an_uptime_that_went_on_with_the_clock_is_no_contradiction(uptime: float | None) -> None:
    assert told(with_uptime(uptime)) == ()


def test_a_clock_that_was_set_after_the_last_line_of_the_kernel_is_told() -> None:
    (sentence,) = told(with_uptime(13_940.0))
    assert "the clock went on by 1:00:00 and the uptime by 2:00:00" in sentence


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (" 10:06:01 up 2 days,  3:46,  1 user,  load average: 0.10", 186_360.0),
        (" 10:06:01 up 1 day, 12 min,  1 user,  load average: 0.10", 87_120.0),
        (" 10:06:01 up 5 min,  1 user,  load average: 0.10", 300.0),
        (" 10:06:01 up 12:03,  1 user,  load average: 0.10", 43_380.0),
        ("", None),
        ("up and away", None),
    ],
)
def test_uptime_is_read(text: str, seconds: float | None) -> None:
    assert parse_uptime(text) == seconds
