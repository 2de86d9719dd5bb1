"""Refused migrations are told with what stands in the way; CBT alone is no finding."""

from analyzer.model.finding import Basis, Severity, Verdict
from analyzer.model.xapi import XapiObject
from analyzer.rules.load import load_catalogue
from tests.checks.support import JUPITER, OTHER_VDI, SNAPSHOT, VDI, CaseBuilder, sr, vbd, vdi, vm
from tests.support.judging import JUPITER as HOST
from tests.support.judging import World, whole
from tests.support.judging import pool as pool_of
from tests.support.judging import vdi as plain_vdi

RULE = "cbt-migration-blocked"
VM = "a41f8c2d-06b7-4e95-93fd-1c7e5b2d8a60"
SNAPSHOT_VM = "b7d2e9f0-3c18-4a6b-8d5e-2f9a1c7b4e63"
METADATA = "d8a4f1c3-5b7e-4920-a6d1-8e3c9f2b7a05"


def failed(method: str, disk: str = VDI, time: str = "13:32:41", call: str = "0a1b2c3d4e5f") -> str:
    return f"{time} xapi: [error||4711 ||backtrace] {method} R:{call} failed with exception Server_error(VDI_CBT_ENABLED, [ OpaqueRef:{disk} ])"


def rows(**live: object) -> tuple[XapiObject, ...]:
    """Return a VM with a live disk and a snapshot of it; the snapshot's VM has the disk's."""
    return (
        sr(),
        vdi(VDI, **live),
        vdi(SNAPSHOT, is_a_snapshot=True, snapshot_of=f"OpaqueRef:{VDI}"),
        vdi(METADATA, type="cbt_metadata", is_a_snapshot=True, snapshot_of=f"OpaqueRef:{VDI}"),
        vm(VM),
        vm(SNAPSHOT_VM, is_a_snapshot=True, snapshot_of=f"OpaqueRef:{VM}", name_label="nightly"),
        vbd("11111111-aaaa-4bbb-8ccc-000000000001", VDI, VM, mode="RW"),
        vbd("11111111-aaaa-4bbb-8ccc-000000000002", SNAPSHOT, SNAPSHOT_VM),
    )


def case(*database: XapiObject, log: str) -> CaseBuilder:
    return CaseBuilder().host().database(*database).xensource_log(log)


def test_refused_migration_names_the_disk_and_the_snapshot() -> None:
    (finding,) = case(*rows(), log=failed("Async.VM.migrate_send")).examine(RULE).findings
    assert finding.basis is Basis.BOTH
    assert [(s.type, s.uuid) for s in finding.subjects] == [
        ("VM", VM),
        ("VDI", VDI),
        ("VDI", SNAPSHOT),
    ]
    steps = [step.step for step in finding.action]
    assert any(f"vdi-disable-cbt uuid={VDI}" in step for step in steps)
    assert any(f"snapshot-uninstall uuid={SNAPSHOT_VM}" in step for step in steps)
    assert not any(METADATA in step for step in steps)


def test_several_lines_of_one_call_are_one_refusal() -> None:
    lines = [failed("VM.assert_can_migrate"), failed("VM.migrate_send", time="13:32:42")]
    lines.append(failed("VM.migrate_send", time="15:00:00", call="0a1b2c3d4e60"))
    (finding,) = case(*rows(), log="\n".join(lines)).examine(RULE).findings
    assert finding.count == 2


def test_snapshot_alone_stands_in_the_way() -> None:
    database = rows(cbt_enabled=False)
    (finding,) = case(*database, log=failed("VM.migrate_send", SNAPSHOT)).examine(RULE).findings
    assert finding.severity is Severity.WARNING
    assert f"snapshot {SNAPSHOT}" in finding.detail
    assert ("VM", VM) in {(s.type, s.uuid) for s in finding.subjects}


def test_disk_that_was_moved_since_is_only_noted() -> None:
    database = [row for row in rows() if row.uuid not in {VDI, SNAPSHOT}]
    (finding,) = case(*database, log=failed("VDI.pool_migrate")).examine(RULE).findings
    assert finding.severity is Severity.INFO
    assert "does not have" in finding.detail or "has not" in finding.detail


