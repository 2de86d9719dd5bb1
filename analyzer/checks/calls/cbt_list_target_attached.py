"""Changed blocks were asked for up to a disk that was attached, which xapi refuses.

xapi looks at vdi_to only, and does not count what VMs that are snapshots hold (xen-api
`xapi_vdi.ml` check_operation_error, `list_changed_blocks`).
"""

from collections.abc import Iterator

from analyzer.case.case import Case
from analyzer.case.time.order import Mark
from analyzer.checks.calls.call_finding import Told, bursts, quoted_row, retried_since, tell
from analyzer.checks.observation import Observation
from analyzer.checks.tools.calls import Call, Method, calls
from analyzer.checks.tools.finding import listed, named, quote, quote_row
from analyzer.model.finding import Basis, Confidence
from analyzer.model.operation import Attachment
from analyzer.model.rule import RuleText
from analyzer.model.xapi import Vbd, Vm
from analyzer.rebuilt.calls.attachments import attachments_of_disks

_REFUSED = "VDI_IN_USE"
_MOST = 3


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Claim the calls of VDI.list_changed_blocks that ended with VDI_IN_USE."""
    found = calls(case, Method.LIST)
    for burst in bursts(found, lambda call: call.code == _REFUSED):
        last = burst[-1]
        # Who had the disk active when the call was made, as far as SMlog shows it.
        own = attachments_of_disks(case).get(last.to or "", ())
        attachments_at_call = tuple(
            each
            for each in own
            if each.began is not None and _attachment_spans_call(case, each, last)
        )[:_MOST]
        now, then = _active_vbds(case, last.to), attachments_at_call
        row = case.world.vdi(last.to)
        names: list[str] = []
        for _, vm in now:
            if vm is not None:
                if vm.is_control_domain:
                    names.append("the control domain")
                else:
                    names.append(f"VM {named(vm.name_label, vm.uuid)}")
        in_words = (
            f"When the database was written, it was attached to {listed(names)}." if names else ""
        )
        told = Told(
            words=text.case("snapshot") if row and row.is_a_snapshot else (text.title, text.detail),
            confidence=Confidence.CERTAIN,
            basis=Basis.BOTH if now or then else Basis.SYMPTOM,
            values={"holders": in_words},
            more_rows=tuple({"vbd": vbd.uuid} for vbd, vm in now if vm and vm.is_control_domain),
            evidence=(
                *quoted_row(row, "is_a_snapshot"),
                *(quote_row(vbd, "VDI", "VM", "currently_attached", "reserved") for vbd, _ in now),
                *(quote(event) for each in then for event in each.events[:1]),
                *(row for each in then if not each.events for row in each.rows),
            ),
        )
        yield tell(case, text, burst, told, retried_since(case, burst))


def _active_vbds(case: Case, uuid: str) -> tuple[tuple[Vbd, Vm | None], ...]:
    """Return the active VBDs of a disk at capture, but those of VMs that are snapshots."""
    known = case.world.vdi(uuid) if uuid else None
    if known is None:
        return ()
    active = [vbd for vbd in case.world.vbds_of(known) if vbd.currently_attached or vbd.reserved]
    pairs = ((vbd, case.world.vm(vbd.vm)) for vbd in active)
    return tuple((vbd, vm) for vbd, vm in pairs if vm is None or vm.is_a_snapshot is not True)[
        :_MOST
    ]


def _attachment_spans_call(case: Case, each: Attachment, call: Call) -> bool:
    if each.began is None or not each.events:
        return False
    began = Mark(at=each.began, source=each.events[0].source)
    if not case.order.surely_before(began, call.mark):
        return False
    last = each.ended and Mark(at=each.ended, source=each.events[-1].source)
    return each.open_at_capture is True or bool(last and case.order.surely_before(call.mark, last))
