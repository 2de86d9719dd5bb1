"""Play the plans of random damaged disks: ``python -m tests.plans.count_plans 5000``."""

import sys
from collections import Counter
from collections.abc import Iterator

from analyzer.model.goal import StepKind
from analyzer.model.plan import Plan
from analyzer.plans.planning import plan_disk
from tests.plans.damaged import damaged


def ends(plan: Plan) -> Iterator[Plan]:
    """Yield a plan, or the plans behind its answers."""
    answers = [answer for step in plan.steps for answer in step.answers]
    if not answers:
        yield plan
    for answer in answers:
        yield from ends(answer.plan)


def kind(plan: Plan) -> str:
    """Return what sort of plan it is, by its price."""
    if not plan.proven:
        return "none found"
    if any(step.answers for step in plan.steps):
        return "look first"
    destroys = any(step.kind is StepKind.DESTROYS for step in plan.steps)
    return f"{'destroys' if destroys else 'keeps all' if plan.steps else 'do nothing'}, {plan.cost}"


def count(seeds: range) -> Counter[str]:
    """Return how many plans of which sort the cases of these seeds have."""
    return Counter(kind(plan_disk(damaged(seed))) for seed in seeds)


if __name__ == "__main__":
    seeds = range(int(sys.argv[1]) if sys.argv[1:] else 500)
    counts = count(seeds)
    for words, number in counts.most_common():
        print(f"{number:6} {words}")  # noqa: T201 - a command
    print(f"{len(seeds) - counts['none found']} of {len(seeds)} plans pass")  # noqa: T201
    sys.exit(bool(counts["none found"]))
