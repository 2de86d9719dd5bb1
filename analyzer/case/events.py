"""EventTable: all kept events of all hosts, in one pandas frame.

The one module that knows pandas and the column names. One row per (record, selector that hit
it), with the columns ``at earliest latest dated_by host source_kind process pid level task kind
count fields bundle member line`` and where its words are: ``words`` are the bytes of many rows, and
``text text_end message message_end`` offsets in them. ``fields`` are the fields, or the pattern
that finds them in the message. Rows are columns from the moment they are added; a row becomes an
`Event`, and its time a `Moment`, when a rule first asks for it, once for all that ask.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analyzer.case.event_joins import Span, near
from analyzer.case.rows import (
    CODING,
    IDS,
    LINE_TEXTS,
    REPEATED,
    Coded,
    KeepPolicy,
    KeptLines,
    KeptRows,
    PackedRows,
    Row,
    alert_message,
    packed,
)
from analyzer.model.event import Event, Level
from analyzer.model.host import Alert
from analyzer.model.moment import YEAR_UNKNOWN, Moment
from analyzer.model.source import Source
from analyzer.parsers._api import Hit, Record, Stamp
from analyzer.parsers.scan.match import Captures

__all__ = ["EventTable", "EventTableBuilder", "KeepPolicy", "alert_message"]

CHUNK = 10_000
_AT_ONCE = 5_000  # rows of a table that cost more to slice, for each rule, than to make events of
ALERTS = "alerts"

_FEW = (*(name for name in REPEATED if name != "syslog_host"), "dated_by", "host")
_NO_IDS: Mapping[str, str] = MappingProxyType({})
_NO_VALUES = (None,) * len(IDS)
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_JOINED = frozenset({"host", "pid", "process", "bundle"})
_REFERENCE = re.compile(r"(?:^| )([RD]:[0-9a-f]{12})(?: |$)")  # xen-api ref.ml
_TIMES = ("at", "earliest", "latest")
_EVENT = (
    *("bundle", "member", "line", "kind", "source_kind", "host", "process"),
    *("pid", "task", "level", "count"),
)
_WORDS = ("words", "text", "text_end", "message", "message_end", "fields")
_NUMBERS = ("line", "count")
_LEVELS: Mapping[object, Level] = MappingProxyType({level.value: level for level in Level})
_ORDER = ["at", "host", "member", "line", "kind"]

_Column = Callable[[npt.NDArray[np.intp]], npt.NDArray[Any]]


def _no_hour(_bundle: str, _member: str, _stamp: Stamp) -> Moment | None:
    return None


class EventTableBuilder:
    """Take records and alerts in any order of bundles and members; `build` dates them all."""

    def __init__(self, keep: KeepPolicy | None = None) -> None:
        self.keep = keep or KeepPolicy()
        self._kept = KeptRows(self.keep)
        self._chunks: list[pd.DataFrame] = []

    @property
    def count(self) -> int:
        """Return how many rows were made of records here."""
        return self._kept.count

    def add(
        self, *, bundle: str, member: str, parser: str, record: Record, hits: tuple[Hit, ...]
    ) -> None:
        """Add a row for each selector that the record hit."""
        self._kept.add(bundle=bundle, member=member, parser=parser, record=record, hits=hits)
        if len(self._kept.rows) >= CHUNK:
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
            self._chunks.append(_frame_of_columns(rows))

    @property
    def kinds(self) -> frozenset[str]:
        """Return the kinds of the rows so far."""
        packed_away = (kind for chunk in self._chunks for kind in chunk["kind"].unique())
        return frozenset((*packed_away, *(row.kind for row in self._kept.rows)))

    def undated(self, kinds: Collection[str]) -> tuple[Row, ...]:
        """Return the rows of some kinds, none of them sparse, as they were added."""
        kept = [chunk[chunk["kind"].isin(list(kinds))] for chunk in self._chunks]
        found = [row for chunk in kept for row in _rows_without_dates(chunk)]
        return (*found, *(row for row in self._kept.rows if row.kind in kinds))

    def split(self, groups: Iterable[Collection[str]]) -> "tuple[EventTableBuilder, ...]":
        """Return a builder for each group of bundles, with what was added of these."""
        self._close_rows()
        parts = []
        for bundles in groups:
            part = EventTableBuilder(self.keep)
            own = (chunk[chunk["bundle"].isin(list(bundles))] for chunk in self._chunks)
            part._chunks = [chunk.reset_index(drop=True) for chunk in own if len(chunk)]
            parts.append(part)
        return tuple(parts)

    def _close_rows(self) -> None:
        self.take(self._kept.close())

    def build(
        self,
        date: Callable[[str, str, int, Stamp], Moment],
        host_names: Mapping[str, str],
        host_ids: Mapping[str, str] = _NO_IDS,
        hour: Callable[[str, str, Stamp], Moment | None] = _no_hour,
    ) -> "EventTable":
        """Date every row and return the table.

        ``date`` takes (bundle, member, line, stamp), ``hour`` the same but the line: the moment of
        the hour's first second where all lines of the hour are as much later as their stamps say,
        else None. ``host_names`` is bundle → name shown; for
        a bundle that is not in it the host is what syslog called it. ``host_ids`` is bundle →
        what tells the host from others of its name, by default the bundle; what two bundles of
        one host both hold is kept once. Call it once.
        """
        self._close_rows()
        chunks = self._chunks or [_frame_of_columns(packed(()))]
        self._chunks = []
        frames = [_dated_chunk(chunk, date, hour, host_names) for chunk in chunks]
        return EventTable(_without_copied_lines(_chunks_joined(frames), host_ids))


class EventTable:
    """All kept events, ordered by (at, host, member, line)."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame
        self._lines = frame["line"].to_numpy()
        self._counts = frame["count"].to_numpy()
        self._columns: dict[str, _Column] = {}
        self._events: list[Event | None] = [None] * len(frame)  # by row, those made so far
        self._made: dict[frozenset[str], tuple[Event, ...]] = {}
        self._dated_lines: dict[tuple[str | None, str | None], pd.DataFrame] = {}
        hosts = frame[["bundle", "host_id"]].drop_duplicates("bundle")
        self._hosts_of_bundles = dict(zip(hosts["bundle"], hosts["host_id"], strict=True))
        positions = frame.groupby("kind", observed=True).indices
        self._positions = {str(kind): list(map(int, rows)) for kind, rows in positions.items()}

    @staticmethod
    def together(tables: "Sequence[EventTable]") -> "EventTable":
        """Return one table of what several hold."""
        return EventTable(_chunks_joined([table._frame for table in tables]))  # noqa: SLF001 - its own

    def __len__(self) -> int:
        return len(self._frame)

    def of(self, *kinds: str) -> tuple[Event, ...]:
        """Return the events kept for these selectors, in the table's order.

        Several rules ask for the same ones: each set is made once.
        """
        wanted = frozenset(kinds)
        if wanted not in self._made:
            self._made[wanted] = tuple(self._events_at_places(self._places_of_kinds(wanted)))
        return self._made[wanted]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return every kind that was kept, ordered."""
        return tuple(sorted(self._positions))

    def of_line(self, source: Source) -> tuple[Event, ...]:
        """Return the events that were kept of one line, one for each kind."""
        rows = self._frame.iloc[np.flatnonzero(self._lines == source.line)]
        rows = rows[(rows["member"] == source.member) & (rows["bundle"] == source.bundle)]
        return tuple(self._of_rows(rows))

    def within(
        self, first: datetime | None = None, last: datetime | None = None
    ) -> Iterator[Event]:
        """Yield the events whose ranges touch the time between, in the table's order."""
        frame = self._frame
        if first is not None:
            frame = frame[frame["latest"] >= pd.Timestamp(first)]
        if last is not None:
            frame = frame[frame["earliest"] <= pd.Timestamp(last)]
        return self._of_rows(frame)

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
        rows = self._rows_of_kinds(kinds)
        keys = [_key_column(rows, name).map(partial(same, name)) for name in group_by]
        group = rows.groupby(keys, sort=False).ngroup() if keys else pd.Series(0, rows.index)
        # Within a group `at` ascends, so the ranges of neighbours can only be apart this way round.
        distance = rows["earliest"] - rows.groupby(group)["latest"].shift()
        burst = (distance > pd.Timedelta(timespan)).groupby(group).cumsum()
        parts: dict[tuple[int, int], list[Event]] = {}
        for key, event in zip(zip(group, burst, strict=True), self._of_rows(rows), strict=True):
            parts.setdefault(key, []).append(event)
        return tuple(map(tuple, parts.values()))

    def by_task(self) -> Mapping[str, tuple[Event, ...]]:
        """Return the events of each task by its short reference (``R:03a940e24a95``).

        The first line of a call names its objects and the others only the task, so the lines of
        one reference, on all hosts, are one call.
        """
        references = pd.Series(
            _values_of_rows(self._frame, "task"), self._frame.index, dtype=object
        )
        rows = self._frame[references.notna()]
        found: dict[str, list[Event]] = {}
        for reference, event in zip(references.dropna(), self._of_rows(rows), strict=True):
            found.setdefault(reference, []).append(event)
        return MappingProxyType({key: tuple(events) for key, events in sorted(found.items())})

    def where(self, column: str, *values: str, kinds: Iterable[str] = ()) -> tuple[Event, ...]:
        """Return the events with one of these values, of some kinds or of all.

        ``column`` is as in `joined`.
        """
        kinds = tuple(kinds)
        rows = self._rows_of_kinds(kinds) if kinds else self._frame
        wanted = frozenset(values)
        found = rows[[value in wanted for value in _values_of_rows(rows, column)]]
        return tuple(self._of_rows(found))

    def joined(
        self, kinds: Iterable[str], others: Iterable[str], on: Iterable[str], within: timedelta
    ) -> tuple[tuple[Event, Event], ...]:
        """Return the pairs of events that agree on all of `on` and may lie so near in time.

        ``on`` are ``task`` (its short reference), ``sr``, ``vdi``, ``vbd``, ``session``, ``host``,
        ``pid``, ``process``, ``bundle``, or fields; an event that lacks one joins nothing. Ranges
        are compared, as `Moment.within` does. Ordered as the events of `kinds` are.
        """
        names, met = tuple(on), self._positions.keys()
        kinds, others = met & set(kinds), met & set(others)
        if not (kinds and others):
            return ()
        left, right = self._rows_of_kinds(kinds), self._rows_of_kinds(others)
        spans, reach = (
            (_spans_of_rows(left, names), _spans_of_rows(right, names)),
            within // _MICROSECOND,
        )
        pairs = list(near(*spans, reach))
        ones = self._by_place(left, {one for one, _ in pairs})
        twos = self._by_place(right, {two for _, two in pairs})
        return tuple((ones[one], twos[two]) for one, two in pairs)

    @property
    def texts(self) -> Mapping[str, Sequence[str]]:
        """Return what stands in the columns of `KeptLines.texts`, by their names."""
        return {name: self._frame[name].cat.categories.tolist() for name in LINE_TEXTS}

    def lines(self, size: int) -> Iterator[KeptLines]:
        """Yield the lines of which something was kept, in the table's order, about `size` each."""
        times = self._frame["at"].astype("int64").to_numpy()
        first = 0
        while first < len(times):
            # All that was kept of one line has one time, so it lies in one part.
            end = min(first + size, len(times)) - 1
            after = int(np.searchsorted(times, times[end], side="right"))
            yield _lines(self._frame.iloc[first:after])
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
        if before is not None:
            rows = rows.iloc[: rows["at"].searchsorted(pd.Timestamp(before))]
        return next(self._of_rows(rows.tail(1)), None)

    def _lines_dated(self, host: str | None, parser: str | None) -> pd.DataFrame:
        """Return the places and times of a host's lines whose years are known."""
        frame = self._frame
        dated = (frame["latest"] - frame["earliest"]) < YEAR_UNKNOWN
        told = frame["source_kind"] == parser if parser else frame["source_kind"] != ALERTS
        return frame.loc[dated & told & (frame["host_id"] == host), ["at"]]

    def totals(self, kind: str) -> tuple[int, Event | None]:
        """Return how often a kind was seen, repetitions counted, and the first of them."""
        places = self._places_of_kinds((kind,))
        if not places:
            return 0, None
        return int(self._counts[places].sum()), next(self._events_at_places(places[:1]))

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
        members = {line.member for line in lines}
        frame = self._frame
        rows = frame[frame["member"].isin(members) & frame["line"].isin({s.line for s in lines})]
        kept = zip(rows["bundle"], rows["member"], rows["line"], strict=True)
        wanted = {(line.bundle, line.member, line.line): line for line in lines}
        for place, row in zip(kept, rows.index.tolist(), strict=True):
            if line := wanted.get(place):
                yield line, row

    def per_hour(self) -> tuple[tuple[str, str, int], ...]:
        """Return (hour in UTC as ISO 8601, host, rows), ordered, hours without rows left out.

        Rows whose year is not known are in no hour.
        """
        frame = self._frame
        frame = frame[(frame["latest"] - frame["earliest"]) < YEAR_UNKNOWN]
        hours = frame["at"].dt.floor("h")
        counts = frame.groupby([hours, "host"], observed=True, sort=True).size()
        found = zip(*map(counts.index.get_level_values, (0, 1)), counts.tolist(), strict=True)
        return tuple((hour.isoformat(), host, count) for hour, host, count in found)

    def _places_of_kinds(self, kinds: Iterable[str]) -> list[int]:
        return sorted(row for kind in set(kinds) for row in self._positions.get(kind, ()))

    def _rows_of_kinds(self, kinds: Iterable[str]) -> pd.DataFrame:
        return self._frame.iloc[self._places_of_kinds(kinds)]

    def _of_rows(self, rows: pd.DataFrame) -> Iterator[Event]:
        """Return the events of some of the table's rows, in their order."""
        return self._events_at_places(rows.index.tolist())

    def _by_place(self, rows: pd.DataFrame, places: set[int]) -> Mapping[int, Event]:
        wanted = sorted(places)
        return dict(zip(wanted, self._of_rows(rows.iloc[wanted]), strict=True))

    def _events_at_places(self, places: Sequence[int]) -> Iterator[Event]:
        known = self._events
        missing = [place for place in places if known[place] is None]
        if missing and len(known) <= _AT_ONCE:
            missing = [place for place, event in enumerate(known) if event is None]
        if missing:
            cells = _Cells(self._frame, self._columns, np.array(missing))
            for place, made in zip(missing, _events_of_rows(cells), strict=True):
                known[place] = made
        return (event for place in places if (event := known[place]) is not None)


