"""The NBD connections of a case, as they are asked for."""

from analyzer.case.case import Case
from analyzer.model.finding import Gap
from analyzer.model.pages import SESSION_REF, SessionNamed, SessionsPage
from analyzer.rebuilt.nbd.sessions.disks import disks_by_vbd
from analyzer.rebuilt.nbd.sessions.sessions import concurrency, nbd_sessions, server_runs

_LOG = "daemon_log"


def sessions_page(case: Case) -> SessionsPage:
    """Return all connections of a case, with the names that each may be asked for by."""
    disks = disks_by_vbd(case)
    named = []
    for session in nbd_sessions(case):
        names = (session.vbd, session.session, session.vdi, disks.uuid(session.vbd))
        told = tuple(name.lower().removeprefix(SESSION_REF) for name in names if name)
        named.append(SessionNamed(session=session, names=told))
    return SessionsPage(
        sessions=tuple(named),
        servers=tuple(server_runs(case)),
        counts=tuple(concurrency(case)),
        unread=unread_logs(case),
    )


def unread_logs(case: Case) -> tuple[Gap, ...]:
    """Return which hosts may have served clients that no log that was read shows, and why."""
    gaps = [gap for report in case.hosts if (gap := case.gap(_LOG, report.bundle)) is not None]
    missing = dict.fromkeys(name for pool in case.pools for name in case.hosts_missing(pool))
    why, settle = "no status report of this host was given", "xen-bugtool --yestoall"
    return (*gaps, *(Gap(need=_LOG, host=name, why=why, settle_with=settle) for name in missing))
