"""The order of what happened, and where it is only a guess."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeAlias

from analyzer.model.entry import Entry, EntryKind

_File: TypeAlias = tuple[str, ...]

_FAR = datetime.max.replace(tzinfo=UTC)


def in_order(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return the entries sorted, and each whose order to another is not known marked.

    Those of an unknown year come last: they may lie anywhere.
    """
    ordered = sorted(entries, key=place_in_time)
    dated = [entry for entry in ordered if entry.moment.year_known]
    files = _files(dated)
    doubtful = _doubtful(dated, files) | _doubtful(dated, files, backwards=True)
    doubtful.update(range(len(dated), len(ordered)))
    return tuple(
        entry if entry.about is (place in doubtful) else replace(entry, about=not entry.about)
        for place, entry in enumerate(ordered)
    )


def place_in_time(entry: Entry) -> tuple[datetime, str, str, int, str, tuple[str, ...]]:
    """Return what entries are sorted by: time, then host, member and line; no year comes last."""
    at = entry.moment.at if entry.moment.year_known else _FAR
    source = entry.source
    return at, entry.host, source.member, source.line, entry.what.value, entry.kinds


def _files(entries: Sequence[Entry]) -> list[_File]:
    """Return what orders each entry: its file, or, of what is no line of it, only its time."""
    lines = {
        (entry.source, entry.moment)
        for entry in entries
        if entry.what.is_line or entry.what is EntryKind.CLOCK
    }
    return [
        (entry.source.bundle, entry.source.member)
        if (entry.source, entry.moment) in lines
        else (entry.source.bundle, entry.source.member, entry.what.value, *entry.kinds)
        for entry in entries
    ]


def _doubtful(
    ordered: Sequence[Entry], files: Sequence[_File], *, backwards: bool = False
) -> set[int]:
    """Return the places of entries that may lie on the other side of one shown before them.

    Of one file the order of lines decides. Two ends are enough to know: the farthest that any
    entry before reaches, and the farthest of those of other files.
    """
    found: set[int] = set()
    reached: dict[_File, tuple[float, int]] = {}
    farthest: list[tuple[float, _File]] = []
    places = range(len(ordered))
    for place in reversed(places) if backwards else places:
        entry, file = ordered[place], files[place]
        line = -entry.source.line if backwards else entry.source.line
        near, far = _ends(entry, backwards=backwards)
        end, highest = reached.get(file, (far, line))
        if line < highest or any(each >= near for each, of in farthest if of != file):
            found.add(place)
        reached[file] = (max(far, end), max(line, highest))
        others = [each for each in farthest if each[1] != file]
        farthest = sorted([*others, (reached[file][0], file)], reverse=True)[:2]
    return found


def _ends(entry: Entry, *, backwards: bool) -> tuple[float, float]:
    """Return where an entry begins and ends at the latest, in the direction of the walk."""
    first, last = entry.moment.earliest.timestamp(), entry.moment.latest.timestamp()
    return (-last, -first) if backwards else (first, last)
