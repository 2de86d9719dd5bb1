"""The made-up pool's CBT logs do what SM's do, and its lines are those that SM would write."""

from collections.abc import Callable

import pytest

from tests.support.calls import Comparison
from tests.support.clock import utc
from tests.world.emit_snapshot import LogFault
from tests.world.journal import AUDIT, SMLOG, XENSOURCE
from tests.world.objects import GIB, MIB, Disk
from tests.world.releases import (
    XCP_NG_8_2,
    XCP_NG_8_3,
    XCP_NG_8_3_BLIND,
    XCP_NG_8_3_QCOW2,
    XENSERVER_9,
    Release,
)
from tests.world.world import World

BOTH = pytest.mark.parametrize("type_", ["lvm", "nfs"])


def _tracked(type_: str = "lvm", release: Release = XCP_NG_8_3) -> tuple[World, Disk]:
    """Return a pool with one running VM whose one disk has CBT."""
    world = World("test", utc("2024-11-20 05:00:00"), release=release)
    machine = world.machine("vm", world.storage("sr", type_), [10 * GIB])
    world.start(machine)
    world.enable_cbt(machine.disks[0])
    return world, machine.disks[0]


def _error_disabled(world: World, disk: Disk) -> None:
    """Lose power and start again: the log is dropped, then CBT is turned on again."""
    world.crash(world.master)
    assert world.start(world.machines[0]) == [disk]
    world.write(disk, "gap")
    world.enable_cbt(disk)


def _texts(world: World) -> list[str]:
    lines = world.master.journal.lines(SMLOG)
    return [line.split("] ", 1)[-1] for line in lines if " SM: [" in line]


def _ran(world: World, *words: str) -> bool:
    return any(all(word in line for word in words) for line in _texts(world) if line[:1] == "[")


def _pointers(*disks: Disk) -> list[tuple[str, str]]:
    """Return each log's parent and child by the disks' places in `disks`, "" for none."""
    places = {disk.uuid: str(place) for place, disk in enumerate(disks)}
    logs = [disk.log for disk in disks if disk.log]
    return [(places.get(log.parent or "", ""), places.get(log.child or "", "")) for log in logs]


def _rotate(world: World, disk: Disk, old: Disk) -> tuple[Disk, str]:
    """Do a backup: new snapshot, comparison, old one deleted; returns the new one, the error."""
    new = world.snapshot(disk)
    error = world.list_changed_blocks(old, new).error
    world.destroy(old)
    return new, error


@BOTH
def test_comparison_knows_every_write_between_two_snapshots(type_: str) -> None:
    world, disk = _tracked(type_)
    first = world.snapshot(disk)
    world.write(disk, "a")
    second = world.snapshot(disk)
    world.write(disk, "b")
    third = world.snapshot(disk)
    world.destroy(second)
    assert world.list_changed_blocks(first, third).blocks == {"a", "b"}


@BOTH
def test_error_disable_leaves_the_parents_pointer(type_: str) -> None:
    world, disk = _tracked(type_)
    snapshot = world.snapshot(disk)
    _error_disabled(world, disk)
    assert _pointers(snapshot, disk) == [("", "1"), ("", "")]


@BOTH
def test_user_disable_clears_the_parents_pointer(type_: str) -> None:
    world, disk = _tracked(type_)
    snapshot = world.snapshot(disk)
    world.disable_cbt(disk)
    world.enable_cbt(disk)
    assert _pointers(snapshot, disk) == [("", ""), ("", "")]


@BOTH
def test_stale_pointer_makes_a_comparison_with_the_live_disk_incomplete(type_: str) -> None:
    world, disk = _tracked(type_)
    snapshot = world.snapshot(disk)
    world.write(disk, "before")
    _error_disabled(world, disk)
    world.write(disk, "after")
    world.shut_down(world.machines[0])
    compared = world.list_changed_blocks(snapshot, disk)
    assert compared == Comparison(blocks=frozenset({"after"}))


@BOTH
def test_backups_after_an_error_disable_fail_for_ever(type_: str) -> None:
    world, disk = _tracked(type_)
    old = world.snapshot(disk)
    _error_disabled(world, disk)
    errors: list[str] = []
    for _ in range(5):
        old, error = _rotate(world, disk, old)
        errors.append(error)
    assert errors == ["SR_BACKEND_FAILURE_460"] * 5


@BOTH
def test_loop_shows_in_the_calls_of_cbt_util(type_: str) -> None:
    world, disk = _tracked(type_)
    old = world.snapshot(disk)
    _error_disabled(world, disk)
    old, _ = _rotate(world, disk, old)
    new, _ = _rotate(world, disk, old)
    assert not _ran(world, "'set'", f"{old.uuid}.cbtlog", "'-c'", new.uuid)
    assert _ran(world, "'coalesce'", f"{old.uuid}.cbtlog", f"{disk.uuid}.cbtlog")


