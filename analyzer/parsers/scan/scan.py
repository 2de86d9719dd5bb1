"""The line scanner: one streaming pass over a log member.

A bundle holds gigabytes of log and the catalogue asks for a few lines of them. Over a chunk of
usual lines one automaton runs in RE2 (`search`), else two: the grammar counts what is understood
and keeps the places a clock needs (`tally`), the filter finds the lines that may hold a hit
(`match`). Only those meet Python.
What the filter keeps never changes a result: it is a superset, and each line is matched exactly.
It is also asked about what the grammar did not understand, so that nothing is hidden there.
Lines that say something failed are shown to whoever wants to notice them, asked for or not.
"""

import sys
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence
from functools import cache
from typing import Protocol

from analyzer.bundle.budget import TEXT_OF_A_ROW
from analyzer.bundle.member import Member
from analyzer.model.event import Level
from analyzer.parsers._api import Hit, LogParser, LogStats, Record, Selector
from analyzer.parsers.scan.later import LaterLines, NumberedLine, WantedLines
from analyzer.parsers.scan.lines import WholeLines
from analyzer.parsers.scan.match import (
    Automaton,
    Matcher,
    Seen,
    automaton,
    every_line,
    loosened,
)
from analyzer.parsers.scan.records import LineReader, Reader
from analyzer.parsers.scan.search import Search
from analyzer.parsers.scan.syslog import glued_lines, glued_part
from analyzer.parsers.scan.tally import Tally, runs_of_lines
from analyzer.parsers.scan.text import LINE_LIMIT, TextScanner
from analyzer.values import dataclass


class Notice(Protocol):
    """Takes each record that says something failed or what its process is at, and what it holds."""

    def __call__(self, record: Record, seen: Seen, /) -> None:
        """Take a record."""


class PatientNotice(Notice, Protocol):
    """One that is given lines which only tell what a process is at as they are."""

    def set_aside(self, lines: Sequence[NumberedLine]) -> None:
        """Take such lines, before the records behind them."""


