"""What all checks need to make a finding: quotations, subjects, times in words, filled texts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from analyzer.case.case import Case, HostReport
from analyzer.case.pool import PoolState
from analyzer.case.pool import quote as quote_fields
from analyzer.model.event import Event
from analyzer.model.finding import (
    Advice,
    Basis,
    Confidence,
    Evidence,
    EvidenceRole,
    Finding,
    Severity,
    Subject,
)
from analyzer.model.goal import Standing
from analyzer.model.moment import Moment
from analyzer.model.rule import RuleText, fields_of, filled
from analyzer.model.sentence import FIELD, Sentence, Value, joined, often
from analyzer.model.xapi import XapiObject

MOST_QUOTES = 6
Row = Mapping[str, Value]


def found(
    text: RuleText,
    told: tuple[str, str],
    *,
    basis: Basis,
    confidence: Confidence,
    subjects: tuple[Subject, ...],
    rows: Sequence[Row],
    evidence: tuple[Evidence, ...],
    events: Sequence[Event] = (),
    severity: Severity | None = None,
    count: int | None = None,
) -> Finding:
    """Return a finding: ``told`` is (title, detail), the last row fills them, all fill the steps.

    ``events`` give it its times and, unless `count` does, its number.
    """
    first, last = span(events) if events else (None, None)
    return Finding(
        rule=text.id,
        title=prose(told[0], rows[-1]),
        severity=severity or text.severity,
        confidence=confidence,
        basis=basis,
        subjects=subjects,
        detail=prose(told[1], rows[-1]),
        action=steps(text.action, rows),
        goals=text.goals,
        evidence=evidence,
        first_seen=first,
        last_seen=last,
        count=count or max(total(events), 1),
        wrong_if=prose(text.wrong_if, rows[-1]),
        references=text.references,
    )


def over(finding: Finding, why: str, *lines: Event) -> Finding:
    """Return a finding as over since the last of some lines, which show it and are quoted."""
    shown = (replace(quote(line), role=EvidenceRole.BACKGROUND) for line in lines)
    return replace(
        finding,
        evidence=(*finding.evidence, *shown),
        state=Standing.OVER,
        state_why=why,
        over_since=lines[-1].moment,
    )


def times(events: Sequence[Event]) -> dict[str, Value]:
    """Return the fields ``often``, ``first`` and ``last`` of one or more events; {} for none."""
    if not events:
        return {}
    first, last = span(events)
    return {"often": how_often(events), "first": first, "last": last}


def how_often(events: Sequence[Event]) -> Sentence:
    """Say how often one or more events happened, and when."""
    return often(total(events), *span(events))


def quote(event: Event) -> Evidence:
    """Return the line of an event as evidence."""
    return Evidence(source=event.source, text=event.text, at=event.moment)


def quote_row(row: XapiObject, *fields: str) -> Evidence:
    """Return the named fields of a database row as evidence."""
    return Evidence(source=row.source, text=quote_fields(row, *fields))


def quote_ends(events: Sequence[Event], most: int = MOST_QUOTES) -> tuple[Evidence, ...]:
    """Return the first and the last events as evidence, at most `most` of them."""
    if len(events) <= most:
        return tuple(quote(event) for event in events)
    half = most // 2
    return tuple(quote(event) for event in (*events[: most - half], *events[-half:]))


def span(events: Sequence[Event]) -> tuple[Moment, Moment]:
    """Return the moments of the earliest and the latest of one or more events."""
    moments = sorted((event.moment for event in events), key=lambda moment: moment.at)
    return moments[0], moments[-1]


def total(events: Sequence[Event]) -> int:
    """Return how often the events happened, with what syslog folded together."""
    return sum(event.count for event in events)


def listed(names: Sequence[str]) -> Sentence:
    """Return names as a list in a sentence.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return joined(names, ", ", " and ")


def prose(text: str, values: Row) -> Sentence:
    """Fill a text; what a value left empty leaves no double blank, and values stay as they are."""
    shown = FIELD.sub(lambda field: "" if values.get(field[1]) == "" else field[0], text)
    return Sentence(" ".join(shown.split()), values)


def steps(action: Sequence[Advice], rows: Sequence[Row]) -> tuple[Advice, ...]:
    """Fill each step once per row; a row that lacks one of its fields passes the step by.

    So a step that names a network is written for each network, and one for live disks is left
    out for a snapshot.
    """
    made: dict[Advice, None] = {}
    for step in action:
        for row in rows:
            if all(name in row for name in fields_of(step)):
                made[filled(step, row)] = None
    return tuple(made)


def named(name: str | None, uuid: str) -> str:
    """Return an object's name with its uuid, or the uuid alone."""
    return f"{name} ({uuid})" if name else uuid


def host_subject(report: HostReport) -> Subject:
    """Return a host as the subject of a finding."""
    return Subject(type="Host", uuid=report.host_uuid or report.name, name=report.name)


def outsiders(case: Case, events: Sequence[Event]) -> tuple[tuple[Event, ...], ...]:
    """Return the events of hosts whose pool has no database here, grouped by report."""
    inside = {bundle for pool in case.pools for bundle in case.world.bundles_of(pool)}
    groups: dict[str, list[Event]] = {}
    for event in events:
        if event.source.bundle not in inside:
            groups.setdefault(event.source.bundle, []).append(event)
    return tuple(tuple(group) for group in groups.values())


def pool_or_hosts(
    case: Case, pool: PoolState | None, events: Sequence[Event]
) -> tuple[Subject, ...]:
    """Return the pool as the subject of a finding, or its hosts where its row was not read."""
    if pool is not None and pool.pool is not None:
        return (Subject(type="Pool", uuid=pool.pool.uuid, name=pool.pool.name_label or None),)
    bundles = {event.source.bundle for event in events}
    own = {report.bundle for report in case.world.reports_of(pool)} if pool else bundles
    return tuple(host_subject(report) for report in case.hosts if report.bundle in own)


def pool_name(pool: PoolState | None, events: Sequence[Event] = ()) -> str:
    """Return what to call a pool in a sentence: its name, its uuid, or "of" one of its hosts."""
    if pool is not None and pool.pool is not None:
        return pool.pool.name_label or pool.pool.uuid
    hosts = [host.name_label or host.uuid for host in pool.hosts] if pool else []
    names = sorted(hosts or {event.host for event in events})
    return f"of {names[0]}" if names else "without a name"


def near(one: Event, other: Event, distance: timedelta) -> bool:
    """Tell whether two events are as near as `distance` as far as their times are known."""
    return one.moment.within(other.moment, distance)
