"""What control domains hold without a VBD row that was read."""

from collections.abc import Iterator

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.model.finding import Evidence
from analyzer.model.nbd import Dom0Attachment, Holder, NbdSession, SessionFate
from analyzer.model.xapi import Vdi
from analyzer.rebuilt.nbd.dom0.facts import DOM0, Facts

_TYPES = ("user", "system", None)
_OWN_SRS = ("iso", "udev")
# The weekly backup of the pool's metadata (`xe-backup-metadata`) makes this disk.
_OWN_NAMES = ("Pool Metadata Backup",)
_MOST = 2


def counts(pool: PoolState, vdi: Vdi) -> bool:
    """Tell whether a disk is a user's, and not XenServer's own."""
    sr = pool.sr(vdi.sr)
    own = sr is not None and (sr.type in _OWN_SRS or sr.content_type == "iso")
    return vdi.type in _TYPES and vdi.name_label not in _OWN_NAMES and not own


def leaked_without_row(case: Case, facts: Facts) -> Iterator[Dom0Attachment]:
    """Yield what only xapi's storage layer knows: disks without a VBD that it calls leaked."""
    for host, report in facts.reports.items():
        for path in report.diagnostics.datapaths if report.diagnostics else ():
            row = case.world.vdi(path.vdi)
            pool = case.world.pool_of(row) if row else None
            ours = pool is None or row is None or counts(pool, row)
            if path.leaked and path.name.startswith(DOM0) and ours:
                yield Dom0Attachment(
                    pool=pool.pool.uuid if pool and pool.pool else "",
                    host=host,
                    vdi=path.vdi,
                    vbd=None,
                    mode=path.mode,
                    plugged=path.active,
                    leaked=True,
                    evidence=(Evidence(source=path.source, text=path.text),),
                    in_use=False,
                    because="xapi's storage layer marked it as leaked",
                )


def without_database(case: Case, facts: Facts) -> Iterator[Dom0Attachment]:
    """Yield disks that xapi-nbd never unplugged, on hosts of which no database was read."""
    known = {host.uuid for pool in case.pools for host in pool.hosts}
    known |= {bundle for pool in case.pools for bundle in pool.bundles}
    uuids = {report.bundle: report.host_uuid or report.bundle for report in case.hosts}
    for session in facts.sessions:
        host = uuids.get(session.bundle, session.bundle)
        if session.fate is SessionFate.LEAKED and not {host, session.bundle} & known:
            yield from _of_session(session, host)


def _of_session(session: NbdSession, host: str) -> Iterator[Dom0Attachment]:
    if session.vdi and session.events:
        lines = session.events[:_MOST]
        yield Dom0Attachment(
            pool="",
            host=host,
            vdi=session.vdi,
            vbd=None,
            mode="RO",
            plugged=None,
            leaked=None,
            evidence=tuple(Evidence(source=e.source, text=e.text, at=e.moment) for e in lines),
            since=session.began,
            session=session,
            by=Holder.NBD,
            because="whether it was cleaned up since is in no database that was read",
        )
