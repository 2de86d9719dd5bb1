"""Why a comparison failed: the reasons there are, and what is known of one failure."""

from enum import StrEnum

from analyzer.checks.tools.calls import Call
from analyzer.model.finding import Basis, Confidence, Evidence
from analyzer.values import dataclass


class Reason(StrEnum):
    """The reason of a failed list_changed_blocks; the value names the case in the texts."""

    FROM_OFF = "from-off"
    TO_OFF = "to-off"
    EITHER_OFF = "either-off"
    NOT_SUPPORTED = "not-supported"
    NOT_A_SNAPSHOT = "not-a-snapshot"
    REVERSED = "reversed"
    SAME = "same"
    OTHER_SR = "other-sr"
    OTHER_DISK = "other-disk"
    ENDS = "ends"
    BROKEN = "broken"
    STOPPED = "stopped"
    SIZES = "sizes"
    COMMAND = "command"
    DEFECT = "defect"
    OPEN = "open"


NOT_ENABLED = frozenset({Reason.FROM_OFF, Reason.TO_OFF, Reason.EITHER_OFF, Reason.NOT_SUPPORTED})
WRONG_ORDER = frozenset({Reason.REVERSED})
NOT_OF_LOGS = frozenset({Reason.SAME, Reason.OTHER_SR, Reason.OTHER_DISK, Reason.DEFECT})
# Those about the logs; for the others no look at the logs would help.
OF_LOGS = NOT_ENABLED | {
    Reason.ENDS,
    Reason.BROKEN,
    Reason.STOPPED,
    Reason.SIZES,
    Reason.COMMAND,
    Reason.OPEN,
}
UNRELATED = frozenset(Reason) - NOT_ENABLED - WRONG_ORDER - {Reason.NOT_A_SNAPSHOT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One failed comparison: ``stop`` is the last log that SM's walk read, ``next`` what it names.

    ``open_`` are, in words, the reasons that stay possible; where it is empty, one is known.
    ``settle_with`` is a command that would tell, beside those of the text.
    """

    call: Call
    reason: Reason
    confidence: Confidence
    basis: Basis
    evidence: tuple[Evidence, ...] = ()
    stop: str = ""
    next: str = ""
    open_: tuple[str, ...] = ()
    settle_with: str = ""
