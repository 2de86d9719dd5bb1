from dataclasses import replace

import pytest

from analyzer.model.finding import Severity
from analyzer.model.host import ProcessList, SmProcess
from analyzer.model.source import Source
from tests.checks.support import CAPTURED, SR, VDI, CaseBuilder, sr, vdi

RULE = "storage-call-slow"
LIST = Source(bundle="jupiter", member="process-tree.out")
DELETE = f"SM: [7] vdi_delete {{'sr_uuid': '{SR}', 'vdi_uuid': '{VDI}', 'command': 'vdi_delete'}}"


def zombies(number: int) -> tuple[SmProcess, ...]:
    """Return processes of a driver that ended and were not fetched."""
    return tuple(
        SmProcess(
            source=replace(LIST, line=pid),
            text=f"{pid} ? Z 00:00:00 [LVMSR] <defunct>",
            pid=pid,
            driver="LVMSR",
            call="",
            defunct=True,
        )
        for pid in range(900, 900 + number)
    )


def running(pid: int = 7, call: str = "vdi_delete") -> SmProcess:
    """Return a process of a driver that runs for a call."""
    text = f"{pid} ? S /opt/xensource/sm/LVMSR <methodCall><methodName>{call}<"
    source = replace(LIST, line=3)
    return SmProcess(source=source, text=text, pid=pid, driver="LVMSR", call=call, defunct=False)


def case(*processes: SmProcess, log: str = "", complete: bool = True) -> CaseBuilder:
    shown = ProcessList(source=LIST, complete=complete, of_sm=processes)
    built = CaseBuilder().host().smlog(log or f"13:00:00 {DELETE}\n").database(sr(), vdi())
    return built.shows(processes=shown)


def test_dozens_of_zombies_are_found_on_their_host() -> None:
    (finding,) = case(*zombies(40)).examine(RULE).findings
    title = "40 processes of the storage manager were left as zombies on host jupiter"
    assert (finding.title, finding.severity) == (title, Severity.ERROR)
    assert "of LVMSR that ended" in finding.detail
    assert finding.evidence[0].text == "900 ? Z 00:00:00 [LVMSR] <defunct>"
    assert any("xe-toolstack-restart" in step.step for step in finding.action)
    assert not any("zgrep" in step.step for step in finding.action)


@pytest.mark.parametrize("number", [0, 1, 9])
def test_few_zombies_are_a_moment(number: int) -> None:
    seen = case(*zombies(number)).examine(RULE)
    assert (seen.findings, seen.beside) == ((), ("process_tree",))


def test_call_that_still_runs_after_hours_hangs() -> None:
    (finding,) = case(running()).examine(RULE).findings
    assert finding.title == "vdi_delete hung on host jupiter"
    assert {subject.type for subject in finding.subjects} == {"VDI", "Host"}
    assert [line.source.member for line in finding.evidence] == [
        "process-tree.out",
        "var/log/SMlog",
    ]
    assert CAPTURED.hour == 20


@pytest.mark.parametrize(
    ("process", "log"),
    [
        (running(), f"19:30:00 {DELETE}\n"),  # minutes before the report was made
        (running(8), f"13:00:00 {DELETE}\n"),
        (running(call="sr_scan"), f"13:00:00 {DELETE}\n"),  # another process has its number again
        (zombies(1)[0], f"13:00:00 {DELETE.replace('[7]', '[900]')}\n"),
    ],
)
def test_other_processes_do_not_hang(process: SmProcess, log: str) -> None:
    assert not case(process, log=log).examine(RULE).findings


def test_cut_list_cannot_tell() -> None:
    built = case(complete=False).without("process_tree")
    assert [gap.need for gap in built.examine(RULE).gaps] == ["process_tree"]


def test_without_a_list_nothing_is_said_of_it() -> None:
    built = CaseBuilder().host().smlog(f"13:00:00 {DELETE}\n").database(sr(), vdi())
    seen = built.examine(RULE)
    assert (seen.findings, seen.gaps, seen.beside) == ((), (), ())
