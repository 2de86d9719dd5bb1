"""What is told around a refused call, and what is not claimed."""

from pathlib import Path

import pytest

from analyzer.model.goal import StepKind
from analyzer.model.report import Report
from analyzer.run import analyze
from tests.checks.storage.test_storage_call_refused import (
    RULE,
    SM,
    XAPI,
    _failed,
    _outcome,
    _report,
    _world,
)
from tests.world.objects import Disk
from tests.world.world import World

BEGAN = "xapi: [debug||1 HTTPS 192.0.2.1->:::80|Async.VDI.pool_migrate R:0a1b2c3d4e5f|audit] "


def report(folder: Path, world: World, *lines: tuple[str, str]) -> Report:
    bundle = world.bundle(world.master)
    old = bundle.content(XAPI).decode()
    added = "".join(f"Nov 22 {clock} {world.master.name} {text}\n" for clock, text in lines)
    bundle.log(XAPI, old + added)
    return analyze([bundle.write_tar(folder / "b.tar.bz2")])


def detail(found: Report) -> str:
    return " ".join(str(each.detail) for each in _outcome(found, RULE).findings)


@pytest.mark.parametrize(("code", "told"), [("VDI_IN_USE", True), ("VDI_INCOMPATIBLE_TYPE", False)])
def test_who_held_a_disk_that_was_in_use_is_told(tmp_path: Path, code: str, *, told: bool) -> None:
    world = _world()
    disk: Disk = world.machines[0].disks[0]
    line = _failed("Async.VDI.data_destroy", f"Server_error({code}, [ {disk.ref}; data_destroy ])")
    said = detail(report(tmp_path, world, ("05:30:00", line)))
    assert ("device 0 of VM web (plugged)" in said) is told
    assert ("data_destroy needs a disk without any VBD" in said) is told


@pytest.mark.parametrize(
    ("ended", "hours", "cut"),
    [("17:30:20", "12 h 00 min", True), ("16:30:20", "11 h 00 min", False)],
)
def test_only_a_call_of_twelve_hours_was_cut_by_stunnel(
    tmp_path: Path, ended: str, hours: str, *, cut: bool
) -> None:
    world = _world()
    disk = world.machines[0].disks[0]
    error = "Server_error(CANNOT_CONTACT_HOST, [ OpaqueRef:51ede6aa-f583-4418-92cf-b541b2258446 ])"
    began = f"{BEGAN}VDI.pool_migrate: VDI = '{disk.uuid}'; SR = 'x'"
    found = report(
        tmp_path, world, ("05:30:10", began), (ended, _failed("Async.VDI.pool_migrate", error))
    )
    assert f"had run for {hours}" in detail(found)
    assert ("stunnel" in detail(found)) is cut
    (finding,) = _outcome(found, RULE).findings
    assert finding.subjects[0].uuid == disk.uuid


def in_use(folder: Path, seconds: int, name: str = "vdi_deactivate", own: bool = True) -> str:
    """Return what is told of a disk that could not be destroyed, and was let go so long after."""
    world = _world()
    machine = world.machines[0]
    disk = machine.disks[0] if own else world.snapshot(machine.disks[0])
    error = f"Server_error(VDI_IN_USE, [ {machine.disks[0].ref}; destroy ])"
    bundle = world.bundle(world.master)
    clock = f"Nov 22 05:{30 + seconds // 60}:{seconds % 60:02} {world.master.name} SM: [31007]"
    entry = {"sr_uuid": disk.storage.uuid, "vdi_uuid": disk.uuid, "command": name}
    done = f"Removed host key host_{world.master.ref} for {disk.uuid}"
    bundle.log(SM, bundle.content(SM).decode() + f"{clock} {name} {entry!r}\n{clock} {done}\n")
    failed = f"Nov 22 05:30:00 {world.master.name} {_failed('Async.VDI.destroy', error)}\n"
    bundle.log(XAPI, bundle.content(XAPI).decode() + failed)
    return detail(analyze([bundle.write_tar(folder / "b.tar.bz2")]))