def test_disk_whose_cbt_was_turned_off_since_is_only_noted() -> None:
    disk = vdi(VDI, cbt_enabled=False)
    (finding,) = case(sr(), disk, log=failed("VDI.pool_migrate")).examine(RULE).findings
    assert finding.severity is Severity.INFO
    assert finding.basis is Basis.SYMPTOM


def test_disk_of_no_vm_blocks_by_itself() -> None:
    (finding,) = case(sr(), vdi(), log=failed("VDI.pool_migrate")).examine(RULE).findings
    assert [s.uuid for s in finding.subjects] == [VDI]
    assert any(f"vdi-disable-cbt uuid={VDI}" in step.step for step in finding.action)


def test_snapshot_of_no_vm_has_no_step_of_its_own() -> None:
    row = vdi(SNAPSHOT, is_a_snapshot=True)
    (finding,) = case(sr(), row, log=failed("VDI.pool_migrate", SNAPSHOT)).examine(RULE).findings
    assert not any("vdi-disable-cbt" in step.step for step in finding.action)


def test_without_a_database_what_blocks_is_unknown() -> None:
    (finding,) = (
        CaseBuilder().host().xensource_log(failed("VM.migrate_send")).examine(RULE).findings
    )
    assert "not in what was read" in finding.detail
    assert finding.severity is Severity.WARNING


def test_on_boot_is_told_as_what_it_is() -> None:
    line = f"13:32:41 xapi: [debug||4711 |VDI.set_on_boot R:0a1b2c3d4e5f|message_forwarding] Caught exception while marking VDI for VDI.set_on_boot in message forwarder: VDI_CBT_ENABLED: [ OpaqueRef:{VDI} ]"
    (finding,) = case(*rows(), log=line).examine(RULE).findings
    assert "start of its VM" in finding.title
    assert finding.severity is Severity.INFO


def test_many_disks_are_counted() -> None:
    uuids = [f"6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e9{n:02}" for n in range(20, 28)]
    disks = [vdi(uuid) for uuid in uuids]
    plugs = [
        vbd(f"11111111-aaaa-4bbb-8ccc-0000000000{n}", uuid, VM) for n, uuid in enumerate(uuids, 20)
    ]
    (finding,) = (
        case(vm(VM), *disks, *plugs, log=failed("VM.migrate_send", uuids[0])).examine(RULE).findings
    )
    assert "and 2 more" in finding.detail


def test_other_error_of_a_migration_is_not_told() -> None:
    line = failed("VM.migrate_send").replace("VDI_CBT_ENABLED", "VDI_NOT_IN_MAP")
    assert not case(*rows(), log=line).examine(RULE).findings


def test_pool_with_cbt_and_no_migration_is_ruled_out() -> None:
    assert whole().judge(load_catalogue(), RULE).verdict is Verdict.RULED_OUT


def test_without_sources_nobody_can_tell() -> None:
    assert World().judge(load_catalogue(), RULE).verdict is Verdict.CANNOT_TELL


def test_where_nobody_uses_cbt_the_rule_does_not_apply() -> None:
    unused = pool_of(HOST, vdis=(plain_vdi(cbt=False),), networks=())
    assert whole(pools=(unused,)).judge(load_catalogue(), RULE).verdict is Verdict.NOT_APPLICABLE


def test_disk_held_by_the_control_domain_only_is_of_no_vm() -> None:
    plug = vbd("11111111-aaaa-4bbb-8ccc-000000000001", OTHER_VDI, f"d0{JUPITER[2:]}")
    dom0 = vm(f"d0{JUPITER[2:]}", is_control_domain=True)
    log = failed("VDI.pool_migrate", OTHER_VDI)
    (finding,) = case(sr(), vdi(OTHER_VDI), dom0, plug, log=log).examine(RULE).findings
    assert [s.type for s in finding.subjects] == ["VDI"]
