"""Live disks that are said to be snapshots, circles, and two disks on one device."""

from dataclasses import replace
from itertools import pairwise
from unittest.mock import patch

import pytest

from analyzer.case.pool import PoolState
from analyzer.model.finding import Confidence, Severity, Verdict
from analyzer.model.xapi import Vdi
from analyzer.rules.load import load_catalogue
from tests.checks.support import OTHER_VDI, SNAPSHOT, VDI, CaseBuilder, sr, vbd, vdi, vm
from tests.support.judging import World, whole

RULE = "database-invalid-snapshot-of"
VM = "a41f8c2d-06b7-4e95-93fd-1c7e5b2d8a60"
GONE = "OpaqueRef:0f0e0d0c-1111-4222-8333-445566778899"
FIRST, SECOND = (f"11111111-aaaa-4bbb-8ccc-00000000000{n}" for n in (1, 2))


def case(*rows: object, complete: bool = True) -> CaseBuilder:
    built = CaseBuilder().host()
    return built.database(sr(), *rows, complete=complete)  # type: ignore[arg-type]  # rows of the model


def of(uuid: str) -> str:
    return f"OpaqueRef:{uuid}"


def test_live_disks_stamped_with_one_disk_are_one_finding() -> None:
    rows = (vdi(VDI, snapshot_of=of(VDI)), vdi(OTHER_VDI, snapshot_of=of(VDI)))
    (finding,) = case(*rows).examine(RULE).findings
    assert (finding.count, finding.severity, finding.confidence) == (
        2,
        Severity.WARNING,
        Confidence.LIKELY,
    )
    assert {s.uuid for s in finding.subjects} == {VDI, OTHER_VDI}
    assert "one revert" in finding.detail


def test_live_disk_of_a_disk_that_is_gone_can_be_cleared_by_a_scan() -> None:
    (finding,) = case(vdi(snapshot_of=GONE)).examine(RULE).findings
    assert "not there" in finding.title
    assert any("sr-scan" in step.step for step in finding.action)


def test_what_names_a_disk_that_is_there_is_not_cleared_by_a_scan() -> None:
    rows = (vdi(VDI), vdi(OTHER_VDI, snapshot_of=of(VDI)))
    (finding,) = case(*rows).examine(RULE).findings
    assert not any("sr-scan" in step.step for step in finding.action)


def test_snapshot_of_itself_is_found() -> None:
    row = vdi(SNAPSHOT, is_a_snapshot=True, snapshot_of=of(SNAPSHOT))
    (finding,) = case(row).examine(RULE).findings
    assert "circle" in finding.title


def test_snapshots_of_each_other_are_one_finding() -> None:
    rows = (
        vdi(SNAPSHOT, is_a_snapshot=True, snapshot_of=of(OTHER_VDI)),
        vdi(OTHER_VDI, is_a_snapshot=True, snapshot_of=of(SNAPSHOT)),
    )
    (finding,) = case(*rows).examine(RULE).findings
    assert finding.count == 2


def test_snapshot_that_leads_into_a_circle_is_not_of_it() -> None:
    rows = (
        vdi(SNAPSHOT, is_a_snapshot=True, snapshot_of=of(SNAPSHOT)),
        vdi(OTHER_VDI, is_a_snapshot=True, snapshot_of=of(SNAPSHOT)),
    )
    (finding,) = case(*rows).examine(RULE).findings
    assert [s.uuid for s in finding.subjects] == [SNAPSHOT]


def test_long_chain_of_snapshots_is_walked_once() -> None:
    uuids = [f"11111111-aaaa-4bbb-8ccc-{n:012}" for n in range(200)]
    rows = [vdi(uuid, is_a_snapshot=True, snapshot_of=of(after)) for uuid, after in pairwise(uuids)]
    built = case(*rows, vdi(uuids[-1], is_a_snapshot=True, snapshot_of=GONE))
    with patch.object(PoolState, "vdi", autospec=True, side_effect=PoolState.vdi) as asked:
        assert built.examine(RULE).findings == ()
    assert asked.call_count < 10 * len(uuids)


