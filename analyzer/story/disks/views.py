"""Disks with CBT as the report shows them: who they are, their chain, their life, their findings.

A disk is shown if CBT is or was used on it: the database's flag, a log, an operation or a finding
says so. Logs that belong to no disk of the database are shown as a disk without a name.
"""

from collections.abc import Iterable, Sequence

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.case.quotation import quote
from analyzer.model.cbt import CbtLog, Change
from analyzer.model.disk import (
    BreakKind,
    DiskChain,
    DiskLog,
    DiskState,
    DiskView,
    LogKind,
)
from analyzer.model.finding import Confidence, Evidence, Finding, Outcome, Severity, Subject
from analyzer.model.moment import Moment
from analyzer.model.plan import Plan
from analyzer.model.terms import CBT_METADATA
from analyzer.model.xapi import Vdi
from analyzer.rebuilt.cbt.walk_order import gone, join
from analyzer.story.disks.index import OF_DISKS, DiskIndex, index, named
from analyzer.story.disks.life import comparisons_of, life_of

_ABSENT = "is not among the logs that are known"
_NO_TIME = "1970"


def disk_views(
    case: Case, outcomes: Sequence[Outcome], most: int | None = None
) -> tuple[DiskView, ...]:
    """Return every disk with CBT, ordered by pool, SR, name and uuid.

    Of more than ``most`` those come first of which something was found.
    """
    known = index(case, outcomes)
    owners = {known.owner(uuid) for uuid in _disks_concerned(known)}
    found = {known.owner(uuid) for uuid in known.findings}
    told = sorted(owners, key=lambda owner: (owner not in found, owner))[:most]
    views = (_view_of_owner(case, known, owner) for owner in told)
    return tuple(sorted(views, key=lambda view: view.key))


def view_of(case: Case, known: DiskIndex, uuid: str) -> DiskView:
    """Return one disk, with CBT or not; for a snapshot, the disk that it was taken of."""
    return _view_of_owner(case, known, known.owner(uuid))


def _disks_concerned(known: DiskIndex) -> Iterable[str]:
    for uuid, (_, vdi) in known.rows.items():
        if vdi.cbt_enabled or vdi.type == CBT_METADATA:
            yield uuid
    for uuid, log in known.logs.items():
        if not gone(log) or log.changes:
            yield uuid
    for uuid, findings in known.findings.items():
        if uuid in known.members and any(f.rule.startswith(OF_DISKS) for f in findings):
            yield uuid


def _view_of_owner(case: Case, known: DiskIndex, owner: str) -> DiskView:
    pool, row = known.rows.get(owner, (None, None))
    members = _members_of_disk(known, owner)
    logs = {uuid: log for uuid in members if (log := _log_of_uuid(known, uuid))}
    joined = join(logs, _ABSENT)
    chain = DiskChain(
        logs=tuple(_log_as_drawn(known, logs[uuid], live=uuid == owner) for uuid in joined.order),
        links=joined.links,
        breaks=joined.breaks,
    )
    own = known.members.get(owner, frozenset((owner,)))
    about = tuple({f.id: f for uuid in sorted(own) for f in known.findings.get(uuid, ())}.values())
    sr, sr_type = _sr_of_logs(case, pool, row, logs.values())
    enabled = row.cbt_enabled if row else None
    # The id of the disk's own plan; a finding may belong to that of its SR.
    plan_own = Plan(object=Subject(type="VDI", uuid=owner), goals=()).id
    plan_of_about = plan_own if any(finding.plan == plan_own for finding in about) else ""
    if row is None or row.type == CBT_METADATA:
        subject_of_row: Subject | None = None
    else:
        subject_of_row = Subject(type="VDI", uuid=row.uuid, name=row.name_label)
    return DiskView(
        pool=pool.subject if pool else None,
        sr=sr,
        sr_type=sr_type,
        vdi=subject_of_row,
        vms=_vms_of_disk(pool, row),
        cbt_enabled=enabled,
        state=_state_of_chain(chain, enabled, about, live=owner, untold=owner in known.untold),
        chain=chain,
        life=life_of(known, own, about),
        comparisons=comparisons_of(known, own),
        contradictions=tuple(t for u in sorted(own) for t in known.contradictions.get(u, ())),
        findings=tuple(sorted(finding.id for finding in about)),
        plan=plan_of_about,
        trouble=min((f.state for f in about), key=lambda state: state.rank, default=None),
    )


def _members_of_disk(known: DiskIndex, owner: str) -> tuple[str, ...]:
    """Return the disk, its snapshots and what their pointers name: oldest first, disk last."""
    own = known.members.get(owner, frozenset((owner,)))
    own |= {uuid for each in own for uuid in named(known.logs.get(each))}
    return tuple(sorted(own, key=lambda uuid: (uuid == owner, _age_of_uuid(known, uuid), uuid)))


