"""Clocks, incidents and backup runs as the page shows them, and what has no room."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from analyzer.model.entry import Entry, EntryKind
from analyzer.model.finding import Severity, Subject
from analyzer.model.incident import Incident
from analyzer.model.moment import Moment
from analyzer.model.report import Report
from analyzer.model.run import BackupRun, DiskRun, RunVerdict
from analyzer.model.source import Source
from analyzer.render.html.timeline_flags import change_words, hole_words
from analyzer.render.html.timeline_spans import POOL, ends_of, id_of, lasting, told_once
from analyzer.render.words.view import time_key
from analyzer.values import dataclass

# The timeline as a table: all that happened, and what has no year, in the order of time.


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


MOST_INCIDENTS, MOST_COLUMNS, MOST_ROWS, MOST_RUNS, MOST_DETAILS = 300, 10, 60, 30, 20
_RUN_MARKS: Mapping[RunVerdict, tuple[str, str]] = MappingProxyType(
    {  # a letter and a shape, never a colour alone
        RunVerdict.FULL: ("F", "warning"),
        RunVerdict.UNDECIDABLE: ("?", "unsure"),
        RunVerdict.INCREMENTAL: ("I", "info"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One disk and what became of it in each of the runs shown, None where it was not in one."""

    vdi: Subject
    cells: tuple[DiskRun | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTable:
    """The latest runs and their disks: those with full or undecided runs first."""

    runs: tuple[BackupRun, ...]
    rows: tuple[RunRow, ...]
    runs_left_out: int
    rows_left_out: int


def time_context(report: Report) -> dict[str, Any]:
    """Return what the templates of clocks, incidents and runs need."""
    latest_shown = report.runs[-MOST_COLUMNS:]
    cells: dict[str, dict[str, DiskRun]] = {}
    subjects: dict[str, Subject] = {}
    for latest_run in latest_shown:
        for disk in latest_run.disks:
            cells.setdefault(disk.vdi.uuid, {})[latest_run.id] = disk
            subjects[disk.vdi.uuid] = disk.vdi
    rows = [
        RunRow(
            vdi=subjects[uuid], cells=tuple(own.get(latest_run.id) for latest_run in latest_shown)
        )
        for uuid, own in cells.items()
    ]
    rows.sort(key=_row_key)
    shown = RunTable(
        runs=latest_shown,
        rows=tuple(rows[:MOST_ROWS]),
        runs_left_out=len(report.runs) - len(latest_shown),
        rows_left_out=max(len(rows) - MOST_ROWS, 0),
    )
    anchors = {each.id: f"incident-{n}" for n, each in enumerate(_incidents_shown(report), 1)}
    detailed = shown.runs[-MOST_RUNS:]
    return {
        "timeline_rows": timeline_rows(report),
        "incidents": _incidents_shown(report),
        "incident_anchors": anchors,
        "run_table": shown,
        "run_anchors": {run.id: f"run-{n}" for n, run in enumerate(detailed, 1)},
        "most_details": MOST_DETAILS,
        "run_marks": _RUN_MARKS,
        "change_words": change_words,
    }


def _incidents_shown(report: Report) -> tuple[Incident, ...]:
    return report.incidents[:MOST_INCIDENTS]


def _row_key(row: RunRow) -> tuple[bool, str, str]:
    trouble = any(cell and cell.verdict is not RunVerdict.INCREMENTAL for cell in row.cells)
    return not trouble, row.vdi.name or "", row.vdi.uuid
