"""Metadata disks that no backup can use any more.

They look like snapshots that somebody forgot, and mostly are the opposite: the base of the next
incremental. Only those are told that certainly lead nowhere; the others are healthy however many
there are, because each backup job keeps its own.

`data_destroy` leaves of a snapshot its log, which is the base of the next incremental backup: one
for each disk and job is sound. A scan of the SR makes a metadata disk of every log without a disk
too (sm `LVHDSR.py` scan(), `FileSR.py` _loadvdis()), with `snapshot_of` null; that is what an
interrupted operation leaves, but also what an SR looks like that was detached and attached anew.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from enum import Enum

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.case.pool import PoolState
from analyzer.case.quotation import has_field
from analyzer.checks.observation import Observation
from analyzer.checks.tools.chain_facts import gone, log_path, sure
from analyzer.checks.tools.finding import found, quote_row
from analyzer.checks.tools.log_disk import is_metadata
from analyzer.checks.tools.lost_tracking import taken_at
from analyzer.checks.tools.sm_runs import runs
from analyzer.checks.tools.unread import held_back
from analyzer.model.cbt import NO_LOG, CbtLog
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Evidence, Finding, Gap, Subject
from analyzer.model.operation import Operation, Result
from analyzer.model.rule import RuleText
from analyzer.model.sentence import joined, say
from analyzer.model.xapi import Sr, Vdi
from analyzer.rebuilt.cbt.history import cbt_history
from analyzer.rebuilt.cbt.log_paths import FILE_TYPES
from analyzer.values import dataclass

_MOST = 10
_SUFFIX = ".cbtlog"
_KEPT = "cbt-leftover-metadata-vdis.kept"
# from the last line that is known to be of a call to its end
_ENDS = timedelta(minutes=10)


class _Use(Enum):
    """Why a metadata disk is of no use; the value is the case in the texts."""

    GONE = ""
    OFF = "off"
    ENDED = "ended"
    ORPHAN = "orphan"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leftover:
    """A metadata disk of no use: ``because`` completes its line, ``proof`` shows it."""

    row: Vdi
    use: _Use
    because: str
    proof: tuple[Evidence, ...] = ()


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Ask of which disk each metadata disk is, and where its log leads.

    One finding for each SR and reason.
    """
    replayed: list[Finding] = []
    for pool in case.pools:
        for sr in pool.srs:
            answers = _answers_for_sr(case, pool, sr)
            yield from (each for each in answers if isinstance(each, Gap))
            left = [each for each in answers if isinstance(each, _Leftover)]
            for use in _Use:
                if own := [each for each in left if each.use is use]:
                    finding = _finding_of_leftovers(text, sr, own)
                    if use is _Use.ENDED:
                        replayed.append(finding)
                    else:
                        yield finding
    yield from held_back(case, replayed)


def _answers_for_sr(case: Case, pool: PoolState, sr: Sr) -> Sequence[_Leftover | Gap]:
    rows = (row for row in pool.vdis_of(sr) if is_metadata(row))
    # While data_destroy runs, the disk already has the type, and gets its own back if it fails.
    found_ = (_judged_row(case, pool, sr, row) for row in rows if not row.current_operations)
    return [each for each in found_ if each is not None]