@BOTH
def test_off_and_on_again_does_not_cure_the_loop(type_: str) -> None:
    world, disk = _tracked(type_)
    old = world.snapshot(disk)
    _error_disabled(world, disk)
    old, _ = _rotate(world, disk, old)
    world.disable_cbt(disk)
    world.enable_cbt(disk)
    old, _ = _rotate(world, disk, old)
    assert _rotate(world, disk, old)[1] == "SR_BACKEND_FAILURE_460"


@BOTH
def test_deleting_all_snapshots_before_the_next_one_cures_the_loop(type_: str) -> None:
    world, disk = _tracked(type_)
    old = world.snapshot(disk)
    _error_disabled(world, disk)
    world.destroy(old)
    assert _rotate(world, disk, world.snapshot(disk))[1] == ""


def test_destroyed_base_on_files_does_not_start_the_loop() -> None:
    world, disk = _tracked("nfs")
    old = world.snapshot(disk)
    world.data_destroy(old)
    _error_disabled(world, disk)
    old, _ = _rotate(world, disk, old)
    assert _rotate(world, disk, old)[1] == ""


@BOTH
def test_snapshot_from_before_the_gap_compares_with_blocks_missing(type_: str) -> None:
    world, disk = _tracked(type_)
    first, second = world.snapshot(disk), world.snapshot(disk)
    _error_disabled(world, disk)
    world.write(disk, "kept")
    world.snapshot(disk)
    world.destroy(second)
    world.write(disk, "late")
    newest = world.snapshot(disk)
    compared = world.list_changed_blocks(first, newest)
    assert compared == Comparison(blocks=frozenset({"late"}))


def test_unlinked_log_breaks_the_chain_on_files() -> None:
    world, disk = _tracked("nfs")
    first, second, third = (world.snapshot(disk) for _ in range(3))
    world.data_destroy(second)
    world.destroy(second)
    assert first.log is not None
    assert first.log.child == second.uuid
    assert world.list_changed_blocks(first, third).error == "SR_BACKEND_FAILURE_460"


def test_destroyed_snapshot_is_merged_on_volumes() -> None:
    world, disk = _tracked("lvm")
    first, second, third = (world.snapshot(disk) for _ in range(3))
    world.data_destroy(second)
    world.destroy(second)
    assert world.list_changed_blocks(first, third).error == ""


@BOTH
def test_export_after_a_crash_hides_it(type_: str) -> None:
    world, disk = _tracked(type_)
    world.crash(world.master)
    with world.exported(disk):
        pass
    assert world.start(world.machines[0]) == []


@BOTH
def test_scan_turns_the_flag_off_without_an_alert(type_: str) -> None:
    world, disk = _tracked(type_)
    disk.log = None
    world.scan(disk.storage)
    assert not disk.cbt_enabled
    assert world.api.messages == []
    assert "cbt_enabled False <> True" in _texts(world)


def test_short_log_fails_the_comparison_after_twenty_tries() -> None:
    world, disk = _tracked("nfs")
    first = world.snapshot(disk, fault=LogFault.SHORT)
    second = world.snapshot(disk)
    assert world.list_changed_blocks(first, second).error == "SR_BACKEND_FAILURE_202"
    failures = [line for line in _texts(world) if line.startswith("FAILED in util.pread: (rc 5)")]
    assert len(failures) == 20
    assert second.log is not None
    assert second.log.length % 4096 == 0


def test_failed_merge_restores_the_pointers_and_leaves_the_log() -> None:
    world, disk = _tracked("nfs")
    first, second = world.snapshot(disk), world.snapshot(disk, fault=LogFault.SHORT)
    third = world.snapshot(disk)
    world.destroy(second)
    assert _pointers(first, second, third) == [("", "1"), ("0", "2"), ("1", "")]
    assert world.state.orphans == {second.uuid: second}


@pytest.mark.parametrize(
    ("release", "shown"), [(XCP_NG_8_3, "{'%s'}"), (XCP_NG_8_2, "set(['%s'])")]
)
def test_log_without_a_disk_is_found_by_the_next_scan(release: Release, shown: str) -> None:
    world, disk = _tracked("nfs", release)
    second = (world.snapshot(disk), world.snapshot(disk, fault=LogFault.SHORT))[1]
    world.snapshot(disk)
    world.destroy(second)
    world.scan(disk.storage)
    assert f"new VDIs on disk: {shown % second.uuid}" in _texts(world)
    assert world.disks[second.uuid].type == "cbt_metadata"


