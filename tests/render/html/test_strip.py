"""The one line of time on the first screen."""

from dataclasses import replace

from analyzer.model.report import CauseLink, Report
from analyzer.render.html.html import render_html
from analyzer.render.html.strip import strip_of
from tests.render.support import at, clear_report, crash, found, rich_report


def with_steps(*times: str) -> Report:
    cause = replace(
        rich_report().causes[0],
        findings=(crash().id,),
        chain=tuple(
            CauseLink(title=f"step {n}", at=at(time), order="", finding=crash().id, source=None)
            for n, time in enumerate(times)
        ),
    )
    return replace(clear_report(), outcomes=(found(crash()),), causes=(cause,))


def test_steps_stand_in_the_order_of_time_with_what_they_say() -> None:
    strip = strip_of(with_steps("10:00:00", "10:30:00"))
    assert strip is not None
    assert [mark.x for mark in strip.marks] == sorted(mark.x for mark in strip.marks)
    assert strip.labels == ("step 0", "step 1")
    assert "step 1</text>" in render_html(with_steps("10:00:00", "10:30:00"))


def test_label_without_room_is_cut_or_left_out() -> None:
    strip = strip_of(with_steps("10:00:00", "10:01:40", "11:00:00"))
    assert strip is not None
    assert strip.labels[0] == ""


def test_steps_of_one_place_are_no_course() -> None:
    assert strip_of(with_steps("10:00:00", "10:00:01")) is None
    assert strip_of(clear_report()) is None
