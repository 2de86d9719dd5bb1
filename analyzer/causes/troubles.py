"""Troubles of a run: its findings, and the context events that an edge names."""

from collections.abc import Mapping, Sequence

from analyzer.causes.contexts import troubles_of_context
from analyzer.causes.edges import Edges, Join
from analyzer.causes.places import Places
from analyzer.causes.trouble import Trouble
from analyzer.model.finding import Finding, Outcome
from analyzer.model.moment import Moment
from analyzer.state.case import Case

_ALERTS = "var/xapi/blobs/"  # written by the master, whichever host they are about


def troubles_of(
    outcomes: Sequence[Outcome], case: Case, edges: Edges, places: Places
) -> tuple[Trouble, ...]:
    """Return all findings and all context events that an edge names, each group by id."""
    findings = [_of_finding(f, places) for outcome in outcomes for f in outcome.findings]
    used = {trouble.rule for trouble in findings}
    wanted = {edge.cause for edge in edges.edges if edge.effect in used}
    contexts = [
        trouble
        for context in edges.contexts
        if context.name in wanted
        for trouble in troubles_of_context(context, case, places)
    ]
    return tuple(sorted(findings, key=_id)) + tuple(sorted(contexts, key=_id))


def _id(trouble: Trouble) -> str:
    return trouble.id


def _of_finding(finding: Finding, places: Places) -> Trouble:
    subjects: dict[str, set[str]] = {}
    for subject in finding.subjects:
        subjects.setdefault(subject.type, set()).add(subject.uuid)
    disks = frozenset(subjects.get("VDI", ()))
    quoted = {e.source.bundle for e in finding.evidence}
    logged = tuple(
        e.source
        for e in finding.evidence
        if e.at is not None and not e.source.member.startswith(_ALERTS)
    )
    hosts = {places.named(host, quoted) for host in subjects.get("Host", ())}
    hosts |= {places.host(source.bundle) for source in logged}
    pools = frozenset(subjects.get("Pool", ())) or places.pools_of_bundles(quoted)
    return Trouble(
        id=finding.id,
        rule=finding.rule,
        keys={
            Join.VDI: disks,
            Join.SR: frozenset(subjects.get("SR", ())) | places.repositories(disks),
            Join.HOST: frozenset(hosts),
            Join.POOL: pools or places.pools_of_disks(disks),
        },
        first=finding.first_seen,
        last=finding.last_seen,
        bundles=frozenset(source.bundle for source in logged),
        finding=finding,
        sources=logged,
        clocks=_clocks(finding),
    )


def _clocks(finding: Finding) -> Mapping[str, Moment]:
    """Return bundle → when its logs first show the finding.

    Lines from certainly before it are quoted as its history, such as a pointer that went stale.
    """
    first: dict[str, Moment] = {}
    for evidence in finding.evidence:
        at, bundle = evidence.at, evidence.source.bundle
        if at is None or evidence.source.member.startswith(_ALERTS):
            continue
        if finding.first_seen and at.certainly_before(finding.first_seen):
            continue
        if bundle not in first or at.at < first[bundle].at:
            first[bundle] = at
    return first
