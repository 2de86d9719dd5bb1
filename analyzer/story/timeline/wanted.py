"""Which entries of the full timeline are asked for."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from fnmatch import fnmatchcase

from analyzer.case.case import Case
from analyzer.model.entry import Entry, EntryKind
from analyzer.model.event import Event
from analyzer.model.source import Source
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.values import dataclass

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TASK = re.compile(r"\b[RD]:[0-9a-f]{8,}")
_OF_THE_LOG = (EntryKind.HOLE, EntryKind.CLOCK)  # they concern every object that a log tells of


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

    @property
    def narrow(self) -> bool:
        """Tell whether only lines about certain objects are asked for."""
        return bool(self.objects or self.session or self.lines)


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


def chosen(entry: Entry, wanted: Wanted, named: Callable[[Entry], bool] | None) -> bool:
    """Tell whether an entry is asked for; ``named`` tells whether it is about the objects."""
    # what is of a whole pool is of each of its hosts
    on_host = not wanted.bundles or not entry.host or entry.source.bundle in wanted.bundles
    if not on_host or not in_time(entry, wanted):
        return False
    kinds = (*entry.kinds, entry.what.value, *(["finding"] if entry.findings else []))
    if not fits_kind(kinds, wanted.kinds):
        return False
    return named is None or entry.what in _OF_THE_LOG or named(entry)


class Naming:
    """Which lines tell of the objects asked for: that name them, or belong to what does.

    A line belongs to one that names an object if it is of the same call of SM, or of the same
    task of xapi (``R:`` of a call, ``D:`` of a thread; the same on all hosts).
    """

    def __init__(self, case: Case, wanted: Wanted) -> None:
        self._wanted = wanted
        self._lines = [
            frozenset(
                event.source
                for operation in sm_operations(case)
                if operation.vdi in group or operation.sr in group
                for event in operation.lines
            )
            for group in wanted.objects
        ]
        self._tasks = self._tasks_of(case.events.within())

    def fits(self, entry: Entry) -> bool:
        """Tell whether an entry tells of an object of each set."""
        own = self._named(told_by(entry).lower(), entry.source)
        tasks = tasks_of(entry.task)
        return all(fits or bool(tasks & of) for fits, of in zip(own, self._tasks, strict=True))

    def _tasks_of(self, events: Iterable[Event]) -> list[set[str]]:
        found: list[set[str]] = [set() for _ in self._named("", None)]
        for event in events:
            tasks = tasks_of(event.task)
            if tasks:
                own = self._named(event.text.lower(), event.source)
                for fits, of in zip(own, found, strict=True):
                    of.update(tasks if fits else ())
        return found

    def _named(self, text: str, source: Source | None) -> list[bool]:
        """Tell for each set, and then for the session, whether the text names one of it."""
        wanted = self._wanted
        uuids = set(uuids_in(text)) if wanted.objects else set()
        found = [
            bool(uuids & group) or source in lines
            for group, lines in zip(wanted.objects, self._lines, strict=True)
        ]
        if not (wanted.session or wanted.lines):
            return found
        named = bool(wanted.session) and wanted.session in text
        return [*found, named or source in wanted.lines]


def told_by(entry: Entry) -> str:
    """Return all that an entry says."""
    values = (entry.sr, entry.vdi, entry.vbd, entry.session, *entry.objects)
    return f"{entry.text}\n{entry.title}\n{' '.join(value for value in values if value)}"


def uuids_in(text: str) -> list[str]:
    """Return the uuids of a text, in lower case."""
    return _UUID.findall(text.lower())


def tasks_of(task: str | None) -> frozenset[str]:
    """Return the references of a line's task: of the call, and of the thread."""
    return frozenset(_TASK.findall(task)) if task else frozenset()
