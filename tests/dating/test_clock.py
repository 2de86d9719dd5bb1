"""Stamps without year and zone are dated by what the bundle knows, and say how sure that is."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analyzer.bundle.names import LogName
from analyzer.dating.clock import Clock, Lead, parse_c_date, parse_report_name
from analyzer.model.moment import Moment
from analyzer.parsers._api import LogParser, LogStats, Stamp, Witness
from analyzer.parsers.logs import audit_log, daemon_log, smlog
from analyzer.parsers.scan.syslog import MONTHS, read_stamp
from tests.parsers._member import scanned
from tests.support.whole import examples

SMLOG = LogName(family="var/log/SMlog", rotation=0)
LIVE = "var/log/SMlog"


def stamp_of(local: datetime, *, year: bool = False) -> Stamp:
    return Stamp(
        year=local.year if year else None,
        month=local.month,
        day=local.day,
        hour=local.hour,
        minute=local.minute,
        second=local.second,
        microsecond=local.microsecond,
    )


def bsd(local: datetime) -> str:
    return f"{MONTHS[local.month - 1]} {local.day:2} {local:%H:%M:%S}"


def log(*stamps: str, tag: str = "SM: [1] text") -> str:
    return "".join(f"{stamp} jupiter {tag}\n" for stamp in stamps)


def stats_of(text: str, parser: LogParser = smlog.PARSER) -> LogStats:
    return scanned(parser, text)[1]


def clock_for(
    *files: str, captured: str | None = None, mtimes: tuple[datetime | None, ...] = ()
) -> Clock:
    """Return a settled clock over the rotations of SMlog, oldest file first."""
    clock = Clock()
    for index, text in enumerate(files):
        rotation = len(files) - 1 - index
        name = LIVE if rotation == 0 else f"{LIVE}.{rotation}"
        mtime = mtimes[index] if mtimes else None
        clock.add(name, LogName(family=LIVE, rotation=rotation), stats_of(text), mtime)
    if captured:
        clock.add_capture(read_stamp(captured), None, "the bundle's name")
    clock.settle()
    return clock


def year_of(clock: Clock, stamp: str, *, member: str = LIVE, line: int = 1) -> int:
    moment = clock.moment(member, line, read_stamp(stamp))
    assert moment.year_known
    return moment.at.year


def test_stamp_with_year_and_offset_is_exact_to_the_microsecond() -> None:
    moment = Clock().moment(LIVE, 1, read_stamp("2026-02-04T15:59:12.915844+02:00"))
    at = datetime(2026, 2, 4, 13, 59, 12, 915844, tzinfo=UTC)
    assert (moment.earliest, moment.at, moment.latest) == (at, at, at)


def test_stamp_of_whole_seconds_means_all_of_its_second() -> None:
    moment = Clock().moment(LIVE, 1, read_stamp("2026-02-04T13:59:12Z"))
    assert moment.doubt == timedelta(microseconds=999_999)


def test_offset_of_local_time_is_unknown_without_a_witness() -> None:
    clock = clock_for(log("Jun 10 13:32:41"), captured="2024-06-10T14:00:00")
    moment = clock.moment(LIVE, 1, read_stamp("Jun 10 13:32:41"))
    assert moment.at == datetime(2024, 6, 10, 13, 32, 41, tzinfo=UTC)
    assert moment.earliest == moment.at - timedelta(hours=14)
    assert moment.latest == moment.at + timedelta(hours=12, microseconds=999_999)
    assert clock.utc_offset_minutes is None
    assert "zone unknown" in clock.dated_by
    assert "zone unknown" in moment.dated_by


def test_newest_line_is_of_the_last_year_that_is_not_in_the_future() -> None:
    clock = clock_for(log("Nov 30 10:00:00"), captured="2024-06-10T14:00:00")
    assert year_of(clock, "Nov 30 10:00:00") == 2023


def test_line_a_little_ahead_of_the_capture_keeps_its_year() -> None:
    clock = clock_for(log("Jan  1 00:03:00"), captured="2023-12-31T23:59:00")
    assert year_of(clock, "Jan  1 00:03:00") == 2024


def test_year_goes_back_at_each_new_year_inside_a_file() -> None:
    text = log("Mar  1 10:00:00", "Dec  1 10:00:00", "Jan  2 10:00:00", "Feb  1 10:00:00")
    clock = clock_for(text, captured="2024-02-01T11:00:00")
    assert year_of(clock, "Mar  1 10:00:00", line=1) == 2023
    assert year_of(clock, "Dec  1 10:00:00", line=2) == 2023
    assert year_of(clock, "Jan  2 10:00:00", line=3) == 2024


def test_clock_set_back_over_new_year_is_no_year_more() -> None:
    text = log("Dec 31 23:59:59", "Jan  1 00:00:01", "Dec 31 23:59:58", "Jan  1 00:00:02")
    clock = clock_for(text, captured="2024-01-01T00:01:00")
    assert year_of(clock, "Dec 31 23:59:59", line=1) == 2023
    assert year_of(clock, "Dec 31 23:59:58", line=3) == 2023
    assert year_of(clock, "Jan  1 00:00:02", line=4) == 2024


def test_year_goes_back_at_new_year_between_rotated_files() -> None:
    files = (log("Dec 30 10:00:00", "Dec 31 10:00:00"), log("Jan  1 10:00:00"))
    clock = clock_for(*files, captured="2024-01-01T11:00:00")
    assert year_of(clock, "Dec 31 10:00:00", member="var/log/SMlog.1", line=2) == 2023


def test_29_february_lands_in_a_leap_year() -> None:
    clock = clock_for(log("Feb 29 10:00:00", "Mar  5 10:00:00"), captured="2026-06-10T14:00:00")
    assert year_of(clock, "Feb 29 10:00:00") == 2024
    assert year_of(clock, "Mar  5 10:00:00", line=2) == 2024


def test_29_february_of_an_older_file_settles_the_newer_ones() -> None:
    files = (log("Feb 29 10:00:00"), log("Mar  5 10:00:00"))
    clock = clock_for(*files, captured="2026-06-10T14:00:00")
    assert year_of(clock, "Mar  5 10:00:00") == 2024


def test_29_february_against_all_evidence_has_no_year() -> None:
    text = log("2023-02-28T10:00:00", "Feb 29 10:00:00")
    moment = clock_for(text).moment(LIVE, 2, read_stamp("Feb 29 10:00:00"))
    assert not moment.year_known


def test_two_leap_days_a_year_apart_are_survived() -> None:
    text = log("Feb 29 10:00:00", "Dec  1 10:00:00", "Feb 29 10:00:00")
    clock = clock_for(text, captured="2024-06-10T14:00:00")
    assert year_of(clock, "Feb 29 10:00:00", line=3) == 2024


def test_stamps_with_a_year_date_their_neighbours_without() -> None:
    text = log("Dec 31 10:00:00", "2022-01-01T10:00:00+01:00", "Jan  1 12:00:00")
    clock = clock_for(text, captured="2024-06-10T14:00:00")
    assert year_of(clock, "Dec 31 10:00:00", line=1) == 2021
    assert year_of(clock, "Jan  1 12:00:00", line=3) == 2022
    assert clock.utc_offset_minutes == 60


def test_stamps_with_a_year_date_newer_files_of_the_family() -> None:
    files = (log("2021-12-31T10:00:00"), log("Jan  1 12:00:00"))
    clock = clock_for(*files, captured="2024-06-10T14:00:00")
    assert year_of(clock, "Jan  1 12:00:00") == 2022


def test_year_passed_within_stamps_that_have_it_counts_for_those_that_follow() -> None:
    text = log("2021-11-30T10:00:00", "2023-01-01T10:00:00", "Feb  1 12:00:00")
    assert year_of(clock_for(text), "Feb  1 12:00:00", line=3) == 2023


def test_stamps_with_a_year_date_other_logs_where_nothing_names_the_capture() -> None:
    clock = Clock()
    daemon = LogName(family="var/log/daemon.log", rotation=0)
    text = log("2022-06-01T10:00:00", tag="systemd[1]: text")
    clock.add("var/log/daemon.log", daemon, stats_of(text, daemon_log.PARSER), None)
    clock.add(LIVE, SMLOG, stats_of(log("Jul  1 10:00:00")), None)
    clock.settle()
    assert year_of(clock, "Jul  1 10:00:00") == 2021


def test_stamps_newer_than_the_named_capture_are_believed_with_doubt() -> None:
    clock = Clock()
    daemon = LogName(family="var/log/daemon.log", rotation=0)
    text = log("2022-06-01T10:00:00", tag="systemd[1]: text")
    clock.add("var/log/daemon.log", daemon, stats_of(text, daemon_log.PARSER), None)
    clock.add(LIVE, SMLOG, stats_of(log("May  1 10:00:00")), None)
    clock.add_capture(read_stamp("2019-06-01T10:00:00"), None, "a wrong name")
    clock.settle()
    moment = clock.moment(LIVE, 1, read_stamp("May  1 10:00:00"))
    assert moment.at.year == 2022
    assert moment.earliest < datetime(2019, 6, 1, tzinfo=UTC)


def test_file_time_puts_a_stale_log_back_to_its_year() -> None:
    mtime = datetime(2021, 3, 5, 9, 0, tzinfo=UTC)
    clock = clock_for(log("Mar  5 10:00:00"), captured="2024-06-10T14:00:00", mtimes=(mtime,))
    assert year_of(clock, "Mar  5 10:00:00") == 2021


def test_file_time_shows_a_gap_of_years_between_rotated_files() -> None:
    files = (log("Mar  5 10:00:00"), log("Jun 10 10:00:00"))
    mtimes = (datetime(2021, 3, 5, 9, 0, tzinfo=UTC), None)
    clock = clock_for(*files, captured="2024-06-10T14:00:00", mtimes=mtimes)
    assert year_of(clock, "Mar  5 10:00:00", member="var/log/SMlog.1") == 2021


def test_file_time_of_a_copy_changes_nothing() -> None:
    mtime = datetime(2025, 3, 5, 9, 0, tzinfo=UTC)
    clock = clock_for(log("Mar  5 10:00:00"), captured="2024-06-10T14:00:00", mtimes=(mtime,))
    assert year_of(clock, "Mar  5 10:00:00") == 2024


def test_file_time_is_the_last_resort() -> None:
    clock = clock_for(log("Mar  5 10:00:00"), mtimes=(datetime(2023, 6, 1, tzinfo=UTC),))
    assert year_of(clock, "Mar  5 10:00:00") == 2023
    assert "file time" in clock.dated_by


def test_nothing_known_gives_order_but_no_year() -> None:
    clock = clock_for(log("Dec 31 10:00:00", "Jan  1 10:00:00", "Feb 29 10:00:00"))
    old = clock.moment(LIVE, 1, read_stamp("Dec 31 10:00:00"))
    new = clock.moment(LIVE, 2, read_stamp("Jan  1 10:00:00"))
    leap = clock.moment(LIVE, 3, read_stamp("Feb 29 10:00:00"))
    assert old.at < new.at < leap.at
    assert not old.year_known
    assert not old.certainly_before(new)
    assert clock.dated_by == "The year is unknown; zone unknown."


def test_member_that_is_no_log_is_dated_by_the_capture() -> None:
    clock = clock_for(captured="2024-06-10T14:00:00")
    assert year_of(clock, "Nov  1 10:00:00", member="other") == 2023
    assert year_of(clock, "Feb 29 10:00:00", member="other") == 2024


def test_member_that_is_no_log_has_no_year_when_nothing_is_known() -> None:
    assert not Clock().moment("other", 1, read_stamp("Nov  1 10:00:00")).year_known


def test_log_without_a_line_understood_is_no_hindrance() -> None:
    clock = clock_for("", log("Nov 30 10:00:00"), captured="2024-06-10T14:00:00")
    assert year_of(clock, "Nov 30 10:00:00") == 2023
    assert year_of(clock, "Nov 30 10:00:00", member="var/log/SMlog.1") == 2023


def test_leap_second_is_read() -> None:
    moment = Clock().moment(LIVE, 1, read_stamp("2016-12-31T23:59:60Z"))
    assert moment.at == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_year_that_no_calendar_has_is_unknown() -> None:
    text = log("Feb  1 10:00:00", "Jun  1 10:00:00")
    clock = clock_for(text * 6, captured="1001-12-31T10:00:00")
    assert not clock.moment(LIVE, 1, read_stamp("Feb  1 10:00:00")).year_known


AUDIT = LogName(family="var/log/audit.log", rotation=0)


def audit_line(utc: datetime, minutes: int) -> str:
    local = utc + timedelta(minutes=minutes)
    return f"{bsd(local)} jupiter xapi: [{utc:%Y%m%dT%H:%M:%S}.123Z|audit||1 |t|audit] ('a')\n"


def clock_with_audit(*times: tuple[datetime, int]) -> Clock:
    """Return a clock over one audit.log; each line is a witness."""
    text = "".join(audit_line(utc, minutes) for utc, minutes in times)
    clock = Clock()
    clock.add("var/log/audit.log", AUDIT, stats_of(text, audit_log.PARSER), None)
    clock.settle()
    return clock


JUNE = datetime(2024, 6, 10, 12, 0, tzinfo=UTC)


def offsets(clock: Clock, local: datetime) -> tuple[float, float, float]:
    """Return the (highest, likeliest, lowest) offset in minutes that dated a local time."""
    moment = clock.moment("var/log/other", 1, stamp_of(local.replace(microsecond=1), year=True))
    at = local.replace(microsecond=1)
    minute = timedelta(minutes=1)
    return (
        (at - moment.earliest) / minute,
        (at - moment.at) / minute,
        (at - moment.latest) / minute,
    )


@pytest.mark.parametrize("minutes", [0, 120, -300, 345, 840, -720])
def test_audit_log_tells_the_offset_and_the_year(minutes: int) -> None:
    clock = clock_with_audit((JUNE, minutes))
    assert clock.utc_offset_minutes == minutes
    local = JUNE + timedelta(minutes=minutes)
    moment = clock.moment("var/log/audit.log", 1, stamp_of(local))
    assert (moment.at, moment.earliest) == (JUNE, JUNE)
    assert "audit.log" in moment.dated_by


def test_offset_in_one_sentence() -> None:
    assert clock_with_audit((JUNE, -210)).dated_by == (
        "The year is taken from the UTC times beside its stamps; zone UTC-03:30 from audit.log."
    )


def test_audit_line_far_from_any_zone_is_no_witness() -> None:
    assert clock_with_audit((JUNE, 7)).utc_offset_minutes is None


def test_audit_line_a_minute_late_is_rounded() -> None:
    assert clock_with_audit((JUNE, 61)).utc_offset_minutes == 60


def test_audit_log_over_new_year_has_both_years() -> None:
    utc = datetime(2023, 12, 31, 23, 30, tzinfo=UTC)
    clock = clock_with_audit((utc, 60))
    assert year_of(clock, "Jan  1 00:30:00", member="var/log/audit.log") == 2023
    moment = clock.moment("var/log/audit.log", 1, read_stamp("Jan  1 00:30:00"))
    assert moment.at == utc


def test_offset_holds_between_witnesses_that_agree() -> None:
    clock = clock_with_audit((JUNE, 120), (JUNE + timedelta(days=60), 120))
    assert offsets(clock, JUNE + timedelta(days=30)) == (120, 120, 120)


def test_change_of_offset_is_doubt_between_its_witnesses() -> None:
    before = datetime(2024, 10, 26, 20, 0, tzinfo=UTC)
    clock = clock_with_audit((before, 120), (before + timedelta(hours=9), 60))
    assert offsets(clock, before + timedelta(minutes=59)) == (120, 120, 120)
    assert offsets(clock, before + timedelta(hours=3)) == (120, 120, 60)
    assert offsets(clock, before + timedelta(hours=9)) == (120, 60, 60)
    assert offsets(clock, before + timedelta(hours=11)) == (60, 60, 60)


def test_offset_holds_through_the_season_of_its_witness() -> None:
    clock = clock_with_audit((JUNE, 120))
    assert offsets(clock, datetime(2024, 4, 20, tzinfo=UTC)) == (120, 120, 120)
    assert offsets(clock, datetime(2024, 8, 20, tzinfo=UTC)) == (120, 120, 120)


def test_offset_is_in_doubt_beyond_a_change_of_summer_time() -> None:
    clock = clock_with_audit((JUNE, 120))
    assert offsets(clock, datetime(2024, 2, 1, tzinfo=UTC)) == (180, 120, 60)
    assert offsets(clock, datetime(2024, 12, 1, tzinfo=UTC)) == (180, 120, 60)
    moment = clock.moment("x", 1, read_stamp("2024-02-01T00:00:00"))
    assert "in doubt" in moment.dated_by


def test_winter_is_one_season_over_new_year() -> None:
    clock = clock_with_audit((datetime(2024, 12, 1, tzinfo=UTC), 60))
    assert offsets(clock, datetime(2025, 2, 1, tzinfo=UTC)) == (60, 60, 60)


def test_offset_in_spring_holds_up_to_a_night_of_change() -> None:
    tuesday = datetime(2024, 3, 26, 12, 0, tzinfo=UTC)
    clock = clock_with_audit((tuesday, 60))
    assert offsets(clock, tuesday + timedelta(days=1)) == (60, 60, 60)
    assert offsets(clock, tuesday + timedelta(days=5)) == (120, 60, 0)
    assert offsets(clock, tuesday + timedelta(days=9)) == (120, 60, 0)


def test_equal_offsets_half_a_year_apart_leave_the_summer_between_in_doubt() -> None:
    clock = clock_with_audit(
        (datetime(2024, 2, 1, tzinfo=UTC), 60), (datetime(2024, 12, 1, tzinfo=UTC), 60)
    )
    assert offsets(clock, datetime(2024, 7, 1, tzinfo=UTC)) == (120, 60, 0)
    assert offsets(clock, datetime(2024, 2, 20, tzinfo=UTC)) == (60, 60, 60)


def test_stamps_with_an_offset_tell_the_zone_of_those_without() -> None:
    clock = clock_for(log("2026-02-04T13:59:12.915844-05:00", "Feb  4 14:00:00"))
    moment = clock.moment(LIVE, 2, read_stamp("Feb  4 14:00:00"))
    assert moment.earliest == datetime(2026, 2, 4, 19, 0, tzinfo=UTC)


def test_live_logs_and_their_file_times_tell_the_zone() -> None:
    clock = clock_for(
        log("Jun 10 13:00:00"),
        log("Jun 10 14:00:00"),
        captured="2024-06-10T14:00:05",
        mtimes=(JUNE, JUNE + timedelta(seconds=2)),
    )
    assert clock.utc_offset_minutes == 120
    assert "file times" in clock.dated_by


def test_file_times_of_a_copy_tell_no_zone() -> None:
    clock = clock_for(
        log("Jun 10 14:00:00"), captured="2024-06-10T14:00:05", mtimes=(JUNE.replace(day=20),)
    )
    assert clock.utc_offset_minutes is None


def test_file_witness_is_used_where_no_line_tells_the_zone() -> None:
    clock = Clock()
    local = read_stamp("2024-06-10T14:00:03")
    clock.add_witness(Witness(line=0, local=local, utc=JUNE, kind="inventory.xml"))
    clock.settle()
    assert clock.utc_offset_minutes == 120


def test_line_witness_beats_file_witness() -> None:
    clock = clock_with_audit((JUNE, 60))
    local = read_stamp("2024-06-10T14:00:03")
    clock.add_witness(Witness(line=0, local=local, utc=JUNE, kind="inventory.xml"))
    clock.settle()
    assert clock.utc_offset_minutes == 60


def test_files_at_odds_tell_no_zone() -> None:
    clock = Clock()
    for hour in (14, 15):
        local = read_stamp(f"2024-06-10T{hour}:00:03")
        clock.add_witness(Witness(line=0, local=local, utc=JUNE, kind="inventory.xml"))
    clock.settle()
    assert clock.utc_offset_minutes is None


def test_capture_is_local_time_in_the_host_s_zone() -> None:
    clock = clock_with_audit((JUNE, 120))
    clock.add_capture(read_stamp("2024-06-10T15:00:00"), None, "the bundle's name")
    captured = clock.captured_at
    assert captured
    assert captured.at == datetime(2024, 6, 10, 13, 0, tzinfo=UTC)


def test_capture_may_be_known_in_utc_only() -> None:
    clock = Clock()
    clock.add_capture(None, JUNE.astimezone(timezone(timedelta(hours=2))), "a file time")
    clock.settle()
    assert clock.captured_at == Moment.exact(JUNE, "a file time")
    assert year_of(clock, "Nov  1 10:00:00", member="other") == 2023


def test_capture_without_a_year_is_none() -> None:
    clock = Clock()
    clock.add_capture(read_stamp("Jun 10 14:00:00"), None, "a name")
    assert clock.captured_at is None


@pytest.mark.parametrize(
    "name",
    [
        "bug-report-20241122100601",
        "x/bug-report-20241122100601.tar.bz2",
        "bug-report-20241122100601 (1)",
    ],
)
def test_report_name_tells_local_time(name: str) -> None:
    assert parse_report_name(name) == read_stamp("2024-11-22T10:06:01")


@pytest.mark.parametrize(
    "name", ["", "bug-report", "bug-report-20249922100601", "bug-report-202411221006011"]
)
def test_other_names_tell_no_time(name: str) -> None:
    assert parse_report_name(name) is None


@pytest.mark.parametrize(
    "text",
    [
        "Fri Nov 22 10:06:01 2024",
        " Fri Nov 22 10:06:01 CET 2024\n",
        "Fri 22 Nov 2024 10:06:01 AM UTC",
        "Fri 22 Nov 2024 10:06:01",
    ],
)
def test_c_date_is_read(text: str) -> None:
    assert parse_c_date(text) == read_stamp("2024-11-22T10:06:01")


@pytest.mark.parametrize(
    ("text", "hour"), [("12:06:01 AM", 0), ("12:06:01 PM", 12), ("01:06:01 PM", 13)]
)
def test_c_date_with_halves_of_the_day(text: str, hour: int) -> None:
    stamp = parse_c_date(f"Fri 22 Nov 2024 {text} UTC")
    assert stamp
    assert stamp.hour == hour


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "Fri Nox 22 10:06:01 2024",
        "Fri Nov 31 10:06:01 2024",
        "Fri Nov 22 10:06::: 2024",
        "Fri Nov 22 :::::::: 2024",
    ],
)
def test_other_text_is_no_c_date(text: str) -> None:
    assert parse_c_date(text) is None


starts = st.datetimes(datetime(2017, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  hypothesis wants naive bounds
gaps = st.lists(
    st.one_of(
        st.timedeltas(timedelta(), timedelta(minutes=5)),
        st.timedeltas(timedelta(), timedelta(days=270)),
    ),
    max_size=20,
)


@settings(max_examples=examples(200), deadline=None)
@given(
    start=starts,
    gaps=gaps,
    quarters=st.integers(-48, 56),
    cuts=st.sets(st.integers(1, 19), max_size=3),
    lag=st.timedeltas(timedelta(hours=-23), timedelta(days=300)),
)
def test_generated_log_is_dated_back_exactly(
    start: datetime, gaps: list[timedelta], quarters: int, cuts: set[int], lag: timedelta
) -> None:
    times = [start.replace(microsecond=0)]
    for gap in gaps:
        times.append(times[-1] + timedelta(seconds=gap // timedelta(seconds=1)))
    offset = timedelta(minutes=15 * quarters)
    walls = [time + offset for time in times]
    assume(all(month_gap(old, new) <= 9 for old, new in pairwise(walls)))
    bounds = [0, *sorted(cut for cut in cuts if cut < len(walls)), len(walls)]
    clock = Clock()
    for index, (first, end) in enumerate(pairwise(bounds)):
        rotation = len(bounds) - 2 - index
        text = log(*map(bsd, walls[first:end]))
        clock.add(f"f{rotation}", LogName(family="f", rotation=rotation), stats_of(text), None)
    clock.add_capture(stamp_of(walls[-1] + lag, year=True), None, "a name")
    for wall, time in zip(walls, times, strict=True):
        clock.add_witness(Witness(line=0, local=stamp_of(wall, year=True), utc=time, kind="x"))
    clock.settle()
    for index, (first, end) in enumerate(pairwise(bounds)):
        member = f"f{len(bounds) - 2 - index}"
        for line, n in enumerate(range(first, end), start=1):
            moment = clock.moment(member, line, stamp_of(walls[n]))
            assert moment.at == times[n]
            assert moment.earliest <= times[n] <= moment.latest


def month_gap(old: datetime, new: datetime) -> int:
    return 12 * (new.year - old.year) + new.month - old.month


@settings(max_examples=examples(200), deadline=None)
@given(
    local=starts,
    witnesses=st.lists(st.tuples(starts, st.integers(-48, 56)), max_size=5),
)
def test_every_range_is_honest_about_its_witnesses(
    local: datetime, witnesses: list[tuple[datetime, int]]
) -> None:
    clock = Clock()
    for utc, quarters in witnesses:
        wall = utc + timedelta(minutes=15 * quarters)
        clock.add_witness(Witness(line=0, local=stamp_of(wall, year=True), utc=utc, kind="x"))
    clock.settle()
    moment = clock.moment("x", 1, stamp_of(local, year=True))
    assert moment.latest - moment.earliest <= timedelta(hours=27)


@settings(max_examples=examples(60), deadline=None)
@given(
    start=starts,
    gaps=st.lists(st.integers(0, 400), min_size=1, max_size=8),
    witnesses=st.lists(
        st.tuples(st.integers(-200_000, 2_000_000), st.sampled_from([60, 60, 60, 120])), max_size=3
    ),
    lead=st.none() | st.tuples(st.integers(-50, 500), st.integers(0, 100), st.integers(-900, 900)),
    seconds=st.lists(st.integers(0, 3599), min_size=3, max_size=8),
)
def test_what_holds_for_an_hour_holds_for_each_of_its_lines(
    start: datetime,
    gaps: list[int],
    witnesses: list[tuple[int, int]],
    lead: tuple[int, int, int] | None,
    seconds: list[int],
) -> None:
    walls = [start.replace(microsecond=0)]
    for hours in gaps:
        walls.append(walls[-1] + timedelta(hours=hours, seconds=61 * hours))
    clock = Clock()
    clock.add("f", LogName(family="f", rotation=0), stats_of(log(*map(bsd, walls))), None)
    clock.add_capture(stamp_of(walls[-1], year=True), None, "a name")
    sure = sorted((walls[0] + timedelta(seconds=away), minutes) for away, minutes in witnesses)
    if sure:
        text = "".join(audit_line(utc, minutes) for utc, minutes in sure)
        clock.add("var/log/audit.log", AUDIT, stats_of(text, audit_log.PARSER), None)
    clock.settle()
    if lead:
        began = walls[0] + timedelta(hours=lead[0])
        ended = began + timedelta(hours=lead[1])
        fast = Lead(low=lead[2], high=lead[2] + 5, start=began, end=ended, text="fast")
        clock.compare((), [fast])
    for wall in walls:
        first = clock.hour("f", stamp_of(wall), 1, 1)
        for second in (0, 1, 3599, *seconds):
            at = stamp_of(wall.replace(minute=second // 60, second=second % 60))
            later = timedelta(seconds=second)
            assert first is None or clock.moment("f", 1, at) == Moment(
                at=first.at + later,
                earliest=first.earliest + later,
                latest=first.latest + later,
                dated_by=first.dated_by,
            )


def test_an_hour_of_one_offset_is_dated_at_once_and_one_between_two_is_not() -> None:
    clock = clock_for(log("Nov 20 10:00:00", "Nov 20 12:00:00"), captured="2024-11-22 10:00:00")
    assert clock.hour(LIVE, read_stamp("Nov 20 11:06:01"), 1, 2) is not None
    assert clock.hour(LIVE, read_stamp("2024-11-20T11:06:01.5+01:00"), 1, 2) is not None
    noon = datetime(2024, 11, 20, 10, tzinfo=UTC)
    text = audit_line(noon, 60) + audit_line(noon + timedelta(hours=1), 120)
    clock.add("var/log/audit.log", AUDIT, stats_of(text, audit_log.PARSER), None)
    clock.settle()
    assert clock.hour(LIVE, read_stamp("Nov 20 11:06:01"), 1, 2) is None


def test_an_hour_in_which_a_clock_was_compared_is_dated_line_by_line() -> None:
    clock = clock_with_audit((JUNE, 120), (JUNE + timedelta(hours=9), 120))
    stamp = stamp_of(JUNE + timedelta(hours=5))
    assert clock.hour("var/log/audit.log", stamp, 1, 2) is not None
    hour = JUNE + timedelta(hours=3)
    fast = (
        (hour - timedelta(hours=3), hour - timedelta(minutes=1), 5.0),
        (hour + timedelta(minutes=20), hour + timedelta(minutes=40), 9.0),
        (hour + timedelta(hours=1), hour + timedelta(hours=3), 5.0),
    )
    leads = [Lead(low=s, high=s, start=b, end=e, text="fast") for b, e, s in fast]
    clock.compare((), leads)
    ends = [
        clock.moment("var/log/audit.log", 2, stamp_of(hour + timedelta(hours=2, minutes=m)))
        for m in (0, 30, 59)
    ]
    assert ends[2].at - ends[0].at == timedelta(minutes=59) != 2 * (ends[1].at - ends[0].at)
    assert clock.hour("var/log/audit.log", stamp, 1, 2) is None


GAP = "2025-01-02T10:06:01"


def test_eleven_months_without_a_line_are_not_a_clock_set_back_into_the_future() -> None:
    clock = clock_for(
        log("Dec 20 10:00:00", "Jan 15 00:00:00", "Dec 30 10:00:00", "Jan  2 09:00:00"),
        captured=GAP,
    )
    lines = ("Dec 20 10:00:00", "Jan 15 00:00:00", "Dec 30 10:00:00", "Jan  2 09:00:00")
    years = [clock.moment(LIVE, n + 1, read_stamp(text)).at.year for n, text in enumerate(lines)]
    assert years == [2023, 2024, 2024, 2025]


def test_what_lies_before_eleven_months_without_a_line_is_in_doubt() -> None:
    clock = clock_for(log("Jan 15 00:00:00", "Dec 30 10:00:00", "Jan  2 09:00:00"), captured=GAP)
    moment = clock.moment(LIVE, 1, read_stamp("Jan 15 00:00:00"))
    assert (moment.earliest.year, moment.latest.year) == (2024, 2025)
    assert moment.dated_by.endswith("in doubt")
    assert clock.moment(LIVE, 2, read_stamp("Dec 30 10:00:00")).year_known


def test_eleven_months_between_two_files_are_a_gap_too() -> None:
    clock = clock_for(
        log("Dec 20 10:00:00"),
        log("Jan 15 00:00:00"),
        log("Dec 30 10:00:00", "Jan  2 09:00:00"),
        captured=GAP,
    )
    middle = clock.moment(f"{LIVE}.1", 1, read_stamp("Jan 15 00:00:00"))
    oldest = clock.moment(f"{LIVE}.2", 1, read_stamp("Dec 20 10:00:00"))
    assert (middle.at.year, middle.latest.year) == (2024, 2025)
    assert (oldest.at.year, oldest.latest.year) == (2023, 2024)


def test_a_clock_set_back_in_the_past_is_no_gap() -> None:
    text = log("Jan 15 00:00:00", "Dec 30 10:00:00", "Jan 20 09:00:00")
    clock = clock_for(text, captured="2025-06-01T10:00:00")
    assert year_of(clock, "Jan 15 00:00:00", line=1) == 2025


def test_a_stamp_behind_the_capture_is_in_doubt() -> None:
    text = log("Nov 21 09:00:00", "Nov 25 10:00:00", "Nov 22 10:00:00")
    clock = clock_for(text, captured="2024-11-22T10:06:01")
    moment = clock.moment(LIVE, 2, read_stamp("Nov 25 10:00:00"))
    assert (moment.earliest.year, moment.latest.year) == (2023, 2024)
    assert year_of(clock, "Nov 22 10:00:00", line=3) == 2024


def test_a_stamp_with_a_year_behind_the_capture_reaches_back_to_it() -> None:
    text = log("2024-11-21T09:00:00Z", "2030-01-01T00:00:00Z")
    clock = clock_for(text, captured="2024-11-22T10:06:01")
    moment = clock.moment(LIVE, 2, read_stamp("2030-01-01T00:00:00Z"))
    assert moment.at.year == 2030
    assert moment.earliest < datetime(2024, 11, 23, tzinfo=UTC)
    assert clock.moment(LIVE, 1, read_stamp("2024-11-21T09:00:00Z")).doubt < timedelta(seconds=1)


def test_29_february_in_an_old_file_leaves_a_log_that_goes_on_in_its_year() -> None:
    files = (log("Feb 28 10:00:00", "Feb 29 10:00:00"), log("Jun 10 10:00:00"))
    clock = clock_for(*files, captured="2022-06-10T14:00:00")
    assert year_of(clock, "Jun 10 10:00:00") == 2022
    assert year_of(clock, "Feb 29 10:00:00", member=f"{LIVE}.1", line=2) == 2020
    assert year_of(clock, "Feb 28 10:00:00", member=f"{LIVE}.1") == 2020


def test_rotated_logs_over_two_new_years_and_a_29_february_have_their_years() -> None:
    files = (
        log("Nov 30 10:00:00", "Dec 31 23:59:59"),
        log("Jan  1 00:00:01", "Feb 29 12:00:00", "Jun  1 10:00:00", "Dec 31 23:00:00"),
        log("Jan  1 01:00:00", "Feb 28 10:00:00", "Mar  1 10:00:00"),
    )
    clock = clock_for(*files, captured="2025-03-01T11:00:00")
    oldest, middle = f"{LIVE}.2", f"{LIVE}.1"
    assert year_of(clock, "Nov 30 10:00:00", member=oldest) == 2023
    assert year_of(clock, "Dec 31 23:59:59", member=oldest, line=2) == 2023
    assert year_of(clock, "Feb 29 12:00:00", member=middle, line=2) == 2024
    assert year_of(clock, "Dec 31 23:00:00", member=middle, line=4) == 2024
    assert year_of(clock, "Jan  1 01:00:00") == 2025
