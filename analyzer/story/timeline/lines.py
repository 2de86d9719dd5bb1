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
from itertools import accumulate, chain

import numpy as np
import numpy.typing as npt

from analyzer.case.case import Case
from analyzer.case.columns import among, numbered
from analyzer.case.log_coverage import log_window
from analyzer.case.made_of_rows import KeptLines
from analyzer.case.rows import IDS, LINE_TEXTS
from analyzer.model.entry import Entry, EntryKind, Unseen
from analyzer.model.lines import Block, CallIndex, Everything, LineIndex
from analyzer.model.report import Report
from analyzer.model.source import Source
from analyzer.model.terms import UUID_LENGTH
from analyzer.sources import LOGS
from analyzer.story.explain.calls_of_lines import calls_of_lines
from analyzer.story.explain.quotes import Quoter, call_told
from analyzer.story.timeline.everything import Ordering
from analyzer.story.timeline.happenings import Quoted, mark_of, quoted
from analyzer.story.timeline.order import place_in_time
from analyzer.story.timeline.wanted import OF_THE_LOG, tasks_of, told_by, uuids_in
from analyzer.values import dataclass

_ROWS_A_BLOCK = 2048
_NOTHING: frozenset[str] = frozenset()
_FIRST_DASH = 8  # of a uuid; the next ones follow after five, ten and fifteen letters
_LINE = 13  # the place of its number among the columns of a block
_NONE, _ALL = (0, ""), 1 << 60
Place = tuple[str, str, int]
Numbers = npt.NDArray[np.int64]
# The disks and SRs of the calls that a line belongs to, and what is told of these calls.
_OfCalls = tuple[frozenset[str], tuple[Quoter, ...]]


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
        self._calls = calls_of_lines(case)
        objects = ({call.vdi or "", call.sr or ""} for call in self._calls.calls)
        self._count_of_calls = Counter(chain.from_iterable(map(self._known.intersection, objects)))
        self._groups_told: dict[int, _OfCalls] = {}
        self._calls_told: dict[tuple[Quoter, ...], int] = {(): -1}
        self._files: list[tuple[tuple[int, int, int, int], ...]] = []
        self._columns = case.events.texts
        self._texts = [text for name in LINE_TEXTS for text in self._columns[name]]
        ends = accumulate((len(self._columns[name]) for name in LINE_TEXTS), initial=0)
        self._first = dict(zip(LINE_TEXTS, ends, strict=False))
        self._tasks = [tasks_of(task) for task in self._columns["task"]]
        self._ids: dict[str | None, int] = {None: -1}
        self._places_known: dict[tuple[str | None, ...], list[int]] = {}
        self._kinds: dict[tuple[str, ...], int] = {}
        self._spans: list[tuple[int, int, int]] = []
        # Many rows tell of the same objects: these sets, and with which object the words lie.
        self._sets: list[frozenset[str]] = []
        self._groups: list[tuple[int, str]] = []
        self._numbers_of_sets: dict[frozenset[str], int] = {}
        self._told: list[Numbers] = []  # of each block, the sets of its rows
        self._of_tasks: dict[str, set[str]] = {}
        self._task_of: list[Numbers] = []  # of each block, the tasks of its rows
        self._number_of_set(_NOTHING)

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
                        told[row] = self._number_of_set(own | self._sets[told[row]])

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

    def rows(self) -> Mapping[str, Numbers]:
        """Return the rows that tell of an object, counted from the first block on, by its uuid."""
        if not self._told:
            return {}
        shared = [
            frozenset().union(*(self._of_tasks.get(name, ()) for name in names))
            for names in (*self._tasks, ())
        ]
        tasks, sets = np.concatenate(self._task_of), np.concatenate(self._told)
        first, numbers = numbered(tasks, sets)
        parts = np.split(np.argsort(numbers, kind="stable"), np.cumsum(np.bincount(numbers))[:-1])
        found: dict[str, list[Numbers]] = {}
        for task, own, rows in zip(tasks[first].tolist(), sets[first].tolist(), parts, strict=True):
            for uuid in shared[task] | self._sets[own]:
                found.setdefault(uuid, []).append(rows)
        return {uuid: np.sort(np.concatenate(own)) for uuid, own in sorted(found.items())}

    def _block(self, lines: KeptLines) -> Block:
        dated = self._places(lines, "dated_by")
        first, when = numbered(*lines.times, dated)
        lengths = np.fromiter(map(len, lines.words), np.int64, len(lines.words))
        texts, said = lines.lengths
        told, calls = self._take_told(lines, np.cumsum(lengths + 1) - 1)
        # The words of an object lie beside each other: who asks for one has to unpack little then,
        # and what is alike packs better.
        order = self._in_groups(told)
        starts = np.empty_like(lengths)
        starts[order] = np.cumsum(lengths[order] + 1) - lengths[order] - 1
        kinds = [self._kinds.setdefault(each, len(self._kinds)) for each in lines.kinds]
        columns = (
            when,
            *(self._places(lines, name) for name in LINE_TEXTS[1:]),
            *self._places_of_ids(lines),
            *(np.array(kinds), lines.lines, lines.counts),
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

    def _in_groups(self, told: Numbers) -> Numbers:
        """Return rows in the order of the objects that their words lie with."""
        sets, places = np.unique(told, return_inverse=True)
        groups = [self._groups[each] for each in sets.tolist()]
        ranks = {group: rank for rank, group in enumerate(sorted(set(groups)))}
        return np.argsort(np.array([ranks[group] for group in groups])[places], kind="stable")

    def _number_of_set(self, told: frozenset[str]) -> int:
        """Return the number of a set; its words lie with the one of the fewest calls: no SR."""
        number = self._numbers_of_sets.setdefault(told, len(self._sets))
        if number == len(self._sets):
            counts = self._count_of_calls
            self._sets.append(told)
            known = ((counts.get(uuid, _ALL), uuid) for uuid in told)
            self._groups.append(min(known, default=_NONE))
        return number

    def _places(self, lines: KeptLines, name: str) -> Numbers:
        places = lines.texts[name]
        return np.where(places < 0, -1, self._first[name] + places)

    def _places_of_ids(self, lines: KeptLines) -> Numbers:
        places = np.full((len(lines.words), len(IDS)), -1)
        if lines.ids:
            places[list(lines.ids)] = [
                self._places_known.get(own) or self._places_of(own) for own in lines.ids.values()
            ]
        return places.T

    def _places_of(self, ids: tuple[str | None, ...]) -> list[int]:
        known, first = self._ids, len(self._texts) - 1
        places = [known.setdefault(each, first + len(known)) for each in ids]
        self._places_known[ids] = places
        return places

    def _title_of_kinds(self, kinds: Sequence[str]) -> str:
        known = self._titles
        return "; ".join(dict.fromkeys(known[kind] for kind in kinds if kind in known))

    def _take_told(self, lines: KeptLines, stops: Numbers) -> tuple[Numbers, Numbers]:
        """Take which objects lines tell of; return the number of these and of the calls of each."""
        named, called = self._named(lines.words, stops), self._calls_of(lines)
        tasks, told, calls = lines.texts["task"], [0] * len(stops), [-1] * len(stops)
        of_tasks: set[tuple[int, frozenset[str]]] = set()
        for row in sorted({*named, *called, *lines.ids}):
            own = named.get(row, _NOTHING)
            if row in called:
                of_call, quoters = called[row]
                calls[row] = self._calls_told.setdefault(quoters, len(self._calls_told) - 1)
                own |= of_call
            if own:
                of_tasks.add((int(tasks[row]), own))
            if row in lines.ids:
                own |= self._known.intersection(lines.ids[row])
            told[row] = self._number_of_set(own)
        for place, own in of_tasks:
            for task in self._tasks[place] if place >= 0 else ():
                self._of_tasks.setdefault(task, set()).update(own)
        self._told.append(np.array(told))
        self._task_of.append(tasks)
        return self._told[-1], np.array(calls)

    def _calls_of(self, lines: KeptLines) -> Mapping[int, _OfCalls]:
        """Return the calls that lines are of, and take the files of the lines."""
        bundles, members = lines.texts["bundle"], lines.texts["member"]
        first, of_file = numbered(bundles, members)
        found: dict[int, _OfCalls] = {}
        files = []
        for number, row in enumerate(first.tolist()):
            bundle, member = int(bundles[row]), int(members[row])
            rows = np.flatnonzero(of_file == number)
            own = lines.lines[rows]
            places = self._first["bundle"] + bundle, self._first["member"] + member
            files.append((*places, int(own.min()), int(own.max())))
            file = (self._columns["bundle"][bundle], self._columns["member"][member])
            groups = self._calls.groups(file, own)
            if groups is not None:
                told = zip(rows.tolist(), groups.tolist(), strict=True)
                found.update((row, self._of_group(group)) for row, group in told if group >= 0)
        self._files.append(tuple(files))
        return found

    def _of_group(self, group: int) -> _OfCalls:
        """Return what is told of calls that share lines."""
        if group not in self._groups_told:
            own = tuple(self._calls.group(group))
            of = {uuid for call in own for uuid in (call.vdi, call.sr) if uuid}
            self._groups_told[group] = self._known & of, tuple(map(call_told, own))
        return self._groups_told[group]

    def _named(self, words: Sequence[bytes], stops: Numbers) -> dict[int, frozenset[str]]:
        """Return the objects that rows name."""
        text = b"\n".join(words).lower()
        dashes = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("-"))
        first = dashes[:-3]
        of_uuid = [dashes[place:][: len(first)] == first + 5 * place for place in (1, 2, 3)]
        ends: list[int] = []
        uuids: list[str] = []
        for end in (first[np.logical_and.reduce(of_uuid)] + UUID_LENGTH - _FIRST_DASH).tolist():
            if uuid := self._named_by.get(text[end - UUID_LENGTH : end]):
                ends.append(end)
                uuids.append(uuid)
        named: dict[int, frozenset[str]] = {}
        for row, uuid in zip(np.searchsorted(stops, ends).tolist(), uuids, strict=True):
            before = named.get(row)
            if before is None:
                named[row] = self._alone[uuid]
            elif uuid not in before:
                named[row] = before | {uuid}
        return named

    def _told_of(self, entry: Entry) -> frozenset[str]:
        calls = (uuid for call in self._calls.of(entry.source) for uuid in (call.vdi, call.sr))
        return self._known.intersection((*calls, *uuids_in(told_by(entry))))


def _narrow(column: Numbers) -> "array[int]":
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

    def steps(self, uuid: str) -> list[int]:
        """Return how far each of these rows is from the one before."""
        steps: list[int] = np.diff(self.told[uuid], prepend=0).tolist()
        return steps

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
