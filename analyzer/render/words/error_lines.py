"""Errors that nobody explains, in lines of text, which the terminal and Markdown share."""

from collections.abc import Iterator

from analyzer.model.error_group import ErrorGroup
from analyzer.model.report import Report
from analyzer.render.words.view import counted, span

TITLE = "Errors that no rule explains"


def error_facts(group: ErrorGroup) -> str:
    """Return how often, since when, how fast, and where."""
    rate = f", {group.per_hour:g} an hour" if group.per_hour else ""
    near = "; beside a backup" if group.near_backup else ""
    seen = span(group.first_seen, group.last_seen)
    return f"{group.process} on {group.host}; {counted(group.count, 'time')}{rate}; {seen}{near}"


def error_notes(group: ErrorGroup) -> Iterator[str]:
    """Yield the objects, what the error means, and what to do next."""
    for subject in group.subjects:
        if subject.type != "Host":
            yield f"{subject.type} {f'{subject.name} ' if subject.name else ''}{subject.uuid}"
    if group.meaning:
        yield f"means: {group.meaning}"
    yield f"next: {group.next_step}"


def explained_words(report: Report) -> str:
    """Return how many kinds of errors a finding or an incident explains, "" for none."""
    kinds = len(report.explained_errors)
    if not kinds:
        return ""
    told = counted(kinds, "kind of errors", "kinds of errors")
    more = "more " if report.unexplained else ""
    return f"{more}{told} in report.json, explained by findings and incidents"
