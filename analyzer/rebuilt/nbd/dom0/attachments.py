"""Dom0 attachments: which disks the control domains hold, for whom, since when, and still used?

xapi-nbd attaches a disk to the control domain of its host for each client, and xapi does so for an
export, an import or a copy; both make a VBD and remove it (xen-api `ocaml/nbd/src/cleanup.ml`,
`ocaml/xapi/attach_helpers.ml`). Disks of XenServer's own (HA state, redo logs, pool metadata,
suspend images, PVS caches, the tools ISO and whatever lies on an SR of ISOs or of devices) belong
there, and are left out.
"""

from collections.abc import Iterator, Sequence

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.case.pool import PoolState
from analyzer.case.quotation import quote
from analyzer.model.event import Event
from analyzer.model.finding import Evidence
from analyzer.model.host import Datapath
from analyzer.model.moment import Moment
from analyzer.model.nbd import Dom0Attachment, Holder, NbdSession, ServerRun
from analyzer.model.xapi import Vbd, Vdi, Vm
from analyzer.rebuilt.nbd.dom0.facts import Facts, facts_of
from analyzer.rebuilt.nbd.dom0.other import counts, leaked_without_row, without_database
from analyzer.rebuilt.nbd.dom0.use import Held, just_ended, use_of
from analyzer.rebuilt.nbd.sessions.sessions import nbd_sessions, server_runs
from analyzer.values import dataclass

# The VBD rows of control domains, and what is known of each: host, holder, beginning, work.

_TRANSFERS = ("export", "import", "copy", "clone", "migrate_send", "metadata_export", "mirror")


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRow:
    """A VBD of a control domain."""

    pool: PoolState
    vdi: Vdi
    vbd: Vbd
    domain: Vm
    busy: str  # what xapi does with the disk


def rows_of(pool: PoolState) -> Iterator[DomainRow]:
    """Yield the VBDs of control domains on disks of users."""
    for vdi in pool.vdis:
        vbds = pool.vbds_of(vdi) if counts(pool, vdi) else ()
        own = [(vbd, vm) for vbd in vbds if (vm := pool.vm(vbd.vm)) and vm.is_control_domain]
        busy = _busy_of(pool, vdi) if own else ""
        for vbd, domain in own:
            yield DomainRow(pool=pool, vdi=vdi, vbd=vbd, domain=domain, busy=busy)


def since_of(
    row: DomainRow, host: str, session: NbdSession | None, facts: Facts
) -> tuple[Moment | None, tuple[Evidence, ...]]:
    """Return since when a disk is attached, and the line that says so.

    The plug in xensource.log is of this very VBD; SMlog shows the first of several only.
    """
    plug, _ = facts.plugged(row.vbd)
    created = facts.created.get(row.vbd.uuid)
    active = [each for each in facts.activations(host, row.vdi.uuid) if each.began and each.events]
    events = [
        *(_line_naming_vbd(session) if session else ()),
        *((plug,) if plug else ()),
        *((created,) if created else ()),
        *(each.events[0] for each in active[-1:]),
    ]
    if not events:
        return (session.began if session else None), ()
    first = events[0]
    began = session.began if session and session.began else first.moment
    return began, (Evidence(source=first.source, text=first.text, at=first.moment),)


def _line_naming_vbd(session: NbdSession) -> tuple[Event, ...]:
    """Return the first line of a connection that names its VBD, else its first."""
    own = [e for e in session.events if session.vbd and session.vbd in e.text]
    return (*own, *session.events)[:1]


def keys_of(row: DomainRow, host: str, facts: Facts) -> tuple[Evidence, ...]:
    """Quote the key of the host that SM keeps on an active disk."""
    rows = (quoted for each in facts.activations(host, row.vdi.uuid) for quoted in each.rows)
    return tuple(quoted for quoted in rows if "host_OpaqueRef" in quoted.text)


def _busy_of(pool: PoolState, vdi: Vdi) -> str:
    """Say what xapi does with the disk, or with a VM of it, "" if nothing."""
    running = set((vdi.current_operations or {}).values()) & {*_TRANSFERS}
    for vbd in pool.vbds_of(vdi):
        machine = pool.vm(vbd.vm)
        if machine is not None and not machine.is_control_domain:
            running |= set((machine.current_operations or {}).values()) & {*_TRANSFERS}
    return f"xapi was at work on it: {', '.join(sorted(running))}" if running else ""


def host_of(row: DomainRow, facts: Facts) -> str:
    """Return the host of a control domain: its uuid, "" where nothing says it."""
    host = row.pool.host(row.domain.resident_on)
    if host is not None:
        return host.uuid
    for uuid, report in facts.reports.items():
        if report.inventory and report.inventory.control_domain_uuid == row.domain.uuid:
            return uuid
    return ""


def name_of(pool: PoolState, host: str, facts: Facts) -> str:
    """Return what to call a host."""
    report, row = facts.report(host), pool.host(host)
    return (report.name if report else "") or (row.name_label if row else "") or host


def leaked_of(paths: Sequence[Datapath]) -> bool | None:
    """Tell whether what dom0 holds of a disk is leaked; None where only some of it is."""
    marks = {path.leaked for path in paths}
    return marks.pop() if len(marks) == 1 else None


def holder_of(vbd: Vbd, session: NbdSession | None, facts: Facts) -> Holder:
    """Return for whom a VBD was made."""
    if session is not None or vbd.uuid in facts.kept:
        return Holder.NBD
    return Holder.XAPI if vbd.uuid in facts.created else Holder.UNKNOWN


def plugged_of(vbd: Vbd) -> bool | None:
    """Tell whether a VBD is active, as xapi counts it."""
    if vbd.currently_attached or vbd.reserved:
        return True
    return vbd.currently_attached


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
    return tuple(sorted(found, key=lambda each: (each.pool, each.vdi, each.host, each.vbd or "")))


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
        busy=row.busy,
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
