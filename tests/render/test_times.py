"""Time and cause in every format: chains, incidents, spans, holes, flags, runs, clocks."""

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from analyzer.model.clock import ClockChangeKind
from analyzer.model.finding import Confidence
from analyzer.model.hole import HoleKind
from analyzer.model.report import Report
from analyzer.model.run import RunVerdict
from analyzer.model.sentence import Around, say
from analyzer.render.data.json import render_json
from analyzer.render.html.html import render_html
from analyzer.render.html.time_pages import (
    MOST_COLUMNS,
    MOST_INCIDENTS,
    MOST_ROWS,
    time_context,
    timeline_rows,
)
from analyzer.render.html.timeline import Drawing, Lane, drawings, undated
from analyzer.render.html.timeline_flags import change_words
from analyzer.render.markdown import render_markdown
from analyzer.render.terminal.text import render_text
from analyzer.render.words.local import in_zone
from analyzer.render.words.summary import causes
from analyzer.render.words.time_lines import clock_lines, holes_line
from analyzer.render.words.zone import zone_named
from tests.render import times
from tests.render.html.test_html import Page
from tests.render.support import clear_report, empty_report, rich_report, with_happenings
from tests.render.times import moment


def lanes(report: Report, name: str) -> list[Lane]:
    return [lane for lane in everything(report).lanes if lane.name == name]


def everything(report: Report) -> Drawing:
    return drawings(report)[-1]


def section(report: Report, name: str) -> str:
    """Return the text of one section of the page."""
    sections = render_html(report).split("<section ")[1:]
    own = next(each for each in sections if f'id="{name}-h"' in each)
    return Page(f"<section {own.partition('</section>')[0]}</section>").text


def alone(**parts: object) -> Report:
    report = replace(clear_report(), **parts)  # type: ignore[arg-type]  # fields of Report
    return with_happenings(report)


def test_causes_tell_the_chain_with_its_words_of_order() -> None:
    told = section(rich_report(), "causes")
    assert "What happened, in 3 steps" in told
    assert told.index("orderly shutdown") < told.index("then CBT")


def test_causes_say_what_was_considered_and_why_it_was_dropped() -> None:
    told = section(rich_report(), "causes")
    assert "What else was considered, and why it was dropped: 2" in told
    assert "it was after the log was found inconsistent" in told


def test_certainty_of_a_cause_is_its_own() -> None:
    assert causes(rich_report())[0].confidence is Confidence.LIKELY


def test_chain_of_one_step_is_not_told() -> None:
    report = rich_report()
    cause = replace(report.causes[0], chain=report.causes[0].chain[:1])
    assert causes(replace(report, causes=(cause,)))[0].chain == ()


def test_causes_have_a_section_that_says_what_it_leaves_out() -> None:
    report = rich_report()
    many = tuple(replace(report.causes[0], id=f"C-{n}", findings=()) for n in range(60))
    text = render_html(replace(report, causes=many))
    assert 'id="causes"' in text
    assert "more causes in report.json" in text


def test_span_is_full_only_where_it_certainly_lasted() -> None:
    doubt = timedelta(hours=1)
    first, last = moment("02:00:00", doubt=doubt), moment("06:00:00", doubt=doubt)
    incident = replace(times.incidents()[0], began=first, ended=last)
    (lane,) = lanes(alone(incidents=(incident,)), "incidents")
    (span,) = lane.spans
    assert span.sure is not None
    assert span.outer[0] < span.sure[0] < span.sure[1] < span.outer[1]


def test_span_whose_ends_may_be_in_any_order_is_nowhere_full() -> None:
    doubt = timedelta(hours=3)
    first, last = moment("02:00:00", doubt=doubt), moment("04:00:00", doubt=doubt)
    incident = replace(times.incidents()[0], began=first, ended=last)
    assert lanes(alone(incidents=(incident,)), "incidents")[0].spans[0].sure is None


def test_incident_whose_end_was_not_seen_says_so() -> None:
    (lane,) = lanes(alone(incidents=times.incidents()[2:]), "incidents")
    assert (lane.host, lane.spans[0].of) == ("pool", times.UPGRADE)
    assert "its end was not seen" in lane.spans[0].title


def test_spans_that_overlap_stand_in_rows_of_their_own() -> None:
    incident = replace(
        times.incidents()[0], began=moment("02:00:00", day=20), ended=moment("06:00:00")
    )
    several = tuple(replace(incident, id=f"I-{n}") for n in range(6))
    assert len(lanes(alone(incidents=several), "incidents")) == 4