def _finding_of_leftovers(text: RuleText, sr: Sr, left: Sequence[_Leftover]) -> Finding:
    use = left[0].use
    lines: list[str] = []
    for each in left[:_MOST]:
        when = taken_at(each.row)
        age = say(", taken at {when}", when=when) if when else ""
        lines.append(
            say("{uuid}{age}, {because}", uuid=each.row.uuid, age=age, because=each.because)
        )
    more = [f"and {len(left) - _MOST} more"] if len(left) > _MOST else []
    values = {
        "sr": sr.uuid,
        "sr_name": sr.name_label or sr.uuid,
        "number": f"{len(left)} metadata disk{'s' if len(left) > 1 else ''}",
        "inventory": joined((*lines, *more), "; "),
    }
    kind = "file_disk" if sr.type in FILE_TYPES else "lvm_disk"
    told = text.case(use.value) if use.value else (text.title, text.detail)
    rows = (quote_row(each.row, "type", "snapshot_of", "snapshot_time") for each in left[:_MOST])
    proofs = (proof for each in left[:_MOST] for proof in each.proof)
    return found(
        text,
        told,
        basis=Basis.BOTH if any(each.proof for each in left) else Basis.STATE,
        confidence=Confidence.LIKELY,
        subjects=(
            *(Subject(type="VDI", uuid=each.row.uuid, name=each.row.name_label) for each in left),
            Subject(type="SR", uuid=sr.uuid, name=sr.name_label),
        ),
        rows=[*({**values, kind: each.row.uuid} for each in left[:_MOST]), values],
        evidence=tuple(dict.fromkeys((*rows, *proofs))),
        count=len(left),
    )


def _judged_row(case: Case, pool: PoolState, sr: Sr, row: Vdi) -> _Leftover | Gap | None:
    """Return why a metadata disk is of no use, None where it may be; a gap if nobody knows."""
    if (run := _runs_that_left(case).get((sr.uuid, row.uuid))) is not None:
        undone = run.result is Result.FAILED
        why = "was undone" if undone else "could not add its bits to the next log"
        words = f"left by {run.name}, which {why}"
        lines = [run.entry, _kept_line(case, run), *(raised.event for raised in run.raised[-1:])]
        run_quoted = tuple(
            Evidence(source=line.source, text=line.text, at=line.moment) for line in lines if line
        )
        return _Leftover(row=row, use=_Use.ORPHAN, because=words, proof=run_quoted)
    live = pool.vdi(row.snapshot_of)
    if live is not None:
        # Judge one whose disk is there: with CBT, or with a snapshot that has it, it is a base. In
        # half a database the rows of those snapshots may be missing.
        if live.cbt_enabled is not False or live.current_operations:
            return None
        known = _disks_tracked(case, pool)
        if not pool.complete or not known.isdisjoint({live.uuid, live.ref} - {""}):
            return None
        return _Leftover(row=row, use=_Use.OFF, because=f"of {live.name_label or ''} ({live.uuid})")
    if row.snapshot_of is not None:
        # Judge one whose disk is not there under that reference. Its snapshots may have outlived
        # it, and a disk that was forgotten and found again by a scan has another reference, and is
        # what the log still leads to.
        if (
            not pool.complete
            or row.snapshot_of in _disks_tracked(case, pool)
            or _without_disk(case, pool, sr, row) is None
        ):
            return None
        return _Leftover(
            row=row, use=_Use.GONE, because=f"of {row.snapshot_of}, which is not there"
        )
    # Whether the row has the field, and it is null; a row without it says nothing.
    return _without_disk(case, pool, sr, row) if has_field(row, "snapshot_of") else None


@derived
def _disks_tracked(case: Case, pool: PoolState) -> frozenset[str | None]:
    """Return what the snapshots that still have their data and CBT say they are of."""
    del case
    return frozenset(
        each.snapshot_of
        for each in pool.vdis
        if each.cbt_enabled is not False and not is_metadata(each)
    )


def _without_disk(case: Case, pool: PoolState, sr: Sr, row: Vdi) -> _Leftover | Gap | None:
    """Ask where the chain leads; only a known end that is no disk makes it a leftover."""
    end = _ends_of_chains(case, pool).get((sr.uuid, row.uuid))
    if isinstance(end, _Ended):
        return _leftover_of_ended_chain(row, end.last, end.because)
    return _gap_about_row(case, sr, row) if end is None or end is _Way.UNKNOWN else None


class _Way(Enum):
    """Where a chain leads that is not known to end at no disk."""

    DISK = "disk"
    CIRCLE = "circle"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """The last log of a chain that leads to no disk, and what shows it."""

    last: CbtLog
    because: str


