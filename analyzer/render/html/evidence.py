"""The quoted lines of a report, each once, under the member that holds it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from markupsafe import Markup

from analyzer.model.finding import Evidence
from analyzer.model.moment import Moment
from analyzer.model.packed_lines import PackedLines, packed
from analyzer.model.report import Excerpt, Report
from analyzer.model.source import Source
from analyzer.render.words.answer import answer_of
from analyzer.render.words.summary import findings
from analyzer.render.words.view import counted, visible
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


def quoted_members(report: Report, shown: frozenset[str], most: int) -> tuple[QuotedMember, ...]:
    """Return the evidence of the findings `shown`, and the lines that the story points to.

    By bundle, member and line; at most so many lines, those of the worst findings.
    """
    uses: dict[Source, list[tuple[str, Moment | None, str]]] = {}
    for source, use in _uses_of_sources(report, shown):
        if source in uses or len(uses) < most:
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


# The lines around a quoted one, as far as the report carries them.

NEAR = 3  # lines before and after a quoted one that are shown at once
_RANGES = 4  # that are named one by one


class Excerpts:
    """The lines of quoted members that a report carries, by member."""

    def __init__(self, report: Report) -> None:
        self._of: dict[tuple[str, str], list[Excerpt]] = {}
        self._runs: dict[tuple[str, str], list[PackedLines]] = {}
        for each in report.excerpts:
            self._of.setdefault((each.bundle, each.member), []).append(each)
        for part in report.packed:
            self._runs.setdefault((part.bundle, part.member), []).append(part)
        for key, own in self._of.items():
            if key not in self._runs and (more := [e for e in own if len(e.lines) > 2 * NEAR + 1]):
                self._runs[key] = [_packed_excerpt(each) for each in more]
        self._names = {key: f"lines-{n}" for n, key in enumerate(self._runs, 1)}
        self._lengths = {(row.bundle, row.member): row.lines for row in report.coverage}

    def around(self, source: Source) -> Excerpt | None:
        """Return the lines next to a line."""
        own = self._of.get((source.bundle, source.member), ())
        whole = next((e for e in own if e.first <= source.line <= e.last), None)
        if whole is None:
            return None
        first = max(source.line - NEAR, whole.first)
        lines = whole.lines[first - whole.first : source.line + NEAR + 1 - whole.first]
        return replace(whole, first=first, lines=lines)

    def runs(self, bundle: str, member: str) -> Sequence[PackedLines]:
        """Return what of a member is packed into the page, by line."""
        return self._runs.get((bundle, member), ())

    def name(self, bundle: str, member: str) -> str:
        """Return the anchor of the packed lines of a member."""
        return self._names[bundle, member]

    def holds(self, source: Source) -> bool:
        """Tell whether a line is among the packed ones."""
        return any(
            e.first <= source.line <= e.last for e in self.runs(source.bundle, source.member)
        )

    def words(self, bundle: str, member: str) -> str:
        """Say which lines of a member are packed, and of how many."""
        runs, length = self.runs(bundle, member), self._lengths.get((bundle, member), 0)
        ranges: list[tuple[int, int]] = []
        for each in runs:
            if ranges and ranges[-1][1] + 1 == each.first:
                ranges[-1] = ranges[-1][0], each.last
            else:
                ranges.append((each.first, each.last))
        if ranges == [(1, length)]:
            return f"all {counted(length, 'line')}" if length > 1 else "its one line"
        told = ", ".join(f"{first:,} to {last:,}" for first, last in ranges[:_RANGES])
        more = f" and {counted(len(ranges) - _RANGES, 'more place')}" if ranges[_RANGES:] else ""
        return f"lines {told}{more}" + (f" of {length:,}" if length else "")


def _packed_excerpt(excerpt: Excerpt) -> PackedLines:
    return PackedLines(
        bundle=excerpt.bundle,
        member=excerpt.member,
        first=excerpt.first,
        count=len(excerpt.lines),
        packed=packed([visible(line) for line in excerpt.lines]),
    )


def excerpt_text(excerpt: Excerpt, quoted: Sequence[int]) -> Markup:
    """Return an excerpt with the numbers of its lines; quoted lines stand out."""
    rows = []
    for number, text in enumerate(excerpt.lines, excerpt.first):
        row = Markup("<b><i>{}</i> {}</b>" if number in quoted else "<i>{}</i> {}")  # noqa: S704  # ours
        rows.append(row.format(number, visible(text)))
    return Markup('<pre class="excerpt" tabindex="0"><code>{}</code></pre>').format(
        Markup("\n").join(rows)
    )


def around_words(report: Report, members: Sequence[QuotedMember]) -> str:
    """Say of how many quoted lines the lines around them are carried."""
    excerpts = Excerpts(report)
    lines = [quote.source for member in members for quote in member.quotes if quote.source.line]
    without = sum(excerpts.around(source) is None for source in lines)
    if not without:
        return ""
    stand = "stands" if without == 1 else "stand"
    return (
        f"{without} of {counted(len(lines), 'line')} {stand} alone: "
        "cbtriage explain MEMBER:LINE shows the lines around, with the bundle."
    )
