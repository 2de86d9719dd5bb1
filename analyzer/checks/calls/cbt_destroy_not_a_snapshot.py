"""The data of a disk that is no snapshot was to be destroyed: refused by xapi, or else by SM."""

from collections.abc import Iterator

from analyzer.case.case import Case
from analyzer.checks.calls.call_finding import Told, bursts, cut_off, quoted_row, tell
from analyzer.checks.observation import Observation
from analyzer.checks.tools.calls import Call, Method, calls
from analyzer.model.finding import Basis, Confidence
from analyzer.model.rule import RuleText
from analyzer.model.terms import CBT_METADATA

_REFUSED = "OPERATION_NOT_ALLOWED"
_XAPI = "VDI is not a snapshot"
_SM = "Only allowed for snapshot VDIs"


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Claim the calls of VDI.data_destroy that were refused because of what the disk is."""
    found = calls(case, Method.DESTROY)
    for burst in bursts(found, _is_mine):
        last = burst[-1]
        row = case.world.vdi(last.vdi)
        shown = row is not None and row.is_a_snapshot is False
        again = row is not None and row.is_a_snapshot is True
        metadata = row is not None and row.type == CBT_METADATA
        told = Told(
            words=text.case("metadata") if metadata and shown else (text.title, text.detail),
            confidence=Confidence.LIKELY if again else Confidence.CERTAIN,
            basis=Basis.BOTH if shown else Basis.SYMPTOM,
            values={"metadata" if metadata else "alive": row.uuid} if row is not None else {},
            evidence=quoted_row(row, "is_a_snapshot", "type"),
        )
        yield tell(case, text, burst, told)
    for call in found:
        if call.code == _REFUSED and not call.reason:
            yield cut_off(call, "xensource_log", "destroying the data")


def _is_mine(call: Call) -> bool:
    if call.code == _REFUSED:
        return call.reason.startswith(_XAPI)
    return call.code.startswith("SR_BACKEND_FAILURE") and _SM in call.reason
