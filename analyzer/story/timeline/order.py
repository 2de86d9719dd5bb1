"""The order of what happened, and where it is only a guess."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeAlias

from analyzer.model.entry import Entry, EntryKind

_Range: TypeAlias = tuple[float, float]

_FAR = datetime.max.replace(tzinfo=UTC)


def in_order(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return the entries sorted, and each whose order to another is not known marked.

    Those of an unknown year come last: they may lie anywhere.
    """
    ordered = sorted(entries, key=place_in_time)
    dated = [entry for entry in ordered if entry.moment.year_known]
    known: dict[int, _Range] = {}  # neighbours share their moments
    found = []
    for moment in (entry.moment for entry in dated):
        if id(moment) not in known:
            known[id(moment)] = moment.earliest.timestamp(), moment.latest.timestamp()
        found.append(known[id(moment)])
    files, lines, ranges = (
        _files_that_order(dated),
        [entry.source.line for entry in dated],
        found,
    )
    doubtful = set(_places_in_doubt(files, lines, ranges))
    # Backwards the same holds of times and lines that run the other way.
    turned = [(-last, -first) for first, last in reversed(ranges)]
    back = _places_in_doubt(files[::-1], [-line for line in reversed(lines)], turned)
    doubtful.update(len(dated) - 1 - place for place in back)
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
    """Return what orders each entry: its file, or, of what is no line of it, only its time."""
    own = [entry.what.is_line or entry.what is EntryKind.CLOCK for entry in entries]
    others = [entry for entry, is_own in zip(entries, own, strict=True) if not is_own]
    numbers = {entry.source.line for entry in others}
    lines = {
        (entry.source, entry.moment)
        for entry, is_own in zip(entries, own, strict=True)
        if is_own and entry.source.line in numbers
    }
    places: dict[tuple[str, ...], int] = {}
    found = []
    for entry, is_own in zip(entries, own, strict=True):
        file: tuple[str, ...] = (entry.source.bundle, entry.source.member)
        if not is_own and (entry.source, entry.moment) not in lines:
            file = (*file, entry.what.value, *entry.kinds)
        found.append(places.setdefault(file, len(places)))
    return found


def _places_in_doubt(
    files: Sequence[int], lines: Sequence[int], ranges: Sequence[_Range]
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
