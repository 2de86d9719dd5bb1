"""SM's `list_changed_blocks` (VDI.py), walked over rebuilt logs instead of the real ones.

What SM reads from a log is here known, or not; where the answer hangs on something that is not,
the walk ends UNKNOWN and says what would tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from analyzer.case.pool import PoolState
from analyzer.case.quotation import quote
from analyzer.model.cbt import NO_LOG, CbtLog, Known, Walk, WalkEnd
from analyzer.model.event import Event
from analyzer.model.finding import Confidence, Evidence
from analyzer.model.moment import Moment
from analyzer.model.xapi import XapiObject
from analyzer.rebuilt.cbt.history import CbtHistory
from analyzer.rebuilt.cbt.log_paths import shown_path

BLOCK = 65536  # CBT_BLOCK_SIZE in constants.py of sm
CAPABILITY = "VDI_CONFIG_CBT"
_RAW = frozenset({"aio", "raw"})


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
    if from_uuid == to_uuid:
        return Walk(end=WalkEnd.SAME, at=from_uuid)
    where = sr or _sr_of(history, pools, from_uuid)
    walker = _Walker(history=history, pools=pools, when=at, sr=where)
    return walker.refusal(from_uuid, to_uuid) or walker.run(from_uuid, to_uuid)


def _sr_of(history: CbtHistory, pools: Sequence[PoolState], uuid: str) -> str:
    """Return the SR of a disk: the logs', where there is one, else the database's."""
    log = history.find(uuid)
    if log is not None:
        return log.sr
    rows = (pool.sr(vdi.sr) for pool in pools if (vdi := pool.vdi(uuid)))
    return next((sr.uuid for sr in rows if sr is not None), "")


@dataclass(slots=True, kw_only=True)
class _Merged:
    """The merged bitmap so far, by its length in bits only; 0 bits count as none, as in SM."""

    bits: int = 0
    size: int = 0
    sure: bool = True  # all sizes on the way were known

    def add(self, size: int) -> bool:
        """Merge the bitmap of a log of this size; False where SM refuses."""
        bits = bitmap_bits(size)
        if not self.bits:
            self.bits, self.size = bits, size
            return True
        if size < self.size or bits < self.bits or (size > self.size and bits <= self.bits):
            return False
        if size > self.size:
            self.size, self.bits = size, bits
        return True


@dataclass(slots=True, kw_only=True)
class _Walker:
    history: CbtHistory
    pools: Sequence[PoolState]
    when: Moment | Event | None
    sr: str
    evidence: list[Evidence] = field(default_factory=list)
    confidence: Confidence = Confidence.CERTAIN

    def refusal(self, from_uuid: str, to_uuid: str) -> Walk | None:
        """Return the end before the first step, None where SM would set out."""
        able = self._able(from_uuid)
        if able is not None:
            return able
        there = {uuid: self._exists(uuid) for uuid in (from_uuid, to_uuid)}
        ends = {from_uuid: WalkEnd.NO_LOG_FROM, to_uuid: WalkEnd.NO_LOG_TO}
        for uuid, known in there.items():
            if known is not None and not known.value:
                self._use(known)
                return self._end(ends[uuid], at=uuid, why=f"disk {uuid} has no CBT log")
        for uuid, known in there.items():
            if known is None:
                return self._not_known_there(uuid)
            self._use(known)
        return None

    def run(self, from_uuid: str, to_uuid: str) -> Walk:
        """Follow the child pointers from the log after `from_uuid`, and add up the sizes."""
        at, merged, visited = from_uuid, _Merged(), [from_uuid]
        states: set[tuple[str, int, int]] = set()
        while True:
            step = self._next(at)
            if isinstance(step, Walk):
                return self._done(step, visited, merged)
            at = step
            if not self._add(at, merged):
                refused = self._end(WalkEnd.SIZES, at=at, why=self._sizes(at, merged))
                return self._done(refused, visited, merged)
            if (at, merged.size, merged.bits) in states:
                circle = self._end(WalkEnd.CYCLE, at=at, why=f"the walk comes back to {at}")
                return self._done(circle, visited, merged)
            states.add((at, merged.size, merged.bits))
            visited += [at] if at not in visited[1:] else []
            if at == to_uuid:
                return self._done(self._end(WalkEnd.REACHED, at=at), visited, merged)

    def _able(self, from_uuid: str) -> Walk | None:
        """Return the end where the driver or the disk's kind cannot track; None: it can."""
        vdi = next((vdi for pool in self.pools if (vdi := pool.vdi(from_uuid))), None)
        if vdi is not None and (vdi.sm_config or {}).get("vdi_type") in _RAW:
            self._quote(vdi, "sm_config")
            return self._end(WalkEnd.NO_LOG_FROM, at=from_uuid, why=f"disk {from_uuid} is raw")
        pool, sr = next(
            ((pool, sr) for pool in self.pools if (sr := pool.sr(self.sr))), (None, None)
        )
        sm = pool.sm_for(sr) if pool and sr else None
        if sm is None or sm.features is None or CAPABILITY in sm.features:
            return None
        self._quote(sm, "type", "features")
        why = f"the driver of SR type {sm.type} has no {CAPABILITY}"
        return self._end(WalkEnd.NOT_SUPPORTED, at=from_uuid, why=why)

    def _next(self, at: str) -> str | Walk:
        """Return the log after one, or how the walk ends there."""
        log = self._log(at)
        child = log.child if log else None
        if child is None or child.confidence is Confidence.POSSIBLE:
            return self._unknown(at, "what the child pointer of its log names", "get -c -n")
        self._use(child)
        if child.value == NO_LOG:
            why = f"the log of {at} names no child"
            return self._end(WalkEnd.CHAIN_ENDS, at=at, why=why)
        there = self._exists(child.value)
        if there is None:
            return replace(self._not_known_there(child.value), at=at, next=child.value)
        self._use(there)
        if there.value:
            return child.value
        why = f"the log of {at} names {child.value}, whose log is not there"
        return self._end(WalkEnd.CHAIN_ENDS, at=at, following=child.value, why=why)

    def _add(self, at: str, merged: _Merged) -> bool:
        log = self._log(at)
        size = log.size if log else None
        if size is None or size.confidence is Confidence.POSSIBLE:
            merged.sure = False
            return True
        if not merged.sure:  # what came before is not known, so neither is whether this fits
            return True
        self._use(size)
        return merged.add(size.value)

    def _done(self, walked: Walk, visited: Sequence[str], merged: _Merged) -> Walk:
        """Return an end with the logs on the way; sizes that matter and are not known undo it."""
        path = tuple(visited[1:])
        if walked.end is WalkEnd.UNKNOWN or merged.sure or path == (walked.at,):
            return replace(walked, visited=path, confidence=self.confidence)
        sizes = ((uuid, self._log(uuid)) for uuid in path)
        unknown = next(uuid for uuid, log in sizes if log is None or not _sure(log.size))
        return replace(self._unknown(unknown, "the size in its log", "get -s -n"), visited=path)

    def _sizes(self, at: str, merged: _Merged) -> str:
        log = self._log(at)
        size = log.size.value if log and log.size else 0
        return f"the log of {at} is of {size} bytes, those before it of {merged.size}"

    def _log(self, uuid: str) -> CbtLog | None:
        if self.when is None:
            return self.history.log(self.sr, uuid)
        return self.history.at(self.sr, uuid, self.when)

    def _exists(self, uuid: str) -> Known[bool] | None:
        """Return whether a log is there, by the database where the history has nothing."""
        log = self._log(uuid)
        if log is not None and log.exists is not None:
            return log.exists if _sure(log.exists) else None
        if self.when is not None or log is not None:
            return None
        vdi = next((vdi for pool in self.pools if (vdi := pool.vdi(uuid))), None)
        if vdi is None or vdi.cbt_enabled is not False:
            return None
        row = Evidence(source=vdi.source, text=quote(vdi, "cbt_enabled"))
        return Known(value=False, evidence=row, confidence=Confidence.LIKELY)

    def _not_known_there(self, uuid: str) -> Walk:
        path = shown_path(self.sr, uuid, volume=self.history.volumes.get(self.sr))
        listing = "lvs" if path.startswith("/dev/") else "ls -l"
        return self._end(
            WalkEnd.UNKNOWN,
            at=uuid,
            why=f"whether the log of {uuid} is there is not known",
            settle_with=f"{listing} {path}",
        )

    def _unknown(self, uuid: str, what: str, get: str) -> Walk:
        path = shown_path(self.sr, uuid, volume=self.history.volumes.get(self.sr))
        return self._end(
            WalkEnd.UNKNOWN,
            at=uuid,
            why=f"of disk {uuid}, {what} is not known",
            settle_with=f"cbt-util {get} {path}",
        )

    def _use(self, known: Known[bool] | Known[str] | Known[int]) -> None:
        if known.evidence not in self.evidence:
            self.evidence.append(known.evidence)
        if known.confidence is not Confidence.CERTAIN:
            self.confidence = Confidence.LIKELY

    def _quote(self, row: XapiObject, *names: str) -> None:
        self.evidence.append(Evidence(source=row.source, text=quote(row, *names)))

    def _end(
        self,
        end: WalkEnd,
        *,
        at: str,
        following: str = NO_LOG,
        why: str = "",
        settle_with: str = "",
    ) -> Walk:
        return Walk(
            end=end,
            at=at,
            next=following,
            why=why,
            settle_with=settle_with,
            evidence=tuple(self.evidence),
            confidence=self.confidence,
        )


def bitmap_bits(size: int) -> int:
    """Return the length of a log's bitmap as SM reads it: whole bytes (cbt-util.h)."""
    blocks = -(-size // BLOCK)
    return -(-blocks // 8) * 8


def _sure(known: Known[bool] | Known[int] | None) -> bool:
    return known is not None and known.confidence is not Confidence.POSSIBLE
