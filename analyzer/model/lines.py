"""Kept lines as light rows, in blocks: the full timeline is asked of them; a case file has them."""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from analyzer.model.entry import Entry, Unseen
from analyzer.model.finding import Severity
from analyzer.model.moment import Moment
from analyzer.model.terms import EPOCH, MICROSECOND
from analyzer.values import dataclass


class Mark(NamedTuple):
    """What findings and incidents that quote a line make of its entry; "" is no severity."""

    title: str
    rules: Sequence[str]
    findings: Sequence[str]
    incidents: Sequence[str]
    severity: str


def with_mark(entry: Entry, mark: Mark) -> Entry:
    """Return an entry with the findings and incidents that quote it."""
    return replace(
        entry,
        title=mark.title or entry.title,
        kinds=tuple(dict.fromkeys((*entry.kinds, *mark.rules))),
        findings=tuple(mark.findings),
        incidents=tuple(mark.incidents),
        severity=Severity(mark.severity) if mark.severity else None,
    )


class Block(NamedTuple):
    """Rows that follow each other in time, and their words in one piece of UTF-8.

    ``moments`` are, of each moment, at, earliest and latest, in microseconds, and the place of how
    it was dated. ``columns`` are, of each row, the places of its moment, bundle, member, host, log,
    program, task, level, SR, VDI, VBD, session and kinds, its line and count, and where in the
    words its text ends, its message begins and ends; one byte behind that another text begins.
    ``marks`` say what quotes a row, ``calls`` is which calls of SM each is a line of
    (`CallIndex`). Places are those of `LineIndex`, -1 for none, as for no pid.
    """

    moments: "list[array[int]]"
    columns: "list[array[int]]"
    pids: "array[int]"
    marks: dict[int, Mark]
    calls: "array[int]"
    words: bytes = b""

    @property
    def size(self) -> int:
        """Return how many rows it has."""
        return len(self.pids)

    def starts(self, rows: Sequence[int], ordered: Sequence[int]) -> list[int]:
        """Return where in the words the texts of rows begin, which lie there in another order.

        ``ordered`` is where messages end, in the order of the words.
        """
        stops = self.columns[-1]
        before = [bisect_left(ordered, stops[row]) for row in rows]
        return [ordered[place - 1] + 1 if place else 0 for place in before]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineIndex:
    """What finds lines in the blocks.

    ``kinds`` are selectors with the title that they give a line. ``spans`` are of each block the
    earliest and latest time (microseconds) and how many rows it has. ``told`` are the objects
    that each entry tells of that is no kept line, None where it concerns all; ``unseen`` are all
    logs, ``count`` is how many events are kept.
    """

    texts: tuple[str, ...]
    kinds: tuple[tuple[tuple[str, ...], str], ...]
    spans: tuple[tuple[int, int, int], ...]
    told: tuple[tuple[str, ...] | None, ...]
    unseen: tuple[Unseen, ...]
    count: int


def moment_of(index: LineIndex, block: Block, when: int) -> Moment:
    """Return a moment of a block."""
    at, earliest, latest = (EPOCH + column[when] * MICROSECOND for column in block.moments[:3])
    dated_by = index.texts[block.moments[3][when]]
    return Moment(at=at, earliest=earliest, latest=latest, dated_by=dated_by)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallIndex:
    """What finds one line in the blocks, and the calls of SM that it is of.

    ``files`` are of each block the files that its rows are lines of: the places of bundle and
    member, and the lowest and the highest line. ``calls`` are calls as they are told.
    """

    files: tuple[tuple[tuple[int, int, int, int], ...], ...]
    calls: tuple[tuple[tuple[str, str, str], ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTimeline:
    """What is said beside entries that are shown: how many, and whether findings rest on one.

    ``undated`` are those of an unknown year.
    """

    count: int
    undated: int
    found: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    """All entries, in their order.

    ``parts`` are (block, first row, row after), of block -1 the places in what is no kept line;
    ``about`` has of each row of a block, ``made_about`` of each in what is no kept line, "1" where
    its order to another is not known, else "0". ``hosts`` and ``lanes`` are those of the entries;
    ``times`` with their bundles are of each bundle, hour and doubt one.
    """

    parts: tuple[tuple[int, int, int], ...]
    about: tuple[str, ...]
    made_about: str
    shown: ShownTimeline
    hosts: tuple[str, ...]
    lanes: tuple[str, ...]
    times: tuple[tuple[str, Moment], ...]
