"""EventTable: all kept events of all hosts, in the order of time.

One row per (record, selector that hit it), as columns from the moment they are added (`columns`);
a row becomes an `Event`, and its time a `Moment`, when a rule first asks for it, once for all that
ask. What belongs together in time is found by `correlate`.
"""

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from analyzer.bundle.budget import TEXT_OF_A_ROW
from analyzer.case.columns import (
    Columns,
    Date,
    Hour,
    Places,
    dated,
    joined,
    rows_of,
    undated,
    without_copied_lines,
)
from analyzer.case.correlate import numbers_of_bursts, rows_per_hour
from analyzer.case.event_order import with_doubted_stamps
from analyzer.case.freed_memory import give_back_freed_memory
from analyzer.case.kept_rows import KeptRows
from analyzer.case.made_of_rows import Brief, KeptLines, briefs_of, events_of, lines_of
from analyzer.case.rows import LINE_TEXTS, KeepPolicy, PackedRows, Row, alert_message, packed
from analyzer.case.spilled_words import SpilledWords, give_back
from analyzer.model.event import Event
from analyzer.model.host import Alert
from analyzer.model.moment import YEAR_UNKNOWN, Moment
from analyzer.model.source import Source
from analyzer.model.terms import ALERTS, EPOCH, MICROSECOND, SHORT_TASK
from analyzer.parsers._api import Hit, Record

__all__ = ["EventTable", "EventTableBuilder", "KeepPolicy", "alert_message"]

CHUNK = 10_000
_HERE_ONLY = 2  # references: the list, the question itself
_MANY = 20_000  # rows: with fewer there is little to give back
_AT_ONCE = 5_000  # rows of a table that cost more to slice, for each rule, than to make events of

_NO_IDS: Mapping[str, str] = MappingProxyType({})
_JOINED = frozenset({"host", "pid", "process", "bundle"})


def _no_hour(*_: object) -> Moment | None:
    return None


class EventTableBuilder:
    """Take records and alerts in any order of bundles and members; `build` dates them all."""

    def __init__(self, keep: KeepPolicy | None = None) -> None:
        self.keep = keep or KeepPolicy()
        self._kept = KeptRows(self.keep)
        self._chunks: list[Columns] = []
        self._words = SpilledWords()

    @property
    def count(self) -> int:
        """Return how many rows were made of records here, a long one counted as several."""
        return self._kept.count

    def add(
        self, *, bundle: str, member: str, parser: str, record: Record, hits: tuple[Hit, ...]
    ) -> None:
        """Add a row for each selector that the record hit."""
        self._kept.add(bundle=bundle, member=member, parser=parser, record=record, hits=hits)
        if self._kept.waiting >= CHUNK:
            self.take(self._kept.taken())

    def add_alert(self, bundle: str, alert: Alert, hits: tuple[Hit, ...]) -> None:
        """Add a row for each selector that an alert hit; an alert knows its own time."""
        self._kept.take(
            Row(
                bundle=bundle,
                member=alert.source.member,
                line=alert.source.line,
                source_kind=ALERTS,
                process="",
                pid=None,
                level=None,
                task=None,
                kind=hit.selector,
                count=1,
                syslog_host="",
                when=alert.moment,
                message=alert_message(alert),
                text=alert.text,
                fields=hit.fields,
            )
            for hit in self.keep.kept(hits)
        )

    def take(self, rows: Sequence[Row]) -> None:
        """Take rows that are to be kept as they are."""
        self.take_packed(packed(rows))

    def take_packed(self, rows: PackedRows) -> None:
        """Take rows that were packed elsewhere."""
        if len(rows):
            self._chunks.append(undated(replace(rows, words=self._words.hold(rows.words))))

    @property
    def kinds(self) -> frozenset[str]:
        """Return the kinds of the rows so far."""
        columns = (chunk.few["kind"] for chunk in self._chunks)
        packed_away = (each.texts[code] for each in columns for code in set(each.codes.tolist()))
        return frozenset((*packed_away, *(row.kind for row in self._kept.rows)))

    def undated(self, kinds: Collection[str]) -> tuple[Row, ...]:
        """Return the rows of some kinds, none of them sparse, as they were added."""
        found = [row for chunk in self._chunks for row in rows_of(chunk, kinds)]
        return (*found, *(row for row in self._kept.rows if row.kind in kinds))

    def split(self, groups: Iterable[Collection[str]]) -> "tuple[EventTableBuilder, ...]":
        """Return a builder for each group of bundles, with what was added of these."""
        self._close_rows()
        parts = []
        for bundles in groups:
            part = EventTableBuilder(self.keep)
            own = (chunk.at(chunk.few["bundle"].rows_of(bundles)) for chunk in self._chunks)
            part._chunks = [chunk for chunk in own if len(chunk)]
            parts.append(part)
        return tuple(parts)

    def _close_rows(self) -> None:
        self.take(self._kept.close())

    def build(
        self,
        date: Date,
        host_names: Mapping[str, str],
        host_ids: Mapping[str, str] = _NO_IDS,
        hour: Hour = _no_hour,
    ) -> "EventTable":
        """Date every row and return the table.

        ``date`` takes (bundle, member, line, stamp), ``hour`` (bundle, member, stamp, first line,
        last line): the moment of the hour's first second where all these lines of it are as much
        later as their stamps say, else None. ``host_names`` is bundle → name shown; for a bundle
        that is not in it the host is what syslog called it. ``host_ids`` is bundle → what tells
        the host from others of its name, by default the bundle; what two bundles of one host both
        hold is kept once. Call it once.
        """
        self._close_rows()
        chunks = self._chunks or [undated(packed(()))]
        self._chunks = []
        parts = [dated(chunk, date, hour, host_names) for chunk in chunks]
        columns = with_doubted_stamps(joined(parts))
        return EventTable(without_copied_lines(columns, host_ids))


