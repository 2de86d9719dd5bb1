"""A disk as the rebuilt logs and the database leave it, as a state of the model of SM.

The clock of the state is in seconds since 1970, UTC.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from analyzer.case.case import Case
from analyzer.model.cbt import NO_LOG, CbtLog, Change, Known
from analyzer.model.finding import Confidence
from analyzer.model.operation import AccessMode
from analyzer.model.terms import CBT_BLOCK, CBT_METADATA, LOG_SUFFIX, LOG_VOLUME_SIZE, VOLUME_GROUP
from analyzer.model.xapi import Vdi as Row
from analyzer.plans.case import GONE, NO, THERE, YES, About, Doubt, Question
from analyzer.plans.commands import HEADER
from analyzer.rebuilt.calls.attachments import attachments_of_disks
from analyzer.rebuilt.cbt.history import cbt_history
from analyzer.rebuilt.cbt.log_paths import volumes_by_type
from analyzer.rebuilt.cbt.walk_order import gone
from analyzer.sm.spans import Span, Spans
from analyzer.sm.state import GIB, Body, Kind, Log, SrKind, State, Use, Vdi
from analyzer.story.disks.index import DiskIndex
from analyzer.story.disks.life import snapshot_time
from analyzer.values import dataclass

# How much of a log can be read, by the copies and listings in the bundles and by findings.

_SHORT = "cbt-log-short"


def body_of(case: Case, known: DiskIndex, log: CbtLog) -> tuple[Body, tuple[str, ...]]:
    """Return how much of a log is there, and what it could be instead where that is not sure."""
    size = log.size.value if log.size else None
    for body in _bodies_seen(case, log.uuid, size):
        return body, ()
    if any(finding.rule == _SHORT for finding in known.findings.get(log.uuid, ())):
        return Body.SHORT, (Body.SHORT.value, Body.CUT.value, Body.WHOLE.value)
    return Body.WHOLE, ()


def _bodies_seen(case: Case, uuid: str, size: int | None) -> Iterator[Body]:
    for report in case.hosts:
        for copy in (each for each in report.cbtlogs if each.uuid == uuid):
            whole = copy.bitmap_bytes >= copy.expected_bytes
            yield Body.CUT if not copy.header else Body.WHOLE if whole else Body.SHORT
        for listing in report.listings:
            for file in listing.files:
                if file.name != f"{uuid}{LOG_SUFFIX}" or file.size is None:
                    continue
                if file.size < HEADER:
                    yield Body.CUT
                elif size is not None:
                    need = HEADER + -(-size // (CBT_BLOCK * 8))
                    yield Body.WHOLE if file.size >= need else Body.SHORT


# Whether a new log still fits on an SR.

_LOG_FILE = 64 * 1024


def has_room(case: Case, sr: str, kind: SrKind) -> bool:
    """Tell whether a new log fits, by ``vgs`` or ``df``; what was not listed is taken to fit."""
    if kind is SrKind.VOLUMES:
        groups = (g for report in case.hosts for g in (report.vgs.groups if report.vgs else ()))
        free = [g.free for g in groups if g.name == f"{VOLUME_GROUP}{sr}" and g.free is not None]
        return min(free, default=LOG_VOLUME_SIZE) >= LOG_VOLUME_SIZE
    mounts = (m for report in case.hosts for m in (report.mounts.mounts if report.mounts else ()))
    left = [m.available for m in mounts if sr and m.path.endswith(sr) and m.available is not None]
    return min(left, default=_LOG_FILE) >= _LOG_FILE


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskAtEnd:
    """A disk at the end of the bundle; ``doubts`` say where its state could be otherwise.

    ``base`` is the snapshot that the next backup will compare with: the newest whose log is
    there. "" where there is none.
    """

    state: State
    doubts: tuple[Doubt, ...]
    base: str
    purges: bool


def disk_at_end(case: Case, known: DiskIndex, disk: str) -> DiskAtEnd | None:
    """Return the state of a live disk and its snapshots; None: the database does not have it."""
    found = known.rows.get(disk)
    if found is None or found[1].type == CBT_METADATA:
        return None
    made = _Maker(case, known, disk, found[1])
    state = made.state()
    there = [name for name in state.snapshots(disk) if name in state.logs]
    row_flags = tuple(made.flag_doubts(state))
    return DiskAtEnd(
        state=state,
        doubts=(*row_flags, *made.doubts),
        base=there[-1] if there else "",
        purges=any(vdi.kind is Kind.METADATA for vdi in state.vdis.values()),
    )


class _Maker:
    """Makes the state of one disk, and collects what is not known of it."""

    def __init__(self, case: Case, known: DiskIndex, disk: str, row: Row) -> None:
        self.case, self.known, self.disk, self.row = case, known, disk, row
        self.doubts: list[Doubt] = []
        own = known.members.get(disk, frozenset((disk,)))
        # When a snapshot was taken: its row's time, else when its log came to be.
        taken = {}
        for uuid in own:
            if uuid != disk:
                taken_row = self.known.row(uuid)
                moment = snapshot_time(taken_row) if taken_row else None
                if moment is None and (log := self.known.logs.get(uuid)):
                    moment = next((c.moment for c in log.changes if c.moment), None)
                taken[uuid] = _seconds_of(moment.at) if moment else 0
        self.taken = dict(sorted(taken.items(), key=lambda pair: (pair[1], pair[0])))
        self._times = list(self.taken.values())
        self._taken_uuids = list(self.taken)
        # When CBT was turned on; the log that a snapshot begins goes on where one ended.
        births_of_logs: list[int] = []
        births_log, handed_over = self.known.logs.get(self.disk), False
        for change in births_log.changes if births_log else ():
            if change.change is Change.RENAMED:
                handed_over = True
            elif change.change is Change.CREATED and change.moment:
                if not handed_over:
                    births_of_logs.append(_seconds_of(change.moment.at))
                handed_over = False
        self.born = tuple(births_of_logs)
        ends = (report.captured_at.at for report in case.hosts if report.captured_at)
        last = max((_seconds_of(end) for end in ends), default=0)
        self.now = max((last, *self.taken.values(), *self.born)) + 1

    def state(self) -> State:
        """Return the state."""
        pool, row = self.known.rows[self.disk]
        disk_sr = pool.sr(row.sr)
        disk_log = self.known.logs.get(self.disk)
        sr = disk_sr.uuid if disk_sr else disk_log.sr if disk_log else ""
        seen = cbt_history(self.case).volumes.get(sr)
        volumes_pool, volumes_row = self.known.rows[self.disk]
        kept = volumes_pool.sr(volumes_row.sr)
        on_volumes = bool(
            seen if seen is not None else volumes_by_type(kept.type if kept else None)
        )
        kind = SrKind.VOLUMES if on_volumes else SrKind.FILES
        own = attachments_of_disks(self.case).get(self.disk, ())
        active = [each for each in own if each.open_at_capture]
        written = any(each.mode is not AccessMode.READ_ONLY for each in active)
        begun = [_seconds_of(each.began.at) for each in active if each.began]
        keys = self.row.sm_config or {}
        live_row = Vdi(
            size=self.row.virtual_size or GIB,
            cbt_enabled=bool(self.row.cbt_enabled),
            use=Use.WRITTEN if written else Use.READ if active else Use.NONE,
            host_key=any(key.startswith("host_") for key in keys),
            since=min(begun, default=0),
            # Whether anything was written is not known: it may have been, at any time.
            written=(Span(since=0, until=self.now),),
        )
        vdis = {self.disk: live_row, **self._snapshots_by_uuid()}
        logs = {uuid: log for uuid in (*self.taken, self.disk) if (log := self._log_of_uuid(uuid))}
        return State(
            vdis=vdis, logs=logs, sr=kind, room=has_room(self.case, sr, kind), clock=self.now
        )

    def flag_doubts(self, state: State) -> Iterator[Doubt]:
        """Yield what the database does not say of the disk itself."""
        if self.row.cbt_enabled is None:
            likely = (YES, NO) if self.disk in state.logs else (NO, YES)
            question = Question(name=self.disk, about=About.ENABLED)
            yield Doubt(question=question, values=likely)

    def _snapshots_by_uuid(self) -> Mapping[str, Vdi]:
        made: dict[str, Vdi] = {}
        for uuid, taken in self.taken.items():
            found = self.known.rows.get(uuid)
            if found is None:
                continue
            pool, row = found
            kept = row.type == CBT_METADATA
            vms = (pool.vm(vbd.vm) for vbd in pool.vbds_of(row))
            owner = next((vm.uuid for vm in vms if vm and vm.is_a_snapshot), "")
            made[uuid] = Vdi(
                kind=Kind.METADATA if kept else Kind.SNAPSHOT,
                size=row.virtual_size or self.row.virtual_size or GIB,
                cbt_enabled=bool(row.cbt_enabled),
                snapshot_of=self.disk,
                owner=owner,
                taken=taken,
                data=not kept,
            )
        return made

    def _log_of_uuid(self, uuid: str) -> Log | None:
        log, row = self.known.logs.get(uuid), self.known.row(uuid)
        flagged = row is not None and (row.cbt_enabled is True or row.type == CBT_METADATA)
        if log is None:
            if not flagged:
                return None
            log = CbtLog(sr="", uuid=uuid)
        # Whether a log may be there; what is less than likely is a doubt.
        if log.exists is not None and log.exists.confidence is not Confidence.POSSIBLE:
            there = not gone(log)
        else:
            likely = flagged if log.exists is None else log.exists.value
            self._doubt_about(log.uuid, About.EXISTS, *((THERE, GONE) if likely else (GONE, THERE)))
            there = True
        if not there:
            return None
        parent, child = self._neighbours_of_log(uuid)
        body, body_doubt = body_of(self.case, self.known, log)
        if body_doubt:
            self._doubt_about(uuid, About.BODY, *body_doubt)
        size = log.size.value if log.size else row.virtual_size if row else None
        if log.consistent is not None and log.consistent.confidence is not Confidence.POSSIBLE:
            may_be_consistent = log.consistent.value
        elif uuid == self.disk and not self._is_attached():
            self._doubt_about(uuid, About.CONSISTENT, YES, NO)
            may_be_consistent = True
        else:
            may_be_consistent = uuid != self.disk
        return Log(
            parent=self._pointer_known(uuid, log.parent, About.PARENT, parent),
            child=self._pointer_known(uuid, log.child, About.CHILD, child),
            consistent=may_be_consistent,
            size=size or self.row.virtual_size or GIB,
            body=body,
            recorded=self._time_recorded(uuid) if body is Body.WHOLE else (),
        )

    def _pointer_known(
        self, uuid: str, known: Known[str] | None, about: About, neighbour: str
    ) -> str:
        if known is not None and known.confidence is not Confidence.POSSIBLE:
            return known.value
        value = known.value if known is not None else neighbour
        others = [each for each in (neighbour, NO_LOG) if each != value]
        self._doubt_about(uuid, about, value, *others)
        return value

    def _is_attached(self) -> bool:
        return self.disk in self.known.attached

    def _neighbours_of_log(self, uuid: str) -> tuple[str, str]:
        """Return what a log of a sound chain names as parent and child."""
        return self._neighbours.get(uuid, (NO_LOG, NO_LOG))

    @cached_property
    def _neighbours(self) -> Mapping[str, tuple[str, str]]:
        # An error that takes the disk's log away leaves the pointer to it (_disable_cbt_on_error).
        order = [*filter(self._may_have_log, self.taken), self.disk]
        beside = zip(order, (NO_LOG, *order), (*order[1:], NO_LOG), strict=False)
        return {uuid: (parent, child) for uuid, parent, child in beside}

    def _may_have_log(self, uuid: str) -> bool:
        log, row = self.known.logs.get(uuid), self.known.row(uuid)
        flagged = row is not None and (row.cbt_enabled is True or row.type == CBT_METADATA)
        return not gone(log) if log and log.exists else flagged

    def _time_recorded(self, uuid: str) -> Spans:
        """Return the time that a log followed: since it was begun, until its snapshot."""
        until = self.now if uuid == self.disk else self.taken[uuid]
        merged = self._merged_into(uuid)
        earlier = range(bisect_left(self._times, until) - 1, -1, -1)
        ends = (self._times[n] for n in earlier if self._taken_uuids[n] not in merged)
        since = next(ends, 0)
        since = max((since, *(begun for begun in self.born if begun < until)))
        return (Span(since=since, until=until),) if since < until else ()

    def _merged_into(self, uuid: str) -> frozenset[str]:
        """Return the logs whose bits a log has: those of snapshots deleted before it, and theirs.

        A deletion merges the log into its child: vdi_delete() of VDI.py, `cbt-util coalesce`.
        """
        found: set[str | None] = set()
        asked: list[str | None] = [uuid]
        while asked:
            log = self.known.logs.get(asked.pop() or "")
            changes = log.changes if log else ()
            own = {c.value for c in changes if c.change is Change.MERGED} - found - {uuid}
            found |= own
            asked += own
        return frozenset(each for each in found if each)

    def _doubt_about(self, uuid: str, about: About, *values: str) -> None:
        question = Question(name=uuid, about=about)
        self.doubts.append(Doubt(question=question, values=values))


def with_hidden_gap(at_end: DiskAtEnd, disk: str) -> DiskAtEnd:
    """Return it with a live log that lacks what was written: by a crash, or without it."""
    log = at_end.state.logs.get(disk)
    if log is None:
        return at_end
    logs = {**at_end.state.logs, disk: replace(log, recorded=())}
    return replace(at_end, state=replace(at_end.state, logs=logs))


def _seconds_of(at: datetime) -> int:
    return int(at.timestamp())
