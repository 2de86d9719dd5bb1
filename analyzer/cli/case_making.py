"""Makes the case file (`analyzer.cli.case_file`) of what was judged."""

import io
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import IO, TYPE_CHECKING, Any

from analyzer import __version__
from analyzer.beside import Begun
from analyzer.cli.build import program
from analyzer.cli.case_file import (
    FORMAT,
    HEAD,
    digest_of,
    is_damaged,
)
from analyzer.cli.case_lines import packed_steps, packed_words, share_of_page
from analyzer.cli.case_parts import Parts, file_aside
from analyzer.stored import plain, shape_of, text_of, written

if TYPE_CHECKING:
    from analyzer.case.case import Case
    from analyzer.model.report import Report
    from analyzer.story.pages import Judged
    from analyzer.story.timeline.lines import Told

_MOST_OF_A_KIND = 1 << 25  # characters of pages; for others the status reports are read again
_PAGES_A_PART = 16
_MANY = 20_000  # lines that are worth a fork
_Part = tuple[str, bytes | Iterable[bytes]]


class CaseBegun(Begun["Told", None]):
    """The lines of a case file in the making, in a file that is nobody's until they are `made`."""

    def __init__(
        self, lay: "Callable[[IO[bytes], Callable[[], Told]], None]", *, worth_it: bool
    ) -> None:
        self.file = file_aside() if worth_it else io.BytesIO()

        def laid(told: "Callable[[], Told]") -> None:
            self.file.seek(0)
            self.file.truncate()
            lay(self.file, told)

        # What a fork writes into memory is there alone.
        super().__init__(laid, worth_it=not isinstance(self.file, io.BytesIO))


def case_begun(case: "Case", *, usual: bool) -> CaseBegun:
    """Begin the case file of what is to be judged, beside this process where that is worth it.

    What is begun has all lines that were kept: the most of it. It waits for what the report tells
    of them.
    """
    from analyzer.story.explain.calls_of_lines import calls_of_lines
    from analyzer.story.names import uuids_known

    # Rules and pages ask for what these are found by, too: it is made here, once.
    known = uuids_known(case) if usual else frozenset[str]()
    if usual:
        calls_of_lines(case)

    def lay(file: IO[bytes], told: "Callable[[], Told]") -> None:
        parts = Parts(file)
        # The first bytes say whose it is: a report's files are written over nothing else.
        parts.put("cbtriage.json", text_of({"cbtriage": FORMAT}), stored=True)
        if usual:
            _put_timeline(parts, case, known, told)
        parts.whole().flush()

    return CaseBegun(lay, worth_it=usual and len(case.events) > _MANY)


def case_made(
    judged: "Judged",
    inputs: Sequence[Mapping[str, Any]],
    *,
    usual: bool,
    drawn: "Callable[[], Mapping[str, str]]",
    zone: str = "UTC",
    beginning: CaseBegun | None = None,
) -> IO[bytes]:
    """Return the case file of what was judged, at its start.

    ``usual`` tells that it was read as commands without options read; only then may it answer
    for them. ``drawn`` returns the texts beside it by their names, in a zone; it is asked last.
    ``beginning`` is what `case_begun` returned, if it was asked before, and told what it waits for.

    Raises:
        OSError: there is no room for it.
    """
    from analyzer.model.report import Report
    from analyzer.story.timeline.lines import told_of

    sizes: dict[str, int] = {}
    if beginning is None:
        beginning = case_begun(judged.case, usual=usual)
        beginning.tell(told_of(judged.case, judged.report))
    of_usual = (_pages(judged, sizes), _lines(judged)) if usual else ()
    # What is beside goes on meanwhile.
    own = Parts(file_aside() if beginning.is_beside else io.BytesIO())
    for name, content in chain(_of_report(judged.report), *of_usual):
        own.put(name, content)
    beginning.made()
    parts = Parts(beginning.file, more=True)
    parts.take(own)
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
    parts.put(HEAD, text_of(head), stored=True)
    return parts.whole()


