"""Read again what a report quotes: is each quotation there, word for word, where it says?"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from analyzer.bundle.archive import open_bundle
from analyzer.bundle.budget import Budget
from analyzer.bundle.member import ConcreteMember, Member
from analyzer.bundle.named_paths import STDIN, named_paths
from analyzer.case.quotation import OMITTED
from analyzer.model.terms import LOG_SUFFIX
from analyzer.parsers.storage.cbtlog_format import read_cbtlog
from analyzer.values import dataclass

_REPLACED = "\ufffd"  # stands for bytes that are no text


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation:
    """A text and where it stands: ``line`` from 1, or 0 and ``offset`` in bytes in the member."""

    bundle: str
    member: str
    line: int
    offset: int
    text: str

    def __str__(self) -> str:
        place = f":{self.line}" if self.line else f" at byte {self.offset}"
        return f"{self.bundle} {self.member}{place}"


def quotations_in(document: object) -> Iterator[Quotation]:
    """Yield every quotation of a report.json, in the order of the document."""
    if isinstance(document, Mapping):
        # what happened without a line of its own, such as a backup run, quotes none
        if {"bundle", "member", "line", "text"} <= document.keys() and document["bundle"]:
            yield Quotation(
                bundle=str(document["bundle"]),
                member=str(document["member"]),
                line=int(document["line"]),
                offset=int(document.get("offset") or 0),
                text=str(document["text"]),
            )
        for value in document.values():
            yield from quotations_in(value)
    elif isinstance(document, list):
        for value in document:
            yield from quotations_in(value)


def not_there(
    quotations: Iterable[Quotation],
    paths: Sequence[Path],
    *,
    budget: Budget,
    stdin: BinaryIO | None = None,
) -> Iterator[Quotation]:
    """Yield the quotations that are not in the bundles, of each member those first that are lost.

    Raises:
        InputError: a path cannot be read.
    """
    wanted: dict[tuple[str, str], list[Quotation]] = {}
    for each in dict.fromkeys(quotations):
        wanted.setdefault((each.bundle, each.member), []).append(each)
    for path, name in named_paths(paths).items():
        given = None if path == STDIN else path
        archive = open_bundle(given, budget=budget, name=name, stdin=stdin)
        for member in archive.members():
            own = wanted.pop((member.bundle, member.path), None)
            if own:
                if member.path.endswith(LOG_SUFFIX):
                    file = read_cbtlog(member.read(budget.document), member.path)
                    yield from (each for each in own if each.text not in (file.words, file.problem))
                else:
                    lines = {each for each in own if each.line}
                    if len(lines) < len(own):  # a document of one line, or read as a whole
                        content = member.read(budget.document)
                        yield from (
                            each for each in own if not each.line and not _in_content(content, each)
                        )
                        yield from _not_in_lines(content.split(b"\n"), lines)
                    else:
                        yield from _not_in_lines(_lines_of(member, budget.line), lines)
    for own in wanted.values():
        yield from own


def _in_content(content: bytes, quotation: Quotation) -> bool:
    pieces = [piece for line in quotation.text.split("\n") for piece in _pieces_of_quotation(line)]
    at = quotation.offset
    if pieces[0].startswith("<table "):  # what is told is the row; its table begins before it
        last = content.rfind(b"<table ", 0, at)
        if not content.startswith(pieces.pop(0).encode("utf-8", "surrogateescape"), last):
            return False
    for piece in pieces:
        found, length = _place_of_piece(content, piece, at)
        if found < 0:
            return False
        at = found + length
    return True


def _place_of_piece(content: bytes, piece: str, at: int) -> tuple[int, int]:
    """Return where a piece stands behind a place, and its length, in bytes; -1 if nowhere."""
    whole = piece.encode("utf-8", "surrogateescape")
    return content.find(whole, at), len(whole)


def _not_in_lines(lines: Iterable[bytes], wanted: Iterable[Quotation]) -> Iterator[Quotation]:
    """Yield the quotations whose lines do not follow each other from where they should begin.

    A record is quoted with the lines that belong to it: others may stand between them.
    """
    starts: dict[int, list[Quotation]] = {}
    for each in wanted:
        starts.setdefault(each.line, []).append(each)
    open_ones: list[tuple[Quotation, list[str]]] = []
    for number, line in enumerate(lines, 1):
        begun = [(each, each.text.split("\n")) for each in starts.pop(number, ())]
        if not (begun or open_ones):
            if not starts:
                return
            continue
        yield from (each for each, rest in begun if not _in_line(line, rest[0]))
        own = [(each, rest) for each, rest in begun if _in_line(line, rest[0])]
        met = [(each, rest[_in_line(line, rest[0]) :]) for each, rest in (*open_ones, *own)]
        open_ones = [(each, rest) for each, rest in met if rest]
    yield from (each for each, _ in open_ones)
    yield from (each for rest in starts.values() for each in rest)


def _in_line(line: bytes, text: str) -> bool:
    at = 0
    for piece in _pieces_of_quotation(text):
        found, length = _place_of_piece(line, piece, at)
        if found < 0:
            return False
        at = found + length
    return True


def _pieces_of_quotation(text: str) -> list[str]:
    return [piece.strip() for piece in text.replace(_REPLACED, OMITTED).split(OMITTED)]


def _lines_of(member: Member, longest: int) -> Iterator[bytes]:
    """Yield the lines; of a longer one only its beginning, as the scanner keeps it."""
    if isinstance(member, ConcreteMember) and member.pasted is not None:
        yield from member.pasted.original.splitlines()
        return
    rest = b""
    for block in member.blocks():
        *whole, rest = (rest + block).split(b"\n")
        yield from whole
        if len(rest) > longest:
            rest = rest[:longest]
    if rest:
        yield rest
