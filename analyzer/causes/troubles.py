"""Troubles of a run: its findings, and the incidents that an edge names."""

from collections.abc import Iterable, Mapping, Sequence

from analyzer.case.case import Case
from analyzer.causes.edges import Edges, Join
from analyzer.causes.places import Places
from analyzer.causes.trouble import Trouble
from analyzer.model.code import code
from analyzer.model.finding import Evidence, Finding, Outcome
from analyzer.model.incident import Incident
from analyzer.model.moment import Moment
from analyzer.rebuilt.incidents.incidents import incidents

_ALERTS = "var/xapi/blobs/"  # written by the master, whichever host they are about


def troubles_of(
    outcomes: Sequence[Outcome], case: Case, edges: Edges, places: Places
) -> tuple[Trouble, ...]:
    """Return all findings and all incidents that an edge names, each group by id."""
    findings = [_of_finding(f, places) for outcome in outcomes for f in outcome.findings]
    named = {name for edge in edges.edges for name in (edge.cause, edge.effect)}
    befell = incidents(case) if findings else ()
    troubles = [_of_incident(one, places) for one in befell if code(one.kind) in named]
    return tuple(sorted(findings, key=_id_of_trouble)) + tuple(sorted(troubles, key=_id_of_trouble))


def _id_of_trouble(trouble: Trouble) -> str:
    return trouble.id


def _of_incident(incident: Incident, places: Places) -> Trouble:
    subjects = _by_type((subject.type, subject.uuid) for subject in incident.subjects)
    hosts = frozenset(subjects.get("Host", ()))
    logged = _lines_logged_by_host(incident.evidence)
    own = [e for e in logged if not hosts or places.host(e.source.bundle) in hosts]
    disks = frozenset(subjects.get("VDI", ()))
    return Trouble(
        id=incident.id,
        rule=code(incident.kind),
        keys={
            Join.HOST: hosts,
            Join.POOL: places.pools_of_bundles(e.source.bundle for e in incident.evidence),
            Join.SR: frozenset(subjects.get("SR", ())),
            Join.VDI: disks,
            Join.DISK: places.made_of_each_other(disks) or places.live(disks),
            Join.REPLACED: places.live(disks),
        },
        first=incident.began,
        last=incident.ended or incident.last_seen or incident.began,
        bundles=frozenset(e.source.bundle for e in own),
        incident=incident,
        sources=tuple(e.source for e in incident.evidence),
        dated=_surest_moment(own or incident.evidence),
    )


def _of_finding(finding: Finding, places: Places) -> Trouble:
    subjects = _by_type((subject.type, subject.uuid) for subject in finding.subjects)
    disks = frozenset(subjects.get("VDI", ()))
    quoted = {e.source.bundle for e in finding.evidence}
    logged = _lines_logged_by_host(finding.evidence)
    pools = frozenset(subjects.get("Pool", ())) or places.pools_of_bundles(quoted)
    return Trouble(
        id=finding.id,
        rule=finding.rule,
        keys={
            Join.VDI: disks,
            Join.DISK: places.live(disks),
            Join.REPLACED: places.live(disks),
            Join.SR: frozenset(subjects.get("SR", ())) | places.repositories(disks),
            Join.HOST: _hosts_of_finding(subjects.get("Host", ()), quoted, logged, places),
            Join.POOL: pools or places.pools_of_disks(disks),
        },
        first=finding.first_seen,
        last=finding.last_seen,
        bundles=frozenset(e.source.bundle for e in logged),
        finding=finding,
        sources=tuple(e.source for e in logged),
        clocks=_first_shown_by_bundle(finding, logged),
        dated=_surest_moment(logged) or finding.first_seen,
    )


def _hosts_of_finding(
    named: Iterable[str], quoted: Iterable[str], logged: Sequence[Evidence], places: Places
) -> frozenset[str]:
    """Return the hosts that a finding is about; without one it names, those whose logs show it."""
    subjects = frozenset(places.named(host, quoted) for host in named)
    return subjects or frozenset(places.host(e.source.bundle) for e in logged)


def _by_type(pairs: Iterable[tuple[str, str]]) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {}
    for kind, uuid in pairs:
        found.setdefault(kind, set()).add(uuid)
    return found


def _lines_logged_by_host(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Return the dated lines that a host logged itself."""
    return tuple(
        e for e in evidence if e.at is not None and not e.source.member.startswith(_ALERTS)
    )


def _surest_moment(evidence: Iterable[Evidence]) -> Moment | None:
    moments = [e.at for e in evidence if e.at is not None]
    return min(moments, key=lambda moment: moment.doubt, default=None)


def _first_shown_by_bundle(finding: Finding, logged: Iterable[Evidence]) -> Mapping[str, Moment]:
    """Return bundle → when its logs first show the finding.

    Lines from certainly before it are quoted as its history, such as a pointer that went stale;
    of a finding that was seen by its state only all are.
    """
    first: dict[str, Moment] = {}
    for evidence in logged if finding.first_seen else ():
        at, bundle = evidence.at, evidence.source.bundle
        if at is None or at.certainly_before(finding.first_seen or at):
            continue
        if bundle not in first or at.at < first[bundle].at:
            first[bundle] = at
    return first
