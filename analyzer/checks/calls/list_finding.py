"""How a failed comparison is told: one finding per pair and burst, for the three rules."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.checks.calls.call_finding import Told, bursts, called, retried_since, tell
from analyzer.checks.calls.list_failure import MAYBE_DEFECT, judge
from analyzer.checks.calls.list_reason import NOT_OF_LOGS, OF_LOGS, Judged, Reason
from analyzer.checks.tools.calls import Call, Method, calls, is_uuid
from analyzer.checks.tools.finding import listed
from analyzer.checks.tools.sm_runs import argument, cbt_util, log_of, quote_run, runs, succeeded
from analyzer.model.finding import Evidence, Finding, Severity
from analyzer.model.operation import Operation
from analyzer.model.rule import RuleText
from analyzer.model.sentence import say
from analyzer.model.terms import LOG_SUFFIX, NOBODY, VOLUME_FOLDER
from analyzer.rebuilt.cbt.history import cbt_history

_DAMAGE = frozenset({Reason.BROKEN, Reason.STOPPED, Reason.SIZES, Reason.COMMAND})
_MENDED = "sm-3.2.12-17.4"
_INSTEAD = {
    Reason.SAME: "two snapshots of the disk",
    Reason.OTHER_SR: "two snapshots of one disk on one SR",
    Reason.OTHER_DISK: "two snapshots of one disk",
}
_ENDS = (
    "That is how it is after CBT was turned off and on again, and after the VM was reverted to a "
    "snapshot, which gives it new disks"
)
_OFF = {Reason.FROM_OFF: 0, Reason.TO_OFF: 1}


def failed_for(case: Case, text: RuleText, reasons: frozenset[Reason]) -> Iterator[Finding]:
    """Yield the findings of the comparisons that failed for one of these reasons."""
    found = calls(case, Method.LIST)
    judged = _judged_calls(case)
    mine = bursts(found, lambda call: id(call) in judged and judged[id(call)].reason in reasons)
    for burst in mine:
        last = judged[id(burst[-1])]
        # Return error for damage, None, that is the text's own, for what a client can do wrong.
        if last.reason in _DAMAGE:
            severity_of_reason: Severity | None = Severity.ERROR
        else:
            place = _OFF.get(last.reason)
            lost = case.world.vdi(last.call.disks[place]) if place is not None else None
            severity_of_reason = (
                Severity.ERROR if lost is not None and lost.cbt_enabled is True else None
            )
        told = Told(
            words=text.case(last.reason.value),
            confidence=last.confidence,
            basis=last.basis,
            severity=severity_of_reason,
            values=_values_of_judged(case, last),
            evidence=(*last.evidence, *_switch_evidence(case, last)),
        )
        found_failed = tell(case, text, burst, told, retried_since(case, burst))
        # No log is to blame, so that none that is sound shows that the trouble is over.
        yield replace(found_failed, goals=()) if last.reason in NOT_OF_LOGS else found_failed


@derived
def _judged_calls(case: Case) -> Mapping[int, Judged]:
    """Return why each comparison failed, by its identity: the rules share what one walk tells."""
    found = calls(case, Method.LIST)
    return {id(call): verdict for call in found if (verdict := judge(case, call))}


def _values_of_judged(case: Case, last: Judged) -> dict[str, str]:
    values = {
        "maybe": listed(last.open_).replace(" and ", " or ") if last.open_ else "",
        "stop_disk": called(case, last.stop),
        "next_log": last.next,
    }
    place = _OFF.get(last.reason)
    row = case.world.vdi(last.call.disks[place]) if place is not None else None
    if row is not None and row.cbt_enabled is True:
        values["lost"] = row.uuid
    if last.reason is Reason.DEFECT or MAYBE_DEFECT in last.open_:
        values["mended"] = _MENDED
    if last.reason is Reason.ENDS:
        off = _turned_off(case, last)
        values["cut"] = (
            say("A call turned CBT off for {it} at {at}", it=called(case, off.vdi), at=off.first)
            if off is not None and off.vdi
            else _ENDS
        )
    if last.reason in _INSTEAD:
        values["instead"] = _INSTEAD[last.reason]
    if last.settle_with and "<" not in last.settle_with:  # it has a real path
        values["settle"] = last.settle_with
    if last.reason not in OF_LOGS:
        return values
    keys = {"from_log": last.call.vdi, "to_log": last.call.to, "stop_log": last.stop}
    for name, uuid in keys.items():
        if uuid and (path := _log_path_on_master(case, uuid, last.call)):
            values[name] = path
    return values


def _turned_off(case: Case, last: Judged) -> Operation | None:
    """Return the call that turned CBT off and so ended the chain: it empties the pointer."""
    found = [
        run
        for run in runs(case, "vdi_disable_cbt")
        for command, value in cbt_util(run, "set", "-c")
        if log_of(argument(command, "-n")) == last.stop and value == NOBODY and succeeded(command)
    ]
    return found[-1] if found else None


def _switch_evidence(case: Case, last: Judged) -> tuple[Evidence, ...]:
    off = _turned_off(case, last) if last.reason is Reason.ENDS else None
    return quote_run(off) if off is not None else ()


def _log_path_on_master(case: Case, uuid: str, call: Call) -> str:
    """Return where a disk's log is on the SR's master, "" where its SR is not known."""
    if not is_uuid(uuid):
        return ""
    known = case.world.vdi(uuid) or case.world.vdi(call.to) or case.world.vdi(call.vdi)
    sr = case.world.sr_of(known) if known else None
    if sr is None:
        return ""
    if cbt_history(case).volumes.get(sr.uuid, (sr.type or "").startswith("lvm")):
        return f"{VOLUME_FOLDER}{sr.uuid}/{uuid}{LOG_SUFFIX}"
    return f"/run/sr-mount/{sr.uuid}/{uuid}.cbtlog"
