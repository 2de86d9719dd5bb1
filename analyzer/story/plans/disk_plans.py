"""The plan of a disk: what its findings want of it, asked of the model of SM."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.model.finding import Subject
from analyzer.model.goal import Goal
from analyzer.model.plan import Plan
from analyzer.model.sentence import Minute, say
from analyzer.model.terms import CBT_METADATA
from analyzer.model.xapi import Sr
from analyzer.plans.case import DiskCase, Site
from analyzer.plans.planning import plan_disk
from analyzer.rebuilt.calls.attachments import attachments_of_disks
from analyzer.story.disks.index import DiskIndex
from analyzer.story.disks.life import snapshot_time
from analyzer.story.plans.disk_state import disk_at_end, with_hidden_gap

ALL = frozenset({Goal.INCREMENTAL, Goal.NO_SILENT_LOSS})
HIDDEN = frozenset({"cbt-inconsistency-hidden", "cbt-tapdisk-without-log"})


def disk_case(case: Case, known: DiskIndex, disk: str, goals: Iterable[Goal]) -> DiskCase | None:
    """Return what the planner is asked of a disk; None: the database does not have it."""
    at_end = disk_at_end(case, known, disk)
    if at_end is None:
        return None
    own = known.members.get(disk, frozenset((disk,)))
    if any(finding.rule in HIDDEN for uuid in own for finding in known.findings.get(uuid, ())):
        at_end = with_hidden_gap(at_end, disk)
    pool, row = known.rows[disk]
    sr = pool.sr(row.sr)
    log = known.logs.get(disk)
    site_uuid = sr.uuid if sr else log.sr if log else ""
    active = (a.host for a in attachments_of_disks(case).get(disk, ()) if a.open_at_capture)
    site_of_disk = Site(
        sr=site_uuid or "<SR>",
        attached_on=next(active, ""),
        master=_master_of_sr(pool, sr) if sr else "",
        names=_names_of_disk(known, disk, own),
    )
    return DiskCase(
        disk=disk,
        state=at_end.state,
        goals=frozenset(goals),
        subject=Subject(type="VDI", uuid=disk, name=known.rows[disk][1].name_label or None),
        base=at_end.base,
        purges=at_end.purges,
        doubts=at_end.doubts,
        site=site_of_disk,
    )


def disk_plan(case: Case, known: DiskIndex, disk: str, goals: Iterable[Goal] = ALL) -> Plan | None:
    """Return the plan of a disk; None: the database does not have it."""
    asked = disk_case(case, known, disk, goals)
    return plan_disk(asked) if asked else None


def _master_of_sr(pool: PoolState, sr: Sr) -> str:
    """Return the host that SM changes an SR on: the pool's master, of a local SR its only host."""
    having = pool.hosts_with(sr)
    master = pool.host(pool.pool.master) if pool.pool and sr.shared else None
    host = master or (having[0] if sr.shared is False and len(having) == 1 else None)
    return (host.name_label or host.uuid) if host else ""


def _names_of_disk(known: DiskIndex, disk: str, own: Iterable[str]) -> Mapping[str, str]:
    """Return words for the uuids of a disk: "VM/disk", and of snapshots what they are of."""
    pool, row = known.rows[disk]
    vms = (pool.vm(vbd.vm) for vbd in pool.vbds_of(row))
    vm = next((vm for vm in vms if vm and not vm.is_control_domain and not vm.is_a_snapshot), None)
    name = "/".join(part for part in (vm.name_label if vm else "", row.name_label) if part)
    names = {disk: f"{name or 'disk'} ({disk[:8]})"}
    for uuid in own:
        found = known.rows.get(uuid)
        if uuid == disk or found is None:
            continue
        kind = "metadata disk" if found[1].type == CBT_METADATA else "snapshot"
        moment = snapshot_time(found[1])
        told = say("{kind} {short}", kind=kind, short=uuid[:8])
        names[uuid] = say("{it} ({at})", it=told, at=Minute(moment)) if moment else told
        for vbd in found[0].vbds_of(found[1]):
            if (owner := found[0].vm(vbd.vm)) and owner.is_a_snapshot:
                names[owner.uuid] = f'"{owner.name_label}" ({owner.uuid})'
    return MappingProxyType(names)
