"""What SM does where one would not expect it; each was seen on the real SM first."""

from analyzer.model.cbt import NO_LOG
from analyzer.model.terms import UNRELATED_DISKS
from analyzer.sm.by_hand import cut_bitmap, cut_header, remove_log, set_child, set_parent
from analyzer.sm.comparing import ENDLESS, list_changed_blocks
from analyzer.sm.snapshots import data_destroy, snapshot, vdi_delete
from analyzer.sm.spans import Span
from analyzer.sm.state import GIB, Body, Kind, SrKind, State, Use, one_disk
from analyzer.sm.tracking import (
    INCONSISTENT,
    RESIZE_FAILED,
    attach,
    crash,
    detach,
    disable,
    enable,
    resize,
    scan,
)


def tracked(*names: str, sr: SrKind = SrKind.FILES) -> State:
    """Return a disk in use with CBT on from the start, and snapshots of it."""
    state = attach(enable(one_disk(sr=sr), "disk").state, "disk").state
    for name in names:
        state = snapshot(state, "disk", name).state
    return state


def pointers(state: State) -> dict[str, tuple[str, str]]:
    return {name: (log.parent, log.child) for name, log in state.logs.items()}


def test_snapshot_takes_the_log_and_the_disk_gets_a_new_one() -> None:
    assert pointers(tracked("s1", "s2")) == {
        "s1": (NO_LOG, "s2"),
        "s2": ("s1", "disk"),
        "disk": ("s2", NO_LOG),
    }


def test_deleting_a_snapshot_joins_its_neighbours() -> None:
    state = vdi_delete(tracked("s1", "s2", "s3"), "s2").state
    assert pointers(state)["s3"] == ("s1", "disk")
    answer = list_changed_blocks(state, "s1", "s3")
    assert (answer.outcome, answer.visited, answer.left_out) == ("ok", ("s3",), ())


def test_start_after_a_crash_turns_cbt_off_and_cuts_no_pointer() -> None:
    result = attach(crash(tracked("s1"), "disk").state, "disk")
    assert (result.outcome, result.alert) == ("ok", INCONSISTENT)
    assert not result.state.vdis["disk"].cbt_enabled
    assert pointers(result.state) == {"s1": (NO_LOG, "disk")}


def test_comparison_across_the_gap_is_answered_and_leaves_it_out() -> None:
    state = attach(crash(tracked("s1"), "disk").state, "disk").state
    gap = state.clock - 1
    state = detach(enable(state, "disk").state, "disk").state
    answer = list_changed_blocks(state, "s1", "disk")
    assert answer.ok
    assert Span(since=gap, until=gap + 1) in answer.left_out


def test_snapshot_before_the_next_start_hides_a_crash() -> None:
    state = snapshot(crash(tracked("s1"), "disk").state, "disk", "s2").state
    assert state.logs["s2"].consistent
    assert state.logs["disk"].consistent
    answer = list_changed_blocks(state, "s1", "s2")
    assert answer.ok
    assert answer.left_out


def test_reading_hides_a_crash() -> None:
    state = attach(crash(tracked("s1"), "disk").state, "disk", read_only=True).state
    state = detach(state, "disk").state
    assert attach(state, "disk").alert == ""


def test_key_of_a_dead_host_makes_a_new_log_look_open() -> None:
    state = crash(tracked(), "disk", key_left=True).state
    state = enable(disable(state, "disk").state, "disk").state
    assert attach(state, "disk").alert == INCONSISTENT


def test_disable_cuts_the_pointer_of_the_newest_snapshot() -> None:
    assert pointers(disable(tracked("s1"), "disk").state) == {"s1": (NO_LOG, NO_LOG)}


def test_disable_fails_on_a_header_that_is_not_whole_and_leaves_all_as_it_was() -> None:
    result = disable(cut_header(tracked("s1"), "disk").state, "disk")
    assert result.code == "SR_BACKEND_FAILURE_458"
    assert result.state.vdis["disk"].cbt_enabled
    assert "disk" in result.state.logs


