"""What stands in the full timeline beside the kept records: what was made of them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from analyzer.model.clock import ClockChange, ClockChangeKind
from analyzer.model.code import code
from analyzer.model.entry import Entry, EntryKind
from analyzer.model.finding import Evidence, EvidenceRole, Finding, Severity
from analyzer.model.hole import Hole
from analyzer.model.incident import Incident
from analyzer.model.report import Report
from analyzer.model.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """Which lines findings and incidents rest on."""

    findings: Mapping[Source, tuple[tuple[Finding, Evidence], ...]]
    incidents: Mapping[Source, tuple[str, ...]]


def quoted(report: Report) -> Quoted:
    """Return the lines of a report, each with all that it shows."""
    findings: dict[Source, tuple[tuple[Finding, Evidence], ...]] = {}
    for outcome in report.outcomes:
        for finding in outcome.findings:
            for evidence in finding.evidence:
                if evidence.role is not EvidenceRole.SHOWS:
                    continue
                source = evidence.source
                findings[source] = (*findings.get(source, ()), (finding, evidence))
    incidents: dict[Source, tuple[str, ...]] = {}
    for incident in report.incidents:
        for evidence in incident.evidence:
            source = evidence.source
            incidents[source] = (*incidents.get(source, ()), incident.id)
    return Quoted(findings=findings, incidents=incidents)


def marked(entry: Entry, quotes: Quoted) -> Entry:
    """Return a record with the findings and incidents that quote it."""
    own = [finding for finding, _ in quotes.findings.get(entry.source, ())]
    told = tuple(dict.fromkeys(quotes.incidents.get(entry.source, ())))
    return _with_findings(replace(entry, incidents=told), own) if own or told else entry


def _with_findings(entry: Entry, findings: Sequence[Finding]) -> Entry:
    titles = dict.fromkeys(finding.title for finding in findings)
    return replace(
        entry,
        title="; ".join(titles) or entry.title,
        kinds=tuple(dict.fromkeys((*entry.kinds, *(finding.rule for finding in findings)))),
        findings=tuple(dict.fromkeys(finding.id for finding in findings)),
        severity=_worst(findings),
    )


def _worst(findings: Sequence[Finding]) -> Severity | None:
    return min((each.severity for each in findings), key=lambda each: each.rank, default=None)


def made(
    report: Report, quotes: Quoted, known: Collection[Source], names: Mapping[str, str]
) -> Iterator[Entry]:
    """Yield what is no kept record: other quoted lines, incidents, holes, changes of a clock.

    ``known`` are the lines that are entries already, ``names`` is bundle → name of the host.
    """
    for source, uses in quotes.findings.items():
        if source not in known and uses[0][1].at is not None:
            yield _evidence(uses, names)
    for incident in report.incidents:
        yield from _incident(incident)
    yield from (_hole(hole) for hole in report.holes)
    for clock in report.clocks:
        yield from (_change(change) for change in clock.changes if _worth_telling(change, report))


def _evidence(uses: Sequence[tuple[Finding, Evidence]], names: Mapping[str, str]) -> Entry:
    evidence = uses[0][1]
    assert evidence.at is not None
    source = evidence.source
    entry = Entry(
        moment=evidence.at,
        what=EntryKind.FINDING,
        host=names.get(source.bundle, source.bundle),
        lane=source.member.rpartition("/")[2],
        source=source,
        kinds=(),
        title="",
        message=evidence.text,
        text=evidence.text,
    )
    return _with_findings(entry, [finding for finding, _ in uses])


def _incident(incident: Incident) -> Iterator[Entry]:
    last = next((each for each in incident.evidence if each.at == incident.ended), None)
    began = Entry(
        moment=incident.began,
        what=EntryKind.INCIDENT_BEGAN,
        host=incident.host,
        lane="incident",
        source=incident.evidence[0].source,
        kinds=(incident.id, code(incident.kind), "incident"),
        title=incident.title,
        message=" ".join(f"{each.type} {each.uuid}" for each in incident.subjects),
        text=incident.evidence[0].text,
        incidents=(incident.id,),
        count=incident.count,
        until=incident.ended,
    )
    yield began
    if incident.ended is not None:
        yield replace(
            began,
            moment=incident.ended,
            what=EntryKind.INCIDENT_ENDED,
            source=last.source if last else began.source,
            text=last.text if last else began.text,
            count=1,
            until=None,
        )


def _hole(hole: Hole) -> Entry:
    beside = hole.before or hole.after or Source(bundle=hole.bundle, member=hole.source)
    return Entry(
        moment=hole.began,
        what=EntryKind.HOLE,
        host=hole.host,
        lane=hole.source,
        source=beside,
        kinds=("hole",),
        title=f"nothing was read: {hole.kind}",
        message=f"expected: {hole.expected}" if hole.expected else "",
        text="",
        until=hole.ended,
    )


def _worth_telling(change: ClockChange, report: Report) -> bool:
    """Tell whether no incident tells of a change already; a boot is told of by its lines."""
    told = any(
        incident.bundle == change.bundle and change.after in incident.evidence
        for incident in report.incidents
    )
    return change.kind is not ClockChangeKind.REBOOT and not told


def _change(change: ClockChange) -> Entry:
    return Entry(
        moment=change.at,
        what=EntryKind.CLOCK,
        host=change.host,
        lane="clock",
        source=change.after.source,
        kinds=("clock",),
        title=f"{change.kind}{change.by}",
        message=change.after.text,
        text=change.after.text,
    )
