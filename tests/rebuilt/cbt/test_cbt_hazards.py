"""The silent hazards of CBT: pointers that nobody took back come out of the replay."""

import pytest

from analyzer.model.cbt import CbtLog, Change, WalkEnd
from analyzer.model.finding import Confidence
from analyzer.rebuilt.cbt.changed_blocks import walk
from analyzer.rebuilt.cbt.history import CbtHistory
from tests.rebuilt.cbt.sm_logs import SR, Sm, chain

BOTH = pytest.mark.parametrize("volumes", [True, False])


def log(history: CbtHistory, uuid: str) -> CbtLog:
    found = history.log(SR, uuid)
    assert found is not None
    return found


def child(history: CbtHistory, uuid: str) -> str:
    known = log(history, uuid).child
    assert known is not None
    return known.value


def error_disabled(sm: Sm, snapshots: int) -> tuple[str, list[str]]:
    """Return a disk whose log was dropped for an error and made anew, and its old snapshots."""
    disk = sm.disk()
    sm.enable(disk)
    taken = [sm.snapshot(disk) for _ in range(snapshots)]
    sm.activate(disk)
    sm.crash(disk)
    sm.activate(disk)
    sm.enable(disk)
    return disk, taken


@BOTH
def test_h09_an_error_leaves_the_childs_name_in_the_newest_snapshot(volumes: bool) -> None:
    sm = Sm(volumes=volumes)
    disk, (old,) = error_disabled(sm, 1)

    history = sm.history()

    assert child(history, old) == disk
    assert walk(history, (), old, disk).end is WalkEnd.REACHED
    (broken,) = [each for each in history.chains if each.logs[0].uuid == old]
    assert broken.breaks[old].endswith("stale")


@BOTH
def test_h09_a_snapshot_taken_since_is_not_reached(volumes: bool) -> None:
    sm = Sm(volumes=volumes)
    disk, (old,) = error_disabled(sm, 1)
    new = sm.snapshot(disk)

    walked = walk(sm.history(), (), old, new)

    assert (walked.end, walked.at, walked.visited) == (WalkEnd.CHAIN_ENDS, disk, (disk,))


@BOTH
def test_h10_every_later_backup_is_full(volumes: bool) -> None:
    sm = Sm(volumes=volumes)
    disk, (old,) = error_disabled(sm, 1)
    for _ in range(3):
        new = sm.snapshot(disk)
        assert walk(sm.history(), (), old, new).end is WalkEnd.CHAIN_ENDS
        assert not sm.list_changed_blocks(old, new)
        sm.delete(old)
        old = new
    history = sm.history()

    assert child(history, old) == disk
    parent = log(history, disk).parent
    assert parent is not None
    assert parent.value == ""


@BOTH
def test_h10_deleting_all_snapshots_cures(volumes: bool) -> None:
    sm = Sm(volumes=volumes)
    disk, (old,) = error_disabled(sm, 1)
    sm.delete(old)
    first = sm.snapshot(disk)
    second = sm.snapshot(disk)

    assert walk(sm.history(), (), first, second).end is WalkEnd.REACHED


@BOTH
def test_h10b_a_comparison_from_before_the_gap_succeeds_with_blocks_missing(volumes: bool) -> None:
    sm = Sm(volumes=volumes)
    disk, (oldest, older) = error_disabled(sm, 2)
    sm.snapshot(disk)
    sm.delete(older)
    sm.snapshot(disk)
    last = sm.snapshot(disk)
    assert sm.list_changed_blocks(oldest, last)

    walked = walk(sm.history(), (), oldest, last)

    assert walked.end is WalkEnd.REACHED
    assert oldest not in walked.visited


def test_h01_deleting_destroyed_data_on_files_breaks_the_chain() -> None:
    sm = Sm(volumes=False)
    disk = sm.disk()
    sm.enable(disk)
    first, second, third = (sm.snapshot(disk) for _ in range(3))
    sm.data_destroy(second)
    sm.delete(second)
    sm.now += 600
    sm.resize(disk)

    history = sm.history()
    walked = walk(history, (), first, third)

    assert (walked.end, walked.next) == (WalkEnd.CHAIN_ENDS, second)
    assert walked.confidence is Confidence.LIKELY
    exists = log(history, second).exists
    assert exists is not None
    assert (exists.value, exists.confidence) == (False, Confidence.LIKELY)
    assert "vdi_delete" in exists.evidence.text


def test_on_volumes_deleting_destroyed_data_keeps_the_chain() -> None:
    sm = Sm(volumes=True)
    disk = sm.disk()
    sm.enable(disk)
    first, second, third = (sm.snapshot(disk) for _ in range(3))
    sm.data_destroy(second)
    sm.delete(second)

    assert walk(sm.history(), (), first, third).visited == (third,)


@BOTH
def test_a_users_disable_takes_the_name_back(volumes: bool) -> None:
    sm = Sm(volumes=volumes)
    disk = sm.disk()
    sm.enable(disk)
    old = sm.snapshot(disk)
    sm.disable(disk)
    sm.enable(disk)

    history = sm.history()

    assert child(history, old) == ""
    assert chain(history) == sorted([(old,), (disk,)])
    assert all(not each.breaks for each in history.chains)


@BOTH
def test_a_snapshot_that_failed_keeps_its_log_and_loses_the_disks(volumes: bool) -> None:
    sm = Sm(volumes=volumes)
    disk = sm.disk()
    sm.enable(disk)
    new = sm.snapshot(disk, fails=True)

    history = sm.history()

    assert (child(history, new), chain(history)) == ("", [(new,)])
    changes = [change.change for change in log(history, new).changes]
    assert changes == [Change.ARRIVED, Change.CONSISTENT]
