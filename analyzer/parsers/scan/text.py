"""A piece of log read as the scanner reads it, without its short cuts: each line of it."""

from collections.abc import Sequence

from analyzer.parsers._api import Hit, LogParser, Record, Selector
from analyzer.parsers.scan.lines import WholeLines
from analyzer.parsers.scan.match import Matcher, every_line, matcher_of
from analyzer.parsers.scan.records import Reader

LINE_LIMIT = 1 << 20


class TextScanner:
    """All selectors of a run, compiled for a parser when it is first needed."""

    def __init__(
        self,
        parsers: Sequence[LogParser],
        selectors: Sequence[Selector],
        *,
        line_limit: int = LINE_LIMIT,
    ) -> None:
        self._parsers = {parser.name: parser for parser in parsers}
        self._selectors = tuple(selectors)
        self._line_limit = line_limit
        self._matchers: dict[str, Matcher] = {}

    def match(self, parser: str, process: str, message: str) -> tuple[Hit, ...]:
        """Return the hits of the selectors for `parser` (a log's name, or another source's)."""
        return self._selector_matcher(parser).match(process, message)

    def parse_text(self, parser: str, text: str) -> tuple[Record, ...]:
        """Return all records of a piece of log, hit or not, read the way `scan` reads it.

        Raises:
            KeyError: no log parser has that name.
        """
        reader = Reader(self._parsers[parser], every_line())
        chunks = WholeLines((text.encode(errors="replace"),), self._line_limit)
        found = [record for chunk in chunks for record in reader.feed(chunk)]
        return (*found, *reader.feed(b"", last=True))

    def _selector_matcher(self, name: str) -> Matcher:
        if name not in self._matchers:
            wanted = tuple(selector for selector in self._selectors if selector.parser == name)
            parser = self._parsers.get(name)
            self._matchers[name] = (
                matcher_of(wanted, parser.failure, parser.setting) if parser else matcher_of(wanted)
            )
        return self._matchers[name]
