"""Times on the command line: what a written time means, and in which zone."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.cli._times import local_times, period
from analyzer.errors import UsageError
from analyzer.model.moment import Moment
from analyzer.render.words.zone import HostZone, Zone, zone_named

NEWEST = datetime(2024, 6, 12, 11, 30, tzinfo=UTC)


def meant(text: str, zone: str = "UTC", newest: datetime = NEWEST) -> tuple[str, str]:
    found = period(text, "--around", local_times(zone_named(zone), {}), newest)
    return f"{found.first:%F %T}", f"{found.last:%F %T}"


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024-06-10T13:32:41", "2024-06-10 13:32:41", "2024-06-10 13:32:41"),
        ("2024-06-10 13:32", "2024-06-10 13:32:00", "2024-06-10 13:32:59"),
        ("2024-06-10", "2024-06-10 00:00:00", "2024-06-10 23:59:59"),
        ("2024-06-10T13:32:41Z", "2024-06-10 13:32:41", "2024-06-10 13:32:41"),
        ("2024-06-10T13:32:41+02:00", "2024-06-10 11:32:41", "2024-06-10 11:32:41"),
        ("20240610T133241Z", "2024-06-10 13:32:41", "2024-06-10 13:32:41"),
        ("2024-06-10T13:32+02:00", "2024-06-10 11:32:00", "2024-06-10 11:32:59"),
        ("2024-06-10T13", "2024-06-10 13:00:00", "2024-06-10 13:59:59"),
        ("06-10 13:32", "2024-06-10 13:32:00", "2024-06-10 13:32:59"),
        ("06-10", "2024-06-10 00:00:00", "2024-06-10 23:59:59"),
        ("Jun 10 13:32:41", "2024-06-10 13:32:41", "2024-06-10 13:32:41"),
        ("jun  9 3:32", "2024-06-09 03:32:00", "2024-06-09 03:32:59"),
        ("Dec 31 23:59:59", "2023-12-31 23:59:59", "2023-12-31 23:59:59"),
        ("10 June 2024 13:32", "2024-06-10 13:32:00", "2024-06-10 13:32:59"),
        ("June 10, 2024 at 9:05", "2024-06-10 09:05:00", "2024-06-10 09:05:59"),
        ("10.06.2024 13:32 UTC", "2024-06-10 13:32:00", "2024-06-10 13:32:59"),
        ("2024/06/10", "2024-06-10 00:00:00", "2024-06-10 23:59:59"),
        ("10 Jun 13:32 +02:00", "2024-06-10 11:32:00", "2024-06-10 11:32:59"),
        ("11:20", "2024-06-12 11:20:00", "2024-06-12 11:20:59"),
        ("11:40", "2024-06-11 11:40:00", "2024-06-11 11:40:59"),
    ],
)
def test_time_is_as_long_as_it_is_written(text: str, first: str, last: str) -> None:
    assert meant(text) == (first, last)


def test_29_february_is_that_of_the_last_leap_year() -> None:
    assert meant("02-29 10:00", newest=datetime(2027, 1, 1, tzinfo=UTC))[0] == "2024-02-29 10:00:00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "13h",
        "yesterday",
        "06-31 10:00",
        "99-99",
        "Foo 10",
        "2024-13-01",
        "\x1b[2J",
        "06-10 25:00",
    ],
)
def test_what_is_no_time_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(UsageError, match="2024-06-10T13:32:41") as refused:
        meant(text)
    assert str(refused.value).isprintable()


def test_date_without_year_is_none_where_nothing_was_dated() -> None:
    with pytest.raises(UsageError, match="not a time"):
        meant("06-10 13:32", newest=datetime(1, 1, 1, tzinfo=UTC))


def test_time_is_in_the_zone_asked_for() -> None:
    assert meant("2024-06-10T13:32:41", "Asia/Tokyo")[0] == "2024-06-10 04:32:41"


def test_time_that_comes_twice_means_both() -> None:
    first, last = meant("2024-10-27T02:30:00", "Europe/Rome")
    assert (first, last) == ("2024-10-27 00:30:00", "2024-10-27 01:30:00")


def test_time_that_never_came_means_either_side() -> None:
    first, last = meant("2024-03-31T02:30:00", "Europe/Rome")
    assert (first, last) == ("2024-03-31 00:30:00", "2024-03-31 01:30:00")


def of_hosts(hosts: dict[str, HostZone]) -> Zone:
    return Zone(name="host", rules=None, hosts=hosts)


def instants(time: str, zone: Zone, **names: str) -> Sequence[datetime]:
    return local_times(zone, names)(datetime.fromisoformat(time))


def test_time_of_hosts_in_one_zone_is_theirs() -> None:
    zone = of_hosts({"b1": HostZone(minutes=120), "b2": HostZone(minutes=120)})
    found = instants("2024-06-10T13:32:41", zone, b1="jupiter", b2="saturn")
    assert {each.isoformat() for each in found} == {"2024-06-10T11:32:41+00:00"}


def test_hosts_of_different_zones_are_named() -> None:
    zone = of_hosts({"b1": HostZone(minutes=120), "b2": HostZone(minutes=660)})
    with pytest.raises(UsageError, match="jupiter, saturn differ"):
        instants("2024-06-10T13:32:41", zone, b1="jupiter", b2="saturn")


def test_host_without_known_zone_is_named() -> None:
    with pytest.raises(UsageError, match="zone of saturn is not known"):
        instants("2024-06-10T13:32:41", of_hosts({}), b2="saturn")


ROME = HostZone(
    minutes=60,
    changes=(
        (Moment.exact(datetime(2024, 10, 27, 1, tzinfo=UTC), "test"), timedelta(hours=-1)),
        (Moment.exact(datetime(2024, 3, 31, 1, tzinfo=UTC), "test"), timedelta(hours=1)),
    ),
)


@given(st.datetimes(datetime(2024, 1, 1), datetime(2024, 12, 31)))  # noqa: DTZ001 - what a clock shows
def test_host_that_follows_a_zone_means_what_the_zone_means(time: datetime) -> None:
    by_name = local_times(zone_named("Europe/Rome"), {})(time)
    by_host = local_times(of_hosts({"b": ROME}), {"b": "jupiter"})(time)
    assert {min(by_name), max(by_name)} == {min(by_host), max(by_host)}
