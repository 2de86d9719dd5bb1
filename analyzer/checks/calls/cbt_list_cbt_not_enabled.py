"""Changed blocks were asked for although one of the two disks had no CBT log."""

from collections.abc import Iterator

from analyzer.case.case import Case
from analyzer.checks.calls.list_finding import failed_for
from analyzer.checks.calls.list_reason import NOT_ENABLED
from analyzer.checks.observation import Observation
from analyzer.model.rule import RuleText


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Claim the comparisons that failed because a log was not there to begin with."""
    yield from failed_for(case, text, NOT_ENABLED)