def _of_report(report: "Report") -> Iterator[_Part]:
    """Yield the report in two parts: what most questions need of it, and the rest."""
    from analyzer.model.report import Report
    from analyzer.model.run import BackupRun

    yield "runs.json", written(tuple[BackupRun, ...], report.runs)
    yield "report.json", written(Report, replace(report, runs=()))
    slim = replace(report, runs=(), nbd=(), disks=(), hours=(), plans=(), parts=())
    slim = replace(slim, excerpts=(), packed=(), happenings=())
    yield "asked.json", written(Report, slim)


def _pages(judged: "Judged", sizes: dict[str, int]) -> Iterator[_Part]:
    from analyzer.model.names import Names
    from analyzer.model.pages import DISK, SessionsPage
    from analyzer.story.pages import MAKERS, foreseen

    yield "names.json", written(Names, judged.names)
    yield "kinds.json", text_of(judged.kinds)
    yield "sessions.json", written(SessionsPage, judged.sessions)
    judged.case.events.give_back_memory()
    for maker in MAKERS:
        kind, keys = maker.kind, foreseen(judged, maker)
        sizes[kind.name] = 1 + len(keys) // _PAGES_A_PART
        shares: dict[int, list[bytes]] = {}
        made = 0
        for key in keys:
            page = maker.make(judged, key)
            if page is not None:
                text = text_of({key: plain(kind.type, page)})[1:-1]
                shares.setdefault(share_of_page(key, sizes[kind.name]), []).append(text)
                made += len(text)
            if made > _MOST_OF_A_KIND:  # each snapshot's page has all snapshots of its disk
                break
        for share, pages in sorted(shares.items()):
            yield f"{kind.name}/{share}.json", b"{" + b",".join(pages) + b"}"
        if kind is DISK:  # most lines that pages quote
            judged.case.events.give_back_memory()


def _lines(judged: "Judged") -> Iterator[_Part]:
    """Yield what is known of lines that were not kept: where they lie, and how they are dated."""
    from analyzer.dating.settled import Settled
    from analyzer.model.places import MemberPlace, ReportPlaces
    from analyzer.story.explain.quotes import Quoter, members_read

    case, quotes = judged.case, judged.facts.quotes
    clocks = {bundle: dates.settled for bundle, dates in case.dates.items()}
    yield "clocks.json", text_of(plain(Mapping[str, Settled], clocks))
    places = tuple(replace(each, members=()) for each in case.places)
    yield "places.json", text_of(plain(tuple[ReportPlaces, ...], places))
    for number, each in enumerate(case.places):
        members = plain(tuple[MemberPlace, ...], each.members)
        yield f"places/{number}.json", text_of([[place.path for place in each.members], members])
    read = plain(frozenset[tuple[str, str]], members_read(judged.report))
    yield "read.json", text_of(read)
    hosts = {host.bundle: host.name for host in reversed(case.hosts)}
    yield "hosts.json", text_of(hosts)
    told = plain(tuple[Quoter, ...], quotes.told)
    yield "quotes.json", text_of([told, quotes.behind, quotes.lines])


def _put_timeline(
    parts: Parts, case: "Case", known: Collection[str], told: "Callable[[], Told]"
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
        head = [code, len(block.moments[0]), block.size, marks]
        parts.put(f"lines/{number}.json", text_of(head))
    shares: dict[int, list[str]] = {}
    count = 1 + len(laid.told) // _PAGES_A_PART
    for uuid in laid.told:
        shares.setdefault(share_of_page(uuid, count), []).append(uuid)
    for share, uuids in shares.items():
        parts.put(f"told/{share}.bin", packed_steps({uuid: laid.steps(uuid) for uuid in uuids}))
    parts.put("told.json", text_of(count))
    parts.put("index.json", written(LineIndex, laid.index))
    parts.put("calls.json", written(CallIndex, laid.calls))
    parts.put("made.json", written(tuple[Entry, ...], laid.made))
    parts.put("everything.json", written(Everything, laid.everything))
