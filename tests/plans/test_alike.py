"""What was played for one disk answers for another as if that were played, too."""

from dataclasses import replace
from random import Random
from uuid import UUID

import pytest

from analyzer.model.cbt import NO_LOG
from analyzer.plans.alike import form_of
from analyzer.plans.case import Answer, DiskCase, Effort
from analyzer.plans.planning import plan_disk
from analyzer.sm.spans import Span, Spans
from analyzer.sm.state import State
from tests.plans.damaged import damaged


def renamed(case: DiskCase, random: Random) -> DiskCase:
    """Return a disk that stands as another one does, with names, times and sizes of its own."""
    state = case.state
    met = {case.disk, *state.vdis, *state.logs}
    met |= {name for log in state.logs.values() for name in (log.parent, log.child)}
    met |= {vdi.owner for vdi in state.vdis.values()}
    names = {name: str(UUID(int=random.getrandbits(128))) for name in sorted(met - {NO_LOG, ""})}
    # Snapshots of one time are in the order of their names.
    own = state.snapshots(case.disk)
    ordered = zip(own, sorted(names[name] for name in own), strict=True)
    names |= dict(ordered)
    names |= {NO_LOG: NO_LOG, "": ""}
    shift = random.randrange(1000)
    sizes = {vdi.size for vdi in state.vdis.values()} | {log.size for log in state.logs.values()}
    factor = random.choice([1, 2, 16]) if len(sizes) == 1 else 1

    def at(time: int) -> int:
        return time and time * 3 + shift

    def spans(some: Spans) -> Spans:
        return tuple(Span(since=at(span.since), until=at(span.until)) for span in some)

    told = State(
        vdis={
            names[name]: replace(
                vdi,
                size=vdi.size * factor,
                since=at(vdi.since),
                written=spans(vdi.written),
                snapshot_of=names[vdi.snapshot_of],
                owner=names[vdi.owner],
                taken=at(vdi.taken),
            )
            for name, vdi in state.vdis.items()
        },
        logs={
            names[name]: replace(
                log,
                parent=names[log.parent],
                child=names[log.child],
                size=log.size * factor,
                recorded=spans(log.recorded),
            )
            for name, log in state.logs.items()
        },
        sr=state.sr,
        room=state.room,
        clock=at(state.clock),
    )
    doubts = tuple(
        replace(
            doubt,
            question=replace(doubt.question, name=names[doubt.question.name]),
            values=tuple(names.get(value, value) for value in doubt.values),
        )
        for doubt in case.doubts
    )
    return replace(
        case,
        disk=names[case.disk],
        state=told,
        subject=replace(case.subject, uuid=names[case.disk]),
        base=names[case.base],
        retention=frozenset(map(names.__getitem__, case.retention)),
        unneeded=frozenset(map(names.__getitem__, case.unneeded)),
        doubts=doubts,
    )


def check(seed: int) -> int:
    """Compare the plans of three disks that stand alike; return how much was not played."""
    random = Random(seed)  # noqa: S311 - the same each time
    answers: dict[bytes, Answer] = {}
    saved = 0
    for _ in range(3):
        own = renamed(damaged(seed), random)
        alone, among = Effort(), Effort(answers=answers)
        assert plan_disk(replace(own, effort=among)) == plan_disk(replace(own, effort=alone))
        assert among.left == alone.left
        assert among.played or not alone.played  # what is found counts, too: it is a bound
        saved += alone.played - among.played
        # It ends where it would have ended.
        for left in (1, (alone.played or 2) // 2):
            few, known = Effort(left), Effort(left, answers)
            assert plan_disk(replace(own, effort=known)) == plan_disk(replace(own, effort=few))
    return saved


def test_a_disk_that_stands_as_another_one_has_the_plan_that_it_has_alone() -> None:
    saved = [check(seed) for seed in range(30)]
    assert sum(each > 0 for each in saved) > 25


@pytest.mark.slow
@pytest.mark.parametrize("first", range(30, 150, 60))
def test_more_disks_have_the_plans_that_they_have_alone(first: int) -> None:
    for seed in range(first, first + 60):
        check(seed)


def test_what_counts_is_told_apart_and_names_that_are_none_are_not_told() -> None:
    case = renamed(damaged(3), Random(3))  # noqa: S311 - the same each time
    state = case.state
    same, *others = (
        form_of(each, each.state, ())
        for each in (
            case,
            replace(case, purges=not case.purges),
            replace(case, base="" if case.base else case.disk),
            replace(case, state=replace(state, room=not state.room)),
            replace(case, state=replace(state, vdis=dict(reversed([*state.vdis.items()])))),
            replace(case, state=replace(state, clock=state.clock + 1)),
        )
    )
    assert same is not None
    assert same.key not in {other.key for other in others if other}
    assert form_of(damaged(3), damaged(3).state, ()) is None
