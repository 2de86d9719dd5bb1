"""Answer what is asked of the full timeline out of the blocks of `analyzer.story.timeline.lines`.

Nothing here needs the case, so a case file answers as soon as its blocks are read.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TypeAlias

from analyzer.model.entry import Entry, EntryKind, Unseen
from analyzer.model.event import CODING, Level
from analyzer.model.lines import Block, Everything, LineIndex, ShownTimeline, moment_of, with_mark
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.model.terms import EPOCH, MICROSECOND
from analyzer.story.timeline.order import in_order
from analyzer.story.timeline.wanted import Wanted, chosen, fits_kind, tasks_of, told_by

Local: TypeAlias = Callable[[Any, str], Any]  # what stands in a bundle, as it is told
_LEVELS: Mapping[str | None, Level] = MappingProxyType({level.value: level for level in Level})


class Timeline(NamedTuple):
    """What is shown of the full timeline, and what is said beside it.

    ``entries`` come once; ``whole`` is None where something less than everything is asked for.
    ``logs`` are those of the hosts asked for, ``kept`` is how many events there are.
    """

    entries: Iterable[Entry]
    shown: ShownTimeline
    whole: Everything | None
    logs: tuple[Unseen, ...]
    kept: int


class Words(Protocol):
    """The words of a block: bytes, or what unpacks those that are asked for."""

    def __getitem__(self, place: slice, /) -> bytes:
        """Return some of them."""

    def __bytes__(self) -> bytes:
        """Return all of them."""


class Lines(Protocol):
    """The kept lines in blocks, in memory or in a case file."""

    @property
    def index(self) -> LineIndex:
        """Return what finds them."""

    @property
    def made(self) -> Sequence[Entry]:
        """Return what is no kept line, in the order of time."""

    @property
    def everything(self) -> Everything:
        """Return all entries in their order."""

    def rows(self, uuid: str) -> Sequence[int]:
        """Return the rows that tell of an object, ascending."""

    def block(self, number: int) -> Block:
        """Return a block, perhaps without its words."""

    def words(self, number: int) -> Words:
        """Return the words of a block."""


def timeline(lines: Lines, wanted: Wanted, local: Local | None = None) -> Timeline:
    """Return what is asked for; ``local`` returns moments and entries as they are told."""
    whole, entries = (lines.everything, ()) if wanted == Wanted() else (None, asked(lines, wanted))
    if whole is not None and local is not None:
        times = tuple((bundle, local(moment, bundle)) for bundle, moment in whole.times)
        whole = replace(whole, times=times)
    return Timeline(
        entries=everything(lines, local) if whole else _local(entries, local),
        shown=whole.shown if whole else _shown(entries),
        whole=whole,
        logs=tuple(
            log for log in lines.index.unseen if not wanted.bundles or log.bundle in wanted.bundles
        ),
        kept=lines.index.count,
    )


def _shown(entries: Sequence[Entry]) -> ShownTimeline:
    return ShownTimeline(
        count=len(entries),
        undated=sum(not entry.moment.year_known for entry in entries),
        found=any(entry.findings for entry in entries),
    )


def asked(lines: Lines, wanted: Wanted) -> tuple[Entry, ...]:
    """Return the entries that are asked for, in their order."""
    records: list[Entry] = []
    index, own = lines.index, _named(lines, wanted)
    of_all = _OfAll.of(index)
    since, until = (
        None if time is None else (time - EPOCH) // MICROSECOND
        for time in (wanted.first, wanted.last)
    )
    before = 0
    for number, (earliest, latest, size) in enumerate(index.spans):
        rows: Sequence[int] = range(size)
        if own is not None:
            part = own[bisect_left(own, before) : bisect_left(own, before + size)]
            rows = [row - before for row in part]
        before += size
        early = since is not None and latest < since
        if not rows or early or (until is not None and earliest > until):
            continue
        block = lines.block(number)
        fitting = _fitting(index, block, rows, wanted, (since, until))
        if fitting:
            records.extend(_Told(of_all, block, lines.words(number)).entries(fitting))
    return in_order([*records, *_made(lines, wanted)])


def everything(lines: Lines, local: Local | None = None) -> Iterator[Entry]:
    """Yield all entries in their order; ``local`` returns moments and entries as they are told."""
    of_all, whole = _OfAll.of(lines.index), lines.everything
    current, told = -1, None
    for number, first, after in whole.parts:
        if number < 0:
            doubted = whole.made_about[first:after]
            yield from _doubted(_local(lines.made[first:after], local), doubted)
            continue
        if told is None or number != current:
            told = _Told(of_all, lines.block(number), bytes(lines.words(number)), local)
            current = number
        yield from told.entries(range(first, after), whole.about[number][first:after])


def _local(entries: Sequence[Entry], local: Local | None) -> Iterable[Entry]:
    return entries if local is None else (local(entry, "") for entry in entries)


def _doubted(entries: Iterable[Entry], about: str) -> Iterator[Entry]:
    for entry, doubted in zip(entries, about, strict=True):
        yield entry if entry.about is (doubted == "1") else replace(entry, about=not entry.about)


def _made(lines: Lines, wanted: Wanted) -> Iterator[Entry]:
    session = bool(wanted.session or wanted.lines)
    for place, told in enumerate(lines.index.told):
        if told is not None and not all(group.intersection(told) for group in wanted.objects):
            continue
        entry = lines.made[place]
        fits = not session or _tells_session(entry, wanted)
        if chosen(entry, wanted, fits=fits):
            yield entry


def _tells_session(entry: Entry, wanted: Wanted) -> bool:
    named = bool(wanted.session) and wanted.session in told_by(entry).lower()
    return named or entry.source in wanted.lines


def _fitting(
    index: LineIndex,
    block: Block,
    rows: Sequence[int],
    wanted: Wanted,
    time: tuple[int | None, int | None],
) -> Sequence[int]:
    """Return those of some rows that lie in the time, on the hosts and are of the kinds."""
    since, until = time
    moments, bundles, _, hosts = block.columns[:4]
    kinds = block.columns[12]
    if since is not None or until is not None:
        spans = zip(*block.moments[1:3], strict=True)
        touches = [
            (since is None or latest >= since) and (until is None or earliest <= until)
            for earliest, latest in spans
        ]
        rows = [row for row in rows if touches[moments[row]]]
    if wanted.bundles:
        of = {place for place, text in enumerate(index.texts) if text in wanted.bundles}
        rows = [row for row in rows if bundles[row] in of or not index.texts[hosts[row]]]
    if wanted.kinds:
        fits = [fits_kind((*each, EntryKind.RECORD.value), wanted.kinds) for each, _ in index.kinds]
        also = {
            row
            for row, mark in block.marks.items()
            if fits_kind((*mark.rules, *(["finding"] if mark.findings else [])), wanted.kinds)
        }
        rows = [row for row in rows if fits[kinds[row]] or row in also]
    return rows


def _named(lines: Lines, wanted: Wanted) -> list[int] | None:
    """Return the rows that tell of all that is asked for, None where nothing is."""
    groups = [{row for uuid in group for row in lines.rows(uuid)} for group in wanted.objects]
    if wanted.session or wanted.lines:
        # The rows that name the session, are of it, or share a task with one that does.
        own: set[int] = set()
        tasks: set[str] = set()
        of_task: list[tuple[int, frozenset[str]]] = []
        key, places = wanted.session.encode(), {(s.bundle, s.member, s.line) for s in wanted.lines}
        texts, before = lines.index.texts, 0
        in_ids = {place for place, text in enumerate(texts) if wanted.session in text.lower()}
        for number in range(len(lines.index.spans)):
            block, words = lines.block(number), bytes(lines.words(number)).lower()
            starts = block.starts(range(block.size), sorted(block.columns[-1]))
            bundles, members, with_task = (block.columns[place] for place in (1, 2, 6))
            numbers, ends, ids = block.columns[13], block.columns[15], block.columns[8:12]
            for session_row in range(block.size):
                told = bool(key) and words.find(key, starts[session_row], ends[session_row]) >= 0
                place = (
                    texts[bundles[session_row]],
                    texts[members[session_row]],
                    numbers[session_row],
                )
                told = told or place in places
                if with_task[session_row] >= 0:
                    of_task.append((before + session_row, tasks_of(texts[with_task[session_row]])))
                    tasks.update(of_task[-1][1] if told else ())
                title = block.marks[session_row].title if session_row in block.marks else ""
                named = (
                    in_ids.intersection(each[session_row] for each in ids)
                    or wanted.session in title.lower()
                )
                if told or (key and named):
                    own.add(before + session_row)
            before += block.size
        rows_of_session = own | {session_row for session_row, each in of_task if each & tasks}
        groups.append(rows_of_session)
    return sorted(set.intersection(*groups)) if groups else None


class _OfAll(NamedTuple):
    """What all blocks share: their index, and its texts, of which -1 is the place of None."""

    line_index: LineIndex
    texts: tuple[Any, ...]

    @classmethod
    def of(cls, index: LineIndex) -> "_OfAll":
        return cls(index, (*index.texts, None))


class _Told:
    """Makes entries of the rows of a block."""

    def __init__(
        self, of_all: _OfAll, block: Block, words: Words, local: Local | None = None
    ) -> None:
        self._block, self._words, self._local = block, words, local
        self._index, self._texts = of_all
        self._moments: dict[tuple[int, int], Moment] = {}
        self._ordered = sorted(block.columns[-1])

    def entries(self, rows: Sequence[int], about: str = "") -> Iterator[Entry]:
        """Yield the entries of some rows; ``about`` has "1" for each of an order not known."""
        block, texts, words = self._block, self._texts, self._words
        kinds, marks = self._index.kinds, block.marks
        starts = block.starts(rows, self._ordered)
        pids = [None if (pid := block.pids[row]) < 0 else pid for row in rows]
        columns = ([column[row] for row in rows] for column in block.columns)
        told = zip(rows, starts, pids, about or "0" * len(rows), *columns, strict=True)
        for (
            row,
            start,
            pid,
            doubted,
            when,
            bundle,
            *named,
            kind,
            line,
            count,
            end,
            begin,
            stop,
        ) in told:
            member, host, lane, process, task, level, sr, vdi, vbd, session = [
                texts[place] for place in named
            ]
            own, title = kinds[kind]
            own_words = words[start:stop]
            entry = Entry(
                moment=self._moments.get((when, bundle)) or self._moment(when, bundle),
                what=EntryKind.RECORD,
                host=host,
                lane=lane,
                source=Source(bundle=texts[bundle], member=member, line=line),
                kinds=own,
                title=title,
                message=own_words[begin - start :].decode(*CODING),
                text=own_words[: end - start].decode(*CODING),
                process=process,
                pid=pid,
                task=task,
                level=_LEVELS.get(level),
                sr=sr,
                vdi=vdi,
                vbd=vbd,
                session=session,
                count=count,
                about=doubted == "1",
            )
            yield with_mark(entry, marks[row]) if row in marks else entry

    def _moment(self, when: int, bundle: int) -> Moment:
        moment = moment_of(self._index, self._block, when)
        if self._local is not None:
            moment = self._local(moment, self._texts[bundle])
        self._moments[when, bundle] = moment
        return moment
