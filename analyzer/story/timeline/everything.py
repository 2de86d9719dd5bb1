"""The order of all that was kept, found once: whoever asks for all of it is told as it is read.

A case file keeps it, so that the first entries are printed before the last ones are read.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TypeAlias

from analyzer.model.entry import Entry, EntryKind
from analyzer.model.lines import Block, Everything, LineIndex, ShownTimeline
from analyzer.model.moment import YEAR_UNKNOWN, Moment
from analyzer.model.source import Source
from analyzer.model.terms import EPOCH, MICROSECOND
from analyzer.story.timeline.order import (
    Range,
    file_of,
    is_ordered_by_its_file,
    place_in_time,
    places_in_doubt,
)

_UNKNOWN = YEAR_UNKNOWN // MICROSECOND
_HOUR = timedelta(hours=1) // MICROSECOND
_MADE = -1
_Place: TypeAlias = tuple[int, int]  # the block and the row in it; _MADE and the place there
_Key: TypeAlias = tuple[int, str, str, int, str, tuple[str, ...]]


def moment_of(index: LineIndex, block: Block, when: int) -> Moment:
    """Return a moment of a block."""
    at, earliest, latest = (EPOCH + column[when] * MICROSECOND for column in block.moments[:3])
    dated_by = index.texts[block.moments[3][when]]
    return Moment(at=at, earliest=earliest, latest=latest, dated_by=dated_by)


class Ordering:
    """Finds the order of all rows of some blocks, which follow each other, and what was ``made``.

    ``made`` must be in the order of `place_in_time`.
    """

    def __init__(self, index: LineIndex, blocks: Sequence[Block], made: Sequence[Entry]) -> None:
        self._index, self._blocks, self._made = index, blocks, made
        ranks = {text: rank for rank, text in enumerate(sorted(set(index.texts)))}
        self._ranks = [ranks[text] for text in index.texts]

    def everything(self) -> Everything:
        """Return it."""
        dated, undated = self._places()
        doubtful = places_in_doubt(*self._what_orders(dated))
        about = {number: bytearray(b"0" * block.size) for number, block in enumerate(self._blocks)}
        about[_MADE] = bytearray(b"0" * len(self._made))
        for number, row in (*(dated[place] for place in doubtful), *undated):
            about[number][row] = ord("1")
        marks = (mark for block in self._blocks for mark in block.marks.values())
        found = any(mark.findings for mark in marks) or any(each.findings for each in self._made)
        return Everything(
            parts=tuple(_runs((*dated, *undated))),
            about=tuple(about[number].decode() for number in range(len(self._blocks))),
            made_about=about[_MADE].decode(),
            shown=ShownTimeline(count=len(dated) + len(undated), undated=len(undated), found=found),
            hosts=tuple(sorted(self._texts_of(3).union(each.host for each in self._made))),
            lanes=tuple(sorted(self._texts_of(4).union(each.lane for each in self._made))),
            times=tuple(self._times()),
        )

    def _texts_of(self, column: int) -> set[str]:
        places = {place for block in self._blocks for place in set(block.columns[column])}
        return {self._index.texts[place] for place in places}

    def _places(self) -> tuple[list[_Place], list[_Place]]:
        """Return the places of what is dated, and of the rest, both in their order."""
        waiting = [place for place, each in enumerate(self._made) if each.moment.year_known]
        dated: list[_Place] = []
        undated: list[_Place] = []
        for number, block in enumerate(self._blocks):
            rows, others = self._rows_in_order(block)
            undated += ((number, row) for row in others)
            if not rows:
                continue
            last, first = self._key(block, rows[-1]), 0
            while waiting and self._key_made(waiting[0]) < last:
                wanted = self._key_made(waiting[0])
                after = bisect_right(rows, wanted, first, key=lambda row: self._key(block, row))
                dated += ((number, row) for row in rows[first:after])
                dated.append((_MADE, waiting.pop(0)))
                first = after
            dated += ((number, row) for row in rows[first:])
        dated += ((_MADE, place) for place in waiting)
        undated += (
            (_MADE, place) for place, each in enumerate(self._made) if not each.moment.year_known
        )
        return dated, sorted(undated, key=self._key_undated)

    def _rows_in_order(self, block: Block) -> tuple[Sequence[int], Sequence[int]]:
        """Return the rows of a block that are dated, in their order, and the others."""
        at, earliest, latest, _ = block.moments
        whens, _, members, hosts = block.columns[:4]
        unknown = {
            when
            for when, (first, last) in enumerate(zip(earliest, latest, strict=True))
            if last - first >= _UNKNOWN
        }
        rows: Sequence[int] = range(block.size)
        others: Sequence[int] = ()
        if unknown:
            others = [row for row in rows if whens[row] in unknown]
            rows = [row for row in rows if whens[row] not in unknown]
        ranks = self._ranks
        told = zip(
            (at[when] for when in whens),
            (ranks[host] for host in hosts),
            (ranks[member] for member in members),
            block.columns[13],
            strict=True,
        )
        in_turn = all(before < after for before, after in pairwise(told))
        return (rows if in_turn else sorted(rows, key=lambda row: self._key(block, row))), others

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

    def _key_undated(self, place: _Place) -> _Key:
        number, row = place
        key = self._key_made(row) if number == _MADE else self._key(self._blocks[number], row)
        return 0, *key[1:]

    def _what_orders(self, dated: Sequence[_Place]) -> tuple[list[int], list[int], list[Range]]:
        """Return the number of what orders each entry, its line there, and its range."""
        numbers: dict[tuple[str, ...], int] = {}
        lines_told = self._lines_told()
        made = [
            (
                numbers.setdefault(file_of(each, lines_told), len(numbers)),
                each.source.line,
                (_ticks(each.moment.earliest), _ticks(each.moment.latest)),
            )
            for each in self._made
        ]
        texts = self._index.texts
        files: list[int] = []
        lines: list[int] = []
        ranges: list[Range] = []
        for number, first, after in _runs(dated):
            if number == _MADE:
                told = made[first:after]
                files += (file for file, _, _ in told)
                lines += (line for _, line, _ in told)
                ranges += (span for _, _, span in told)
                continue
            block = self._blocks[number]
            whens, bundles, members = (column[first:after] for column in block.columns[:3])
            pairs = {
                pair: (texts[pair[0]], texts[pair[1]])
                for pair in {*zip(bundles, members, strict=True)}
            }
            own = {pair: numbers.setdefault(file, len(numbers)) for pair, file in pairs.items()}
            spans = list(zip(block.moments[1], block.moments[2], strict=True))
            files += map(own.__getitem__, zip(bundles, members, strict=True))
            lines += block.columns[13][first:after]
            ranges += map(spans.__getitem__, whens)
        return files, lines, ranges

    def _lines_told(self) -> set[tuple[Source, Moment]]:
        """Return the lines, with their times, that what is no line of a file may stand on."""
        others = [each for each in self._made if not is_ordered_by_its_file(each)]
        sources = {(each.source.bundle, each.source.member, each.source.line) for each in others}
        numbers = {line for _, _, line in sources}
        own = (each for each in self._made if is_ordered_by_its_file(each))
        found = {(each.source, each.moment) for each in own}
        texts = self._index.texts
        for block in self._blocks:
            whens, bundles, members = block.columns[:3]
            for row, line in enumerate(block.columns[13]):
                if line in numbers:
                    bundle, member = texts[bundles[row]], texts[members[row]]
                    if (bundle, member, line) in sources:
                        source = Source(bundle=bundle, member=member, line=line)
                        found.add((source, moment_of(self._index, block, whens[row])))
        return found

    def _times(self) -> Iterator[tuple[str, Moment]]:
        """Yield of each bundle, hour and doubt one time."""
        texts = self._index.texts
        known = set()
        for block in self._blocks:
            for when, bundle in {*zip(*block.columns[:2], strict=True)}:
                at, earliest, latest, dated_by = (column[when] for column in block.moments)
                key = (bundle, at // _HOUR, at - earliest, latest - at, dated_by)
                if key not in known:
                    known.add(key)
                    yield texts[bundle], moment_of(self._index, block, when)
        for each in self._made:
            yield each.source.bundle, each.moment


def _ticks(time: datetime) -> int:
    return (time - EPOCH) // MICROSECOND


def _runs(places: Iterable[_Place]) -> Iterator[tuple[int, int, int]]:
    """Yield (block, first row, row after) of rows that follow each other."""
    number, first, after = _MADE, 0, 0
    for block, row in places:
        if (block, row) != (number, after):
            if after > first:
                yield number, first, after
            number, first = block, row
        after = row + 1
    if after > first:
        yield number, first, after
