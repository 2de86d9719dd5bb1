"""The kept lines of a run as light rows, in blocks: what the full timeline is asked of.

A case file keeps the blocks as they are here, and `analyzer.story.timeline.asked` reads them either
way. A line tells of an object that it names, that the call of SM names which it is a line of, or
that another line of its task of xapi names (``R:`` of a call, ``D:`` of a thread; the same on all
hosts).
"""

from array import array
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, chain, repeat

import numpy as np
import numpy.typing as npt

from analyzer.case.case import Case
from analyzer.case.columns import Places, among, numbered
from analyzer.case.log_coverage import log_window
from analyzer.case.made_of_rows import KeptLines
from analyzer.case.rows import IDS, LINE_TEXTS
from analyzer.model.entry import Entry, EntryKind, Unseen
from analyzer.model.lines import Block, CallIndex, Everything, LineIndex
from analyzer.model.report import Report
from analyzer.model.source import Source
from analyzer.sources import LOGS
from analyzer.story.explain.calls_of_lines import calls_of_lines
from analyzer.story.explain.quotes import Quoter, call_told
from analyzer.story.timeline.everything import Ordering
from analyzer.story.timeline.happenings import Quoted, mark_of, quoted
from analyzer.story.timeline.objects_told import ObjectsTold, RowsTold, distinct, in_pairs
from analyzer.story.timeline.order import place_in_time
from analyzer.story.timeline.wanted import OF_THE_LOG, tasks_of, told_by, uuids_in
from analyzer.values import dataclass