def _lines(rows: pd.DataFrame) -> KeptLines:
    """Return the lines of some rows that are together, each once."""
    places = (rows["bundle"].cat.codes, rows["member"].cat.codes, rows["line"])
    lines: dict[tuple[int, ...], list[int]] = {}
    for row, place in enumerate(zip(*(each.tolist() for each in places), strict=True)):
        lines.setdefault(place, []).append(row)
    kinds, counts, found = (rows[name].tolist() for name in ("kind", "count", "fields"))
    own = rows.iloc[[of_line[0] for of_line in lines.values()]]
    spans = (own[name].tolist() for name in _WORDS[:5])
    words = [
        (w[start:end], w[begin:stop]) for w, start, end, begin, stop in zip(*spans, strict=True)
    ]
    return KeptLines(
        times=tuple(own[name].astype("int64").tolist() for name in _TIMES),
        texts={name: own[name].cat.codes.tolist() for name in LINE_TEXTS},
        lines=own["line"].tolist(),
        pids=own["pid"].tolist(),
        counts=[max(counts[row] for row in each) for each in lines.values()],
        kinds=[tuple(kinds[row] for row in each) for each in lines.values()],
        words=words,
        ids=[
            _ids([found[row] for row in each], said)
            for each, (_, said) in zip(lines.values(), words, strict=True)
        ],
    )


