from datetime import UTC, datetime, timedelta

from analyzer.checks.tools.finding import steps
from analyzer.model.finding import Advice
from analyzer.model.moment import Moment, in_words
from analyzer.model.sentence import Size, told


def moment(reach: timedelta) -> Moment:
    instant = datetime(2024, 6, 10, 13, 32, 41, tzinfo=UTC)
    return Moment(at=instant, earliest=instant - reach, latest=instant + reach, dated_by="test")


def test_doubtful_time_is_told_with_its_doubt() -> None:
    assert in_words(moment(timedelta(hours=1))) == (
        "2024-06-10 13:32:41 UTC (between 06-10 12:32 and 06-10 14:32)"
    )


def test_time_without_a_year_is_told_without_one() -> None:
    assert in_words(moment(timedelta(days=400))) == "10 June 13:32:41 of an unknown year"


def test_sizes_end_with_the_largest_unit() -> None:
    assert told(Size(1 << 60)) == "1048576 TiB"


def test_step_is_written_for_each_row_that_has_its_fields() -> None:
    action = (Advice(step="look at {net}"), Advice(step="open {port}", risk="of {net}"))
    rows = [{"net": "a"}, {"net": "b", "port": "1"}]
    assert steps(action, rows) == (
        Advice(step="look at a"),
        Advice(step="look at b"),
        Advice(step="open 1", risk="of b"),
    )


def test_value_that_looks_like_a_field_is_not_filled_again() -> None:
    assert steps((Advice(step="{a}"),), [{"a": "{b}", "b": "x"}]) == (Advice(step="{b}"),)
