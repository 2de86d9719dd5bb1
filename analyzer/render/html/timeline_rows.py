"""The timeline as a table: all that happened, and what has no year, in the order of time."""

from datetime import datetime

from analyzer.model.entry import Entry, EntryKind
from analyzer.model.finding import Severity
from analyzer.model.moment import Moment
from analyzer.model.report import Report
from analyzer.model.source import Source
from analyzer.render.html.timeline_flags import hole_words
from analyzer.render.html.timeline_spans import POOL, ends_of, id_of, lasting, told_once
from analyzer.render.words.view import time_key
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRow:
    """One row; ``of`` is the id of the finding, incident or run that it is about."""

    first: Moment
    last: Moment
    host: str
    lane: str
    what: str
    source: Source | None
    severity: Severity | None = None
    of: str | None = None


def timeline_rows(report: Report) -> tuple[TimelineRow, ...]:
    """Return the rows by time, those that cannot be dated last."""
    pools = {id_of(entry): host for (host, _), entry in lasting(report) if not entry.host}
    rows = (_row_of_entry(entry, pools.get(id_of(entry), POOL)) for entry in told_once(report))
    return tuple(sorted(rows, key=_place_in_table))


def _place_in_table(row: TimelineRow) -> tuple[datetime, str, str, str, str]:
    return time_key(row.first), row.host, row.lane, str(row.source), row.what


def _row_of_entry(entry: Entry, pool: str) -> TimelineRow:
    first, last = ends_of(entry)
    said = hole_words(entry) if entry.what is EntryKind.HOLE else entry.title
    return TimelineRow(
        first=first,
        last=last,
        host=entry.host or pool,
        lane=entry.lane,
        what=f"{said}; its end was not seen" if entry.open else said,
        source=entry.source if entry.source.member else None,
        severity=entry.severity,
        of=id_of(entry),
    )
