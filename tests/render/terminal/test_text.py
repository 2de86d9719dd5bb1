"""The terminal's report: the first 25 rows answer, nothing of the bundle moves the cursor."""

import re
from dataclasses import replace

import pytest

from analyzer.model.finding import Evidence, Verdict
from analyzer.model.report import Report
from analyzer.model.source import Source
from analyzer.render.terminal.text import render_text
from analyzer.render.words.short_time import DASH
from analyzer.render.words.view import visible
from tests.render.support import (
    LONG,
    VDI,
    clear_report,
    crash,
    empty_report,
    found,
    mixed,
    outcome,
    rich_report,
)


def crowded_report() -> Report:
    """Return a report with far more of everything than fits on a screen."""
    many = tuple(
        replace(crash(), rule=f"rule-{n:02}", detail="word " * 300, title=f"{n} {LONG}")
        for n in range(20)
    )
    untold = tuple(
        outcome(f"untold-{n:02}", Verdict.CANNOT_TELL, f"{n} {LONG}", settle_with=(LONG,))
        for n in range(40)
    )
    return replace(rich_report(), causes=(), outcomes=(*(found(f) for f in many), *untold))


def first_screen(report: Report, width: int = 100) -> str:
    return "\n".join(render_text(report, width=width).splitlines()[:25])


@pytest.mark.parametrize(
    "answer",
    [
        "CRITICAL: 4 findings",  # what broke
        "Host jupiter went down while disks were in use",
        "since 22 Nov 10:02:00",  # since when
        "certain; since",  # how sure
        f"next: xe vdi-enable-cbt uuid={VDI}",  # what next
        "part of CBT and NBD not checked",  # what could not be told
        "no listing of the storage repository was collected",
    ],
)
def test_first_screen_answers(answer: str) -> None:
    assert answer in first_screen(rich_report())


@pytest.mark.parametrize("width", [60, 80, 100])
def test_crowd_does_not_push_an_answer_off_the_first_screen(width: int) -> None:
    screen = first_screen(crowded_report(), width)
    assert "WHAT WE CANNOT TELL" in screen
    assert "more reasons below" in screen
    assert "more causes below" in screen


@pytest.mark.parametrize("report", [rich_report(), empty_report(), clear_report()])
def test_all_clear_is_said_only_if_it_is(report: Report) -> None:
    assert ("NOTHING FOUND" in render_text(report)) == (report == clear_report())


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("width", [10, 60, 100])
def test_no_row_is_wider_than_asked(width: int, full: bool) -> None:
    rows = render_text(rich_report(), width=width, full=full).splitlines()
    texts = [row for row in rows if not row.lstrip().startswith("$ ")]
    assert max(map(len, texts)) <= max(width, 40)


def test_command_of_a_plan_stands_on_one_row_alone() -> None:
    report = rich_report()
    rows = [row.strip() for row in render_text(report, width=40, full=True).splitlines()]
    commands = [
        command for plan in report.plans for step in plan.steps for command in step.commands
    ]
    assert commands
    assert {f"$ {visible(command)}" for command in commands} <= set(rows)


def test_no_control_character_without_colour() -> None:
    assert render_text(rich_report()).replace("\n", "").isprintable()


def test_colours_are_the_only_control_characters() -> None:
    text = render_text(rich_report(), color=True)
    assert "\x1b[1;31m" in text
    assert "\x1b[31mred" not in text


def test_same_words_with_and_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = render_text(rich_report())
    for name, value in (("COLUMNS", "30"), ("FORCE_COLOR", "1"), ("TERM", "dumb")):
        monkeypatch.setenv(name, value)
    assert render_text(rich_report()) == plain


def test_own_words_are_ascii() -> None:
    text = render_text(rich_report(), full=True)
    assert text.replace(DASH, "-").isascii()  # between two times


def test_times_are_those_of_the_page_and_their_year_stands_at_the_top() -> None:
    top, found = render_text(rich_report(), full=True).split("FINDINGS", 1)
    assert re.search(r"^read: 2024-.* UTC to 2024-.* UTC$", top, re.MULTILINE)
    own = "\n".join(line for line in found.splitlines() if "|" not in line)  # but quotations
    assert not re.search(r"2024-\d\d-\d\d \d\d:", own)


def test_evidence_is_quoted_with_its_place() -> None:
    text = render_text(rich_report())
    assert "var/log/SMlog:1204  22 Nov 10:06:01" in text
    assert "| Nov 22 11:06:01 jupiter SM: [24517] Changed Block Tracking metadata" in text


def test_long_quotation_says_what_it_leaves_out() -> None:
    assert "... and 9721 more characters" in render_text(rich_report())


def test_full_text_leaves_nothing_of_a_quotation_out() -> None:
    assert render_text(rich_report(), full=True).count("x") >= len(LONG)


def test_full_text_has_all_findings_and_quotations() -> None:
    line = Evidence(source=Source(bundle="b", member="m", line=1), text="the fourth")
    many = tuple(
        replace(mixed(), rule=f"r{n:02}", evidence=(*crash().evidence, line)) for n in range(12)
    )
    report = replace(rich_report(), causes=(), outcomes=tuple(found(f) for f in many))
    assert "and 2 more findings" in render_text(report)
    assert "and 1 more quotation" in render_text(report)
    assert render_text(report, full=True).count("the fourth") == 12


def test_each_other_rule_has_one_row() -> None:
    rows = render_text(rich_report()).splitlines()
    assert (
        sum(row.startswith(("cannot-tell ", "error ", "ruled-out ", "not-app")) for row in rows)
        == 7
    )


def test_ledger_trouble_is_listed_with_the_command() -> None:
    text = render_text(rich_report())
    assert " lvs: timed out" in text
    assert " sr_listing: not collected by design" not in text


def test_full_text_has_the_whole_ledger() -> None:
    assert " sr_listing: not collected by design" in render_text(rich_report(), full=True)


def test_run_without_rules_is_not_called_judged() -> None:
    text = render_text(replace(clear_report(), outcomes=()))
    assert "nothing was checked" in text


def test_finding_without_a_step_still_has_a_next() -> None:
    report = replace(clear_report(), outcomes=(found(replace(mixed(), action=(), wrong_if="")),))
    assert "next: no step is known" in render_text(report)
