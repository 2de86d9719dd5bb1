"""One finding for the terminal: what, how sure, since when, on which lines, why, what to do."""

from collections.abc import Iterator

from analyzer.model.finding import Evidence, Subject
from analyzer.model.pages import FindingPage
from analyzer.render.terminal.plan_text import plan_text
from analyzer.render.words.plan_lines import state_line
from analyzer.render.words.view import counted, stamp, visible


def finding_text(page: FindingPage) -> str:
    """Return the page of a finding."""
    lines_of_finding: list[str] = []
    lines_of_finding.extend(("", "IT RESTS ON"))
    for evidence in page.finding.evidence:
        lines_of_finding.append(f"  {visible(str(evidence.source))} ({_when_quoted(evidence)})")
        lines_of_finding.extend(f"      {visible(line)}" for line in evidence.text.split("\n"))
    finding = page.finding
    head_of_finding: list[str] = []
    head_of_finding.append(f"[{finding.severity.upper()}] {visible(finding.title)}")
    head_of_finding.append(f"  {finding.id}, fingerprint {finding.fingerprint or 'not made'}")
    head_of_finding.append(f"  rule {finding.rule}; {finding.confidence}, by {finding.basis}")
    head_of_finding.extend(f"  about {_subject_named(subject)}" for subject in finding.subjects)
    if finding.first_seen is not None:
        last = finding.last_seen
        until = f" to {stamp(last)}" if last and last != finding.first_seen else ""
        times = f", {counted(finding.count, 'time')}" if finding.count > 1 else ""
        head_of_finding.append(f"  seen {stamp(finding.first_seen)}{until}{times}")
    head_of_finding.append(f"  at the end: {visible(state_line(finding))}")
    head_of_finding.extend(("", visible(finding.detail)))
    if finding.wrong_if:
        head_of_finding.append(f"This would be wrong if {visible(finding.wrong_if)}")
    lines = [
        *head_of_finding,
        *lines_of_finding,
        *_why_lines(page),
        *plan_text(page.plans),
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _subject_named(subject: Subject) -> str:
    name = f" {visible(subject.name)}" if subject.name else ""
    return f"{subject.type}{name} {visible(subject.uuid)}"


def _when_quoted(evidence: Evidence) -> str:
    return stamp(evidence.at) if evidence.at else "a state, without a time of its own"


def _why_lines(page: FindingPage) -> Iterator[str]:
    if not (page.explained_by or page.causes):
        return
    yield from ("", "WHY")
    for cause in page.causes:
        yield f"  {cause.id}: {visible(cause.title)}"
    for each in page.explained_by:
        yield f"  explained by {each.id}: {visible(each.title)}"
