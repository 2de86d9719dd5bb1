"""Makes the case file (`analyzer.cli.case_file`) of what was judged."""

import io
import json
import zipfile
from array import array
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
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
from analyzer.cli.case_lines import share_of_page
from analyzer.stored import plain, shape_of

if TYPE_CHECKING:
    from analyzer.case.case import Case
    from analyzer.model.report import Report
    from analyzer.story.pages import Judged
    from analyzer.story.timeline.lines import Told

_MOST_OF_A_KIND = 1 << 25  # characters of pages; for others the status reports are read again
_PAGES_A_PART = 16
_MANY = 20_000  # lines that are worth a fork


def case_begun(case: "Case", *, usual: bool) -> "Begun[Told]":
    """Begin the case file of what is to be judged, beside this process where that is worth it.

    What is begun has all lines that were kept: the most of it. It waits for what the report tells
    of them.
    """

    def make(told: "Callable[[], Told]") -> bytes:
        parts = _Parts()
        # The first bytes say whose it is: a report's files are written over nothing else.
        parts.put("cbtriage.json", {"cbtriage": FORMAT}, stored=True)
        return _with_timeline(parts.behind(), case, told) if usual else parts.behind()

    return Begun(make, worth_it=usual and len(case.events) > _MANY)


def case_bytes(
    judged: "Judged",
    inputs: Sequence[Mapping[str, Any]],
    *,
    usual: bool,
    drawn: Mapping[str, str],
    zone: str = "UTC",
    beginning: "Begun[Told] | None" = None,
) -> bytes:
    """Return a case file of what was judged.

    ``usual`` tells that it was read as commands without options read; only then may it answer
    for them. ``drawn`` are the texts beside it by their names, in a zone. ``beginning``
    is what `case_begun` returned, if it was asked before, and told what it waits for.
    """
    from analyzer.model.report import Report
    from analyzer.story.timeline.lines import told_of

    sizes: dict[str, int] = {}
    head = {
        "cbtriage": FORMAT,
        "version": __version__,
        "program": program() if usual else "",
        "shape": shape_of(Report),
        "inputs": list(inputs),
        "build": program(),
        "drawn": {name: digest_of(text.encode()) for name, text in drawn.items()},
        "zone": zone,
        "damaged": is_damaged(judged.report),
        "pages": sizes,
    }
    if beginning is None:
        beginning = case_begun(judged.case, usual=usual)
        beginning.tell(told_of(judged.case, judged.report))
    parts = _Parts()
    _put_report(parts, judged.report)
    if usual:
        _put_pages(parts, judged, sizes)
        _put_lines(parts, judged)
    parts.put(HEAD, head, stored=True)
    return parts.behind(beginning.made())


class _Parts:
    """Parts of a case file, in their order: bytes as they are, anything else as JSON."""

    def __init__(self) -> None:
        self._parts: list[tuple[zipfile.ZipInfo, str | bytes]] = []

    def put(self, name: str, value: object, *, stored: bool = False) -> None:
        """Add a part; ``stored`` is what is asked for first."""
        text = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":"))
        entry = zipfile.ZipInfo(name)  # dated 1980: the same case makes the same bytes
        entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        self._parts.append((entry, text))

    def behind(self, beginning: bytes = b"") -> bytes:
        """Return a zip of what another one holds, and these."""
        made = io.BytesIO(beginning)
        with zipfile.ZipFile(made, "a" if beginning else "w") as file:
            for entry, text in self._parts:
                file.writestr(entry, text, compresslevel=1)
        return made.getvalue()


def _put_report(parts: _Parts, report: "Report") -> None:
    """Put the report in two parts: what most questions need of it, and the rest."""
    from analyzer.model.report import Report
    from analyzer.model.run import BackupRun

    parts.put("runs.json", plain(tuple[BackupRun, ...], report.runs))
    parts.put("report.json", plain(Report, replace(report, runs=())))
    slim = replace(report, runs=(), nbd=(), disks=(), hours=(), plans=(), parts=())
    slim = replace(slim, excerpts=(), packed=(), happenings=())
    parts.put("asked.json", plain(Report, slim))


