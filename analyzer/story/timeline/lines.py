"""The kept lines of a run as light rows, in blocks: what the full timeline is asked of.

A case file keeps the blocks as they are here, and `analyzer.story.timeline.asked` reads them either
way. A line tells of an object that it names, that the call of SM names which it is a line of, or
that another line of its task of xapi names (``R:`` of a call, ``D:`` of a thread; the same on all
hosts).
"""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from operator import add
from typing import Any

from analyzer.case.case import Case
from analyzer.case.log_coverage import log_window
from analyzer.case.rows import LINE_TEXTS, NO_IDS, KeptLines
from analyzer.model.entry import Entry, EntryKind, Unseen
from analyzer.model.lines import Block, CallIndex, Everything, LineIndex
from analyzer.model.report import Report
from analyzer.model.source import Source
from analyzer.model.terms import UUID_END, UUID_LENGTH
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.sources import LOGS
from analyzer.story.explain.quotes import Quoter, call_told
from analyzer.story.timeline.everything import Ordering
from analyzer.story.timeline.happenings import Quoted, mark_of, quoted
from analyzer.story.timeline.order import place_in_time
from analyzer.story.timeline.wanted import OF_THE_LOG, tasks_of, told_by, uuids_in
from analyzer.values import dataclass

_ROWS_A_BLOCK = 2048
_NOTHING: frozenset[str] = frozenset()
_NO_PLACES = [-1] * len(NO_IDS)
_LINE = 13  # the place of its number among the columns of a block
_NONE, _ALL = (0, ""), 1 << 60
Place = tuple[str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a report tells of lines: what quotes them, ``made`` of what is none, which were read.

    ``made`` is in the order of time.
    """

    quotes: Quoted
    made: tuple[Entry, ...]
    unseen: tuple[Unseen, ...]


def told_of(case: Case, report: Report) -> Told:
    """Return what a report tells of the lines of its case."""
    made = (each for each in report.happenings if each.what is not EntryKind.RECORD)
    return Told(
        quotes=quoted(report),
        made=tuple(sorted(made, key=place_in_time)),
        unseen=unseen(case, report),
    )


class Laying:
    """Lays the kept lines of a case in blocks, before it is known what is told of them.

    Marks, index and rows are asked for behind the last block, marks first.
    """

    def __init__(self, case: Case, titles: Mapping[str, str], known: Collection[str]) -> None:
        self._case, self._titles = case, titles
        self._known = frozenset(known)
        self._named_by = {uuid.encode(): uuid for uuid in known}
        self._alone = {uuid: frozenset((uuid,)) for uuid in known}
        # The disk and the SR of the call that a line belongs to, and what is told of the call.
        found: dict[Place, frozenset[str]] = {}
        counts: Counter[str] = Counter()
        called: dict[Place, tuple[Quoter, ...]] = {}
        for operation in sm_operations(case):
            own = self._known & {operation.vdi or "", operation.sr or ""}
            told = call_told(operation)
            counts.update(own)
            for place in {_place_of_source(event.source) for event in operation.lines}:
                called[place] = (*called[place], told) if place in called else (told,)
                if own:
                    found[place] = found[place] | own if place in found else own
        self._calls, self._called, self._count_of_calls = found, called, counts
        self._groups: dict[frozenset[str], tuple[int, str]] = {}
        self._calls_told: dict[tuple[Quoter, ...], int] = {(): -1}
        self._files: list[tuple[tuple[int, int, int, int], ...]] = []
        self._columns = case.events.texts
        self._texts = [text for name in LINE_TEXTS for text in self._columns[name]]
        ends = accumulate((len(self._columns[name]) for name in LINE_TEXTS), initial=0)
        self._first = dict(zip(LINE_TEXTS, ends, strict=False))
        self._tasks = [tasks_of(task) for task in self._columns["task"]]
        self._ids: dict[str | None, int] = {None: -1}
        self._kinds: dict[tuple[str, ...], int] = {}
        self._spans: list[tuple[int, int, int]] = []
        self._told: dict[int, frozenset[str]] = {}  # objects by row
        self._same: dict[frozenset[str], frozenset[str]] = {}  # many rows tell of the same
        self._of_tasks: dict[str, set[str]] = {}
        self._task_of: list[int] = []  # of each row

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks in the order of time."""
        for lines in self._case.events.lines(_ROWS_A_BLOCK):
            block = self._block(lines)
            _, earliest, latest = lines.times
            self._spans.append((min(earliest), max(latest), block.size))
            yield block

    def mark(self, blocks: Sequence[Block], quotes: Quoted) -> None:
        """Mark the lines that findings and incidents quote."""
        quoted_lines = {*quotes.findings, *quotes.incidents}
        quoted_at = {_place_of_source(source): source for source in quoted_lines}
        lines, texts = {source.line for source in quoted_lines}, self._texts
        first = 0
        for block in blocks:
            _, bundles, members, *_ = block.columns
            for row, line in enumerate(block.columns[_LINE]):
                if line in lines:
                    place = (texts[bundles[row]], texts[members[row]], line)
                    if source := quoted_at.get(place):
                        block.marks[row] = mark = mark_of(source, quotes)
                        if own := self._known.intersection(uuids_in(mark.title)):
                            before = self._told.get(first + row, _NOTHING)
                            self._told[first + row] = before | own
            first += block.size

    def index(self, told: Told) -> LineIndex:
        """Return the index of the blocks."""
        return LineIndex(
            texts=(*self._texts, *(name for name in self._ids if name is not None)),
            kinds=tuple((each, self._title_of_kinds(each)) for each in self._kinds),
            spans=tuple(self._spans),
            told=tuple(
                None if each.what in OF_THE_LOG else tuple(sorted(self._told_of(each)))
                for each in told.made
            ),
            unseen=told.unseen,
            count=len(self._case.events),
        )

    def line_index(self) -> CallIndex:
        """Return what finds one line in the blocks, and its calls."""
        return CallIndex(files=tuple(self._files), calls=tuple(self._calls_told)[1:])

    def rows(self) -> Mapping[str, Sequence[int]]:
        """Return the rows that tell of an object, counted from the first block on, by its uuid."""
        shared = [
            frozenset().union(*(self._of_tasks.get(name, ()) for name in names))
            for names in (*self._tasks, ())
        ]
        found: dict[str, list[int]] = {}
        for row, task in enumerate(self._task_of):
            own = self._told.get(row)
            for uuid in shared[task] | own if own else shared[task]:
                found.setdefault(uuid, []).append(row)
        return dict(sorted(found.items()))

    def _block(self, lines: KeptLines) -> Block:
        moments: dict[tuple[int, ...], int] = {}
        dated = self._places(lines, "dated_by")
        when = [
            moments.setdefault(each, len(moments)) for each in zip(*lines.times, dated, strict=True)
        ]
        # The words of lines as pieces, and where texts end and messages begin and end.
        one_pieces: list[bytes] = []
        one_spans: list[tuple[int, int, int]] = []
        after = 0
        for text, said in lines.words:
            end = after + len(text)
            one_pieces.append(text)
            stop = end
            if not text.endswith(said):
                one_pieces.append(said)
                stop += len(said)
            one_pieces.append(b"\n")
            one_spans.append((end, stop - len(said), stop))
            after = stop + 1
        pieces, spans = (one_pieces, tuple(zip(*one_spans, strict=True)))
        kinds = [self._kinds.setdefault(each, len(self._kinds)) for each in lines.kinds]
        columns = (
            when,
            *(self._places(lines, name) for name in LINE_TEXTS[1:]),
            *zip(*map(self._places_of_ids, lines.ids), strict=True),
            kinds,
            *(lines.lines, lines.counts, *spans),
        )
        block = Block(
            moments=[array("q", column) for column in zip(*moments, strict=True)],
            columns=[array("q", column) for column in columns],
            pids=array("q", [-1 if pid is None else pid for pid in lines.pids]),
            marks={},
            calls=array("q"),
            words=b"".join(pieces),
        )
        first = len(self._task_of)
        self._take_told(block, lines)
        return block._replace(**self._grouped(block, first))

    def _grouped(self, block: Block, first: int) -> "dict[str, Any]":
        """Return the words of a block with those of an object beside each other.

        Who asks for one object has to unpack little then, and what is alike packs better.
        """
        words, stops, told = block.words, block.columns[-1], self._told
        rows = range(first, first + block.size)
        groups = [self._group_of(told.get(row, _NOTHING)) for row in rows]
        order = sorted(range(block.size), key=groups.__getitem__)
        starts = [0, *(stop + 1 for stop in stops[:-1])]
        pieces = [words[starts[row] : stops[row] + 1] for row in order]
        moved = [0] * block.size
        for row, place in zip(order, accumulate(map(len, pieces), initial=0), strict=False):
            moved[row] = place - starts[row]
        columns = [array("q", map(add, column, moved)) for column in block.columns[-3:]]
        return {"columns": [*block.columns[:-3], *columns], "words": b"".join(pieces)}

    def _group_of(self, told: frozenset[str]) -> tuple[int, str]:
        """Return which object the words lie with: the one of the fewest calls, so no whole SR."""
        if told not in self._groups:
            counts = self._count_of_calls
            known = ((counts.get(uuid, _ALL), uuid) for uuid in told)
            self._groups[told] = min(known, default=_NONE)
        return self._groups[told]

    def _places(self, lines: KeptLines, name: str) -> list[int]:
        first = self._first[name]
        return [-1 if place < 0 else first + place for place in lines.texts[name]]

    def _places_of_ids(self, ids: Sequence[str | None]) -> list[int]:
        if ids is NO_IDS:
            return _NO_PLACES
        known, first = self._ids, len(self._texts) - 1
        return [known.setdefault(each, first + len(known)) for each in ids]

    def _title_of_kinds(self, kinds: Sequence[str]) -> str:
        known = self._titles
        return "; ".join(dict.fromkeys(known[kind] for kind in kinds if kind in known))

    def _take_told(self, block: Block, lines: KeptLines) -> None:
        """Take which objects the lines of a block tell of."""
        first, named = len(self._task_of), self._named(block.words.lower(), block.columns[-1])
        bundles, members = self._columns["bundle"], self._columns["member"]
        tasks, ids = lines.texts["task"], lines.ids
        places = (lines.texts["bundle"], lines.texts["member"], lines.lines)
        files: dict[tuple[int, int], list[int]] = {}
        calls = self._calls_told
        for row, (bundle, member, line) in enumerate(zip(*places, strict=True)):
            place = (bundles[bundle], members[member], line)
            files.setdefault((bundle, member), []).append(line)
            called = self._called.get(place, ())
            block.calls.append(calls.setdefault(called, len(calls) - 1))
            own = named.get(row, _NOTHING) | self._calls.get(place, _NOTHING)
            for task in self._tasks[tasks[row]] if own and tasks[row] >= 0 else ():
                self._of_tasks.setdefault(task, set()).update(own)
            if ids[row] is not NO_IDS:
                own |= self._known.intersection(ids[row])
            if own:
                self._told[first + row] = self._same.setdefault(own, own)
        self._task_of += tasks
        of_bundle, of_member = self._first["bundle"], self._first["member"]
        self._files.append(
            tuple(
                (of_bundle + bundle, of_member + member, min(own), max(own))
                for (bundle, member), own in files.items()
            )
        )

    def _named(self, words: bytes, ends: Sequence[int]) -> dict[int, frozenset[str]]:
        """Return the objects that rows name; the words are in lower case."""
        named: dict[int, frozenset[str]] = {}
        row = 0
        for found in UUID_END.finditer(words):
            end = found.end()
            if uuid := self._named_by.get(words[end - UUID_LENGTH : end]):
                row = bisect_left(ends, end, row)
                before = named.get(row)
                if before is None:
                    named[row] = self._alone[uuid]
                elif uuid not in before:
                    named[row] = before | {uuid}
        return named

    def _told_of(self, entry: Entry) -> frozenset[str]:
        calls = self._calls.get(_place_of_source(entry.source), _NOTHING)
        return calls | self._known.intersection(uuids_in(told_by(entry)))


class LaidLines:
    """The blocks of a case and their index, in memory; ``told`` are the rows of each object."""

    def __init__(self, laying: Laying, blocks: Sequence[Block], told: Told) -> None:
        self.blocks = blocks
        laying.mark(blocks, told.quotes)
        self.told = laying.rows()
        self.index = laying.index(told)
        self.calls = laying.line_index()
        self.made = told.made

    @cached_property
    def everything(self) -> Everything:
        """Return all entries in their order."""
        return Ordering(self.index, self.blocks, self.made).everything()

    def rows(self, uuid: str) -> Sequence[int]:
        """Return the rows that tell of an object, ascending."""
        return self.told.get(uuid, ())

    def block(self, number: int) -> Block:
        """Return a block."""
        return self.blocks[number]

    def words(self, number: int) -> bytes:
        """Return the words of a block."""
        return self.blocks[number].words


def laid(
    case: Case, report: Report, titles: Mapping[str, str], known: Collection[str]
) -> LaidLines:
    """Lay the lines of a case whose report is known."""
    laying = Laying(case, titles, known)
    return LaidLines(laying, tuple(laying.blocks()), told_of(case, report))


def unseen(case: Case, report: Report) -> tuple[Unseen, ...]:
    """Return each log of the hosts, with what was read of it."""
    log_of_bundle: list[Unseen] = []
    for host in case.hosts:
        for need in LOGS:
            bundle = host.bundle
            gap = case.gap(need, bundle)
            rows = [row for row in report.coverage if (row.bundle, row.parser) == (bundle, need)]
            log_of_bundle.append(
                Unseen(
                    bundle=bundle,
                    host=host.name,
                    need=need,
                    why=gap.why if gap else "",
                    settle_with=gap.settle_with if gap else "",
                    window=log_window(rows) if rows else None,
                )
            )
    return tuple(log_of_bundle)


def _place_of_source(source: Source) -> Place:
    return source.bundle, source.member, source.line
