"""Times in brief: what the top of a report says of them already is not said again."""

from datetime import UTC, datetime, timedelta

import pytest

from analyzer.model.moment import NO_DATE, Moment
from analyzer.model.sentence import Around, say
from analyzer.render.words.short_time import (
    exact_time,
    in_brief,
    short_time,
    short_times,
    window_words,
    year_at_the_top,
)


def at(
    hour: int,
    minute: int,
    second: int = 0,
    *,
    year: int = 2024,
    month: int = 6,
    day: int = 10,
    doubt: int = 0,
) -> Moment:
    time = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    latest = time + timedelta(seconds=doubt)
    return Moment(at=time, earliest=time, latest=latest, dated_by="SMlog")


def test_year_of_another_time_than_was_read_is_told() -> None:
    read = at(3, 0), at(9, 0, day=11)
    with year_at_the_top(read):
        assert short_time(at(3, 12)) == "10 Jun 03:12"
        assert short_time(at(3, 12, year=2023)) == "10 Jun 2023 03:12"
        assert exact_time(at(3, 12, 5, year=2023)) == "10 Jun 2023 03:12:05"
        assert window_words(*read) == "10 Jun 03:00 to 11 Jun 09:00 2024 UTC"
    with year_at_the_top((at(3, 0, month=12, day=31), at(9, 0, year=2025, month=1, day=1))):
        assert short_time(at(3, 12, month=12)) == "10 Dec 03:12"


@pytest.mark.parametrize("read", [None, (at(3, 0, year=2023), at(9, 0))])
def test_year_is_told_where_the_top_does_not_settle_it(read: tuple[Moment, Moment] | None) -> None:
    with year_at_the_top(read):
        assert short_time(at(3, 12)) == "10 Jun 2024 03:12"


def test_doubt_is_a_range() -> None:
    assert short_time(at(3, 12, doubt=840)) == "10 Jun 03:12\N{EN DASH}03:26"
    assert exact_time(at(3, 12, 5, doubt=840)) == "10 Jun 03:12\N{EN DASH}03:26"
    assert exact_time(at(23, 50, doubt=840)) == "10 Jun 23:50\N{EN DASH}11 Jun 00:04"
    title = say("Host mars went down {when}", when=Around(at(3, 12, doubt=840)))
    assert in_brief(title) == "Host mars went down between 10 Jun 03:12 and 03:26"


def test_seconds_are_told_only_where_they_tell_an_order() -> None:
    dateless = Moment(at=at(3, 12).at, earliest=at(3, 12).at, latest=at(3, 12).at, dated_by=NO_DATE)
    steps = [at(3, 12, 1), at(3, 12, 40), at(3, 26, 2), None, at(3, 26, doubt=30), dateless]
    assert short_times(steps)[:3] == ["10 Jun 03:12:01", "10 Jun 03:12:40", "10 Jun 03:26"]
    assert short_times(steps)[3:5] == ["time unknown", "10 Jun 03:26"]
