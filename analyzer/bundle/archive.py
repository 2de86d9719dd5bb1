"""Open what the user gives: an archive of any shape, a folder, one file, or standard input.

Nothing is unpacked to disk by name (`analyzer.bundle.spool`). What an archive is, its content
tells, not its name.
"""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from analyzer.bundle import _shape
from analyzer.bundle._entry import utc
from analyzer.bundle._folder import folder_entries
from analyzer.bundle._meter import Meter
from analyzer.bundle._parallel import blocks_of
from analyzer.bundle._single import identify
from analyzer.bundle._stream import FileStream, Stream, open_file
from analyzer.bundle._walk import Content, Walk, Where
from analyzer.bundle._zip import has_directory
from analyzer.bundle.budget import Budget
from analyzer.bundle.member import ConcreteMember
from analyzer.bundle.names import printable
from analyzer.bundle.own import is_own
from analyzer.bundle.paste import SNIFFED
from analyzer.errors import InputError
from analyzer.model.report import Omission
from analyzer.values import dataclass

_STEP = 1 << 18
_PACKED = 10  # bytes of a report for one of its tar.bz2, at least


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is: its stage, bytes of the input read, of how many, and where.

    ``total`` is None where it is not known.
    """

    done: int
    total: int | None
    member: str
    stage: str = "reading"


class Archive:
    """An input and its members, to be read once.

    ``kind`` is ``tar.bz2``, ``zip``, ``folder``, ``log``, ``pasted lines``, ``stdin tar``, …
    ``complete``, ``omissions`` and ``stopped`` (which of our limits ended the reading, or "")
    are final once `members` is exhausted. ``complete`` is False when anything that the input
    should have held, or that a limit cut off, was not delivered; links and doubles are omissions
    only.
    """

    def __init__(
        self,
        *,
        name: str,
        kind: str,
        walk: Walk,
        source: Iterator[ConcreteMember],
        path: Path | None = None,
        folder: Path | None = None,
        pipe: FileStream | None = None,
        unpacked: Stream | None = None,
    ) -> None:
        self.name = name
        self.kind = kind
        self._walk = walk
        self._source: Iterator[ConcreteMember] | None = source
        self._path = path
        self._folder = folder
        self._pipe = pipe
        self._unpacked = unpacked
        self._sha256: str | None = None

    @property
    def sha256(self) -> str | None:
        """Return the digest of the file or the stream as given, None for a folder.

        Of a stream it is known once `members` is exhausted, and only if no limit ended that.
        """
        if self._sha256 is None and self._path is not None:
            with self._path.open("rb") as file:
                self._sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        elif self._sha256 is None and self._pipe is not None and not self.stopped:
            self._sha256 = self._pipe.sha256()
        return self._sha256

    @property
    def size(self) -> int:
        """Return the bytes of the input, 0 of a stream; of a folder a tenth, as if packed."""
        if self._path is not None:
            return self._path.stat().st_size
        files = (Path(at, name) for at, _, names in os.walk(self._folder or "") for name in names)
        return sum(file.lstat().st_size for file in files) // _PACKED if self._folder else 0

    @property
    def complete(self) -> bool:
        """Tell whether all was read, as far as reading has come."""
        return self._walk.complete

    @property
    def omissions(self) -> tuple[Omission, ...]:
        """Return what was left out, as far as reading has come."""
        return self._walk.omissions

    @property
    def stopped(self) -> str:
        """Return which limit of ours ended the reading, "" if none did."""
        return self._walk.stopped

    @property
    def doubled(self) -> AbstractSet[tuple[str, str]]:
        """Return (status report, path) of the members of which there is a second one."""
        return self._walk.doubled

    @property
    def blocks(self) -> tuple[tuple[int, int], ...]:
        """Return where the blocks of a tar.bz2 begin (`blocks_of`), once all was read."""
        return blocks_of(self._unpacked)

    def members(self) -> Iterator[ConcreteMember]:
        """Yield the members in the order they are stored, a folder's sorted by name.

        A member must be read before the next one is asked for.

        Raises:
            ValueError: it was called before.
        """
        if self._source is None:
            raise ValueError("the members of an archive come once")
        source, self._source = self._source, None
        return source


def open_bundle(
    path: Path | None,
    *,
    budget: Budget,
    log_as: str | None = None,
    name: str | None = None,
    stdin: BinaryIO | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Archive:
    """Open `path`, or `stdin` when that is None.

    ``log_as`` names the parser for a single log whose name does not tell (``smlog``). ``name``
    is what the archive is called when the last part of `path` would not be unique in the run.

    Raises:
        InputError: there is nothing to read, or nothing of what is read here.
        UsageError: no parser is called `log_as`.
    """
    counter = _Counter(progress)
    walk = Walk(meter=Meter(budget), on_read=counter.read, on_member=counter.at)
    opening = _Opening(walk=walk, counter=counter, log_as=log_as, name=name)
    if path is None:
        return opening.stdin(stdin)
    try:
        return opening.path(path)
    except OSError as error:
        msg = f"{path}: {error.strerror or error}: check the path and your right to read it"
        raise InputError(msg) from error


class _Counter:
    """Adds up what was read and tells the progress, at most once per quarter of a MiB."""

    def __init__(self, progress: Callable[[Progress], None] | None) -> None:
        self._progress = progress
        self._done = 0
        self._told = 0
        self._member = ""
        self.total: int | None = None

    def read(self, size: int) -> None:
        """Count `size` bytes of the input."""
        self._done += size
        if self._progress is not None and self._done >= self._told + _STEP:
            self._told = self._done
            self._progress(Progress(done=self._done, total=self.total, member=self._member))

    def at(self, member: str) -> None:
        """Remember which member is being read."""
        self._member = member


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opening:
    walk: Walk
    counter: _Counter
    log_as: str | None
    name: str | None

    def path(self, path: Path) -> Archive:
        """Open a folder or a file; a pipe is read as standard input is."""
        status = path.stat()
        own = path.name if path.name not in {"", ".."} else path.resolve().name
        name = printable(own or "root")
        if stat.S_ISDIR(status.st_mode):
            return self._folder(path, name)
        if not stat.S_ISREG(status.st_mode):
            return self._stream(open_file(path, self.walk.read, hashed=True), name, None)
        self.counter.total = status.st_size
        stream = open_file(path, self.walk.read)
        return self._stream(stream, name, path)

    def stdin(self, stdin: BinaryIO | None) -> Archive:
        """Open standard input."""
        if stdin is None:
            raise InputError("stdin: nothing to read: pipe an archive in, or give a path")
        return self._stream(FileStream(stdin, self.walk.read, hashed=True), "stdin", None)

    def _folder(self, path: Path, name: str) -> Archive:
        if next(path.iterdir(), None) is None:
            msg = f"{path}: the folder is empty: give the folder that holds the status report"
            raise InputError(msg)
        entries = folder_entries(path, self.walk.read)
        where = Where(origin=self.name or name)
        source = self.walk.entries(entries, where)
        return Archive(name=where.origin, kind="folder", walk=self.walk, source=source, folder=path)

    def _stream(self, stream: FileStream, name: str, path: Path | None) -> Archive:
        layers = self.walk.meter.budget.depth
        content = self.walk.unpack(stream, layers=layers, path=path, raw=True)
        plain = content.kind is None and not content.layers
        if plain and path is not None and has_directory(path):
            content = replace(content, kind=_shape.ZIP, unread="")
        _check_readable(content, name)
        prefix = "" if path is not None else "stdin "
        where = Where(origin=self.name or name)
        if content.kind is None:
            single = identify(name, content.stream.peek(SNIFFED), self.log_as)
            kind = "pasted lines" if single.pasted else "log" if single.log else "document"
            mtime = utc(path.stat().st_mtime) if path is not None else None
            if single.pasted:
                source = self.walk.pasted(content, where, single)
            else:
                source = self.walk.single(content, where, single, mtime)
        else:
            kind = ".".join((content.kind, *reversed(content.layers)))
            source = self._members_of_archive(content, where, path)
        return Archive(
            name=where.origin,
            kind=prefix + kind,
            walk=self.walk,
            source=source,
            path=path,
            pipe=stream if path is None else None,
            unpacked=content.unpacked,
        )

    def _members_of_archive(
        self, content: Content, where: Where, path: Path | None
    ) -> Iterator[ConcreteMember]:
        if content.kind == _shape.ZIP and path is not None and not content.layers:
            return self.walk.zip_file(path, where)
        return self.walk.archive(content, where)


def _check_readable(content: Content, name: str) -> None:
    """Refuse what holds nothing.

    Raises:
        InputError: it is empty, damaged at its very start, or of a kind that is not read.
    """
    if content.unread:
        msg = f"{name}: packed with {content.unread}, which is not read: pack it again as .tar.gz"
        raise InputError(msg)
    if is_own(content.stream.peek(_shape.HEAD)):
        msg = f"{name}: cbtriage wrote it: give the status reports that it was made from"
        raise InputError(msg)
    if content.stream.peek(1):
        return
    if content.stream.loss is not None:
        loss = content.stream.loss
        msg = f"{name}: {loss.why}: nothing in it can be read: {loss.settle_with}"
        raise InputError(msg)
    msg = f"{name}: empty: send the archive again, or make a new one with xen-bugtool --yestoall"
    raise InputError(msg)
