"""The text of a rule: what people read, apart from how it is judged."""

from collections.abc import Mapping
from dataclasses import replace

from analyzer.model.finding import Advice, Confidence, Severity
from analyzer.model.goal import Goal
from analyzer.model.sentence import FIELD, Sentence, Value
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleText:
    """Title, severity and prose of a rule; ``{field}`` in them is filled from a finding.

    ``cases`` are named variants of (title, detail) that a check chooses from. ``area`` is a
    value of `Area`; ``status`` is stable, experimental or deprecated. ``goals`` are what the plan
    of its object is for; ``action`` are the steps that no planner knows of. ``called`` is the
    title without a subject, "" where the title has none. ``unseen`` is what of the matter no
    status report shows, so that ruling out leaves it open; "" where that is nothing.
    """

    id: str
    title: str
    severity: Severity
    confidence: Confidence
    detail: str
    action: tuple[Advice, ...]
    wrong_if: str
    references: tuple[str, ...]
    needs: tuple[str, ...]
    cases: tuple[tuple[str, str, str], ...] = ()
    area: str = "any"
    status: str = "stable"
    goals: tuple[Goal, ...] = ()
    unseen: str = ""
    called: str = ""

    @property
    def heading(self) -> str:
        """Return what it is called where it speaks of no object."""
        return self.called or FIELD.sub("…", self.title)

    def case(self, name: str) -> tuple[str, str]:
        """Return (title, detail) of the variant `name`.

        Raises:
            KeyError: the pattern file has no such case.
        """
        for case, title, detail in self.cases:
            if case == name:
                return title, detail
        raise KeyError(name)

    def steps(self, values: Mapping[str, Value]) -> tuple[Advice, ...]:
        """Return the actions with their fields filled in."""
        return tuple(filled(step, values) for step in self.action)


def fields_of(step: Advice) -> list[str]:
    """Return the fields that a step needs."""
    return FIELD.findall(" ".join((step.step, step.risk or "", step.lost, step.precondition)))


def filled(step: Advice, values: Mapping[str, Value]) -> Advice:
    """Return a step with the fields of its texts filled in."""
    return replace(
        step,
        step=Sentence(step.step, values),
        risk=None if step.risk is None else Sentence(step.risk, values),
        lost=Sentence(step.lost, values),
        precondition=Sentence(step.precondition, values),
    )