class Scanner(TextScanner):
    """All selectors of a run, compiled for a parser when it is first needed.

    Results depend on the selectors, not on the order in which they were loaded; the hits of a
    record come in the order of the selectors' ids. ``filtered=False`` shows every line to Python,
    ``quick=False`` reads every line in full: both give the same results, slowly.

    Raises:
        re2.error: a selector's pattern is not RE2; the catalogue's loader refuses it before.
    """

    def __init__(
        self,
        parsers: Sequence[LogParser],
        selectors: Sequence[Selector],
        *,
        line_limit: int = LINE_LIMIT,
        filtered: bool = True,
        quick: bool = True,
    ) -> None:
        super().__init__(parsers, selectors, line_limit=line_limit)
        self._filtered = filtered
        self._quick = quick
        self._filters: dict[str, Automaton] = {}
        self._wider: dict[str, Automaton] = {}
        self._narrow: dict[str, Automaton] = {}
        self._runs: dict[str, Automaton] = {}
        self.only_with = {each.id: each.only_with for each in self._selectors if each.only_with}

    def scan(
        self,
        member: Member,
        parser: LogParser,
        notice: Notice | None = None,
        *,
        most: int = sys.maxsize,
        at_once: bool = True,
    ) -> "Scan":
        """Read a member once, from where it stands.

        With ``notice`` the lines that say something failed are read as well, and shown to it;
        one that is not understood counts as hidden. Behind `most` lines that meet Python reading
        ends. Not ``at_once`` lines that are needed only with others are held for `read_later`, or
        set aside for a notice that takes them.
        """
        return self.scan_blocks(member.blocks(), parser, notice, most=most, at_once=at_once)

    def scan_blocks(
        self,
        blocks: Iterable[bytes],
        parser: LogParser,
        notice: Notice | None = None,
        *,
        most: int = sys.maxsize,
        at_once: bool = True,
    ) -> "Scan":
        """Read a log that comes in blocks."""
        later = not at_once and self._holds_lines(parser)
        if notice is None:
            if parser.name not in self._filters:
                matcher = self._selector_matcher(parser.name)
                self._filters[parser.name] = matcher.line_filter(parser.always)
            known: Automaton = self._filters[parser.name]
        else:
            known = self._wider_filter(parser)
        found = self._wider_filter(parser) if later else known
        patient = parser.setting is not None and not at_once and not later
        set_aside = getattr(notice, "set_aside", None) if patient else None
        aside = self._filtered and (later or set_aside is not None)
        shown = self._narrow_filter(parser) if aside else None
        return Scan(
            lines=WholeLines(blocks, self._line_limit),
            tally=Tally(parser, self._grammar_of_parser(parser), known, quick=self._quick),
            reader=Reader(
                parser, found if self._filtered else every_line(), shown=shown, quick=self._quick
            ),
            search=self._search(parser, found, shown),
            matcher=self._selector_matcher(parser.name),
            notice=notice,
            most=most,
            held=_Held(
                kinds=self.only_with if later else {},
                set_aside=set_aside,
                read=LineReader(parser).read,
            ),
        )

    def read_later(
        self, parser: str, lines: LaterLines, kinds: Container[str]
    ) -> Iterator[tuple[Record, tuple[Hit, ...]]]:
        """Yield what held lines of a log say of some kinds, in their order."""
        read, match = LineReader(self._parsers[parser]).read, self._selector_matcher(parser).match
        for number, line in lines:
            record = read(number, line)
            hits = match(record.process, record.message) if record else ()
            own = tuple(hit for hit in hits if hit.selector in kinds)
            if record and own:
                yield record, own

    def compile_all(self) -> None:
        """Compile all automata for logs now, for processes that are forked from this one."""
        for parser in self._parsers.values():
            self._grammar_of_parser(parser)
            asks_later = parser.setting is not None or self._holds_lines(parser)
            shown = self._narrow_filter(parser) if asks_later else None
            self._search(parser, self._wider_filter(parser), shown)
        _automaton_of_glued()

    def _wider_filter(self, parser: LogParser) -> Automaton:
        """Return what finds the lines that somebody asks for, and those that tell of a failure."""
        if parser.name not in self._wider:
            self._wider[parser.name] = self._filter_with_failures(parser, parser.setting)
        return self._wider[parser.name]

    def _narrow_filter(self, parser: LogParser) -> Automaton:
        """Return what finds those of them that are read at once.

        The others are asked for only with others, or tell what a process is at and nothing else.
        """
        if parser.name not in self._narrow:
            self._narrow[parser.name] = (
                self._filter_with_failures(parser, parser.setting, self.only_with)
                if self._holds_lines(parser)
                else self._filter_with_failures(parser, parser.naming)
            )
        return self._narrow[parser.name]

    def _filter_with_failures(
        self, parser: LogParser, more: str | None, without: Container[str] = ()
    ) -> Automaton:
        failure = loosened(parser.failure) if parser.failure else None
        patterns = [each for each in (parser.always, parser.loud, more, failure) if each]
        return self._selector_matcher(parser.name).line_filter(
            "|".join(f"(?:{pattern})" for pattern in patterns) or None,
            lambda kind: kind not in without,
        )

    def _search(
        self, parser: LogParser, found: Automaton, shown: Automaton | None
    ) -> Search | None:
        """Return what finds the lines of a usual chunk, None where each line is read in full.

        Where a log has a head of its own, what is wanted may stand in it.
        """
        if not (self._filtered and self._quick) or parser.split:
            return None
        return Search(parser, found, shown)

    def _holds_lines(self, parser: LogParser) -> bool:
        """Tell whether some of its lines are asked for only with others.

        Where lines are joined to others each has to be read in its turn.
        """
        own = (s.parser == parser.name and bool(s.only_with) for s in self._selectors)
        return parser.opens is None and any(own)

    def _grammar_of_parser(self, parser: LogParser) -> Automaton:
        if parser.name not in self._runs:
            self._runs[parser.name] = runs_of_lines(parser)
        return self._runs[parser.name]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """What is held for later: lines of some kinds, or those that `set_aside` takes."""

    kinds: Collection[str]
    set_aside: Callable[[Sequence[NumberedLine]], None] | None
    read: Callable[[int, bytes], Record | None]


