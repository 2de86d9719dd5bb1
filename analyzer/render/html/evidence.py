"""The quoted lines of a report, each once, under the member that holds it."""

from collections.abc import Iterable
from itertools import groupby

from analyzer.model.finding import Evidence
from analyzer.model.moment import Moment
from analyzer.model.report import Report
from analyzer.model.source import Source
from analyzer.render.words.answer import answer_of
from analyzer.render.words.summary import findings
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """One source, its different texts, and the ids of the findings that rest on it."""

    source: Source
    texts: tuple[str, ...]
    at: Moment | None
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedMember:
    """A member and its quotes, by line."""

    bundle: str
    name: str
    quotes: tuple[Quote, ...]


def quoted_members(report: Report, shown: frozenset[str]) -> tuple[QuotedMember, ...]:
    """Return the evidence of the findings `shown`, and the lines that the story points to.

    By bundle, member and line.
    """
    uses: dict[Source, list[tuple[str, Moment | None, str]]] = {}
    for source, use in _uses_of_sources(report, shown):
        uses.setdefault(source, []).append(use)
    quotes = (_quote_of_source(source, uses[source]) for source in sorted(uses))
    return tuple(
        QuotedMember(bundle=bundle, name=member, quotes=tuple(group))
        for (bundle, member), group in groupby(
            quotes, key=lambda quote: (quote.source.bundle, quote.source.member)
        )
    )


def _uses_of_sources(
    report: Report, shown: frozenset[str]
) -> Iterable[tuple[Source, tuple[str, Moment | None, str]]]:
    for finding in (each for each in findings(report) if each.id in shown):
        for evidence in finding.evidence:
            yield evidence.source, (evidence.text, evidence.at, finding.id)
    answers = [answer_of(part) for part in report.parts or (report,)]
    told = {fact.source for answer in answers for fact in answer.facts if fact.source}
    for cause in report.causes:
        told |= {*cause.context, *(step.source for step in cause.chain if step.source)}
    for evidence in _quotes_of_story(report):
        if evidence.source in told:
            yield evidence.source, (evidence.text, evidence.at, "")


def _quotes_of_story(report: Report) -> Iterable[Evidence]:
    """Yield the quotations that no finding rests on."""
    for entry in report.happenings:
        if entry.what.is_line and not entry.findings:
            yield Evidence(source=entry.source, text=entry.text, at=entry.moment)
    for incident in report.incidents:
        yield from incident.evidence
    for run in report.runs:
        for disk in run.disks:
            yield from (step.evidence for step in disk.steps)
    for view in report.nbd:
        for connection in view.connections:
            yield from connection.evidence


def _quote_of_source(source: Source, uses: list[tuple[str, Moment | None, str]]) -> Quote:
    return Quote(
        source=source,
        texts=tuple(dict.fromkeys(text for text, _, _ in uses)),
        at=next((at for _, at, _ in uses if at is not None), None),
        findings=tuple(dict.fromkeys(finding for _, _, finding in uses if finding)),
    )
