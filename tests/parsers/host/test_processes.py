"""What a list of processes says of storage drivers."""

import pytest

from analyzer.model.host import ProcessList
from analyzer.parsers.host import processes
from tests.parsers.memory_member import facts

HEAD = "  PID TT       STAT     TIME  NI PSR %CPU %MEM  WCHAN WCHAN                     COMMAND\n"
ZOMBIE = "31292 ?        Z    00:00:00   0   1  0.0  0.0 810a2 do_exit      \\_ [LVMSR] <defunct>\n"
DELETE = (
    "  807 ?        S    00:00:01   0   0  0.1  0.2 ffff8 poll_sch      \\_ /usr/bin/python "
    "/opt/xensource/sm/LVMoISCSISR <methodCall><methodName>vdi_delete</methodName><params>\n"
)
OTHERS = (
    "    1 ?        Ss   00:00:09   0   1  0.0  0.0 ffff8 ep_poll   /usr/lib/systemd/systemd\n"
    "  917 ?        Z    00:00:00   0   1  0.0  0.0 810a2 do_exit      \\_ [stunnel] <defunct>\n"
    "  931 ?        Ss   00:00:00   0   1  0.0  0.0 ffff8 poll_sch  grep /opt/xensource/sm/x\n"
)
OF_PS_EF = "root     31292   807  0 Jun25 ?        00:00:00 [LVMoISCSISR] <defunct>\n"


def read(content: str) -> ProcessList:
    (found,) = facts(processes.PARSER, "process-tree.out", content)
    assert isinstance(found, ProcessList)
    return found


def test_the_file_is_claimed_by_name() -> None:
    assert processes.PARSER.claims("process-tree.out", b"")
    assert not processes.PARSER.claims("ps.txt", HEAD.encode())


def test_processes_of_drivers_are_read_with_their_places() -> None:
    found = read(HEAD + OTHERS + ZOMBIE + DELETE)
    assert [
        (each.source.line, each.pid, each.driver, each.call, each.defunct) for each in found.of_sm
    ] == [
        (5, 31292, "LVMSR", "", True),
        (6, 807, "LVMoISCSISR", "vdi_delete", False),
    ]
    assert found.complete


def test_ps_ef_is_read_too() -> None:
    (found,) = read(OF_PS_EF).of_sm
    assert (found.pid, found.driver, found.defunct) == (31292, "LVMoISCSISR", True)


@pytest.mark.parametrize("line", ["[LVMSR] <defunct>\n", "? [FileSR] <defunct> 31292 \n"])
def test_line_without_the_number_of_a_process_is_left_out(line: str) -> None:
    assert read(line).of_sm == ()


def test_cut_list_is_not_complete() -> None:
    found = read(f"{HEAD}{ZOMBIE}\n** timeout **\n")
    assert (len(found.of_sm), found.complete) == (1, False)
