"""One pass over an archive: entries become members, nested archives are opened on the way."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import field, replace
from datetime import datetime
from io import BytesIO
from pathlib import Path

from analyzer.bundle import _shape
from analyzer.bundle._entry import Entry, Fault
from analyzer.bundle._meter import Meter, Metered, over
from analyzer.bundle._parallel import unpack_bzip2_file
from analyzer.bundle._single import Single
from analyzer.bundle._stream import FileStream, Loss, Peekable, Stream
from analyzer.bundle._sums import Hashed, has_binding_sum
from analyzer.bundle._tar import tar_entries
from analyzer.bundle._trust import Trust
from analyzer.bundle._unpack import BZIP2, Unpacked
from analyzer.bundle._zip import zip_file_entries, zip_stream_entries
from analyzer.bundle.member import ConcreteMember
from analyzer.bundle.names import (
    APPLE_DOUBLE,
    Placed,
    escapes,
    is_fork_of_mac,
    is_log_of_other_name,
    log_name,
    place,
    printable,
)
from analyzer.bundle.own import is_own
from analyzer.bundle.paste import SNIFFED, is_loose_paste, put_together
from analyzer.model.report import Omission
from analyzer.values import dataclass

# of one kind; a folder can hold a hundred thousand links
_LISTED = 200
_SHOWN = 80  # characters of a name that is far too long
# ArchiveWithTarSubarchives in xen-bugtool packs this folder of the same report by itself.
_SUB_ARCHIVE = "etc/systemd.tar"
_NO_RISK = "if it matters, add the file that it stands for under its own name"
_SPLIT = "give the parts of the archive one by one to see all of them"
_REPACK = "unpack it, and pack it again as .tar.gz"
_TWICE = "unpack the archive, rename one of the two, and give the folder"
_OTHER_NAME = Loss(
    why="its name is not that of a rotated log (.1, .2.gz, …): not read",
    settle_with="unpack the archive, give it a free number that fits its age, and give the folder",
)
_LONGEST_PASTE = 64 << 20
_PASTE_TOO_LONG = Loss(
    why=f"pasted lines of logs, of which the first {_LONGEST_PASTE >> 20} MiB are read",
    settle_with="cut it in parts, or give a whole log under its own name or with --as",
    over_budget=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """The archive being read: its name for bundles, and how deep it lies.

    A sub-archive is part of the status report that it lies in: then ``report`` is the name of
    that, and ``path`` its own path in it. ``trust`` is shared by all that comes out of it.
    """

    origin: str
    depth: int = 1
    report: str | None = None
    path: str = ""
    trust: Trust = field(default_factory=Trust)

    def bundle(self, root: str) -> str:
        """Return the name of the status report in the folder `root`."""
        if self.report is not None:
            return self.report
        return f"{self.origin}:{root}" if root else self.origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What lies under the layers of compression, the outermost first.

    ``kind`` is ``tar`` or ``zip``, None for a plain file; ``unread`` names a compression that
    is not read here, else it is "". ``unpacked`` is what is under the one layer, if it is one.
    """

    stream: Peekable
    kind: str | None
    layers: tuple[str, ...]
    unread: str
    unpacked: Stream | None = None


