"""What the rebuilt chains prove of a pointer: when a snapshot was taken, when tracking broke.

A snapshot taken before a break of its disk's tracking must never lead, by child pointers, to the
disk or to a snapshot from after it: nothing knows what was written in between. A user's
disable_cbt zeroes the pointer (sm `VDI.py` `configure_blocktracking()`); an error leaves it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.case.pool import PoolState
from analyzer.case.time.order import Mark as Placed
from analyzer.case.time.order import Order, place_of
from analyzer.checks.tools.finding import quote, quote_row
from analyzer.checks.tools.lost_tracking import Loss, has_log, losses, taken_at
from analyzer.checks.tools.sm_runs import argument, cbt_util, log_of, quote_run, runs, succeeded
from analyzer.model.cbt import CbtLog, Change, Known
from analyzer.model.finding import Confidence, Evidence, Gap, Subject
from analyzer.model.moment import Moment
from analyzer.model.operation import Operation
from analyzer.model.terms import LOG_SUFFIX, VOLUME_FOLDER, VOLUME_TYPES
from analyzer.model.xapi import Sr, Vdi
from analyzer.rebuilt.cbt.history import cbt_history
from analyzer.values import dataclass

Value = TypeVar("Value")
_SEEN = frozenset({Change.SEEN, Change.MISSED})
_NAMED = 3


class Teller(NamedTuple):
    """Who tells of a time: a log of a report, or (without ``lines``) a row of a database."""

    bundle: str
    name: str
    lines: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A point in time, with the line or the row that it rests on."""

    at: Moment
    evidence: Evidence

    def precedes(self, other: "Mark", order: Order) -> bool:
        """Tell whether this surely came first."""
        return order.surely_before(self.placed(), other.placed())

    @property
    def log(self) -> "Teller":
        """Return who tells of it."""
        source = self.evidence.source
        return Teller(source.bundle, place_of(source)[0], self.evidence.at is not None)

    @property
    def place(self) -> tuple[int, int]:
        """Return where in its log it stands."""
        return place_of(self.evidence.source)[1]

    def placed(self) -> Placed:
        """Return when and where it stands."""
        evidence = self.evidence
        return Placed(at=self.at, source=evidence.source, logged=evidence.at is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """When a snapshot was taken, and of which disk, None where that is not known."""

    of: str | None
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A time at which tracking of a disk ended, or began anew: an error, or enable_cbt."""

    vdi: str
    mark: Mark
    loss: Loss | None


class Taken:
    """The snapshots of one disk, so laid out that few are looked at between two marks."""

    def __init__(self, births: Iterable[tuple[str, Mark]]) -> None:
        logs: dict[Teller, list[tuple[int, str, Mark]]] = {}
        for number, (uuid, mark) in enumerate(births):
            logs.setdefault(mark.log, []).append((number, uuid, mark))
        self._logs = {
            log: (sorted(own, key=_by_place), sorted(own, key=_by_time))
            for log, own in logs.items()
        }

    def about_between(self, one: Mark, other: Mark) -> Iterator[str]:
        """Yield all snapshots that may surely lie between, and perhaps others, as they were given.

        In one log its lines tell an order, else nothing does but the times.
        """
        found: list[tuple[int, str]] = []
        for log, (by_place, by_time) in self._logs.items():
            if log == one.log == other.log and log.lines:
                low = bisect_right(by_place, one.place, key=_by_place)
                high = bisect_left(by_place, other.place, key=_by_place)
                found += [(number, uuid) for number, uuid, _ in by_place[low:high]]
            else:
                low = 0 if log == one.log else bisect_right(by_time, one.at.at, key=_by_time)
                end = None if log == other.log else bisect_left(by_time, other.at.at, key=_by_time)
                found += [(number, uuid) for number, uuid, _ in by_time[low:end]]
        return (uuid for _, uuid in sorted(found))


def _by_place(born: tuple[int, str, Mark]) -> tuple[int, int]:
    return born[2].place


def _by_time(born: tuple[int, str, Mark]) -> datetime:
    return born[2].at.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    """When snapshots were taken, and when the tracking of disks broke.

    ``taken`` is disk → its snapshots.
    """

    births: Mapping[str, Birth]
    taken: Mapping[str, Taken]
    breaks: Mapping[str, tuple[Break, ...]]
    firsts: Mapping[str, Mark]
    order: Order

    def disk_of(self, uuid: str) -> str:
        """Return the live disk that a snapshot is of; the uuid itself for any other."""
        birth = self.births.get(uuid)
        return birth.of if birth and birth.of else uuid

    def across(self, older: str, newer: str, until: Mark | None = None) -> Break | None:
        """Return the last break of tracking that surely lies between two disks, an error first.

        ``newer`` is a later snapshot, or the live disk itself; the break of a disk that is
        compared with its own snapshot is any that came after the snapshot, and before ``until``.
        """
        gaps = self.breaks.get(self.disk_of(newer), ())
        found = [gap for gap in gaps if self.spans(older, newer, gap.mark, until)]
        best = [gap for gap in found if gap.loss] or found
        return best[-1] if best else None

    def spans(self, older: str, newer: str, mark: Mark, until: Mark | None = None) -> bool:
        """Tell whether a moment surely lies between two disks, and before ``until``."""
        disk = self.disk_of(newer)
        if disk == older or self.disk_of(older) not in (disk, older):
            return False
        inside = self._taken_before(older, mark) and self._taken_after(newer, disk, mark)
        return inside and (until is None or mark.precedes(until, self.order))

    def between(self, older: str, newer: str, until: Mark) -> Iterator[str]:
        """Yield a disk's snapshots that were surely taken between two others, before ``until``."""
        disk, first = self.disk_of(newer), self.births.get(older)
        own_birth = self.births.get(newer)
        last = own_birth.mark if own_birth else None
        if first is None or first.of != disk or (last is None and newer != disk):
            return
        for uuid in self.taken[disk].about_between(first.mark, last or until):
            mark = self.births[uuid].mark
            inside = uuid not in (older, newer) and first.mark.precedes(mark, self.order)
            if inside and mark.precedes(last or until, self.order):
                yield uuid

    def _taken_before(self, uuid: str, mark: Mark) -> bool:
        birth, first = self.births.get(uuid), self.firsts.get(uuid)
        marks = [*([birth.mark] if birth else []), *([first] if first else [])]
        return any(own.precedes(mark, self.order) for own in marks)

    def _taken_after(self, uuid: str, disk: str, mark: Mark) -> bool:
        birth = self.births.get(uuid)
        return uuid == disk or (birth is not None and mark.precedes(birth.mark, self.order))


def mark_of(run: Operation) -> Mark:
    """Return when a run began."""
    return Mark(at=run.first, evidence=quote_run(run)[0])


@derived
def tracking_of(case: Case) -> Tracking:
    """Return what the case knows of snapshots and breaks."""
    logs = tuple(cbt_history(case).now.values())
    found: dict[str, list[Break]] = {}
    for gap in sorted(_breaks_of_chains(case), key=lambda gap: gap.mark.at.at):
        found.setdefault(gap.vdi, []).append(gap)
    births = {row.uuid: birth for row, birth in _database_births(case)}
    # The snapshots whose logs SMlog shows being renamed from the disk's.
    logged_births: list[tuple[str, Birth]] = []
    for logged_log in logs:
        for change in logged_log.changes:
            if change.change is Change.ARRIVED and change.moment is not None and change.value:
                logged_mark = _mark_at(change.evidence, change.moment)
                logged_births.append((logged_log.uuid, Birth(of=change.value, mark=logged_mark)))
                break
    births |= dict(logged_births)
    taken: dict[str, list[tuple[str, Mark]]] = {}
    for uuid, birth in births.items():
        taken.setdefault(birth.of or uuid, []).append((uuid, birth.mark))
    return Tracking(
        births=births,
        taken={disk: Taken(marks) for disk, marks in taken.items()},
        breaks={vdi: tuple(gaps) for vdi, gaps in found.items()},
        order=case.order,
        firsts={log.uuid: mark for log in logs if (mark := _first_sure_mark(log))},
    )


def _breaks_of_chains(case: Case) -> Iterator[Break]:
    for loss in losses(case):
        # The alert of a loss on a supporter: its time is the master's, as the calls' are.
        alert, line = loss.alert, loss.line
        told = alert if alert and alert.source.bundle != line.source.bundle else line
        yield Break(vdi=loss.vdi, mark=_mark_at(quote(told), told.moment), loss=loss)
    for call in runs(case, "vdi_enable_cbt"):
        for command, _ in cbt_util(call, "create"):
            uuid = log_of(argument(command, "-n"))
            if uuid and succeeded(command):
                event = command.event
                yield Break(vdi=uuid, mark=_mark_at(quote(event), event.moment), loss=None)


def _mark_at(evidence: Evidence, at: Moment) -> Mark:
    return Mark(at=at, evidence=evidence)


def _database_births(case: Case) -> Iterator[tuple[Vdi, Birth]]:
    for pool in case.pools:
        for row in pool.vdis:
            when = taken_at(row)
            if row.is_a_snapshot and when is not None:
                live = pool.vdi(row.snapshot_of)
                mark = _mark_at(quote_row(row, "snapshot_of", "snapshot_time"), when)
                yield row, Birth(of=live.uuid if live else None, mark=mark)


def _first_sure_mark(log: CbtLog) -> Mark | None:
    """Return the first thing that surely happened to a log."""
    marks = [
        _mark_at(change.evidence, change.moment)
        for change in log.changes
        if change.moment is not None
        and change.change not in _SEEN
        and change.confidence is not Confidence.POSSIBLE
    ]
    return min(marks, key=lambda mark: mark.at.at) if marks else None


def sure(known: Known[Value] | None) -> Value | None:
    """Return a value that is at least likely; None for one that is not known so well."""
    return None if known is None or known.confidence is Confidence.POSSIBLE else known.value


def gone(log: CbtLog | None) -> bool:
    """Tell whether a log is surely not there; one that was never mentioned may be."""
    return log is not None and sure(log.exists) is False


def there(log: CbtLog | None) -> bool:
    """Tell whether a log surely is there: seen, and nothing since says that it went."""
    return log is not None and sure(log.exists) is True


@derived
def logs_pointing(case: Case) -> Mapping[tuple[str, str], Sequence[CbtLog]]:
    """Return (SR, disk) → the logs that surely point to that disk as their child, by their disk."""
    found: dict[tuple[str, str], list[CbtLog]] = {}
    for (sr, _), log in sorted(cbt_history(case).now.items()):
        if there(log) and (child := sure(log.child)):
            found.setdefault((sr, child), []).append(log)
    return found


def least_sure(*values: Known[bool] | Known[str] | None) -> Confidence:
    """Return how sure a finding is that rests on all of these values; None says nothing of it."""
    levels = [known.confidence for known in values if known is not None]
    return max(levels, key=tuple(Confidence).index, default=Confidence.CERTAIN)


def log_path(case: Case, sr: str, vdi: str) -> str:
    """Return where the log of a disk is, for a command."""
    row = case.world.sr(sr)
    if row is not None and row.type in VOLUME_TYPES:
        return f"{VOLUME_FOLDER}{sr}/{vdi}{LOG_SUFFIX}"
    return f"/run/sr-mount/{sr}/{vdi}.cbtlog"


def disk_subjects(case: Case, vdi: str, sr: str | None) -> tuple[Subject, ...]:
    """Return a disk and its SR as the subjects of a finding."""
    disk = case.world.subject("VDI", vdi)
    return (disk,) if sr is None else (disk, case.world.subject("SR", sr))


def name_of(case: Case, vdi: str) -> str:
    """Return a disk's name with its uuid, or the uuid alone."""
    return case.world.named("VDI", vdi)


def unknown_pointers(case: Case, what: str, only: frozenset[str] | None = None) -> tuple[Gap, ...]:
    """Return one gap for each SR with snapshots whose child pointers nothing shows.

    ``what`` completes "so … cannot be told"; ``only`` are the SRs that count, None: all.
    """
    gaps: list[Gap] = []
    for pool in case.pools:
        rows: dict[str, list[Vdi]] = {}
        for row in pool.vdis:
            sr = pool.sr(row.sr) if row.sr else None
            if sr is None or (only is not None and sr.uuid not in only):
                continue
            if row.is_a_snapshot and has_log(row) and _is_hidden(case, sr, row):
                rows.setdefault(sr.uuid, []).append(row)
        gaps += [_gap_of_logs(case, pool, sr, own, what) for sr, own in sorted(rows.items())]
    return tuple(gaps)


def _is_hidden(case: Case, sr: Sr, row: Vdi) -> bool:
    log = cbt_history(case).log(sr.uuid, row.uuid)
    return not gone(log) and (log is None or sure(log.child) is None)


def _gap_of_logs(case: Case, pool: PoolState, sr: str, rows: list[Vdi], what: str) -> Gap:
    paths = [log_path(case, sr, row.uuid) for row in rows[:_NAMED]]
    count = "1 snapshot" if len(rows) == 1 else f"{len(rows)} snapshots"
    words_row = pool.sr(sr)
    sr_in_words = f"{words_row.name_label} ({sr})" if words_row and words_row.name_label else sr
    return Gap(
        need="smlog",
        host="",
        why=f"the logs do not reach back to where the CBT logs of {count} in SR "
        f"{sr_in_words} were linked, so {what} cannot be told",
        settle_with="; ".join(f"cbt-util get -c -n {path}" for path in paths),
    )
