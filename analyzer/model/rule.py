"""The text of a rule: what people read, apart from how it is judged."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from analyzer.model.finding import Confidence, Severity, Step

FIELD = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


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

    def steps(self, values: Mapping[str, str]) -> tuple[Step, ...]:
        """Return the actions with their fields filled in."""
        return tuple(
            Step(
                step=fill(step.step, values),
                risk=None if step.risk is None else fill(step.risk, values),
            )
            for step in self.action
        )


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values in place of ``{field}``, once: a value that looks like a field stays as it is.

    Never `str.format`: values come from a bundle, and a format string can reach attributes. A
    field that has no value stays as it is written.

    >>> fill("disk {vdi} in {sr}", {"vdi": "{sr}"})
    'disk {sr} in {sr}'
    """
    return FIELD.sub(lambda match: values.get(match[1], match[0]), text)