def test_log_of_a_scanned_away_disk_is_forgotten() -> None:
    world, disk = _tracked("nfs")
    snapshot = world.snapshot(disk)
    world.data_destroy(snapshot)
    snapshot.log = None
    world.scan(disk.storage)
    assert f"Forgetting VDI with location={snapshot.uuid} uuid={snapshot.uuid}" in _texts(world)
    assert snapshot.uuid not in world.disks


@BOTH
def test_old_database_makes_a_log_that_is_too_small(type_: str) -> None:
    world, disk = _tracked(type_)
    world.shut_down(world.machines[0])
    first = world.snapshot(disk)
    world.resize(disk, 20 * GIB)
    disk.recorded = 10 * GIB
    second = world.snapshot(disk)
    world.scan(disk.storage)
    third = world.snapshot(disk)
    assert f"virtual_size {20 * GIB} <> {10 * GIB}" in _texts(world)
    assert world.list_changed_blocks(first, third).error == "SR_BACKEND_FAILURE_459"
    world.destroy(second)
    assert second.uuid in world.state.orphans


def test_qcow2_disk_outgrows_its_volume() -> None:
    world = World("test", utc("2024-11-20 05:00:00"), release=XCP_NG_8_3_QCOW2)
    disk = world.disk("big", world.storage("sr", "lvm"), 200 * GIB, "qcow2")
    world.enable_cbt(disk)
    world.resize(disk, 2000 * GIB)
    kept = disk.cbt_enabled
    world.resize(disk, 2100 * GIB)
    assert (kept, disk.cbt_enabled) == (True, False)
    assert [message.name for message in world.api.messages] == ["VDI_CBT_RESIZE_FAILED"]


def test_qcow2_release_gives_a_large_disk_a_large_log() -> None:
    world = World("test", utc("2024-11-20 05:00:00"), release=XCP_NG_8_3_QCOW2)
    disk = world.disk("big", world.storage("sr", "lvm"), 500 * GIB)
    world.enable_cbt(disk)
    assert _ran(world, "'/sbin/lvcreate'", f"{disk.uuid}.cbtlog", "'-L', '7'")
    assert disk.log is not None
    assert disk.log.volume == 8 * MIB


def test_blind_release_does_not_see_a_destroyed_snapshots_log() -> None:
    world, disk = _tracked("nfs", XCP_NG_8_3_BLIND)
    first, second = world.snapshot(disk), world.snapshot(disk)
    world.data_destroy(first)
    assert world.list_changed_blocks(first, second).error == "SR_BACKEND_FAILURE_460"
    assert not [line for line in _texts(world) if line.startswith("DEBUG: Processing")]


def test_circle_never_ends() -> None:
    world, disk = _tracked("nfs")
    world.shut_down(world.machines[0])
    first, second = world.snapshot(disk), world.snapshot(disk)
    assert second.log is not None
    second.log.child = first.uuid
    assert world.list_changed_blocks(first, disk).error == "never ends"
    assert not [line for line in _texts(world) if "EXCEPTION" in line]


Call = Callable[[World, Disk, Disk], str]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda w, _, s: w.enable_cbt(s), "OPERATION_NOT_ALLOWED"),
        (lambda w, _, s: w.disable_cbt(s), "OPERATION_NOT_ALLOWED"),
        (lambda w, d, _: w.data_destroy(d), "OPERATION_NOT_ALLOWED"),
        (lambda w, d, s: w.list_changed_blocks(s, d).error, "VDI_IN_USE"),
        (lambda w, d, s: w.list_changed_blocks(d, s).error, "SR_BACKEND_FAILURE_460"),
        (lambda w, _, s: w.list_changed_blocks(s, s).error, "SR_BACKEND_FAILURE_460"),
        (lambda w, d, _: w.resize(d, 20 * GIB), "VDI_IN_USE"),
        (lambda w, d, _: w.enable_cbt(d), ""),
    ],
)
@BOTH
def test_call_is_refused_with_the_error_of_its_kind(type_: str, call: Call, error: str) -> None:
    world, disk = _tracked(type_)
    assert call(world, disk, world.snapshot(disk)) == error


@BOTH
def test_metadata_disk_cannot_be_switched(type_: str) -> None:
    world, disk = _tracked(type_)
    snapshot = world.snapshot(disk)
    world.data_destroy(snapshot)
    assert world.enable_cbt(snapshot) == "VDI_INCOMPATIBLE_TYPE"


@BOTH
def test_snapshot_without_cbt_has_no_metadata(type_: str) -> None:
    world, disk = _tracked(type_)
    world.disable_cbt(disk)
    assert world.data_destroy(world.snapshot(disk)) == "VDI_NO_CBT_METADATA"


