"""What is known of lines in a case and its report, for `analyzer.story.explain.explain_line`."""

from collections.abc import Collection, Iterable
from functools import cached_property

from analyzer.case.case import Case
from analyzer.model.moment import Moment
from analyzer.model.report import Report
from analyzer.model.source import Source
from analyzer.parsers._api import Stamp
from analyzer.story.explain.calls_of_lines import calls_of_lines
from analyzer.story.explain.explain_line import KeptLine
from analyzer.story.explain.quotes import Quoter, Quotes, call_told, quotes_of


class CaseFacts:
    """See `analyzer.story.explain.explain_line.LineFacts`."""

    def __init__(self, case: Case, report: Report) -> None:
        self._case, self._report = case, report

    @cached_property
    def quotes(self) -> Quotes:
        """Return what rests on lines."""
        return quotes_of(self._report)

    def host(self, bundle: str) -> str:
        """Return the name of the host of a status report."""
        return next((host.name for host in self._case.hosts if host.bundle == bundle), bundle)

    def moment(self, source: Source, stamp: Stamp) -> Moment | None:
        """Return when a line is of, None in a case that is not of bundles."""
        dates = self._case.dates.get(source.bundle)
        return dates.moment(source.member, source.line, stamp) if dates is not None else None

    def kept(self, source: Source) -> KeptLine | None:
        """Return what was kept of a line, None for nothing."""
        kept = self._case.events.of_lines([source])
        fields = {event.kind: event.fields for event in kept}
        return KeptLine(kept[0].moment, fields) if kept else None

    def quoted_by(self, sources: Collection[Source]) -> Iterable[Quoter]:
        """Yield what rests on one of these lines."""
        known = calls_of_lines(self._case)
        own = {id(each): each for source in sorted(sources) for each in known.of(source)}
        return self.quotes.quoted_by(sources, map(call_told, own.values()))