@pytest.mark.parametrize(
    "row",
    [
        vdi(SNAPSHOT, is_a_snapshot=True, snapshot_of=GONE),
        vdi(SNAPSHOT, is_a_snapshot=True, snapshot_of=of(VDI)),
        vdi(OTHER_VDI),
        vdi(OTHER_VDI, is_a_snapshot=None, snapshot_of=of(VDI)),
        vdi(OTHER_VDI, snapshot_of=of(VDI), current_operations={"OpaqueRef:task": "mirror"}),
    ],
    ids=["disk deleted since", "sound snapshot", "live disk", "flag not shown", "migrating"],
)
def test_what_xapi_does_itself_is_sound(row: Vdi) -> None:
    assert not case(vdi(VDI), row).examine(RULE).findings


def test_snapshot_of_a_snapshot_is_sound() -> None:
    first = vdi(SNAPSHOT, is_a_snapshot=True, snapshot_of=of(VDI))
    second = vdi(OTHER_VDI, is_a_snapshot=True, snapshot_of=of(SNAPSHOT))
    assert not case(vdi(VDI), first, second).examine(RULE).findings


def test_disk_that_may_be_in_the_unread_part_is_not_missing() -> None:
    assert not case(vdi(snapshot_of=GONE), complete=False).examine(RULE).findings


def doubled(**fields: object) -> CaseBuilder:
    return case(
        vdi(VDI),
        vdi(OTHER_VDI),
        vm(VM, **fields),
        vbd(FIRST, VDI, VM, userdevice="0"),
        vbd(SECOND, OTHER_VDI, VM, userdevice="0", currently_attached=False),
    )


def test_two_disks_on_one_device_are_found() -> None:
    (finding,) = doubled().examine(RULE).findings
    assert [(s.type, s.uuid) for s in finding.subjects] == [
        ("VM", VM),
        ("VBD", FIRST),
        ("VBD", SECOND),
    ]
    assert any(f"vbd-destroy uuid={SECOND}" in step.step for step in finding.action)
    assert not any(f"vbd-destroy uuid={FIRST}" in step.step for step in finding.action)


@pytest.mark.parametrize(
    "fields",
    [
        {"is_a_snapshot": True},
        {"is_control_domain": True},
        {"current_operations": {"OpaqueRef:task": "revert"}},
    ],
)
def test_vms_that_are_no_proof_do_not_count(fields: dict[str, object]) -> None:
    assert not doubled(**fields).examine(RULE).findings


def test_other_devices_and_empty_drives_are_sound() -> None:
    rows = (
        vm(VM),
        vbd(FIRST, VDI, VM, userdevice="0"),
        vbd(SECOND, OTHER_VDI, VM, userdevice="1"),
        replace(vbd(f"{SECOND[:-1]}3", VDI, VM, userdevice="3"), vdi=None),
        replace(vbd(f"{SECOND[:-1]}4", VDI, VM, userdevice="3"), vdi=None),
        vbd(f"{SECOND[:-1]}5", VDI, VM, userdevice="autodetect"),
        vbd(f"{SECOND[:-1]}6", OTHER_VDI, VM, userdevice="autodetect"),
    )
    assert not case(vdi(VDI), vdi(OTHER_VDI), *rows).examine(RULE).findings


def test_disk_without_a_row_is_named_by_its_reference() -> None:
    rows = (
        vm(VM),
        vbd(FIRST, of(VDI), VM, userdevice="0"),
        vbd(SECOND, GONE, VM, userdevice="0"),
    )
    (finding,) = case(vdi(VDI), *rows).examine(RULE).findings
    assert GONE in finding.detail


def test_many_disks_are_counted() -> None:
    rows = [vdi(f"6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e9{n}", snapshot_of=GONE) for n in range(20, 30)]
    (finding,) = case(*rows).examine(RULE).findings
    assert "and 2 more" in finding.detail


def test_sound_pool_is_ruled_out() -> None:
    assert whole().judge(load_catalogue(), RULE).verdict is Verdict.RULED_OUT


def test_without_a_database_nobody_can_tell() -> None:
    assert World().judge(load_catalogue(), RULE).verdict is Verdict.CANNOT_TELL