@BOTH
def test_snapshot_that_a_vm_holds_keeps_its_data(type_: str) -> None:
    world, _ = _tracked(type_)
    (snapshot,) = world.copy_of(world.machines[0], "copy").disks
    assert world.data_destroy(snapshot) == "VDI_IN_USE"
    assert snapshot.image


@pytest.mark.parametrize(
    ("type_", "why"),
    [("lvm", "There is insufficient space"), ("nfs", "[Errno 28] No space left on device:")],
)
def test_log_needs_room(type_: str, why: str) -> None:
    world, disk = _tracked(type_)
    world.disable_cbt(disk)
    disk.storage.free = 0
    assert world.enable_cbt(disk) == "SR_BACKEND_FAILURE_457"
    sentence = f"Raising exception [457, Unable to activate changed block tracking. [opterr={why}"
    assert [line for line in _texts(world) if line.startswith(sentence)]
    assert not disk.cbt_enabled


def test_full_file_system_drops_cbt_at_a_snapshot() -> None:
    world, disk = _tracked("nfs")
    snapshot = world.snapshot(disk, fault=LogFault.NO_SPACE)
    assert f"Creating CBT metadata log for disk {disk.uuid} failed." in _texts(world)
    assert snapshot.log is not None
    assert disk.log is None


@BOTH
def test_raw_disk_is_refused_by_sm(type_: str) -> None:
    world, disk = _tracked(type_)
    raw = world.disk("raw", disk.storage, GIB, "raw")
    assert world.enable_cbt(raw) == "SR_BACKEND_FAILURE_66"
    text = world.bundle(world.master).content("xapi-db.xml").decode()
    assert ("('vdi_type'%.'aio')" if type_ == "lvm" else "('type'%.'raw')") in text


@pytest.mark.parametrize(
    ("release", "kind"),
    [
        (XCP_NG_8_2, "SR.SROSError"),
        (XCP_NG_8_3, "xs_errors.SROSError"),
        (XENSERVER_9, "sm.core.xs_errors.SROSError"),
    ],
)
def test_error_has_the_class_of_its_release(release: Release, kind: str) -> None:
    world, disk = _tracked("nfs", release)
    world.list_changed_blocks(disk, world.snapshot(disk))
    shown = [line for line in _texts(world) if line.startswith("***** ")]
    assert [line.split(",")[0] for line in shown] == [
        f"***** generic exception: vdi_list_changed_blocks: EXCEPTION <class '{kind}'>",
        f"***** NFS VHD: EXCEPTION <class '{kind}'>",
    ]


def test_newest_sm_does_not_announce_its_errors() -> None:
    world, disk = _tracked("nfs", XENSERVER_9)
    world.list_changed_blocks(disk, world.snapshot(disk))
    assert not [line for line in _texts(world) if line.startswith("Raising exception")]


def test_newest_sm_mounts_below_run() -> None:
    world, disk = _tracked("nfs", XENSERVER_9)
    assert _ran(world, f"'/run/sr-mount/{disk.storage.uuid}/{disk.uuid}.cbtlog'")


def test_qcow2_release_names_its_threads_and_its_driver() -> None:
    world, disk = _tracked("lvm", XCP_NG_8_3_QCOW2)
    world.scan(disk.storage)
    lines = world.master.journal.lines(SMLOG)
    assert any(line.endswith(f"][MainThread] LVMSR.scan for {disk.storage.uuid}") for line in lines)


def test_failure_is_told_by_xapi_and_in_the_audit_log() -> None:
    world, disk = _tracked("nfs")
    world.list_changed_blocks(disk, world.snapshot(disk))
    error = (
        "SR_BACKEND_FAILURE_460: [ ; Failed to calculate changed blocks for given VDIs. "
        "[opterr=Source and target VDI are unrelated];  ]"
    )
    (audited,) = [x for x in world.master.journal.lines(AUDIT) if "_460" in x]
    assert f"'ERROR:{error}' 'API' 'VDI.list_changed_blocks'" in audited
    raised = error.replace("460: [", "460, [")
    assert any(
        line.endswith(f"failed with exception Server_error({raised})")
        for line in world.master.journal.lines(XENSOURCE)
    )


def test_refusal_is_told_by_the_message_forwarder() -> None:
    world, disk = _tracked("nfs")
    snapshot = world.snapshot(disk)
    world.enable_cbt(snapshot)
    text = (
        "Caught exception while marking VDI for VDI.enable_cbt in message forwarder: "
        f"OPERATION_NOT_ALLOWED: [ VDI is a snapshot: {snapshot.ref} ]"
    )
    assert any(line.endswith(text) for line in world.master.journal.lines(XENSOURCE))
