"""NBD as the report shows it, one view per pool: who would answer, who served, what is left.

Nothing is computed here that a rule could need: the views join what `nbd_info`, `nbd_sessions`
and `dom0_attachments` found with the names of pools, hosts and disks, and say what was not read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from analyzer.case.case import Case, HostReport
from analyzer.case.pool import PoolState
from analyzer.model.finding import Finding, Gap, Outcome, Subject
from analyzer.model.nbd import Dom0Attachment, NbdInfo
from analyzer.model.nbd_view import NbdView
from analyzer.model.report import Coverage
from analyzer.rebuilt.nbd.dom0.attachments import dom0_attachments
from analyzer.rebuilt.nbd.info.answer import nbd_infos
from analyzer.rebuilt.nbd.info.nbd_purposes import before_nbd, purposes_of
from analyzer.rebuilt.nbd.sessions.sessions import concurrency, nbd_sessions, server_runs
from analyzer.story.nbd.connections import connections_of, leftovers_of
from analyzer.story.nbd.hosts import Served, hosts_of
from analyzer.story.nbd.places import FindingIds, networks_of

_RULES = ("nbd-", "vdi-left-attached-to-dom0")

Members = Mapping[Subject, Sequence[HostReport]]


def nbd_views(
    case: Case, outcomes: Sequence[Outcome], coverage: Sequence[Coverage] = ()
) -> tuple[NbdView, ...]:
    """Return one view per pool, by name, and last the hosts that no database names, if any."""
    ends: dict[str, datetime] = {}
    for row in coverage:
        if row.parser == "daemon_log" and row.last is not None and row.last.year_known:
            ends[row.bundle] = max(row.last.at, ends.get(row.bundle, row.last.at))
    served = Served(
        sessions=nbd_sessions(case),
        runs=server_runs(case),
        concurrency=concurrency(case),
        attachments=dom0_attachments(case),
        read_until=ends,
    )
    return views_of(case, outcomes, nbd_infos(case), served)


def views_of(
    case: Case, outcomes: Sequence[Outcome], infos: Mapping[str, NbdInfo], served: Served
) -> tuple[NbdView, ...]:
    """Return the views of a case whose NBD has been rebuilt; ``infos`` is by SR."""
    findings = [f for outcome in outcomes for f in outcome.findings if f.rule.startswith(_RULES)]
    views = [
        _view_of_pool(
            case,
            pool,
            findings,
            infos,
            replace(served, attachments=_attachments_of_dom0(pool, served)),
        )
        for pool in case.pools
    ]
    known = {host.uuid for pool in case.pools for host in pool.hosts}
    alone = [report for report in case.hosts if report.host_uuid not in known]
    owned = {id(each) for pool in case.pools for each in _attachments_of_dom0(pool, served)}
    others = tuple(each for each in served.attachments if id(each) not in owned)
    if alone or others:
        rest = replace(served, attachments=others)
        views.append(_without_pool(case, alone, findings, rest))
    return tuple(sorted(views, key=lambda view: view.key))


def _attachments_of_dom0(pool: PoolState, served: Served) -> tuple[Dom0Attachment, ...]:
    """Return the disks that control domains of a pool hold."""
    members = {host.uuid for host in pool.hosts}
    uuid = pool.pool.uuid if pool.pool else None
    return tuple(a for a in served.attachments if a.host in members or (uuid and a.pool == uuid))


def _view_of_pool(
    case: Case,
    pool: PoolState,
    findings: Sequence[Finding],
    infos: Mapping[str, NbdInfo],
    served: Served,
) -> NbdView:
    members = {
        Subject(type="host", uuid=host.uuid, name=host.name_label or host.hostname): [
            report for report in case.hosts if report.host_uuid == host.uuid
        ]
        for host in pool.hosts
    }
    given = (report.bundle for reports in members.values() for report in reports)
    own = _findings_within(findings, frozenset((*given, *pool.bundles)))
    ids = _ids_by_object(own)
    answers_own = [
        info for uuid, info in infos.items() if pool.sr(uuid) and pool.vdi(info.vdi.uuid)
    ]
    answers = tuple(sorted(answers_own, key=lambda info: (info.sr.name or "", info.sr.uuid)))
    view = _view_of_served(case, members, served, ids)
    used = bool(purposes_of(pool).any or _is_any_sign(view))
    return NbdView(
        pool=pool.pool.name_label or "" if pool.pool else "",
        uuid=pool.pool.uuid if pool.pool else str(pool.source),
        in_use=True if used else _certainly_unused(pool, view),
        networks=networks_of(pool, answers, ids),
        hosts=view.hosts,
        infos=answers,
        connections=view.connections,
        connections_left_out=view.connections_left_out,
        leftovers=view.leftovers,
        unread=_gaps_of_pool(pool),
        findings=tuple(finding.id for finding in own),
    )


def _without_pool(
    case: Case, reports: Sequence[HostReport], findings: Sequence[Finding], served: Served
) -> NbdView:
    """Return the view of hosts of which no database was read: only what they logged."""
    members: dict[Subject, list[HostReport]] = {}
    for report in reports:
        host = Subject(type="host", uuid=report.host_uuid or report.bundle, name=report.name)
        members.setdefault(host, []).append(report)
    own = _findings_within(findings, frozenset(report.bundle for report in reports))
    view = _view_of_served(case, members, served, _ids_by_object(own))
    gap = Gap(
        need="xapi_db",
        host=reports[0].name if reports else "",
        why="no xapi database was read that names this host, so nothing is known of its networks",
        settle_with="xen-bugtool --yestoall  # on the pool's master",
    )
    return NbdView(
        pool="",
        uuid="",
        in_use=True if _is_any_sign(view) else None,
        networks=(),
        hosts=view.hosts,
        infos=(),
        connections=view.connections,
        connections_left_out=view.connections_left_out,
        leftovers=view.leftovers,
        unread=(gap,),
        findings=tuple(finding.id for finding in own),
    )


def _findings_within(findings: Iterable[Finding], bundles: frozenset[str]) -> list[Finding]:
    """Return the findings that quote any of these bundles."""
    return [f for f in findings if any(e.source.bundle in bundles for e in f.evidence)]


def _ids_by_object(findings: Iterable[Finding]) -> FindingIds:
    """Return the ids of the findings by the uuid of what they are about."""
    found: dict[str, list[str]] = {}
    for finding in findings:
        for subject in finding.subjects:
            found.setdefault(subject.uuid, []).append(finding.id)
    return {uuid: tuple(dict.fromkeys(ids)) for uuid, ids in found.items()}


def _view_of_served(case: Case, members: Members, served: Served, ids: FindingIds) -> NbdView:
    """Return a view with only what the hosts served and left."""
    host_of = {report.bundle: host for host, reports in members.items() for report in reports}
    host_of |= {b: host_of[own] for b, own in case.beside.items() if own in host_of}
    sessions = served.of(host_of).sessions
    connections, left_out = connections_of(host_of, case.pools, sessions)
    by_uuid = {host.uuid: host for host in members}
    return NbdView(
        pool="",
        uuid="",
        in_use=None,
        networks=(),
        hosts=hosts_of(case, members, served, ids),
        infos=(),
        connections=connections,
        connections_left_out=left_out,
        leftovers=leftovers_of(by_uuid, case.pools, served.attachments, ids),
    )


def _is_any_sign(view: NbdView) -> bool:
    return bool(view.leftovers) or any(host.sessions for host in view.hosts)


def _certainly_unused(pool: PoolState, view: NbdView) -> bool | None:
    """Tell that NBD is certainly not used, given that no sign of its use was seen."""
    if before_nbd(pool):
        return False
    read = not any(host.unread for host in view.hosts)
    return False if read and purposes_of(pool).known else None


def _gaps_of_pool(pool: PoolState) -> tuple[Gap, ...]:
    if pool.complete:
        return ()
    name = pool.pool.name_label or pool.pool.uuid if pool.pool else ""
    return (
        Gap(
            need="xapi_db",
            host=name,
            why=f"the copy of the database is not whole: {pool.source}, {pool.chosen_because}",
            settle_with="xen-bugtool --yestoall  # on the pool's master",
        ),
    )
