"""Plans of random damaged disks, followed to the letter and then played four nights."""

import pytest

from analyzer.model.goal import Goal, StepKind
from analyzer.model.plan import Plan
from analyzer.plans.planning import plan_disk
from tests.plans.count_plans import ends
from tests.plans.damaged import DISK, damaged
from tests.plans.follow import every_world, followed, four_nights
from tests.support.whole import WHOLE


def check(seed: int) -> None:
    case = damaged(seed)
    plan = plan_disk(case)
    assert plan.proven, plan.doubt
    for world in every_world(case):
        state, base = followed(plan, world, case)
        nights = four_nights(state, DISK, base)
        assert nights == ["ok"] * (4 if base else 3)
    for each in ends(plan):
        form(each)
        if Goal.SPACE not in plan.goals and each.cost.snapshots:
            assert each.alternative is None or each.alternative.cost.snapshots


def form(plan: Plan) -> None:
    kinds = [step.kind for step in plan.steps]
    assert kinds[:1] != [StepKind.DESTROYS]
    assert kinds == sorted(kinds, key=lambda kind: kind is not StepKind.LOOK)
    assert sum(kind is StepKind.DESTROYS for kind in kinds) == len(plan.cost.snapshots) + len(
        plan.cost.logs
    )
    assert plan.cost.full_backups in {0, 1}


def test_plan_of_a_damaged_disk_passes_four_nights() -> None:
    for seed in range(100):
        check(seed)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(100, 5000 if WHOLE else 590, 490))
def test_plan_of_thousands_of_damaged_disks_passes_four_nights(first: int) -> None:
    for seed in range(first, first + 490):
        check(seed)
