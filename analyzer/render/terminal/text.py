"""The terminal's report: its first 25 rows answer the five questions, the rest proves it.

Our own words are ASCII, so that they survive any terminal; colours come only when asked for,
and nothing of the machine (size, theme, environment) is looked at.
"""

from collections.abc import Iterator

from rich.text import Text

from analyzer.model.finding import Finding, Severity, Verdict
from analyzer.model.plan import Plan
from analyzer.model.report import Report
from analyzer.render.terminal.rows import MANY, Rows, heading, printed, styled
from analyzer.render.terminal.screen import first_screen
from analyzer.render.words.disk_words import TONES, disk_line
from analyzer.render.words.error_lines import TITLE, error_facts, error_notes
from analyzer.render.words.given_lines import given_line, settled_line
from analyzer.render.words.local import in_exact_times
from analyzer.render.words.nbd_lines import nbd_lines, nbd_title, worth_telling
from analyzer.render.words.order import ordered
from analyzer.render.words.plan_lines import TITLE as TO_DO
from analyzer.render.words.plan_lines import plan_lines, plan_title, state_line
from analyzer.render.words.question_lines import question_lines, question_title
from analyzer.render.words.short_time import exact_times
from analyzer.render.words.summary import (
    causes,
    doubts,
    findings,
    not_used,
    of_verdict,
    pools_line,
    unread,
    window,
)
from analyzer.render.words.time_lines import (
    clock_lines,
    considered_line,
    holes_line,
    incident_line,
    run_lines,
    step_lines,
    window_words,
)
from analyzer.render.words.view import counted, span, stamp, visible
from analyzer.story.together import pool_name

# Time and cause for the terminal: how each trouble came about, incidents, runs, clocks.

CAUSES, STEPS, INCIDENTS, RUNS, CLOCKS = 3, 6, 6, 4, 6


def story_rows(report: Report, rows: Rows) -> Iterator[Text]:
    """Yield the chain of events of each cause that has one, and what else was considered."""
    told = [(n, each) for n, each in enumerate(causes(report), 1) if each.chain or each.considered]
    told = told if rows.full else told[:CAUSES]
    if told:
        yield from heading("HOW IT CAME ABOUT")
    for number, cause in told:
        yield from rows.wrap(f"{number}. {cause.title}", hang=3, limit=MANY if rows.full else 1)
        yield from _listed_rows(list(step_lines(cause.chain)), rows, STEPS, "step")
        if rows.full:
            yield from _listed_rows([considered_line(c) for c in cause.considered], rows, STEPS, "")


def time_rows(report: Report, rows: Rows) -> Iterator[Text]:
    """Yield incidents, backup runs and clocks, each block only if it has something to tell."""
    rows_lines = [line for clock in report.clocks for line in clock_lines(clock, every=rows.full)]
    holes = holes_line(report)
    clock_rows = [*rows_lines, holes] if holes else rows_lines
    # The latest runs; in the short report of each only the first line.
    if rows.full:
        run_rows: list[str] = [line for run in report.runs for line in run_lines(run)]
    else:
        left = len(report.runs) - RUNS
        earlier = [f"{counted(left, 'earlier run')} in report.html"] if left > 0 else []
        run_rows = [*earlier, *(next(run_lines(run)) for run in report.runs[-RUNS:])]
    blocks = (
        ("INCIDENTS", [incident_line(each) for each in report.incidents], INCIDENTS, "incident"),
        ("BACKUP RUNS", run_rows, MANY, ""),
        ("CLOCKS AND HOLES", clock_rows, CLOCKS, "line"),
    )
    for title, lines, most, noun in blocks:
        if lines:
            yield from heading(title)
            yield from _listed_rows(lines, rows, most, noun)


def _listed_rows(lines: list[str], rows: Rows, most: int, noun: str) -> Iterator[Text]:
    shown = lines if rows.full else lines[:most]
    for line in shown:
        yield from rows.wrap(f"- {line}", indent=1, hang=3, limit=MANY if rows.full else 2)
    if len(lines) > len(shown):
        yield Text(f" and {counted(len(lines) - len(shown), 'more ' + noun)} in report.html")


SHOWN_FINDINGS, SHOWN_QUOTES, QUOTE_ROWS = 10, 3, 3
SHOWN_ERRORS = 6
SHOWN_PLANS = 10
NBD_LINES, NBD_LINES_FULL = 4, 40
VERDICT_COLUMN = 16


def render_text(
    report: Report, *, width: int = 100, color: bool = False, full: bool = False
) -> str:
    """Return the report as text of `width` columns; ``full`` leaves nothing out for brevity."""
    rows = Rows(width=width, full=full)
    with exact_times(window(report)):
        page = _page_of_pool(ordered(in_exact_times(report)), rows)
        return printed(page, rows.width, color=color)


