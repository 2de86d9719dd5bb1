"""The order of what happened, and where it is only a guess."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeAlias

from analyzer.model.entry import Entry, EntryKind
from analyzer.model.moment import Moment
from analyzer.model.source import Source

Range: TypeAlias = tuple[float, float]

_FAR = datetime.max.replace(tzinfo=UTC)


def in_order(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return the entries sorted, and each whose order to another is not known marked.

    Those of an unknown year come last: they may lie anywhere.
    """
    ordered = sorted(entries, key=place_in_time)
    dated = [entry for entry in ordered if entry.moment.year_known]
    known: dict[int, Range] = {}  # neighbours share their moments
    ranges = []
    for moment in (entry.moment for entry in dated):
        if id(moment) not in known:
            known[id(moment)] = moment.earliest.timestamp(), moment.latest.timestamp()
        ranges.append(known[id(moment)])
    lines = [entry.source.line for entry in dated]
    doubtful = places_in_doubt(_files_that_order(dated), lines, ranges)
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


def _files_that_order(entries: Sequence[Entry]) -> list[int]:
    """Return what orders each entry, as numbers (`file_of`)."""
    numbers = {entry.source.line for entry in entries if not is_ordered_by_its_file(entry)}
    lines = {
        (entry.source, entry.moment)
        for entry in entries
        if is_ordered_by_its_file(entry) and entry.source.line in numbers
    }
    places: dict[tuple[str, ...], int] = {}
    return [places.setdefault(file_of(entry, lines), len(places)) for entry in entries]


def is_ordered_by_its_file(entry: Entry) -> bool:
    """Tell whether it stands in a file, whose lines have an order."""
    return entry.what.is_line or entry.what is EntryKind.CLOCK


def file_of(entry: Entry, lines: Collection[tuple[Source, Moment]]) -> tuple[str, ...]:
    """Return what orders an entry: its file, or, of what is none of some lines of it, its time."""
    file = (entry.source.bundle, entry.source.member)
    if is_ordered_by_its_file(entry) or (entry.source, entry.moment) in lines:
        return file
    return (*file, entry.what.value, *entry.kinds)


def places_in_doubt(
    files: Sequence[int], lines: Sequence[int], ranges: Sequence[Range]
) -> set[int]:
    """Return the places of dated entries, in their order, whose order to another is not known.

    Of each the number of what orders it, its line there, and its earliest and latest time.
    """
    found = set(_behind_another(files, lines, ranges))
    # Backwards the same holds of times and lines that run the other way.
    turned = [(-last, -first) for first, last in reversed(ranges)]
    back = _behind_another(files[::-1], [-line for line in reversed(lines)], turned)
    found.update(len(lines) - 1 - place for place in back)
    return found


def _behind_another(
    files: Sequence[int], lines: Sequence[int], ranges: Sequence[Range]
) -> list[int]:
    """Return the places of entries that may lie on the other side of one shown before them.

    Of one file the order of lines decides. Two ends are enough to know: the farthest that any
    entry before reaches, and the farthest of those of other files.
    """
    found: list[int] = []
    reached: dict[int, tuple[float, int]] = {}
    farthest, most, second = -1, -math.inf, -math.inf
    for place, (file, line, (near, far)) in enumerate(zip(files, lines, ranges, strict=True)):
        end, highest = reached.get(file, (far, line))
        if line < highest or (second if file == farthest else most) >= near:
            found.append(place)
        end, highest = max(far, end), max(line, highest)
        reached[file] = end, highest
        if file == farthest:
            most = end
        elif end > most:
            farthest, most, second = file, end, most
        elif end > second:
            second = end
    return found
