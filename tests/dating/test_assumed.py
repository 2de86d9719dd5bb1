"""What `--year` and `--zone` say where a report says nothing."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from analyzer.dating.assumed import Assumed

SENT = datetime(2024, 11, 22, 10, 0, tzinfo=UTC)


def test_nothing_said_limits_nothing() -> None:
    assert Assumed().limit is None
    assert list(Assumed().sightings(SENT)) == []


def test_year_ends_with_its_last_second() -> None:
    limit = Assumed(year=2023).limit
    assert limit is not None
    assert limit.wall == datetime(2023, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_time_of_sending_comes_before_the_year() -> None:
    limit = Assumed(year=2025, until=SENT).limit
    assert limit is not None
    assert (limit.wall, limit.told_by) == (SENT, "when it was sent")


def test_each_day_of_a_year_has_the_offset_of_the_zone() -> None:
    rome = Assumed(zone=ZoneInfo("Europe/Rome"), zone_name="Europe/Rome")
    days = {each.local.date(): each.minutes for each in rome.sightings(SENT)}
    assert days[datetime(2024, 7, 1, tzinfo=UTC).date()] == 120
    assert days[datetime(2024, 1, 1, tzinfo=UTC).date()] == 60
    assert {each.kind for each in rome.sightings(SENT)} == {"--zone Europe/Rome"}
    assert min(days) < SENT.date() - timedelta(days=365)
    assert max(days) > SENT.date()


def test_years_that_no_clock_shows_have_no_days() -> None:
    zone = Assumed(zone=timezone(timedelta(hours=1)))
    assert list(zone.sightings(datetime(1, 6, 1, tzinfo=UTC))) == []
