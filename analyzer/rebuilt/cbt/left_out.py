"""Whether a comparison that SM answers leaves blocks out: the model of SM, asked over the past.

A log's bitmap is not rebuilt, but two things bound the time that it can tell of: CBT that was
turned on makes a new log, and nothing knows what was written since the last snapshot before; and
a log that names a parent holds nothing older than that parent. Both are taken from SM's lines or
from the pointers; where they are not known a log is held to have recorded everything.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.case.pool import PoolState
from analyzer.case.quotation import quote
from analyzer.case.time.order import Mark, Order
from analyzer.model.cbt import CbtLog, Change, LogChange, Walk, WalkEnd
from analyzer.model.finding import Confidence, Evidence
from analyzer.model.moment import Moment
from analyzer.model.xapi import Vdi as Row
from analyzer.parsers.host.alerts import read_time
from analyzer.rebuilt.cbt.history import CbtHistory, cbt_history
from analyzer.sm.comparing import list_changed_blocks
from analyzer.sm.spans import Span, without
from analyzer.sm.state import Kind, Log, State, Vdi
from analyzer.values import dataclass

_EPOCH = 1970  # what xapi writes where there is no time
_LINKS = (Change.CREATED, Change.PARENT, Change.RENAMED, Change.REMOVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """The time whose writes to ``disk`` an answer lacks, and what shows it."""

    disk: str
    since: Moment
    until: Moment
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    """Something that happened, with what shows it."""

    at: Moment
    evidence: Evidence

    @property
    def tick(self) -> int:
        """Return its second, as the clock of the model's state."""
        return int(self.at.at.timestamp())

    def precedes(self, other: "_Point", order: Order) -> bool:
        """Tell whether this surely came first."""
        return order.surely_before(self.mark, other.mark)

    @property
    def mark(self) -> Mark:
        """Return when and where it stands."""
        logged = self.evidence.at is not None
        return Mark(at=self.at, source=self.evidence.source, logged=logged)


def left_out(past: "Past", walked: Walk, older: str, newer: str) -> LeftOut | None:
    """Return what SM's answer surely lacks, None where nothing shows that it lacks anything.

    ``walked`` is SM's walk from `older` to `newer` at capture.
    """
    if walked.end is not WalkEnd.REACHED:
        return None
    disk, first, last = past.disk_of(newer), past.taken(older), past.taken(newer)
    if first is None or (last is None and newer != disk) or past.disk_of(older) != disk:
        return None
    holes = tuple(past.holes(disk, first, last))
    starts = past.starts(older, walked.visited)
    points = [first, *(point for hole in holes for point in hole), *starts.values()]
    ticks = {point.tick: point.at for point in points}
    until = last.tick if last else max(ticks) + 1
    unseen = tuple(Span(since=since.tick, until=end.tick) for since, end in holes)
    logs = {
        uuid: Log(
            child=child,
            recorded=without((Span(since=_tick_of_start(starts, uuid), until=until),), unseen),
        )
        for uuid, child in zip((older, *walked.visited), (*walked.visited, ""), strict=True)
    }
    vdis = {
        disk: Vdi(written=(Span(since=0, until=until),)),
        older: Vdi(kind=Kind.SNAPSHOT, snapshot_of=disk, taken=first.tick),
    }
    if last is not None:
        vdis[newer] = Vdi(kind=Kind.SNAPSHOT, snapshot_of=disk, taken=last.tick)
    answer = list_changed_blocks(State(vdis=vdis, logs=logs, clock=until), older, newer)
    if not answer.left_out:
        return None
    return LeftOut(
        disk=disk,
        since=ticks[answer.left_out[0].since],
        until=ticks[answer.left_out[-1].until],
        evidence=tuple(dict.fromkeys(point.evidence for point in points)),
    )


@derived
def past_of(case: Case) -> "Past":
    """Return what a case tells of its snapshots."""
    return Past(history=cbt_history(case), pools=case.pools)


def _tick_of_start(starts: Mapping[str, _Point], uuid: str) -> int:
    return starts[uuid].tick if uuid in starts else 0