def _ids(found: Sequence[str | Mapping[str, str]], said: bytes) -> tuple[str | None, ...]:
    """Return what the fields of a line name of `IDS`; the first of several wins."""
    told = [each for each in found if (_names_ids(each) if isinstance(each, str) else each)]
    if not told:
        return _NO_VALUES
    values: dict[str, str] = {}
    for each in reversed(told):
        text = said.decode(*CODING) if isinstance(each, str) else ""
        values.update(Captures(each, text) if isinstance(each, str) else each)
    return tuple(map(values.get, IDS))


@cache
def _names_ids(pattern: str) -> bool:
    return any(f"(?P<{name}>" in pattern for name in IDS)


def _frame_of_columns(rows: PackedRows) -> pd.DataFrame:
    """Return rows as a frame."""
    columns: dict[str, Any] = {name: _few(column) for name, column in rows.repeated.items()}
    columns |= {
        name: pd.Series(list(column), dtype="int64" if name in _NUMBERS else object)
        for name, column in rows.columns.items()
    }
    columns["words"] = pd.Series([rows.words] * len(rows), dtype=object)
    spans = np.array(rows.spans, np.int64).reshape(-1, 4).T
    columns |= zip(_WORDS[1:5], spans, strict=True)
    columns["fields"] = pd.Series(list(rows.fields), dtype=object)
    return pd.DataFrame(columns)


