"""Changed blocks were asked for from the newer to the older: SM only walks forward."""

from collections.abc import Iterator

from analyzer.case.case import Case
from analyzer.checks.calls.list_finding import failed_for
from analyzer.checks.calls.list_reason import WRONG_ORDER
from analyzer.checks.observation import Observation
from analyzer.model.rule import RuleText


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Claim the comparisons that would have to be made the other way round."""
    yield from failed_for(case, text, WRONG_ORDER)
