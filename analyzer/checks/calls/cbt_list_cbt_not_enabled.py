"""Changed blocks were asked for although one of the two disks had no CBT log."""

from analyzer.case.case import Case
from analyzer.checks._api import Examined
from analyzer.checks.calls.list_finding import examine
from analyzer.checks.calls.list_reason import NOT_ENABLED
from analyzer.model.rule import RuleText


class CbtListCbtNotEnabled:
    """Claim the comparisons that failed because a log was not there to begin with."""

    id = "cbt-list-cbt-not-enabled"

    def examine(self, case: Case, text: RuleText) -> Examined:
        """Look at every call of VDI.list_changed_blocks that failed."""
        return examine(case, text, NOT_ENABLED)


CHECK = CbtListCbtNotEnabled()
