"""Calls followed over their lines: only the first names the objects, the others the task."""

import pytest

from analyzer.case.case import Case
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.rebuilt.calls.tasks import Task, reference_of, task_of, tasks, tasks_by_reference
from tests.checks.support import (
    JUPITER,
    OTHER_VDI,
    SATURN,
    SNAPSHOT,
    SR,
    VDI,
    CaseBuilder,
    at,
    sr,
    vdi,
)

CALL = "R:0a1b2c3d4e5f"
INNER = "R:1b2c3d4e5f60"
REF = "OpaqueRef:0a1b2c3d-4e5f-4a5b-8c6d-0e1f2a3b4c5d"
VBD = "e5d4c3b2-a190-4f8e-b7d6-c5b4a3928170"
VM = "c7f1b2a9-3e4d-4a5b-9c6d-0e1f2a3b4c5d"
HOSTS = ((JUPITER, "jupiter"), (SATURN, "saturn"))


def xapi(time: str, text: str, task: str = f"VDI.enable_cbt {CALL}") -> str:
    return f"{time} xapi: [ info||4711 HTTPS 192.0.2.40->:::80|{task}|message_forwarding] {text}\n"


def asked(time: str, disk: str = VDI, task: str = f"VDI.enable_cbt {CALL}") -> str:
    return xapi(time, f"VDI.enable_cbt: VDI = '{disk}'", task)


def failed(time: str, task: str) -> str:
    text = f"VDI.enable_cbt {CALL} failed with exception Server_error(SR_BACKEND_FAILURE_457, [  ])"
    return xapi(time, text, task)


def sm(time: str, subtask: str = REF) -> str:
    entry = f"{{'vdi_uuid': '{VDI}', 'sr_uuid': '{SR}', 'subtask_of': '{subtask}'}}"
    return (
        f"{time} SM: [24517] vdi_enable_cbt {entry}\n"
        f"{time} SM: [24517] Unpause request for {VDI} secondary=None\n"
    )


def pool() -> CaseBuilder:
    return CaseBuilder().host().database(sr(), vdi(), vdi(OTHER_VDI), hosts=HOSTS)


def the(case: CaseBuilder | Case, reference: str = CALL) -> Task:
    built = case.build() if isinstance(case, CaseBuilder) else case
    return tasks_by_reference(built)[reference]


def test_line_that_names_only_its_task_is_joined_to_the_objects() -> None:
    one = the(
        pool().xensource_log(asked("13:00:00") + failed("13:00:05", f"VDI.enable_cbt {CALL}"))
    )
    assert one.vdis == (VDI,)
    assert one.name == "VDI.enable_cbt"
    assert (one.first, one.last, len(one.events)) == (at("13:00:00"), at("13:00:05"), 2)


def test_call_is_followed_to_another_host() -> None:
    forwarded = f"dispatch:VDI.enable_cbt {CALL}"
    case = pool().xensource_log(asked("13:00:00")).host("saturn", SATURN)
    one = the(case.xensource_log(asked("13:07:00", f"OpaqueRef:{VDI}", forwarded)))
    assert (one.hosts, one.vdis) == (("jupiter", "saturn"), (VDI,))


def test_call_is_followed_to_sm() -> None:
    one = the(pool().xensource_log(asked("13:00:00")).smlog(sm("13:00:02")))
    assert [operation.name for operation in one.operations] == ["vdi_enable_cbt"]
    assert (one.vdis, one.srs, one.last) == ((VDI,), (SR,), at("13:00:02"))


def test_call_that_only_sm_shows_is_a_task_too() -> None:
    one = the(pool().smlog(sm("13:00:02")))
    assert (one.name, one.events, one.hosts, one.vdis) == ("", (), ("jupiter",), (VDI,))


def test_calls_with_other_references_are_other_tasks() -> None:
    log = asked("13:00:00") + asked("13:00:00", OTHER_VDI, f"VDI.enable_cbt {INNER}")
    found = tasks(pool().xensource_log(log).build())
    assert [(task.reference, task.vdis) for task in found] == [
        (CALL, (VDI,)),
        (INNER, (OTHER_VDI,)),
    ]


def test_record_with_two_selectors_is_one_line() -> None:
    text = f"VDI.get_nbd_info: vdi  = '{VDI}'"
    one = the(pool().xensource_log(xapi("13:00:00", text, f"VDI.get_nbd_info {CALL}")))
    assert len(one.events) == 1


def test_task_knows_what_it_made_and_what_made_it() -> None:
    text = f"task VDI.enable_cbt {INNER} (uuid:{SNAPSHOT}) created (trackid=9834) by task {CALL}"
    log = asked("13:00:00") + asked("13:00:01", OTHER_VDI, f"VDI.enable_cbt {INNER}")
    case = pool().xensource_log(log + xapi("13:00:01", text)).build()
    assert (the(case).children, the(case, INNER).parent) == ((INNER,), CALL)
    assert (the(case).parent, the(case, INNER).children) == (None, ())


def test_parent_that_was_not_seen_is_none() -> None:
    text = f"task VDI.enable_cbt {CALL} (uuid:{SNAPSHOT}) created by task D:ffffffffffff"
    one = the(pool().xensource_log(asked("13:00:00") + xapi("13:00:01", text)))
    assert one.parent is None


@pytest.mark.parametrize("to", [f"VBD.unplug: VBD = '{VBD}'", f"VBD.destroy: VBD = '{VBD}'"])
def test_device_is_named(to: str) -> None:
    assert the(pool().xensource_log(xapi("13:00:00", to))).vbds == (VBD,)


def test_machine_is_named_by_uuid_whatever_its_name() -> None:
    text = f"VM.snapshot: VM = '{VM} (it's ({VDI}))'; new_name = 'x'"
    assert the(pool().xensource_log(xapi("13:00:00", text))).vms == (VM,)


def test_reference_that_no_database_has_is_no_object() -> None:
    one = the(pool().xensource_log(asked("13:00:00", f"OpaqueRef:{SNAPSHOT}")))
    assert one.vdis == ()


def test_event_leads_to_its_task() -> None:
    case = pool().xensource_log(asked("13:00:00")).build()
    (event,) = case.events.of("cbt-calls.asked")
    assert task_of(case, event) is the(case)


def test_event_without_a_task_leads_nowhere() -> None:
    case = pool().smlog(sm("13:00:02")).build()
    assert task_of(case, sm_operations(case)[0].lines[0]) is None


def test_forwarded_names_are_one_method() -> None:
    log = asked("13:00:00", task=f"Async.VDI.enable_cbt {CALL}")
    log += failed("13:00:02", f"dispatch:Async.VDI.enable_cbt {CALL}")
    assert the(pool().xensource_log(log)).name == "VDI.enable_cbt"


@pytest.mark.parametrize("reference", [None, "", "OpaqueRef:NULL", "R:0a1b2c3d4e5f"])
def test_what_is_no_reference_has_no_short_form(reference: str | None) -> None:
    assert reference_of(reference) is None


def test_tasks_of_a_case_without_lines_are_none() -> None:
    assert tasks(CaseBuilder().build()) == ()
