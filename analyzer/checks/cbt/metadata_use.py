"""Whether a metadata disk can still be of use: who it is of, and where its log leads.

`data_destroy` leaves of a snapshot its log, which is the base of the next incremental backup: one
for each disk and job is sound. A scan of the SR makes a metadata disk of every log without a disk
too (sm `LVHDSR.py` scan(), `FileSR.py` _loadvdis()), with `snapshot_of` null; that is what an
interrupted operation leaves, but also what an SR looks like that was detached and attached anew.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.checks.tools.chain_facts import gone, log_path, sure
from analyzer.checks.tools.log_disk import is_metadata
from analyzer.checks.tools.sm_runs import runs
from analyzer.model.cbt import NO_LOG, CbtLog
from analyzer.model.event import Event
from analyzer.model.finding import Evidence, Gap
from analyzer.model.operation import Operation, Result
from analyzer.model.xapi import Sr, Vdi
from analyzer.rebuilt.cbt.history import cbt_history

KEPT = "cbt-leftover-metadata-vdis.kept"
# from the last line that is known to be of a call to its end
_ENDS = timedelta(minutes=10)


class Use(Enum):
    """Why a metadata disk is of no use; the value is the case in the texts."""

    GONE = ""
    OFF = "off"
    ENDED = "ended"
    ORPHAN = "orphan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """A metadata disk of no use: ``because`` completes its line, ``proof`` shows it."""

    row: Vdi
    use: Use
    because: str
    proof: tuple[Evidence, ...] = ()


def judged(case: Case, pool: PoolState, sr: Sr, row: Vdi) -> Leftover | Gap | None:
    """Return why a metadata disk is of no use, None where it may be; a gap if nobody knows."""
    if (run := _left_by(case, sr, row)) is not None:
        words = f"left by {run.name}, which was broken off"
        return Leftover(row=row, use=Use.ORPHAN, because=words, proof=_quoted(case, run))
    live = pool.vdi(row.snapshot_of)
    if live is not None:
        return _of_live(pool, row, live)
    if row.snapshot_of is not None:
        return _of_gone(case, pool, sr, row, row.snapshot_of)
    return _without_disk(case, pool, sr, row) if _says_of_nothing(row) else None


def _says_of_nothing(row: Vdi) -> bool:
    """Tell whether the row has the field, and it is null; a row without it says nothing."""
    return any(name == "snapshot_of" for name, _ in row.raw)


def _of_gone(case: Case, pool: PoolState, sr: Sr, row: Vdi, disk: str) -> Leftover | None:
    """Judge one whose disk is not there under that reference.

    Its snapshots may have outlived it, and a disk that was forgotten and found again by a scan has
    another reference, and is what the log still leads to.
    """
    if not pool.complete or _tracked(pool, {disk}) or _without_disk(case, pool, sr, row) is None:
        return None
    return Leftover(row=row, use=Use.GONE, because=f"of {disk}, which is not there")


def _tracked(pool: PoolState, keys: set[str]) -> bool:
    """Tell whether a disk has snapshots that still have their data and CBT."""
    return any(
        each.snapshot_of in keys and each.cbt_enabled is not False and not is_metadata(each)
        for each in pool.vdis
    )


def _of_live(pool: PoolState, row: Vdi, live: Vdi) -> Leftover | None:
    """Judge one whose disk is there: with CBT, or with a snapshot that has it, it is a base."""
    if live.cbt_enabled is not False or live.current_operations:
        return None
    if _tracked(pool, {live.uuid, live.ref} - {""}):
        return None
    return Leftover(row=row, use=Use.OFF, because=f"of {live.name_label or ''} ({live.uuid})")


def _without_disk(case: Case, pool: PoolState, sr: Sr, row: Vdi) -> Leftover | Gap | None:
    """Follow the child pointers; only a known end that is no disk makes it a leftover."""
    seen: list[CbtLog] = []
    log = cbt_history(case).log(sr.uuid, row.uuid)
    while log is not None and log not in seen and (child := sure(log.child)) is not None:
        seen.append(log)
        if child == NO_LOG:
            return _ended(row, log, "its child pointer names none")
        target = pool.vdi(child)
        if target is not None and not is_metadata(target):
            return None
        log = cbt_history(case).log(sr.uuid, child)
        if gone(log) or (target is None and pool.complete and log is None):
            return _ended(row, seen[-1], f"its chain leads to {child}, which is not there")
    return None if log in seen else _unknown(case, sr, row)


def _ended(row: Vdi, last: CbtLog, because: str) -> Leftover:
    assert last.child is not None
    return Leftover(row=row, use=Use.ENDED, because=because, proof=(last.child.evidence,))


def _unknown(case: Case, sr: Sr, row: Vdi) -> Gap:
    return Gap(
        need="smlog",
        host="",
        why=f"metadata disk {row.uuid} in SR {sr.name_label or sr.uuid} names no disk, and the "
        "logs do not show where its log leads, so whether a backup still needs it cannot be told",
        settle_with=f"cbt-util get -c -n {log_path(case, sr.uuid, row.uuid)}",
    )


def _left_by(case: Case, sr: Sr, row: Vdi) -> Operation | None:
    """Return the run that left a log without a disk: of a deletion, or of a snapshot (S-05, S-37).

    A deletion that could not join the bits keeps the log and takes the disk. A snapshot that is
    undone does not rename the log back.
    """
    for run in runs(case, "vdi_delete", "vdi_snapshot"):
        if run.sr != sr.uuid:
            continue
        if run.name == "vdi_delete" and run.vdi == row.uuid and kept_line(case, run):
            return run
        undone = run.name == "vdi_snapshot" and run.result is Result.FAILED
        if undone and any(_renames(command.argv, row.uuid) for command in run.commands):
            return run
    return None


def kept_line(case: Case, run: Operation) -> Event | None:
    """Return the line by which a deletion says that it keeps the log."""
    own = (e for e in case.events.of(KEPT) if (e.pid, e.source.bundle) == (run.pid, run.bundle))
    until = run.last.at + _ENDS
    return next((e for e in own if run.first.at <= e.moment.at <= until), None)


def _renames(argv: tuple[str, ...], uuid: str) -> bool:
    return bool(argv) and argv[0].endswith("lvrename") and argv[-1] == f"{uuid}.cbtlog"


def _quoted(case: Case, run: Operation) -> tuple[Evidence, ...]:
    lines = [run.entry, kept_line(case, run), *(raised.event for raised in run.raised[-1:])]
    return tuple(
        Evidence(source=line.source, text=line.text, at=line.moment) for line in lines if line
    )
