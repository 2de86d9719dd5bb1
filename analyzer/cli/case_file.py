"""The case file, ``report.cbtcase``: what second questions are answered from without reading again.

A zip of JSON parts, of which a question reads those that it needs; the types of the program say
what is made of them, so nothing in a file can run or choose. It says of which inputs it was made
and by which build of the program: of others it answers nothing.
"""

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from analyzer.cli.build import program
from analyzer.cli.case_lines import StoredLines, StoredPlaces, line_explained, share_of_page
from analyzer.cli.inputs import name_of, unchanged
from analyzer.cli.output import note
from analyzer.stored import shape_of, typed

if TYPE_CHECKING:
    from analyzer.model.entry import Entry
    from analyzer.model.explained import LineExplained
    from analyzer.model.names import Names
    from analyzer.model.pages import PageKind, SessionsPage
    from analyzer.model.report import Report
    from analyzer.model.run import BackupRun
    from analyzer.rebuilt.calls.line_again import LineAgain
    from analyzer.render import Format
    from analyzer.story.timeline.asked import Local, Timeline
    from analyzer.story.timeline.wanted import Wanted

NAME = "report.cbtcase"
FORMAT = 5
HEAD = "cbtriage-case.json"
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


def digest_of(content: bytes) -> str:
    """Return what tells the content of a file that lies beside a case file."""
    return hashlib.sha256(content).hexdigest()


def is_damaged(report: "Report") -> bool:
    """Tell whether some of the bundles of a report was not read whole."""
    return bool(report.omissions or not all(bundle.complete for bundle in report.bundles))


class CaseFile:
    """A case file that fits the inputs of a question, or is read for its report alone.

    Everything raises NoCaseError where the file is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._parts = zipfile.ZipFile(path)
            self.head = self._read_part(HEAD)
            if self.head["cbtriage"] != FORMAT:
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
        return None if self._written(path) is None else path

    def drawn(self, form: "Format", zone: str) -> str | None:
        """Return what this build drew in a form and a zone, None if it is not there any more."""
        if self.head.get("build") != program() or (form.local and self.head.get("zone") != zone):
            return None
        content = self._written(self.path.with_name(f"report{form.suffix}"))
        return None if content is None else content.decode()

    def _written(self, path: Path) -> bytes | None:
        with suppress(*_NOT_OURS):
            content = path.read_bytes()
            return content if digest_of(content) == self.head["drawn"][path.name] else None
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
            share = share_of_page(key, self.head["pages"][kind.name])
            name = f"{kind.name}/{share}.json"
            pages = self._read_part(name) if name in self._parts.namelist() else {}
            return typed(kind.type, pages[key]) if key in pages else None
        except _NOT_OURS as error:
            raise NoCaseError(self._told_with_path("it is damaged")) from error

    def timeline(self, wanted: "Wanted", local: "Local | None" = None) -> "Timeline":
        """Return what is asked for; its entries are read as they are asked for."""
        from analyzer.story.timeline.asked import timeline

        try:
            found = timeline(StoredLines(self._read_part, self._bytes), wanted, local)
        except _NOT_OURS as error:
            raise NoCaseError(self._told_with_path("it is damaged")) from error
        return found._replace(entries=self._entries_read(found.entries))

    def _entries_read(self, entries: "Iterable[Entry]") -> "Iterator[Entry]":
        try:
            yield from entries
        except _NOT_OURS as error:
            raise NoCaseError(self._told_with_path("it is damaged")) from error

    @cached_property
    def members(self) -> "StoredPlaces":
        """Return where all members lie, by bundle and path."""
        try:
            return StoredPlaces(self._read_part)
        except _NOT_OURS as error:
            raise NoCaseError(self._told_with_path("it is damaged")) from error

    @cached_property
    def members_read(self) -> frozenset[tuple[str, str]]:
        """Return (bundle, path) of the members that a parser read."""
        return self._typed_part(frozenset[tuple[str, str]], "read.json")

    def explained(self, again: "LineAgain") -> "LineExplained":
        """Return what was made of a line that was read again."""
        try:
            return line_explained(self._read_part, self._bytes, again)
        except _NOT_OURS as error:
            raise NoCaseError(self._told_with_path("it is damaged")) from error

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
