"""Processes of the storage manager that a list of processes shows long after they should be gone.

A call is one process (`SRCommand.run`), started by xapi's forkexecd, which asks how it ended.
Where nobody asks, the process stays as a zombie: one is a moment, dozens are a defect. A process
whose call began long before the list was made hangs, and its caller with it.
"""

from collections.abc import Iterator
from datetime import timedelta

from analyzer.case.case import Case, HostReport
from analyzer.checks.observation import LookedAt, Observation
from analyzer.checks.tools.finding import found, host_subject, listed, quote
from analyzer.model.finding import Basis, Confidence, Evidence, Finding, Severity
from analyzer.model.host import SmProcess
from analyzer.model.operation import Operation
from analyzer.model.rule import RuleText
from analyzer.model.sentence import Value
from analyzer.rebuilt.calls.operations import sm_operations

_MANY = 10
_LONG = timedelta(hours=1)
_SHOWN = 3


def left_processes(case: Case, text: RuleText) -> Iterator[Observation]:
    """Yield what is left of calls on each host whose list of processes was read."""
    for report in case.hosts:
        if report.processes is None:
            continue
        yield LookedAt("process_tree")
        if not report.processes.complete and (gap := case.gap("process_tree", report.bundle)):
            yield gap
        dead = [each for each in report.processes.of_sm if each.defunct]
        if len(dead) >= _MANY:
            yield _zombies(text, report, dead)
        seen = report.seen_at(report.processes.source)
        # Yield processes whose call began an hour or more before the list was made.
        last = {
            hanging_call.pid: hanging_call
            for hanging_call in sm_operations(case)
            if hanging_call.bundle == report.bundle
        }
        for hanging_process in report.processes.of_sm:
            hanging_call = last.get(hanging_process.pid)
            if (
                hanging_call is None
                or seen is None
                or hanging_process.defunct
                or hanging_process.call != hanging_call.name
            ):
                continue
            if seen.at - hanging_call.last.at >= _LONG and hanging_call.first.certainly_before(
                seen
            ):
                process, call = hanging_process, hanging_call
                yield _hangs(case, text, report, process, call)


def _zombies(text: RuleText, report: HostReport, dead: list[SmProcess]) -> Finding:
    values: dict[str, Value] = {
        "host": report.name,
        "number": str(len(dead)),
        "drivers": listed(sorted({each.driver for each in dead})),
        "left": report.name,
    }
    return found(
        text,
        text.case("left"),
        basis=Basis.STATE,
        confidence=Confidence.CERTAIN,
        severity=Severity.ERROR,
        subjects=(host_subject(report),),
        rows=[values],
        evidence=tuple(_quote_of_process(each) for each in dead[:_SHOWN]),
        count=len(dead),
    )


def _hangs(
    case: Case, text: RuleText, report: HostReport, process: SmProcess, call: Operation
) -> Finding:
    what = f"disk {case.world.named('VDI', call.vdi)}" if call.vdi else f"SR {call.sr}"
    values: dict[str, Value] = {
        "host": report.name,
        "call": process.call,
        "pid": str(process.pid),
        "object": what,
        "began": call.first,
        "ended": call.last,
    }
    disk = (case.world.subject("VDI", call.vdi),) if call.vdi else ()
    return found(
        text,
        text.case("hangs"),
        basis=Basis.BOTH,
        confidence=Confidence.CERTAIN,
        severity=Severity.ERROR,
        subjects=(*disk, host_subject(report)),
        rows=[values],
        evidence=(_quote_of_process(process), quote(call.lines[0])),
        events=(call.lines[0], call.lines[-1]),
        count=1,
    )


def _quote_of_process(process: SmProcess) -> Evidence:
    return Evidence(source=process.source, text=process.text)
