"""The case file, ``report.cbtcase``: what second questions are answered from without reading again.

A zip of JSON parts, of which a question reads those that it needs; the types of the program say
what is made of them, so nothing in a file can run or choose. It says of which inputs it was made
and by which build of the program: of others it answers nothing.
"""

import hashlib
import io
import json
import os
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from analyzer import __version__
from analyzer.cli.output import note
from analyzer.resources import folder
from analyzer.stored import plain, shape_of, typed

if TYPE_CHECKING:
    from analyzer.model.entry import Entry
    from analyzer.model.event import Event
    from analyzer.model.names import Names
    from analyzer.model.pages import PageKind
    from analyzer.model.report import Report
    from analyzer.model.run import BackupRun
    from analyzer.story.pages import Judged
    from analyzer.story.timeline.full_timeline import Unseen
    from analyzer.story.timeline.wanted import Wanted

NAME = "report.cbtcase"
_FORMAT = 1
_HEAD = "cbtriage-case.json"
_PAGES_A_PART = 16
_ROWS_A_PART = 256
_LARGEST = 1 << 30  # bytes of a part, unpacked
_MOST_CANDIDATES = 200
_RACY = 2_000_000_000  # ns: a file changed so shortly before may change again within its stamp
# What a broken or foreign part can raise on its way into our types.
_NOT_OURS = (
    *(OSError, ValueError, TypeError, LookupError, OverflowError, RecursionError),
    *(AttributeError, NotImplementedError, EOFError, zipfile.BadZipFile, zlib.error, MemoryError),
)
Page = TypeVar("Page")


class NoCaseError(Exception):
    """A case file cannot be used; the text says why."""


def inputs_of(paths: Sequence[Path]) -> list[dict[str, Any]] | None:
    """Return what tells these inputs from others: names, sizes, times and SHA-256.

    Of a folder the list of its files with their sizes and times stands for their content. None
    for what can be read once only: standard input, a pipe.
    """
    if not all(path.is_dir() or path.is_file() for path in paths):
        return None
    try:
        return [_input_of(path) for path in sorted(paths, key=_name)]
    except OSError:
        return None


def _input_of(path: Path) -> dict[str, Any]:
    if path.is_dir():
        return {"name": path.resolve().name, "folder": _listing(path)}
    status = path.stat()
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "name": path.name,
        "size": status.st_size,
        "mtime": status.st_mtime_ns,
        "sha256": digest,
    }


def _listing(path: Path) -> str:
    """Return the SHA-256 of the names, sizes and times of all files of a folder."""
    digest = hashlib.sha256()
    for parent, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            file = Path(parent, name)
            status = file.lstat()
            line = f"{file.relative_to(path)}\0{status.st_size}\0{status.st_mtime_ns}\n"
            digest.update(line.encode(errors="surrogateescape"))
    return digest.hexdigest()


def _unchanged(path: Path, told: Mapping[str, Any], made: int) -> bool:
    """Tell whether a path has what it had; it is read again only where its time does not tell."""
    if path.is_dir():
        return "folder" in told and _listing(path) == told["folder"]
    status = path.stat()
    if "size" not in told or status.st_size != told["size"]:
        return False
    if status.st_mtime_ns == told["mtime"] and status.st_mtime_ns + _RACY < made:
        return True
    return bool(_input_of(path)["sha256"] == told["sha256"])


def unchanged_since(inputs: Sequence[Mapping[str, Any]], paths: Sequence[Path]) -> bool:
    """Tell whether the inputs are still what they were before they were read."""
    told = zip(sorted(paths, key=_name), inputs, strict=True)
    with suppress(OSError):
        return all(_unchanged(path, each, time.time_ns()) for path, each in told)
    return False


