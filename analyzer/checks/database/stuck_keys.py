"""The marks `paused`, `activating` and `relinking` in a disk's sm_config.

Source: sm `blktap2.py` VDI.tap_pause(), tap_unpause() and _add_tag(), `cleanup.py`
VDI._tagChildrenForRelink() and _reload(). Each is set for the moment of an operation; a process
that dies in it leaves the mark. A clone made meanwhile has `relinking` for ever (CA-370572).
"""

from collections.abc import Iterator, Mapping, Sequence

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.case.pool import PoolState
from analyzer.checks.database.stuck import RULE, Stuck, gap_of, settled, unread, written_at
from analyzer.checks.tools.finding import listed, quote_ends, quote_row
from analyzer.model.event import Event
from analyzer.model.finding import Confidence, Gap
from analyzer.model.sentence import say
from analyzer.model.terms import UUID_PATTERN
from analyzer.model.xapi import Vbd, Vdi, Vm
from analyzer.rebuilt.calls.operations import sm_operations

CLASH = (f"{RULE}.clash", f"{RULE}.told")
MARKS = ("paused", "activating", "relinking")
_PAUSES = "sm-step.paused"
_RELINK = f"{RULE}.relink"
_SHORT = 8


def marked(case: Case, pool: PoolState, row: Vdi) -> Iterator[Stuck | Gap]:
    """Yield what is to be said of each of a disk's marks."""
    for key in MARKS:
        if key in (row.sm_config or {}):
            yield _judged_mark(case, pool, row, key)


@derived
def clashes(case: Case) -> Mapping[tuple[str, str], Sequence[Event]]:
    """Return the calls that met a mark, by (reference of the disk, mark), in order of time."""
    found: dict[tuple[str, str], list[Event]] = {}
    for event in case.events.of(*CLASH):
        found.setdefault((event.fields["vdi"], event.fields["key"]), []).append(event)
    return found


def _judged_mark(case: Case, pool: PoolState, row: Vdi, key: str) -> Stuck | Gap:
    written = written_at(case, pool)
    met = clashes(case).get((row.ref, key), ())
    if met and settled(met[0].moment, written):
        return Stuck(
            case=key,
            row=row,
            key=key,
            because="calls failed because it was there",
            confidence=Confidence.CERTAIN,
            proof=(quote_row(row, "sm_config"), *quote_ends(met)),
            events=tuple(met),
        )
    # The last line of an operation that sets or removes the mark of a disk.
    lines = _lines_by_disk(case, key)
    own = lines.get(row.uuid, lines.get(row.uuid[:_SHORT], ()))
    last = max(own, key=lambda event: event.moment.at, default=None)
    if written is None:
        return gap_of(row, key, "when the database was written is not known")
    if last is not None and not settled(last.moment, written):
        return gap_of(row, key, say("one was under way at {at}", at=last.moment))
    if why := _busy_in_words(pool, row) or unread(case, pool, row):
        return gap_of(row, key, why)
    words = say("the last line about it is from {at}", at=last.moment) if last else ""
    dump = pool.generation is None  # nobody knows when somebody called xe
    return Stuck(
        case=key,
        row=row,
        key=key,
        because=words or "no SMlog shows an operation that set it",
        confidence=Confidence.POSSIBLE if dump else Confidence.LIKELY,
        proof=(quote_row(row, "sm_config"), *quote_ends([last] if last else [])),
        events=(last,) if last else (),
    )


def _busy_in_words(pool: PoolState, row: Vdi) -> str:
    """Say what xapi was doing with a disk, or with a VM of it, "" if nothing."""
    vbds = pool.vbds_of(row)
    machines = (pool.vm(vbd.vm) for vbd in vbds)
    holders: list[Vdi | Vbd | Vm] = [row, *vbds, *(vm for vm in machines if vm is not None)]
    running = {op for each in holders for op in (each.current_operations or {}).values()}
    return f"the database shows operation {listed(sorted(running))} as current" if running else ""


@derived
def _lines_by_disk(case: Case, key: str) -> Mapping[str, Sequence[Event]]:
    found: dict[str, list[Event]] = {}
    for disk, event in _lines_naming_disks(case, key):
        found.setdefault(disk, []).append(event)
    return found


def _lines_naming_disks(case: Case, key: str) -> Iterator[tuple[str, Event]]:
    if key == "paused":
        for event in case.events.of(_PAUSES):
            if (uuid := UUID_PATTERN.search(event.message)) is not None:
                yield uuid[0], event
    elif key == "relinking":
        for event in case.events.of(_RELINK):
            yield event.fields["short"], event
    else:
        for run in sm_operations(case):
            if run.name == "vdi_activate" and run.vdi and run.lines:
                yield run.vdi, run.lines[-1]
