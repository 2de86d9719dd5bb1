"""Changed blocks were asked for from the newer to the older: SM only walks forward."""

from analyzer.case.case import Case
from analyzer.checks._api import Examined
from analyzer.checks.calls.list_finding import examine
from analyzer.checks.calls.list_reason import WRONG_ORDER
from analyzer.model.rule import RuleText


class CbtListWrongOrder:
    """Claim the comparisons that would have to be made the other way round."""

    id = "cbt-list-wrong-order"

    def examine(self, case: Case, text: RuleText) -> Examined:
        """Look at every call of VDI.list_changed_blocks that failed."""
        return examine(case, text, WRONG_ORDER)


CHECK = CbtListWrongOrder()
