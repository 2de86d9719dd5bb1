"""A call of the API before it is made: what xapi and SM would check, in their order."""

from enum import StrEnum

from analyzer.model.finding import Advice, Evidence, Subject
from analyzer.values import dataclass


class Answer(StrEnum):
    """What a check would say; UNKNOWN is never a yes."""

    OK = "ok"
    FAILS = "fails"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCheck:
    """One check: who makes it, what it asks, what the bundle answers and by which lines.

    ``error`` is the error of the call and ``remedy`` what to do, if it fails; ``settle_with`` is
    what would tell, if it is unknown.
    """

    by: str
    asks: str
    answer: Answer
    words: str
    error: str = ""
    evidence: tuple[Evidence, ...] = ()
    settle_with: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallJudgement:
    """All checks of a call in their order, the sentence they end in, and the remedy."""

    call: str
    subjects: tuple[Subject, ...]
    checks: tuple[CallCheck, ...]
    answer: Answer
    sentence: str
    remedy: tuple[Advice, ...] = ()
