"""Ways out, made from a state, cheapest first.

Cheap is: no snapshot lost, no log lost, no full backup, few acts.
"""

from collections.abc import Iterable, Iterator
from itertools import combinations

from analyzer.model.cbt import NO_LOG
from analyzer.model.goal import Goal
from analyzer.plans.acts import Act, Do
from analyzer.plans.case import DiskCase
from analyzer.plans.nights import circles, traps
from analyzer.sm.state import Body, State, Use

Acts = tuple[Act, ...]


def candidates(case: DiskCase, state: State) -> Iterator[Acts]:
    """Yield acts in the order of their price; many of them will not pass.

    Where much could be left out of what passes, it is for the asker to leave it out: all broken
    logs are removed, or all other snapshots deleted, before a choice of them is made.
    """
    there = state.snapshots(case.disk)
    unneeded = _act_on_each(Do.DELETE, (name for name in there if name in case.unneeded))
    broken = _act_on_each(
        Do.REMOVE, (name for name, log in state.logs.items() if log.body is Body.CUT)
    )
    others = _act_on_each(Do.DELETE, (name for name in there if name not in case.unneeded))
    yield from _ways_that_destroy(case, state, unneeded)
    if broken:
        yield from _ways_that_destroy(case, state, unneeded, broken)
    if others:
        yield from _ways_that_destroy(case, state, (*unneeded, *others))
    if broken and others:
        yield from _ways_that_destroy(case, state, (*unneeded, *others), broken)


def _act_on_each(do: Do, names: Iterable[str]) -> Acts:
    return tuple(Act(do=do, name=name) for name in sorted(names))


def _ways_that_destroy(
    case: DiskCase, state: State, deleted: Acts, removed: Acts = ()
) -> Iterator[Acts]:
    """Yield the ways that delete and remove what is given, and nothing else."""
    edits = tuple(dict.fromkeys(_edits_of_pointers(case, state)))
    room = () if state.room else (Act(do=Do.ROOM),)
    on = Act(do=Do.ENABLE)
    for edited in _some_of_them(edits):
        yield (*room, *edited, *removed, *deleted)
        if not state.vdis[case.disk].cbt_enabled and case.disk in state.logs:
            yield (*room, *edited, *removed, on, *deleted)  # the log is kept, the database follows
    for edited in _some_of_them(edits):
        for ending in _ways_to_begin_anew(case, state):
            yield (*room, *edited, *removed, *ending, *deleted)
            if deleted:
                yield (*room, *edited, *removed, *deleted, *ending)


def _ways_to_begin_anew(case: DiskCase, state: State) -> Iterator[Acts]:
    """Yield how CBT is begun anew, each with a full backup, by as little as the state needs."""
    off, on = Act(do=Do.DISABLE), Act(do=Do.ENABLE)
    full, start = Act(do=Do.BASELINE), Act(do=Do.START)
    if not case.base and not state.vdis[case.disk].cbt_enabled:
        yield (on,)  # the next backup is a full one without being asked
    yield (full,)
    yield (on, full)
    yield (off, on, full)
    if state.vdis[case.disk].use is Use.NONE:
        yield (start, on, full)
        yield (start, off, on, full)


def _some_of_them(acts: Acts) -> Iterator[Acts]:
    """Yield none of them, one, all that cut a pointer, all, and then two."""
    yield ()
    for act in acts:
        yield (act,)
    yield from dict.fromkeys((tuple(act for act in acts if not act.to), acts))
    yield from combinations(acts, 2)


def _edits_of_pointers(case: DiskCase, state: State) -> Iterator[Act]:
    """Yield the pointers worth setting: those that mislead SM, and those that are missing."""
    lossless = Goal.NO_SILENT_LOSS in case.goals
    apart = frozenset(traps(state, case.disk)) if lossless else frozenset()
    circle = circles(state) if lossless else frozenset()
    for name in (*reversed(state.snapshots(case.disk)), case.disk, *sorted(state.logs)):
        log = state.logs.get(name)
        if log is None or log.body is Body.CUT:
            continue
        if name == case.base and log.child != case.disk and case.disk in state.logs:
            yield Act(do=Do.CHILD, name=name, to=case.disk)
        if name == case.disk and case.base in state.logs and log.parent != case.base:
            yield Act(do=Do.PARENT, name=name, to=case.base)
        misleads = log.child == case.disk or _is_broken(state, log.child)
        if misleads or (name, log.child) in apart or name in circle:
            yield Act(do=Do.CHILD, name=name, to=NO_LOG)
        if (
            (name == case.disk and log.parent in state.logs)
            or _is_broken(state, log.parent)
            or (log.parent, name) in apart
        ):
            yield Act(do=Do.PARENT, name=name, to=NO_LOG)


def _is_broken(state: State, name: str) -> bool:
    return name in state.logs and state.logs[name].body is not Body.WHOLE
