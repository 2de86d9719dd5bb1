"""The data of a snapshot without CBT metadata was to be destroyed, which xapi refuses.

xapi looks at the database's `cbt_enabled` of the snapshot, not at the log (xen-api `xapi_vdi.ml`).
"""

from collections.abc import Iterator

from analyzer.case.case import Case
from analyzer.checks.calls.call_finding import (
    Told,
    bursts,
    live_of,
    quoted_row,
    retried_since,
    tell,
)
from analyzer.checks.observation import Observation
from analyzer.checks.tools.calls import Method, calls
from analyzer.model.finding import Basis, Confidence
from analyzer.model.rule import RuleText

_REFUSED = "VDI_NO_CBT_METADATA"


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Claim the calls of VDI.data_destroy that ended with VDI_NO_CBT_METADATA."""
    found = calls(case, Method.DESTROY)
    for burst in bursts(found, lambda call: call.code == _REFUSED):
        last = burst[-1]
        row, live = case.world.vdi(last.vdi), live_of(case, last.vdi)
        off = row is not None and row.cbt_enabled is False
        told = Told(
            words=(text.title, text.detail),
            confidence=Confidence.CERTAIN,
            basis=Basis.BOTH if off else Basis.SYMPTOM,
            values={
                **({"there": row.uuid} if off and row is not None else {}),
                **({"without": live.uuid} if live and live.cbt_enabled is False else {}),
                **({"having": live.uuid} if live and live.cbt_enabled else {}),
            },
            evidence=(
                *quoted_row(row, "cbt_enabled", "is_a_snapshot", "type"),
                *quoted_row(live, "cbt_enabled"),
            ),
        )
        yield tell(case, text, burst, told, retried_since(case, burst))
