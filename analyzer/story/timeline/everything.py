"""The order of all that was kept, found once: whoever asks for all of it is told as it is read.

A case file keeps it, so that the first entries are printed before the last ones are read.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from analyzer.case.columns import Places, among, numbered
from analyzer.model.entry import Entry, EntryKind
from analyzer.model.lines import Block, Everything, LineIndex, ShownTimeline, moment_of
from analyzer.model.moment import YEAR_UNKNOWN, Moment
from analyzer.model.source import Source
from analyzer.model.terms import EPOCH, MICROSECOND
from analyzer.story.timeline.order import file_of, is_ordered_by_its_file, place_in_time

_UNKNOWN = YEAR_UNKNOWN // MICROSECOND
_HOUR = timedelta(hours=1) // MICROSECOND
_MADE = -1
_NEVER = -1
_Key: TypeAlias = tuple[int, str, str, int, str, tuple[str, ...]]


class Ordering:
    """Finds the order of all rows of some blocks, which follow each other, and what was ``made``.

    ``made`` must be in the order of `place_in_time`. All of them are numbered as they follow each
    other, what was made behind the rows.
    """

    def __init__(self, index: LineIndex, blocks: Sequence[Block], made: Sequence[Entry]) -> None:
        self._index, self._blocks, self._made = index, blocks, made
        self._ranks = _ranks(index.texts)
        self._ranks_of_kinds = _ranks([kinds for kinds, _ in index.kinds])
        sizes = [*(block.size for block in blocks), len(made)]
        self._first = [0, *accumulate(sizes)]
        # The block that each is in, _MADE for what was made.
        self._block_of = np.repeat(np.array([*range(len(blocks)), _MADE], np.int32), sizes)

    def everything(self) -> Everything:
        """Return it."""
        dated, undated = self._places()
        about = np.full(self._first[-1], ord("0"), np.uint8)
        about[dated[_in_doubt(*(column[dated] for column in self._what_orders()))]] = ord("1")
        about[undated] = ord("1")
        told = [about[first:after].tobytes().decode() for first, after in pairwise(self._first)]
        marks = (mark for block in self._blocks for mark in block.marks.values())
        found = any(mark.findings for mark in marks) or any(each.findings for each in self._made)
        return Everything(
            parts=tuple(self._runs(np.concatenate((dated, undated)))),
            about=tuple(told[:-1]),
            made_about=told[-1],
            shown=ShownTimeline(count=len(about), undated=len(undated), found=found),
            hosts=tuple(sorted(self._texts_of(3).union(each.host for each in self._made))),
            lanes=tuple(sorted(self._texts_of(4).union(each.lane for each in self._made))),
            times=tuple(self._times()),
        )

    def _texts_of(self, column: int) -> set[str]:
        places = {place for block in self._blocks for place in set(block.columns[column])}
        return {self._index.texts[place] for place in places}

    def _places(self) -> tuple[Places, Places]:
        """Return what is dated, and the rest, both in their order."""
        first_made = self._first[-2]
        known = [each.moment.year_known for each in self._made]
        waiting = [first_made + place for place, dated in enumerate(known) if dated]
        undated = [first_made + place for place, dated in enumerate(known) if not dated]
        dated: list[Sequence[int] | Places] = []
        for block, before in zip(self._blocks, self._first, strict=False):
            rows, others = self._rows_in_order(block)
            undated += (before + others).tolist()
            if not len(rows):
                continue
            last, first = self._key(block, rows[-1]), 0
            while waiting and self._key_made(waiting[0] - first_made) < last:
                wanted = self._key_made(waiting[0] - first_made)
                after = bisect_right(rows, wanted, first, key=lambda row: self._key(block, row))
                dated += (before + rows[first:after], [waiting.pop(0)])
                first = after
            dated.append(before + rows[first:])
        dated.append(waiting)
        in_turn = sorted(undated, key=self._key_undated)
        return _joined(dated), np.array(in_turn, np.int32)

    def _rows_in_order(self, block: Block) -> tuple[Places, Places]:
        """Return the rows of a block that are dated, in their order, and the others."""
        at, earliest, latest, _ = map(np.asarray, block.moments)
        when, _, member, host = map(np.asarray, block.columns[:4])
        kinds, line = map(np.asarray, block.columns[12:14])
        keys = (self._ranks_of_kinds[kinds], line, self._ranks[member], self._ranks[host], at[when])
        order = np.lexsort(keys)
        known = (latest - earliest < _UNKNOWN)[when]
        return order[known[order]].astype(np.int32), np.flatnonzero(~known)

    def _key(self, block: Block, row: int) -> _Key:
        """Return what `place_in_time` does of a row that is dated."""
        texts = self._index.texts
        when, _, member, host = (column[row] for column in block.columns[:4])
        kinds, _ = self._index.kinds[block.columns[12][row]]
        at, line = block.moments[0][when], block.columns[13][row]
        return at, texts[host], texts[member], line, EntryKind.RECORD.value, kinds

    def _key_made(self, place: int) -> _Key:
        at, host, member, line, what, kinds = place_in_time(self._made[place])
        return _ticks(at), host, member, line, what, kinds

    def _key_undated(self, place: int) -> _Key:
        number = self._block_of[place]
        row = place - self._first[number if number != _MADE else -2]
        key = self._key_made(row) if number == _MADE else self._key(self._blocks[number], row)
        return 0, *key[1:]

    def _what_orders(self) -> Iterator[Places]:
        """Yield the number of what orders each, its line there, its earliest and its latest.

        Times are told by their ranks, in half the memory.
        """
        yield _joined(self._files())
        lines = [np.asarray(block.columns[13]) for block in self._blocks]
        yield _joined([*lines, [each.source.line for each in self._made]])
        spans = [(_ticks(e.moment.earliest), _ticks(e.moment.latest)) for e in self._made]
        moments = [np.array(block.moments[1:3]) for block in self._blocks]
        ranges = np.concatenate([*moments, np.array(spans, np.int64).reshape(-1, 2).T], axis=1)
        ranks = np.unique(ranges, return_inverse=True)[1].astype(np.int32).reshape(ranges.shape)
        starts = accumulate((len(block.moments[0]) for block in self._blocks), initial=0)
        first = [*starts]
        whens = [
            start + np.asarray(block.columns[0], np.int32)
            for start, block in zip(first, self._blocks, strict=False)
        ]
        places = _joined([*whens, range(first[-1], ranges.shape[1])])
        yield from (ranks[0][places], ranks[1][places])

    def _files(self) -> Iterator[npt.NDArray[np.int32]]:
        """Yield the numbers of what orders the rows of each block, then those of what was made."""
        numbers: dict[tuple[str, ...], int] = {}
        texts = self._index.texts
        for block in self._blocks:
            bundle, member = map(np.asarray, block.columns[1:3])
            first, of_file = numbered(bundle, member)
            own = [(texts[bundle[row]], texts[member[row]]) for row in first.tolist()]
            files = [numbers.setdefault(file, len(numbers)) for file in own]
            yield np.array(files, np.int32)[of_file]
        told = self._lines_told()
        made = [numbers.setdefault(file_of(each, told), len(numbers)) for each in self._made]
        yield np.array(made, np.int32)

    def _lines_told(self) -> set[tuple[Source, Moment]]:
        """Return the lines, with their times, that what is no line of a file may stand on."""
        others = [each for each in self._made if not is_ordered_by_its_file(each)]
        sources = {(each.source.bundle, each.source.member, each.source.line) for each in others}
        numbers = np.array(sorted({line for _, _, line in sources}), np.int64)
        own = (each for each in self._made if is_ordered_by_its_file(each))
        found = {(each.source, each.moment) for each in own}
        texts = self._index.texts
        for block in self._blocks:
            whens, bundles, members = block.columns[:3]
            lines = block.columns[13]
            for row in np.flatnonzero(among(numbers, lines)).tolist():
                bundle, member, line = texts[bundles[row]], texts[members[row]], lines[row]
                if (bundle, member, line) in sources:
                    source = Source(bundle=bundle, member=member, line=line)
                    found.add((source, moment_of(self._index, block, whens[row])))
        return found

    def _runs(self, places: Places) -> Iterator[tuple[int, int, int]]:
        """Yield (block, first row, row after) of rows that follow each other."""
        blocks = self._block_of[places]
        breaks = np.flatnonzero((np.diff(places) != 1) | (np.diff(blocks) != 0)) + 1
        bounds = [0, *breaks.tolist(), len(places)] if len(places) else []
        for start, after in pairwise(bounds):
            number = int(blocks[start])
            first = int(places[start]) - self._first[number if number != _MADE else -2]
            yield number, first, first + after - start

    def _times(self) -> Iterator[tuple[str, Moment]]:
        """Yield of each bundle, hour and doubt one time."""
        texts = self._index.texts
        known = set()
        for block in self._blocks:
            when, bundle = map(np.asarray, block.columns[:2])
            at, earliest, latest, dated_by = (np.asarray(column)[when] for column in block.moments)
            told = (bundle, at // _HOUR, at - earliest, latest - at, dated_by)
            first, _ = numbered(*told)
            keys = zip(*(column[first].tolist() for column in told), strict=True)
            for row, key in zip(first.tolist(), keys, strict=True):
                if key not in known:
                    known.add(key)
                    yield texts[bundle[row]], moment_of(self._index, block, int(when[row]))
        for each in self._made:
            yield each.source.bundle, each.moment


def _ticks(time: datetime) -> int:
    return (time - EPOCH) // MICROSECOND


def _ranks(values: Sequence[Any]) -> Places:
    """Return of each value its place among all in order."""
    ranks = {value: rank for rank, value in enumerate(sorted(set(values)))}
    return np.array([ranks[value] for value in values], np.intp)


def _joined(parts: Iterable[npt.ArrayLike]) -> Places:
    """Return numbers one behind another, four bytes each where they fit."""
    columns = map(np.asarray, parts)
    joined = np.concatenate([np.zeros(0, np.int8), *(part for part in columns if len(part))])
    fits = joined.max(initial=0) <= np.iinfo(np.int32).max
    return joined.astype(np.int32 if fits else np.int64)


def _in_doubt(
    files: Places, lines: Places, earliest: Places, latest: Places
) -> npt.NDArray[np.bool_]:
    """Tell of each whether its order to another is not known, as `places_in_doubt` does.

    None of the numbers is below 0.
    """
    found = _behind_another(files, lines, earliest, latest)
    # Backwards the same holds of times and lines that run the other way.
    last, end = lines.max(initial=0), latest.max(initial=0)
    back = (last - lines, end - latest, end - earliest)
    in_doubt: npt.NDArray[np.bool_] = (
        found | _behind_another(files[::-1], *(column[::-1] for column in back))[::-1]
    )
    return in_doubt


def _behind_another(
    files: Places, lines: Places, near: Places, far: Places
) -> npt.NDArray[np.bool_]:
    """Tell of each whether it may lie on the other side of one shown before it (`order`)."""
    behind = np.zeros(len(files), bool)
    if not len(files):
        return behind
    by_file = np.argsort(files, kind="stable")
    behind[by_file] = lines[by_file] < _highest(files[by_file], lines[by_file])
    # How far any before reaches, and which file it is of; then how far any of another file does.
    most = _behind(np.maximum.accumulate(far), _NEVER)
    farthest = np.where(far > most, np.arange(len(far), dtype=np.int32), -1)
    leader = _behind(files[np.maximum.accumulate(farthest)], _MADE)
    of_leader, changes = files == leader, leader[1:] != leader[:-1]
    others = np.where(of_leader, _NEVER, far)
    others[:-1][changes] = most[:-1][changes]
    runs = np.concatenate(([0], np.cumsum(changes, dtype=np.int32)))
    second = _highest(runs, _behind(others, _NEVER))
    return behind | (np.where(of_leader, second, most) >= near)


def _behind(values: Places, first: int) -> Places:
    """Return of each value the one before it."""
    before = np.empty_like(values)
    before[:1], before[1:] = first, values[:-1]
    return before


def _highest(groups: Places, values: Places) -> Places:
    """Return of each value the highest of its group so far; groups stand together, in order."""
    below = groups * (np.int64(values.max()) + 2)  # as the lowest is _NEVER
    highest: Places = np.maximum.accumulate(below + values) - below
    return highest