def _page_of_pool(report: Report, rows: Rows) -> Iterator[Text]:
    if report.question:
        yield from rows.wrap(question_title(report.question), hang=4)
        for line in question_lines(report):
            yield from rows.wrap(line, indent=2, hang=4)
        yield Text()
    if report.parts:
        yield from rows.wrap(pools_line(report))
        for part in report.parts:
            yield from heading(pool_name(part).upper())
            yield from _page_of_pool(ordered(part), rows)
        return
    yield from first_screen(report, rows)
    yield from _plans_section(report, rows)
    yield from story_rows(report, rows)
    found = findings(report)
    shown = found if rows.full else found[:SHOWN_FINDINGS]
    if found:
        yield from heading("FINDINGS")
    for number, finding in enumerate(shown, 1):
        yield from _finding_of_number(number, finding, rows, several=len(report.bundles) > 1)
    if len(found) > len(shown):
        left = counted(len(found) - len(shown), "more finding")
        yield Text()
        yield from rows.wrap(f"and {left} in report.html and report.json")
    yield from _error_rows(report, rows)
    yield from _doubt_rows(report, rows)
    yield from _other_rule_rows(report, rows)
    yield from time_rows(report, rows)
    yield from _disk_rows(report, rows)
    yield from _nbd_rows(report, rows)
    yield from _given_back(report, rows)
    yield from _source_rows(report, rows)
    yield Text()
    yield from rows.wrap(_tally_of_rules(report))


def _finding_of_number(
    number: int, finding: Finding, rows: Rows, *, several: bool
) -> Iterator[Text]:
    if number > 1:
        yield Text()
    title = f"{number}. [{finding.severity.upper()}] {finding.title}"
    yield from styled(rows.wrap(title, hang=3), finding.severity)
    facts = [finding.id, finding.confidence.value, f"proven by {finding.basis}"]
    if finding.first_seen or finding.last_seen:
        facts.append(span(finding.first_seen, finding.last_seen))
    if finding.count > 1:
        facts.append(f"seen {counted(finding.count, 'time')}")
    yield from rows.wrap("; ".join(facts), indent=3)
    for subject in finding.subjects:
        name = f" {subject.name}" if subject.name else ""
        yield from rows.wrap(f"{subject.type}{name} {subject.uuid}", indent=3, hang=7)
    yield from rows.wrap(finding.detail, indent=3)
    for cause in finding.explained_by:
        yield from rows.wrap(f"explained by {cause}", indent=3, hang=7)
    evidence = finding.evidence
    yield Text("   because:")
    shown = evidence if rows.full else evidence[:SHOWN_QUOTES]
    for item in shown:
        when = f"  {stamp(item.at)}" if item.at else ""
        bundle = f"  in {item.source.bundle}" if several else ""
        yield from rows.wrap(f"{item.source}{when}{bundle}", indent=5, hang=7)
        yield from rows.quote(item.text, limit=QUOTE_ROWS)
    if len(evidence) > len(shown):
        yield Text(f"     and {counted(len(evidence) - len(shown), 'more quotation')}")
    if finding.wrong_if:
        yield from rows.wrap(f"wrong if: {finding.wrong_if}", indent=3, hang=7)
    yield from rows.wrap(f"at the end: {state_line(finding)}", indent=3, hang=7)
    if finding.plan:
        yield from rows.wrap(f"what to do: {finding.plan}", indent=3)


def plan_rows(plan: Plan, rows: Rows) -> Iterator[Text]:
    """Yield a plan: its title, and its lines below it."""
    yield from rows.wrap(f"{plan.id}  {plan_title(plan)}", indent=1, hang=5)
    for line in plan_lines(plan):
        indent = 3 + 3 * line.depth
        if line.code:
            # on one row whatever its length: a command that is broken up cannot be copied
            yield Text(f"{' ' * indent}$ {visible(line.text)}", no_wrap=True)
            continue
        made = rows.wrap(line.text, indent=indent, hang=indent + 3)
        yield from styled(made, Severity.ERROR) if line.destroys else made


def _plans_section(report: Report, rows: Rows) -> Iterator[Text]:
    shown = report.plans if rows.full else report.plans[:SHOWN_PLANS]
    if shown:
        yield from heading(TO_DO.upper())
    for plan in shown:
        yield from plan_rows(plan, rows)
    if len(report.plans) > len(shown):
        left = counted(len(report.plans) - len(shown), "more plan")
        yield from rows.wrap(f"and {left} in report.html and report.json")


