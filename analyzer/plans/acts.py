"""What a plan can do to a disk, played on the model of SM."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType

from analyzer.model.plan import Cost
from analyzer.sm.by_hand import remove_log, set_child, set_parent
from analyzer.sm.snapshots import snapshot, vdi_delete
from analyzer.sm.state import Result, State
from analyzer.sm.tracking import attach, disable, enable
from analyzer.values import dataclass

BASELINE = "new baseline"


class Do(StrEnum):
    """The kinds of act, from those that cost nothing to those that destroy."""

    PARENT = "set the parent of a log"
    CHILD = "set the child of a log"
    ROOM = "make room on the SR"
    START = "start the VM"
    DISABLE = "turn CBT off"
    ENABLE = "turn CBT on"
    BASELINE = "take a full backup"
    REMOVE = "remove a log"
    DELETE = "delete a snapshot"


DESTROYING = frozenset({Do.REMOVE, Do.DELETE})


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Act:
    """One act on a log or snapshot (``name``); ``to`` is what a pointer is set to."""

    do: Do
    name: str = ""
    to: str = ""


def play(act: Act, state: State, disk: str) -> Result:
    """Play one act on the model."""
    return _PLAYED[act.do](state, act, disk)


_PLAYED: Mapping[Do, Callable[[State, Act, str], Result]] = MappingProxyType(
    {
        Do.PARENT: lambda state, act, _: set_parent(state, act.name, act.to),
        Do.CHILD: lambda state, act, _: set_child(state, act.name, act.to),
        Do.ROOM: lambda state, _, __: Result(state=replace(state, room=True)),
        Do.START: lambda state, _, disk: attach(state, disk),
        Do.DISABLE: lambda state, _, disk: disable(state, disk),
        Do.ENABLE: lambda state, _, disk: enable(state, disk),
        Do.BASELINE: lambda state, _, disk: snapshot(state, disk, BASELINE),
        Do.REMOVE: lambda state, act, _: remove_log(state, act.name),
        Do.DELETE: lambda state, act, _: vdi_delete(state, act.name),
    }
)


def price(acts: tuple[Act, ...], base: str) -> Cost:
    """Return what acts cost; without a base, the next backup is a full one in any case."""
    fresh = any(act.do is Do.BASELINE for act in acts) or not base
    return Cost(
        full_backups=int(fresh),
        snapshots=tuple(act.name for act in acts if act.do is Do.DELETE),
        logs=tuple(act.name for act in acts if act.do is Do.REMOVE),
    )
