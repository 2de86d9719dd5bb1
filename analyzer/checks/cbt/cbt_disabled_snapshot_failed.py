"""CBT turned off at a snapshot for another reason than space, or for one that was not read."""

from collections.abc import Iterator

from analyzer.case.case import Case
from analyzer.checks.cbt.snapshot_finding import by_disk, make
from analyzer.checks.observation import Observation
from analyzer.checks.tools.snapshot_log import Failure, Reason, failures, no_space
from analyzer.model.finding import Confidence, Finding
from analyzer.model.rule import RuleText


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Take the failures that `cbt-disabled-no-space` does not claim, and name their reason."""
    for group in by_disk([each for each in failures(case) if not no_space(case, each)]):
        last = group[-1]
        match last.reason:
            case Reason.UNKNOWN:
                finding_of_group: Finding = make(
                    case, text, text.case("unknown"), group, Confidence.POSSIBLE
                )
            case Reason.OTHER if last.refresh:
                finding_of_group = make(
                    case, text, text.case("refresh"), group, _confidence_of_failure(last)
                )
            case _:
                finding_of_group = make(
                    case, text, (text.title, text.detail), group, _confidence_of_failure(last)
                )
        yield finding_of_group


def _confidence_of_failure(failure: Failure) -> Confidence:
    """Return certain where the line is about a CBT log, likely where it is merely the last."""
    about_log = any(".cbtlog" in event.message for event in failure.because)
    return Confidence.CERTAIN if about_log else Confidence.LIKELY
