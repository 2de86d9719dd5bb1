"""Changed blocks could not be listed: the logs of the two do not lead from one to the other."""

from collections.abc import Iterator

from analyzer.case.case import Case
from analyzer.checks.calls.call_finding import cut_off
from analyzer.checks.calls.list_failure import command_unread
from analyzer.checks.calls.list_finding import failed_for
from analyzer.checks.calls.list_reason import UNRELATED
from analyzer.checks.observation import Observation
from analyzer.checks.tools.calls import Method, calls
from analyzer.model.rule import RuleText


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Claim the failed comparisons that no sibling claims: broken chains, and open reasons."""
    yield from failed_for(case, text, UNRELATED)
    for call in calls(case, Method.LIST):
        if command_unread(call):
            yield cut_off(call, "smlog", "a comparison")
