"""Operations that the database shows as current although they are over.

Source: xen-api `message_forwarding.ml` with_sr_andor_vdi() writes (task, operation) into
`current_operations` and takes it out at the end. The field is not persistent (`db_backend.ml`): the
file has it as it was when something else was written, and xapi blanks it when it reads the file. So
only a live dump, or a file that surely is younger, says anything, and a running backup has its
operations there rightly.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.case.pool import PoolState
from analyzer.checks.database.stuck import RULE, SETTLED, Stuck, settled, written_at
from analyzer.checks.tools.finding import quote, quote_row
from analyzer.checks.tools.lost_tracking import taken_at
from analyzer.model.event import Event
from analyzer.model.finding import Confidence, Gap
from analyzer.model.host import Role
from analyzer.model.moment import Moment
from analyzer.model.sentence import say
from analyzer.model.terms import LIVE_DATABASE
from analyzer.model.xapi import Sr, StringMap, Vbd, Vdi, Vm

MARKED, UNMARKED, ENDED = f"{RULE}.marked", f"{RULE}.unmarked", f"{RULE}.ended"
_TASK = re.compile(r"OpaqueRef:([0-9a-f]{8})-([0-9a-f]{4})-")
_LONG = timedelta(hours=3)
# Copying, mirroring, moving and coalescing take as long as there is data.
_SHORT = frozenset(
    {
        "scan",
        "plug",
        "unplug",
        "snapshot",
        "destroy",
        "data_destroy",
        "enable_cbt",
        "disable_cbt",
        "list_changed_blocks",
        "resize",
        "vdi_snapshot",
        "vdi_destroy",
        "vdi_data_destroy",
        "vdi_enable_cbt",
        "vdi_disable_cbt",
        "vdi_list_changed_blocks",
        "vdi_resize",
        "vdi_create",
    }
)

Holder = Sr | Vdi | Vbd | Vm


def operations(case: Case, pool: PoolState) -> Iterator[Stuck | Gap]:
    """Yield the operations that are over, or that hang since before the logs begin."""
    rows: tuple[Holder, ...] = (*pool.srs, *pool.vdis, *pool.vbds, *pool.vms)
    for row in rows:
        shown: StringMap = row.current_operations or {}
        for task, op in shown.items():
            answer = _judged_operation(case, pool, row, (task, op))
            if answer is not None:
                yield answer


def _judged_operation(
    case: Case, pool: PoolState, row: Holder, shown: tuple[str, str]
) -> Stuck | Gap | None:
    task, op = shown
    lines = _lines_by_task(case).get(_short_task(task), ())
    last = lines[-1] if lines else None
    # Only operations of SRs and disks are unmarked there: a task of a VM may do several of them.
    ended = {ENDED, UNMARKED} if isinstance(row, Sr | Vdi) else {ENDED}
    if last is not None and last.kind in ended:
        # An operation that ended before the database was written; else it was current.
        live = _is_live_database(pool) and settled(last.moment, written_at(case, pool))
        if not (live or _has_younger_snapshot(pool, last.moment)):
            return None
        return Stuck(
            case="operation",
            row=row,
            key=" ".join(shown),
            because=say("that task ended at {at}", at=last.moment),
            confidence=Confidence.LIKELY,
            proof=(quote_row(row, "current_operations"), quote(last)),
            events=(last,),
        )
    # Of an operation on an SR or a disk the beginning is logged; one without it is older.
    unseen = last is None and isinstance(row, Sr | Vdi) and op in _SHORT and _is_live_database(pool)
    return _older_than_logs(case, pool, row, shown) if unseen else None


@derived
def _lines_by_task(case: Case) -> Mapping[str, Sequence[Event]]:
    found: dict[str, list[Event]] = {}
    for event in case.events.of(MARKED, UNMARKED, ENDED):
        short = event.fields.get("short") or _short_task(event.fields["task"])
        found.setdefault(short, []).append(event)
    return found


def _short_task(task: str) -> str:
    """Return what lines call a task: the first twelve digits of its reference."""
    found = _TASK.match(task)
    return found[1] + found[2] if found else task


def _is_live_database(pool: PoolState) -> bool:
    return pool.source.member.rpartition("/")[2].startswith(LIVE_DATABASE)


def _has_younger_snapshot(pool: PoolState, moment: Moment) -> bool:
    """Tell whether the database has a snapshot from well after a moment."""
    times = (taken_at(row) for row in pool.vdis if row.is_a_snapshot)
    return any(time is not None and moment.latest + SETTLED < time.earliest for time in times)


def _older_than_logs(
    case: Case, pool: PoolState, row: Holder, shown: tuple[str, str]
) -> Stuck | Gap:
    window = case.window("xensource_log")
    task, op = shown
    if unseen := case.unread("xensource_log"):
        return Gap(
            need="xensource_log",
            host=unseen[0].host,
            why=say(
                "operation {op} is current on {row}, and xensource.log "
                "was not read from {began} to {ended}",
                op=op,
                row=row.name_label or row.uuid,
                began=unseen[0].began,
                ended=unseen[0].ended,
            ),
            settle_with=f"xe task-list, and: zgrep -h {_short_task(task)} /var/log/xensource.log*",
        )
    if why := _why_unlogged(case, pool):
        return Gap(
            need="xensource_log",
            host="",
            why=f"operation {op} is current on {row.name_label or row.uuid}, and {why}",
            settle_with=f"xe task-list, and on the pool master: zgrep -h {_short_task(task)} "
            "/var/log/xensource.log*",
        )
    assert window is not None  # else it would be a gap
    return Stuck(
        case="operation-old",
        row=row,
        key=" ".join(shown),
        because=say(
            "xensource.log, which begins at {begin}, does not show it begin", begin=window[0]
        ),
        confidence=Confidence.POSSIBLE,
        proof=(quote_row(row, "current_operations"),),
    )


def _why_unlogged(case: Case, pool: PoolState) -> str:
    """Say why the beginning of an operation may be in no log that was read, "" if it is in one.

    Operations are marked by the master alone (`message_forwarding.ml`), in debug lines.
    """
    masters = {each.bundle for each in case.world.reports_of(pool) if each.role is Role.MASTER}
    if not masters:
        return "the report of the pool master, which marks operations, was not given"
    window = case.window("xensource_log")
    holes = any(case.gap("xensource_log", bundle) for bundle in masters)
    if holes or window is None or window[1].at - window[0].at < _LONG:
        return "xensource.log of the master does not reach back to its beginning"
    if not any(event.source.bundle in masters for event in case.events.of(MARKED)):
        return "xensource.log of the master shows the beginning of no operation at all"
    return ""