def _error_rows(report: Report, rows: Rows) -> Iterator[Text]:
    """Yield the errors that nobody explains, each with one quotation."""
    groups = report.unexplained if rows.full else report.unexplained[:SHOWN_ERRORS]
    if groups:
        yield from heading(TITLE.upper())
    for group in groups:
        title = rows.wrap(f"[{group.severity.upper()}] {group.title}", hang=3, limit=3)
        yield from styled(title, group.severity)
        yield from rows.wrap(error_facts(group), indent=3, hang=7)
        for note in error_notes(group):
            yield from rows.wrap(note, indent=3, hang=9)
        yield from rows.wrap(str(group.evidence[0].source), indent=5, hang=7)
        yield from rows.quote(group.evidence[0].text, limit=QUOTE_ROWS)
    if len(report.unexplained) > len(groups):
        left = counted(len(report.unexplained) - len(groups), "more kind", "more kinds")
        yield from rows.wrap(f"and {left} in report.html and report.json")


def _doubt_rows(report: Report, rows: Rows) -> Iterator[Text]:
    reasons = doubts(report)
    if reasons:
        yield from heading("WHY NOT, AND WHAT WOULD SETTLE IT")
    for doubt in reasons:
        failed = "a rule failed: " if doubt.failed else ""
        yield from rows.wrap(f"- {failed}{doubt.reason}", indent=1, hang=3)
        yield from rows.wrap(f"unknown: {', '.join(doubt.rules)}", indent=3, hang=7)
        for command in doubt.settle_with:
            yield from rows.wrap(f"settle with: {command}", indent=3, hang=7)


def _other_rule_rows(report: Report, rows: Rows) -> Iterator[Text]:
    others = [o for v in Verdict if v is not Verdict.FOUND for o in of_verdict(report, v)]
    if others:
        yield from heading("THE OTHER RULES")
    column = max((len(outcome.rule) for outcome in others), default=0) + 2
    for outcome in others:
        covered = f" ({window_words(outcome)})" if outcome.window else ""
        text = f"{outcome.verdict:<{VERDICT_COLUMN}}{outcome.rule:<{column}}"
        text += (outcome.reason or "no reason is recorded") + covered
        yield from rows.wrap(
            text, hang=min(VERDICT_COLUMN + column, 30), limit=MANY if rows.full else 1
        )


def _disk_rows(report: Report, rows: Rows) -> Iterator[Text]:
    """Yield one row a disk with CBT, in the full report only."""
    if not rows.full or not report.disks:
        return
    yield from heading("DISKS WITH CBT")
    for disk in report.disks:
        made = rows.wrap(f"- {disk_line(disk)}", indent=1, hang=3)
        tone = TONES[disk.state]
        disk_row = made if tone == "context" else styled(made, tone)
        yield from disk_row


def _nbd_rows(report: Report, rows: Rows) -> Iterator[Text]:
    """Yield a few rows a pool; in the short report only where NBD is used or in trouble."""
    views = [view for view in report.nbd if rows.full or worth_telling(view)]
    if views:
        yield from heading("NBD")
    for view in views:
        yield from rows.wrap(nbd_title(view), indent=1, hang=3)
        for line in nbd_lines(view, NBD_LINES_FULL if rows.full else NBD_LINES):
            limit = MANY if rows.full else 3
            yield from rows.wrap(f"- {line}", indent=3, hang=5, limit=limit)


def _given_back(report: Report, rows: Rows) -> Iterator[Text]:
    if report.given_back:
        yield from heading("GIVEN BACK")
    for file in report.given_back:
        yield from rows.wrap(given_line(file), indent=1, hang=3)
    for each in report.settled:
        yield from rows.wrap(f"settled: {settled_line(each)}", indent=1, hang=3)


def _source_rows(report: Report, rows: Rows) -> Iterator[Text]:
    entries = report.ledger if rows.full else (*unread(report), *not_used(report))
    if entries:
        yield from heading("SOURCES" if rows.full else "SOURCES NOT READ WHOLE")
    for entry in entries:
        fetch = f" (fetch: {entry.settle_with})" if entry.settle_with else ""
        where = f" in {entry.bundle}" if len(report.bundles) > 1 else ""
        text = f"{entry.source}: {entry.presence}{where}; {entry.why}{fetch}"
        yield from rows.wrap(text, indent=1, hang=5)


def _tally_of_rules(report: Report) -> str:
    verdicts = (
        f"{len(of_verdict(report, verdict))} {verdict.value}"
        for verdict in Verdict
        if of_verdict(report, verdict)
    )
    noise = sum(entry.count for entry in report.suppressed)
    return (
        f"{counted(len(report.outcomes), 'rule')}: {', '.join(verdicts) or 'none was run'}; "
        f"{counted(noise, 'line')} of known noise, {counted(len(report.omissions), 'omission')}, "
        f"{counted(len(report.problems), 'problem')} in reading."
    )
