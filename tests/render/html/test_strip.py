"""The one line of time on the first screen."""

from dataclasses import replace

from analyzer.model.disk import LifeEvent, LifeKind
from analyzer.model.operation import Result
from analyzer.model.report import CauseLink, Report
from analyzer.model.sentence import Around, say
from analyzer.render.html.html import render_html
from analyzer.render.html.strip import MOST_STEPS, Strip, strip_of
from tests.render.disks import sound_disk
from tests.render.support import at, clear_report, crash, found, rich_report

TIERS = (True, False)
TITLE = "The CBT log of an old snapshot still points across a time that nobody tracked"


def with_steps(*times: str, title: str = "step") -> Report:
    cause = replace(
        rich_report().causes[0],
        findings=(crash().id,),
        chain=tuple(
            CauseLink(title=f"{title} {n}", at=at(time), order="", finding=crash().id, source=None)
            for n, time in enumerate(times)
        ),
    )
    return replace(clear_report(), outcomes=(found(crash()),), causes=(cause,))


def texts(strip: Strip | None) -> list[str]:
    assert strip is not None
    return [" ".join(label.lines) if label else "" for label in strip.labels]


def test_steps_stand_in_the_order_of_time_with_what_they_say() -> None:
    strip = strip_of(with_steps("10:00:00", "10:30:00"))
    assert strip is not None
    assert [mark.x for mark in strip.marks] == sorted(mark.x for mark in strip.marks)
    assert texts(strip) == ["step 0", "step 1"]
    assert "step 1</text>" in render_html(with_steps("10:00:00", "10:30:00"))


def test_long_label_is_wrapped_above_or_below_and_never_cut() -> None:
    strip = strip_of(with_steps("10:00:00", "10:12:00", "10:24:00", "10:50:00", title=TITLE))
    assert strip is not None
    assert texts(strip) == [f"{TITLE} {n}" for n in range(4)]
    assert {label.above for label in strip.labels if label} == {True, False}
    assert (
        "…"
        not in render_html(with_steps("10:00:00", "10:50:00", title=TITLE))
        .partition("strip-line")[2]
        .partition("</svg>")[0]
    )


def test_label_without_room_is_left_out() -> None:
    times = [f"10:{minute:02}:00" for minute in range(0, 32, 2)]
    assert "" in texts(strip_of(with_steps(*times, title=TITLE)))


def test_label_says_no_time_that_the_axis_says() -> None:
    report = with_steps("10:00:00", "10:30:00")
    cause = report.causes[0]
    told = say("{it}", it=say("The host went down {when}", when=Around(at("10:00:00"))))
    chain = (replace(cause.chain[0], title=told), *cause.chain[1:])
    timeless = strip_of(replace(report, causes=(replace(cause, chain=chain),)))
    assert texts(timeless)[0] == "The host went down"
    assert "10:00" in told


def test_marks_of_one_place_say_each_its_own() -> None:
    report = with_steps("10:00:00", "10:00:00", "10:40:00")
    cause = report.causes[0]
    first = replace(cause.chain[0], title="It came first", finding=None)
    strip = strip_of(replace(report, causes=(replace(cause, chain=(first, *cause.chain[1:])),)))
    assert sorted(texts(strip)) == ["It came first", "step 1", "step 2"]


def test_disk_that_is_tracked_again_stands_behind_the_trouble() -> None:
    report = with_steps("10:00:00", "10:30:00")
    mended = sound_disk()
    assert mended.vdi is not None
    subject = replace(crash().subjects[0], type="VDI", uuid=mended.vdi.uuid)
    own = replace(crash(), subjects=(subject,), first_seen=at("10:00:00"))
    event = LifeEvent(
        kind=LifeKind.ENABLED,
        moment=at("11:00:00"),
        what="",
        result=Result.SUCCEEDED,
        evidence=own.evidence[0],
    )
    disks = (replace(mended, life=(event,)),)
    cause = replace(report.causes[0], first_seen=at("10:00:00"), findings=(own.id,))
    whole = replace(report, outcomes=(found(own),), disks=disks, causes=(cause,))
    assert texts(strip_of(whole))[-1] == f"CBT on again: {mended.vdi.called}"
    failed = replace(disks[0], life=(replace(event, result=Result.FAILED),))
    assert len(texts(strip_of(replace(whole, disks=(failed,))))) == 2


def test_lines_of_a_narrow_page_are_the_cause_and_the_worst_in_the_order_of_time() -> None:
    few = strip_of(with_steps("10:00:00", "10:30:00"))
    assert few is not None
    assert [(step.at, step.text) for step in few.steps] == [
        ("22 Nov 10:00", "step 0"),
        ("22 Nov 10:30", "step 1"),
    ]
    report = with_steps(*(f"10:{minute:02}:00" for minute in range(0, 50, 5)))
    cause = report.causes[0]
    chain = tuple(
        replace(link, finding=cause.findings[0] if n in {4, 9} else None)
        for n, link in enumerate(cause.chain)
    )
    many = strip_of(replace(report, causes=(replace(cause, chain=chain),)))
    assert many is not None
    assert len(many.steps) == MOST_STEPS
    assert many.steps_left_out == 10 - MOST_STEPS
    assert many.steps[0].text == "step 0"
    assert {"step 4", "step 9"} <= {step.text for step in many.steps}
    assert [step.mark.x for step in many.steps] == sorted(step.mark.x for step in many.steps)


def test_worst_mark_is_drawn_last_and_every_label_has_room() -> None:
    strip = strip_of(with_steps("10:00:00", "10:12:00", "10:24:00", "10:50:00", title=TITLE))
    assert strip is not None
    ranks = [mark.rank for mark, _ in strip.drawn]
    assert ranks == sorted(ranks)
    lines = {
        above: [len(e.lines) for e in strip.labels if e and e.above is above] for above in TIERS
    }
    assert (strip.above, strip.below) == (max(lines[True]), max(lines[False]))


def test_steps_of_one_place_are_no_course() -> None:
    assert strip_of(with_steps("10:00:00", "10:00:01")) is None
    assert strip_of(clear_report()) is None