@dataclass(slots=False, kw_only=True)
class Past:
    """What is known of when snapshots were taken, and of when logs were begun anew."""

    history: CbtHistory
    pools: Sequence[PoolState]
    _taken: dict[str, _Point | None] = field(default_factory=dict)
    _begun: dict[str, Sequence[tuple[_Point, Sequence[_Point]]]] = field(default_factory=dict)

    def disk_of(self, uuid: str) -> str:
        """Return the disk that a snapshot is of; the uuid itself for any other."""
        log, row = self.history.find(uuid), self._row_of_uuid(uuid)
        names = (c.value for c in _changes_of_log(log) if c.change is Change.ARRIVED and c.value)
        pools = (pool.vdi(row.snapshot_of) for pool in self.pools if row and row.is_a_snapshot)
        return next(names, "") or next((vdi.uuid for vdi in pools if vdi), uuid)

    def taken(self, uuid: str) -> _Point | None:
        """Return when a snapshot was taken: when its log got its name, else by the database."""
        if uuid not in self._taken:
            for change in _changes_of_log(self.history.find(uuid)):
                if change.change is Change.ARRIVED and change.moment is not None:
                    find_taken: _Point | None = _Point(at=change.moment, evidence=change.evidence)
                    break
            else:
                row = self._row_of_uuid(uuid)
                at = read_time(row.snapshot_time or "") if row and row.is_a_snapshot else None
                if row is None or at is None or at.year <= _EPOCH:
                    find_taken = None
                else:
                    text = quote(row, "snapshot_of", "snapshot_time")
                    evidence = Evidence(source=row.source, text=text)
                    find_taken = _Point(at=Moment.exact(at, "snapshot_time"), evidence=evidence)
            self._taken[uuid] = find_taken
        return self._taken[uuid]

    def holes(
        self, disk: str, first: _Point, last: _Point | None
    ) -> Iterator[tuple[_Point, _Point]]:
        """Yield when nothing recorded a disk, of all that lies between two snapshots.

        A hole begins with the last snapshot before, and ends with a log that was begun anew.
        """
        order = self.history.order
        for end, before in self._begun_anew(disk):
            if first.precedes(end, order) and (last is None or end.precedes(last, order)):
                yield max((first, *before), key=lambda point: point.tick), end

    def _begun_anew(self, disk: str) -> Sequence[tuple[_Point, Sequence[_Point]]]:
        """Return when logs of a disk were not begun by a snapshot, as the first changes tell.

        With each comes the latest snapshot before it, if there is one.
        """
        if disk in self._begun:
            return self._begun[disk]
        # A snapshot renames the disk's log before it makes a new one, which it then gives a
        # parent. Where the lines begin with a new log, one that is given a parent or fails may be
        # a snapshot's.
        changes = _changes_of_log(self.history.find(disk))
        links = [change for change in changes if change.change in _LINKS]
        found: list[tuple[_Point, Sequence[_Point]]] = []
        for place, change in enumerate(links):
            if change.change is not Change.CREATED or change.moment is None:
                continue
            before = links[place - 1].change if place else None
            after = links[place + 1].change if place + 1 < len(links) else None
            alone = before is None and after not in (Change.PARENT, Change.REMOVED)
            if change.confidence is Confidence.CERTAIN and (before is Change.REMOVED or alone):
                end = _Point(at=change.moment, evidence=change.evidence)
                known = self._by_disk.get(disk, ())
                earlier = [point for point in known if point.precedes(end, self.history.order)]
                latest = max(earlier, key=lambda point: point.tick, default=None)
                found.append((end, () if latest is None else (latest,)))
        self._begun[disk] = found
        return found

    def starts(self, older: str, visited: Sequence[str]) -> Mapping[str, _Point]:
        """Return the logs that begin later than the one before them on the way, and with what."""
        found: dict[str, _Point] = {}
        for before, uuid in zip((older, *visited), visited, strict=False):
            log = self.history.find(uuid)
            parent = log.parent if log else None
            if not parent or parent.confidence is Confidence.POSSIBLE or not parent.value:
                continue
            known, begins = self.taken(before), self.taken(parent.value)
            if known and begins and known.precedes(begins, self.history.order):
                found[uuid] = _Point(at=begins.at, evidence=parent.evidence)
        return found

    @cached_property
    def _by_disk(self) -> Mapping[str, list[_Point]]:
        found: dict[str, list[_Point]] = {}
        for _, uuid in self.history.now:
            point = self.taken(uuid)
            if point is not None:
                found.setdefault(self.disk_of(uuid), []).append(point)
        return found

    def _row_of_uuid(self, uuid: str) -> Row | None:
        return next((row for pool in self.pools if (row := pool.vdi(uuid))), None)


def _changes_of_log(log: CbtLog | None) -> Sequence[LogChange]:
    return log.changes if log else ()
