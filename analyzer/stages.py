"""The stages of telling, each by itself: what one of them costs when our own code fails in it."""

import logging
import traceback
from collections.abc import Callable
from typing import TypeVar

from analyzer.model.finding import Outcome, Severity, Verdict

Told = TypeVar("Told")
Row = TypeVar("Row")

REPORT_IT = (
    "report it: the text above, and what `cbtriage --version` says; the status report is not needed"
)

logger = logging.getLogger(__name__)


class Stages:
    """Runs the stages of a report; ``failed`` has an answer like a rule's for each that raised."""

    def __init__(self) -> None:
        self.failed: list[Outcome] = []

    def told(self, what: str, tell: Callable[[], Told], otherwise: Told) -> Told:
        """Return what a stage tells, or `otherwise` where it raises; ``what`` is missing then."""
        try:
            return tell()
        except Exception:
            logger.debug("%s failed", what, exc_info=True)
            self.failed.append(failed_stage(what, traceback.format_exc(limit=-3)))
            return otherwise

    def rows(self, what: str, tell: Callable[[], tuple[Row, ...]]) -> tuple[Row, ...]:
        """Return the rows that a stage tells, none where it raises."""
        nothing: tuple[Row, ...] = ()
        return self.told(what, tell, nothing)


def place_of(error: Exception) -> str:
    """Return where our own code failed, without a word of what it was reading.

    >>> place_of(ValueError("secret"))
    'ValueError'
    """
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename.rpartition('analyzer')[2]}:{frame.lineno}" for frame in frames[-2:]]
    return " in ".join((type(error).__name__, *(f"analyzer{place}" for place in places)))


def failed_stage(what: str, trace: str) -> Outcome:
    """Return what stands in the report for a part that our own code failed on."""
    last = [line.strip() for line in trace.strip().splitlines() if line.strip()][-3:]
    return Outcome(
        rule=f"cbtriage-{what.replace(' ', '-')}",
        title=f"cbtriage failed to tell {what}",
        severity=Severity.WARNING,
        verdict=Verdict.ERROR,
        reason=f"{what} is missing here, which is a defect of cbtriage: {' | '.join(last)}",
        settle_with=(REPORT_IT,),
    )
