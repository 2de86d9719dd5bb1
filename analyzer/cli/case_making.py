"""Makes the case file (`analyzer.cli.case_file`) of what was judged."""

import io
import json
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from analyzer import __version__
from analyzer.beside import Begun
from analyzer.cli.build import program
from analyzer.cli.case_file import (
    FORMAT,
    HEAD,
    digest_of,
    is_damaged,
)
from analyzer.cli.case_lines import packed_words, share_of_page
from analyzer.stored import plain, shape_of

if TYPE_CHECKING:
    from analyzer.case.case import Case
    from analyzer.model.names import Names
    from analyzer.model.report import Report
    from analyzer.story.pages import Judged
    from analyzer.story.timeline.lines import Told

_MOST_OF_A_KIND = 1 << 25  # characters of pages; for others the status reports are read again
_PAGES_A_PART = 16
_NAMES_A_PART = 10_000
_MANY = 20_000  # lines that are worth a fork


def case_begun(case: "Case", *, usual: bool) -> "Begun[Told, bytes]":
    """Begin the case file of what is to be judged, beside this process where that is worth it.

    What is begun has all lines that were kept: the most of it. It waits for what the report tells
    of them.
    """
    from analyzer.story.names import uuids_known

    # Rules ask for what these are found by, too: it is made here, once.
    known = uuids_known(case) if usual else frozenset[str]()

    def make(told: "Callable[[], Told]") -> bytes:
        parts = _Parts()
        # The first bytes say whose it is: a report's files are written over nothing else.
        parts.put("cbtriage.json", {"cbtriage": FORMAT}, stored=True)
        if usual:
            _put_timeline(parts, case, known, told)
        return parts.whole()

    return Begun(make, worth_it=usual and len(case.events) > _MANY)


def case_bytes(
    judged: "Judged",
    inputs: Sequence[Mapping[str, Any]],
    *,
    usual: bool,
    drawn: "Callable[[], Mapping[str, str]]",
    zone: str = "UTC",
    beginning: "Begun[Told, bytes] | None" = None,
) -> bytes:
    """Return a case file of what was judged.

    ``usual`` tells that it was read as commands without options read; only then may it answer
    for them. ``drawn`` returns the texts beside it by their names, in a zone; it is asked last.
    ``beginning`` is what `case_begun` returned, if it was asked before, and told what it waits for.
    """
    from analyzer.model.report import Report
    from analyzer.story.timeline.lines import told_of

    sizes: dict[str, int] = {}
    if beginning is None:
        beginning = case_begun(judged.case, usual=usual)
        beginning.tell(told_of(judged.case, judged.report))
    of_usual = (_pages(judged, sizes), _lines(judged)) if usual else ()
    made = chain(_of_report(judged.report), *of_usual)
    held = list(made) if beginning.is_beside else ()  # what is beside goes on meanwhile
    parts = _Parts(beginning.made())
    for name, content in chain(held, made):
        parts.put(name, content)
    head = {
        "cbtriage": FORMAT,
        "version": __version__,
        "program": program() if usual else "",
        "shape": shape_of(Report),
        "inputs": list(inputs),
        "build": program(),
        "drawn": {name: digest_of(text.encode()) for name, text in drawn().items()},
        "zone": zone,
        "damaged": is_damaged(judged.report),
        "pages": sizes,
    }
    parts.put(HEAD, head, stored=True)
    return parts.whole()


class _Parts:
    """Parts of a case file, in their order, behind what was made of it before."""

    def __init__(self, beginning: bytes = b"") -> None:
        self._made = io.BytesIO(beginning)
        self._file = zipfile.ZipFile(self._made, "a" if beginning else "w")

    def put(self, name: str, value: object, *, stored: bool = False) -> None:
        """Add a part: bytes as they are, anything else as JSON; ``stored`` is asked for first."""
        text = value if isinstance(value, bytes) else _text_of(value)
        entry = zipfile.ZipInfo(name)  # dated 1980: the same case makes the same bytes
        entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        self._file.writestr(entry, text, compresslevel=1)

    def whole(self) -> bytes:
        """Return a zip of them; it can be continued."""
        self._file.close()
        return self._made.getvalue()


