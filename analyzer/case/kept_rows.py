"""Rows as they are made of records: which of them are kept."""

from collections.abc import Iterable

from analyzer.bundle.budget import TEXT_OF_A_ROW
from analyzer.case.quiet_scans import QuietScans
from analyzer.case.rows import LONGEST_MESSAGE, LONGEST_QUOTE, KeepPolicy, Row
from analyzer.model.moment import Moment
from analyzer.model.source import quoted
from analyzer.parsers._api import Hit, Record

_SMLOG = "smlog"


class KeptRows:
    """Rows as they are made of records; those of sparse kinds are held back until the end.

    Of SMlog those of scans that went well are left out (`QuietScans`). ``count`` is how many were
    made, those among them that were taken, and ``waiting`` how many of them were not; one of a long
    text counts as several.
    """

    def __init__(self, keep: KeepPolicy) -> None:
        self._keep = keep
        self._sparse = keep.sparse | keep.noise
        self._held_back = self._sparse | keep.hourly | keep.repeated
        self._ends: dict[tuple[object, ...], Row] = {}
        self._place = "", "", ""  # bundle, member and parser of the rows that were added last
        self._scans: QuietScans | None = None  # where that is an SMlog
        self.rows: list[Row] = []
        self.count = self.waiting = 0

    def add(
        self, *, bundle: str, member: str, parser: str, record: Record, hits: tuple[Hit, ...]
    ) -> None:
        """Add a row for each selector that the record hit."""
        place = bundle, member, parser
        if place != self._place:
            self._begin(place)
        scans, held_back = self._scans, self._held_back
        text = quoted(record.text, LONGEST_QUOTE)
        for hit in self._keep.kept(hits):
            row = Row(
                bundle,
                member,
                record.line,
                parser,
                record.process,
                record.pid,
                record.level,
                record.task,
                hit.selector,
                record.count,
                record.syslog_host,
                record.stamp,
                record.message[:LONGEST_MESSAGE],
                text,
                hit.fields,
            )
            if hit.selector in held_back:
                self.take((row,))
            elif scans is not None:
                scans.take(row)
            else:
                self._append(row)

    def take(self, rows: Iterable[Row]) -> None:
        """Append rows, or hold back what may be the last of a sparse kind."""
        for row in rows:
            if row.kind in self._sparse:
                self._hold_end_of_fold((row.kind, row.bundle, row.member), row)
            elif row.kind in self._keep.hourly:
                of_hour = *_hour_of(row), *sorted(row.fields.items())
                self._hold_end_of_fold((row.kind, row.bundle, row.member, *of_hour), row)
            elif row.kind in self._keep.repeated:
                minute = row.when.at.minute if isinstance(row.when, Moment) else row.when.minute
                alike = *_hour_of(row), minute // 5, row.task, row.message
                self._hold_end_of_fold((row.kind, row.bundle, row.member, *alike), row)
            else:
                self._append(row)

    def taken(self) -> list[Row]:
        """Return the rows so far, and forget them."""
        rows, self.rows, self.waiting = self.rows, [], 0
        return rows

    def close(self) -> list[Row]:
        """Return all that is left, with what was held back."""
        if self._scans is not None:
            self._scans.close()
        # A sparse kind's only event is among the rows already.
        self.rows += [row for row in self._ends.values() if row.count]
        self._ends = {}
        return self.taken()

    def _hold_end_of_fold(self, key: tuple[object, ...], row: Row) -> None:
        last = self._ends.get(key)
        if last is None and row.count:
            self._append(row)
        self._ends[key] = row._replace(count=last.count + row.count if last else 0)

    def _begin(self, place: tuple[str, str, str]) -> None:
        """Begin another log."""
        if self._scans is not None:
            self._scans.close()
        self._place = place
        self._scans = QuietScans(self._append) if place[-1] == _SMLOG else None

    def _append(self, row: Row) -> None:
        self.rows.append(row)
        weight = len(row.message) // TEXT_OF_A_ROW or 1
        self.count += weight
        self.waiting += weight


def _hour_of(row: Row) -> tuple[object, ...]:
    when = row.when
    if isinstance(when, Moment):
        return when.at.date(), when.at.hour
    return when.year, when.month, when.day, when.hour
