"""Answer what is asked of the full timeline out of the blocks of `analyzer.story.timeline.lines`.

Nothing here needs the case, so a case file answers as soon as its blocks are read.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

from analyzer.model.entry import Entry, EntryKind, Unseen
from analyzer.model.event import Level
from analyzer.model.lines import Block, LineIndex, with_mark
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.model.terms import EPOCH, MICROSECOND
from analyzer.story.timeline.order import in_order
from analyzer.story.timeline.wanted import Wanted, chosen, fits_kind, tasks_of, told_by

_CODING = ("utf-8", "surrogatepass")
_LEVELS: Mapping[str | None, Level] = MappingProxyType({level.value: level for level in Level})


class Lines(Protocol):
    """The kept lines in blocks, in memory or in a case file."""

    @property
    def index(self) -> LineIndex:
        """Return what finds them."""

    def rows(self, uuid: str) -> Sequence[int]:
        """Return the rows that tell of an object, ascending."""

    def block(self, number: int) -> Block:
        """Return a block, perhaps without its words."""

    def words(self, number: int) -> bytes:
        """Return the words of a block."""


def asked(lines: Lines, wanted: Wanted) -> tuple[Entry, ...]:
    """Return the entries that are asked for, in their order."""
    records: list[Entry] = []
    index, own = lines.index, _named(lines, wanted)
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
            records.extend(_entries_of_index(index, block, lines.words(number), fitting))
    return in_order([*records, *_made(lines.index, wanted)])


def unseen_of(index: LineIndex, wanted: Wanted) -> tuple[Unseen, ...]:
    """Return the logs of the hosts that are asked for."""
    return tuple(log for log in index.unseen if not wanted.bundles or log.bundle in wanted.bundles)


def _made(index: LineIndex, wanted: Wanted) -> Iterator[Entry]:
    session = bool(wanted.session or wanted.lines)
    for entry, told in index.made:
        about = all(group.intersection(told) for group in wanted.objects)
        fits = about and (not session or _tells_session(entry, wanted))
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
        spans = zip(block.moments[1::4], block.moments[2::4], strict=True)
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
            block, words = lines.block(number), lines.words(number).lower()
            bundles, members, with_task = (block.columns[place] for place in (1, 2, 6))
            numbers, ends, ids = block.columns[13], block.columns[15], block.columns[8:12]
            for session_row in range(block.size):
                told = (
                    bool(key) and words.find(key, block.start(session_row), ends[session_row]) >= 0
                )
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


def _entries_of_index(
    index: LineIndex, block: Block, words: bytes, rows: Sequence[int]
) -> Iterator[Entry]:
    texts: tuple[Any, ...] = (*index.texts, None)  # of which -1 is the place
    moments: dict[int, Moment] = {}
    for row in rows:
        when, *named, kind, line, count, end, begin, stop = [c[row] for c in block.columns]
        if when not in moments:
            moments[when] = _moment_of_index(index, *block.moments[when * 4 : when * 4 + 4])
        bundle, member, host, lane, process, task, level, sr, vdi, vbd, session = [
            texts[place] for place in named
        ]
        kinds, title = index.kinds[kind]
        entry = Entry(
            moment=moments[when],
            what=EntryKind.RECORD,
            host=host,
            lane=lane,
            source=Source(bundle=bundle, member=member, line=line),
            kinds=kinds,
            title=title,
            message=words[begin:stop].decode(*_CODING),
            text=words[block.start(row) : end].decode(*_CODING),
            process=process,
            pid=block.pids[row],
            task=task,
            level=_LEVELS.get(level),
            sr=sr,
            vdi=vdi,
            vbd=vbd,
            session=session,
            count=count,
        )
        yield with_mark(entry, block.marks[row]) if row in block.marks else entry


def _moment_of_index(index: LineIndex, at: int, first: int, last: int, dated_by: int) -> Moment:
    when, earliest, latest = (EPOCH + time * MICROSECOND for time in (at, first, last))
    return Moment(at=when, earliest=earliest, latest=latest, dated_by=index.texts[dated_by])
