"""The case file, ``report.cbtcase``: what second questions are answered from without reading again.

A zip of JSON parts, of which a question reads those that it needs; the types of the program say
what is made of them, so nothing in a file can run or choose. It says of which inputs it was made
and by which build of the program: of others it answers nothing.
"""

import hashlib
import io
import json
import os
import zipfile
import zlib
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from analyzer import __version__
from analyzer.beside import begun
from analyzer.cli.build import program
from analyzer.cli.inputs import name_of, unchanged
from analyzer.cli.output import note
from analyzer.stored import plain, shape_of, typed
from analyzer.values import dataclass

if TYPE_CHECKING:
    from analyzer.model.entry import Entry, Unseen
    from analyzer.model.lines import Block, LineIndex
    from analyzer.model.names import Names
    from analyzer.model.pages import PageKind, SessionsPage
    from analyzer.model.report import Report
    from analyzer.model.run import BackupRun
    from analyzer.story.pages import Judged
    from analyzer.story.timeline.lines import LaidLines
    from analyzer.story.timeline.wanted import Wanted

NAME = "report.cbtcase"
_FORMAT = 1
_HEAD = "cbtriage-case.json"
_MOST_OF_A_KIND = 1 << 25  # characters of pages; for others the status reports are read again
_MOST_DRAWN = 100_000  # lines that are drawn ahead: of more the table takes a gigabyte to draw
_PAGES_A_PART = 16
_MANY = 20_000  # lines that are worth a fork
_LARGEST = 1 << 30  # bytes of a part, unpacked
_MOST_CANDIDATES = 200
# What a broken or foreign part can raise on its way into our types.
_NOT_OURS = (
    *(OSError, ValueError, TypeError, LookupError, OverflowError, RecursionError),
    *(AttributeError, NotImplementedError, EOFError, zipfile.BadZipFile, zlib.error, MemoryError),
)
Page = TypeVar("Page")


class NoCaseError(Exception):
    """A case file cannot be used; the text says why."""


def case_begun(judged: "Judged", *, usual: bool) -> Callable[[], bytes]:
    """Begin the case file of what was judged, beside this process where that is worth it.

    What is begun has all lines that were kept: the most of it.
    """

    def make() -> bytes:
        parts = _Parts()
        # The first bytes say whose it is: a report's files are written over nothing else.
        parts.put("cbtriage.json", {"cbtriage": _FORMAT}, stored=True)
        if usual:
            _put_timeline(parts, judged)
        return parts.behind()

    return begun(make, worth_it=usual and len(judged.case.events) > _MANY)


def case_bytes(
    judged: "Judged",
    inputs: Sequence[Mapping[str, Any]],
    *,
    usual: bool,
    report_json: str,
    beginning: Callable[[], bytes] | None = None,
) -> bytes:
    """Return a case file of what was judged.

    ``usual`` tells that it was read as commands without options read; only then may it answer
    for them. ``report_json`` is what was written as report.json, "" if it was not. ``beginning``
    is what `case_begun` returned, if it was asked before.
    """
    from analyzer.model.report import Report

    sizes: dict[str, int] = {}
    head = {
        "cbtriage": _FORMAT,
        "version": __version__,
        "program": program() if usual else "",
        "shape": shape_of(Report),
        "inputs": list(inputs),
        "report": hashlib.sha256(report_json.encode()).hexdigest() if report_json else "",
        "damaged": is_damaged(judged.report),
        "pages": sizes,
    }
    beginning = beginning or case_begun(judged, usual=usual)
    parts = _Parts()
    _put_report(parts, judged.report)
    if usual:
        _put_pages(parts, judged, sizes)
    parts.put(_HEAD, head, stored=True)
    return parts.behind(beginning())


def is_damaged(report: "Report") -> bool:
    """Tell whether some of the bundles of a report was not read whole."""
    return bool(report.omissions or not all(bundle.complete for bundle in report.bundles))


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
    slim = replace(slim, excerpts=(), happenings=())
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
                shares.setdefault(_share_of_page(key, sizes[kind.name]), []).append(text)
                made += len(text)
            if made > _MOST_OF_A_KIND:  # each snapshot's page has all snapshots of its disk
                break
        for share, pages in sorted(shares.items()):
            parts.put(f"{kind.name}/{share}.json", f"{{{','.join(pages)}}}".encode())


def _share_of_page(key: str, count: int) -> int:
    return zlib.crc32(key.encode(errors="surrogateescape")) % count