class EventTable:
    """All kept events, ordered by (at, host, member, line)."""

    def __init__(self, columns: Columns) -> None:
        self._rows = columns = columns.narrow()
        self._events: list[Event | None] = [None] * len(columns)  # by row, those made so far
        self._made: dict[frozenset[str], tuple[Event, ...]] = {}
        self._dated_lines: dict[tuple[str | None, str | None], Places] = {}
        # Return bundle → what tells its host from others.
        bundles, first = np.unique(columns.few["bundle"].codes, return_index=True)
        texts = columns.few["bundle"].texts
        hosts = columns.values("host_id", first).tolist()
        self._hosts_of_bundles = {
            texts[bundle]: host for bundle, host in zip(bundles.tolist(), hosts, strict=True)
        }
        # Return kind → its rows, in the table's order.
        kinds = columns.few["kind"]
        order = np.argsort(kinds.codes, kind="stable").astype(np.int32)
        ends = np.cumsum(np.bincount(kinds.codes, minlength=len(kinds.texts)))
        told = zip(kinds.texts, np.split(order, ends)[:-1], strict=True)
        self._positions = {kind: part for kind, part in told if len(part)}

    @staticmethod
    def together(tables: "Sequence[EventTable]") -> "EventTable":
        """Return one table of what several hold."""
        return EventTable(joined([table._rows for table in tables]))  # noqa: SLF001 - its own

    def __len__(self) -> int:
        return len(self._rows)

    def give_back_memory(self) -> None:
        """Give the system what nobody uses now, where that is worth it."""
        if len(self) > _MANY:
            self._forget_events()
            self.give_back_words()
            give_back_freed_memory()

    def give_back_words(self) -> None:
        """Give the system the words that lie in files; it takes next to no time."""
        give_back(self._rows.few["words"].texts)

    def _forget_events(self) -> None:
        """Forget the events that only this table holds; they are made again when asked for."""
        self._made.clear()
        events = self._events
        for place in range(len(events)):
            if sys.getrefcount(events[place]) == _HERE_ONLY:
                events[place] = None

    def of(self, *kinds: str) -> tuple[Event, ...]:
        """Return the events kept for these selectors, in the table's order.

        Several rules ask for the same ones: each set is made once.
        """
        wanted = frozenset(kinds)
        if wanted not in self._made:
            self._made[wanted] = tuple(
                self._events_at_places(self._places_of_kinds(wanted).tolist())
            )
        return self._made[wanted]

    def in_brief(self, *kinds: str) -> list[Brief]:
        """Return what was kept for these selectors, in the table's order, but make no events."""
        return briefs_of(self._rows, self._places_of_kinds(kinds))

    def at(self, rows: Sequence[int]) -> tuple[Event, ...]:
        """Return the events of some rows."""
        return tuple(self._events_at_places(rows))

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return every kind that was kept, ordered."""
        return tuple(sorted(self._positions))

    def incidents(
        self,
        kinds: tuple[str, ...],
        group_by: tuple[str, ...],
        timespan: timedelta,
        same: Callable[[str, str], str] = lambda _name, value: value,
    ) -> tuple[tuple[Event, ...], ...]:
        """Return bursts: same group-by fields, no two neighbours farther apart than `timespan`.

        ``group_by`` names fields of the events, or ``host``, ``process``, ``pid``, ``bundle``;
        events that lack one of them belong together; ``same`` tells what a field's value stands
        for, by its name, where one thing has several. Neighbours are as near as their ranges
        allow: a doubtful time joins rather than splits. Ordered by the first event of each.
        """
        if not self._positions.keys() & set(kinds):
            return ()
        at = self._places_of_kinds(kinds)
        # What rows are grouped by, by one name.
        columns: list[list[str]] = []
        for name in group_by:
            if name in _JOINED:
                own = self._rows.values("host_id" if name == "host" else name, at)
                columns.append([same(name, str(value)) for value in own.tolist()])
            else:
                found = (fields.get(name) or "" for _, fields in self._rows.said(at))
                columns.append([same(name, value) for value in found])
        keys = list(zip(*columns, strict=True)) if columns else [()] * len(at)
        earliest, latest = (self._rows.plain[name][at] for name in ("earliest", "latest"))
        numbers = numbers_of_bursts(keys, earliest, latest, timespan // MICROSECOND)
        parts: dict[tuple[int, int], list[Event]] = {}
        for number, event in zip(numbers, self._events_at_places(at.tolist()), strict=True):
            parts.setdefault(number, []).append(event)
        return tuple(map(tuple, parts.values()))

    def by_task(self) -> Mapping[str, tuple[Event, ...]]:
        """Return the events of each task by its short reference (``R:03a940e24a95``).

        The first line of a call names its objects and the others only the task, so the lines of
        one reference, on all hosts, are one call.
        """
        tasks = self._rows.few["task"]
        references = [*map(SHORT_TASK.search, tasks.texts), None]
        told = enumerate(references[code] for code in tasks.codes.tolist())
        known = [(place, reference[1]) for place, reference in told if reference]
        events = self._events_at_places([place for place, _ in known])
        found: dict[str, list[Event]] = {}
        for (_, reference), event in zip(known, events, strict=True):
            found.setdefault(reference, []).append(event)
        return MappingProxyType({key: tuple(events) for key, events in sorted(found.items())})

    @property
    def texts(self) -> Mapping[str, Sequence[str]]:
        """Return what stands in the columns of `KeptLines.texts`, by their names."""
        return {name: self._rows.few[name].texts for name in LINE_TEXTS}

    def lines(self, size: int) -> Iterator[KeptLines]:
        """Yield the lines of which something was kept, in the table's order.

        About `size` at once, fewer where they are long.
        """
        plain = self._rows.plain
        times = plain["at"]
        lengths = plain["message_end"] - plain["message"]
        weights = np.cumsum(np.maximum(lengths // TEXT_OF_A_ROW, 1))
        first = 0
        while first < len(times):
            # All that was kept of one line has one time, so it lies in one part.
            most = size + (weights[first - 1] if first else 0)
            end = max(int(np.searchsorted(weights, most, side="right")) - 1, first)
            after = int(np.searchsorted(times, times[end], side="right"))
            rows = self._rows.at(np.arange(first, after))
            yield lines_of(rows)
            self.give_back_words()
            first = after

    def last_line(
        self, bundle: str, before: datetime | None = None, parser: str | None = None
    ) -> Event | None:
        """Return the last line of a bundle's host that is stamped before a time, of any kind.

        One clock stamped them all. Alerts are no lines of a log, and lines whose years are not
        known are passed over. ``parser`` narrows it to one log.
        """
        key = (self._hosts_of_bundles.get(bundle), parser)
        if key not in self._dated_lines:
            self._dated_lines[key] = self._lines_dated(*key)
        rows = self._dated_lines[key]
        end = len(rows)
        if before is not None:
            at = self._rows.plain["at"][rows]
            end = int(at.searchsorted((before - EPOCH) // MICROSECOND))
        return next(self._events_at_places(rows[:end][-1:].tolist()), None)

    def _lines_dated(self, host: str | None, parser: str | None) -> Places:
        """Return the places of a host's lines whose years are known."""
        few = self._rows.few
        told = few["source_kind"].rows_of({parser or ALERTS})
        wanted = told if parser else ~told
        return np.flatnonzero(self._year_known & wanted & few["host_id"].rows_of({host or ""}))

    @property
    def _year_known(self) -> npt.NDArray[np.bool_]:
        doubt = self._rows.plain["latest"] - self._rows.plain["earliest"]
        known: npt.NDArray[np.bool_] = doubt < YEAR_UNKNOWN // MICROSECOND
        return known

    def totals(self, kind: str) -> tuple[int, Event | None]:
        """Return how often a kind was seen, repetitions counted, and the first of them."""
        places = self._places_of_kinds((kind,))
        if not len(places):
            return 0, None
        first = next(self._events_at_places(places[:1].tolist()))
        return int(self._rows.plain["count"][places].sum()), first

    def of_lines(self, lines: Collection[Source]) -> tuple[Event, ...]:
        """Return the events that were kept of some lines, in the table's order."""
        return tuple(self._events_at_places([row for _, row in self._rows_of_lines(lines)]))

    def first_of_lines(self, lines: Collection[Source]) -> Mapping[Source, Event]:
        """Return the first event that was kept of each line, none for a line without one.

        One look at the table answers for all lines, however many they are.
        """
        first: dict[Source, int] = {}
        for line, row in self._rows_of_lines(lines):
            first.setdefault(line, row)
        return dict(zip(first, self._events_at_places(tuple(first.values())), strict=True))

    def _rows_of_lines(self, lines: Collection[Source]) -> Iterator[tuple[Source, int]]:
        """Yield (line, row) for each event of some lines, in the table's order."""
        rows = self._rows
        of_members = rows.few["member"].rows_of({line.member for line in lines})
        numbers = np.array(sorted({line.line for line in lines}), np.int64)
        after = np.searchsorted(numbers, rows.plain["line"], side="right")
        before = np.searchsorted(numbers, rows.plain["line"])
        places = np.flatnonzero(of_members & (before < after))
        kept = (rows.values(name, places).tolist() for name in ("bundle", "member", "line"))
        wanted = {(line.bundle, line.member, line.line): line for line in lines}
        for row, *place in zip(places.tolist(), *kept, strict=True):
            if line := wanted.get(tuple(place)):
                yield line, row

    def per_hour(self) -> tuple[tuple[datetime, str, int], ...]:
        """Return (hour in UTC, host, rows), ordered, hours without rows left out.

        Rows whose year is not known are in no hour.
        """
        places = np.flatnonzero(self._year_known)
        hosts = self._rows.values("host", places).tolist()
        return rows_per_hour(self._rows.plain["at"][places], hosts)

    def _places_of_kinds(self, kinds: Iterable[str]) -> Places:
        own = [self._positions[kind] for kind in set(kinds) if kind in self._positions]
        return np.sort(np.concatenate(own)).astype(np.intp) if own else np.empty(0, np.intp)

    def _events_at_places(self, places: Sequence[int]) -> Iterator[Event]:
        known = self._events
        missing = [place for place in places if known[place] is None]
        if missing and len(known) <= _AT_ONCE:
            missing = [place for place, event in enumerate(known) if event is None]
        if missing:
            made_now = events_of(self._rows, np.array(missing, np.intp))
            for place, made in zip(missing, made_now, strict=True):
                known[place] = made
        return (event for place in places if (event := known[place]) is not None)
