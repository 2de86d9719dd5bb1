"""What `xe task-list` printed into a status report."""

import pytest

from analyzer.model.host import TaskList
from analyzer.parsers.xapi import task_list
from tests.parsers.memory_member import facts

FIRST = "c1e5f0d2-77aa-4b1c-9e3d-0123456789ab"
SECOND = "c1e5f0d2-77aa-4b1c-9e3d-0123456789ac"


def record(uuid: str, name: str, *more: str) -> str:
    lines = [
        f"uuid ( RO)                : {uuid}",
        f"          name-label ( RO): {name}",
        "    name-description ( RO): ",
        "              status ( RO): pending",
        *more,
    ]
    return "".join(f"{line}\n" for line in (*lines, "", ""))


def read(content: str) -> TaskList:
    (found,) = facts(task_list.PARSER, "task_list.out", content)
    assert isinstance(found, TaskList)
    return found


def test_the_file_is_claimed_by_name() -> None:
    assert task_list.PARSER.claims("task_list.out", b"")
    assert not task_list.PARSER.claims("tasks.txt", record(FIRST, "x").encode())


def test_tasks_are_read_with_their_names() -> None:
    name = "[XO] Exporting content of VDI web: 01 using NBD"
    created = "             created ( RO): 20241122T02:00:00Z"
    found = read(record(FIRST, name, created) + record(SECOND, "Async.VDI.copy"))
    assert [(task.uuid, task.name, task.status) for task in found.tasks] == [
        (FIRST, name, "pending"),
        (SECOND, "Async.VDI.copy", "pending"),
    ]
    assert [task.source.line for task in found.tasks] == [2, 9]
    assert [task.created for task in found.tasks] == ["20241122T02:00:00Z", ""]
    assert found.complete


def test_of_a_cut_list_the_last_task_is_not_believed() -> None:
    found = read(record(FIRST, "a") + record(SECOND, "b")[:100])
    assert ([task.uuid for task in found.tasks], found.complete) == ([FIRST], False)


@pytest.mark.parametrize("content", [record("no-uuid", "a"), "xe: command not found\n"])
def test_what_is_no_task_is_left_out(content: str) -> None:
    assert read(content).tasks == ()