@cache
def program() -> str:
    """Return what names this build: its version, code and patterns."""
    digest = hashlib.sha256(__version__.encode())
    package = Path(str(files("analyzer")))
    for root in (package, Path(str(folder("patterns")))):
        for file in sorted((*root.rglob("*.py"), *root.rglob("*.yaml"))):
            digest.update(f"{file.relative_to(root)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def case_bytes(
    judged: "Judged", inputs: Sequence[Mapping[str, Any]], *, usual: bool, report_json: str
) -> bytes:
    """Return a case file of what was judged.

    ``usual`` tells that it was read as commands without options read; only then may it answer
    for them. ``report_json`` is what was written as report.json, "" if it was not.
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
        "pages": sizes,
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as parts:
        # The first bytes say whose it is: a report's files are written over nothing else.
        _put(parts, "cbtriage.json", {"cbtriage": _FORMAT}, stored=True)
        _put_report(parts, judged.report)
        if usual:
            _put_pages(parts, judged, sizes)
            _put_timeline(parts, judged)
        _put(parts, _HEAD, head, stored=True)
    return made.getvalue()


def _put(parts: zipfile.ZipFile, name: str, value: object, *, stored: bool = False) -> None:
    entry = zipfile.ZipInfo(name)  # dated 1980: the same case makes the same bytes
    entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    parts.writestr(entry, json.dumps(value, separators=(",", ":")), compresslevel=1)


def _put_report(parts: zipfile.ZipFile, report: "Report") -> None:
    """Put the report in two parts: what most questions need of it, and the rest."""
    from analyzer.model.report import Report
    from analyzer.model.run import BackupRun
    from analyzer.story.timeline.full_timeline import beside_records

    _put(parts, "runs.json", plain(tuple[BackupRun, ...], report.runs))
    _put(parts, "report.json", plain(Report, replace(report, runs=())))
    slim = replace(report, runs=(), nbd=(), disks=(), hours=(), plans=(), parts=())
    slim = replace(slim, excerpts=(), happenings=tuple(beside_records(report)))
    _put(parts, "asked.json", plain(Report, slim))


def _put_pages(parts: zipfile.ZipFile, judged: "Judged", sizes: dict[str, int]) -> None:
    from analyzer.model.names import Names
    from analyzer.story.pages import MAKERS

    _put(parts, "names.json", plain(Names, judged.names))
    for maker in MAKERS:
        kind, keys = maker.kind, list(maker.keys(judged))
        sizes[kind.name] = 1 + len(keys) // _PAGES_A_PART
        shares: dict[int, dict[str, object]] = {}
        for key in keys:
            page = plain(kind.type, maker.make(judged, key))
            shares.setdefault(_share(key, sizes[kind.name]), {})[key] = page
        for share, pages in sorted(shares.items()):
            _put(parts, f"{kind.name}/{share}.json", pages)


def _share(key: str, count: int) -> int:
    return zlib.crc32(key.encode(errors="surrogateescape")) % count


def _put_timeline(parts: zipfile.ZipFile, judged: "Judged") -> None:
    from analyzer.story.timeline.told import ToldIndex, told_index

    names, case = judged.names, judged.case
    known = {each.uuid for each in (*names.disks, *names.vms, *names.srs)}
    spans: list[tuple[int, int]] = []

    def put_rows() -> Iterator[list[list[Any]]]:
        for number, columns in enumerate(case.events.stored(_ROWS_A_PART)):
            _put(parts, f"events/{number}.json", columns)
            spans.append((min(columns[1]), max(columns[2])))
            yield columns

    index = told_index(case, judged.report, known, put_rows())
    _put(parts, "index.json", plain(ToldIndex, index))
    _put(parts, "spans.json", spans)


class CaseFile:
    """A case file that fits the inputs of a question, or is read for its report alone.

    Everything raises NoCaseError where the file is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._parts = zipfile.ZipFile(path)
            self.head = self._part(_HEAD)
            if self.head["cbtriage"] != _FORMAT:
                raise NoCaseError(self._says("it is of another format"))
        except FileNotFoundError as error:
            raise NoCaseError(self._says("there is no such file")) from error
        except _NOT_OURS as error:
            raise NoCaseError(self._says("it is damaged, or no case file")) from error

    def is_of(self, paths: Sequence[Path]) -> bool:
        """Tell whether it was made of inputs of these names, whatever is in them."""
        with suppress(*_NOT_OURS):
            told = [each["name"] for each in self.head["inputs"]]
            return told == sorted(_name(path) for path in paths)
        return False

    def check(self, paths: Sequence[Path]) -> None:
        """Make sure that it answers for these inputs, as this program would.

        Raises:
            NoCaseError: it does not; the text says why.
        """
        try:
            if self.head["program"] != program():
                raise NoCaseError(self._says("it is of another build of cbtriage, or of options"))
            made = self.path.stat().st_mtime_ns
            told = zip(sorted(paths, key=_name), self.head["inputs"], strict=True)
            for path, each in told:
                if not _unchanged(path, each, made):
                    why = f"{path.name} is not what it was when the file was made"
                    raise NoCaseError(self._says(why))
        except _NOT_OURS as error:
            raise NoCaseError(self._says("it is damaged")) from error

    @cached_property
    def report(self) -> "Report":
        """Return the report but for what is long and what only renderers need."""
        from analyzer.model.report import Report

        return self._typed(Report, "asked.json")

    def whole_report(self) -> "Report":
        """Return the report as it was."""
        from analyzer.model.report import Report

        if self.head.get("shape") != shape_of(Report):
            raise NoCaseError(self._says("it is of another build of cbtriage"))
        return replace(self._typed(Report, "report.json"), runs=self.runs)

    @cached_property
    def runs(self) -> "tuple[BackupRun, ...]":
        """Return the backup runs."""
        from analyzer.model.run import BackupRun

        return self._typed(tuple[BackupRun, ...], "runs.json")

    @cached_property
    def names(self) -> "Names":
        """Return all that may be asked for by name."""
        from analyzer.model.names import Names

        return self._typed(Names, "names.json")

    def page(self, kind: "PageKind[Page]", key: str) -> Page | None:
        """Return a page, None for one that was not foreseen."""
        try:
            share = _share(key, self.head["pages"][kind.name])
            name = f"{kind.name}/{share}.json"
            pages = self._part(name) if name in self._parts.namelist() else {}
            return typed(kind.type, pages[key]) if key in pages else None
        except _NOT_OURS as error:
            raise NoCaseError(self._says("it is damaged")) from error

    def timeline(
        self, titles: Mapping[str, str], wanted: "Wanted"
    ) -> "tuple[tuple[Entry, ...], tuple[Unseen, ...], int]":
        """Return the entries asked for, the logs of which something was not read, and the kept."""
        from analyzer.story.timeline.told import ToldIndex, told_timeline, unseen_of

        index = self._typed(ToldIndex, "index.json")
        try:
            entries = told_timeline(self.report, titles, wanted, index, self._events)
        except _NOT_OURS as error:
            raise NoCaseError(self._says("it is damaged")) from error
        return entries, unseen_of(index, wanted), index.count

    def _events(
        self, rows: Sequence[int] | None, first: datetime | None, last: datetime | None
    ) -> Iterator["Event"]:
        from analyzer.case.events import stored_events
        from analyzer.stored import microseconds

        since, until = (None if time is None else microseconds(time) for time in (first, last))
        wanted: dict[int, list[int]] = {}
        for row in rows or ():
            wanted.setdefault(row // _ROWS_A_PART, []).append(row % _ROWS_A_PART)
        for number, (earliest, latest) in enumerate(self._part("spans.json")):
            outside = (since is not None and latest < since) or (
                until is not None and earliest > until
            )
            if outside or (rows is not None and number not in wanted):
                continue
            columns = self._part(f"events/{number}.json")
            yield from stored_events(columns, _in_time(columns, wanted.get(number), since, until))

    def _typed(self, kind: type[Page], name: str) -> Page:
        try:
            return typed(kind, self._part(name))
        except _NOT_OURS as error:
            raise NoCaseError(self._says("it is damaged")) from error

    def _part(self, name: str) -> Any:
        if self._parts.getinfo(name).file_size > _LARGEST:
            raise ValueError(name)
        return json.loads(self._parts.read(name))

    def _says(self, why: str) -> str:
        return f"{self.path}: {why}"


def _in_time(
    columns: Sequence[Sequence[int]],
    rows: Iterable[int] | None,
    since: int | None,
    until: int | None,
) -> list[int]:
    _, earliest, latest, *_ = columns
    return [
        row
        for row in (range(len(earliest)) if rows is None else rows)
        if (since is None or latest[row] >= since) and (until is None or earliest[row] <= until)
    ]


def _name(path: Path) -> str:
    return path.resolve().name if path.is_dir() else path.name


def case_of(paths: Sequence[Path], *, quiet: bool) -> CaseFile | None:
    """Return the newest case file of exactly these inputs, in the usual places, None without.

    These are the working folder, the folder of the first input, and the folders in them. One that
    belongs to somebody else is not looked at: whoever made it chose what it answers.
    """
    if not all(path.is_dir() or path.is_file() for path in paths):
        return None
    for file in _candidates((Path(), paths[0].parent)):
        try:
            case = CaseFile(file)
            if case.is_of(paths):
                case.check(paths)
                return case
        except NoCaseError as error:
            if not quiet:
                note(f"{error}; the status reports are read instead")
    return None


def _candidates(places: Iterable[Path]) -> list[Path]:
    found: dict[Path, int] = {}
    for place in places:
        with suppress(OSError):
            for file in (*place.glob("*.cbtcase"), *place.glob("*/*.cbtcase")):
                status = file.stat()
                if not hasattr(os, "geteuid") or status.st_uid == os.geteuid():
                    found.setdefault(file.resolve(), status.st_mtime_ns)
    return sorted(found, key=lambda file: found[file], reverse=True)[:_MOST_CANDIDATES]
