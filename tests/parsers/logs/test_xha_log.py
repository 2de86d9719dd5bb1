from datetime import timedelta

import pytest

from analyzer.model.event import Level
from analyzer.parsers.logs import xha_log
from tests.parsers._member import record, records, scanned

PARSER = xha_log.PARSER
FENCE = "FH: Survival Rule is not met for the local host.  - Self-Fence (1007)."


def line(zone: str = "CEST", text: str = f"[err] {FENCE}") -> str:
    return f"Jun 09 13:27:55 {zone} 2024 {text}"


def test_line_is_taken_apart() -> None:
    found = record(PARSER, line())
    assert (found.process, found.message, found.level) == ("xhad", FENCE, Level.ERROR)
    assert found.text == line()


def test_year_stands_behind_the_zone() -> None:
    stamp = record(PARSER, line()).stamp
    assert (stamp.year, stamp.month, stamp.day) == (2024, 6, 9)
    assert (stamp.hour, stamp.minute, stamp.second) == (13, 27, 55)


def test_what_looks_like_the_host_is_the_zone() -> None:
    assert record(PARSER, line()).syslog_host == ""


@pytest.mark.parametrize(
    ("zone", "minutes"), [("UTC", 0), ("GMT", 0), ("+03", 180), ("-0330", -210), ("+0545", 345)]
)
def test_zone_that_is_an_offset_is_one(zone: str, minutes: int) -> None:
    assert record(PARSER, line(zone)).stamp.offset == timedelta(minutes=minutes)


@pytest.mark.parametrize("zone", ["CEST", "IST", "CST", "BST", "+3", "+99"])
def test_name_that_stands_for_several_zones_is_no_offset(zone: str) -> None:
    assert record(PARSER, line(zone)).stamp.offset is None


@pytest.mark.parametrize(
    ("level", "known"),
    [("notice", Level.INFO), ("warning", Level.WARN), ("debug", Level.DEBUG), ("odd", None)],
)
def test_level_is_read(level: str, known: Level | None) -> None:
    assert record(PARSER, line(text=f"[{level}] text")).level is known


def test_empty_message_is_understood() -> None:
    assert record(PARSER, line(text="[info]")).message == ""


@pytest.mark.parametrize(
    "text",
    [
        "\t0000: 6e 00 00 00 : n...",
        "Jun 09 13:27:55 jupiter xha[2201]: FH: text",
        "Jun 09 13:27:55 CEST [err] no year",
        "Jun 09 13:27:55 CEST 2024 no level",
    ],
)
def test_other_line_is_not_understood(text: str) -> None:
    assert scanned(PARSER, f"{text}\n")[1].not_understood == 1
    assert records(PARSER, f"{text}\n") == ()


def test_text_without_a_level_is_not_understood() -> None:
    assert PARSER.parse("xhad", None, "text") is None


def test_windows_line_end_is_no_part_of_it() -> None:
    assert scanned(PARSER, line() + "\r\n")[1].not_understood == 0
