"""What a check is: a rule that needs code because it joins, walks or compares."""

from dataclasses import dataclass
from typing import Protocol

from analyzer.case.case import Case
from analyzer.model.finding import Finding, Gap
from analyzer.model.rule import RuleText


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What a check saw. The engine, not the check, makes the verdict of it.

    ``gaps`` are what this check itself could not decide (beside its declared needs);
    ``not_applicable`` says why the rule has no meaning here, "" where it has. ``beside`` names
    sources that it looked at beside the declared needs (``lvs``).
    """

    findings: tuple[Finding, ...] = ()
    gaps: tuple[Gap, ...] = ()
    not_applicable: str = ""
    beside: tuple[str, ...] = ()


class Check(Protocol):
    """One module of this folder; its text is ``patterns/checks/<id>.yaml``."""

    id: str

    def examine(self, case: Case, text: RuleText) -> Examined:
        """Look for the defect everywhere in the case; never raise for missing data."""