class Scan:
    """The records of one member that at least one selector matched, in the order of lines.

    ``stats`` is about the whole member, ``records`` counts what was yielded and ``met`` what met
    Python, a long line as several, all as far as reading went: ask when the iterator is exhausted.
    ``overfull`` tells that more lines met Python than may. ``later`` are lines that are needed only
    with others, and ``later_host`` is the host that the first of them names.
    """

    def __init__(
        self,
        *,
        lines: WholeLines,
        tally: Tally,
        reader: Reader,
        matcher: Matcher,
        held: _Held,
        search: Search | None,
        notice: Notice | None = None,
        most: int = sys.maxsize,
    ) -> None:
        self._most = most
        self._held = held
        self.later = LaterLines()
        self.later_host = ""
        self._lines = lines
        self._tally = tally
        self._reader = reader
        self._search = search
        self._selector_matcher = matcher
        self._notice = notice
        self._found = self._records_with_hits()
        self.records = 0
        self.met = 0
        self.overfull = False

    @property
    def stats(self) -> LogStats:
        """Return what is known of the member so far."""
        return self._tally.stats(self._lines.longest_cut, self._lines.limit)

    def __iter__(self) -> Iterator[tuple[Record, tuple[Hit, ...]]]:
        return self._found

    def _records_with_hits(self) -> Iterator[tuple[Record, tuple[Hit, ...]]]:
        for chunk in self._lines:
            wanted = self._search.wanted(chunk) if self._search else None
            self._tally.read(chunk, understood=wanted is not None)
            if not self._lines.bare:
                self._tally.mark(self._lines.position)
            yield from self._hits_of_chunk(chunk, wanted, last=False)
            if self.met > self._most:
                self.overfull = True
                return
        yield from self._hits_of_chunk(b"", None, last=True)

    def _hits_of_chunk(
        self, chunk: bytes, wanted: WantedLines | None, *, last: bool
    ) -> Iterator[tuple[Record, tuple[Hit, ...]]]:
        records = list(self._reader.feed(chunk, wanted, last=last))
        aside = self._reader.lines_aside()
        self.met += len(aside)
        self.met += sum([len(record.text) // TEXT_OF_A_ROW or 1 for record in records])
        if aside:
            self._hold_aside(aside)
        self._look_for_glued(records)
        see, notice, held = self._selector_matcher.see, self._notice, self._held.kinds
        for record in records:
            seen = see(record.process, record.message)
            if notice and (seen.fails or seen.sets or record.level is Level.ERROR):
                notice(record, seen)
            hits = seen.hits
            if held and any(hit.selector in held for hit in hits):
                self._hold_line(record.line, record.text.encode(), record)
                hits = tuple(hit for hit in hits if hit.selector not in held)
            if hits:
                self.records += 1
                yield record, hits

    def _hold_aside(self, lines: Sequence[NumberedLine]) -> None:
        """Hold lines that are not read now."""
        glued = _automaton_of_glued().find
        if glued(b"\n".join([line for _, line in lines])) >= 0:  # hardly ever
            found = (self._held.read(*each) for each in lines if glued(each[1]) >= 0)
            self._look_for_glued([record for record in found if record])
        if self._held.set_aside is not None:
            self._held.set_aside(lines)
            return
        for number, line in lines:
            self._hold_line(number, line)

    def _hold_line(self, number: int, line: bytes, record: Record | None = None) -> None:
        self.met += len(line) // TEXT_OF_A_ROW
        if not self.later_host:
            record = record or self._held.read(number, line)
            self.later_host = record.syslog_host if record else ""
        self.later.add(number, line)

    def _look_for_glued(self, records: Sequence[Record]) -> None:
        """Count what begins as a line of its own inside a line: half a line was lost there."""
        text = "\n".join([record.text for record in records]).encode(errors="replace")
        if _automaton_of_glued().find(text) < 0:  # nearly always
            return
        for record in records:
            for line in record.text.split("\n"):
                if part := glued_part(line, record.syslog_host):
                    self._tally.hide(part.encode(errors="replace"))


@cache
def _automaton_of_glued() -> Automaton:
    return automaton(glued_lines())
