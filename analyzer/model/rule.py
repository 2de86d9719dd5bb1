"""The text of a rule: what people read, apart from how it is judged."""

from dataclasses import dataclass

from analyzer.model.finding import Confidence, Severity, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleText:
    """Title, severity and prose of a rule; ``{field}`` in them is filled from a finding.

    ``cases`` are named variants of (title, detail) that a check chooses from.
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

    def case(self, name: str) -> tuple[str, str]:
        """Return (title, detail) of the variant `name`.

        Raises:
            KeyError: the pattern file has no such case.
        """
        for case, title, detail in self.cases:
            if case == name:
                return title, detail
        raise KeyError(name)