def _few(column: Coded) -> pd.Categorical:
    texts = np.array([*column.distinct, None], object)[:-1]
    index = pd.Index(texts, dtype=object)
    return pd.Categorical.from_codes(np.array(column.codes), categories=index)


def _plain(column: "pd.Series[Any]") -> list[Any]:
    """Return the values of a column of few; what pandas calls missing is None."""
    values = np.array([*column.cat.categories, None], object)
    plain: list[Any] = values[column.cat.codes.to_numpy()].tolist()
    return plain


def _words_of_rows(rows: "pd.DataFrame | _Cells") -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """Yield message, text and fields of rows."""
    for words, start, end, *message, found in zip(
        *(rows[name].tolist() for name in _WORDS), strict=True
    ):
        said = words[slice(*message)].decode(*CODING)
        fields = Captures(found, said) if isinstance(found, str) else found
        yield said, words[start:end].decode(*CODING), fields


def _rows_without_dates(chunk: pd.DataFrame) -> Iterator[Row]:
    names = [name for name in Row._fields if name not in ("message", "text", "fields")]
    columns = (_plain(chunk[name]) if name in REPEATED else chunk[name].tolist() for name in names)
    rest = zip(*columns, strict=True)
    for row, words in zip(rest, _words_of_rows(chunk), strict=True):
        yield Row._make((*row, *words))


