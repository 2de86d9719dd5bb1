"""The timeline: the evidence of findings and the context events, merged over hosts."""

from collections.abc import Sequence

from analyzer.bundle.names import log_name
from analyzer.case.case import Case
from analyzer.model.event import Event
from analyzer.model.finding import Evidence, EvidenceRole, Finding, Outcome
from analyzer.model.report import TimelineEvent
from analyzer.parsers import log_parser

_PER_KIND = 50


def timeline_of(
    outcomes: Sequence[Outcome],
    context: Sequence[tuple[str, str]],
    case: Case,
) -> tuple[TimelineEvent, ...]:
    """Return the points to draw, ordered by time, host, member and line.

    ``context`` holds (kind, title) of the selectors that set the scene. Of a kind with many
    events, the first and the last of each bundle are kept: the timeline shows where things
    happened, the counts are in the findings.
    """
    host_names = {report.bundle: report.name for report in case.hosts}
    host_names |= {b: host_names[own] for b, own in case.beside.items() if own in host_names}
    points = [
        _of_evidence(finding, evidence, host_names)
        for outcome in outcomes
        for finding in outcome.findings
        for evidence in finding.evidence
        if evidence.role is EvidenceRole.SHOWS
    ]
    for kind, title in context:
        kept = case.events.of(kind)
        chosen = (
            kept if len(kept) <= _PER_KIND else kept[: _PER_KIND // 2] + kept[-_PER_KIND // 2 :]
        )
        points += [_of_event(event, title) for event in chosen]
    return tuple(sorted(points, key=_order))


def _order(point: TimelineEvent) -> tuple[str, str, str, int, str]:
    at = point.moment.at.isoformat()
    return (at, point.host, point.source.member, point.source.line, point.label)


def _of_evidence(finding: Finding, evidence: Evidence, host_names: dict[str, str]) -> TimelineEvent:
    assert evidence.at is not None
    return TimelineEvent(
        moment=evidence.at,
        host=host_names.get(evidence.source.bundle, evidence.source.bundle),
        lane=_lane(evidence.source.member),
        label=finding.title,
        severity=finding.severity,
        finding=finding.id,
        source=evidence.source,
        text=evidence.text,
    )


def _lane(member: str) -> str:
    """Return the name of the source that a member belongs to."""
    log = log_name(member)
    parser = log_parser(log) if log else None
    return parser.name if parser else member.rsplit("/", maxsplit=1)[-1] if log else "alerts"


def _of_event(event: Event, title: str) -> TimelineEvent:
    return TimelineEvent(
        moment=event.moment,
        host=event.host,
        lane=event.parser,
        label=title,
        severity=None,
        finding=None,
        source=event.source,
        text=event.text,
    )