@dataclass(slots=True, kw_only=True)
class Walk:
    """The state of the pass.

    ``complete`` turns False with the first loss; ``stopped`` says which limit ended the pass.
    ``doubled`` are (status report, path) of members of which the archive has a second one.
    """

    meter: Meter
    on_read: Callable[[int], None]
    on_member: Callable[[str], None]
    complete: bool = True
    stopped: str = ""
    doubled: set[tuple[str, str]] = field(default_factory=set)
    _omissions: list[Omission] = field(default_factory=list)
    _counts: Counter[str] = field(default_factory=Counter)
    _seen: set[tuple[str, str]] = field(default_factory=set)

    @property
    def omissions(self) -> tuple[Omission, ...]:
        """Return what was left out, in the order met; many of one kind end in a count."""
        more = [
            Omission(
                bundle=self._omissions[0].bundle,
                member=f"({count - _LISTED:,} more)",
                why=kind,
                settle_with=_SPLIT,
            )
            for kind, count in self._counts.items()
            if count > _LISTED
        ]
        return (*self._omissions, *more)

    def read(self, size: int) -> None:
        """Count bytes of the input."""
        self.meter.take(size)
        self.on_read(size)

    def unpack(
        self, stream: Stream, *, layers: int, path: Path | None = None, raw: bool = False
    ) -> Content:
        """Take off up to `layers` layers of compression.

        ``raw`` tells that the bytes are those of the input itself, not counted yet; ``path`` is
        set when they are those of a file.
        """
        top, found = Peekable(stream), list[str]()
        unpacked: Stream | None = None
        while (kind := _shape.packing(top.peek(_shape.HEAD))) and len(found) < layers:
            fast = kind == BZIP2 and path is not None and not found
            unpacked = (
                unpack_bzip2_file(path, self.read)
                if fast and path is not None
                else Unpacked(top, kind)
            )
            top = Peekable(Metered(unpacked, self.meter))
            found.append(kind)
        if raw and not found:
            top = Peekable(Metered(top, self.meter))
        head = top.peek(_shape.HEAD)
        unread = f"more than {layers} layers of compression" if kind else _shape.foreign(head)
        return Content(
            stream=top,
            kind=_shape.container(head),
            layers=tuple(found),
            unread=unread or "",
            unpacked=unpacked if len(found) == 1 else None,
        )

    def archive(self, content: Content, where: Where) -> Iterator[ConcreteMember]:
        """Yield the members of an archive that comes as a stream."""
        stream = content.stream
        tar = content.kind == _shape.TAR
        where.trust.bare = tar and not content.layers
        entries = tar_entries(stream) if tar else zip_stream_entries(stream, self.meter)
        yield from self.entries(entries, where)
        if stream.loss is not None:
            if stream.loss.changed:
                where.trust.lost = stream.loss.why
            why = f"{stream.loss.why}: what follows in the archive is lost"
            self.lose(where.bundle(""), where.path, replace(stream.loss, why=why))

    def zip_file(self, path: Path, where: Where) -> Iterator[ConcreteMember]:
        """Yield the members of a zip file; of the input its size is counted, not what is read."""
        self.meter.take(path.stat().st_size)
        yield from self.entries(zip_file_entries(path, self.meter, self.on_read), where)

    def single(
        self, content: Content, where: Where, single: Single, mtime: datetime | None = None
    ) -> Iterator[ConcreteMember]:
        """Yield the one member that a file is which is no archive.

        A log is dated by its lines: a copy of one file may be younger than the host's own.
        """
        self.on_member(single.path)
        yield from self._deliver_and_note_loss(
            ConcreteMember(
                bundle=where.bundle(""),
                path=single.path,
                stream=content.stream,
                limit=self.meter.budget.member,
                log=single.log,
                mtime=None if single.log else mtime,
                trust=where.trust,
            )
        )

    def pasted(self, content: Content, where: Where, single: Single) -> Iterator[ConcreteMember]:
        """Yield the logs of which the lines of one file are."""
        self.on_member(single.path)
        bundle = where.bundle("")
        text = content.stream.exactly(min(self.meter.budget.member, _LONGEST_PASTE))
        logs = put_together(text, single.log.family if single.log else None)
        of_host = Counter(pasted.host for _, _, pasted in logs)
        for log, lines, pasted in logs:
            label = log.family.rpartition("/")[2]
            rotation = single.log.rotation if single.log else 0
            yield ConcreteMember(
                bundle=f"{bundle}:{pasted.host}" if pasted.host else bundle,
                path=single.path if of_host[pasted.host] == 1 else f"{single.path} ({label})",
                stream=Peekable(FileStream(BytesIO(lines), _not_counted)),
                limit=len(lines) + 1,
                log=replace(log, rotation=rotation),
                trust=where.trust,
                pasted=pasted,
            )
        if (loss := content.stream.loss) or content.stream.peek(1):
            self.lose(bundle, single.path, loss or _PASTE_TOO_LONG)

    def entries(self, entries: Iterator[Entry | Fault], where: Where) -> Iterator[ConcreteMember]:
        """Yield the members that `entries` hold, those of nested archives among them."""
        for entry in entries:
            if self.stopped:
                return
            if isinstance(entry, Fault):
                self.lose(where.bundle(""), printable(entry.where) or where.path, entry.loss)
            elif (loss := self.meter.another_member()) is not None:
                self.lose(where.bundle(""), printable(entry.name), loss)
            else:
                for member in self._entry(entry, where):
                    if where.depth == 1:
                        member.entry = entry
                    yield member

    def lose(self, bundle: str, member: str, loss: Loss) -> None:
        """Note a loss: the archive is not complete; a limit on all of it ends the pass."""
        self.complete = False
        if self.stopped:
            return
        if self.meter.exhausted and loss.over_budget:
            self.stopped = loss.why
            loss = replace(loss, why=f"{loss.why}; nothing after this is read")
        self._note_omission(bundle, member, loss, "losses")

    def _note_omission(self, bundle: str, member: str, loss: Loss, kind: str) -> None:
        self._counts[kind] += 1
        if self._counts[kind] <= _LISTED:
            why = printable(loss.why)
            self._omissions.append(
                Omission(bundle=bundle, member=member, why=why, settle_with=loss.settle_with)
            )

    def _entry(self, entry: Entry, where: Where) -> Iterator[ConcreteMember]:
        if len(entry.name) > (limit := self.meter.budget.name):
            loss = over("characters of a name", limit, "--max-name")
            self.lose(where.bundle(""), f"{printable(entry.name[:_SHOWN])}…", loss)
            return
        placed = place(entry.name)
        bundle = where.bundle(placed.root)
        log = log_name(placed.path)
        if (why := _why_entry_is_refused(entry)) or entry.content is None:
            self._note_omission(
                bundle,
                printable(entry.name),
                Loss(why=f"not read: {why}", settle_with=_NO_RISK),
                "entries that are no files",
            )
            return
        if is_log_of_other_name(placed.path):
            self._note_omission(bundle, printable(entry.name), _OTHER_NAME, "logs of other names")
            return
        self.on_member(placed.path)
        stored = Hashed(entry.content) if has_binding_sum(placed.path) else None
        content = self.unpack(
            stored or entry.content,
            layers=1 if log else self.meter.budget.depth,
            path=entry.path,
            raw=entry.path is not None,
        )
        if is_fork_of_mac(entry.name, content.stream.peek(len(APPLE_DOUBLE))):
            return
        if log is None and is_own(content.stream.peek(_shape.HEAD)):
            return
        if content.unread and log is None:
            loss = Loss(why=f"packed with {content.unread}: not read", settle_with=_REPACK)
            self.lose(bundle, placed.path, loss)
        elif content.kind is not None and log is None:
            yield from self._members_of_nested(entry, placed, where, content)
        else:
            yield from self._member(entry, placed, where, content, stored)

    def _members_of_nested(
        self, entry: Entry, placed: Placed, where: Where, content: Content
    ) -> Iterator[ConcreteMember]:
        path = f"{placed.root}/{placed.path}" if placed.root else placed.path
        bundle = where.bundle(placed.root)
        depth = where.depth + 1
        if (loss := self.meter.another_archive(depth)) is not None:
            self.lose(bundle, placed.path, loss)
            return
        trust = Trust(outer=where.trust)
        inner = Where(origin=f"{where.origin}:{path}", depth=depth, trust=trust)
        if placed.path == _SUB_ARCHIVE:
            inner = replace(inner, report=bundle, path=placed.path)
        if content.kind == _shape.ZIP and entry.path is not None and not content.layers:
            yield from self.zip_file(entry.path, inner)
        else:
            yield from self.archive(content, inner)

    def _member(
        self,
        entry: Entry,
        placed: Placed,
        where: Where,
        content: Content,
        stored: Hashed | None,
    ) -> Iterator[ConcreteMember]:
        bundle = where.bundle(placed.root)
        if (bundle, placed.path) in self._seen:
            self.doubled.add((bundle, placed.path))
            why = "a second member of this name: the first one is read"
            self._note_omission(
                bundle, printable(entry.name), Loss(why=why, settle_with=_TWICE), "doubles"
            )
            return
        self._seen.add((bundle, placed.path))
        log, budget = log_name(placed.path), self.meter.budget
        if log is None and is_loose_paste(placed.path, content.stream.peek(SNIFFED)):
            paste = replace(where, report=f"{bundle}:{placed.path}", path=placed.path)
            yield from self.pasted(content, paste, Single(path=placed.path, log=None, pasted=True))
            return
        is_packed = log is not None and bool(content.layers)
        is_apart = entry.start is not None or entry.path is not None
        yield from self._deliver_and_note_loss(
            ConcreteMember(
                bundle=bundle,
                path=placed.path,
                stream=content.stream,
                limit=min(budget.packed, budget.member) if is_packed else budget.member,
                option="--max-packed" if is_packed else "--max-member",
                log=log,
                mtime=entry.mtime,
                trust=where.trust,
                stored=stored,
                plain=where.depth == 1 and is_apart and not content.layers,
            )
        )

    def _deliver_and_note_loss(self, member: ConcreteMember) -> Iterator[ConcreteMember]:
        yield member
        if member.loss is not None:
            self.lose(member.bundle, member.path, member.loss)


def _why_entry_is_refused(entry: Entry) -> str:
    if entry.skip:
        return entry.skip
    if not place(entry.name).path:
        return "it has no name"
    return "its name leads outside of the archive" if escapes(entry.name) else ""


def _not_counted(_size: int) -> None:
    """Bytes that were counted before they were put together."""
