"""What SM's `list_changed_blocks` answers over rebuilt logs: the model of SM, asked in every world.

The model says what it read of which log. Where one of those values is not known, each value that
it can have is tried: what all of them agree on is the answer; else the walk ends UNKNOWN, and
names the value that decides.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from types import MappingProxyType
from typing import TypeAlias

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.case.pool import PoolState
from analyzer.case.quotation import quote
from analyzer.model.cbt import NO_LOG, CbtLog, Known, Walk, WalkEnd
from analyzer.model.event import Event
from analyzer.model.finding import Confidence, Evidence
from analyzer.model.moment import Moment
from analyzer.model.terms import CBT_CAPABILITY, SAME_DISK, UNRELATED_DISKS
from analyzer.model.xapi import XapiObject
from analyzer.rebuilt.cbt.history import CbtHistory, cbt_history
from analyzer.rebuilt.cbt.log_paths import shown_path
from analyzer.sm.comparing import ENDLESS, SIZES, list_changed_blocks
from analyzer.sm.state import GIB, Log, Part, Read, Result, State
from analyzer.values import dataclass

_RAW = frozenset({"aio", "raw"})
_ENDS: Mapping[str, WalkEnd] = MappingProxyType(
    {
        "ok": WalkEnd.REACHED,
        SAME_DISK: WalkEnd.SAME,
        UNRELATED_DISKS: WalkEnd.CHAIN_ENDS,
        SIZES: WalkEnd.SIZES,
        ENDLESS: WalkEnd.CYCLE,
    }
)
World: TypeAlias = Mapping[Read, bool | str | int]  # values tried where none is known
_AS_KNOWN: World = MappingProxyType({})


def walk(
    history: CbtHistory,
    pools: Sequence[PoolState],
    from_uuid: str,
    to_uuid: str,
    at: Moment | Event | None = None,
    *,
    sr: str = "",
) -> Walk:
    """Walk from one disk to another as SM does, at capture or at a moment or line of the past.

    ``sr`` is the uuid of the SR, looked up where it is not given.

    >>> walk(CbtHistory(), (), "a", "a").end
    <WalkEnd.SAME: 'same disk'>
    """
    where = sr or _sr_of(history, pools, from_uuid)
    return _Logs(history=history, pools=pools, when=at, sr=where).walk(from_uuid, to_uuid)


def walk_at_capture(case: Case, from_uuid: str, to_uuid: str) -> Walk:
    """Walk at capture; what the logs say is looked up once for all walks of a case."""
    return _logs_at_capture(case, _sr_of(cbt_history(case), case.pools, from_uuid)).walk(
        from_uuid, to_uuid
    )


@derived
def _logs_at_capture(case: Case, sr: str) -> "_Logs":
    return _Logs(history=cbt_history(case), pools=case.pools, when=None, sr=sr)


def _sr_of(history: CbtHistory, pools: Sequence[PoolState], uuid: str) -> str:
    """Return the SR of a disk: the logs', where there is one, else the database's."""
    log = history.find(uuid)
    if log is not None:
        return log.sr
    rows = (pool.sr(vdi.sr) for pool in pools if (vdi := pool.vdi(uuid)))
    return next((sr.uuid for sr in rows if sr is not None), "")


@dataclass(slots=True, kw_only=True)
class _Logs:
    """The logs of an SR as they are known at one time."""

    history: CbtHistory
    pools: Sequence[PoolState]
    when: Moment | Event | None
    sr: str
    _found: dict[str, CbtLog | None] = field(default_factory=dict)
    _known: dict[Read, Known[bool] | Known[str] | Known[int] | None] = field(default_factory=dict)
    _logs: dict[str, Log | None] = field(default_factory=dict)  # as known, for the model

    def walk(self, older: str, newer: str) -> Walk:
        """Walk from one disk to another."""
        asked = _Comparison(logs=self, older=older, newer=newer)
        return (older != newer and self.unable(older)) or asked.answer()

    def known(self, read: Read) -> Known[bool] | Known[str] | Known[int] | None:
        """Return what is known of what SM reads, None where that is not sure enough."""
        if read not in self._known:
            uuid = read.log
            if uuid not in self._found:
                at, sr = self.when, self.sr
                here = self.history
                self._found[uuid] = here.log(sr, uuid) if at is None else here.at(sr, uuid, at)
            log = self._found[uuid]
            if read.part is Part.EXISTS:
                # Whether a log is there, by the database where the history has nothing.
                if log is not None and log.exists is not None:
                    looked_up: Known[bool] | Known[str] | Known[int] | None = (
                        log.exists if log.exists.confidence is not Confidence.POSSIBLE else None
                    )
                elif self.when is not None or log is not None:
                    looked_up = None
                else:
                    vdi = next((vdi for pool in self.pools if (vdi := pool.vdi(read.log))), None)
                    if vdi is None or vdi.cbt_enabled is not False:
                        looked_up = None
                    else:
                        row = Evidence(source=vdi.source, text=quote(vdi, "cbt_enabled"))
                        looked_up = Known(value=False, evidence=row, confidence=Confidence.LIKELY)
            else:
                values = {Part.CHILD: log.child, Part.SIZE: log.size} if log else {}
                found = values.get(read.part)
                looked_up = found if found and found.confidence is not Confidence.POSSIBLE else None
            self._known[read] = looked_up
        return self._known[read]

    def log_in_world(self, uuid: str, world: World) -> Log | None:
        """Return a log as the model has it, where some values are as a world has them."""
        if not world and uuid in self._logs:
            return self._logs[uuid]
        exists, child, size = (
            self.value(Read(log=uuid, part=part), world)
            for part in (Part.EXISTS, Part.CHILD, Part.SIZE)
        )
        log = Log(child=str(child or NO_LOG), size=int(size or 0)) if exists else None
        if not world:
            self._logs[uuid] = log
        return log

    def value(self, read: Read, world: World) -> bool | str | int | None:
        """Return the value that is known, else that of a world."""
        known = self.known(read)
        return known.value if known is not None else world.get(read)

    def unable(self, from_uuid: str) -> Walk | None:
        """Return the end where the driver or the disk's kind cannot track; None: it can.

        SM asks its object of vdi_from for both, `_get_blocktracking_status()` of VDI.py.
        """
        vdi = next((vdi for pool in self.pools if (vdi := pool.vdi(from_uuid))), None)
        if vdi is not None and (vdi.sm_config or {}).get("vdi_type") in _RAW:
            why = f"disk {from_uuid} is raw"
            return _walk_unable(WalkEnd.NO_LOG_FROM, from_uuid, why, vdi, "sm_config")
        pool, sr = next(
            ((pool, sr) for pool in self.pools if (sr := pool.sr(self.sr))), (None, None)
        )
        sm = pool.sm_for(sr) if pool and sr else None
        if sm is None or sm.features is None or CBT_CAPABILITY in sm.features:
            return None
        why = f"the driver of SR type {sm.type} has no {CBT_CAPABILITY}"
        return _walk_unable(WalkEnd.NOT_SUPPORTED, from_uuid, why, sm, "type", "features")

    def settle_with(self, read: Read) -> str:
        """Return the command that shows what is not known."""
        path = shown_path(self.sr, read.log, volume=self.history.volumes.get(self.sr))
        match read.part:
            case Part.EXISTS:
                return f"{'lvs' if path.startswith('/dev/') else 'ls -l'} {path}"
            case Part.SIZE:
                return f"cbt-util get -s -n {path}"
            case _:
                return f"cbt-util get -c -n {path}"


@dataclass(slots=False, kw_only=True)
class _Comparison:
    """A comparison of two disks, and what the model answers to it."""

    logs: _Logs
    older: str
    newer: str

    def answer(self) -> Walk:
        """Return what SM answers in every world, or what decides it."""
        return self._walk_in_world(_AS_KNOWN)

    def _walk_in_world(self, world: World) -> Walk:
        """Return the answer where some values are as a world has them."""
        # The logs as the model has them; what is not known yet ends the walk there.
        logs: dict[str, Log] = {}
        tried = {read.log for read in world}
        for uuid in self._disks_and_logs:
            log = self.logs.log_in_world(uuid, world if uuid in tried else _AS_KNOWN)
            if log is not None:
                logs[uuid] = log
        result = list_changed_blocks(State(logs=logs), self.older, self.newer)
        reads = result.read
        for read in reads:
            told = read.part is Part.BITMAP or read in world  # of bitmaps the logs say nothing
            if not told and self.logs.known(read) is None:
                return self._decided_by(read, result, world)
        return self._end_of_result(result, reads, world)

    def _decided_by(self, read: Read, result: Result, world: World) -> Walk:
        """Return the answer that all values of an unknown agree on, else one that names it."""
        if read.part is Part.EXISTS and not self._is_gone(self.newer):
            # With the log the walk goes on, without it ends here: nothing both agree on.
            return self._unknown_walk(read, result)
        first: Walk | None = None
        # Return values for an unknown: with them each end that it can lead to is seen.
        match read.part:
            case Part.EXISTS:
                possible_values: tuple[bool | str | int, ...] = (True, False)
            case Part.SIZE:
                sizes_of_logs: list[int] = []
                for uuid in self._disks_and_logs:
                    known = self.logs.known(Read(log=uuid, part=Part.SIZE))
                    if known is not None:
                        sizes_of_logs.append(int(known.value))
                sizes = sorted(set(sizes_of_logs)) or [GIB]
                possible_values = (*sizes, 2 * sizes[-1] + GIB, sizes[0] // 2)
            case _:
                possible_values = (self.newer, NO_LOG)
        for value in possible_values:
            walked = self._walk_in_world({**world, read: value})
            first = first or walked
            if walked.end is WalkEnd.UNKNOWN:
                # A size alone would not settle what hangs on a pointer behind it.
                deeper = read.part is Part.SIZE and not walked.settle_with.startswith(_GET_SIZE)
                return walked if deeper else self._unknown_walk(read, result, first)
            if (walked.end, walked.at, walked.next, walked.visited) != (
                first.end,
                first.at,
                first.next,
                first.visited,
            ):
                return self._unknown_walk(read, result, first)
        assert first is not None
        return first

    @cached_property
    def _disks_and_logs(self) -> tuple[str, ...]:
        """Return the two disks and all that the logs lead to from the older as far as the newer.

        SM reads no log behind the newer, and none of it where the walk does not come by.
        """
        names: dict[str, None] = {}
        at: str | None = self.older
        while at and at not in names:
            names[at] = None
            child = None if at == self.newer else self.logs.known(Read(log=at, part=Part.CHILD))
            at = str(child.value) if child is not None else None
        return tuple({**names, self.newer: None})

    def _end_of_result(self, result: Result, reads: Sequence[Read], world: World) -> Walk:
        end, at, following = _ENDS[result.outcome], self.newer, NO_LOG
        last = reads[-1] if reads else Read(log=self.older, part=Part.EXISTS)
        if end is WalkEnd.CHAIN_ENDS and not _set_out(reads):
            end, last = self._without_log(last)
            at, reads = last.log, [last]
        elif end is WalkEnd.CHAIN_ENDS:
            at = next(read.log for read in reversed(reads) if read.part is Part.CHILD)
            following = str(self.logs.value(Read(log=at, part=Part.CHILD), world))
        elif end is not WalkEnd.REACHED:
            at = last.log
        evidence, confidence = self._rests_on(reads)
        match end:
            case WalkEnd.NO_LOG_FROM | WalkEnd.NO_LOG_TO:
                why_it_ends = f"disk {at} has no CBT log"
            case WalkEnd.CHAIN_ENDS if following:
                why_it_ends = f"the log of {at} names {following}, whose log is not there"
            case WalkEnd.CHAIN_ENDS:
                why_it_ends = f"the log of {at} names no child"
            case WalkEnd.SIZES:
                before = result.visited[-1]
                size, others = (
                    self.logs.value(Read(log=uuid, part=Part.SIZE), world) for uuid in (at, before)
                )
                why_it_ends = f"the log of {at} is of {size} bytes, those before it of {others}"
            case WalkEnd.CYCLE:
                why_it_ends = f"the walk comes back to {at}"
            case _:
                why_it_ends = ""
        return Walk(
            end=end,
            visited=tuple(dict.fromkeys(result.visited)),
            at=at,
            next=following,
            why=why_it_ends,
            evidence=evidence,
            confidence=confidence,
        )

    def _without_log(self, last: Read) -> tuple[WalkEnd, Read]:
        """Return which of the two has no log: the first of which that is known."""
        for uuid, end in ((self.older, WalkEnd.NO_LOG_FROM), (self.newer, WalkEnd.NO_LOG_TO)):
            if self._is_gone(uuid):
                return end, Read(log=uuid, part=Part.EXISTS)
        return (WalkEnd.NO_LOG_FROM if last.log == self.older else WalkEnd.NO_LOG_TO), last

    def _is_gone(self, uuid: str) -> bool:
        known = self.logs.known(Read(log=uuid, part=Part.EXISTS))
        return known is not None and not known.value

    def _unknown_walk(self, read: Read, result: Result, likely: Walk | None = None) -> Walk:
        """Return an end that names what decides; ``likely`` is the first of the possible ones."""
        at, following, visited = read.log, NO_LOG, tuple(dict.fromkeys(result.visited))
        why = f"of disk {read.log}, the size in its log is not known"
        if read.part is Part.SIZE and likely is not None:
            visited, evidence, confidence = likely.visited, likely.evidence, likely.confidence
        else:
            evidence, confidence = self._rests_on(result.read)
        if read.part is Part.CHILD:
            why = f"of disk {read.log}, what the child pointer of its log names is not known"
        elif read.part is Part.EXISTS:
            why = f"whether the log of {read.log} is there is not known"
            if _set_out(result.read):
                at, following = result.read[-2].log, read.log
        return Walk(
            end=WalkEnd.UNKNOWN,
            visited=visited,
            at=at,
            next=following,
            why=why,
            settle_with=self.logs.settle_with(read),
            evidence=evidence,
            confidence=confidence,
        )

    def _rests_on(self, reads: Sequence[Read]) -> tuple[tuple[Evidence, ...], Confidence]:
        """Return the lines of what SM read, and the confidence of the least sure of them."""
        known = [found for read in reads if (found := self.logs.known(read)) is not None]
        sure = all(found.confidence is Confidence.CERTAIN for found in known)
        return (
            tuple(dict.fromkeys(found.evidence for found in known)),
            Confidence.CERTAIN if sure else Confidence.LIKELY,
        )


_GET_SIZE = "cbt-util get -s"


def _set_out(reads: Iterable[Read]) -> bool:
    """Tell whether SM found both logs, and read a pointer."""
    return any(read.part is Part.CHILD for read in reads)


def _walk_unable(end: WalkEnd, at: str, why: str, row: XapiObject, *names: str) -> Walk:
    quoted = Evidence(source=row.source, text=quote(row, *names))
    return Walk(end=end, at=at, why=why, evidence=(quoted,))
