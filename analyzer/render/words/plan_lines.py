"""A plan in lines of text, the same in every output; ``depth`` is how far a line stands in."""

from collections.abc import Iterator, Sequence

from analyzer.model.finding import Finding
from analyzer.model.goal import StepKind
from analyzer.model.plan import NOTHING, Plan, Step
from analyzer.render.words.view import counted, stamp
from analyzer.values import dataclass

TITLE = "What to do"
_MARKS = {StepKind.LOOK: "look", StepKind.DO: "do", StepKind.DESTROYS: "DESTROYS"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """A line of a plan; ``code`` is a command, ``destroys`` marks what cannot be taken back."""

    depth: int
    text: str
    code: bool = False
    destroys: bool = False


def plan_title(plan: Plan) -> str:
    """Return what a plan is of, what it costs, and what that rests on.

    >>> from analyzer.model.finding import Subject
    >>> plan_title(Plan(object=Subject(type="SR", uuid="u", name="nas"), goals=()))
    'SR nas u'
    """
    named = f"{plan.object.name} " if plan.object.name else ""
    told = f"{plan.object.type} {named}{plan.object.uuid}"
    if plan.proven:
        told += f": costs {plan.cost}; proven on a model of SM"
    return told


def plan_facts(plan: Plan) -> str:
    """Return how long a plan is, what it costs, and whether it destroys, in a few words."""
    if not plan.steps:
        return plan_nothing(plan)
    steps = _every_step(plan)
    destroys = sum(step.kind is StepKind.DESTROYS for step in steps)
    facts = [counted(len(plan.steps), "step")]
    facts += [f"costs {plan.cost}"] if plan.proven and str(plan.cost) != "nothing" else []
    if destroys:
        verb = "destroys" if destroys == 1 else "destroy"
        facts.append(f"\N{WARNING SIGN} {counted(destroys, 'step')} {verb}")
    return ", ".join(facts)


def _every_step(plan: Plan) -> list[Step]:
    inner = [answer.plan for step in plan.steps for answer in step.answers]
    return [*plan.steps, *(step for each in inner for step in _every_step(each))]


def plan_lines(plan: Plan) -> Iterator[PlanLine]:
    """Yield all that a plan says below its title."""
    yield from _body_of_plan(plan, 0)


def _body_of_plan(plan: Plan, depth: int) -> Iterator[PlanLine]:
    if not plan.steps:
        yield PlanLine(depth=depth, text=plan_nothing(plan))
    yield from _steps_of_depth(plan.steps, depth)
    for keep in plan.keep:
        yield PlanLine(depth=depth, text=f"Keep: {keep.text}")
        if keep.first:
            yield PlanLine(depth=depth + 1, text="Where it must be deleted all the same, first:")
            yield from _step_of_number(keep.first, "", depth + 1)
    if plan.alternative:
        other = plan.alternative
        yield PlanLine(depth=depth, text=f"Another way, which costs {other.cost}:")
        yield from _steps_of_depth(other.steps, depth + 1)
    if plan.doubt:
        yield PlanLine(depth=depth, text=f"in doubt: {plan.doubt}")


def plan_nothing(plan: Plan) -> str:
    """Return what is said of a plan without steps."""
    if plan.doubt and not plan.proven:
        return "No way out is known."
    cost = f" It costs {plan.cost}." if plan.proven and str(plan.cost) != "nothing" else ""
    return f"{NOTHING}{cost}"


def _steps_of_depth(steps: Sequence[Step], depth: int) -> Iterator[PlanLine]:
    for number, step in enumerate(steps, 1):
        yield from _step_of_number(step, f"{number}. ", depth)


def _step_of_number(step: Step, number: str, depth: int) -> Iterator[PlanLine]:
    destroys = step.kind is StepKind.DESTROYS
    text = f"{number}[{_MARKS[step.kind]}] {step.text}"
    yield PlanLine(depth=depth, text=text, destroys=destroys)
    if destroys:
        yield PlanLine(depth=depth + 1, text=f"lost: {step.lost}", destroys=True)
        yield PlanLine(depth=depth + 1, text=f"only if: {step.precondition}", destroys=True)
    if step.commands and step.where:
        yield PlanLine(depth=depth + 1, text=f"on {step.where}:")
    for command in step.commands:  # nothing but the command: people copy it
        yield PlanLine(depth=depth + 1, text=command, code=True)
    for label, said in (("why", step.why), ("risk", step.risk)):
        if said:
            yield PlanLine(depth=depth + 1, text=f"{label}: {said}")
    if step.precondition and not destroys:
        yield PlanLine(depth=depth + 1, text=step.precondition)
    for answer in step.answers:
        yield PlanLine(depth=depth + 1, text=f"If {answer.when}:")
        yield from _body_of_plan(answer.plan, depth + 2)


def state_line(finding: Finding) -> str:
    """Return how a finding stands at the end of the bundle, and what shows it.

    It follows a label that says of when it is.
    """
    since = f" since {stamp(finding.over_since)}" if finding.over_since else ""
    why = f": {finding.state_why}" if finding.state_why else ""
    return f"{finding.state.value.removesuffix(' at the end')}{since}{why}"
