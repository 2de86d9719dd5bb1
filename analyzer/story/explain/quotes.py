"""What rests on the lines of a report."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from analyzer.model.finding import Evidence
from analyzer.model.operation import Operation
from analyzer.model.pages import key_of_line
from analyzer.model.report import Report
from analyzer.model.source import Source

_SHORT = 120
Quoter: TypeAlias = tuple[str, str, str]  # what, its id or name, its title


class Quotes:
    """What rests on lines, but for calls of SM.

    ``told`` is all of it in its order, those from ``behind`` on behind the calls of SM; ``lines``
    are, by `key_of_line`, the places of what rests on a line.
    """

    def __init__(
        self, told: Sequence[Quoter], behind: int, lines: Mapping[str, Sequence[int]]
    ) -> None:
        self.told, self.behind, self.lines = told, behind, lines

    def quoted_by(self, sources: Collection[Source], calls: Iterable[Quoter]) -> Iterator[Quoter]:
        """Yield what rests on one of these lines, which are lines of those calls."""
        keys = (key_of_line(each.bundle, each.member, each.line) for each in sources)
        places = sorted({place for key in keys for place in self.lines.get(key, ())})
        yield from (self.told[place] for place in places if place < self.behind)
        yield from calls
        yield from (self.told[place] for place in places if place >= self.behind)


def quotes_of(report: Report) -> Quotes:
    """Return what rests on the lines of a report."""
    told: list[Quoter] = []
    lines: dict[str, list[int]] = {}

    def take(sources: Iterable[Source], what: Quoter) -> None:
        for source in dict.fromkeys(sources):
            key = key_of_line(source.bundle, source.member, source.line)
            lines.setdefault(key, []).append(len(told))
        told.append(what)

    for finding in (each for outcome in report.outcomes for each in outcome.findings):
        take(_sources(finding.evidence), ("finding", finding.id, finding.title))
    for incident in report.incidents:
        take(_sources(incident.evidence), ("incident", incident.id, incident.title))
    for cause in report.causes:
        take(cause.context, ("cause", cause.id, cause.title))
    behind = len(told)
    for suppressed in report.suppressed:
        if suppressed.example:
            own = ("noise", suppressed.pattern, suppressed.reason)
            take([suppressed.example.source], own)
    for problem in report.problems:
        take([problem.source], ("problem", problem.source.member, problem.what[:_SHORT]))
    return Quotes(told, behind, lines)


def _sources(quotations: Iterable[Evidence]) -> Iterator[Source]:
    return (evidence.source for evidence in quotations)


def call_told(operation: Operation) -> Quoter:
    """Return what is told of a call of SM."""
    of = f"disk {operation.vdi}, " if operation.vdi else ""
    return "call of SM", operation.name or "(entry not seen)", f"{of}{operation.result}"


def members_read(report: Report) -> frozenset[tuple[str, str]]:
    """Return (bundle, path) of the members that a parser read."""
    logs = {(row.bundle, row.member) for row in report.coverage}
    return frozenset(
        logs | {(each.bundle, path) for each in report.ledger for path in each.members}
    )
