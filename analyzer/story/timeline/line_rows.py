"""One kept line, out of the blocks of `analyzer.story.timeline.lines`."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from analyzer.model.event import CODING
from analyzer.model.lines import Block, CallIndex, LineIndex, moment_of
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.story.explain.quotes import Quoter
from analyzer.story.timeline.asked import Lines, Words


class CalledLines(Lines, Protocol):
    """Kept lines of which it is known which calls of SM they are of."""

    @property
    def calls(self) -> CallIndex:
        """Return what finds one line, and its calls."""


class LineRow(NamedTuple):
    """A kept line: what kept it, and the calls of SM that it is a line of."""

    moment: Moment
    log: str
    process: str
    message: str
    kinds: tuple[str, ...]
    calls: tuple[Quoter, ...]


def row_of_line(lines: CalledLines, source: Source) -> LineRow | None:
    """Return a line, None if nothing was kept of it."""
    index, texts = lines.index, lines.index.texts
    for number, files in enumerate(lines.calls.files):
        for bundle, member, lowest, highest in files:
            if not lowest <= source.line <= highest:
                continue
            if (texts[bundle], texts[member]) != (source.bundle, source.member):
                continue
            block = lines.block(number)
            for row in _rows(block, bundle, member, source.line):
                called = block.calls[row]
                calls = lines.calls.calls[called] if called >= 0 else ()
                return _told(index, block, row, lines.words(number), calls)
    return None


def _rows(block: Block, bundle: int, member: int, line: int) -> Iterator[int]:
    columns = zip(block.columns[1], block.columns[2], block.columns[13], strict=True)
    return (row for row, own in enumerate(columns) if own == (bundle, member, line))


def _told(
    index: LineIndex, block: Block, row: int, words: Words, calls: tuple[Quoter, ...]
) -> LineRow:
    when, _, _, _, log, process, *_, kind, _, _, _, begin, stop = (
        column[row] for column in block.columns
    )
    return LineRow(
        moment=moment_of(index, block, when),
        log=index.texts[log],
        process=index.texts[process] if process >= 0 else "",
        message=words[begin:stop].decode(*CODING),
        kinds=index.kinds[kind][0],
        calls=calls,
    )
