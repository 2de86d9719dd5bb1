"""`list_changed_blocks` (VDI.py of sm): a walk along child pointers that adds up bitmaps."""

from collections.abc import Iterable, Iterator, Mapping

from analyzer.model.terms import SAME_DISK, UNRELATED_DISKS
from analyzer.sm._storage import CommandFailed, Refused, Storage, bitmap_bits, missing, run
from analyzer.sm.spans import Spans
from analyzer.sm.state import Kind, Log, Result, State, Use, Vdi
from analyzer.sm.tracking import IN_USE
from analyzer.values import dataclass

SIZES = "Inconsistent bitmaps"
ENDLESS = "SM never answers: the logs run in a circle"


def list_changed_blocks(state: State, older: str, newer: str) -> Result:
    """Ask which blocks changed from one VDI to another.

    Where it is answered, ``left_out`` of the result is when the disk was written to between the
    two and no log on the way recorded it: the answer lacks those blocks and does not say so.
    """
    return run(state, lambda storage: _compare(storage, older, newer), "SR_BACKEND_FAILURE_202")


def answered_short(state: State, pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the pairs whose comparison is answered and leaves blocks out; no time passes."""
    logs, vdis = dict(state.logs), dict(state.vdis)  # of which a comparison changes nothing
    for older, newer in pairs:
        if _newer_log_has_all(logs, vdis, older, newer, state.clock):
            continue
        storage = Storage(logs=logs, vdis=vdis, sr=state.sr, room=state.room, clock=state.clock)
        try:
            _compare(storage, older, newer)
        except (Refused, CommandFailed):
            continue
        if storage.left_out:
            yield older, newer


def in_circles(children: Mapping[str, str]) -> frozenset[str]:
    """Return the logs from which child pointers lead back to the same log.

    >>> sorted(in_circles({"a": "b", "b": "c", "c": "b", "d": "e"}))
    ['b', 'c']
    """
    found: set[str] = set()
    begun_at: dict[str, str] = {}  # a log → from which one it was reached first
    for start in children:
        at, path = start, []
        while at in children and at not in begun_at:
            begun_at[at] = start
            path.append(at)
            at = children[at]
        if begun_at.get(at) == start:
            found.update(path[path.index(at) :])
    return frozenset(found)


def _compare(storage: Storage, older: str, newer: str) -> None:
    target = storage.vdis.get(newer)
    if target is not None and target.use is not Use.NONE:
        raise Refused(IN_USE, IN_USE)
    if older == newer:
        raise Refused("SR_BACKEND_FAILURE_460", SAME_DISK)
    if not (storage.exists(older) and storage.exists(newer)):
        raise Refused("SR_BACKEND_FAILURE_460", UNRELATED_DISKS)
    _walk_along(storage, older, newer)
    storage.left_out = _left_out(storage, older, newer)


@dataclass(slots=True, kw_only=True)
class _Merged:
    """The bitmap so far, by its length: an empty one counts as none, as in SM."""

    bits: int = 0
    size: int = 0

    def add(self, size: int) -> None:
        bits = bitmap_bits(size)
        if not self.bits:
            self.bits, self.size = bits, size
        elif size < self.size or bits < self.bits or (size > self.size and bits <= self.bits):
            # A disk that grew by less than a byte of bitmap cannot be compared across that.
            raise Refused("SR_BACKEND_FAILURE_459", SIZES)
        elif size > self.size:
            self.bits, self.size = bits, size


def _walk_along(storage: Storage, older: str, newer: str) -> None:
    """Follow the child pointers; the bitmap of the first log itself is not part of the answer."""
    at, merged = older, _Merged()
    seen: set[tuple[str, int, int]] = set()
    while at != newer:
        at = storage.child(at)
        if not storage.exists(at):
            raise Refused("SR_BACKEND_FAILURE_460", UNRELATED_DISKS)
        size = storage.size(at)
        storage.bitmap(at)
        merged.add(size)
        if (at, merged.bits, merged.size) in seen:
            raise Refused("", ENDLESS)
        seen.add((at, merged.bits, merged.size))
        storage.visited.append(at)


def _left_out(storage: Storage, older: str, newer: str) -> Spans:
    first, last = storage.vdis.get(older), storage.vdis.get(newer)
    if first is None or last is None:  # logs of which nothing else is known
        return ()
    disk = newer if last.kind is Kind.DISK else last.snapshot_of
    if disk not in storage.vdis:
        return ()
    until = storage.clock if newer == disk else last.taken
    return missing(storage, disk, first.taken, until)


def _newer_log_has_all(
    logs: Mapping[str, Log], vdis: Mapping[str, Vdi], older: str, newer: str, clock: int
) -> bool:
    """Return whether the newer one's log alone has all the time between, as of most pairs."""
    first, last, log = vdis.get(older), vdis.get(newer), logs.get(newer)
    if first is None or last is None or log is None:
        return False
    until = clock if last.kind is Kind.DISK else last.taken
    return any(span.since <= first.taken and until <= span.until for span in log.recorded)
