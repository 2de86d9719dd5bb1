from datetime import UTC, datetime, timedelta

import pytest

from analyzer.model.finding import Gap
from analyzer.model.moment import Moment, in_words
from analyzer.rules import _wording
from analyzer.rules._wording import listed, missing

AT = datetime(2026, 6, 10, 11, 32, 41, tzinfo=UTC)


def doubtful(doubt: timedelta) -> Moment:
    return Moment(at=AT, earliest=AT - doubt, latest=AT + doubt, dated_by="test")


def test_a_second_of_doubt_is_not_worth_a_word() -> None:
    assert in_words(doubtful(timedelta(seconds=1))) == "2026-06-10 11:32:41 UTC"


def test_doubt_is_said_as_a_range() -> None:
    assert in_words(doubtful(timedelta(hours=13))) == (
        "2026-06-10 11:32:41 UTC (between 06-09 22:32 and 06-11 00:32)"
    )


def test_an_unknown_year_is_not_printed() -> None:
    assert in_words(doubtful(timedelta(days=400))) == "10 June 11:32:41 of an unknown year"


def test_nothing_is_listed_as_nothing() -> None:
    assert listed([]) == ""


def test_gaps_of_one_host_and_reason_are_said_together() -> None:
    gaps = [
        Gap(need=need, host=host, why=why, settle_with="")
        for need, host, why in (("a", "x", "w"), ("b", "x", "w"), ("a", "", "v"))
    ]
    assert missing(gaps) == "a, b of x: w; a: v"


def test_of_a_storm_of_reasons_the_first_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_wording, "MOST_REASONS", 2)
    gaps = [Gap(need="a", host=host, why="w", settle_with="") for host in "wxyz"]
    assert missing(gaps) == "a of w: w; a of x: w; and 2 more"
