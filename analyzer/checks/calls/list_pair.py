"""Two disks that were compared: how far SM came with them, and what is known of them.

SM reads vdi_from's child pointer first, and logs every log that it comes to with its size; before
that it looks, without a word, whether both logs are there (sm `VDI.py`).
"""

from enum import StrEnum

from analyzer.case.case import Case
from analyzer.case.time.order import ended, mark
from analyzer.checks.calls.call_finding import quoted_row
from analyzer.checks.calls.list_reason import Reason
from analyzer.checks.tools.calls import Call, is_uuid
from analyzer.model.cbt import Walk, WalkEnd
from analyzer.model.event import Event
from analyzer.model.finding import Evidence
from analyzer.model.moment import Moment
from analyzer.model.operation import Operation
from analyzer.model.terms import CBT_METADATA, VISITED_VDI
from analyzer.model.xapi import Vdi
from analyzer.rebuilt.calls.operations import sm_operations_of_disks
from analyzer.rebuilt.cbt.changed_blocks import walk
from analyzer.rebuilt.cbt.history import cbt_history
from analyzer.values import dataclass

_MOST_STEPS = 4
_BLIND = ("sm-3.2.12-17.2.", "sm-3.2.12-17.3.")
_NOT_KNOWN = Walk(end=WalkEnd.UNKNOWN)
# Long before: what the database writes for a disk that never was a snapshot (xapi's Date.epoch).
_NO_TIME = "19700101T00:00:00Z"


class Stage(StrEnum):
    """How far SM came with a comparison, as SMlog shows it."""

    UNSEEN = "SMlog does not show it"
    BEFORE = "it failed before the first log was read"
    WALKED = "it read logs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A comparison: ``ahead`` is SM's walk from vdi_from over the rebuilt logs, ``back`` vdi_to's.

    ``stop`` is the last log whose pointer SM read, "" unless it WALKED; ``steps`` are its lines.
    """

    call: Call
    stage: Stage
    stop: str
    steps: tuple[Event, ...]
    ahead: Walk
    back: Walk


def pair_of(case: Case, call: Call) -> Pair:
    """Return what is known of a failed comparison, at the time it was made."""
    stage, stop, steps = _progress_of_walk(call)
    return Pair(
        call=call,
        stage=stage,
        stop=stop,
        steps=steps,
        ahead=_walk_between(case, call.vdi, call.to, _when_sm_ran(call)),
        back=_walk_between(case, call.to, call.vdi, _when_sm_ran(call)),
    )


def is_live(row: Vdi | None) -> bool:
    """Tell whether it is a disk in use: no snapshot, nor what data_destroy left of one."""
    return row is not None and row.is_a_snapshot is False and row.type != CBT_METADATA


def is_base(row: Vdi | None) -> bool:
    """Tell whether it is a base copy, which SM keeps for itself."""
    return row is not None and row.managed is False and row.is_a_snapshot is not True


def cannot_be_compared(case: Case, call: Call) -> bool:
    """Tell whether the two cannot be compared by what they are, in this order or any other."""
    return is_live(case.world.vdi(call.vdi)) or is_base(case.world.vdi(call.to))


def off_by_rows(case: Case, call: Call) -> tuple[Reason, tuple[Evidence, ...]] | None:
    """Return which disk has CBT off in the database, if it was not turned off since the call."""
    # Whether a disk has no CBT now, and nothing turned it off after the call.
    off = {}
    for key in (call.vdi, call.to):
        row = case.world.vdi(key)
        if row is None or row.cbt_enabled is not False:
            off[key] = False
        elif row.is_a_snapshot:
            off[key] = True
        else:
            own = sm_operations_of_disks(case).get(key, ())
            later = (run for run in own if run.name == "vdi_disable_cbt")
            dropped = (each for each in case.events.of("cbt-told.dropped") if key in each.message)
            ends = (*(ended(run) for run in later), *(mark(each) for each in dropped))
            off[key] = all(case.order.surely_before(end, call.mark) for end in ends)
    evidence = tuple(
        quote
        for key, is_off in off.items()
        if is_off
        for quote in quoted_row(case.world.vdi(key), "cbt_enabled", "is_a_snapshot")
    )
    if off[call.vdi]:
        return (Reason.EITHER_OFF if off[call.to] else Reason.FROM_OFF), evidence
    return (Reason.TO_OFF, evidence) if off[call.to] else None


def reversed_by_rows(case: Case, call: Call) -> tuple[Evidence, ...]:
    """Return the rows that show vdi_from as younger than vdi_to, both of one disk; else ()."""
    older, newer = case.world.vdi(call.to), case.world.vdi(call.vdi)
    if older is None or newer is None or _live_disk_of_row(case, older) is None:
        return ()
    if _live_disk_of_row(case, older) != _live_disk_of_row(case, newer) or not _is_younger(
        newer, older
    ):
        return ()
    fields = ("is_a_snapshot", "snapshot_of", "snapshot_time")
    return (*quoted_row(newer, *fields), *quoted_row(older, *fields))


def two_disks(case: Case, call: Call) -> tuple[Evidence, ...]:
    """Return the rows that show the two as of different disks; () where they do not."""
    rows = [case.world.vdi(key) for key in call.disks]
    families = [_live_disk_of_row(case, row) if row is not None else None for row in rows]
    if None in families or families[0] == families[1]:
        return ()
    return tuple(q for row in rows for q in quoted_row(row, "is_a_snapshot", "snapshot_of"))


def other_sr(case: Case, call: Call) -> tuple[Evidence, ...]:
    """Return the rows that show the two on different SRs; () where they do not."""
    rows = [case.world.vdi(key) for key in call.disks]
    srs = [row.sr if row is not None else None for row in rows]
    if None in srs or srs[0] == srs[1]:
        return ()
    return tuple(quote for row in rows for quote in quoted_row(row, "SR"))


def may_be_unseen(case: Case, call: Call) -> bool:
    """Tell whether it is what a defect of sm takes for a disk without CBT: on files, no data left.

    XCP-ng's sm 3.2.12-17.2 and -17.3 do not see the logs of such disks; mended in -17.4.
    """
    row = case.world.vdi(call.vdi)
    if row is None or row.type != CBT_METADATA or row.cbt_enabled is False:
        return False
    sr = case.world.sr_of(row)
    return sr is not None and not (sr.type or "").startswith("lvm")


def blind_release(case: Case) -> tuple[Evidence, ...]:
    """Return the package of sm that has that defect; () where no host shows it."""
    packages = (report.packages for report in case.hosts if report.packages is not None)
    found = (
        Evidence(source=own.source, text=name)
        for own in packages
        for name in own.names
        if name.startswith(_BLIND)
    )
    return tuple(found)[:1]


def visited(call: Call) -> tuple[str, ...] | None:
    """Return the logs after vdi_from's that SM read; None where it is not seen to read any."""
    stage, _, steps = _progress_of_walk(call)
    if stage is not Stage.WALKED:
        return None
    return tuple(found[1] for step in steps if (found := VISITED_VDI.match(step.message)))


