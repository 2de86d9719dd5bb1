"""Hosts of a run: which there are, and what was read and found of each."""

from collections.abc import Sequence
from datetime import UTC, datetime

from analyzer.case.case import Case, HostReport
from analyzer.case.log_coverage import log_window
from analyzer.case.pool import PoolState
from analyzer.model.finding import Finding, Subject
from analyzer.model.host import Role
from analyzer.model.host_view import HostLog, HostSr, HostView
from analyzer.model.nbd_view import NbdHost, NbdNetwork, NbdPlace
from analyzer.model.report import Report
from analyzer.model.terms import NBD_UNITS
from analyzer.model.xapi import Host
from analyzer.sources import LOGS, SCOPES, Scope
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHost:
    """A host: its reports, the oldest first, and its row, whichever there are."""

    uuid: str
    name: str
    reports: tuple[HostReport, ...]
    pool: PoolState | None
    row: Host | None

    @property
    def bundles(self) -> tuple[str, ...]:
        """Return the names of its status reports."""
        return tuple(report.bundle for report in self.reports)


def known_hosts(case: Case) -> tuple[KnownHost, ...]:
    """Return all hosts, those among them of which no report was given."""
    rows = {host.uuid: (pool, host) for pool in case.pools for host in pool.hosts}
    reports: dict[str, list[HostReport]] = {uuid: [] for uuid in rows}
    for report in case.hosts:
        reports.setdefault(report.host_uuid or f"bundle {report.bundle}", []).append(report)
    hosts = (_known_host(key, own, rows.get(key)) for key, own in reports.items())
    return tuple(sorted(hosts, key=lambda host: (host.name, host.uuid)))


def _known_host(
    key: str, reports: Sequence[HostReport], row: tuple[PoolState, Host] | None
) -> KnownHost:
    pool, host = row or (None, None)
    ordered = tuple(sorted(reports, key=_age_of_report))
    shown = ordered[-1].name if ordered else (host.name_label if host else None)
    uuid = "" if key.startswith("bundle ") else key
    return KnownHost(uuid=uuid, name=shown or uuid, reports=ordered, pool=pool, row=host)


def _age_of_report(report: HostReport) -> tuple[datetime, str]:
    moment = report.captured_at
    return (moment.at if moment else datetime.min.replace(tzinfo=UTC), report.bundle)


def host_view(case: Case, report: Report, known: KnownHost) -> HostView:
    """Return what was read and found of a host."""
    latest = known.reports[-1] if known.reports else None
    info = next((host for host in report.hosts if latest and host.bundle == latest.bundle), None)
    about, on_logs = _findings_of_host(report, known)
    pool = known.pool
    units = latest.services.services if latest and latest.services else ()
    hosts = (host for view in report.nbd for host in view.hosts)
    nbd_of_host = next((h for h in hosts if _is_same_host(h, known)), None)
    if known.pool is None or known.row is None or known.row.metrics is None:
        is_live: bool | None = None
    else:
        keys = (row for row in known.pool.host_metrics if known.row.metrics in (row.ref, row.uuid))
        metrics = next(keys, None)
        is_live = metrics.live if metrics else None
    # What every host's report should have and this one's newest has not.
    needs = [need for need, scope in SCOPES.items() if scope is Scope.EVERY_HOST]
    gaps_latest = known.bundles[-1:]
    gaps = (case.gap(need, bundle) for bundle in gaps_latest for need in needs if need not in LOGS)
    gaps_of_host = tuple(sorted(gap for gap in gaps if gap is not None))
    return HostView(
        host=Subject(type="Host", uuid=known.uuid, name=known.name),
        pool=pool.subject if pool else None,
        role=latest.role if latest else _role_in_pool(known),
        product=info.product if info else "",
        bundles=known.bundles,
        captured_at=latest.captured_at if latest else None,
        database=info.database if info else "",
        enabled=known.row.enabled if known.row else None,
        live=is_live,
        packages=info.packages if info else (),
        logs=_logs_of_report(case, report, known),
        unread=gaps_of_host,
        service=next((unit for unit in units if unit.unit in NBD_UNITS), None),
        nbd=nbd_of_host,
        places=_places_of_host(report, known),
        storages=_srs_of_host(known),
        about=about,
        on_logs=on_logs,
    )


def _role_in_pool(known: KnownHost) -> Role:
    """Return the place in its pool of a host whose report was not given."""
    pool, row = known.pool, known.row
    if pool is None or row is None or pool.pool is None or pool.pool.master is None:
        return Role.UNKNOWN
    return Role.MASTER if pool.pool.master in (row.ref, row.uuid) else Role.SUPPORTER


def _logs_of_report(case: Case, report: Report, known: KnownHost) -> tuple[HostLog, ...]:
    return tuple(
        HostLog(
            need=need,
            bundle=bundle,
            window=log_window(
                [r for r in report.coverage if (r.bundle, r.parser) == (bundle, need)]
            ),
            gap=case.gap(need, bundle),
        )
        for bundle in known.bundles
        for need in LOGS
    )


def _is_same_host(host: NbdHost, known: KnownHost) -> bool:
    if known.uuid and host.host.uuid == known.uuid:
        return True
    return bool(set(host.bundles) & set(known.bundles))


def _places_of_host(report: Report, known: KnownHost) -> tuple[tuple[NbdNetwork, NbdPlace], ...]:
    return tuple(
        (network, place)
        for view in report.nbd
        for network in view.networks
        for place in network.places
        if known.uuid and place.host == known.uuid
    )


def _srs_of_host(known: KnownHost) -> tuple[HostSr, ...]:
    pool, row = known.pool, known.row
    if pool is None or row is None:
        return ()
    found = [
        HostSr(
            sr=Subject(type="SR", uuid=sr.uuid, name=sr.name_label),
            type=sr.type,
            attached=pbd.currently_attached,
        )
        for pbd in pool.pbds
        if pbd.host in (row.ref, row.uuid) and (sr := pool.sr(pbd.sr)) is not None
    ]
    return tuple(sorted(found, key=lambda each: (each.sr.name or "", each.sr.uuid)))


def _findings_of_host(
    report: Report, known: KnownHost
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Return the findings that name the host, and the others that quote lines of its logs."""
    about: list[Finding] = []
    on_logs: list[Finding] = []
    names = {known.uuid, known.name} - {""}
    for finding in (finding for outcome in report.outcomes for finding in outcome.findings):
        hosts = {subject.uuid for subject in finding.subjects if subject.type == "Host"}
        if hosts & names:
            about.append(finding)
        elif any(e.at and e.source.bundle in known.bundles for e in finding.evidence):
            on_logs.append(finding)
    return tuple(about), tuple(on_logs)
