"""The lines around quoted ones on the page: what is there is said, and no more."""

from dataclasses import replace

from analyzer.model.packed_lines import PackedLines, packed
from analyzer.model.report import Excerpt, Report
from analyzer.render.html.evidence import Excerpts
from analyzer.render.html.html import LARGEST, render_html
from tests.render.support import FIRST, rich_report

SMLOG = "var/log/SMlog"


def run(first: int, count: int, text: str = "a line") -> PackedLines:
    lines = packed([text] * count)
    return PackedLines(bundle=FIRST, member=SMLOG, first=first, count=count, packed=lines)


def with_runs(*runs: PackedLines) -> Report:
    return replace(rich_report(), packed=runs)


def length() -> int:
    return next(row.lines for row in rich_report().coverage if row.member == SMLOG)


def test_whole_member_is_said_to_be_there_only_where_it_is() -> None:
    whole = Excerpts(with_runs(run(1, 1000), run(1001, length() - 1000)))
    assert whole.words(FIRST, SMLOG) == f"all {length():,} lines"
    part = Excerpts(with_runs(run(1, 1000), run(1201, 100)))
    assert part.words(FIRST, SMLOG) == f"lines 1 to 1,000, 1,201 to 1,300 of {length():,}"


def test_member_without_packed_lines_shows_those_around_its_quotes() -> None:
    excerpt = Excerpt(bundle=FIRST, member=SMLOG, first=1154, lines=("x",) * 101)
    excerpts = Excerpts(replace(rich_report(), excerpts=(excerpt,)))
    assert [(each.first, each.last) for each in excerpts.runs(FIRST, SMLOG)] == [(1154, 1254)]
    both = Excerpts(replace(with_runs(run(1, 1200)), excerpts=(excerpt,)))
    assert [(each.first, each.last) for each in both.runs(FIRST, SMLOG)] == [(1, 1200)]


def test_page_that_is_too_large_loses_whole_members_first() -> None:
    report = with_runs(run(1, 10), replace(run(11, 10), packed="A" * LARGEST))
    text = render_html(report)
    assert len(text.encode()) <= LARGEST
    assert '<span hidden data-first="1"' not in text
    assert '<span hidden data-first="1"' in render_html(with_runs(run(1, 10)))
    assert "This report is large" not in text