@derived
def _ends_of_chains(case: Case, pool: PoolState) -> Mapping[tuple[str, str], "_Way | _Ended"]:
    """Follow the child pointers of all logs, by SR and uuid; what many share is followed once."""
    ends: dict[tuple[str, str], _Way | _Ended] = {}
    for start in cbt_history(case).now:
        path: list[tuple[str, str]] = []
        at: tuple[str, str] | _Way | _Ended = start
        while isinstance(at, tuple) and at not in ends:
            ends[at] = _Way.CIRCLE  # unless it ends
            path.append(at)
            at = _behind(case, pool, *at)
        end = ends[at] if isinstance(at, tuple) else at
        ends.update(dict.fromkeys(path, end))
    return ends


def _behind(case: Case, pool: PoolState, sr: str, uuid: str) -> "tuple[str, str] | _Way | _Ended":
    """Return the log that a log leads to, or how its chain ends there."""
    log = cbt_history(case).now[sr, uuid]
    child = sure(log.child)
    if child is None:
        return _Way.UNKNOWN
    if child == NO_LOG:
        return _Ended(last=log, because="its child pointer names none")
    target = pool.vdi(child)
    if target is not None and not is_metadata(target):
        return _Way.DISK
    newer = cbt_history(case).log(sr, child)
    if gone(newer) or (target is None and pool.complete and newer is None):
        return _Ended(last=log, because=f"its chain leads to {child}, which is not there")
    return _Way.UNKNOWN if newer is None else (sr, child)


def _leftover_of_ended_chain(row: Vdi, last: CbtLog, because: str) -> _Leftover:
    assert last.child is not None
    return _Leftover(row=row, use=_Use.ENDED, because=because, proof=(last.child.evidence,))


def _gap_about_row(case: Case, sr: Sr, row: Vdi) -> Gap:
    return Gap(
        need="smlog",
        host="",
        why=f"metadata disk {row.uuid} in SR {sr.name_label or sr.uuid} names no disk, and the "
        "logs do not show where its log leads, so whether a backup still needs it cannot be told",
        settle_with=f"cbt-util get -c -n {log_path(case, sr.uuid, row.uuid)}",
    )


@derived
def _runs_that_left(case: Case) -> Mapping[tuple[str, str], Operation]:
    """Return by SR and uuid the run that left a log without a disk (S-05, S-37).

    A deletion that could not join the bits keeps the log and takes the disk. A snapshot that is
    undone does not rename the log back.
    """
    found: dict[tuple[str, str], Operation] = {}
    for run in runs(case, "vdi_delete", "vdi_snapshot"):
        if run.name == "vdi_delete":
            left = [run.vdi] if run.vdi and _kept_line(case, run) else []
        else:
            undone = run.commands if run.result is Result.FAILED else ()
            left = [uuid for command in undone if (uuid := _log_renamed_to(command.argv))]
        for uuid in left if run.sr else ():
            found.setdefault((run.sr or "", uuid), run)
    return found


def _kept_line(case: Case, run: Operation) -> Event | None:
    """Return the line by which a deletion says that it keeps the log."""
    own = _kept_lines(case).get((run.pid, run.bundle), ())
    first = bisect_left(own, run.first.at, key=lambda event: event.moment.at)
    line = own[first] if first < len(own) else None
    return line if line and line.moment.at <= run.last.at + _ENDS else None


@derived
def _kept_lines(case: Case) -> Mapping[tuple[int | None, str], Sequence[Event]]:
    """Return these lines of each process, in the order of time."""
    found: dict[tuple[int | None, str], list[Event]] = {}
    for event in case.events.of(_KEPT):
        found.setdefault((event.pid, event.source.bundle), []).append(event)
    return found


def _log_renamed_to(argv: tuple[str, ...]) -> str:
    """Return the disk whose log a command makes of another by its name, "" for other commands."""
    renames = bool(argv) and argv[0].endswith("lvrename") and argv[-1].endswith(_SUFFIX)
    return argv[-1].removesuffix(_SUFFIX) if renames else ""
