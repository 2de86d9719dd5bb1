"""Dom0 attachments: which disks the control domains hold, for whom, since when, and still used?

xapi-nbd attaches a disk to the control domain of its host for each client, and xapi does so for an
export, an import or a copy; both make a VBD and remove it (xen-api `ocaml/nbd/src/cleanup.ml`,
`ocaml/xapi/attach_helpers.ml`). Disks of XenServer's own (HA state, redo logs, pool metadata,
suspend images, PVS caches, the tools ISO and whatever lies on an SR of ISOs or of devices) belong
there, and are left out.
"""

from collections.abc import Sequence

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.case.quotation import quote
from analyzer.model.finding import Evidence
from analyzer.model.host import Datapath
from analyzer.model.nbd import Dom0Attachment, NbdSession, ServerRun
from analyzer.rebuilt.nbd.dom0.facts import Facts, facts_of
from analyzer.rebuilt.nbd.dom0.other import leaked_without_row, without_database
from analyzer.rebuilt.nbd.dom0.rows import (
    DomainRow,
    busy_of,
    holder_of,
    host_of,
    keys_of,
    leaked_of,
    name_of,
    plugged_of,
    rows_of,
    since_of,
)
from analyzer.rebuilt.nbd.dom0.use import Held, just_ended, use_of
from analyzer.rebuilt.nbd.sessions.sessions import nbd_sessions, server_runs


@derived
def dom0_attachments(case: Case) -> tuple[Dom0Attachment, ...]:
    """Return what control domains hold, ordered by (pool, disk, host, VBD).

    A VBD whose end was logged while the status report was made is left out: the copy of the
    database is older than that.
    """
    return attachments_with(case, nbd_sessions(case), server_runs(case))


def attachments_with(
    case: Case, sessions: Sequence[NbdSession], runs: Sequence[ServerRun]
) -> tuple[Dom0Attachment, ...]:
    """Return the same, where the NBD connections and the lives of xapi-nbd are given."""
    facts = facts_of(case, sessions, runs)
    rows = [row for pool in case.pools for row in rows_of(pool)]
    found = [each for row in rows if (each := _of_row(row, facts)) is not None]
    seen = {(each.host, each.vdi) for each in found}
    found += [each for each in leaked_without_row(case, facts) if (each.host, each.vdi) not in seen]
    found += without_database(case, facts)
    return tuple(sorted(found, key=_place_in_order))


def _place_in_order(each: Dom0Attachment) -> tuple[str, str, str, str]:
    return (each.pool, each.vdi, each.host, each.vbd or "")


def _of_row(row: DomainRow, facts: Facts) -> Dom0Attachment | None:
    host = host_of(row, facts)
    paths = facts.datapaths(host, row.vdi.uuid)
    sessions = facts.sessions_of(row.vbd.ref)
    session = sessions[-1] if sessions else None
    since, line = since_of(row, host, session, facts)
    sr = row.pool.sr(row.vdi.sr)
    held = Held(
        host=host,
        name=name_of(row.pool, host, facts),
        vbd=row.vbd,
        by=holder_of(row.vbd, session, facts),
        leaked=leaked_of(paths),
        since=since,
        before=facts.covered_since(host, sr.uuid) if sr and since is None else None,
        session=session,
        busy=busy_of(row),
    )
    if just_ended(held, facts):
        return None
    use = use_of(held, facts)
    quoted = quote(row.vbd, "VM", "VDI", "mode", "currently_attached", "reserved")
    kept = facts.kept.get(row.vbd.uuid)
    return Dom0Attachment(
        pool=row.pool.pool.uuid if row.pool.pool else "",
        host=host,
        vdi=row.vdi.uuid,
        vbd=row.vbd.uuid,
        mode=row.vbd.mode or "",
        plugged=plugged_of(row.vbd),
        leaked=held.leaked,
        evidence=_each_quote_once(
            Evidence(source=row.vbd.source, text=quoted),
            *line,
            *map(_quoted_path, paths),
            *keys_of(row, host, facts),
            *((kept,) if kept else ()),
            *use.evidence,
        ),
        since=since,
        session=session,
        in_use=use.in_use,
        by=held.by,
        because=use.because,
        before=held.before,
    )


def _quoted_path(path: Datapath) -> Evidence:
    return Evidence(source=path.source, text=path.text)


def _each_quote_once(*evidence: Evidence) -> tuple[Evidence, ...]:
    return tuple({(each.source, each.text): each for each in evidence}.values())