def _put_timeline(parts: _Parts, judged: "Judged") -> None:
    from analyzer.model.lines import LineIndex
    from analyzer.story.timeline.lines import LaidLines

    names = judged.names
    known = {each.uuid for each in (*names.disks, *names.vms, *names.srs)}
    laid = LaidLines(judged.case, judged.report, dict(judged.catalogue.context), known)
    for number, block in enumerate(laid.blocks):
        numbers = b"".join(column.tobytes() for column in (block.moments, *block.columns))
        marks = [[row, *mark] for row, mark in block.marks.items()]
        parts.put(f"lines/{number}.json", [block.pids, marks])
        parts.put(f"lines/{number}.bin", numbers)
        parts.put(f"lines/{number}.txt", block.words)
    parts.put("told.json", laid.told)
    parts.put("index.json", plain(LineIndex, laid.index))
    if laid.index.count <= _MOST_DRAWN:
        _put_whole_table(parts, laid)


def _put_whole_table(parts: _Parts, laid: "LaidLines") -> None:
    """Put what ``cbtriage timeline`` prints of everything: drawing it takes too long to wait."""
    from analyzer.render.timeline.timeline_table import timeline_table
    from analyzer.story.timeline.asked import asked
    from analyzer.story.timeline.wanted import Wanted

    entries = asked(laid, Wanted())
    parts.put("whole.json", plain(ShownTimeline, shown_of(entries)))
    parts.put("whole.txt", "".join(timeline_table(entries)).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTimeline:
    """What is said beside entries that are shown: how many, and whether findings rest on one.

    ``undated`` are those of an unknown year.
    """

    count: int
    undated: int
    found: bool


def shown_of(entries: "Sequence[Entry]") -> ShownTimeline:
    """Return what is said beside entries."""
    return ShownTimeline(
        count=len(entries),
        undated=sum(not entry.moment.year_known for entry in entries),
        found=any(entry.findings for entry in entries),
    )


class CaseFile:
    """A case file that fits the inputs of a question, or is read for its report alone.

    Everything raises NoCaseError where the file is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._parts = zipfile.ZipFile(path)
            self.head = self._read_part(_HEAD)
            if self.head["cbtriage"] != _FORMAT:
                raise NoCaseError(self._told_with_path("it is of another format"))
        except FileNotFoundError as error:
            raise NoCaseError(self._told_with_path("there is no such file")) from error
        except _NOT_OURS as error:
            raise NoCaseError(self._told_with_path("it is damaged, or no case file")) from error

    def is_of(self, paths: Sequence[Path]) -> bool:
        """Tell whether it was made of inputs of these names, whatever is in them."""
        with suppress(*_NOT_OURS):
            told = [each["name"] for each in self.head["inputs"]]
            return told == sorted(name_of(path) for path in paths)
        return False

    def check(self, paths: Sequence[Path]) -> None:
        """Make sure that it answers for these inputs, as this program would.

        Raises:
            NoCaseError: it does not; the text says why.
        """
        try:
            if self.head["program"] != program():
                raise NoCaseError(
                    self._told_with_path("it is of another build of cbtriage, or of options")
                )
            made = self.path.stat().st_mtime_ns
            told = zip(sorted(paths, key=name_of), self.head["inputs"], strict=True)
            for path, each in told:
                if not unchanged(path, each, made):
                    why = f"{path.name} is not what it was when the file was made"
                    raise NoCaseError(self._told_with_path(why))
        except _NOT_OURS as error:
            raise NoCaseError(self._told_with_path("it is damaged")) from error

    @property
    def damaged(self) -> bool:
        """Tell whether some of the bundles was not read whole."""
        return self.head.get("damaged") is not False

    @cached_property
    def report(self) -> "Report":
        """Return the report but for what is long and what only renderers need."""
        from analyzer.model.report import Report

        return self._typed_part(Report, "asked.json")

    def report_json(self) -> Path | None:
        """Return the report.json that lies beside it, None if it is not there as it was written."""
        path = self.path.with_name("report.json")
        with suppress(OSError), path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return path if digest == self.head.get("report") else None
        return None

    def whole_report(self) -> "Report":
        """Return the report as it was."""
        from analyzer.model.report import Report

        if self.head.get("shape") != shape_of(Report):
            raise NoCaseError(self._told_with_path("it is of another build of cbtriage"))
        return replace(self._typed_part(Report, "report.json"), runs=self.runs)

    @cached_property
    def runs(self) -> "tuple[BackupRun, ...]":
        """Return the backup runs."""
        from analyzer.model.run import BackupRun

        return self._typed_part(tuple[BackupRun, ...], "runs.json")

    @cached_property
    def sessions(self) -> "SessionsPage":
        """Return all NBD connections."""
        from analyzer.model.pages import SessionsPage

        return self._typed_part(SessionsPage, "sessions.json")

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """Return the names of all patterns and selectors."""
        return self._typed_part(tuple[str, ...], "kinds.json")

    @cached_property
    def names(self) -> "Names":
        """Return all that may be asked for by name."""
        from analyzer.model.names import Names

        return self._typed_part(Names, "names.json")

    def page(self, kind: "PageKind[Page]", key: str) -> Page | None:
        """Return a page, None for one that was not foreseen."""
        try:
            share = _share_of_page(key, self.head["pages"][kind.name])
            name = f"{kind.name}/{share}.json"
            pages = self._read_part(name) if name in self._parts.namelist() else {}
            return typed(kind.type, pages[key]) if key in pages else None
        except _NOT_OURS as error:
            raise NoCaseError(self._told_with_path("it is damaged")) from error

    def timeline(self, wanted: "Wanted") -> "tuple[tuple[Entry, ...], tuple[Unseen, ...], int]":
        """Return the entries asked for, the logs of which something was not read, and the kept."""
        from analyzer.story.timeline.asked import asked, unseen_of

        try:
            lines = _StoredLines(self._read_part, self._bytes)
            return asked(lines, wanted), unseen_of(lines.index, wanted), lines.index.count
        except _NOT_OURS as error:
            raise NoCaseError(self._told_with_path("it is damaged")) from error

    def whole_table(self) -> "tuple[str, ShownTimeline, tuple[Unseen, ...], int] | None":
        """Return the table of everything, what is said beside it, the logs, and the kept.

        None where there were too many lines to draw it ahead.
        """
        from analyzer.model.lines import LineIndex

        index = self._typed_part(LineIndex, "index.json")
        if index.count > _MOST_DRAWN:
            return None
        shown = self._typed_part(ShownTimeline, "whole.json")
        try:
            text = self._bytes("whole.txt").decode()
        except _NOT_OURS as error:
            raise NoCaseError(self._told_with_path("it is damaged")) from error
        if not text.replace("\n", "").isprintable():  # ours is: what does not print is written out
            raise NoCaseError(self._told_with_path("it is damaged"))
        return text, shown, index.unseen, index.count

    def _typed_part(self, kind: type[Page], name: str) -> Page:
        try:
            return typed(kind, self._read_part(name))
        except _NOT_OURS as error:
            raise NoCaseError(self._told_with_path("it is damaged")) from error

    def _read_part(self, name: str) -> Any:
        return json.loads(self._bytes(name))

    def _bytes(self, name: str) -> bytes:
        if self._parts.getinfo(name).file_size > _LARGEST:
            raise ValueError(name)
        return self._parts.read(name)

    def _told_with_path(self, why: str) -> str:
        return f"{self.path}: {why}"


class _StoredLines:
    """The kept lines of a case file (`analyzer.story.timeline.asked.Lines`)."""

    def __init__(self, part: Callable[[str], Any], content: Callable[[str], bytes]) -> None:
        self._read_part, self._bytes = part, content

    @cached_property
    def index(self) -> "LineIndex":
        from analyzer.model.lines import LineIndex

        return typed(LineIndex, self._read_part("index.json"))

    @cached_property
    def _told(self) -> Mapping[str, Sequence[int]]:
        told: Mapping[str, Sequence[int]] = self._read_part("told.json")
        return told

    def rows(self, uuid: str) -> Sequence[int]:
        return self._told.get(uuid, ())

    def block(self, number: int) -> "Block":
        from analyzer.model.lines import COLUMNS, Block, Mark

        pids, marks = self._read_part(f"lines/{number}.json")
        numbers = array("q", self._bytes(f"lines/{number}.bin"))
        first, size = len(numbers) - COLUMNS * len(pids), len(pids)
        columns = [numbers[place : place + size] for place in range(first, len(numbers), size)]
        told = {row: Mark(*mark) for row, *mark in marks}
        return Block(moments=numbers[:first], columns=columns, pids=pids, marks=told)

    def words(self, number: int) -> bytes:
        return self._bytes(f"lines/{number}.txt")


def case_of(paths: Sequence[Path], *, quiet: bool) -> CaseFile | None:
    """Return the newest case file of exactly these inputs, in the usual places, None without.

    These are the working folder, the folder of the first input, and the folders in them. One that
    belongs to somebody else is not looked at: whoever made it chose what it answers.
    """
    if not all(path.is_dir() or path.is_file() for path in paths):
        return None
    for file in _candidate_case_files((Path(), paths[0].parent)):
        try:
            case = CaseFile(file)
            if case.is_of(paths):
                case.check(paths)
                return case
        except NoCaseError as error:
            if not quiet:
                note(f"{error}; the status reports are read instead")
    return None


def _candidate_case_files(places: Iterable[Path]) -> list[Path]:
    found: dict[Path, int] = {}
    for place in places:
        with suppress(OSError):
            for file in (*place.glob("*.cbtcase"), *place.glob("*/*.cbtcase")):
                status = file.stat()
                if not hasattr(os, "geteuid") or status.st_uid == os.geteuid():
                    found.setdefault(file.resolve(), status.st_mtime_ns)
    return sorted(found, key=lambda file: found[file], reverse=True)[:_MOST_CANDIDATES]
