"""The lines around those that a report quotes, read again once it is known which these are.

While logs are read nobody knows which lines will be quoted. What was unpacked is read from where it
was laid (`analyzer.bundle.spool`), a folder from itself.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from analyzer.bundle.archive import open_bundle
from analyzer.bundle.budget import Budget
from analyzer.bundle.named_paths import STDIN, named_paths
from analyzer.bundle.spool import Spool
from analyzer.errors import InputError
from analyzer.model.packed_lines import PackedLines, packed
from analyzer.model.report import Excerpt
from analyzer.model.source import Source
from analyzer.parsers.scan.lines import WholeLines
from analyzer.values import dataclass

NEAR, FAR = 3, 50  # lines before and after
MOST_NEAR, MOST_FAR = 400, 20  # quoted lines that get so many
LONGEST = 400  # characters of a line
SMALL = 8192  # bytes of a member of which all is carried
MOST_WIDE = 60_000  # lines that are packed
PACKED = 2000  # of one part, which is unpacked by itself
LONGEST_PACKED = 4000  # characters of a packed line
MOST_PACKED = 1_200_000  # characters of all parts, which a page has room for

Range = tuple[int, int]
Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wide:
    """What is wanted beside the nearest lines: as much of the quoted members as has room.

    ``quoted`` are the lines that the page quotes. ``lengths`` is how many lines members have, by
    (bundle, member); of others no more is read. ``shown`` makes text of a line safe to print.
    """

    quoted: Sequence[Source]
    lengths: Mapping[Key, int]
    shown: Callable[[str], str]


def read_excerpts(
    paths: Sequence[Path],
    quoted: Iterable[Source],
    budget: Budget,
    log_as: str | None = None,
    spool: Spool | None = None,
    *,
    wide: Wide | None = None,
) -> tuple[tuple[Excerpt, ...], tuple[PackedLines, ...]]:
    """Return the lines around the quoted ones: wide around the first of them, close around more.

    Of a small member it is all. Beside them, packed, the widest part of these members that has
    room: whole ones, or as far around every quoted line as is the same for all.

    Ordered by bundle, member and line; places that touch are one. What is not in `spool` is looked
    for in the paths; what cannot be read a second time, such as standard input, has none.
    """
    lines = [source for source in dict.fromkeys(quoted) if source.line]
    near, far = ranges_of(lines), wide_ranges(wide.quoted, wide.lengths) if wide else {}
    wanted = {key: _Wanted(near=own, far=far.get(key, [])) for key, own in near.items()}
    reading = _Reading(budget, wide.shown if wide else str)
    for key in tuple(wanted) if spool is not None else ():
        blocks = spool.blocks(*key) if spool is not None else None
        if blocks is not None:
            reading.read(key, blocks, wanted.pop(key))
    for path, name in named_paths(paths).items():
        if wanted and path != STDIN and (path.is_file() or path.is_dir()):
            _read_again(path, name, wanted, reading, log_as)
    excerpts = sorted(reading.excerpts, key=lambda each: (each.bundle, each.member, each.first))
    return tuple(excerpts), tuple(_with_room(reading.packed, wide.quoted if wide else ()))


def _with_room(every: Iterable[PackedLines], quoted: Sequence[Source]) -> list[PackedLines]:
    """Return the parts that have room, those nearest to quoted lines before others."""
    places: dict[Key, list[int]] = {}
    for source in quoted:
        places.setdefault((source.bundle, source.member), []).append(source.line)

    def distance(part: PackedLines) -> int:
        own = places[part.bundle, part.member]
        return min(max(part.first - line, line - part.last, 0) for line in own)

    kept, room = [], MOST_PACKED
    for part in sorted(every, key=lambda part: (distance(part), part.bundle, part.member)):
        room -= len(part.packed)
        if room < 0:
            break
        kept.append(part)
    return sorted(kept, key=lambda part: (part.bundle, part.member, part.first))


def _read_again(
    path: Path,
    name: str,
    wanted: "dict[Key, _Wanted]",
    reading: "_Reading",
    log_as: str | None,
) -> None:
    """Read what a path has of what is wanted, and take that out of `wanted`."""
    try:
        archive = open_bundle(path, budget=reading.budget, log_as=log_as, name=name)
        for member in archive.members():
            key = member.bundle, member.path
            if key in wanted:
                reading.read(key, member.blocks(), wanted.pop(key))
            if not wanted:
                return
    except (InputError, OSError):  # it went away since the first reading
        return


def ranges_of(quoted: Iterable[Source]) -> dict[Key, list[Range]]:
    """Return (bundle, member) → the lines to read, as ranges in order that do not touch."""
    lines = [source for source in dict.fromkeys(quoted) if source.line][:MOST_NEAR]
    reaches = [FAR if place < MOST_FAR else NEAR for place in range(len(lines))]
    return _ranges_around(zip(lines, reaches, strict=True))


def wide_ranges(quoted: Iterable[Source], lengths: Mapping[Key, int]) -> dict[Key, list[Range]]:
    """Return the widest ranges around the quoted lines that have room, of members of known length.

    The reach is the same for all of them, so that short members are there as a whole.
    """
    lines = [source for source in quoted if source.line][:MOST_NEAR]
    known = [source for source in lines if (source.bundle, source.member) in lengths]

    def reaching(reach: int) -> dict[Key, list[Range]]:
        ranges = _ranges_around((source, reach) for source in known)
        return {
            key: [(first, min(last, lengths[key])) for first, last in own if first <= lengths[key]]
            for key, own in ranges.items()
        }

    least, most = 0, max(lengths.values(), default=0)
    while least < most:
        middle = (least + most + 1) // 2
        ranges = [each for own in reaching(middle).values() for each in own]
        if sum(last - first + 1 for first, last in ranges) <= MOST_WIDE:
            least = middle
        else:
            most = middle - 1
    return reaching(least) if least else {}


def _ranges_around(reaches: Iterable[tuple[Source, int]]) -> dict[Key, list[Range]]:
    wanted: dict[Key, list[Range]] = {}
    for source, reach in reaches:
        own = wanted.setdefault((source.bundle, source.member), [])
        own.append((max(source.line - reach, 1), source.line + reach))
    return {key: list(_merged_ranges(sorted(own))) for key, own in wanted.items()}


def _merged_ranges(ranges: Iterable[Range]) -> Iterator[Range]:
    open_: Range | None = None
    for first, last in ranges:
        if open_ and first <= open_[1] + 1:
            open_ = open_[0], max(open_[1], last)
            continue
        if open_:
            yield open_
        open_ = first, last
    if open_:
        yield open_


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """The ranges of a member whose lines stay as they are, and those that are packed."""

    near: list[Range]
    far: list[Range]


class _Reading:
    """Reads members again, one by one, and keeps what is wanted of each."""

    def __init__(self, budget: Budget, shown: Callable[[str], str]) -> None:
        self.budget = budget
        self._shown = shown
        self.excerpts: list[Excerpt] = []
        self.packed: list[PackedLines] = []

    def read(self, key: Key, blocks: Iterable[bytes], wanted: _Wanted) -> None:
        """Read a member up to the last line that is wanted."""
        chunks = iter(WholeLines(blocks, self.budget.line))
        head: list[bytes] = []
        while sum(map(len, head)) <= SMALL and (chunk := next(chunks, b"")):
            head.append(chunk)
        near = wanted.near
        if sum(map(len, head)) <= SMALL:  # then all of it may be shown
            near = [(1, sum(chunk.count(b"\n") for chunk in head))]
        ranges = list(_merged_ranges(sorted([*near, *wanted.far])))
        for first, lines in _lines_in_ranges(chain(head, chunks), ranges):
            self._keep(key, first, lines, near, wanted.far)

    def _keep(
        self, key: Key, begin: int, lines: list[bytes], near: list[Range], far: list[Range]
    ) -> None:
        bundle, member = key
        end = begin + len(lines)
        for first, last in near:
            if begin <= first < end:
                own = _texts(lines[first - begin : last + 1 - begin], LONGEST)
                self.excerpts.append(
                    Excerpt(bundle=bundle, member=member, first=first, lines=tuple(own))
                )
        for first, last in far:
            if not begin <= first < end:
                continue
            for start in range(first, min(last + 1, end), PACKED):
                part = lines[start - begin : min(start + PACKED, last + 1) - begin]
                texts = [self._shown(text) for text in _texts(part, LONGEST_PACKED)]
                self.packed.append(
                    PackedLines(
                        bundle=bundle,
                        member=member,
                        first=start,
                        count=len(texts),
                        packed=packed(texts),
                    )
                )


def _texts(lines: Sequence[bytes], longest: int) -> list[str]:
    texts = b"\n".join(lines).decode(errors="replace").split("\n")
    return [text if len(text) <= longest else f"{text[:longest]} […]" for text in texts]


def _lines_in_ranges(
    chunks: Iterable[bytes], ranges: Sequence[Range]
) -> list[tuple[int, list[bytes]]]:
    """Return the lines of each range with the number of the first; a chunk without is counted."""
    found: list[tuple[int, list[bytes]]] = [(first, []) for first, _ in ranges]
    done, end = 0, ranges[-1][1]
    for chunk in chunks:
        count = chunk.count(b"\n")
        if any(first <= done + count and last > done for first, last in ranges):
            rows = chunk.split(b"\n")
            for (first, last), (_, own) in zip(ranges, found, strict=True):
                own.extend(rows[max(first - done - 1, 0) : max(min(last - done, count), 0)])
        done += count
        if done >= end:
            break
    return [(first, lines) for first, lines in found if lines]
