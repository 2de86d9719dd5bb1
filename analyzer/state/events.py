"""EventTable: all kept events of all hosts, in one pandas frame.

The one module that knows pandas and the column names. One row per (record, selector that hit
it), with the columns ``at earliest latest dated_by host source_kind process pid level task sr vdi
vbd session kind message text count fields bundle member line``. Nothing here keeps an `Event`:
rows are columns from the moment they are added, and become events again when a rule asks.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import UTC, timedelta
from types import MappingProxyType
from typing import Any

import pandas as pd

from analyzer.model.event import Event, Level
from analyzer.model.host import Alert
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.parsers._api import Hit, Record, Stamp
from analyzer.state._rows import KeepPolicy, Row, alert_message

__all__ = ["EventTable", "EventTableBuilder", "KeepPolicy", "alert_message"]

CHUNK = 50_000
LONGEST_QUOTE = 16_384
ALERTS = "alerts"

_REPEATED = ("bundle", "member", "source_kind", "process", "kind", "level", "task", "dated_by")
_FIELDS = ("sr", "vdi", "vbd", "session")
_NO_IDS: Mapping[str, str] = MappingProxyType({})
_TIMES = ("at", "earliest", "latest")
_ORDER = ["at", "host", "member", "line", "kind"]


_ADDED = tuple(column.name for column in fields(Row))


class EventTableBuilder:
    """Take records and alerts in any order of bundles and members; `build` dates them all."""

    def __init__(self, keep: KeepPolicy | None = None) -> None:
        self._keep = keep or KeepPolicy()
        self._sparse = self._keep.sparse | self._keep.noise
        self._ends: dict[tuple[str, str, str], Row] = {}
        self._chunks: list[pd.DataFrame] = []
        self._columns: dict[str, list[object]] = {name: [] for name in _ADDED}
        self._same: dict[object, object] = {}

    def add(
        self, *, bundle: str, member: str, parser: str, record: Record, hits: tuple[Hit, ...]
    ) -> None:
        """Add a row for each selector that the record hit."""
        for hit in self._keep.kept(hits):
            row = Row(
                bundle=bundle,
                member=member,
                line=record.line,
                source_kind=parser,
                process=record.process,
                pid=record.pid,
                level=record.level,
                task=record.task,
                kind=hit.selector,
                count=record.count,
                syslog_host=record.syslog_host,
                when=record.stamp,
                message=record.message,
                text=_quotable(record.text),
                fields=hit.fields,
            )
            self._take(row)

    def add_alert(self, bundle: str, alert: Alert, hits: tuple[Hit, ...]) -> None:
        """Add a row for each selector that an alert hit; an alert knows its own time."""
        for hit in self._keep.kept(hits):
            row = Row(
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
            self._take(row)

    def build(
        self,
        date: Callable[[str, str, int, Stamp], Moment],
        host_names: Mapping[str, str],
        host_ids: Mapping[str, str] = _NO_IDS,
    ) -> "EventTable":
        """Date every row and return the table.

        ``date`` takes (bundle, member, line, stamp). ``host_names`` is bundle → name shown; for
        a bundle that is not in it the host is what syslog called it. ``host_ids`` is bundle →
        what tells the host from others of its name, by default the bundle; what two bundles of
        one host both hold is kept once. Call it once.
        """
        for row in self._ends.values():
            self._append(row)
        self._ends = {}
        if self._columns["line"] or not self._chunks:
            self._flush()
        frames = [_dated(chunk, date, host_names) for chunk in self._chunks]
        self._chunks = []
        return EventTable(_once(_joined(frames), host_ids))

    def _take(self, row: Row) -> None:
        """Append a row, or hold it back while it is the last of a sparse kind."""
        if row.kind not in self._sparse:
            self._append(row)
            return
        key = (row.kind, row.bundle, row.member)
        last = self._ends.get(key)
        if last is None:
            self._append(row)
            row.count = 0
        else:
            row.count += last.count
        self._ends[key] = row

    def _append(self, row: Row) -> None:
        if row.count == 0:  # a sparse kind's only event, which is in the table already
            return
        for name in _ADDED:
            value: object = getattr(row, name)
            if name not in ("message", "text", "fields"):
                value = self._same.setdefault(value, value)
            self._columns[name].append(value)
        if len(self._columns["line"]) >= CHUNK:
            self._flush()

    def _flush(self) -> None:
        self._chunks.append(_frame(self._columns))
        self._columns = {name: [] for name in _ADDED}
        self._same = {}


class EventTable:
    """All kept events, ordered by (at, host, member, line)."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame
        self._made: dict[frozenset[str], tuple[Event, ...]] = {}
        positions = frame.groupby("kind", observed=True).indices
        self._positions = {str(kind): rows for kind, rows in positions.items()}

    def __len__(self) -> int:
        return len(self._frame)

    def of(self, *kinds: str) -> tuple[Event, ...]:
        """Return the events kept for these selectors, in the table's order.

        Several rules ask for the same ones: each set is made once.
        """
        wanted = frozenset(kinds)
        if wanted not in self._made:
            self._made[wanted] = tuple(_events(self._rows(wanted)))
        return self._made[wanted]

    def incidents(
        self, kinds: tuple[str, ...], group_by: tuple[str, ...], timespan: timedelta
    ) -> tuple[tuple[Event, ...], ...]:
        """Return bursts: same group-by fields, no two neighbours farther apart than `timespan`.

        ``group_by`` names fields of the events, or ``host``, ``process``, ``pid``, ``bundle``;
        events that lack one of them belong together. Neighbours are as near as their ranges
        allow: a doubtful time joins rather than splits. Ordered by the first event of each.
        """
        rows = self._rows(kinds)
        if rows.empty:
            return ()
        keys = [_key(rows, name) for name in group_by]
        group = rows.groupby(keys, sort=False).ngroup() if keys else pd.Series(0, rows.index)
        # Within a group `at` ascends, so the ranges of neighbours can only be apart this way round.
        distance = rows["earliest"] - rows.groupby(group)["latest"].shift()
        burst = (distance > pd.Timedelta(timespan)).groupby(group).cumsum()
        parts: dict[tuple[int, int], list[Event]] = {}
        for key, event in zip(zip(group, burst, strict=True), _events(rows), strict=True):
            parts.setdefault(key, []).append(event)
        return tuple(map(tuple, parts.values()))

    def totals(self, kind: str) -> tuple[int, Event | None]:
        """Return how often a kind was seen, repetitions counted, and the first of them."""
        rows = self._rows((kind,))
        if rows.empty:
            return 0, None
        return int(rows["count"].sum()), next(_events(rows.head(1)))

    def per_hour(self) -> tuple[tuple[str, str, int], ...]:
        """Return (hour in UTC as ISO 8601, host, rows), ordered, hours without rows left out."""
        hours = self._frame["at"].dt.strftime("%Y-%m-%dT%H:00:00+00:00")
        places = Counter(zip(hours, self._frame["host"], strict=True))
        return tuple((hour, host, count) for (hour, host), count in sorted(places.items()))

    def _rows(self, kinds: Iterable[str]) -> pd.DataFrame:
        found = [row for kind in set(kinds) for row in self._positions.get(kind, ())]
        return self._frame.iloc[sorted(found)]


