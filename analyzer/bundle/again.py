"""A member read once more, from where it lies: nothing before it is unpacked, as far as can be."""

from collections.abc import Iterator
from pathlib import Path

from analyzer.bundle._entry import Entry, Fault
from analyzer.bundle._folder import entry_of_file
from analyzer.bundle._meter import Meter
from analyzer.bundle._parallel import unpacked_from
from analyzer.bundle._stream import Limited, Peekable, Stream, open_file
from analyzer.bundle._walk import Walk, Where
from analyzer.bundle._zip import zip_file_entries
from analyzer.bundle.archive import open_bundle
from analyzer.bundle.budget import Budget
from analyzer.bundle.member import ConcreteMember
from analyzer.bundle.names import log_name
from analyzer.model.places import MemberPlace, ReportPlaces


def member_again(
    path: Path, report: ReportPlaces, place: MemberPlace, budget: Budget
) -> Iterator[ConcreteMember]:
    """Yield a member of the input `path` if it is found there: it is open until the next is asked.

    Raises:
        InputError, OSError: the input cannot be read.
    """
    if not place.stored:
        members = open_bundle(path, budget=budget, name=report.given).members()
    else:
        walk = _walk_of(path, budget)
        if place.start is None:
            entries = _stored_entries(path, place.stored, walk)
        else:
            content = Limited(_tar_from(path, report, place.start, walk), place.size)
            entries = iter([Entry(name=place.stored, content=content)])
        members = walk.entries(entries, Where(origin=report.given))
    own = (report.bundle, place.path)
    yield from (member for member in members if (member.bundle, member.path) == own)


def log_from_mark(
    path: Path, report: ReportPlaces, place: MemberPlace, before: int, budget: Budget
) -> ConcreteMember:
    """Return what follows so many bytes of a log that lies in a tar or a folder as it is.

    Raises:
        OSError: the input cannot be read.
    """
    walk = _walk_of(path, budget)
    content: Stream = (
        open_file(path / place.stored, _not_told, start=before)
        if place.start is None
        else Limited(_tar_from(path, report, place.start + before, walk), place.size - before)
    )
    return ConcreteMember(
        bundle=report.bundle,
        path=place.path,
        stream=Peekable(content),
        limit=max(budget.member - before, 0),
        log=log_name(place.path),
    )


def _walk_of(path: Path, budget: Budget) -> Walk:
    """Return a walk through an input of which all counts as read, whatever is."""
    meter = Meter(budget)
    meter.take(path.stat().st_size)
    return Walk(meter=meter, on_read=_not_told, on_member=_not_told)


def _tar_from(path: Path, report: ReportPlaces, start: int, walk: Walk) -> Peekable:
    """Return an unpacked tar from one of its bytes on."""
    blocks = report.blocks
    sought: Stream | None = unpacked_from(path, blocks, start) if blocks else None
    if sought is not None:
        return Peekable(sought)
    content = walk.unpack(open_file(path, _not_told), layers=walk.meter.budget.depth, path=path)
    if not content.layers:
        return Peekable(open_file(path, _not_told, start=start))
    content.stream.skip(start)
    return content.stream


def _stored_entries(path: Path, stored: str, walk: Walk) -> Iterator[Entry | Fault]:
    """Yield what a folder or a zip has under a name."""
    if path.is_dir():
        file = path / stored
        yield from entry_of_file(file, stored, file.lstat(), _not_told)
        return
    for entry in zip_file_entries(path, walk.meter, _not_told):
        if isinstance(entry, Entry) and entry.name == stored:
            yield entry


def _not_told(_what: object) -> None:
    """Nobody waits for it: it takes no time."""
