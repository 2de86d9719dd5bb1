"""CBT turned off because its log was inconsistent when the disk was attached."""

from analyzer.case.case import Case
from analyzer.checks._api import Examined
from analyzer.checks.cbt.disabled_finding import disabled
from analyzer.checks.tools.lost_tracking import During
from analyzer.model.rule import RuleText


class CbtDisabledInconsistentLog:
    """Take SM's sentence and the alert; what they cost is told by `_lost_tracking`."""

    id = "cbt-disabled-inconsistent-log"

    def examine(self, case: Case, text: RuleText) -> Examined:
        """Look at every time that CBT was turned off so."""
        return Examined(findings=disabled(case, text, During.ATTACH))


CHECK = CbtDisabledInconsistentLog()
