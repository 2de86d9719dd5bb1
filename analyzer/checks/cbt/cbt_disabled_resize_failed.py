"""CBT turned off because its log could not follow a resize."""

from analyzer.case.case import Case
from analyzer.checks._api import Examined
from analyzer.checks.cbt.disabled_finding import disabled
from analyzer.checks.tools.lost_tracking import During
from analyzer.model.rule import RuleText


class CbtDisabledResizeFailed:
    """Take SM's sentence and the alert; what they cost is told by `_lost_tracking`."""

    id = "cbt-disabled-resize-failed"

    def examine(self, case: Case, text: RuleText) -> Examined:
        """Look at every time that CBT was turned off so."""
        return Examined(findings=disabled(case, text, During.RESIZE))


CHECK = CbtDisabledResizeFailed()