def _text_of(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _of_report(report: "Report") -> Iterator[tuple[str, bytes]]:
    """Yield the report in two parts: what most questions need of it, and the rest."""
    from analyzer.model.report import Report
    from analyzer.model.run import BackupRun

    yield "runs.json", _text_of(plain(tuple[BackupRun, ...], report.runs))
    yield "report.json", _text_of(plain(Report, replace(report, runs=())))
    slim = replace(report, runs=(), nbd=(), disks=(), hours=(), plans=(), parts=())
    slim = replace(slim, excerpts=(), packed=(), happenings=())
    yield "asked.json", _text_of(plain(Report, slim))


def _pages(judged: "Judged", sizes: dict[str, int]) -> Iterator[tuple[str, bytes]]:
    from analyzer.model.pages import SessionsPage
    from analyzer.story.pages import MAKERS, foreseen

    yield "names.json", _text_of_names(judged.names)
    yield "kinds.json", _text_of(judged.kinds)
    yield "sessions.json", _text_of(plain(SessionsPage, judged.sessions))
    for maker in MAKERS:
        kind, keys = maker.kind, foreseen(judged, maker)
        sizes[kind.name] = 1 + len(keys) // _PAGES_A_PART
        shares: dict[int, list[str]] = {}
        made = 0
        for key in keys:
            page = maker.make(judged, key)
            if page is not None:
                text = json.dumps({key: plain(kind.type, page)}, separators=(",", ":"))[1:-1]
                shares.setdefault(share_of_page(key, sizes[kind.name]), []).append(text)
                made += len(text)
            if made > _MOST_OF_A_KIND:  # each snapshot's page has all snapshots of its disk
                break
        for share, pages in sorted(shares.items()):
            yield f"{kind.name}/{share}.json", f"{{{','.join(pages)}}}".encode()


def _text_of_names(names: "Names") -> bytes:
    """Return the names as they are stored; a million disks, part by part, take half the memory."""
    from analyzer.model.names import Known, Names

    _, *others = plain(Names, replace(names, disks=()))
    starts = range(0, len(names.disks), _NAMES_A_PART)
    parts = (names.disks[start : start + _NAMES_A_PART] for start in starts)
    texts = [_text_of(plain(tuple[Known, ...], part))[1:-1] for part in parts]
    return b"[[" + b",".join(texts) + b"]," + _text_of(others)[1:]


def _lines(judged: "Judged") -> Iterator[tuple[str, bytes]]:
    """Yield what is known of lines that were not kept: where they lie, and how they are dated."""
    from analyzer.dating.settled import Settled
    from analyzer.model.places import MemberPlace, ReportPlaces
    from analyzer.story.explain.quotes import Quoter, members_read

    case, quotes = judged.case, judged.facts.quotes
    clocks = {bundle: dates.settled for bundle, dates in case.dates.items()}
    yield "clocks.json", _text_of(plain(Mapping[str, Settled], clocks))
    places = tuple(replace(each, members=()) for each in case.places)
    yield "places.json", _text_of(plain(tuple[ReportPlaces, ...], places))
    for number, each in enumerate(case.places):
        members = plain(tuple[MemberPlace, ...], each.members)
        yield f"places/{number}.json", _text_of([[place.path for place in each.members], members])
    read = plain(frozenset[tuple[str, str]], members_read(judged.report))
    yield "read.json", _text_of(read)
    hosts = {host.bundle: host.name for host in reversed(case.hosts)}
    yield "hosts.json", _text_of(hosts)
    told = plain(tuple[Quoter, ...], quotes.told)
    yield "quotes.json", _text_of([told, quotes.behind, quotes.lines])


def _put_timeline(
    parts: _Parts, case: "Case", known: Collection[str], told: "Callable[[], Told]"
) -> None:
    """Put the kept lines; the most of them is packed before anything is told."""
    from analyzer.model.entry import Entry
    from analyzer.model.lines import CallIndex, Everything, LineIndex
    from analyzer.rules.load import load_catalogue
    from analyzer.story.timeline.lines import LaidLines, Laying

    laying = Laying(case, dict(load_catalogue().context), known)
    blocks, codes = [], []
    for number, each in enumerate(laying.blocks()):
        columns = (*each.moments, *each.columns, each.pids, each.calls)
        codes.append("".join(column.typecode for column in columns))
        parts.put(f"lines/{number}.bin", b"".join(column.tobytes() for column in columns))
        parts.put(f"lines/{number}.txt", packed_words(each.words), stored=True)
        blocks.append(each._replace(words=b""))
    laid = LaidLines(laying, blocks, told())
    for number, (block, code) in enumerate(zip(blocks, codes, strict=True)):
        marks = [[row, *mark] for row, mark in block.marks.items()]
        parts.put(f"lines/{number}.json", [code, len(block.moments[0]), block.size, marks])
    shares: dict[int, list[str]] = {}
    count = 1 + len(laid.told) // _PAGES_A_PART
    for uuid in laid.told:
        shares.setdefault(share_of_page(uuid, count), []).append(uuid)
    for share, uuids in shares.items():
        parts.put(f"told/{share}.json", {uuid: laid.steps(uuid) for uuid in uuids})
    parts.put("told.json", count)
    parts.put("index.json", plain(LineIndex, laid.index))
    parts.put("calls.json", plain(CallIndex, laid.calls))
    parts.put("made.json", plain(tuple[Entry, ...], laid.made))
    parts.put("everything.json", plain(Everything, laid.everything))