def test_incidents_that_fall_together_are_one_span_with_a_count() -> None:
    storm = tuple(
        replace(times.incidents()[0], id=f"I-{n}", began=moment("10:00:00"), ended=None)
        for n in range(40)
    )
    storm = tuple(replace(each, last_seen=None) for each in storm)
    (lane,) = lanes(alone(incidents=storm), "incidents")
    assert (lane.spans[0].count, lane.spans[0].of) == (40, None)


def test_run_has_a_lane_of_its_pool_and_says_its_verdicts() -> None:
    (lane,) = lanes(alone(runs=times.runs()), "backup runs")
    assert lane.host == "orion"
    assert "1 full, 1 could be incremental" in lane.spans[0].title


def test_hole_is_drawn_over_its_log_with_what_was_expected() -> None:
    lane = next(lane for lane in lanes(alone(holes=times.holes()), "SMlog") if lane.holes)
    assert HoleKind.SILENT.value in lane.holes[0].title
    assert "a line at least every 31 s" in lane.holes[0].title


def test_boots_and_steps_of_a_clock_are_flags_with_letters() -> None:
    (lane,) = lanes(alone(clocks=times.clocks()), "clock")
    assert [flag.letter for flag in lane.flags] == ["R", "\N{MINUS SIGN}"]
    assert lane.flags[1].whisker is not None


def test_flags_of_a_kind_that_fall_together_are_one() -> None:
    clock = times.clocks()[0]
    same = replace(clock, changes=clock.changes[:1] * 3)
    (lane,) = lanes(alone(clocks=(same,)), "clock")
    assert [flag.count for flag in lane.flags] == [3]


def test_strip_stands_above_the_logs_of_its_host() -> None:
    report = alone(hours=times.hours())
    own = [lane for lane in everything(report).lanes if lane.host == "jupiter"]
    assert own[0].strip is not None
    assert own[0].strip[1].startswith("530 lines kept in the fullest hour")


def test_what_has_no_year_is_counted_and_not_drawn() -> None:
    report = alone(holes=times.holes(), clocks=times.clocks(), runs=times.runs())
    assert undated(report) == 3


def test_table_has_what_is_drawn_and_what_has_no_year() -> None:
    report = rich_report()
    rows = timeline_rows(report)
    things = len(report.incidents) + len(report.runs) + len(report.holes)
    sessions = sum(bool(each.began or each.ended) for v in report.nbd for each in v.connections)
    lines = {each.source for each in report.happenings if each.what.is_line}
    places = {row.source for row in rows}
    assert lines <= places
    flags = {change.after.source for clock in report.clocks for change in clock.changes}
    told = {quote.source for each in report.incidents for quote in each.evidence}
    assert flags <= places | told
    kinds = Counter(row.lane for row in rows)
    assert kinds["incident"] + kinds["backup run"] == things - len(report.holes)
    assert kinds["NBD session"] == sessions
    assert sum("nothing was read" in row.what for row in rows) == len(report.holes)
    assert not rows[-1].first.year_known


@pytest.mark.parametrize(
    ("kind", "seconds", "words"),
    [
        (ClockChangeKind.REBOOT, None, "the host booted"),
        (ClockChangeKind.BACK, -3600.0, "the clock was set back by 1 h"),
        (ClockChangeKind.FORWARD, 0.25, "the clock was set forward by 0.25 s"),
    ],
)
def test_jump_is_said_with_its_length(
    kind: ClockChangeKind, seconds: float | None, words: str
) -> None:
    assert change_words(times.change(kind, moment("10:00:00"), seconds)) == words


def test_run_says_its_verdict_in_a_word_and_a_letter() -> None:
    text = section(rich_report(), "runs")
    assert "full: CBT was off" in text
    assert "not decidable" in text
    assert "would settle it" in text


def test_runs_disks_and_incidents_beyond_the_limits_are_said_to_be_left_out() -> None:
    run = times.runs()[0]
    disk = times.disk_run("x", RunVerdict.INCREMENTAL, None)
    vdis = (replace(disk.vdi, uuid=f"{n:036}") for n in range(MOST_ROWS + 5))
    wide = replace(run, disks=tuple(replace(disk, vdi=vdi) for vdi in vdis))
    later = tuple(replace(wide, id=f"R-{n}") for n in range(MOST_COLUMNS + 2))
    storm = tuple(replace(times.incidents()[0], id=f"I-{n:04}") for n in range(MOST_INCIDENTS + 3))
    report = replace(rich_report(), runs=later, incidents=storm)
    assert len(time_context(report)["incidents"]) == MOST_INCIDENTS
    text = Page(render_html(report)).text
    assert "2 earlier runs: cbtriage show run" in text
    assert "5 more disks in report.json" in text
    assert "3 more incidents in report.json" in text


def test_disk_with_a_full_run_stands_before_one_without() -> None:
    table = render_html(rich_report()).split('<table class="runs">')[1].split("</table>")[0]
    assert table.index("db01 data") < table.index("web01")