def test_disable_fails_on_the_parents_header_after_the_log_is_gone() -> None:
    result = disable(cut_header(tracked("s1"), "s1").state, "disk")
    assert result.code == "SR_BACKEND_FAILURE_458"
    assert "disk" not in result.state.logs
    assert result.state.vdis["disk"].cbt_enabled
    assert disable(result.state, "disk").ok


def test_vm_does_not_start_on_a_header_that_is_not_whole() -> None:
    state = detach(tracked("s1"), "disk").state
    result = attach(cut_header(state, "disk").state, "disk")
    assert result.code == "SR_BACKEND_FAILURE_46"
    assert result.state.vdis["disk"].use is Use.NONE


def test_snapshot_that_fails_takes_the_log_with_it() -> None:
    for sr, rows, code in ((SrKind.FILES, True, "82"), (SrKind.VOLUMES, False, "81")):
        result = snapshot(cut_header(tracked("s1", sr=sr), "s1").state, "disk", "s2")
        assert result.code == f"SR_BACKEND_FAILURE_{code}"
        assert set(result.state.logs) == {"s1", "s2"}
        assert result.state.vdis["disk"].cbt_enabled
        assert result.state.vdis["s2"].row is rows
        assert snapshot(result.state, "disk", "s3").ok


def test_snapshot_without_room_is_taken_and_turns_cbt_off() -> None:
    state = tracked("s1")
    full = State(vdis=state.vdis, logs=state.logs, room=False, clock=state.clock)
    result = snapshot(full, "disk", "s2")
    assert result.ok
    assert result.alert
    assert pointers(result.state) == {"s1": (NO_LOG, "s2"), "s2": ("s1", NO_LOG)}
    assert enable(result.state, "disk").code == "SR_BACKEND_FAILURE_457"


def test_bitmap_that_cannot_be_merged_keeps_the_log_and_says_ok() -> None:
    result = vdi_delete(cut_bitmap(tracked("s1", "s2"), "s1").state, "s1")
    assert result.ok
    assert pointers(result.state)["s2"] == ("s1", "disk")
    assert "s1" in result.state.logs
    assert not result.state.vdis["s1"].row


def test_failed_merge_makes_strangers_neighbours() -> None:
    state = set_child(cut_bitmap(tracked("s1", "s2"), "s1").state, "s1", "disk").state
    assert pointers(vdi_delete(state, "s1").state)["disk"] == ("s1", NO_LOG)


def test_deletion_stops_halfway_at_a_child_without_header() -> None:
    result = vdi_delete(cut_header(tracked("s1", "s2"), "disk").state, "s2")
    assert result.code == "SR_BACKEND_FAILURE_80"
    assert pointers(result.state)["s1"] == (NO_LOG, "disk")
    assert "s2" in result.state.logs


def test_metadata_vdi_on_files_is_deleted_without_joining_its_neighbours() -> None:
    for sr, child in ((SrKind.FILES, "s2"), (SrKind.VOLUMES, "disk")):
        state = data_destroy(tracked("s1", "s2", sr=sr), "s2").state
        assert pointers(vdi_delete(state, "s2").state)["s1"] == (NO_LOG, child)


def test_disk_in_use_is_neither_compared_with_nor_deleted_nor_grown() -> None:
    state = tracked("s1")
    for result in (
        list_changed_blocks(state, "s1", "disk"),
        vdi_delete(state, "disk"),
        resize(state, "disk", 2 * GIB),
        attach(state, "disk"),
    ):
        assert result.code == "VDI_IN_USE"


def test_growing_turns_cbt_off_where_the_log_is_short() -> None:
    state = detach(tracked("s1"), "disk").state
    assert resize(state, "disk", 2 * GIB).state.logs["disk"].size == 2 * GIB
    result = resize(cut_bitmap(state, "disk").state, "disk", 2 * GIB)
    assert (result.outcome, result.alert) == ("ok", RESIZE_FAILED)
    assert pointers(result.state) == {"s1": (NO_LOG, "disk")}


