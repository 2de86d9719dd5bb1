"""report.md: the findings for a ticket, in GitHub-flavoured Markdown.

Text of a bundle stands in code or is escaped, so that it can neither format nor embed anything.
"""

import re
from collections.abc import Iterator

from analyzer.model.finding import Finding, Verdict
from analyzer.model.report import Report
from analyzer.render.words.answer import doubt_words
from analyzer.render.words.disk_words import disk_line, notable
from analyzer.render.words.error_lines import TITLE, error_facts, error_notes
from analyzer.render.words.given_lines import given_line, settled_line
from analyzer.render.words.local import in_exact_times
from analyzer.render.words.nbd_lines import nbd_lines, nbd_title
from analyzer.render.words.order import ordered
from analyzer.render.words.plan_lines import TITLE as TO_DO
from analyzer.render.words.plan_lines import plan_lines, plan_title, state_line
from analyzer.render.words.question_lines import question_lines, question_title
from analyzer.render.words.short_time import exact_times
from analyzer.render.words.summary import (
    CauseView,
    broken,
    doubts,
    findings,
    headline,
    left_open,
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
from analyzer.render.words.view import counted, cut, span, stamp, visible, whole_span
from analyzer.story.together import pool_name

QUOTE, DISKS, NBD_LINES, TIME_LINES, RUNS = 4000, 200, 40, 100, 20
SHOWN_FINDINGS, SHOWN_ERRORS = 200, 50
_SPECIAL = re.compile(r"[\\`*\[\]|~]|(?<!\w)_|_(?!\w)|:(?=//)|(?<=www)\.|^[#+=-]|(?<=^\d)[.)]")
_TICKS = re.compile(r"`+")


def render_markdown(report: Report) -> str:
    """Return the report as Markdown."""
    with exact_times(window(report)):
        return _whole_of_report(in_exact_times(report))


def _whole_of_report(report: Report) -> str:
    if not report.parts:
        return "\n".join(_lines_of_level(ordered(report))) + "\n"
    lines = [*_question_section(report, 1), escaped(pools_line(report))]
    for part in report.parts:
        lines += ["", f"# {escaped(pool_name(part))}", "", *_lines_of_level(ordered(part), 2)]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    r"""Return `text` so that Markdown shows it as it is, on one line.

    >>> escaped("<b>*x*")
    '&lt;b&gt;\\*x\\*'
    """
    shown = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\g<0>", shown.strip())


def code(text: str) -> str:
    """Return `text` as code on one line, whatever backticks it holds."""
    shown = visible(text)
    fence = _fence_around(shown, 1)
    inner = f" {shown} " if shown.startswith("`") or shown.endswith("`") else shown
    return f"{fence}{inner}{fence}" if shown.strip() else "(empty)"


def _fence_around(text: str, least: int) -> str:
    longest = max((len(ticks) for ticks in _TICKS.findall(text)), default=0)
    return "`" * max(least, longest + 1)


def _lines_of_level(report: Report, level: int = 1) -> Iterator[str]:
    head = headline(report)
    yield from _question_section(report, level)
    yield f"{'#' * level} {head.word}: {escaped(head.text)}"
    yield ""
    yield from _header_section(report)
    yield from _broken_section(report)
    yield from _plans_section(report)
    yield from _cannot_tell(report)
    if report.given_back:
        yield from ("## Given back", "")
        yield from (f"- {escaped(given_line(file))}" for file in report.given_back)
        yield from (f"- Settled: {escaped(settled_line(each))}" for each in report.settled)
        yield ""
    found = findings(report)
    for number, finding in enumerate(found[:SHOWN_FINDINGS], 1):
        yield from _finding_of_number(number, finding)
    if len(found) > SHOWN_FINDINGS:
        yield from (f"{counted(len(found) - SHOWN_FINDINGS, 'more finding')} in report.json.", "")
    if report.unexplained:
        yield from (f"## {TITLE}", "")
    for group in report.unexplained[:SHOWN_ERRORS]:
        yield f"- **{group.severity.upper()}** {escaped(group.title)}"
        yield f"  - {escaped(error_facts(group))}"
        yield from (f"  - {escaped(note)}" for note in error_notes(group))
        first = group.evidence[0]
        yield f"  - {code(str(first.source))}: {code(cut(first.text, QUOTE))}"
    if len(report.unexplained) > SHOWN_ERRORS:
        left = counted(len(report.unexplained) - SHOWN_ERRORS, "more kind", "more kinds")
        yield f"- and {left} in report.json"
    if report.unexplained:
        yield ""
    yield from _time_section(report)
    yield from _disks_section(report)
    yield from _nbd_section(report)
    yield from _others_section(report)


def _question_section(report: Report, level: int) -> Iterator[str]:
    if report.question is not None:
        yield from (f"{'#' * level} {escaped(question_title(report.question))}", "")
        yield from (f"- {escaped(line)}" for line in question_lines(report))
        yield ""


def _header_section(report: Report) -> Iterator[str]:
    for bundle in report.bundles:
        whole = "" if bundle.complete else f", **not read whole**: {escaped(bundle.note)}"
        digest = f", SHA-256 {code(bundle.sha256)}" if bundle.sha256 else ""
        yield f"- {code(bundle.name)}{digest}{whole}"
    for host in report.hosts:
        yield f"- host {escaped(host.name)} ({host.role}), {escaped(host.product or 'unknown')}"
    covered = window(report)
    yield f"- time covered: {whole_span(*covered) if covered else 'nothing could be dated'}"
    yield f"- cbtriage {escaped(report.version)}, catalogue {escaped(report.catalogue)}"
    yield ""


def _broken_section(report: Report) -> Iterator[str]:
    views = broken(report)
    if views:
        yield from ("## What broke", "")
    for number, cause in enumerate(views, 1):
        yield f"{number}. **{cause.severity.upper()}: {escaped(cause.title)}** {_since_when(cause)}"
        if cause.next_action:
            yield f"   Next: {code(cause.next_action)}"
        yield from (f"   - {escaped(line)}" for line in step_lines(cause.chain))
        yield from (f"   - {escaped(considered_line(each))}" for each in cause.considered)
    if views:
        yield ""


def _since_when(cause: CauseView) -> str:
    seen = (
        span(cause.first_seen, cause.last_seen)
        if cause.first_seen or cause.last_seen
        else "since when is not recorded"
    )
    state = f"{cause.state}; " if cause.findings else ""
    return f"({state}{seen}; {cause.confidence})"


def _cannot_tell(report: Report) -> Iterator[str]:
    yield from ("## What we cannot tell", "")
    reasons = doubts(report)
    for doubt in reasons:
        yield f"- {escaped(doubt_words(doubt))}"
        yield from (f"  - settle with {code(command)}" for command in doubt.settle_with)
    for entry in unread(report):
        yield (
            f"- {code(entry.source)} of {code(entry.bundle)}: {entry.presence.value}; "
            f"{escaped(entry.why)}"
        )
    if not reasons and not unread(report):
        told = f"Nothing{left_open(report)}." if report.outcomes else "Nothing was checked."
        yield escaped(told)
    yield ""


def _finding_of_number(number: int, finding: Finding) -> Iterator[str]:
    yield f"## {number}. {finding.severity.upper()}: {escaped(finding.title)}"
    yield ""
    yield f"{code(finding.id)}, {finding.confidence}, proven by {finding.basis}"
    yield ""
    for subject in finding.subjects:
        name = f"{escaped(subject.name)} " if subject.name else ""
        yield f"- {escaped(subject.type)} {name}{code(subject.uuid)}"
    yield from ("", escaped(finding.detail), "")
    for identifier in finding.explained_by:
        yield from (f"Explained by {code(identifier)}.", "")
    yield from ("Because:", "")
    for evidence in finding.evidence:
        when = f", {stamp(evidence.at)}" if evidence.at else ""
        text = cut(visible(evidence.text, lines=True), QUOTE)
        fence = _fence_around(text, 3)
        yield f"{code(str(evidence.source))} in {code(evidence.source.bundle)}{when}"
        yield from ("", f"{fence}text", text, fence, "")
    if finding.wrong_if:
        yield from (f"This would be wrong if {escaped(finding.wrong_if.rstrip('.'))}.", "")
    yield from (f"At the end: {escaped(state_line(finding))}.", "")
    if finding.plan:
        yield from (f"What to do: {code(finding.plan)}.", "")


def _plans_section(report: Report) -> Iterator[str]:
    if report.plans:
        yield from (f"## {TO_DO}", "")
    for plan in report.plans[:SHOWN_FINDINGS]:
        yield f"- **{code(plan.id)} {escaped(plan_title(plan))}**"
        for line in plan_lines(plan):
            text = code(line.text) if line.code else escaped(line.text)
            yield f"{'  ' * (line.depth + 1)}- {f'**{text}**' if line.destroys else text}"
    if len(report.plans) > SHOWN_FINDINGS:
        yield f"- and {counted(len(report.plans) - SHOWN_FINDINGS, 'more plan')} in report.json"
    if report.plans:
        yield ""


def _time_section(report: Report) -> Iterator[str]:
    """Yield incidents, backup runs and clocks, as many as fit a ticket."""
    runs = [line for run in report.runs[-RUNS:] for line in run_lines(run)]
    clocks = [line for clock in report.clocks for line in clock_lines(clock, every=False)]
    holes = holes_line(report)
    blocks = (
        ("Incidents", [incident_line(each) for each in report.incidents]),
        ("Backup runs", runs),
        ("Clocks and holes", [*clocks, holes] if holes else clocks),
    )
    for title, lines in blocks:
        if lines:
            yield from (f"## {title}", "")
            yield from (f"- {escaped(line)}" for line in lines[:TIME_LINES])
        if len(lines) > TIME_LINES:
            yield f"- {counted(len(lines) - TIME_LINES, 'more line')} in report.json"
        if lines:
            yield ""


def _disks_section(report: Report) -> Iterator[str]:
    """Yield one line a disk with CBT, those with findings first, and say what is left out."""
    if not report.disks:
        return
    yield from ("## Disks with CBT", "")
    chosen = sorted(report.disks, key=lambda disk: not notable(disk))
    yield from (f"- {escaped(disk_line(disk))}" for disk in chosen[:DISKS])
    if len(chosen) > DISKS:
        yield f"- {counted(len(chosen) - DISKS, 'more disk')} in report.json"
    yield ""


def _nbd_section(report: Report) -> Iterator[str]:
    """Yield NBD by pool; of one that certainly does not use it only that."""
    if not report.nbd:
        return
    yield from ("## NBD", "")
    for view in report.nbd:
        lines = () if view.in_use is False else nbd_lines(view, NBD_LINES)
        yield f"- {escaped(nbd_title(view))}"
        yield from (f"  - {escaped(line)}" for line in lines)
    yield ""


def _others_section(report: Report) -> Iterator[str]:
    judged = of_verdict(report, Verdict.RULED_OUT, Verdict.NOT_APPLICABLE)
    if not judged:
        return
    yield from (
        "## Ruled out or not applicable",
        "",
        "| rule | verdict | why |",
        "| --- | --- | --- |",
    )
    for outcome in judged:
        held = f" ({window_words(outcome)})" if outcome.window else ""
        reason = escaped(outcome.reason) + held
        yield f"| {escaped(outcome.rule)} | {outcome.verdict.value} | {reason} |"
