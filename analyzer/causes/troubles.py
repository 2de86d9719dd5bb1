"""Troubles of a run: its findings, and the incidents that an edge names."""

from collections.abc import Iterable, Mapping, Sequence

from analyzer.case.case import Case
from analyzer.causes.edges import Edges, Join
from analyzer.causes.places import Places
from analyzer.causes.trouble import Trouble
from analyzer.model.code import code
from analyzer.model.finding import Evidence, Finding, Outcome
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
    troubles: list[Trouble] = []
    for one in befell:
        if code(one.kind) in named:
            subjects = _by_type((subject.type, subject.uuid) for subject in one.subjects)
            hosts = frozenset(subjects.get("Host", ()))
            logged = _lines_logged_by_host(one.evidence)
            own = [e for e in logged if not hosts or places.host(e.source.bundle) in hosts]
            disks = frozenset(subjects.get("VDI", ()))
            troubles.append(
                Trouble(
                    id=one.id,
                    rule=code(one.kind),
                    keys={
                        Join.HOST: hosts,
                        Join.POOL: places.pools_of_bundles(e.source.bundle for e in one.evidence),
                        Join.SR: frozenset(subjects.get("SR", ())),
                        Join.VDI: disks,
                        Join.DISK: places.made_of_each_other(disks) or places.live(disks),
                        Join.REPLACED: places.live(disks),
                    },
                    first=one.began,
                    last=one.ended or one.last_seen or one.began,
                    bundles=frozenset(e.source.bundle for e in own),
                    incident=one,
                    sources=tuple(e.source for e in one.evidence),
                    dated=_surest_moment(own or one.evidence),
                )
            )
    return tuple(sorted(findings, key=_id_of_trouble)) + tuple(sorted(troubles, key=_id_of_trouble))


def _id_of_trouble(trouble: Trouble) -> str:
    return trouble.id


def _of_finding(finding: Finding, places: Places) -> Trouble:
    subjects = _by_type((subject.type, subject.uuid) for subject in finding.subjects)
    disks = frozenset(subjects.get("VDI", ()))
    quoted = {e.source.bundle for e in finding.evidence}
    logged = _lines_logged_by_host(finding.evidence)
    pools = frozenset(subjects.get("Pool", ())) or places.pools_of_bundles(quoted)
    # The hosts that a finding is about; without one it names, those whose logs show it.
    named = subjects.get("Host", ())
    hosts_subjects = frozenset(places.named(host, quoted) for host in named)
    hosts_of_finding = hosts_subjects or frozenset(places.host(e.source.bundle) for e in logged)
    # Return bundle → when its logs first show the finding. Lines from certainly before it are
    # quoted as its history, such as a pointer that went stale; of a finding that was seen by its
    # state only all are.
    first: dict[str, Moment] = {}
    for evidence in logged if finding.first_seen else ():
        at, bundle = evidence.at, evidence.source.bundle
        if at is None or at.certainly_before(finding.first_seen or at):
            continue
        if bundle not in first or at.at < first[bundle].at:
            first[bundle] = at
    return Trouble(
        id=finding.id,
        rule=finding.rule,
        keys={
            Join.VDI: disks,
            Join.DISK: places.live(disks),
            Join.REPLACED: places.live(disks),
            Join.SR: frozenset(subjects.get("SR", ())) | places.repositories(disks),
            Join.HOST: hosts_of_finding,
            Join.POOL: pools or places.pools_of_disks(disks),
        },
        first=finding.first_seen,
        last=finding.last_seen,
        bundles=frozenset(e.source.bundle for e in logged),
        finding=finding,
        sources=tuple(e.source for e in logged),
        clocks=first,
        dated=_surest_moment(logged) or finding.first_seen,
    )


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
