"""The timeline as a table: all that is drawn, and what has no year, in the order of time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from analyzer.model.finding import Severity
from analyzer.model.moment import Moment
from analyzer.model.report import Report
from analyzer.model.source import Source
from analyzer.render.html.timeline_flags import change_words, hole_words
from analyzer.render.html.timeline_spans import POOL
from analyzer.render.words.run_words import verdicts_short
from analyzer.render.words.view import time_key


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
    return tuple(sorted((*_events(report), *_lasting(report), *_clocks(report)), key=_key))


def _key(row: TimelineRow) -> tuple[datetime, str, str, str, str]:
    return time_key(row.first), row.host, row.lane, str(row.source), row.what


def _events(report: Report) -> Iterator[TimelineRow]:
    for event in report.timeline:
        yield TimelineRow(
            first=event.moment,
            last=event.moment,
            host=event.host,
            lane=event.lane,
            what=event.label,
            source=event.source,
            severity=event.severity,
            of=event.finding,
        )


def _lasting(report: Report) -> Iterator[TimelineRow]:
    for incident in report.incidents:
        unseen = "" if incident.ended else "; its end was not seen"
        yield TimelineRow(
            first=incident.began,
            last=incident.ended or incident.last_seen or incident.began,
            host=incident.host or POOL,
            lane="incident",
            what=incident.title + unseen,
            source=incident.evidence[0].source,
            of=incident.id,
        )
    for run in report.runs:
        yield TimelineRow(
            first=run.began,
            last=run.ended,
            host=run.pool.called if run.pool else POOL,
            lane="backup run",
            what=verdicts_short(run),
            source=None,
            of=run.id,
        )
    for view in report.nbd:
        for each in view.connections:
            if first := each.began or each.ended:
                yield TimelineRow(
                    first=first,
                    last=each.ended or first,
                    host=each.host.name or each.host.uuid,
                    lane="NBD session",
                    what=each.fate.value,
                    source=each.evidence[0].source if each.evidence else None,
                )


def _clocks(report: Report) -> Iterator[TimelineRow]:
    for clock in report.clocks:
        for change in clock.changes:
            yield TimelineRow(
                first=change.at,
                last=change.at,
                host=clock.host,
                lane="clock",
                what=change_words(change),
                source=change.after.source,
            )
    for hole in report.holes:
        yield TimelineRow(
            first=hole.began,
            last=hole.ended,
            host=hole.host,
            lane=hole.source,
            what=hole_words(hole),
            source=hole.before or hole.after,
        )