def _dated_chunk(
    chunk: pd.DataFrame,
    date: Callable[[str, str, int, Stamp], Moment],
    hour: Callable[[str, str, Stamp], Moment | None],
    host_names: Mapping[str, str],
) -> pd.DataFrame:
    """Replace the stamps by times, and give every row its host."""
    moments: list[Moment] = []
    later: list[int] = []  # microseconds behind them
    places = (chunk["bundle"].cat.codes, chunk["member"].cat.codes)
    bundles, members = (list(chunk[name].cat.categories) for name in ("bundle", "member"))
    dated: dict[tuple[int, int, int], tuple[Moment, int]] = {}  # by bundle, member, stamp
    columns = (column.tolist() for column in (*places, chunk["line"], chunk["when"]))
    for bundle, member, line, when in zip(*columns, strict=True):
        key = bundle, member, id(when)  # rows of one second share their stamp
        known = dated.get(key)
        if known is None:
            moment = (
                when if isinstance(when, Moment) else hour(bundles[bundle], members[member], when)
            )
            if moment is None:
                known = date(bundles[bundle], members[member], line, when), 0
            else:
                known = dated[key] = moment, 0 if moment is when else _into_the_hour(when)
        moments.append(known[0])
        later.append(known[1])
    distinct = list({id(moment): moment for moment in moments}.values())
    numbers = {id(moment): number for number, moment in enumerate(distinct)}
    shared = np.array([numbers[id(moment)] for moment in moments], np.int64)
    behind = np.array(later, np.int64)
    for name in _TIMES:
        values = [(getattr(moment, name) - _EPOCH) // _MICROSECOND for moment in distinct]
        times = (np.array(values, np.int64)[shared] + behind).view("datetime64[us]")
        chunk[name] = pd.Series(times).dt.tz_localize("UTC")
    words = np.array([moment.dated_by for moment in distinct], object)
    chunk["dated_by"] = _category_of_texts(words[shared])
    hosts = zip(_plain(chunk["bundle"]), _plain(chunk["syslog_host"]), strict=True)
    chunk["host"] = _category_of_texts(
        [host_names.get(bundle, host or bundle) for bundle, host in hosts]
    )
    return chunk.drop(columns=["when", "syslog_host"])


def _into_the_hour(stamp: Stamp) -> int:
    """Return the microseconds; a leap second is the end of its minute."""
    return (stamp.minute * 60 + min(stamp.second, 59)) * 1_000_000


def _chunks_joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Put the chunks together in the table's order."""
    few = {name: _of_all([frame[name] for frame in frames]) for name in _FEW}
    frame = pd.concat([frame.drop(columns=list(_FEW)) for frame in frames], ignore_index=True)
    frame = frame.assign(**few)
    return frame.sort_values([*_ORDER, "bundle"], ignore_index=True)


def _of_all(columns: "Sequence[pd.Series[Any]]") -> pd.Categorical:
    """Return columns of few as one; pandas' own makes texts of Arrow of some, and joins no two."""
    texts = sorted({text for column in columns for text in column.cat.categories})
    places = {text: place for place, text in enumerate(texts)}
    codes = [
        np.array([*(places[text] for text in column.cat.categories), -1])[column.cat.codes]
        for column in columns
    ]
    return pd.Categorical.from_codes(
        np.concatenate(codes), categories=pd.Index(texts, dtype=object)
    )


def _category_of_texts(values: Sequence[str] | npt.NDArray[np.object_]) -> pd.Categorical:
    """Return texts as a column of few; pandas by itself makes Arrow's of them, slow to ask."""
    codes, texts = pd.factorize(np.asarray(values, object), sort=True)
    return pd.Categorical.from_codes(codes, categories=pd.Index(texts, dtype=object))


def _without_copied_lines(frame: pd.DataFrame, host_ids: Mapping[str, str]) -> pd.DataFrame:
    """Name the hosts apart, and drop the copies of a line that two reports of one host hold.

    The same words twice in one report are two events: the nth is a copy of the nth elsewhere.
    """
    ids = [host_ids.get(bundle, bundle) for bundle in frame["bundle"].tolist()]
    frame["host_id"] = _category_of_texts(ids)
    if frame["host_id"].nunique() == frame["bundle"].nunique():
        return frame
    line = ["host_id", "kind", "text"]
    texts = frame.assign(text=[text for _, text, _ in _words_of_rows(frame)])
    nth = texts.groupby(["bundle", *line], observed=True, sort=False).cumcount()
    copies = texts.assign(nth=nth).duplicated([*line, "nth"])
    return frame[~copies].reset_index(drop=True)


def _key_column(rows: pd.DataFrame, name: str) -> "pd.Series[str]":
    if name in ("host", "process", "pid", "bundle"):
        values = [str(value) for value in rows["host_id" if name == "host" else name]]
    else:
        values = [value or "" for value in _field_of_rows(rows, name)]
    return pd.Series(values, rows.index, dtype=object)


def _values_of_rows(rows: pd.DataFrame, name: str) -> list[str | None]:
    """Return what each row has of a column or a field, None where it lacks it."""
    if name == "task":
        known = {task: _reference_in_task(task) for task in rows["task"].dropna().unique()}
        return [known.get(task) for task in rows["task"]]
    column = "host_id" if name == "host" else name
    if name in _JOINED:
        return [None if pd.isna(value) else str(value) for value in rows[column]]
    return _field_of_rows(rows, name)


def _field_of_rows(rows: pd.DataFrame, name: str) -> list[str | None]:
    return [fields.get(name) for _, _, fields in _words_of_rows(rows)]


def _reference_in_task(task: str) -> str | None:
    found = _REFERENCE.search(task)
    return found[1] if found else None


def _spans_of_rows(rows: pd.DataFrame, names: Sequence[str]) -> list[Span]:
    """Return each row's key, None where it lacks a part of it, and its range."""
    keys = zip(*(_values_of_rows(rows, name) for name in names), strict=True)
    agreed = [None if None in key else tuple(map(str, key)) for key in keys]
    times = (rows[name].astype("int64").tolist() for name in ("earliest", "latest"))
    return [Span(*span) for span in zip(agreed, *times, strict=True)]


class _Cells:
    """Some rows, column by column; for a few rows pandas takes longer than all that follows."""

    def __init__(
        self, frame: pd.DataFrame, known: "dict[str, _Column]", places: npt.NDArray[np.intp]
    ) -> None:
        self._frame = frame
        self._known = known
        self._places_of_kinds = places

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """Return a column's values of these rows, times as microseconds."""
        if name not in self._known:
            self._known[name] = _column(self._frame[name])
        return self._known[name](self._places_of_kinds)


def _column(column: "pd.Series[Any]") -> _Column:
    """Return what gives the values of some rows of a column, None for what is missing."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.cat.codes.to_numpy()
        texts = np.array([*column.cat.categories, None], object)  # a missing one has code -1
        return lambda places: texts[codes[places]]
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return column.to_numpy("datetime64[us]").view("int64").__getitem__
    return column.to_numpy().__getitem__


def _events_of_rows(rows: _Cells) -> Iterator[Event]:
    """Make events of rows; what pandas calls missing is None again."""
    columns = (rows[name].tolist() for name in _EVENT)
    rest = zip(*columns, strict=True)
    for moment, row, said in zip(_moments_of_rows(rows), rest, _words_of_rows(rows), strict=True):
        bundle, member, line, kind, parser, host, process, pid, task, level, count = row
        message, text, fields = said
        yield Event(
            moment=moment,
            source=Source(bundle=bundle, member=member, line=line),
            kind=kind,
            parser=parser,
            host=host,
            process=process,
            message=message,
            text=text,
            pid=pid,
            task=task if isinstance(task, str) else None,
            level=_LEVELS.get(level),
            count=count,
            fields=fields,
        )


def _moments_of_rows(rows: _Cells) -> Iterator[Moment]:
    """Make the moments of rows, the same one for the same time."""
    times = (rows[name].tolist() for name in _TIMES)
    known: dict[tuple[int, int, int, str], Moment] = {}
    for key in zip(*times, rows["dated_by"].tolist(), strict=True):
        moment = known.get(key)
        if moment is None:
            at, earliest, latest = (_EPOCH + timedelta(microseconds=n) for n in key[:3])
            moment = Moment(at=at, earliest=earliest, latest=latest, dated_by=key[3])
            known[key] = moment
        yield moment
