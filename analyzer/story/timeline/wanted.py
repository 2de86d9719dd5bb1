"""Which entries of the full timeline are asked for."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from fnmatch import fnmatchcase

from analyzer.model.entry import Entry, EntryKind
from analyzer.model.source import Source
from analyzer.model.terms import UUID_PATTERN
from analyzer.values import dataclass

_TASK = re.compile(r"\b[RD]:[0-9a-f]{8,}")
OF_THE_LOG = (EntryKind.HOLE, EntryKind.CLOCK)  # they concern every object that a log tells of


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """All of these must fit; what is empty or None is not asked for.

    ``bundles`` are the reports of the hosts asked for. ``objects`` are sets of uuids: of each set
    one must be named. ``session`` is (the beginning of) a session's reference or track id, in
    lower case, ``lines`` are known to be of the session asked for. ``kinds`` are names of
    selectors, patterns and rules; ``*`` and ``?`` stand for any letters.
    """

    first: datetime | None = None
    last: datetime | None = None
    bundles: frozenset[str] = frozenset()
    objects: tuple[frozenset[str], ...] = ()
    session: str = ""
    lines: frozenset[Source] = frozenset()
    kinds: tuple[str, ...] = ()


def fits_kind(names: Iterable[str], wanted: Sequence[str]) -> bool:
    """Tell whether one of the names, or the pattern that a selector belongs to, is asked for."""
    if not wanted:
        return True
    every = {part for name in names for part in (name, name.partition(".")[0])}
    return any(fnmatchcase(name, each) for name in every for each in wanted)


def in_time(entry: Entry, wanted: Wanted) -> bool:
    """Tell whether an entry may lie in the time asked for, its doubt counted."""
    end = entry.until or entry.moment
    before = wanted.first is not None and end.latest < wanted.first
    return not (before or (wanted.last is not None and entry.moment.earliest > wanted.last))


def chosen(entry: Entry, wanted: Wanted, *, fits: bool) -> bool:
    """Tell whether an entry is asked for; ``fits``: it tells of the objects, if any are."""
    # what is of a whole pool is of each of its hosts
    on_host = not wanted.bundles or not entry.host or entry.source.bundle in wanted.bundles
    if not on_host or not in_time(entry, wanted):
        return False
    kinds = (*entry.kinds, entry.what.value, *(["finding"] if entry.findings else []))
    return fits_kind(kinds, wanted.kinds) and (fits or entry.what in OF_THE_LOG)


def told_by(entry: Entry) -> str:
    """Return all that an entry says."""
    values = (entry.sr, entry.vdi, entry.vbd, entry.session, *entry.objects)
    return f"{entry.text}\n{entry.title}\n{' '.join(value for value in values if value)}"


def uuids_in(text: str) -> list[str]:
    """Return the uuids of a text, in lower case."""
    return UUID_PATTERN.findall(text.lower())


def tasks_of(task: str | None) -> frozenset[str]:
    """Return the references of a line's task: of the call, and of the thread."""
    return frozenset(_TASK.findall(task)) if task else frozenset()
