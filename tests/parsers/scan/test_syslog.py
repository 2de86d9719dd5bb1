from datetime import timedelta

import pytest

from analyzer.parsers._api import Stamp
from analyzer.parsers.scan import syslog as _syslog
from analyzer.parsers.scan.syslog import read_stamp, split_head, split_tag, unescape, unfold_repeats


@pytest.mark.parametrize(
    "text",
    ["Nov  2 01:02:03", "Nov 2 01:02:03", "Nov 02 01:02:03"],
)
def test_day_is_padded_with_a_blank_or_not(text: str) -> None:
    assert read_stamp(text) == Stamp(month=11, day=2, hour=1, minute=2, second=3)


def test_bsd_stamp_may_have_microseconds() -> None:
    assert read_stamp("Sep  7 17:51:29.235595").microsecond == 235595


@pytest.mark.parametrize(
    ("zone", "offset"),
    [
        ("", None),
        ("Z", timedelta()),
        ("+00:00", timedelta()),
        ("-0330", timedelta(hours=-3, minutes=-30)),
        ("+14:00", timedelta(hours=14)),
    ],
)
def test_rfc_3339_offset(zone: str, offset: timedelta | None) -> None:
    stamp = read_stamp(f"2026-02-04T13:59:12{zone}")
    assert (stamp.year, stamp.offset, stamp.microsecond) == (2026, offset, 0)


def test_fraction_is_read_to_the_microsecond() -> None:
    assert read_stamp("2026-02-04T13:59:12.9+01:00").microsecond == 900_000
    assert read_stamp("2026-02-04T13:59:12.123456789Z").microsecond == 123_456


@pytest.mark.parametrize(
    "stamp",
    [
        "Feb 30 01:02:03",
        "Jun 31 01:02:03",
        "Jun  0 01:02:03",
        "Jun 10 24:02:03",
        "Jun 10 01:60:03",
        "jun 10 01:02:03",
        "2026-02-30T01:02:03",
        "2026-13-01T01:02:03",
        "0000-01-01T01:02:03",
        "Jun   1 01:02:03",
    ],
)
def test_impossible_stamp_is_no_head(stamp: str) -> None:
    assert split_head(f"{stamp} jupiter SM: [1] text") is None


def test_text_that_is_no_stamp_is_refused() -> None:
    with pytest.raises(ValueError, match="tomorrow"):
        read_stamp("tomorrow")


@pytest.mark.parametrize("mark", ["<27>", "\0\0\0", "\0<5>"])
def test_priority_and_nuls_before_the_stamp_are_passed_over(mark: str) -> None:
    head = split_head(f"{mark}Jun 10 13:32:41 jupiter.example.org SM: [1] text")
    assert head
    assert head[1:] == ("jupiter.example.org", "SM: [1] text")


@pytest.mark.parametrize("line", ["", "Jun 10 13:32:41", "Jun 10 13:32:41 jupiter", "text"])
def test_cut_head_is_no_head(line: str) -> None:
    assert split_head(line) is None


@pytest.mark.parametrize(
    ("rest", "parts"),
    [
        ("tapdisk[762]: nbd: x", ("tapdisk", 762, "nbd: x")),
        ("CROND[1]:  two blanks", ("CROND", 1, " two blanks")),
        ("/usr/bin/x-y.z(0):text", ("/usr/bin/x-y.z(0)", None, "text")),
        ("java[main]: text", ("java", None, "text")),
        ("x[99999999999]: text", ("x", None, "text")),
        ("kernel:", ("kernel", None, "")),
        ("last message repeated 3 times", ("syslogd", None, "last message repeated 3 times")),
    ],
)
def test_tag_and_pid(rest: str, parts: tuple[str, int | None, str]) -> None:
    assert split_tag(rest) == parts


@pytest.mark.parametrize("rest", ["no tag here", "", ": text", "[12]: text"])
def test_text_without_a_tag(rest: str) -> None:
    assert split_tag(rest) is None


def test_repeated_message_is_unfolded() -> None:
    assert unfold_repeats("message repeated 4 times: [ a [b]]") == ("a [b]", 4)


def test_repeated_message_that_was_cut_keeps_what_is_there() -> None:
    assert unfold_repeats("message repeated 4 times: [ abc") == ("abc", 4)


def test_zero_repetitions_count_once() -> None:
    assert unfold_repeats("message repeated 0 times: [ abc]") == ("abc", 1)


def test_only_control_characters_are_unescaped() -> None:
    assert unescape("a#011b#012c#177d #123 #040 CPU#12") == "a\tb\nc\x7fd #123 #040 CPU#12"


def test_each_month_has_a_line_pattern() -> None:
    patterns = _syslog.line_patterns("x")
    assert len(patterns) == 14
    assert all(any(month in pattern for pattern in patterns) for month in _syslog.MONTHS)
