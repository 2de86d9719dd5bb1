import pytest

from analyzer.model.finding import Severity
from analyzer.model.host import ListedTask, TaskList
from analyzer.model.source import Source
from tests.checks.support import JUPITER, POOL, SATURN, CaseBuilder, sr, vdi

RULE = "database-stuck-keys"
LIST = Source(bundle="jupiter", member="task_list.out", line=1)
NAME = "[XO] Exporting content of VDI web-01 using NBD"


def tasks(number: int, name: str = NAME, status: str = "pending") -> TaskList:
    """Return a list of tasks of one name."""
    own = tuple(
        ListedTask(
            source=LIST,
            text=f"          name-label ( RO): {name}",
            uuid=f"c1e5f0d2-77aa-4b1c-9e3d-{place:012}",
            name=name,
            status=status,
            created="",
        )
        for place in range(number)
    )
    return TaskList(source=LIST, complete=True, tasks=own)


def case(shown: TaskList, *peers: str, complete: bool = True) -> CaseBuilder:
    built = CaseBuilder().host().connected(*peers, complete=complete).shows(tasks=shown)
    return built.database(sr(), vdi())


def test_pending_exports_without_a_client_are_told_as_harmless() -> None:
    (finding,) = case(tasks(14)).examine(RULE).findings
    assert finding.severity is Severity.INFO
    assert finding.title.startswith("14 tasks of NBD exports were pending")
    assert "They hold no disk and stop no backup" in finding.detail
    assert [subject.uuid for subject in finding.subjects] == [POOL]
    assert finding.evidence[0].text.endswith(NAME)


def test_both_hosts_list_the_same_tasks() -> None:
    both = ((JUPITER, "jupiter"), (SATURN, "saturn"))
    built = case(tasks(5)).host("saturn", SATURN).connected().shows(tasks=tasks(5))
    (finding,) = built.database(sr(), vdi(), hosts=both).examine(RULE).findings
    assert finding.count == 5


@pytest.mark.parametrize(
    "shown",
    [
        tasks(2),  # of a backup that just begins
        tasks(14, status="success"),
        tasks(14, name="Async.VM.snapshot"),
        tasks(14, name="[XO] Importing content into VDI root_0"),
    ],
)
def test_other_tasks_are_not_told(shown: TaskList) -> None:
    assert not case(shown).examine(RULE).findings


def test_running_backup_has_tasks_and_connections() -> None:
    assert not case(tasks(14), "192.0.2.40").examine(RULE).findings


def test_without_the_sockets_of_every_host_nothing_is_said() -> None:
    assert not case(tasks(14), complete=False).examine(RULE).findings
    both = ((JUPITER, "jupiter"), (SATURN, "saturn"))
    built = CaseBuilder().host().connected().shows(tasks=tasks(14))
    assert not built.database(sr(), vdi(), hosts=both).examine(RULE).findings


def test_report_without_a_list_of_tasks_was_not_looked_at() -> None:
    built = CaseBuilder().host().connected().database(sr(), vdi())
    assert "task_list" not in built.examine(RULE).beside