def test_disk_that_was_let_go_seconds_after_the_refusal_was_asked_for_too_early(
    tmp_path: Path,
) -> None:
    assert "let the disk go 7 s after that" in in_use(tmp_path, 7)


@pytest.mark.parametrize(
    ("seconds", "name", "own"),
    [
        (0, "vdi_deactivate", True),
        (600, "vdi_deactivate", True),
        (7, "vdi_activate", True),
        (7, "vdi_deactivate", False),
    ],
)
def test_other_ends_do_not_explain_a_refusal(
    tmp_path: Path, seconds: int, name: str, *, own: bool
) -> None:
    assert "let the disk go" not in in_use(tmp_path, seconds, name, own=own)


@pytest.mark.parametrize(("opterr", "told"), [("hidden VDI", True), ("error 13", False)])
def test_mark_that_the_collector_left_is_told_with_its_way_out(
    tmp_path: Path, opterr: str, *, told: bool
) -> None:
    world = _world()
    disk = world.machines[0].disks[0]
    entry = {"sr_uuid": disk.storage.uuid, "vdi_uuid": disk.uuid, "command": "vdi_clone"}
    error = f"Failed to clone VDI [opterr={opterr}]"
    lines = (
        f"SM: [31007] vdi_clone {entry!r}",
        f"SM: [31007] ***** generic exception: vdi_clone: EXCEPTION <class 'xs_errors.SROSError'>, {error}",
    )
    found = _report(tmp_path, SM, *lines, world=world)
    (finding,) = _outcome(found, RULE).findings
    assert ('marked as "hidden"' in finding.detail) is told
    assert any("-f hidden -v 0" in step.step for step in finding.action) is told


@pytest.mark.parametrize(
    ("volume", "is_the_answer"), [("VHD-{disk}", True), ("{disk}.cbtlog", False)]
)
def test_volume_that_was_not_found_is_quoted_above_the_error_but_not_a_log_that_is_asked_for(
    tmp_path: Path, volume: str, *, is_the_answer: bool
) -> None:
    world = _world()
    disk = world.machines[0].disks[0]
    name = f"VG_XenStorage-{disk.storage.uuid}/{volume.format(disk=disk.uuid)}"
    missing = f'Failed to find logical volume "{name}"'
    told = "The VDI is not available [opterr=Input/output error]"
    said = (
        (
            f"vdi_activate {{'sr_uuid': '{disk.storage.uuid}', 'vdi_uuid': '{disk.uuid}', "
            "'command': 'vdi_activate', 'args': ['true']}"
        ),
        f"['/sbin/lvchange', '-ay', '/dev/{name}']",
        f"FAILED in util.pread: (rc 5) stdout: '', stderr: '  {missing}",
        "'",
        f"Raising exception [46, {told}]",
        "***** generic exception: vdi_activate: EXCEPTION <class 'xs_errors.SROSError'>, " + told,
        "",
    )
    bundle = world.bundle(world.master)
    old = bundle.content(SM).decode()
    head = f"Nov 22 05:30:00 {world.master.name} SM: [30052] "
    bundle.log(SM, old + "".join(f"{head}{line}\n" for line in said))
    found = _outcome(analyze([bundle.write_tar(tmp_path / "b.tar.bz2")]), RULE).findings
    quoted = [line.text for each in found for line in each.evidence]
    assert any(told in text for text in quoted)
    assert any(missing in text for text in quoted) is is_the_answer


def test_vm_snapshot_in_the_way_is_destroyed_only_knowingly(tmp_path: Path) -> None:
    world = _world()
    kept = world.copy_of(world.machines[0], "before the update")
    (copied,) = kept.disks
    line = _failed(
        "Async.VDI.data_destroy", f"Server_error(VDI_IN_USE, [ {copied.ref}; data_destroy ])"
    )
    (finding,) = _outcome(report(tmp_path, world, ("05:30:00", line)), RULE).findings
    destroying = [step for step in finding.action if step.kind is StepKind.DESTROYS]
    assert [step.step.rpartition("uuid=")[2] for step in destroying] == [kept.uuid]
    assert "It said" not in finding.detail  # references and the call's name say nothing
