"""CBT was to be turned on for a raw disk, which has no place for it: SM refuses the call."""

from collections.abc import Iterator

from analyzer.case.case import Case
from analyzer.checks.calls.call_finding import Told, bursts, cut_off, quoted_row, tell
from analyzer.checks.calls.raw_disk import is_type_error, shown_other, shown_raw
from analyzer.checks.observation import Observation
from analyzer.checks.tools.calls import Call, Method, calls
from analyzer.model.finding import Basis, Confidence
from analyzer.model.rule import RuleText


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Claim SM's refusals, but those of disks that the database shows as snapshots."""
    found = calls(case, Method.ENABLE)
    for burst in bursts(found, lambda call: is_type_error(call) and not _is_snapshot(case, call)):
        # How sure it is: SM does not say whether it took the disk for raw or for a snapshot.
        uuid = burst[-1].vdi
        if raw := shown_raw(case, uuid):
            told_by_database: Told = Told(
                words=(text.title, text.detail),
                confidence=Confidence.CERTAIN,
                basis=Basis.BOTH,
                evidence=raw,
            )
        elif other := shown_other(case, uuid):
            told_by_database = Told(
                words=text.case("contradicted"),
                values={"unseen": uuid},
                confidence=Confidence.POSSIBLE,
                basis=Basis.SYMPTOM,
                evidence=other,
            )
        else:
            told_by_database = Told(
                words=text.case("refused"),
                values={"unseen": uuid},
                confidence=Confidence.LIKELY,
                basis=Basis.SYMPTOM,
                evidence=quoted_row(case.world.vdi(uuid), "is_a_snapshot", "sm_config"),
            )
        yield tell(case, text, burst, told_by_database)
    for call in found:
        if call.code == "SR_BACKEND_FAILURE_66" and not call.reason:
            yield cut_off(call, "smlog", "turning CBT on")


def _is_snapshot(case: Case, call: Call) -> bool:
    row = case.world.vdi(call.vdi)
    return row is not None and row.is_a_snapshot is True