_ROWS_A_BLOCK = 2048
_LINE = 13  # the place of its number among the columns of a block
Place = tuple[str, str, int]
Numbers = npt.NDArray[np.int64]


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
        self._calls = calls_of_lines(case)
        objects = ({call.vdi or "", call.sr or ""} for call in self._calls.calls)
        calls = Counter(chain.from_iterable(map(self._known.intersection, objects)))
        self._objects = ObjectsTold(self._known, calls)
        self._calls_told: dict[tuple[Quoter, ...], int] = {(): -1}
        self._told_alike = {-1: (0, -1)}
        # Of each group the first of which the same is told, behind them that of none.
        first: dict[tuple[object, ...], int] = {}
        keys = ((call.name, call.vdi, call.sr, call.result) for call in self._calls.calls)
        alike = [first.setdefault(key, number) for number, key in enumerate(keys)]
        self._alike = np.array([*alike, *range(len(alike), len(self._calls)), -1], np.int32)
        self._files: list[tuple[tuple[int, int, int, int], ...]] = []
        self._columns = case.events.texts
        self._texts = [text for name in LINE_TEXTS for text in self._columns[name]]
        ends = accumulate((len(self._columns[name]) for name in LINE_TEXTS), initial=0)
        self._first = dict(zip(LINE_TEXTS, ends, strict=False))
        self._tasks = [tasks_of(task) for task in self._columns["task"]]
        self._ids: dict[str | None, int] = {None: -1}
        self._kinds: dict[tuple[str, ...], int] = {}
        self._spans: list[tuple[int, int, int]] = []
        self._told: list[Places] = []  # of each block, the sets of its rows
        self._of_tasks: dict[str, set[str]] = {}
        self._task_of: list[Places] = []  # of each block, the tasks of its rows

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks in the order of time."""
        for lines in self._case.events.lines(_ROWS_A_BLOCK):
            block = self._block(lines)
            _, earliest, latest = lines.times
            self._spans.append((int(earliest.min()), int(latest.max()), block.size))
            yield block

    def mark(self, blocks: Sequence[Block], quotes: Quoted) -> None:
        """Mark the lines that findings and incidents quote."""
        quoted_lines = {*quotes.findings, *quotes.incidents}
        quoted_at = {_place(source): source for source in quoted_lines}
        numbers = np.array(sorted(source.line for source in quoted_lines), np.int64)
        texts = self._texts
        for block, told in zip(blocks, self._told, strict=True):
            _, bundles, members, *_ = block.columns
            lines = block.columns[_LINE]
            for row in np.flatnonzero(among(numbers, lines)).tolist():
                place = (texts[bundles[row]], texts[members[row]], lines[row])
                if source := quoted_at.get(place):
                    block.marks[row] = mark = mark_of(source, quotes)
                    if own := self._known.intersection(uuids_in(mark.title)):
                        told[row] = self._objects.number(own | self._objects.sets[told[row]])

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

    def rows(self) -> RowsTold:
        """Return the rows that tell of an object, counted from the first block on, by its uuid."""
        if not self._told:
            return RowsTold({}, [])
        shared = [
            frozenset().union(*(self._of_tasks.get(name, ()) for name in names))
            for names in (*self._tasks, ())
        ]
        count = len(self._objects)
        keys = np.concatenate(self._task_of) * np.int64(count) + np.concatenate(self._told)
        rows = np.argsort(keys, kind="stable").astype(np.int32)
        keys = keys[rows]
        first = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1))
        found: dict[str, list[int]] = {}
        for place, (task, own) in enumerate(in_pairs(keys[first], count)):
            for uuid in shared[task] | self._objects.sets[own]:
                found.setdefault(uuid, []).append(place)
        return RowsTold(found, np.split(rows, first[1:]))

    def _block(self, lines: KeptLines) -> Block:
        dated = self._places(lines, "dated_by")
        first, when = numbered(*lines.times, dated)
        lengths = np.fromiter(map(len, lines.words), np.int64, len(lines.words))
        texts, said = lines.lengths
        of_ids, *ids = self._take_ids(lines)
        told, calls = self._take_told(lines, np.cumsum(lengths + 1) - 1, of_ids)
        # The words of an object lie beside each other: who asks for one has to unpack little then,
        # and what is alike packs better.
        order = self._objects.in_groups(told)
        starts = np.empty_like(lengths)
        starts[order] = np.cumsum(lengths[order] + 1) - lengths[order] - 1
        kinds = [self._kinds.setdefault(each, len(self._kinds)) for each in lines.kinds]
        columns = (
            when,
            *(self._places(lines, name) for name in LINE_TEXTS[1:]),
            *ids,
            *(np.array(kinds)[lines.kinds_of], lines.lines, lines.counts),
            *(starts + texts, starts + lengths - said, starts + lengths),
        )
        return Block(
            moments=[_narrow(column[first]) for column in (*lines.times, dated)],
            columns=[_narrow(column) for column in columns],
            pids=_narrow(lines.pids),
            marks={},
            calls=_narrow(calls),
            words=b"\n".join([*map(lines.words.__getitem__, order.tolist()), b""]),
        )

    def _places(self, lines: KeptLines, name: str) -> Numbers:
        places = lines.texts[name]
        return np.where(places < 0, -1, self._first[name] + places)

    def _take_ids(self, lines: KeptLines) -> Places:
        """Return of the ids of rows the sets of what they name, then the places of each."""
        known, first = self._ids, len(self._texts) - 1
        distinct: dict[tuple[str | None, ...], int] = {}
        numbers = np.full(len(lines.words), -1)
        numbers[list(lines.ids)] = [
            distinct.setdefault(own, len(distinct)) for own in lines.ids.values()
        ]
        found = [
            (
                self._objects.number(self._known.intersection(own)),
                *[
                    -1 if each is None else known.setdefault(each, first + len(known))
                    for each in own
                ],
            )
            for own in distinct
        ]
        places: Places = np.array([*found, (0, *repeat(-1, len(IDS)))])[numbers].T
        return places

    def _title_of_kinds(self, kinds: Sequence[str]) -> str:
        known = self._titles
        return "; ".join(dict.fromkeys(known[kind] for kind in kinds if kind in known))

    def _take_told(self, lines: KeptLines, stops: Places, of_ids: Places) -> tuple[Places, Places]:
        """Take which objects lines tell of; return the number of these and of the calls of each."""
        of_calls, calls = self._take_calls(lines)
        own = self._objects.joined(self._objects.named(lines.words, stops), of_calls)
        tasks = lines.texts["task"]
        with_task = (tasks >= 0) & (own > 0)
        pairs = distinct(tasks[with_task] * len(self._objects) + own[with_task])
        for task, number in in_pairs(pairs, len(self._objects)):
            for name in self._tasks[task]:
                self._of_tasks.setdefault(name, set()).update(self._objects.sets[number])
        told = self._objects.joined(own, of_ids)
        self._told.append(told.astype(np.int32))
        self._task_of.append(tasks.astype(np.int32))
        return told, calls

    def _take_calls(self, lines: KeptLines) -> tuple[Places, Places]:
        """Return the sets and the numbers of the calls that lines are of; take their files."""
        bundles, members = lines.texts["bundle"], lines.texts["member"]
        first, of_file = numbered(bundles, members)
        groups = np.full(len(of_file), -1)
        files = []
        for number, row in enumerate(first.tolist()):
            bundle, member = int(bundles[row]), int(members[row])
            rows = np.flatnonzero(of_file == number)
            own = lines.lines[rows]
            places = self._first["bundle"] + bundle, self._first["member"] + member
            files.append((*places, int(own.min()), int(own.max())))
            file = (self._columns["bundle"][bundle], self._columns["member"][member])
            groups[rows] = self._calls.groups(file, own)
        self._files.append(tuple(files))
        first, places_of = numbered(self._alike[groups])
        told = map(self._told_of_group, self._alike[groups[first]].tolist())
        sets, calls = np.array([*told])[places_of].T
        return sets, calls

    def _told_of_group(self, group: int) -> tuple[int, int]:
        """Return the numbers of the objects of calls, and of what is told of these."""
        if group not in self._told_alike:
            own = tuple(self._calls.group(group))
            of = self._known.intersection(uuid for call in own for uuid in (call.vdi, call.sr))
            told, known = tuple(map(call_told, own)), self._calls_told
            number = known.setdefault(told, len(known) - 1)
            self._told_alike[group] = self._objects.number(of), number
        return self._told_alike[group]

    def _told_of(self, entry: Entry) -> frozenset[str]:
        calls = (uuid for call in self._calls.of(entry.source) for uuid in (call.vdi, call.sr))
        return self._known.intersection((*calls, *uuids_in(told_by(entry))))


def _narrow(column: Places) -> "array[int]":
    """Return a column with as few bytes a value as all of them need."""
    least, most = column.min(), column.max()
    limits = ((code, np.iinfo(code)) for code in "bhiq")
    code = next(code for code, each in limits if each.min <= least and most <= each.max)
    return array(code, column.astype(code).tobytes())


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
        own = self.told.get(uuid)
        return () if own is None else own.tolist()

    def steps(self, uuid: str) -> "array[int]":
        """Return how far each of these rows is from the one before."""
        return _narrow(np.diff(self.told[uuid], prepend=0))

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


def _place(source: Source) -> Place:
    return source.bundle, source.member, source.line
