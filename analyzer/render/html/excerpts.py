"""The lines around a quoted one, as far as the report carries them."""

from collections.abc import Sequence
from dataclasses import replace

from markupsafe import Markup

from analyzer.model.report import Excerpt, Report
from analyzer.model.source import Source
from analyzer.render.html.evidence import QuotedMember
from analyzer.render.words.view import counted, visible

NEAR = 3  # lines before and after a quoted one that are shown at once


class Excerpts:
    """The excerpts of a report, by member."""

    def __init__(self, report: Report) -> None:
        self._names = {id(each): f"lines-{n}" for n, each in enumerate(report.excerpts, 1)}
        self._of: dict[tuple[str, str], list[Excerpt]] = {}
        for each in report.excerpts:
            self._of.setdefault((each.bundle, each.member), []).append(each)

    def around(self, source: Source) -> tuple[Excerpt, Excerpt] | None:
        """Return the lines next to a line, and all that are carried of the place around it."""
        own = self._of.get((source.bundle, source.member), ())
        whole = next((e for e in own if e.first <= source.line <= e.last), None)
        if whole is None:
            return None
        first = max(source.line - NEAR, whole.first)
        lines = whole.lines[first - whole.first : source.line + NEAR + 1 - whole.first]
        return replace(whole, first=first, lines=lines), whole

    def wide(self, bundle: str, member: str) -> Sequence[Excerpt]:
        """Return the excerpts of a member that have more than the nearest lines."""
        return [e for e in self._of.get((bundle, member), ()) if len(e.lines) > 2 * NEAR + 1]

    def name(self, excerpt: Excerpt) -> str:
        """Return the anchor of an excerpt of `wide`."""
        return self._names[id(excerpt)]


def excerpt_text(excerpt: Excerpt, quoted: Sequence[int]) -> Markup:
    """Return an excerpt with the numbers of its lines; quoted lines stand out."""
    rows = []
    for number, text in enumerate(excerpt.lines, excerpt.first):
        row = Markup("<b><i>{}</i> {}</b>" if number in quoted else "<i>{}</i> {}")  # noqa: S704  # ours
        rows.append(row.format(number, visible(text)))
    return Markup('<pre class="excerpt"><code>{}</code></pre>').format(Markup("\n").join(rows))


def around_words(report: Report, members: Sequence[QuotedMember]) -> str:
    """Say of how many quoted lines the lines around them are carried."""
    excerpts = Excerpts(report)
    lines = [quote.source for member in members for quote in member.quotes if quote.source.line]
    without = sum(excerpts.around(source) is None for source in lines)
    if not without:
        return "The lines around it are folded under it."
    told = (
        "none has" if without == len(lines) else f"{without} {'lacks' if without == 1 else 'lack'}"
    )
    return (
        f"Of {counted(len(lines), 'line')} {told} the lines around: they were not read again, or "
        "there was no room. With the bundle, cbtriage explain MEMBER:LINE shows them."
    )
