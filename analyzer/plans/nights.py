"""The proof of a plan: it is played on the model of SM, and four nights of backup after it.

A night is what backup tools do: snapshot, compare with the last one, delete the last one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.model.goal import Goal
from analyzer.plans.acts import BASELINE, Act, Do, play
from analyzer.plans.alike import form_of
from analyzer.plans.case import Answer, DiskCase
from analyzer.sm.comparing import answered_short, in_circles, list_changed_blocks
from analyzer.sm.snapshots import data_destroy, snapshot, vdi_delete
from analyzer.sm.state import Body, State, Use
from analyzer.sm.tracking import attach

NIGHTS = 4


class _Flaw(Exception):  # noqa: N818 - an answer, not an error of ours
    """A plan does not pass; the text says why."""


def flaw(case: DiskCase, state: State, acts: Sequence[Act]) -> str:
    """Return why acts, done in a state, do not reach the goals; "" if they do.

    Raises:
        EffortSpentError: as much was played for the disk as may be.
    """
    effort = case.effort
    answers = effort.answers
    if answers is None or (form := form_of(case, state, acts)) is None:
        return _flaw_played(case, state, acts)
    answer = answers.get(form.key)
    if answer is not None:
        effort.spend_as(answer, len(state.vdis))
        return form.with_names(answer.text)
    left = effort.left
    text = _flaw_played(case, state, acts)
    spent = left - effort.left
    last = effort.last if spent else 0
    answers[form.key] = Answer(form.without_names(text), spent, last)
    return text


def _flaw_played(case: DiskCase, state: State, acts: Sequence[Act]) -> str:
    try:
        after, base = _state_after(case, state, acts), case.base
        if any(act.do is Do.BASELINE for act in acts):
            # The snapshot compared with until now is deleted by who made it, sooner or later.
            case, base = replace(case, retention=case.retention | {base} - {""}), BASELINE
        starts = tuple(_states_of_start(case, after))
        if not wants_nights(case):
            # Demand the nights all the same, if they would have passed without the plan.
            wanted = replace(case, goals=frozenset({Goal.INCREMENTAL}), retention=frozenset())
            if not flaw(wanted, state, ()):
                for worse_begun in starts:
                    _backed_up(wanted, worse_begun, base, 0)
            return ""
        for begun in starts:
            for deletion in range(NIGHTS + 1 if case.retention else 1):
                _backed_up(case, begun, base, deletion)
    except _Flaw as found:
        return str(found)
    return ""


def wants_nights(case: DiskCase) -> bool:
    """Return whether the goals ask for backups that go on."""
    return bool(case.goals & {Goal.INCREMENTAL, Goal.NO_SILENT_LOSS})


def _state_after(case: DiskCase, state: State, acts: Sequence[Act]) -> State:
    for act in acts:
        result = play(act, state, case.disk)
        if not result.ok:
            msg = f"{act.do} is refused: {result.outcome}"
            raise _Flaw(msg)
        state = result.state
    if Goal.SPACE in case.goals and case.unneeded & set(state.snapshots(case.disk)):
        raise _Flaw("no space is given back")
    return state


def _states_of_start(case: DiskCase, state: State) -> Iterator[State]:
    """Yield the state as it is, and with the VM started: a backup can come before or after."""
    yield state
    if state.vdis[case.disk].use is Use.NONE:
        started = attach(state, case.disk)
        if not started.ok:
            msg = f"the VM cannot start: {started.outcome}"
            raise _Flaw(msg)
        yield (state := started.state)
    log = state.logs.get(case.disk)
    if log and log.body is Body.SHORT:
        # It is mapped whole (block-log.c of blktap): a write past its end is a bus error.
        raise _Flaw("tapdisk dies at the first write that the short log has no bit for")


def _backed_up(case: DiskCase, state: State, base: str, deletion: int) -> None:
    """Play the nights; before that of number `deletion` what retention deletes is deleted."""
    for night in range(NIGHTS + 1):
        case.effort.spend(len(state.vdis))
        if night == deletion:
            retention_state = state
            for name in retention_state.snapshots(case.disk):
                if name in case.retention:
                    retention_state = _state_without(retention_state, name)
            state = retention_state
        if Goal.NO_SILENT_LOSS in case.goals and night in {0, NIGHTS}:
            # Demand that no comparison, asked by whom ever, is answered and leaves blocks out.
            for older, newer in traps(state, case.disk):
                msg = f"a comparison of {older} with {newer} would leave blocks out"
                raise _Flaw(msg)
            around = circles(state)
            for trap_name in filter(around.__contains__, state.logs):
                msg = f"a comparison that begins at {trap_name} would have no end"
                raise _Flaw(msg)
        if night < NIGHTS:
            state, base = _night_of_backup(case, state, base, f"night {night + 1}")


def _night_of_backup(case: DiskCase, state: State, base: str, name: str) -> tuple[State, str]:
    taken = snapshot(state, case.disk, name)
    if not taken.ok:
        msg = f"no snapshot can be taken: {taken.outcome}"
        raise _Flaw(msg)
    state = taken.state
    if base:
        answer = list_changed_blocks(state, base, name)
        if not answer.ok:
            msg = f"the comparison of {name} is refused: {answer.outcome}"
            raise _Flaw(msg)
        if answer.left_out:
            msg = f"the comparison of {name} leaves blocks out"
            raise _Flaw(msg)
        state = _state_without(answer.state, base)
    on = state.vdis[case.disk].cbt_enabled  # backup tools ask the database before they compare
    if not on or name not in state.logs or case.disk not in state.logs:
        msg = f"CBT is off after {name}"
        raise _Flaw(msg)
    return (data_destroy(state, name).state if case.purges else state), name


def _state_without(state: State, name: str) -> State:
    result = vdi_delete(state, name)
    if not result.ok:
        msg = f"{name} cannot be deleted: {result.outcome}"
        raise _Flaw(msg)
    return result.state


def circles(state: State) -> frozenset[str]:
    """Return the logs of a state whose child pointers run in a circle."""
    return in_circles({name: log.child for name, log in state.logs.items()})


def traps(state: State, disk: str) -> Iterator[tuple[str, str]]:
    """Yield the neighbours whose comparison, the disk detached, is answered and not complete.

    Where no two neighbours are, no other two are: a walk from one time to a later one crosses
    all that lies between.
    """
    detached = replace(state.vdis[disk], use=Use.NONE)
    state = replace(state, vdis={**state.vdis, disk: detached})
    yield from answered_short(state, [(name, log.child) for name, log in state.logs.items()])
