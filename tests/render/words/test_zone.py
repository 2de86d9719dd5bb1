"""Zones: which there are, what offset holds when, and what of a report is shown in one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import UsageError
from analyzer.model.clock import ClockChange, ClockChangeKind, HostClock
from analyzer.model.finding import Confidence, Evidence, Subject
from analyzer.model.moment import LocalMoment, Moment
from analyzer.model.report import Report
from analyzer.model.sentence import Around, Minute, Value, say
from analyzer.model.source import Source
from analyzer.render.data.json import render_json
from analyzer.render.markdown import render_markdown
from analyzer.render.terminal.text import render_text
from analyzer.render.words.local import in_zone
from analyzer.render.words.view import stamp
from analyzer.render.words.zone import HostZone, Zone, zone_named
from tests.render.support import FIRST, SECOND, at, empty_report, rich_report, utc, without_year

CET, CEST = timezone(timedelta(hours=1)), timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("name", "instant", "offset"),
    [
        ("UTC", "2024-07-01T12:00:00", 0),
        (" utc ", "2024-07-01T12:00:00", 0),
        ("Europe/Rome", "2024-07-01T12:00:00", 120),
        ("europe/rome", "2024-12-01T12:00:00", 60),
        ("Asia/Kathmandu", "2024-12-01T12:00:00", 345),
        ("America/New_York", "2024-11-03T05:59:59", -240),
        ("America/New_York", "2024-11-03T06:00:00", -300),
        ("+09:00", "2024-12-01T12:00:00", 540),
        ("-0330", "2024-12-01T12:00:00", -210),
    ],
)
def test_zone_has_the_offset_that_held_then(name: str, instant: str, offset: int) -> None:
    assert zone_named(name).at(utc(instant)) == timezone(timedelta(minutes=offset))


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("Rome", "Europe/Rome"),
        ("Europe/Roma", "Europe/Rome"),
        ("tokio", "Asia/Tokyo"),
        ("Asia/Tokio", "Asia/Tokyo"),
    ],
)
def test_unknown_zone_is_refused_with_near_names(name: str, near: str) -> None:
    with pytest.raises(UsageError, match=near):
        zone_named(name)


@pytest.mark.parametrize("name", ["", "+25:00", "+02:77", "/etc/passwd", "EST5EDT4,M3", "\x1b[31m"])
def test_what_is_no_zone_is_refused_in_words_that_print(name: str) -> None:
    with pytest.raises(UsageError) as refused:
        zone_named(name)
    assert str(refused.value).isprintable()
    assert "Europe/Rome" in str(refused.value)


def host_clock(bundle: str, *changes: tuple[str, float | None, ClockChangeKind]) -> HostClock:
    quoted = Evidence(source=Source(bundle=bundle, member="var/log/SMlog", line=1), text="x")
    return HostClock(
        host="jupiter",
        bundle=bundle,
        dated_by="audit.log",
        zone_known=True,
        utc_offset_minutes=60,
        changes=tuple(
            ClockChange(
                kind=kind,
                host="jupiter",
                bundle=bundle,
                at=Moment.exact(utc(when), "test"),
                seconds=seconds,
                confidence=Confidence.CERTAIN,
                before=quoted,
                after=quoted,
                members=("var/log/SMlog",),
            )
            for when, seconds, kind in changes
        ),
    )


def own_zones(report: Report) -> Zone:
    return zone_named("host").of(report)


def test_host_has_the_offset_from_before_its_summer_time_ended() -> None:
    ended = ("2024-10-27T01:00:00", -3600.0, ClockChangeKind.SUMMER_TIME)
    step = ("2024-10-28T01:00:00", -3600.0, ClockChangeKind.BACK)
    unknown = ("2024-10-29T01:00:00", None, ClockChangeKind.SUMMER_TIME)
    report = replace(rich_report(), clocks=(host_clock(FIRST, ended, step, unknown),))
    zone = own_zones(report)
    assert zone.at(utc("2024-10-27T00:59:59"), FIRST) == CEST
    assert zone.at(utc("2024-10-27T01:00:00"), FIRST) == CET


def test_time_of_a_host_without_known_zone_is_utc() -> None:
    report = rich_report()
    hosts = tuple(replace(host, utc_offset_minutes=None) for host in report.hosts)
    zone = own_zones(replace(report, hosts=hosts))
    assert zone.at(utc("2024-10-27T00:59:59"), FIRST) is UTC


def test_two_summer_times_are_both_undone() -> None:
    spring = Moment.exact(utc("2024-03-31T01:00:00"), "test")
    autumn = Moment.exact(utc("2024-10-27T01:00:00"), "test")
    hour = timedelta(hours=1)
    zone = HostZone(minutes=60, changes=((autumn, -hour), (spring, hour)))
    offsets = [zone.at(utc(f"2024-{month:02d}-15T00:00:00")) for month in (1, 6, 12)]
    assert offsets == [CET, CEST, CET]


def test_stamp_shows_the_zone_and_keeps_the_doubt() -> None:
    moment = at("10:06:01", doubt=timedelta(hours=7))
    shown = in_zone((moment,), zone_named("Europe/Rome"))[0]
    assert stamp(shown) == "about 2024-11-22 11:06:01 +01:00 ±7 h"


def test_day_of_an_unknown_year_is_not_moved_to_a_zone_that_is_not_known_then() -> None:
    shown = in_zone((without_year("10:06:01"),), zone_named("Europe/Rome"))[0]
    assert stamp(shown).endswith("(year unknown)")


def test_report_in_utc_is_the_report_itself() -> None:
    report = rich_report()
    assert in_zone(report, Zone()) is report


@pytest.mark.parametrize("name", ["Asia/Tokyo", "host", "-08:00"])
def test_json_of_a_report_in_a_zone_is_that_in_utc(name: str) -> None:
    report = rich_report()
    local = in_zone(report, zone_named(name).of(report))
    assert render_json(local) == render_json(report)


@pytest.mark.parametrize("render", [render_text, render_markdown])
def test_no_moment_of_a_report_stays_in_utc(render: object) -> None:
    report = in_zone(rich_report(), zone_named("Asia/Tokyo"))
    text = render(report)  # type: ignore[operator]  # both take a report
    assert "+09:00" in text
    assert " UTC" not in text


def test_quoted_line_keeps_its_own_stamp() -> None:
    report = in_zone(rich_report(), zone_named("Asia/Tokyo"))
    assert "Nov 22 11:06:01 jupiter SM: [24517]" in render_text(report)


def test_each_host_has_its_own_zone() -> None:
    report = rich_report()
    hosts = [replace(report.hosts[0], bundle=name) for name in (FIRST, SECOND)]
    zones = (60, 540)
    report = replace(
        report,
        hosts=tuple(
            replace(host, utc_offset_minutes=zone) for host, zone in zip(hosts, zones, strict=True)
        ),
    )
    shown = in_zone(report, own_zones(report))
    moments = {bundle.name: bundle.captured_at for bundle in shown.bundles}
    offsets = [moment.zone for moment in moments.values() if isinstance(moment, LocalMoment)]
    assert offsets == [CET, timezone(timedelta(hours=9))]


def finding_said(detail: str, zone: str) -> str:
    report = rich_report()
    outcome = next(each for each in report.outcomes if each.findings)
    finding = replace(outcome.findings[0], detail=detail)
    shown = in_zone((finding,), zone_named(zone))[0]
    assert shown.id == finding.id
    return shown.detail


def moment(at: str, earliest: str = "", latest: str = "") -> Moment:
    ends = utc(earliest or at), utc(latest or at)
    return Moment(at=utc(at), earliest=ends[0], latest=ends[1], dated_by="test")


NEW_YEAR = moment("2024-12-31T23:32:41", "2024-12-31T23:00:00", "2025-01-01T00:10:00")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (moment("2024-11-22T23:32:41"), "2024-11-23 00:32:41 +01:00"),
        (Minute(moment("2024-11-22T23:32:41")), "2024-11-23 00:32 +01:00"),
        (NEW_YEAR, "2025-01-01 00:32:41 +01:00 (between 01-01 00:00 and 01-01 01:10)"),
        (Around(moment("2024-11-22T23:32:41")), "at 2024-11-23 00:32 +01:00"),
        (Around(NEW_YEAR), "between 2025-01-01 00:00 and 01:10 +01:00"),
        (
            Around(moment("2024-12-31T22:32:41", "2024-12-31T22:00:00", "2025-01-01T00:10:00")),
            "between 2024-12-31 23:00 and 2025-01-01 01:10 +01:00",
        ),
    ],
)
def test_moment_in_a_sentence_moves_with_the_zone(said: Value, shown: str) -> None:
    within = say("since {since}", since=say("before {at}", at=said))
    assert finding_said(within, "Europe/Rome") == f"since before {shown}"


DISK_NAMED_LIKE_A_TIME = "2024-11-22 10:06:01 UTC"


def test_name_that_looks_like_a_time_is_no_time() -> None:
    disk = Subject(
        type="VDI", uuid="3f0c7a52-91d4-4e08-b7c6-2a5de8140b93", name=DISK_NAMED_LIKE_A_TIME
    )
    detail = say("disk {disk} of VM {vm}", disk=disk, vm=DISK_NAMED_LIKE_A_TIME)
    assert finding_said(detail, "Europe/Rome") == detail


def test_sentence_of_a_host_without_known_zone_stays_in_utc() -> None:
    report = empty_report()
    zone = own_zones(report)
    (finding,) = in_zone((rich_report().outcomes[0],), zone)
    assert " +0" not in finding.reason


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone is given beside
    st.sampled_from(["Europe/Rome", "Australia/Lord_Howe", "America/St_Johns", "+05:45"]),
)
def test_zone_never_moves_an_instant(time: datetime, name: str) -> None:
    moment = Moment.exact(time, "test")
    (shown,) = in_zone((moment,), zone_named(name))
    text = stamp(shown)
    assert datetime.fromisoformat(text.replace(" UTC", "+00:00")) == time.replace(microsecond=0)