def _quotable(text: str) -> str:
    """Return a record as it is quoted: a monster of a line only by its beginning."""
    if len(text) <= LONGEST_QUOTE:
        return text
    return f"{text[:LONGEST_QUOTE]} [… {len(text) - LONGEST_QUOTE} more characters]"


def _frame(columns: Mapping[str, list[object]]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(columns[name], dtype=object) for name in _ADDED})


def _dated(
    chunk: pd.DataFrame,
    date: Callable[[str, str, int, Stamp], Moment],
    host_names: Mapping[str, str],
) -> pd.DataFrame:
    """Replace the stamps by moments, and give every row its host and well-known fields."""
    places = zip(chunk["bundle"], chunk["member"], chunk["line"], chunk["when"], strict=True)
    moments = [
        when if isinstance(when, Moment) else date(bundle, member, line, when)
        for bundle, member, line, when in places
    ]
    for name in _TIMES:
        values = [getattr(moment, name) for moment in moments]
        chunk[name] = pd.Series(values, dtype="datetime64[us, UTC]")
    chunk["dated_by"] = pd.Series([moment.dated_by for moment in moments], dtype=object)
    hosts = zip(chunk["bundle"], chunk["syslog_host"], strict=True)
    chunk["host"] = pd.Series(
        [host_names.get(bundle, host or bundle) for bundle, host in hosts], dtype=object
    )
    for name in _FIELDS:
        chunk[name] = pd.Series([found.get(name) for found in chunk["fields"]], dtype=object)
    return chunk.drop(columns=["when", "syslog_host"])