def _progress_of_walk(call: Call) -> tuple[Stage, str, tuple[Event, ...]]:
    run = call.operation
    if run is None or run.entry is None or not run.raised:
        return Stage.UNSEEN, "", ()
    found = [(m[1], note) for note in run.notes if (m := VISITED_VDI.match(note.message))]
    if found:
        return Stage.WALKED, found[-1][0], tuple(note for _, note in found[-_MOST_STEPS:])
    if first := _first_pointer(run, call.vdi):
        return Stage.WALKED, call.vdi, (first,)
    return Stage.BEFORE, "", ()


def _first_pointer(run: Operation, vdi: str) -> Event | None:
    """Return the command that read vdi_from's child pointer, which is SM's first step."""
    for each in run.commands:
        own = any(part.endswith(f"{vdi}.cbtlog") for part in each.argv)
        if own and "get" in each.argv and "-c" in each.argv:
            return each.event
    return None


def _when_sm_ran(call: Call) -> Moment | Event:
    """Return SM's own line of the call, against which the lines before it are certainly older."""
    run = call.operation
    return run.entry if run is not None and run.entry is not None else call.at


def _walk_between(case: Case, start: str, end: str, at: Moment | Event) -> Walk:
    if not (is_uuid(start) and is_uuid(end)):
        return _NOT_KNOWN
    return walk(cbt_history(case), case.pools, start, end, at=at)


def _live_disk_of_row(case: Case, row: Vdi) -> str | None:
    """Return the uuid of the live disk that this is, or is a snapshot of; None: not known."""
    if row.is_a_snapshot is None or (row.type == CBT_METADATA and not row.snapshot_of):
        return None
    if is_live(row):
        return row.uuid
    live = case.world.vdi(row.snapshot_of)
    return live.uuid if live is not None else row.snapshot_of


def _is_younger(newer: Vdi, older: Vdi) -> bool:
    """Tell whether the first is the later snapshot, by the database."""
    times = (newer.snapshot_time or "", older.snapshot_time or "")
    return all(time not in ("", _NO_TIME) for time in times) and times[0] > times[1]
