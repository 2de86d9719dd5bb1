"""The text of a rule: what people read, apart from how it is judged."""

from collections.abc import Mapping
from dataclasses import dataclass

from analyzer.model.finding import Confidence, Severity, Step
from analyzer.model.sentence import Sentence, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleText:
    """Title, severity and prose of a rule; ``{field}`` in them is filled from a finding.

    ``cases`` are named variants of (title, detail) that a check chooses from. ``area`` is a
    value of `Area`; ``status`` is stable, experimental or deprecated.
    """

    id: str
    title: str
    severity: Severity
    confidence: Confidence
    detail: str
    action: tuple[Step, ...]
    wrong_if: str
    references: tuple[str, ...]
    needs: tuple[str, ...]
    cases: tuple[tuple[str, str, str], ...] = ()
    area: str = "any"
    status: str = "stable"

    def case(self, name: str) -> tuple[str, str]:
        """Return (title, detail) of the variant `name`.

        Raises:
            KeyError: the pattern file has no such case.
        """
        for case, title, detail in self.cases:
            if case == name:
                return title, detail
        raise KeyError(name)

    def steps(self, values: Mapping[str, Value]) -> tuple[Step, ...]:
        """Return the actions with their fields filled in."""
        return tuple(filled(step, values) for step in self.action)


def filled(step: Step, values: Mapping[str, Value]) -> Step:
    """Return a step with the fields of its texts filled in."""
    risk = None if step.risk is None else Sentence(step.risk, values)
    return Step(step=Sentence(step.step, values), risk=risk)
