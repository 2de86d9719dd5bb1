"""CBT turned off because its log could not follow a resize."""

from collections.abc import Iterator

from analyzer.case.case import Case
from analyzer.checks.cbt.disabled_finding import disabled
from analyzer.checks.observation import Observation
from analyzer.checks.tools.lost_tracking import During
from analyzer.model.rule import RuleText


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Take SM's sentence and the alert; what they cost is told by `lost_tracking`."""
    yield from disabled(case, text, During.RESIZE)