def test_disk_never_shrinks() -> None:
    state = detach(tracked(), "disk").state
    assert resize(state, "disk", GIB // 2).code == "SR_BACKEND_FAILURE_79"
    assert resize(state, "disk", GIB).ok


def test_disk_that_grew_by_less_than_a_byte_of_bitmap_cannot_be_compared() -> None:
    state = detach(enable(one_disk(size=8 * 65536 + 1), "disk").state, "disk").state
    for name in ("s1", "s2"):
        state = snapshot(state, "disk", name).state
    state = resize(state, "disk", 9 * 65536).state
    answer = list_changed_blocks(state, "s1", "disk")
    assert answer.code == "SR_BACKEND_FAILURE_459"


def test_comparison_with_a_short_bitmap_fails_where_it_is_read() -> None:
    state = cut_bitmap(tracked("s1", "s2", "s3"), "s1").state
    assert list_changed_blocks(state, "s1", "s3").ok
    assert list_changed_blocks(cut_bitmap(state, "s2").state, "s1", "s3").code.endswith("202")


def test_comparison_the_wrong_way_round_or_with_itself_is_refused() -> None:
    state = detach(tracked("s1", "s2"), "disk").state
    assert list_changed_blocks(state, "s2", "s1").outcome == UNRELATED_DISKS
    assert list_changed_blocks(state, "s1", "s1").outcome == "Source and target VDI are same"


def test_circle_of_logs_is_never_answered() -> None:
    state = set_child(tracked("s1", "s2", "s3"), "s2", "s1").state
    assert list_changed_blocks(state, "s1", "s3").outcome == ENDLESS


def test_scan_makes_the_database_follow_the_storage() -> None:
    state = remove_log(tracked("s1", "s2"), "disk").state
    state = scan(state).state
    assert not state.vdis["disk"].cbt_enabled
    state = remove_log(data_destroy(state, "s1").state, "s1").state
    assert scan(state).state.snapshots("disk") == ("s2",)


def test_scan_introduces_a_log_that_was_left_behind() -> None:
    state = vdi_delete(cut_bitmap(tracked("s1", "s2"), "s1").state, "s1").state
    found = scan(state).state.vdis["s1"]
    assert (found.kind, found.row, found.cbt_enabled) == (Kind.METADATA, True, True)


def test_scan_introduces_a_log_of_nobody() -> None:
    state = tracked()
    logs = {**state.logs, "stranger": state.logs["disk"]}
    found = scan(State(vdis=state.vdis, logs=logs)).state.vdis["stranger"]
    assert (found.kind, found.snapshot_of) == (Kind.METADATA, "")


def test_data_is_destroyed_of_tracked_snapshots_only() -> None:
    state = snapshot(one_disk(), "disk", "plain").state
    assert data_destroy(state, "plain").code == "VDI_NO_CBT_METADATA"
    assert data_destroy(state, "disk").code == "OPERATION_NOT_ALLOWED"
    owned = snapshot(tracked(), "disk", "s1", owner="vm snapshot").state
    assert data_destroy(owned, "s1").code == "VDI_IN_USE"
    gone = data_destroy(tracked("s1"), "s1").state
    assert data_destroy(gone, "s1").ok


def test_what_the_database_does_not_have_cannot_be_deleted() -> None:
    state = vdi_delete(tracked("s1"), "s1").state
    for name in ("s1", "never"):
        assert vdi_delete(state, name).code == "UUID_INVALID"
        assert data_destroy(state, name).code == "UUID_INVALID"


def test_calls_that_change_nothing_are_ok() -> None:
    state = one_disk()
    assert disable(state, "disk").ok
    assert detach(state, "disk").ok
    assert enable(tracked(), "disk").ok
    assert enable(tracked("s1"), "s1").code == "VDI_INCOMPATIBLE_TYPE"


def test_pointer_cannot_be_set_in_a_header_that_is_not_whole() -> None:
    state = cut_header(tracked("s1"), "s1").state
    assert set_parent(state, "s1", "").outcome == "Connection timed out"
    assert set_child(state, "nothing", "").outcome == "No such file or directory"
    assert cut_bitmap(state, "s1").state.logs["s1"].body is Body.CUT
