"""A host's offset from UTC, by the places where both times stand."""

from datetime import UTC, datetime, timedelta

import pytest

from analyzer.dating.zone import EASTMOST, WESTMOST, Passage, Sighting, Zone, sight

NOON = datetime(2024, 6, 10, 12, 0, tzinfo=UTC)
SLACK = timedelta(minutes=2)


def seen(days: int, minutes: int) -> Sighting:
    return Sighting(local=NOON + timedelta(days=days), minutes=minutes, kind="audit.log")


@pytest.mark.parametrize(
    ("behind", "minutes"),
    [(0, 0), (60, 60), (61.5, 60), (-300, -300), (345, 345), (14 * 60, EASTMOST)],
)
def test_offset_is_a_multiple_of_a_quarter_of_an_hour(behind: float, minutes: int) -> None:
    found = sight(NOON, NOON - timedelta(minutes=behind), "audit.log", SLACK)
    assert found is not None
    assert found.minutes == minutes
    assert found.utc == NOON - timedelta(minutes=minutes)


@pytest.mark.parametrize("behind", [7, 53, 15 * 60, -13 * 60])
def test_what_is_no_offset_of_any_zone_is_none(behind: int) -> None:
    assert sight(NOON, NOON - timedelta(minutes=behind), "audit.log", SLACK) is None


def test_without_a_sighting_any_offset_may_be() -> None:
    assert Zone().offsets(NOON) == (WESTMOST, 0, EASTMOST)
    assert (Zone().minutes, Zone().text) == (None, "zone unknown")


def test_between_two_equal_sightings_the_offset_is_known() -> None:
    zone = Zone([seen(20, 120), seen(0, 120)])
    assert zone.offsets(NOON + timedelta(days=10)) == (120, 120, 120)
    assert zone.minutes == 120


def test_where_summer_time_may_have_ended_the_offset_is_a_range() -> None:
    low, likely, high = Zone([seen(0, 120)]).offsets(NOON + timedelta(days=200))
    assert low < high
    assert low <= likely <= high
    assert low <= 120 <= high


def test_newest_of_two_offsets_is_the_hosts() -> None:
    assert Zone([seen(150, 60), seen(0, 120)]).minutes == 60


def test_passage_allows_what_its_file_does_not_speak_against() -> None:
    change = (NOON - timedelta(hours=1), NOON + timedelta(hours=1), 60)
    passage = Passage(earliest=NOON - timedelta(days=1), told=(change,))
    assert passage.allows(NOON, 60)
    assert not passage.allows(NOON, 120)
    assert passage.allows(NOON + timedelta(hours=2), 120)
    assert not passage.allows(NOON - timedelta(days=2), 60)
