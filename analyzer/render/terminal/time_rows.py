"""Time and cause for the terminal: how each trouble came about, incidents, runs, clocks."""

from collections.abc import Iterator

from rich.text import Text

from analyzer.model.report import Report
from analyzer.render.terminal.rows import MANY, Rows, heading
from analyzer.render.words.summary import causes
from analyzer.render.words.time_lines import (
    clock_lines,
    considered_line,
    holes_line,
    incident_line,
    run_lines,
    step_line,
)
from analyzer.render.words.view import counted

CAUSES, STEPS, INCIDENTS, RUNS, CLOCKS = 3, 6, 6, 4, 6


def story_rows(report: Report, rows: Rows) -> Iterator[Text]:
    """Yield the chain of events of each cause that has one, and what else was considered."""
    told = [(n, each) for n, each in enumerate(causes(report), 1) if each.chain or each.considered]
    told = told if rows.full else told[:CAUSES]
    if told:
        yield from heading("HOW IT CAME ABOUT")
    for number, cause in told:
        yield from rows.wrap(f"{number}. {cause.title}", hang=3, limit=MANY if rows.full else 1)
        steps = [step_line(step) for step in cause.chain]
        yield from _listed_rows(steps, rows, STEPS, "step")
        if rows.full:
            yield from _listed_rows([considered_line(c) for c in cause.considered], rows, STEPS, "")


def time_rows(report: Report, rows: Rows) -> Iterator[Text]:
    """Yield incidents, backup runs and clocks, each block only if it has something to tell."""
    blocks = (
        ("INCIDENTS", [incident_line(each) for each in report.incidents], INCIDENTS, "incident"),
        ("BACKUP RUNS", _run_rows(report, rows), MANY, ""),
        ("CLOCKS AND HOLES", _clock_rows(report, rows), CLOCKS, "line"),
    )
    for title, lines, most, noun in blocks:
        if lines:
            yield from heading(title)
            yield from _listed_rows(lines, rows, most, noun)


def _run_rows(report: Report, rows: Rows) -> list[str]:
    """Return the latest runs; in the short report of each only the first line."""
    if rows.full:
        return [line for run in report.runs for line in run_lines(run)]
    left = len(report.runs) - RUNS
    earlier = [f"{counted(left, 'earlier run')} in report.html"] if left > 0 else []
    return [*earlier, *(next(run_lines(run)) for run in report.runs[-RUNS:])]


def _clock_rows(report: Report, rows: Rows) -> list[str]:
    lines = [line for clock in report.clocks for line in clock_lines(clock, every=rows.full)]
    holes = holes_line(report)
    return [*lines, holes] if holes else lines


def _listed_rows(lines: list[str], rows: Rows, most: int, noun: str) -> Iterator[Text]:
    shown = lines if rows.full else lines[:most]
    for line in shown:
        yield from rows.wrap(f"- {line}", indent=1, hang=3, limit=MANY if rows.full else 2)
    if len(lines) > len(shown):
        yield Text(f" and {counted(len(lines) - len(shown), 'more ' + noun)} in report.html")