def _age_of_uuid(known: DiskIndex, uuid: str) -> str:
    """Return what snapshots are sorted by where no pointer tells: their time, "" if unknown."""
    row = known.row(uuid)
    if row is not None and row.snapshot_time and not row.snapshot_time.startswith(_NO_TIME):
        return row.snapshot_time.replace("-", "")
    log = known.logs.get(uuid)
    born = next((c.moment for c in log.changes if c.moment), None) if log else None
    return born.at.strftime("%Y%m%dT%H:%M:%SZ") if born else ""


def _log_of_uuid(known: DiskIndex, uuid: str) -> CbtLog | None:
    """Return a log worth drawing; a disk with the database's flag has one that was not seen."""
    log, row = known.logs.get(uuid), known.row(uuid)
    flagged = row is not None and (row.cbt_enabled is True or row.type == CBT_METADATA)
    if log is None:
        return CbtLog(sr=(row.sr if row else None) or "", uuid=uuid) if flagged else None
    return log if flagged or not gone(log) or uuid in known.pointed else None


def _log_as_drawn(known: DiskIndex, log: CbtLog, *, live: bool) -> DiskLog:
    row = known.row(log.uuid)
    exists, consistent, size = log.exists, log.consistent, log.size
    if row is None:
        kind_of_live: LogKind = LogKind.UNKNOWN
    elif row.type == CBT_METADATA:
        kind_of_live = LogKind.METADATA
    else:
        kind_of_live = LogKind.SNAPSHOT if row.is_a_snapshot or not live else LogKind.LIVE
    return DiskLog(
        uuid=log.uuid,
        name=row.name_label if row else None,
        kind=kind_of_live,
        exists=exists.value if exists else None,
        confidence=exists.confidence if exists else None,
        consistent=consistent.value if consistent else None,
        size=size.value if size else None,
        cbt_enabled=row.cbt_enabled if row else None,
        attached=known.attached.get(log.uuid, ""),
        created=_when_created(log, Change.CREATED, Change.ARRIVED),
        removed=_when_created(log, Change.REMOVED) if gone(log) else None,
        evidence=exists.evidence if exists else _cbt_row_quoted(row),
    )


def _when_created(log: CbtLog, *kinds: Change) -> Moment | None:
    return next((c.moment for c in reversed(log.changes) if c.change in kinds), None)


def _cbt_row_quoted(row: Vdi | None) -> Evidence | None:
    if row is None:
        return None
    text = quote(row, "cbt_enabled", "type", "is_a_snapshot", "snapshot_of")
    return Evidence(source=row.source, text=text)


def _sr_of_logs(
    case: Case, pool: PoolState | None, row: Vdi | None, logs: Iterable[CbtLog]
) -> tuple[Subject, str | None]:
    uuid = (row.sr if row else None) or next((log.sr for log in logs if log.sr), "")
    pools = (pool,) if pool else case.pools
    found = next((sr for each in pools if (sr := each.sr(uuid))), None)
    if found is None:
        return Subject(type="SR", uuid=uuid), None
    return Subject(type="SR", uuid=found.uuid, name=found.name_label), found.type


def _vms_of_disk(pool: PoolState | None, row: Vdi | None) -> tuple[Subject, ...]:
    if pool is None or row is None:
        return ()
    vms = (pool.vm(vbd.vm) for vbd in pool.vbds_of(row))
    own = {vm.uuid: vm for vm in vms if vm and not vm.is_control_domain}
    return tuple(
        Subject(type="VM", uuid=uuid, name=vm.name_label) for uuid, vm in sorted(own.items())
    )


def _state_of_chain(
    chain: DiskChain,
    enabled: bool | None,
    about: Sequence[Finding],
    *,
    live: str,
    untold: bool,
) -> DiskState:
    """Return BROKEN where a rule found trouble, and there only.

    SOUND needs every log seen, every pointer certain, and an answer of every rule about disks.
    A chain whose pointers disagree, of which no rule says that it harms, is neither.
    """
    if any(finding.severity is not Severity.INFO for finding in about):
        return DiskState.BROKEN
    if not chain.logs:
        return DiskState.OFF if enabled is False else DiskState.UNPROVEN
    own = next((log for log in chain.logs if log.uuid == live), None)
    if own is None and enabled is False and _all_seen(chain):
        return DiskState.OFF
    if own is None or own.exists is not True or enabled is not True:
        return DiskState.UNPROVEN
    return DiskState.SOUND if _all_seen(chain) and not untold else DiskState.UNPROVEN


def _all_seen(chain: DiskChain) -> bool:
    return (
        all(log.exists and log.confidence is Confidence.CERTAIN for log in chain.logs)
        and all(link.confidence is Confidence.CERTAIN for link in chain.links)
        and not any(link.stale for link in chain.links)
        and all(found.kind is BreakKind.END for found in chain.breaks)
        and all(log.consistent is not False or log.attached for log in chain.logs)
    )
