"""The marks `host_<reference>` in a disk's sm_config: on which hosts the disk is attached.

Source: sm `blktap2.py` VDI._add_tag() and _remove_tag(). A mark is sound if a VBD is plugged into
a VM of that host, or a migration or SM itself holds the disk there. Disks of xapi itself (HA, redo
log) are attached without a VBD, so only those of VMs are judged.
"""

import re
from collections.abc import Iterator

from analyzer.case.case import Case, HostReport
from analyzer.case.pool import PoolState
from analyzer.checks.database.stuck import Stuck, gap_of, report_of, settled, written_at
from analyzer.checks.tools.finding import quote_ends, quote_row
from analyzer.model.finding import Confidence, Evidence, Gap
from analyzer.model.sentence import say
from analyzer.model.xapi import Host, Vbd, Vdi
from analyzer.rebuilt.calls.attachments import attachments_of_disks

_KEY = re.compile(r"host_(OpaqueRef:.+)")
_OF_MACHINES = ("user", "system")


def host_marks(case: Case, pool: PoolState, row: Vdi) -> Iterator[Stuck | Gap]:
    """Yield what is to be said of a disk's marks for hosts that do not have it."""
    if row.type not in _OF_MACHINES or row.current_operations:
        return
    for key in row.sm_config or {}:
        found = _KEY.fullmatch(key)
        if found is None:
            continue
        host = pool.host(found[1])
        answer = _of_host(case, pool, row, host) if host else _of_nobody(pool, row, key)
        if answer is not None:
            yield answer


def _of_nobody(pool: PoolState, row: Vdi, key: str) -> Stuck | None:
    if not pool.complete:
        return None
    return Stuck(
        case="host-gone",
        row=row,
        key=key,
        because="",
        confidence=Confidence.LIKELY,
        proof=(quote_row(row, "sm_config"),),
    )


def _of_host(case: Case, pool: PoolState, row: Vdi, host: Host) -> Stuck | Gap | None:
    report = report_of(case, pool, host.uuid)
    if any(_may_hold(pool, vbd, host) for vbd in pool.vbds_of(row)) or not pool.complete:
        return None
    name = host.name_label or host.uuid
    key = f"host_{host.ref}"
    if report is None:
        return gap_of(row, key, f"the report of {name} was not given")
    if (gap := case.gap("smlog", report.bundle)) is not None:
        return gap_of(row, key, say("SMlog of {name}: {why}", name=name, why=gap.why))
    own = [
        each for each in attachments_of_disks(case).get(row.uuid, ()) if each.host == report.name
    ]
    paths = report.diagnostics.datapaths if report.diagnostics else ()
    if any(path.vdi == row.uuid for path in paths) or any(
        each.events and each.open_at_capture for each in own
    ):
        return None
    # The mark that stayed after SMlog shows the disk let go, or the host booted.
    ended = [each for each in own if each.ended is not None and each.events]
    if not ended:
        mark_after_release: Stuck | Gap | None = None
    else:
        last = ended[-1]
        assert last.ended is not None
        if not settled(last.ended, written_at(case, pool)):
            mark_after_release = gap_of(
                row, f"host_{host.ref}", say("it was let go at {ended}", ended=last.ended)
            )
        else:
            mark_after_release = _stale_mark(
                row,
                host,
                say("it was let go there at {ended}", ended=last.ended),
                (quote_row(row, "sm_config"), *quote_ends(last.events, 2)),
            )
    return mark_after_release or _never_seen(row, host, report)


def _may_hold(pool: PoolState, vbd: Vbd, host: Host) -> bool:
    """Tell whether a VBD may have the disk attached on a host."""
    vm = pool.vm(vbd.vm)
    if vbd.current_operations or (vm is not None and vm.current_operations):
        return True  # being plugged, or moved
    if vbd.currently_attached is False and not vbd.reserved:
        return False
    if vm is None:
        return True
    where = pool.host(vm.resident_on)
    return where is None or where is host


def _never_seen(row: Vdi, host: Host, report: HostReport) -> Stuck | Gap:
    shown = report.diagnostics
    if shown is None or not shown.complete:
        why = f"nothing that was read of {report.name} says whether the disk is attached there"
        return gap_of(row, f"host_{host.ref}", why)
    return _stale_mark(
        row,
        host,
        f"xapi lists no datapath of it in {shown.source.member}",
        (quote_row(row, "sm_config"),),
    )


def _stale_mark(row: Vdi, host: Host, because: str, proof: tuple[Evidence, ...]) -> Stuck:
    return Stuck(
        case="host-stale",
        row=row,
        key=f"host_{host.ref}",
        because=because,
        confidence=Confidence.LIKELY,
        proof=proof,
    )
