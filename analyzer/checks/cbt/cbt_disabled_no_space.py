"""CBT turned off at a snapshot because the SR had no space for a new log."""

from collections.abc import Iterator

from analyzer.case.case import Case
from analyzer.checks.cbt.snapshot_finding import by_disk, make
from analyzer.checks.observation import Observation
from analyzer.checks.tools.snapshot_log import SPACE, Failure, Reason, failures, no_space
from analyzer.model.finding import Confidence, Finding, Gap
from analyzer.model.rule import RuleText
from analyzer.model.sentence import say


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Claim the failures whose reason is want of space; each other one is its sibling's.

    A failure whose reason was not read is a gap here: it may have been want of space.
    """
    found = failures(case)
    mine = [failure for failure in found if no_space(case, failure)]
    for group in by_disk(mine):
        last = group[-1]
        if last.reason is Reason.CUT_SHORT:
            finding_of_group: Finding = make(
                case, text, text.case("full-since"), group, Confidence.LIKELY
            )
        elif any(event.kind == SPACE for event in last.because):
            finding_of_group = make(
                case, text, text.case("volume-group"), group, Confidence.CERTAIN
            )
        else:
            finding_of_group = make(
                case, text, (text.title, text.detail), group, Confidence.CERTAIN
            )
        yield finding_of_group
    unsaid = [f for f in found if f not in mine and f.reason in (Reason.CUT_SHORT, Reason.UNKNOWN)]
    for group in by_disk(unsaid):
        yield _gap_of_group(group)


def _gap_of_group(group: tuple[Failure, ...]) -> Gap:
    """Say what would settle it for one disk."""
    last = group[-1]
    if last.reason is Reason.CUT_SHORT:
        return Gap(
            need="df",
            host=last.line.host,
            why=say(
                "CBT of disk {vdi} was turned off at {at} because its new log was cut short; that "
                "is a full SR or an input/output error, and nothing shows how full the SR was",
                vdi=last.vdi,
                at=last.line.moment,
            ),
            settle_with=f"df -h /run/sr-mount/{last.sr}" if last.sr else "df -h",
        )
    return Gap(
        need="smlog",
        host=last.line.host,
        why=say(
            "CBT of disk {vdi} was turned off at a snapshot at {at}, "
            "and no line that says why was read",
            vdi=last.vdi,
            at=last.line.moment,
        ),
        settle_with=f"zgrep -h -B60 'Creating CBT .*{last.vdi}' /var/log/SMlog* "
        "on the host that is master of its SR",
    )
