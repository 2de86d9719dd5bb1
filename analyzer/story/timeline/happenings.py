"""All that has a time and tells something, in one list, which every telling of time reads.

The lines that findings quote or that set the scene, incidents, holes, changes of clocks, backup
runs and NBD sessions. The full timeline tells the same entries among all lines that were kept.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from analyzer.bundle.names import log_name
from analyzer.case.case import Case
from analyzer.model.clock import ClockChangeKind
from analyzer.model.code import code
from analyzer.model.entry import Entry, EntryKind
from analyzer.model.event import Event
from analyzer.model.finding import Evidence, EvidenceRole, Finding
from analyzer.model.hole import Hole
from analyzer.model.incident import Incident
from analyzer.model.lines import Mark, with_mark
from analyzer.model.nbd_view import NbdConnection
from analyzer.model.report import Report
from analyzer.model.run import BackupRun
from analyzer.model.source import Source
from analyzer.parsers import log_parser
from analyzer.story.timeline.order import in_order
from analyzer.values import dataclass

_SCENES = 50  # of a kind that sets the scene: where it happened; findings hold the counts


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


def happenings(case: Case, report: Report, titles: Mapping[str, str]) -> tuple[Entry, ...]:
    """Return the entries of a report that has all but them; ``titles`` are the scene's, by kind.

    Of a kind with many events the first and the last are told.
    """
    quotes = quoted(report)
    boots = (change.after.source for clock in report.clocks for change in clock.changes)
    wanted = {*quotes.findings, *boots}
    for kind in titles:
        events = case.events.of(kind)
        half = _SCENES // 2
        ends = events if len(events) <= _SCENES else events[:half] + events[-half:]
        wanted.update(event.source for event in ends)
    kept = tuple(records(case.events.of_lines(wanted), titles))
    hosts = {host.bundle: host.name for host in case.hosts}
    hosts |= {bundle: hosts[own] for bundle, own in case.beside.items() if own in hosts}
    lines: list[Entry] = []
    for entry in kept:
        quoted_at_all = entry.source in quotes.findings or entry.source in quotes.incidents
        lines.append(with_mark(entry, mark_of(entry.source, quotes)) if quoted_at_all else entry)
    return in_order([*lines, *made(report, quotes, kept, hosts)])


def records(events: Iterable[Event], titles: Mapping[str, str]) -> Iterator[Entry]:
    """Yield one entry a line, however many selectors kept it."""
    lines: dict[Source, list[Event]] = {}
    for event in events:
        lines.setdefault(event.source, []).append(event)
    return (_record_of_titles(own, titles) for own in lines.values())


def _record_of_titles(events: Sequence[Event], titles: Mapping[str, str]) -> Entry:
    first = events[0]
    kinds = tuple(event.kind for event in events)
    values = {name: value for event in reversed(events) for name, value in event.fields.items()}
    return Entry(
        moment=first.moment,
        what=EntryKind.RECORD,
        host=first.host,
        lane=first.parser,
        source=first.source,
        kinds=kinds,
        title="; ".join(dict.fromkeys(titles[kind] for kind in kinds if kind in titles)),
        message=first.message,
        text=first.text,
        process=first.process,
        pid=first.pid,
        task=first.task,
        level=first.level,
        sr=values.get("sr"),
        vdi=values.get("vdi"),
        vbd=values.get("vbd"),
        session=values.get("session"),
        count=max(event.count for event in events),
    )


def mark_of(source: Source, quotes: Quoted) -> Mark:
    """Return what is made of a line by all that quotes it."""
    findings = [finding for finding, _ in quotes.findings.get(source, ())]
    worst = min((each.severity for each in findings), key=lambda each: each.rank, default=None)
    return Mark(
        title="; ".join(dict.fromkeys(finding.title for finding in findings)),
        rules=tuple(dict.fromkeys(finding.rule for finding in findings)),
        findings=tuple(dict.fromkeys(finding.id for finding in findings)),
        incidents=tuple(dict.fromkeys(quotes.incidents.get(source, ()))),
        severity=worst.value if worst else "",
    )


def _other_quotes(
    quotes: Quoted, kept: Sequence[Entry], hosts: Mapping[str, str]
) -> Iterator[Entry]:
    """Yield the dated lines that findings quote and no selector kept."""
    known = {entry.source for entry in kept}
    for source, uses in quotes.findings.items():
        evidence = uses[0][1]
        if source in known or evidence.at is None:
            continue
        # The name of the source that a member belongs to.
        log = log_name(source.member)
        parser = log_parser(log) if log else None
        lane_of_member = (
            parser.name
            if parser
            else source.member.rsplit("/", maxsplit=1)[-1]
            if log
            else "alerts"
        )
        entry = Entry(
            moment=evidence.at,
            what=EntryKind.FINDING,
            host=hosts.get(source.bundle, source.bundle),
            lane=lane_of_member,
            source=source,
            kinds=(),
            title="",
            message=evidence.text,
            text=evidence.text,
        )
        yield with_mark(entry, mark_of(source, quotes)._replace(incidents=()))


def made(
    report: Report, quotes: Quoted, kept: Sequence[Entry], hosts: Mapping[str, str]
) -> Iterator[Entry]:
    """Yield what is no kept line: other quotes, incidents, holes, clocks, runs, sessions.

    A change of a clock that an incident tells of is no entry, nor is a boot whose line is ``kept``.
    ``hosts`` is bundle → name of its host.
    """
    yield from _other_quotes(quotes, kept, hosts)
    for incident in report.incidents:
        yield from _incident_ends(incident)
    yield from map(_hole_entry, report.holes)
    boots = {entry.source for entry in kept}
    told = {(incident.bundle, each) for incident in report.incidents for each in incident.evidence}
    for change in (change for clock in report.clocks for change in clock.changes):
        line_tells = change.kind is ClockChangeKind.REBOOT and change.after.source in boots
        if not line_tells and (change.bundle, change.after) not in told:
            yield Entry(
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
    yield from map(_backup_run, report.runs)
    for connection in (each for view in report.nbd for each in view.connections):
        yield from _nbd_session(connection)


def _incident_ends(incident: Incident) -> Iterator[Entry]:
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
        until=incident.ended or incident.last_seen,
        open=incident.ended is None,
        objects=tuple(subject.uuid for subject in incident.subjects),
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
            open=False,
        )


def _hole_entry(hole: Hole) -> Entry:
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


def _backup_run(run: BackupRun) -> Entry:
    """Return a run at its first call; it is of a pool, whichever host that call stands on."""
    calls = [step.evidence for disk in run.disks for step in disk.steps]
    first = next((call for call in calls if call.at == run.began), None)
    return Entry(
        moment=run.began,
        what=EntryKind.RUN,
        host="",
        lane="backup run",
        source=first.source if first else Source(bundle="", member=""),
        kinds=(run.id, "run"),
        title=run.verdicts,
        message=f"{run.pool.type} {run.pool.called}" if run.pool else "",
        text=first.text if first else "",
        until=run.ended,
        objects=tuple(disk.vdi.uuid for disk in run.disks),
    )


def _nbd_session(each: NbdConnection) -> Iterator[Entry]:
    if first := each.began or each.ended:
        line = each.evidence[0] if each.evidence else None
        yield Entry(
            moment=first,
            what=EntryKind.SESSION,
            host=each.host.name or each.host.uuid,
            lane="NBD session",
            source=line.source if line else Source(bundle=each.bundle, member=""),
            kinds=("session", code(each.fate)),
            title=each.fate.value,
            message="",
            text=line.text if line else "",
            pid=each.pid,
            vbd=each.vbd,
            vdi=each.vdi.uuid if each.vdi else None,
            session=each.session,
            until=each.ended if each.began else None,
        )
