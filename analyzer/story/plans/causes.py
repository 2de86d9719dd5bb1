"""What a cause says to do next, and whether it is over: by the plans of its objects."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from analyzer.model.finding import Finding
from analyzer.model.goal import Standing
from analyzer.model.plan import NOTHING, Plan
from analyzer.model.report import Cause
from analyzer.model.sentence import say
from analyzer.story.plans.object_plans import Planned, standing_of

_ALIKE = "each other object of this cause has a plan of its own."


def causes_planned(causes: Iterable[Cause], planned: Planned) -> tuple[Cause, ...]:
    """Return the causes, those that go on first, with the first step of a plan as the next."""
    found = {f.id: f for outcome in planned.outcomes for f in outcome.findings}
    plans = {plan.id: plan for plan in planned.plans}
    told = [_cause_told(cause, [found[name] for name in cause.findings], plans) for cause in causes]
    ordered = sorted(told, key=lambda cause: cause.state is Standing.OVER)
    return tuple(replace(cause, id=f"C-{place}") for place, cause in enumerate(ordered, 1))


def _cause_told(cause: Cause, own: Sequence[Finding], plans: dict[str, Plan]) -> Cause:
    state = standing_of(own)
    named = (finding.plan for finding in sorted(own, key=_weight_of_finding))
    used = list(dict.fromkeys(name for name in named if name in plans))
    steps = [plans[name].next for name in used if plans[name].next]
    alike = ""
    if len(steps) > 1:  # a command has no full stop that one could copy with it
        alike = f" {_ALIKE.capitalize()}" if steps[0].endswith(".") else f"; {_ALIKE}"
    doubts = [plans[name].doubt for name in used if plans[name].doubt]
    nothing = f"No step is known: {doubts[0]}." if doubts else NOTHING
    return replace(
        cause,
        state=state,
        next_action=say("{step}{alike}", step=steps[0], alike=alike) if steps else nothing,
    )


def _weight_of_finding(finding: Finding) -> tuple[int, int, bool]:
    """Put first what goes on, of that the worst, and of that what nothing else explains."""
    return finding.state.rank, finding.severity.rank, bool(finding.explained_by)
