"""CBT was to be turned on for a snapshot, which xapi refuses; SM refuses it for what it calls so.

xapi asks for `is_a_snapshot` before SM hears of the call (xen-api `xapi_vdi.ml`
check_operation_error).
"""

from collections.abc import Iterator

from analyzer.case.case import Case
from analyzer.checks.calls.call_finding import (
    Told,
    bursts,
    called,
    cut_off,
    live_of,
    quoted_row,
    tell,
)
from analyzer.checks.calls.raw_disk import NOT_RAW, is_type_error
from analyzer.checks.observation import Observation
from analyzer.checks.tools.calls import Call, Method, calls, is_uuid
from analyzer.model.finding import Basis, Confidence, Severity
from analyzer.model.rule import RuleText

_REFUSED = "OPERATION_NOT_ALLOWED"
_WORDS = "VDI is a snapshot"


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Claim the calls that xapi refused for a snapshot, and SM's refusal of what is one."""
    found = calls(case, Method.ENABLE)
    for burst in bursts(found, lambda call: _is_mine(case, call)):
        last = burst[-1]
        row, live = case.world.vdi(last.vdi), live_of(case, last.vdi)
        shown = row is not None and row.is_a_snapshot is True
        now = bool(live and live.cbt_enabled)
        told = Told(
            words=text.case(NOT_RAW) if is_type_error(last) else (text.title, text.detail),
            confidence=Confidence.CERTAIN,
            basis=Basis.BOTH if shown else Basis.SYMPTOM,
            severity=Severity.INFO if now else None,
            values={
                "now": "CBT is on for the disk that it is a snapshot of." if now else "",
                **({"without": live.uuid} if live and live.cbt_enabled is False else {}),
                **(
                    {}
                    if now
                    else {"untracked": called(case, live.uuid) if live else "the live disk"}
                ),
                **({"orphan": last.vdi} if live is None and is_uuid(last.vdi) else {}),
            },
            evidence=(
                *quoted_row(row if shown else None, "is_a_snapshot", "snapshot_of"),
                *quoted_row(live if now else None, "cbt_enabled"),
            ),
        )
        yield tell(case, text, burst, told)
    for call in found:
        if call.code == _REFUSED and not call.reason:
            yield cut_off(call, "xensource_log", "turning CBT on")


def _is_mine(case: Case, call: Call) -> bool:
    if call.code == _REFUSED:
        return call.reason.startswith(_WORDS)
    row = case.world.vdi(call.vdi)
    return is_type_error(call) and row is not None and row.is_a_snapshot is True
