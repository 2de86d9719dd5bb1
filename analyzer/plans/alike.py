"""Disks that stand alike fare alike: what was played for one answers for all of them.

After a crash a hundred disks have the same logs, but for their names, sizes and times. The model
asks only whether two names are one, and which of two times or sizes comes first. So a state is
told here by the order of its names, times and sizes, and an answer by the places of its names.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from analyzer.model.cbt import NO_LOG
from analyzer.model.terms import UUID_PATTERN
from analyzer.plans.acts import BASELINE, Act
from analyzer.plans.case import DiskCase
from analyzer.sm.spans import Spans
from analyzer.sm.state import State

_SAME_FOR_ALL = frozenset(("", NO_LOG, BASELINE))


class Form(NamedTuple):
    """What a question to the model is, apart from its names, and these names in their order."""

    key: bytes
    names: Sequence[str]

    def without_names(self, text: str) -> str:
        """Return an answer with the places of names instead of them."""
        for place, name in enumerate(self.names):
            text = text.replace(name, f"\0{place}\0")
        return text

    def with_names(self, text: str) -> str:
        """Return what `without_names` made of the answer to a question of the same form."""
        for place, name in enumerate(self.names):
            text = text.replace(f"\0{place}\0", name)
        return text


def form_of(case: DiskCase, state: State, acts: Sequence[Act]) -> Form | None:
    """Return the form of a question to the model, None where a name is no uuid."""
    seen = case.effort.states  # each is asked of again and again
    if id(state) not in seen or seen[id(state)][0] is not state:
        of_state = _Names()
        seen[id(state)] = state, _digest(_told(case.disk, state, of_state)), of_state
    _, told, known = seen[id(state)]
    names = _Names(known)
    key = (
        told,
        case.purges,
        sorted(goal.value for goal in case.goals),
        names[case.base],
        sorted((names[name] for name in sorted(case.retention)), key=str),
        sorted((names[name] for name in sorted(case.unneeded)), key=str),
        [(act.do.value, names[act.name], names[act.to]) for act in acts],
    )
    if not all(map(UUID_PATTERN.fullmatch, names)):
        return None
    return Form(_digest(key), tuple(names))


def _digest(key: object) -> bytes:
    return hashlib.blake2b(repr(key).encode(), digest_size=16).digest()


def _told(disk: str, state: State, names: "_Names") -> object:
    """Return what a state is, apart from its names."""
    every = {*_times_of(state)}
    # Calls add to the clock: what lies behind it is reached after so many of them.
    times = _order(every) if max(every) == state.clock else {time: time for time in every}
    sizes = _order([*(vdi.size for vdi in state.vdis.values()), *_sizes_of_logs(state)])
    # Of several sizes it counts how much longer the bitmaps are.
    size_of = {size: bool(size) for size in sizes} if len(sizes) == 1 else {s: s for s in sizes}

    def spans(some: Spans) -> list[tuple[int, int]]:
        return [(times[span.since], times[span.until]) for span in some]

    return (
        (names[disk], state.sr.value, state.room, times[state.clock]),
        [
            (
                *(names[name], vdi.kind.value, size_of[vdi.size], vdi.cbt_enabled, vdi.use.value),
                *(vdi.host_key, times[vdi.since], spans(vdi.written), names[vdi.snapshot_of]),
                *(names[vdi.owner], times[vdi.taken], vdi.data, vdi.row),
            )
            for name, vdi in state.vdis.items()
        ],
        [
            (
                *(names[name], names[log.parent], names[log.child], log.consistent),
                *(size_of[log.size], log.body.value, spans(log.recorded)),
            )
            for name, log in state.logs.items()
        ],
        [names[name] for name in state.snapshots(disk)],  # those of one time by their names
    )


class _Names(dict[str, int | str]):
    """The place of each name, as they are first met; what is the same for all disks is itself."""

    def __missing__(self, name: str) -> int | str:
        if name in _SAME_FOR_ALL:
            return name
        self[name] = place = len(self)
        return place


def _times_of(state: State) -> Iterable[int]:
    yield from (state.clock, 0)
    for vdi in state.vdis.values():
        yield from (vdi.since, vdi.taken)
        yield from (time for span in vdi.written for time in (span.since, span.until))
    for log in state.logs.values():
        yield from (time for span in log.recorded for time in (span.since, span.until))


def _sizes_of_logs(state: State) -> Iterable[int]:
    return (log.size for log in state.logs.values())


def _order(values: Iterable[int]) -> Mapping[int, int]:
    return {value: place for place, value in enumerate(sorted(set(values)))}
