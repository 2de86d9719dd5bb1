"""Changed blocks could not be listed: the logs of the two do not lead from one to the other."""

from analyzer.case.case import Case
from analyzer.checks._api import Examined
from analyzer.checks.calls.list_finding import examine
from analyzer.checks.calls.list_reason import UNRELATED
from analyzer.model.rule import RuleText


class CbtListUnrelated:
    """Claim the failed comparisons that no sibling claims: broken chains, and open reasons."""

    id = "cbt-list-unrelated"

    def examine(self, case: Case, text: RuleText) -> Examined:
        """Look at every call of VDI.list_changed_blocks that failed."""
        return examine(case, text, UNRELATED)


CHECK = CbtListUnrelated()
