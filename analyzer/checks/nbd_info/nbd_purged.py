"""Snapshots of Xen Orchestra whose data was destroyed, and how old they were."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.model.finding import Gap
from analyzer.model.nbd import NbdInfo
from analyzer.model.xapi import Vdi

_METADATA = "cbt_metadata"
_MARK = "xo:backup:"
# A job that runs once a week is going on; older metadata is left over from a job that is not.
_RECENT = timedelta(days=8)


def marked(pool: PoolState) -> list[Vdi]:
    """Return the snapshots of Xen Orchestra that hold CBT metadata only."""
    return [
        vdi
        for vdi in pool.vdis
        if vdi.type == _METADATA and any(key.startswith(_MARK) for key in vdi.other_config or {})
    ]


def recent(case: Case, pool: PoolState, disks: Sequence[Vdi]) -> list[Vdi]:
    """Return the snapshots that were taken shortly before the report, newest first."""
    ages = [(old, vdi) for vdi in disks if (old := age(case, pool, vdi)) is not None]
    near = [pair for pair in ages if timedelta(0) <= pair[0] <= _RECENT]
    return [vdi for _, vdi in sorted(near, key=lambda pair: (pair[0], pair[1].uuid))]


def age(case: Case, pool: PoolState, vdi: Vdi) -> timedelta | None:
    """Return how old a snapshot was at the newest report, None where a time is missing."""
    taken = [each.captured_at.at for each in case.world.reports_of(pool) if each.captured_at]
    time = _time(vdi)
    return max(taken) - time if taken and time else None


def _time(vdi: Vdi) -> datetime | None:
    """Return when a snapshot was taken, as xapi writes it: ``20240610T11:32:41Z``."""
    try:
        return datetime.strptime(vdi.snapshot_time or "", "%Y%m%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def undated(vdi: Vdi) -> Gap:
    """Say that the age of a snapshot is not shown."""
    return Gap(
        need="xapi_db",
        host="",
        why=f"how old snapshot {vdi.uuid} was, whose data was destroyed, is not shown",
        settle_with=f"xe vdi-param-get uuid={vdi.uuid} param-name=snapshot-time; date",
    )


def unsure(vdi: Vdi, info: NbdInfo) -> Gap:
    """Say that nothing shows whether NBD was usable for a snapshot."""
    return Gap(
        need="xapi_db",
        host="",
        why=f"whether NBD was usable for snapshot {vdi.uuid} cannot be told: {info.because}",
        settle_with="; ".join(step.step for step in info.mend),
    )