def _joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Put the chunks together in the table's order; texts that repeat become categories."""
    frame = pd.concat(frames, ignore_index=True)
    for name in (*_REPEATED, *_FIELDS, "host"):
        frame[name] = frame[name].astype("category")
    for name in ("line", "count"):
        frame[name] = frame[name].astype("int64")
    return frame.sort_values([*_ORDER, "bundle"], ignore_index=True)


def _once(frame: pd.DataFrame, host_ids: Mapping[str, str]) -> pd.DataFrame:
    """Name the hosts apart, and drop the copies of a line that two reports of one host hold.

    The same words twice in one report are two events: the nth is a copy of the nth elsewhere.
    """
    frame["host_id"] = [host_ids.get(bundle, bundle) for bundle in frame["bundle"]]
    if frame["host_id"].nunique() == frame["bundle"].nunique():
        return frame
    line = ["host_id", "kind", "text"]
    nth = frame.groupby(["bundle", *line], observed=True, sort=False).cumcount()
    copies = frame.assign(nth=nth).duplicated([*line, "nth"])
    return frame[~copies].reset_index(drop=True)


def _key(rows: pd.DataFrame, name: str) -> "pd.Series[str]":
    if name in ("host", "process", "pid", "bundle"):
        values = [str(value) for value in rows["host_id" if name == "host" else name]]
    else:
        values = [found.get(name, "") for found in rows["fields"]]
    return pd.Series(values, rows.index, dtype=object)


def _events(rows: pd.DataFrame) -> Iterator[Event]:
    names = [str(name) for name in rows.columns]
    columns = [_plain(rows[name]) for name in names]
    return (_event(dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True))


def _plain(column: "pd.Series[Any]") -> list[Any]:
    """Return a column's values, times as aware datetimes; by the column, which is much faster."""
    if column.name not in _TIMES:
        return column.tolist()
    naive = column.dt.tz_localize(None).to_numpy(dtype="datetime64[us]").tolist()
    return [time.replace(tzinfo=UTC) for time in naive]


def _event(row: Mapping[str, Any]) -> Event:
    """Make an event of a row; what pandas calls missing is None again."""
    moment = Moment(
        at=row["at"],
        earliest=row["earliest"],
        latest=row["latest"],
        dated_by=row["dated_by"],
    )
    return Event(
        moment=moment,
        source=Source(bundle=row["bundle"], member=row["member"], line=row["line"]),
        kind=row["kind"],
        parser=row["source_kind"],
        host=row["host"],
        process=row["process"],
        message=row["message"],
        text=row["text"],
        pid=row["pid"],
        task=row["task"] if isinstance(row["task"], str) else None,
        level=Level(row["level"]) if isinstance(row["level"], str) else None,
        count=row["count"],
        fields=row["fields"],
    )
