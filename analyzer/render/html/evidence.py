"""The quoted lines of a report, each once, under the member that holds it."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from analyzer.model.moment import Moment
from analyzer.model.report import Report
from analyzer.model.source import Source
from analyzer.render.words.summary import findings


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
    """Return the evidence of the findings `shown`, and the context of the causes.

    By bundle, member and line.
    """
    uses: dict[Source, list[tuple[str, Moment | None, str]]] = {}
    for source, use in _uses(report, shown):
        uses.setdefault(source, []).append(use)
    quotes = (_quote(source, uses[source]) for source in sorted(uses))
    return tuple(
        QuotedMember(bundle=bundle, name=member, quotes=tuple(group))
        for (bundle, member), group in groupby(
            quotes, key=lambda quote: (quote.source.bundle, quote.source.member)
        )
    )


def _uses(
    report: Report, shown: frozenset[str]
) -> Iterable[tuple[Source, tuple[str, Moment | None, str]]]:
    for finding in (each for each in findings(report) if each.id in shown):
        for evidence in finding.evidence:
            yield evidence.source, (evidence.text, evidence.at, finding.id)
    context = {source for cause in report.causes for source in cause.context}
    for event in report.timeline:
        if event.source in context:
            yield event.source, (event.text, event.moment, "")


def _quote(source: Source, uses: list[tuple[str, Moment | None, str]]) -> Quote:
    return Quote(
        source=source,
        texts=tuple(dict.fromkeys(text for text, _, _ in uses)),
        at=next((at for _, at, _ in uses if at is not None), None),
        findings=tuple(dict.fromkeys(finding for _, _, finding in uses if finding)),
    )
