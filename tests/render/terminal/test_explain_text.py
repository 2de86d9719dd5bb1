"""The pages of ``cbtriage explain``, from values made by hand."""

from dataclasses import replace

import pytest

from analyzer.model.event import Event, place_of_text
from analyzer.model.explained import Attempt, HostNeed, NeedExplained, RuleExplained
from analyzer.model.finding import Evidence, Gap, Verdict
from analyzer.model.report import Suppressed
from analyzer.render.terminal.explain_text import rule_text
from tests.checks.support import text_of
from tests.render.support import HOSTILE, at, crash, found, outcome, smlog

GAP = Gap(need="smlog", host="jupiter", why="not in the report", settle_with="xen-bugtool")
RULE = RuleExplained(
    text=text_of("cbt-log-missing"),
    role="check",
    condition="",
    outcome=None,
    needs=(),
    selectors=(),
)


def event(line: int) -> Event:
    text = f"vdi_attach {HOSTILE}".encode()
    return Event(
        moment=at("10:06:01"),
        source=smlog(line),
        kind="sm-call.entry",
        parser="smlog",
        host="jupiter",
        process="SM",
        words=text,
        place=place_of_text(0, len(text)),
        said=place_of_text(0, len("vdi_attach")),
    )


def need(**more: object) -> NeedExplained:
    values: dict[str, object] = {"host": "jupiter", "bundle": "b", "gap": None, "window": None}
    host = HostNeed(**{**values, **more})  # type: ignore[arg-type]  # the names are the model's
    return NeedExplained(need="lvs", scope="one host of the pool", hosts=(host,))


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, "o jupiter: read"),
        ({"gap": GAP}, "x jupiter: LACKED: not in the report"),
        ({"gap": GAP}, "settle with: xen-bugtool"),
        ({"gap": GAP, "covered": True}, "- jupiter: not read, and another report covers it"),
        ({"hidden": "SMlog: 9 x"}, "not understood, and may be what is looked for: SMlog: 9 x"),
    ],
)
def test_source_of_a_host_is_read_or_lacked(more: dict[str, object], told: str) -> None:
    assert told in rule_text(replace(RULE, needs=(need(**more),)))


def test_what_is_missing_beside_the_reports_is_told() -> None:
    elsewhere = replace(need(), elsewhere=(replace(GAP, host="saturn"), replace(GAP, host="")))
    page = rule_text(replace(RULE, needs=(elsewhere,)))
    assert "x saturn: LACKED: not in the report" in page
    assert "x elsewhere: LACKED" in page


def test_rule_without_needs_lines_or_answer_says_so() -> None:
    page = rule_text(RULE)
    assert "check: it gives no answer by itself" in page
    assert "no source is declared" in page
    assert "none of its own" in page


def test_attempts_say_whether_they_met_the_condition_and_what_they_lack() -> None:
    tried = (Attempt(events=(event(3),), lacks=""), Attempt(events=(event(4),), lacks="1 of 3"))
    page = rule_text(replace(RULE, condition="at least 3 of these lines", attempts=tried))
    assert "CONDITION\n  at least 3" in page
    assert "o met: 1 line, 2024-11-22 10:06:01 UTC, on jupiter" in page
    assert "x LACKED: 1 of 3: 1 line" in page
    assert "[var/log/SMlog:4]" in page


def test_long_lists_are_cut_and_say_how_much_is_left() -> None:
    tried = tuple(Attempt(events=(event(n),), lacks="x") for n in range(25))
    gaps = tuple(replace(GAP, host=f"host{n}") for n in range(25))
    finding = crash()
    many = replace(found(finding), findings=(finding,) * 25)
    page = rule_text(replace(RULE, attempts=tried, undecided=gaps, outcome=many))
    assert "and 5 more attempts" in page
    assert "and 5 more gaps" in page
    assert "and 5 more findings" in page


def test_what_a_check_could_not_decide_is_told_with_its_remedy() -> None:
    page = rule_text(replace(RULE, undecided=(GAP, replace(GAP, host="", settle_with=""))))
    assert "smlog of jupiter: not in the report\n      settle with: xen-bugtool" in page
    assert "  smlog: not in the report\n" in page


def test_noise_is_shown_with_an_example_where_there_is_one() -> None:
    line = Evidence(source=smlog(3), text="line")
    noise = Suppressed(pattern="p", count=2, reason="nobody cares", example=line)
    bare = replace(noise, pattern="q", example=None)
    page = rule_text(replace(RULE, near=(noise, bare)))
    assert "p: 2 times; nobody cares\n      [var/log/SMlog:3] line\n  q: 2 times" in page


def test_window_and_remedies_of_the_answer_are_told() -> None:
    answer = outcome(
        "r",
        Verdict.CANNOT_TELL,
        "why",
        settle_with=("do this",),
        window=(at("10:00:00"), at("11:00:00")),
    )
    page = rule_text(replace(RULE, outcome=answer, beside=("lvs",)))
    assert "CANNOT-TELL: why" in page
    assert "it holds for 2024-11-22 10:00:00 UTC to 2024-11-22 11:00:00 UTC" in page
    assert "settle with: do this" in page
    assert "also looked at: lvs" in page


def test_hostile_text_cannot_move_the_cursor() -> None:
    tried = (Attempt(events=(event(3),), lacks=HOSTILE),)
    assert all(row.isprintable() for row in rule_text(replace(RULE, attempts=tried)).splitlines())