def test_no_incident_and_no_run_is_no_clean_bill() -> None:
    text = Page(render_html(empty_report())).text
    assert "That is no proof that there was none" in text
    assert "Nothing is known of any clock" in text


def test_ruled_out_says_for_which_time_and_with_which_holes() -> None:
    judged = section(rich_report(), "judged")
    assert "but for 1 hole in the logs; not seen before 18 Nov 03:10:00" in judged


def test_json_points_from_a_rule_ruled_out_to_its_holes() -> None:
    document = json.loads(render_json(rich_report()))
    outcome = next(o for o in document["outcomes"] if o["rule"] == "cbt-disabled-no-space")
    assert [each["source"] for each in document["holes"] if each["id"] in outcome["holes"]] == [
        "smlog"
    ]


def test_json_skew_that_is_no_number_is_null() -> None:
    clock = times.clocks()[0]
    skew = replace(clock.skews[0], seconds=float("nan"))
    report = alone(clocks=(replace(clock, skews=(skew,)),))
    assert json.loads(render_json(report))["clocks"][0]["skews"][0]["seconds"] is None


def test_quiet_clock_is_told_in_the_full_report_only() -> None:
    clock = replace(times.clocks()[0], changes=(), skews=(), contradictions=())
    assert list(clock_lines(clock, every=False)) == []
    assert len(list(clock_lines(clock, every=True))) == 1


def test_clock_that_is_off_is_told() -> None:
    lines = list(clock_lines(times.clocks()[0], every=False))
    assert any("7 min ± 2 s behind" in line for line in lines)
    assert not any("0.4 s" in line for line in lines)


def test_no_hole_is_no_line() -> None:
    assert holes_line(clear_report()) == ""


def test_text_tells_how_it_came_about_before_the_findings() -> None:
    text = render_text(rich_report())
    assert text.index("HOW IT CAME ABOUT") < text.index("- then: ") < text.index("FINDINGS")


def test_short_text_says_how_much_it_leaves_out() -> None:
    report = rich_report()
    cause = replace(report.causes[0], chain=report.causes[0].chain * 4)
    storm = tuple(replace(times.incidents()[0], id=f"I-{n}") for n in range(9))
    runs = tuple(replace(times.runs()[0], id=f"R-{n}") for n in range(7))
    text = render_text(replace(report, causes=(cause,), incidents=storm, runs=runs))
    assert "and 6 more steps in report.html" in text
    assert "and 3 more incidents in report.html" in text
    assert "3 earlier runs in report.html" in text


def test_full_text_says_what_was_considered_and_each_disk_of_a_run() -> None:
    text = render_text(rich_report(), full=True)
    assert "considered and dropped: The toolstack of jupiter was restarted" in text
    assert "db01 data: full, CBT was off" in text


def test_markdown_has_the_chain_and_short_blocks() -> None:
    text = render_markdown(rich_report())
    assert "   - then: CBT was turned off" in text
    assert "## Incidents" in text
    assert "## Clocks and holes" in text


def test_markdown_says_how_much_it_leaves_out() -> None:
    storm = tuple(replace(times.incidents()[0], id=f"I-{n:03}") for n in range(120))
    assert "- 20 more lines in report.json" in render_markdown(alone(incidents=storm))


def test_range_of_a_crash_is_a_whisker_and_not_a_time() -> None:
    crash = times.incidents()[0]
    (lane,) = lanes(alone(incidents=(crash,)), "incidents")
    assert crash.began.earliest < crash.began.latest
    assert lane.spans[0].outer[0] < lane.spans[0].outer[1]


@pytest.mark.parametrize(
    ("began", "doubt", "shown"),
    [
        ("09:56:00", 7, "between 2024-11-22 18:49 and 19:03 +09:00"),
        ("14:56:00", 7, "between 2024-11-22 23:49 and 2024-11-23 00:03 +09:00"),
        ("16:00:00", 60, "between 2024-11-23 00:00 and 02:00 +09:00"),
    ],
)
def test_range_in_the_title_of_a_cause_moves_with_the_zone(
    began: str, doubt: int, shown: str
) -> None:
    when = Around(moment(began, doubt=timedelta(minutes=doubt)))
    cause = replace(rich_report().causes[0], title=say("It went down {when}", when=when))
    assert in_zone(cause, zone_named("Asia/Tokyo")).title == f"It went down {shown}"


def test_what_only_reads_like_a_range_in_the_title_of_a_cause_stays() -> None:
    name = "between 2024-11-22 09:49 and 10:02 UTC"
    cause = replace(rich_report().causes[0], title=say("{vm} went down", vm=name))
    assert in_zone(cause, zone_named("Asia/Tokyo")).title == f"{name} went down"
