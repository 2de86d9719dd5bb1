"""Snapshots with CBT of a disk without it are noted, and explained where an error did it."""

from analyzer.model.finding import Basis, Severity, Verdict
from analyzer.rules.load import load_catalogue
from tests.checks.support import OTHER_VDI, SNAPSHOT, VDI, CaseBuilder, sr, vbd, vdi, vm
from tests.support.judging import World, whole

RULE = "cbt-enabled-on-old-snapshots"
SNAPSHOT_VM = "b7d2e9f0-3c18-4a6b-8d5e-2f9a1c7b4e63"
OF = f"OpaqueRef:{VDI}"


def case(*rows: object) -> CaseBuilder:
    return CaseBuilder().host().database(sr(), *rows)  # type: ignore[arg-type]  # rows of the model


def snapshot(uuid: str = SNAPSHOT, **fields: object) -> object:
    known = {"is_a_snapshot": True, "snapshot_of": OF, "snapshot_time": "20240609T01:00:00Z"}
    return vdi(uuid, **{**known, **fields})


def test_snapshot_with_cbt_of_a_disk_without_it_is_noted() -> None:
    (finding,) = case(vdi(cbt_enabled=False), snapshot()).examine(RULE).findings
    assert (finding.severity, finding.basis) == (Severity.INFO, Basis.STATE)
    assert [s.uuid for s in finding.subjects if s.type == "VDI"] == [VDI, SNAPSHOT]
    assert "2024-06-09 01:00:00 UTC" in finding.detail
    assert any(f"vdi-destroy uuid={SNAPSHOT}" in step.step for step in finding.action)


def test_snapshot_of_a_vm_is_deleted_with_its_vm() -> None:
    machine = vm(SNAPSHOT_VM, is_a_snapshot=True)
    plug = vbd("11111111-aaaa-4bbb-8ccc-000000000002", SNAPSHOT, SNAPSHOT_VM)
    (finding,) = case(vdi(cbt_enabled=False), snapshot(), machine, plug).examine(RULE).findings
    assert any(f"snapshot-uninstall uuid={SNAPSHOT_VM}" in step.step for step in finding.action)


def test_error_that_turned_cbt_off_is_named() -> None:
    line = f"13:00:00 SM: [24517] Changed Block Tracking metadata is inconsistent for disk {VDI}."
    built = case(vdi(cbt_enabled=False), snapshot()).smlog(line)
    (finding,) = built.examine(RULE).findings
    assert "after an error turned it off at 2024-06-10 13:00:00 UTC" in finding.detail


def test_many_snapshots_are_one_finding() -> None:
    many = [snapshot(f"91c3e5d0-7a41-4f0e-8f6b-55d1c0b7a2{n}") for n in range(10, 18)]
    (finding,) = case(vdi(cbt_enabled=False), *many).examine(RULE).findings
    assert finding.count == 8
    assert "and 2 more" in finding.detail


def test_disk_with_cbt_is_sound() -> None:
    assert not case(vdi(), snapshot()).examine(RULE).findings


def test_snapshots_without_cbt_are_sound() -> None:
    assert not case(vdi(cbt_enabled=False), snapshot(cbt_enabled=False)).examine(RULE).findings


def test_metadata_disks_are_another_rules() -> None:
    row = snapshot(type="cbt_metadata")
    assert not case(vdi(cbt_enabled=False), row).examine(RULE).findings


def test_disk_whose_cbt_is_being_changed_is_left_alone() -> None:
    busy = vdi(cbt_enabled=False, current_operations={"OpaqueRef:task": "enable_cbt"})
    assert not case(busy, snapshot()).examine(RULE).findings


def test_snapshot_of_another_disk_does_not_count() -> None:
    row = snapshot(snapshot_of=f"OpaqueRef:{OTHER_VDI}")
    assert not case(vdi(cbt_enabled=False), row).examine(RULE).findings


def test_snapshot_without_a_time_is_named_by_its_uuid() -> None:
    row = snapshot(snapshot_time=None)
    (finding,) = case(vdi(cbt_enabled=False), row).examine(RULE).findings
    assert f"the oldest {SNAPSHOT}" in finding.detail


def test_sound_pool_is_ruled_out() -> None:
    assert whole().judge(load_catalogue(), RULE).verdict is Verdict.RULED_OUT


def test_without_a_database_nobody_can_tell() -> None:
    assert World().judge(load_catalogue(), RULE).verdict is Verdict.CANNOT_TELL
