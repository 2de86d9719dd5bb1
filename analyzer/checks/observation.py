"""What a check answers: a rule that needs code because it joins, walks or compares."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from analyzer.case.case import Case
from analyzer.model.finding import Finding, Gap
from analyzer.model.rule import RuleText
from analyzer.model.sentence import joined
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """Why the rule has no meaning in this case; it counts where nothing was found or missed."""

    reason: str


@dataclass(frozen=True, slots=True)
class LookedAt:
    """A source that was looked at beside the declared needs of the rule (``lvs``)."""

    source: str


Observation: TypeAlias = Finding | Gap | NotApplicable | LookedAt
# Looks for the defect everywhere in the case; never raises for missing data. A gap is what the
# check itself could not decide: what its declared needs lack, the engine says.
Check: TypeAlias = Callable[[Case, RuleText], Iterator[Observation]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """All that a check answered, sorted by kind; each gap and each source stands once."""

    findings: tuple[Finding, ...] = ()
    gaps: tuple[Gap, ...] = ()
    not_applicable: str = ""
    beside: tuple[str, ...] = ()


def examined(answers: Iterable[Observation]) -> Examined:
    """Sort what a check answers; it is exhausted here, so what it raises is raised here."""
    given = tuple(answers)
    findings = tuple(answer for answer in given if isinstance(answer, Finding))
    gaps = tuple(dict.fromkeys(answer for answer in given if isinstance(answer, Gap)))
    idle = dict.fromkeys(each.reason for each in given if isinstance(each, NotApplicable))
    beside = dict.fromkeys(each.source for each in given if isinstance(each, LookedAt))
    return Examined(
        findings=findings,
        gaps=gaps,
        not_applicable="" if findings or gaps else joined(idle, "; "),
        beside=tuple(beside),
    )
