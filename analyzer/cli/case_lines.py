"""What a case file knows of the lines of its status reports: those that were kept, and others."""

import json
import zlib
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from analyzer.stored import text_of, typed

if TYPE_CHECKING:
    from analyzer.model.entry import Entry
    from analyzer.model.explained import LineExplained
    from analyzer.model.lines import Block, CallIndex, Everything, LineIndex
    from analyzer.model.moment import Moment
    from analyzer.model.places import MemberPlace, ReportPlaces
    from analyzer.model.source import Source
    from analyzer.parsers._api import Stamp
    from analyzer.parsers.scan.text import TextScanner
    from analyzer.rebuilt.calls.line_again import LineAgain
    from analyzer.story.explain.explain_line import KeptLine
    from analyzer.story.explain.quotes import Quoter
    from analyzer.story.timeline.line_rows import LineRow

_OF_MOMENTS = 4  # columns of a block
_PIECE = 1 << 15  # bytes of words that are packed by themselves: as far back as zlib looks
_LEVEL = 2  # takes as long as 1 of such words, and packs a thirtieth better
_SIZE = 8  # bytes of a number
Value = TypeVar("Value")
Part = Callable[[str], Any]
Content = Callable[[str], bytes]


def share_of_page(key: str, count: int) -> int:
    """Return which of so many parts of a kind has the page of a key."""
    return zlib.crc32(key.encode(errors="surrogateescape")) % count


class StoredLines:
    """The kept lines of a case file (`analyzer.story.timeline.asked.Lines`)."""

    def __init__(self, part: Part, content: Content) -> None:
        self._read_part, self._bytes = part, content

    @cached_property
    def index(self) -> "LineIndex":
        """Return what finds the kept lines."""
        from analyzer.model.lines import LineIndex

        return typed(LineIndex, self._read_part("index.json"))

    @cached_property
    def made(self) -> "Sequence[Entry]":
        """Return what is no kept line, in the order of time."""
        from analyzer.model.entry import Entry

        return TypedRows(Entry, self._read_part("made.json"))

    @cached_property
    def everything(self) -> "Everything":
        """Return all entries in their order."""
        from analyzer.model.lines import Everything

        return typed(Everything, self._read_part("everything.json"))

    def rows(self, uuid: str) -> Sequence[int]:
        """Return the rows that tell of an object, ascending."""
        share = share_of_page(uuid, self._read_part("told.json"))
        try:
            content = self._bytes(f"told/{share}.bin")
        except KeyError:  # nothing tells of any of them
            return ()
        return list(accumulate(steps_of(uuid, content)))

    def block(self, number: int) -> "Block":
        """Return a block without its words."""
        from analyzer.model.lines import Block, Mark

        codes, moments, rows, marks = self._read_part(f"lines/{number}.json")
        content, first = self._bytes(f"lines/{number}.bin"), 0
        columns = []
        for place, code in enumerate(codes):
            column = array(code)
            size = column.itemsize * (moments if place < _OF_MOMENTS else rows)
            column.frombytes(content[first : first + size])
            columns.append(column)
            first += size
        told = {row: Mark(*mark) for row, *mark in marks}
        own, (*others, pids, calls) = columns[:_OF_MOMENTS], columns[_OF_MOMENTS:]
        return Block(moments=own, columns=others, pids=pids, marks=told, calls=calls)

    @cached_property
    def calls(self) -> "CallIndex":
        """Return what finds one line, and its calls."""
        from analyzer.model.lines import CallIndex

        return typed(CallIndex, self._read_part("calls.json"))

    def words(self, number: int) -> "PackedWords":
        """Return the words of a block."""
        return PackedWords(self._bytes(f"lines/{number}.txt"))


def packed_steps(steps: Mapping[str, "array[int]"]) -> bytes:
    """Return numbers by uuid: the length of the heading, the heading, and all numbers."""
    heading = text_of([[uuid, own.typecode, len(own)] for uuid, own in steps.items()])
    numbers = (own.tobytes() for own in steps.values())
    return b"".join((len(heading).to_bytes(_SIZE, "big"), heading, *numbers))


def steps_of(uuid: str, content: bytes) -> Sequence[int]:
    """Return the numbers of a uuid, none for one that has none."""
    start = _SIZE + int.from_bytes(content[:_SIZE], "big")
    for own, code, count in json.loads(content[_SIZE:start]):
        steps = array(code)
        after = start + count * steps.itemsize
        if own == uuid:
            steps.frombytes(content[start:after])
            return steps
        start = after
    return ()


def packed_words(words: bytes) -> bytes:
    """Return the words of a block in pieces, each packed by itself."""
    pieces = [
        zlib.compress(words[start : start + _PIECE], _LEVEL)
        for start in range(0, len(words), _PIECE)
    ]
    lengths = array("q", [len(words), *map(len, pieces)])
    return b"".join((len(lengths).to_bytes(_SIZE, "big"), lengths.tobytes(), *pieces))


