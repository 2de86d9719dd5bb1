"""Follow a printed plan to the letter: its commands are read again and done on the model."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from analyzer.model.goal import StepKind
from analyzer.model.plan import Plan
from analyzer.model.terms import NOBODY
from analyzer.plans.acts import BASELINE
from analyzer.plans.case import DiskCase, World, worlds
from analyzer.plans.commands import MAY_WRITE, answer_words, look_for
from analyzer.sm import by_hand, comparing, snapshots, tracking
from analyzer.sm.state import Result, State

_LOG = r"(?:/run/sr-mount|/dev/VG_XenStorage-)[^ ]*?(?P<log>[^/ ]+)\.cbtlog"
_COMMANDS: Mapping[str, Callable[[State, re.Match[str]], Result]] = MappingProxyType(
    {
        rf"cbt-util set -n {_LOG} -c (?P<to>\S+)": lambda s, m: by_hand.set_child(
            s, m["log"], to(m)
        ),
        rf"cbt-util set -n {_LOG} -p (?P<to>\S+)": lambda s, m: by_hand.set_parent(
            s, m["log"], to(m)
        ),
        rf"rm {_LOG}": lambda s, m: by_hand.remove_log(s, m["log"]),
        rf"lvremove -f {_LOG} {re.escape(MAY_WRITE)}": lambda s, m: by_hand.remove_log(s, m["log"]),
        r"xe vdi-enable-cbt uuid=(?P<disk>\S+)": lambda s, m: tracking.enable(s, m["disk"]),
        r"xe vdi-disable-cbt uuid=(?P<disk>\S+)": lambda s, m: tracking.disable(s, m["disk"]),
        r"xe vdi-destroy uuid=(?P<disk>\S+)": lambda s, m: snapshots.vdi_delete(s, m["disk"]),
        rf"lvchange -a[yn] {_LOG}": lambda s, _: Result(state=s),
    }
)
_TEXTS: Mapping[str, Callable[[State, str], Result]] = MappingProxyType(
    {
        "Make room": lambda s, _: Result(state=replace(s, room=True)),
        "Start the VM": tracking.attach,
        "Let the backup": lambda s, disk: snapshots.snapshot(s, disk, BASELINE),
    }
)


def to(match: re.Match[str]) -> str:
    return "" if match["to"] == NOBODY else match["to"]


def followed(plan: Plan, world: World, case: DiskCase) -> tuple[State, str]:
    """Return the state after a plan in one world, and the last backup's snapshot."""
    while plan.steps and plan.steps[0].answers:
        plan = _answer(plan, world, case)
    state, base = world.state, case.base
    for step in plan.steps:
        if step.kind is StepKind.LOOK:
            continue
        for command in step.commands:
            state = _run(state, command)
        for words, do in _TEXTS.items():
            if step.text.startswith(words):
                result = do(state, case.disk)
                assert result.ok, step.text
                state = result.state
                base = BASELINE if words == "Let the backup" else base
    return state, base


def _run(state: State, command: str) -> State:
    matches = ((do, re.fullmatch(pattern, command)) for pattern, do in _COMMANDS.items())
    result = next(do(state, match) for do, match in matches if match)
    assert result.ok, (command, result.outcome)
    return result.state


def _answer(plan: Plan, world: World, case: DiskCase) -> Plan:
    look = plan.steps[0]
    question = next(
        doubt.question for doubt in case.doubts if look_for(doubt.question, case).text == look.text
    )
    value = world.answers.get(question)
    words = "there is no such log" if value is None else answer_words(question, value, case)
    return next(answer.plan for answer in look.answers if answer.when == words)


def four_nights(state: State, disk: str, base: str) -> list[str]:
    """Return how the comparisons of four nights end; "ok" only where nothing is left out."""
    ends = []
    for night in ("n1", "n2", "n3", "n4"):
        taken = snapshots.snapshot(state, disk, night)
        assert taken.ok
        state = taken.state
        if base:
            answer = comparing.list_changed_blocks(state, base, night)
            ends.append("leaves blocks out" if answer.left_out else answer.outcome)
            state = snapshots.vdi_delete(answer.state, base).state
        base = night
    return ends


def every_world(case: DiskCase) -> Iterator[World]:
    return iter(worlds(case.state, case.doubts))
