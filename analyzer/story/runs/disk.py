"""What is known of a disk's past: its snapshots, when each came and went, and its CBT then."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.case.quotation import quote
from analyzer.model.cbt import CbtLog, Change, Known, Walk
from analyzer.model.event import Event
from analyzer.model.finding import Confidence, Evidence
from analyzer.model.moment import Moment
from analyzer.model.terms import CBT_METADATA
from analyzer.model.xapi import Vdi
from analyzer.rebuilt.cbt.changed_blocks import walk
from analyzer.rebuilt.cbt.history import cbt_history
from analyzer.story.disks.index import DiskIndex
from analyzer.story.disks.life import snapshot_time
from analyzer.story.runs.acts import Act, Deed
from analyzer.story.runs.cut import Episode
from analyzer.values import dataclass

_ALIKE = timedelta(minutes=2)  # between xapi's time of a snapshot and SM's line for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A snapshot of a disk: when it was taken, and what says so."""

    uuid: str
    moment: Moment
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A disk with its snapshots, oldest first; ``purged`` and ``deleted`` are calls by uuid."""

    case: Case
    index: DiskIndex
    disk: str
    sr: str
    snapshots: tuple[Taken, ...]
    purged: Mapping[str, Deed]
    deleted: Mapping[str, Deed]
    moves: tuple[Deed, ...] = ()

    @property
    def pool(self) -> PoolState | None:
        """Return the pool whose database has the disk."""
        found = self.index.rows.get(self.disk)
        return found[0] if found else None

    def row(self, uuid: str) -> Vdi | None:
        """Return a disk's row."""
        return self.index.row(uuid)

    def older(self, episode: Episode, snapshot: str) -> tuple[Taken, ...]:
        """Return the snapshots that certainly were taken before the one of a run.

        Without a snapshot that is known, before the run began.
        """
        own = next((each.moment for each in self.snapshots if each.uuid == snapshot), None)
        limit = own or episode.span[0]
        return tuple(
            each
            for each in self.snapshots
            if each.uuid != snapshot and each.moment.certainly_before(limit)
        )

    def purge_of(self, uuid: str, before: Moment) -> Evidence | None:
        """Return what shows that a snapshot's data was destroyed before a moment."""
        call = self.purged.get(uuid)
        if call is not None:
            early = call.succeeded is True and call.ended.certainly_before(before)
            return call.evidence if early else None
        row = self.row(uuid)
        if row is None or row.type != CBT_METADATA:
            return None
        return Evidence(source=row.source, text=quote(row, "type", "snapshot_of"))

    def has_data(self, uuid: str, before: Moment) -> bool | None:
        """Tell whether a snapshot still had its data at a moment; None: nothing says so."""
        if self.purge_of(uuid, before) is not None:
            return False
        row = self.row(uuid)
        return True if row is not None and row.type not in (CBT_METADATA, None) else None

    def walk(self, older: str, newer: str, at: Moment | Event) -> Walk:
        """Walk as SM would have at a moment, or just before a line."""
        return walk(cbt_history(self.case), self.case.pools, older, newer, at, sr=self.sr)

    def log(self, uuid: str) -> CbtLog | None:
        """Return what is known of a log at capture, with all that happened to it."""
        return cbt_history(self.case).log(self.sr, uuid)

    def moved(self, episode: Episode) -> Deed | None:
        """Return the move of a disk of this VM to this SR, before a run, that did not fail."""
        began = episode.span[0]
        early = (
            deed
            for deed in self.moves
            if deed.succeeded is not False
            and deed.disk != self.disk
            and deed.began.certainly_before(began)
        )
        return next(early, None)

    def deletion_of(self, uuid: str, before: Moment) -> Deed | None:
        """Return the call that deleted a snapshot before a moment, and did not fail."""
        call = self.deleted.get(uuid)
        if call is None or call.succeeded is False:
            return None
        return call if call.began.certainly_before(before) else None


def past_of(
    case: Case,
    index: DiskIndex,
    disk: str,
    deeds: Sequence[Deed],
    *,
    sr: str,
    moves: tuple[Deed, ...] = (),
) -> Past:
    """Return the past of a disk from the database, SM's calls and the names that logs had.

    ``moves`` are the calls that moved disks of its VMs to its SR.
    """
    found = {each.uuid: each for each in _by_rows(index, disk)}
    found |= {each.uuid: each for each in _by_logs(case, sr, disk)}
    for deed in deeds:
        if deed.act is Act.SNAPSHOT and deed.other and deed.succeeded is not False:
            taken = Taken(uuid=deed.other, moment=deed.began, evidence=deed.evidence)
            found.setdefault(deed.other, taken)
    order = sorted(found.values(), key=lambda each: (each.moment.at, each.uuid))
    return Past(
        case=case,
        index=index,
        disk=disk,
        sr=sr,
        snapshots=tuple(order),
        purged=_calls_of_act(deeds, Act.PURGED),
        deleted=_calls_of_act(deeds, Act.DELETED),
        moves=moves,
    )


def taken_in(past: Past, deed: Deed) -> str:
    """Return the snapshot that a call took, "" where nothing says which, or two may be it."""
    if deed.other:
        return deed.other
    near = [each.uuid for each in past.snapshots if each.moment.within(deed.began, _ALIKE)]
    return near[0] if len(near) == 1 else ""


def certain(known: Known[bool] | None, *, value: bool) -> bool:
    """Tell whether something is known, not only possible, to have a value."""
    return (
        known is not None and known.value is value and known.confidence is not Confidence.POSSIBLE
    )


def _calls_of_act(deeds: Sequence[Deed], act: Act) -> Mapping[str, Deed]:
    found: dict[str, Deed] = {}
    for deed in deeds:
        if deed.act is act and (deed.succeeded is not False or deed.disk not in found):
            found[deed.disk] = deed
    return found


def _by_rows(index: DiskIndex, disk: str) -> list[Taken]:
    taken: list[Taken] = []
    for uuid in sorted(index.members.get(disk, frozenset())):
        row = index.row(uuid)
        moment = snapshot_time(row) if row is not None and uuid != disk else None
        if row is not None and moment is not None and row.is_a_snapshot:
            text = quote(row, "is_a_snapshot", "snapshot_of", "snapshot_time", "type")
            evidence = Evidence(source=row.source, text=text, at=moment)
            taken.append(Taken(uuid=uuid, moment=moment, evidence=evidence))
    return taken


def _by_logs(case: Case, sr: str, disk: str) -> list[Taken]:
    log = cbt_history(case).log(sr, disk)
    return [
        Taken(uuid=change.value, moment=change.moment, evidence=change.evidence)
        for change in (log.changes if log else ())
        if change.change is Change.RENAMED and change.value and change.moment is not None
    ]
