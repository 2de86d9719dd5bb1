"""Where the timeline's drawing puts things."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.model.entry import Entry, EntryKind
from analyzer.model.finding import Severity
from analyzer.model.moment import Moment
from analyzer.model.report import Report
from analyzer.render.html import time_axis, timeline
from analyzer.render.html.timeline import Drawing, Lane, drawings
from tests.render.support import (
    at,
    clear_report,
    empty_report,
    rich_report,
    smlog,
    utc,
    without_year,
)


def event(
    moment: Moment, *, lane: str = "smlog", severity: Severity | None = Severity.ERROR
) -> Entry:
    return Entry(
        moment=moment,
        what=EntryKind.RECORD,
        host="jupiter",
        lane=lane,
        source=smlog(1),
        kinds=(),
        title="it happened",
        message="",
        text="",
        findings=("F-1",) if severity else (),
        severity=severity,
    )


def with_events(*events: Entry) -> Report:
    return replace(clear_report(), happenings=events)


def lane(drawing: Drawing, name: str, host: str = "jupiter") -> Lane:
    return next(lane for lane in drawing.lanes if (lane.host, lane.name) == (host, name))


def test_nothing_dated_gives_no_drawing() -> None:
    assert drawings(empty_report()) == ()


def test_rotations_of_a_log_share_a_lane() -> None:
    (drawing,) = drawings(clear_report())
    assert len(lane(drawing, "SMlog").bars) == 2


def test_log_that_is_missing_has_a_lane_that_says_why() -> None:
    drawing = drawings(rich_report())[-1]
    assert lane(drawing, "user.log", "saturn").missing == "absent"
    assert lane(drawing, "user.log", "saturn").bars == ()


@pytest.mark.parametrize("name", ["smlog", "SMlog", "var/log/SMlog"])
def test_event_lands_in_the_lane_of_its_log(name: str) -> None:
    drawing = drawings(with_events(event(at("10:00:00"), lane=name)))[-1]
    assert len(lane(drawing, "SMlog").marks) == 1


def test_source_without_a_course_in_time_is_not_called_unread() -> None:
    drawing = drawings(with_events(event(at("10:00:00"), lane="alerts", severity=None)))[-1]
    alerts = lane(drawing, "alerts")
    assert (alerts.log, alerts.missing) == (False, "")


def test_mark_has_a_letter_and_not_only_a_colour() -> None:
    drawing = drawings(with_events(event(at("10:00:00"), severity=Severity.CRITICAL)))[-1]
    assert lane(drawing, "SMlog").marks[0].letter == "C"


def test_context_is_a_tick_without_a_letter() -> None:
    drawing = drawings(with_events(event(at("10:00:00"), severity=None)))[-1]
    mark = lane(drawing, "SMlog").marks[0]
    assert (mark.kind, mark.letter, mark.of) == ("context", "", None)


def test_time_in_doubt_has_a_whisker() -> None:
    drawing = drawings(with_events(event(at("10:00:00", doubt=timedelta(hours=7)))))[-1]
    whisker = lane(drawing, "SMlog").marks[0].whisker
    assert whisker is not None
    assert whisker[0] < lane(drawing, "SMlog").marks[0].x < whisker[1]


def test_exact_time_has_no_whisker() -> None:
    drawing = drawings(with_events(event(at("10:00:00"))))[-1]
    assert lane(drawing, "SMlog").marks[0].whisker is None


def test_points_that_fall_together_are_one_with_a_count() -> None:
    events = tuple(event(at(f"10:00:{second:02}")) for second in range(40))
    mark = lane(drawings(with_events(*events))[-1], "SMlog").marks[0]
    assert mark.count == 40
    assert "and 39 more here" in mark.title


def test_event_without_a_year_is_counted_and_not_drawn() -> None:
    report = with_events(event(without_year("10:00:00")))
    assert timeline.undated(report) == 1
    assert lane(drawings(report)[-1], "SMlog").marks == ()


def test_short_trouble_in_a_long_log_is_drawn_close_by() -> None:
    report = with_events(event(at("10:00:00")), event(at("10:03:00")))
    assert [drawing.name for drawing in drawings(report)] == ["close", "all"]


def test_close_drawing_shows_the_scene_before_the_finding() -> None:
    boot = event(at("09:50:00"), lane="kern_log", severity=None)
    close = drawings(with_events(event(at("10:00:00")), boot))[0]
    assert len(lane(close, "kern.log").marks) == 1


def test_close_drawing_leaves_out_what_is_far_away() -> None:
    boot = event(at("09:50:00", day=19), lane="kern_log", severity=None)
    close = drawings(with_events(event(at("10:00:00")), boot))[0]
    assert lane(close, "kern.log").marks == ()


def test_trouble_all_through_the_log_needs_no_close_drawing() -> None:
    report = with_events(event(at("04:00:00", day=18)), event(at("10:00:00", day=24)))
    assert [drawing.name for drawing in drawings(report)] == ["all"]


def test_close_drawing_says_of_a_log_without_that_time() -> None:
    whole = clear_report()
    early = replace(whole.coverage[0], first=at("01:00:00", day=1), last=at("02:00:00", day=1))
    report = replace(
        whole,
        coverage=(early,),
        happenings=(event(at("10:00:00"), lane="kern_log"), event(at("10:05:00"), lane="kern_log")),
    )
    close = drawings(report)[0]
    assert lane(close, "SMlog").missing == "nothing of this time"


def test_label_without_room_is_left_to_the_tooltip() -> None:
    events = (event(at("01:00:00")), event(at("03:00:00")))
    marks = lane(drawings(with_events(*events))[-1], "SMlog").marks
    assert [bool(mark.label) for mark in marks] == [False, True]


def test_coverage_without_a_year_has_no_bar() -> None:
    whole = clear_report()
    undated = replace(whole.coverage[0], first=without_year("01:00:00"))
    report = replace(whole, coverage=(undated, whole.coverage[1]))
    assert len(lane(drawings(report)[-1], "SMlog").bars) == 1


@given(
    st.lists(
        st.datetimes(min_value=datetime.min, max_value=datetime.max),  # made aware below  # noqa: DTZ901  # made aware below
        min_size=1,
        max_size=6,
    )
)
def test_any_times_stay_inside_the_drawing(times: list[datetime]) -> None:
    moments = [Moment.exact(utc(time.isoformat()), "test") for time in times]
    report = replace(empty_report(), happenings=tuple(event(moment) for moment in moments))
    for drawing in drawings(report):
        marks = [mark for lane in drawing.lanes for mark in lane.marks]
        assert all(time_axis.LEFT <= mark.x <= time_axis.WIDTH for mark in marks)
        assert sum(mark.count for mark in marks) == len(times)
        assert len(drawing.ticks) <= time_axis.TICKS + 3
