"""The VBD rows of control domains, and what is known of each: host, holder, beginning, work."""

from collections.abc import Iterator, Sequence

from analyzer.case.pool import PoolState
from analyzer.model.event import Event
from analyzer.model.finding import Evidence
from analyzer.model.host import Datapath
from analyzer.model.moment import Moment
from analyzer.model.nbd import Holder, NbdSession
from analyzer.model.xapi import Vbd, Vdi, Vm
from analyzer.rebuilt.nbd.dom0.facts import Facts
from analyzer.rebuilt.nbd.dom0.other import counts
from analyzer.values import dataclass

_TRANSFERS = ("export", "import", "copy", "clone", "migrate_send", "metadata_export", "mirror")


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRow:
    """A VBD of a control domain."""

    pool: PoolState
    vdi: Vdi
    vbd: Vbd
    domain: Vm


def rows_of(pool: PoolState) -> Iterator[DomainRow]:
    """Yield the VBDs of control domains on disks of users."""
    for vdi in pool.vdis:
        for vbd in pool.vbds_of(vdi) if counts(pool, vdi) else ():
            domain = pool.vm(vbd.vm)
            if domain is not None and domain.is_control_domain:
                yield DomainRow(pool=pool, vdi=vdi, vbd=vbd, domain=domain)


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


def busy_of(row: DomainRow) -> str:
    """Say what xapi does with the disk, or with a VM of it, "" if nothing."""
    running = set((row.vdi.current_operations or {}).values()) & {*_TRANSFERS}
    for vbd in row.pool.vbds_of(row.vdi):
        machine = row.pool.vm(vbd.vm)
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
