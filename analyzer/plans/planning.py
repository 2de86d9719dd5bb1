"""From a case to its one plan: search, proof, and what to look at first."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from analyzer.model.goal import Goal, StepKind
from analyzer.model.plan import Alternative, Branch, Cost, Keep, Plan, Step
from analyzer.model.sentence import say
from analyzer.plans.acts import Act, Do, play, price
from analyzer.plans.candidates import Acts, candidates
from analyzer.plans.case import (
    MOST_WORLDS,
    DiskCase,
    Doubt,
    EffortSpentError,
    Question,
    World,
    count_worlds,
    otherwise,
    worlds,
)
from analyzer.plans.commands import answer_words, look_for, looks_before, step_of
from analyzer.plans.nights import flaw, wants_nights
from analyzer.sm.state import State
from analyzer.values import dataclass

_MOST_FOR_ANOTHER = 120
_MOST_TO_KEEP = 32  # of which it is tried what their deletion does


def plan_disk(case: DiskCase) -> Plan:
    """Return the plan for a disk: the cheapest that passes, in every way things can be.

    Where what is not known makes a difference, the plan is a look, and each answer has its own.
    Of too many doubts, those that change nothing by themselves are taken as the state has them,
    and the plan's ``doubt`` names them. A disk of more snapshots than the model plays has none,
    nor has one for which all was tried that may be before a way was found.
    """
    try:
        if not case.too_many_to_play:
            return _plan_of_doubts(case)
        doubt = f"no plan was tried: {case.too_many_to_play}"
    except EffortSpentError as spent:
        doubt = f"no plan was tried to its end: {spent}"
    return Plan(object=case.subject, goals=_goals_in_order(case), doubt=doubt)


def _plan_of_doubts(case: DiskCase) -> Plan:
    # The doubts that change the plan by themselves, as many as can be asked.
    if count_worlds(case.doubts) <= MOST_WORLDS:
        asked: tuple[Doubt, ...] = case.doubts
    else:
        likely = _way_in_world(case, World(state=case.state))
        telling = [doubt for doubt in case.doubts if _changes_of_likely(case, likely, doubt)]
        while count_worlds(telling) > MOST_WORLDS:
            telling.pop()
        asked = tuple(telling)
    left = ", ".join(
        f"{doubt.question.about} ({case.site.names.get(doubt.question.name, doubt.question.name)})"
        for doubt in case.doubts
        if doubt not in asked
    )
    case = replace(case, doubts=asked)
    plan = _plan_for_ways(case, [_way_in_world(case, world) for world in worlds(case.state, asked)])
    if not left:
        return plan
    return replace(plan, doubt="; ".join(filter(None, (plan.doubt, f"taken as likely: {left}"))))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """A way out of one world; ``why`` says why there is none."""

    world: World
    acts: Acts = ()
    why: str = ""


def _changes_of_likely(case: DiskCase, likely: _Way, doubt: Doubt) -> bool:
    """Return whether some other answer asks for other acts, or for cheaper ones."""
    return any(
        flaw(case, state, likely.acts)
        or (
            price(likely.acts, case.base) != Cost()
            and price(_way_in_world(case, World(state=state)).acts, case.base)
            != price(likely.acts, case.base)
        )
        for state in otherwise(case, doubt)
    )


def _plan_for_ways(case: DiskCase, found: Sequence[_Way]) -> Plan:
    same = _one_for_all(case, found)
    if same is not None:
        return _plan_of_way(case, same)
    # The first question that has an answer in every world, and not the same one.
    open_to_all: list[Question] = []
    for doubt in case.doubts:
        given = [way.world.answers.get(doubt.question) for way in found]
        if len(set(given)) > 1:
            if None not in given:
                question: Question | None = doubt.question
                break
            open_to_all.append(doubt.question)
    else:
        question = next(iter(open_to_all), None)
    if question is None:
        return _plan_of_way(case, found[0])
    return _plan_that_asks(case, question, found)


def _way_in_world(case: DiskCase, world: World) -> _Way:
    first = flaw(case, world.state, ())
    if not first and not (Goal.SPACE in case.goals and case.unneeded):
        return _Way(world=world)
    for acts in candidates(case, world.state):
        if not flaw(case, world.state, acts):
            return _Way(world=world, acts=_acts_needed(case, world.state, acts))
    return _Way(world=world, why=first)


def _acts_needed(case: DiskCase, state: State, acts: Acts) -> Acts:
    """Leave out every act without which the rest passes as well, the dearest first."""
    for act in sorted(acts, key=lambda act: list(Do).index(act.do), reverse=True):
        fewer = tuple(each for each in acts if each is not act)
        if not flaw(case, state, fewer):
            acts = fewer
    return acts


def _one_for_all(case: DiskCase, found: Sequence[_Way]) -> _Way | None:
    """Return a way that passes in every world at the price of its best one, if there is one."""
    if any(way.why for way in found):
        return found[0] if all(way.why for way in found) else None
    prices = {price(way.acts, case.base) for way in found}
    if len(prices) > 1:
        return None
    tried = {way.acts: way for way in sorted(found, key=lambda way: len(way.acts))}
    for acts, way in tried.items():
        if all(way.acts == acts or not flaw(case, way.world.state, acts) for way in found):
            return way
    return None


def _plan_that_asks(case: DiskCase, question: Question, found: Sequence[_Way]) -> Plan:
    plans: dict[str, Plan] = {}
    for way in found:
        value = way.world.answers.get(question)
        words = "there is no such log" if value is None else answer_words(question, value, case)
        if words not in plans:
            group = [each for each in found if each.world.answers.get(question) == value]
            plans[words] = _plan_for_ways(case, group)
    if len({plan.steps for plan in plans.values()}) == 1:
        return next(iter(plans.values()))
    look = replace(
        look_for(question, case),
        why="What has to be done hangs on it.",
        precondition="",
        answers=tuple(
            Branch(when=words, means=_meaning_of_plan(plan), plan=plan)
            for words, plan in plans.items()
        ),
    )
    dearest = max(
        (plan.cost for plan in plans.values()),
        key=lambda cost: (len(cost.snapshots), len(cost.logs), cost.full_backups),
    )
    return Plan(
        object=case.subject,
        goals=_goals_in_order(case),
        steps=(look,),
        cost=dearest,
        proven=all(plan.proven for plan in plans.values()),
        doubt="; ".join(dict.fromkeys(plan.doubt for plan in plans.values() if plan.doubt)),
    )


def _meaning_of_plan(plan: Plan) -> str:
    if not plan.proven:
        return "no way out was found that passes"
    if not plan.steps:
        return "nothing has to be done"
    return f"{plan.steps[0].text} Price: {plan.cost}."


def _plan_of_way(case: DiskCase, way: _Way) -> Plan:
    state = way.world.state
    here = replace(case, state=state)
    if way.why:
        return Plan(object=case.subject, goals=_goals_in_order(case), doubt=way.why)
    try:
        next_other_way = _next_other_way(here, way.acts) if way.acts else None
    except EffortSpentError:
        next_other_way = None
    return Plan(
        object=case.subject,
        goals=_goals_in_order(case),
        steps=_steps_of_acts(here, way.acts),
        cost=price(way.acts, case.base if wants_nights(case) else case.disk),
        proven=True,
        keep=tuple(_snapshots_to_keep(case, state, way.acts)),
        alternative=next_other_way,
    )


def _next_other_way(here: DiskCase, chosen: Acts) -> Alternative | None:
    """Return the next way that passes and is another one, not the same with more to do."""
    kinds = {act.do for act in chosen}
    others = (acts for acts in candidates(here, here.state) if _is_another(acts, chosen, kinds))
    for acts in islice(others, _MOST_FOR_ANOTHER):
        if not flaw(here, here.state, acts):
            needed = _acts_needed(here, here.state, acts)
            if _is_another(needed, chosen, kinds):
                steps = tuple(map(_step_instead, _steps_of_acts(here, needed)))
                return Alternative(steps=steps, cost=price(needed, here.base))
    return None


def _steps_of_acts(case: DiskCase, acts: Acts) -> tuple[Step, ...]:
    steps, state = list(looks_before(acts, case)), case.state
    for act in acts:
        steps.append(step_of(act, state, replace(case, state=state)))
        state = play(act, state, case.disk).state
    return tuple(steps)


def _step_instead(step: Step) -> Step:
    """Return a step of the dearer way: what it destroys need not be, the first way keeps it."""
    if step.kind is not StepKind.DESTROYS:
        return step
    return replace(step, why="Its log, and the pointer in it, go with it.")


def _is_another(acts: Acts, chosen: Acts, kinds: set[Do]) -> bool:
    return not set(chosen) <= set(acts) and {act.do for act in acts} != kinds


def _snapshots_to_keep(case: DiskCase, state: State, acts: Acts) -> Iterator[Keep]:
    """Yield the snapshots whose deletion would undo what the plan reaches."""
    if not wants_nights(case):
        return
    deleted = {act.name for act in acts if act.do is Do.DELETE}
    names = state.snapshots(case.disk)
    untried = len(names[:-_MOST_TO_KEEP])
    kept: list[Keep] = []
    for number, name in reversed([*enumerate(names)][-_MOST_TO_KEEP:]):  # the newest first
        if name not in deleted | case.retention | {case.base}:
            try:
                kept += _kept_if_it_must_be(case, state, acts, name)
            except EffortSpentError:
                untried = number + 1
                break
    if untried:
        text = f"Whether any of the {untried} oldest snapshots may be deleted was not tried."
        yield Keep(snapshot=names[untried - 1], text=text, first=None)
    yield from reversed(kept)


def _kept_if_it_must_be(case: DiskCase, state: State, acts: Acts, name: str) -> Iterator[Keep]:
    risked = replace(case, retention=case.retention | {name})
    if why := flaw(risked, state, acts):
        here, words = replace(risked, state=state), risked.site.names.get(name, name)
        ways = (Act(do=Do.CHILD, name=name), Act(do=Do.PARENT, name=risked.disk))
        freed = (way for way in ways if not flaw(risked, state, (way, *acts)))
        first = next((step_of(way, state, here) for way in freed), None)
        text = say("Do not delete {it}, by hand or by a retention rule: {why}.", it=words, why=why)
        yield Keep(snapshot=name, text=text, first=first)


def _goals_in_order(case: DiskCase) -> tuple[Goal, ...]:
    return tuple(goal for goal in Goal if goal in case.goals)
