"""Random calls on a disk for property tests: each is words, so that a failure can be read."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from hypothesis import strategies as st

from analyzer.model.cbt import NO_LOG
from analyzer.sm import by_hand, comparing, snapshots, tracking
from analyzer.sm.state import Result, State, one_disk

Act: TypeAlias = tuple[str, int, int]  # what, and which two names

CALLS = ("enable", "disable", "start", "stop", "crash", "snapshot", "destroy", "grow", "scan")
FAULTS = ("data", "remove", "cut", "short", "unlink", "child", "parent")


def acts(*words: str, at_most: int = 14) -> st.SearchStrategy[list[Act]]:
    which = st.integers(0, 5)
    return st.lists(st.tuples(st.sampled_from(words), which, which), max_size=at_most)


def names(state: State) -> list[str]:
    return sorted({*state.vdis, *state.logs})


def do(state: State, act: Act) -> Result:
    word, first, second = act
    there = names(state)
    return _DONE[word](state, there[first % len(there)], there[second % len(there)])


def _destroy(state: State, one: str, _: str) -> Result:
    taken = state.snapshots("disk")
    name = one if one in taken else taken[-1] if taken else ""
    return snapshots.vdi_delete(state, name) if name else tracking.scan(state)


def _snapshot(state: State, _: str, __: str) -> Result:
    return snapshots.snapshot(state, "disk", f"s{state.clock:02}")


def _grow(state: State, _: str, __: str) -> Result:
    return tracking.resize(state, "disk", state.vdis["disk"].size + 65536 * 8)


_DONE: Mapping[str, Callable[[State, str, str], Result]] = MappingProxyType(
    {
        "enable": lambda state, _, __: tracking.enable(state, "disk"),
        "disable": lambda state, _, __: tracking.disable(state, "disk"),
        "start": lambda state, _, __: tracking.attach(state, "disk"),
        "read": lambda state, _, __: tracking.attach(state, "disk", read_only=True),
        "stop": lambda state, _, __: tracking.detach(state, "disk"),
        "crash": lambda state, _, __: tracking.crash(state, "disk"),
        "snapshot": _snapshot,
        "destroy": _destroy,
        "grow": _grow,
        "scan": lambda state, _, __: tracking.scan(state),
        "data": lambda state, one, _: snapshots.data_destroy(state, one),
        "remove": lambda state, one, _: by_hand.remove_log(state, one),
        "cut": lambda state, one, _: by_hand.cut_header(state, one),
        "short": lambda state, one, _: by_hand.cut_bitmap(state, one),
        "unlink": lambda state, one, _: by_hand.set_child(state, one, NO_LOG),
        "child": by_hand.set_child,
        "parent": by_hand.set_parent,
    }
)


def after(doing: Sequence[Act], state: State | None = None) -> State:
    state = state or one_disk()
    for act in doing:
        state = do(state, act).state
    return state


def compare(state: State, older: str, newer: str) -> Result:
    return comparing.list_changed_blocks(state, older, newer)
