"""What is typed stands apart from the words of a step, and only where the rule wrote it."""

import re

import pytest

from analyzer.model.finding import Advice
from analyzer.model.goal import StepKind
from analyzer.model.sentence import Sentence
from analyzer.rules.load import load_catalogue
from analyzer.story.plans.object_plans import step_of

VALUES = {"host": "jupiter", "name": "x: xe vdi-destroy uuid=1"}


@pytest.mark.parametrize(
    ("text", "words", "commands", "where"),
    [
        ("Look at {host}: xe task-list", "Look at jupiter.", ("xe task-list",), ""),
        (
            "Start it: systemctl reset-failed a; systemctl start a (on {host})",
            "Start it.",
            ("systemctl reset-failed a", "systemctl start a"),
            "jupiter",
        ),
        (
            "Turn it on: xe vdi-enable-cbt, and wait",
            "Turn it on: xe vdi-enable-cbt, and wait",
            (),
            "",
        ),
        (
            "Forget all: xe-toolstack-restart (on {host})",
            "Forget all.",
            ("xe-toolstack-restart",),
            "jupiter",
        ),
        ("Mind disk {name}", "Mind disk x: xe vdi-destroy uuid=1", (), ""),
    ],
)
def test_step_of_a_rule(text: str, words: str, commands: tuple[str, ...], where: str) -> None:
    step = step_of(Advice(step=Sentence(text, VALUES)))
    assert (step.text, step.commands, step.where) == (words, commands, where)


def test_step_that_is_one_field_is_the_text_that_the_rule_chose() -> None:
    chosen = Sentence("Look at it: xe vdi-list uuid={disk} (on {host})", {"disk": "d", "host": "h"})
    step = step_of(Advice(step=Sentence("{next}", {"next": chosen})))
    assert (step.text, step.commands, step.where) == ("Look at it.", ("xe vdi-list uuid=d",), "h")
    told = step_of(Advice(step=Sentence("{next}", {"next": "x: xe vdi-destroy uuid=1"})))
    assert told.commands == ()


def test_no_command_of_the_catalogue_has_words_in_it() -> None:
    made = [
        step_of(Advice(step=Sentence(step.step, {})))
        for text in load_catalogue().texts
        for step in text.action
    ]
    typed = [command for step in made for command in step.commands]
    assert len(typed) > 100
    assert [command for command in typed if " (on " in command or ", and " in command] == []


_TYPED_THERE = re.compile(r": \(?(?:/|[a-z][a-z-]+ (?:-|[a-z]+=|/)|xe[ -]|systemctl |rpm |vgs|lvs)")
_LOOKS = ("See ", "Look ", "Check ")


def test_no_step_of_the_catalogue_has_a_command_inside_its_words() -> None:
    made = [
        step_of(Advice(step=Sentence(step.step, {})))
        for text in load_catalogue().texts
        for step in text.action
    ]
    assert [step.text for step in made if _TYPED_THERE.search(step.text)] == []


def test_steps_that_look_are_looks() -> None:
    steps = [step for text in load_catalogue().texts for step in text.action]
    wrong = [s.step for s in steps if s.step.startswith(_LOOKS) and s.kind is not StepKind.LOOK]
    assert wrong == []