def _put_pages(parts: _Parts, judged: "Judged", sizes: dict[str, int]) -> None:
    from analyzer.model.names import Names
    from analyzer.model.pages import SessionsPage
    from analyzer.story.pages import MAKERS, foreseen

    parts.put("names.json", plain(Names, judged.names))
    parts.put("kinds.json", judged.kinds)
    parts.put("sessions.json", plain(SessionsPage, judged.sessions))
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
            parts.put(f"{kind.name}/{share}.json", f"{{{','.join(pages)}}}".encode())


def _put_lines(parts: _Parts, judged: "Judged") -> None:
    """Put what is known of lines that were not kept: where they lie, and how they are dated."""
    from analyzer.dating.settled import Settled
    from analyzer.model.places import MemberPlace, ReportPlaces
    from analyzer.story.explain.quotes import Quoter, members_read

    case, quotes = judged.case, judged.facts.quotes
    clocks = {bundle: dates.settled for bundle, dates in case.dates.items()}
    parts.put("clocks.json", plain(Mapping[str, Settled], clocks))
    lies = tuple(replace(each, members=()) for each in case.lies)
    parts.put("lies.json", plain(tuple[ReportPlaces, ...], lies))
    for number, each in enumerate(case.lies):
        members = plain(tuple[MemberPlace, ...], each.members)
        parts.put(f"lies/{number}.json", [[place.path for place in each.members], members])
    parts.put("read.json", plain(frozenset[tuple[str, str]], members_read(judged.report)))
    parts.put("hosts.json", {host.bundle: host.name for host in reversed(case.hosts)})
    told = plain(tuple[Quoter, ...], quotes.told)
    parts.put("quotes.json", [told, quotes.behind, quotes.lines])


def _with_timeline(beginning: bytes, case: "Case", told: "Callable[[], Told]") -> bytes:
    """Return a zip with the kept lines behind what it has."""
    from analyzer.model.entry import Entry
    from analyzer.model.lines import Everything, LineIndex
    from analyzer.rules.load import load_catalogue
    from analyzer.story.names import uuids_known
    from analyzer.story.timeline.lines import LaidLines, Laying

    laying = Laying(case, dict(load_catalogue().context), uuids_known(case))
    words = _Parts()
    blocks, codes = [], []
    for number, block in enumerate(laying.blocks()):
        columns = [_narrow(column) for column in (*block.moments, *block.columns, block.calls)]
        words.put(f"lines/{number}.bin", b"".join(column.tobytes() for column in columns))
        words.put(f"lines/{number}.txt", block.words)
        codes.append("".join(column.typecode for column in columns))
        blocks.append(block)
    beginning = words.behind(beginning)  # packed before anything is told
    laid = LaidLines(laying, blocks, told())
    parts = _Parts()
    for number, (block, code) in enumerate(zip(blocks, codes, strict=True)):
        marks = [[row, *mark] for row, mark in block.marks.items()]
        parts.put(f"lines/{number}.json", [code, len(block.moments[0]), block.pids, marks])
    shares: dict[int, dict[str, list[int]]] = {}
    count = 1 + len(laid.told) // _PAGES_A_PART
    for uuid, rows in laid.told.items():
        steps = [after - before for before, after in pairwise((0, *rows))]
        shares.setdefault(share_of_page(uuid, count), {})[uuid] = steps
    for share, rows_of_objects in sorted(shares.items()):
        parts.put(f"told/{share}.json", rows_of_objects)
    parts.put("told.json", count)
    parts.put("index.json", plain(LineIndex, laid.index))
    parts.put("made.json", plain(tuple[Entry, ...], laid.made))
    parts.put("everything.json", plain(Everything, laid.everything))
    return parts.behind(beginning)


def _narrow(column: "array[int]") -> "array[int]":
    """Return a column with as few bytes a value as all of them need."""
    for code in "bhi":
        with suppress(OverflowError):
            return array(code, column)
    return column