class PackedWords:
    """The words of a block, of which those are unpacked that are asked for."""

    def __init__(self, content: bytes) -> None:
        size, lengths = int.from_bytes(content[:_SIZE], "big"), array("q")
        end = _SIZE + size * lengths.itemsize
        lengths.frombytes(content[_SIZE:end])
        self._content, self._length = content, lengths[0]
        self._ends = list(accumulate(lengths[1:], initial=end))
        self._pieces: dict[int, bytes] = {}

    def __bytes__(self) -> bytes:
        return self[0 : self._length]

    def __getitem__(self, place: slice) -> bytes:
        first, end = place.start, min(place.stop, self._length)
        pieces = range(first // _PIECE, (max(end, first + 1) - 1) // _PIECE + 1)
        found = b"".join(map(self._piece, pieces))
        return found[first - pieces[0] * _PIECE : end - pieces[0] * _PIECE]

    def _piece(self, number: int) -> bytes:
        if number not in self._pieces:
            packed = self._content[self._ends[number] : self._ends[number + 1]]
            self._pieces[number] = zlib.decompressobj().decompress(packed, _PIECE)
        return self._pieces[number]


class TypedRows(Sequence[Value]):
    """Values of a type, each made of what is stored when it is asked for."""

    def __init__(self, kind: type[Value], stored: Sequence[Any]) -> None:
        self._kind, self._stored = kind, stored

    def __len__(self) -> int:
        return len(self._stored)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [typed(self._kind, each) for each in self._stored[place]]
        return typed(self._kind, self._stored[place])


class Lying(NamedTuple):
    """A member: its report, and where it lies."""

    report: "ReportPlaces"
    place: "MemberPlace"


class StoredPlaces(Mapping[tuple[str, str], Lying]):
    """Where members lie, by bundle and path; each is made when it is asked for."""

    def __init__(self, part: Part) -> None:
        from analyzer.model.places import ReportPlaces

        self._reports = typed(tuple[ReportPlaces, ...], part("places.json"))
        self._rows: dict[tuple[str, str], tuple[int, object]] = {}
        for number, report in enumerate(self._reports):
            own = zip(*part(f"places/{number}.json"), strict=True)
            self._rows |= {(report.bundle, path): (number, row) for path, row in own}

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, member: tuple[str, str]) -> Lying:
        from analyzer.model.places import MemberPlace

        number, row = self._rows[member]
        return Lying(self._reports[number], typed(MemberPlace, row))


def line_explained(part: Part, content: Content, again: "LineAgain") -> "LineExplained":
    """Return what was made of a line that was read again."""
    from analyzer.parsers import log_parsers_named
    from analyzer.parsers.scan.text import TextScanner
    from analyzer.rules.load import load_catalogue
    from analyzer.story.explain.explain_line import explain_line, kind_words

    catalogue = load_catalogue()
    scanner = TextScanner(log_parsers_named(again.parser), catalogue.selectors)
    facts = _StoredFacts(part, StoredLines(part, content), scanner)
    return explain_line(facts, again, scanner, kind_words(catalogue.patterns).__getitem__)


class _StoredFacts:
    """See `analyzer.story.explain.explain_line.LineFacts`."""

    def __init__(self, part: Part, lines: StoredLines, scanner: "TextScanner") -> None:
        self._part, self._lines, self._scanner = part, lines, scanner

    def host(self, bundle: str) -> str:
        return str(self._part("hosts.json").get(bundle, bundle))

    def moment(self, source: "Source", stamp: "Stamp") -> "Moment | None":
        from analyzer.dating.settled import LineDates, Settled

        clocks = typed(Mapping[str, Settled], self._part("clocks.json"))  # type: ignore[type-abstract]
        settled = clocks.get(source.bundle)
        if settled is None:
            return None
        return LineDates(settled).moment(source.member, source.line, stamp)

    def kept(self, source: "Source") -> "KeptLine | None":
        from analyzer.model.terms import ALERTS
        from analyzer.story.explain.explain_line import KeptLine

        row = self._row(source)
        if row is None:
            return None
        process = ALERTS if row.log == ALERTS else row.process
        hits = self._scanner.match(row.log, process, row.message)
        fields = {hit.selector: hit.fields for hit in hits}
        return KeptLine(row.moment, {kind: fields[kind] for kind in row.kinds})

    def quoted_by(self, sources: "Collection[Source]") -> "Iterable[Quoter]":
        from analyzer.story.explain.quotes import Quoter, Quotes

        told, behind, lines = self._part("quotes.json")
        rows = (self._row(source) for source in sorted(sources))
        calls = (call for row in rows if row is not None for call in row.calls)
        kind: type[Quoter] = tuple[str, str, str]
        return Quotes(TypedRows(kind, told), behind, lines).quoted_by(sources, calls)

    def _row(self, source: "Source") -> "LineRow | None":
        from analyzer.story.timeline.line_rows import row_of_line

        return row_of_line(self._lines, source)
