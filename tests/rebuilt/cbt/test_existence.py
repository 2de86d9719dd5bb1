"""Whether a log is there: what saw it last, and what says since that it went."""

from dataclasses import replace

import pytest

from analyzer.model.finding import Confidence
from analyzer.model.operation import Operation, Result
from analyzer.rebuilt.cbt.history import CbtHistory, rebuild
from tests.checks.support import CaseBuilder, sr, vdi
from tests.rebuilt.cbt.sm_logs import SR, Sm, read_back

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
SCAN = f"sr_scan {{'sr_uuid': '{SR}', 'command': 'sr_scan'}}"


def exists(history: CbtHistory, uuid: str) -> tuple[bool, Confidence] | None:
    log = history.log(SR, uuid)
    return (log.exists.value, log.exists.confidence) if log and log.exists else None


def two_snapshots() -> tuple[Sm, str, str, str]:
    """Return SM of a file SR, the disk, and its two snapshots, the older first."""
    sm = Sm(volumes=False)
    disk = sm.disk()
    sm.enable(disk)
    return sm, disk, sm.snapshot(disk), sm.snapshot(disk)


def scanned(sm: Sm, *said: str) -> CbtHistory:
    """Return the history after a scan that wrote these lines."""
    stamp = "Jun 10 05:00:00 jupiter SM: [999]"
    lines = "".join(f"{stamp} {text}\n" for text in (SCAN, *said))
    return rebuild(read_back({"jupiter": sm.text() + lines}), (), ())


def test_a_log_that_only_lines_showed_is_not_certain_at_capture() -> None:
    sm, disk, *_ = two_snapshots()
    assert exists(sm.history(), disk) == (True, LIKELY)


def test_a_disk_that_a_scan_forgot_has_no_log() -> None:
    sm, _, old, new = two_snapshots()
    history = scanned(sm, f"Forgetting VDI with location={old} uuid={old}")
    assert exists(history, old) == (False, LIKELY)
    assert exists(history, new) == (True, LIKELY)


def test_disks_that_a_scan_missed_have_no_log() -> None:
    sm, disk, old, new = two_snapshots()
    history = scanned(sm, f"VDIs missing from disk: {{'{old}', '{new}'}}")
    assert [exists(history, each) for each in (old, new, disk)] == [
        (False, LIKELY),
        (False, LIKELY),
        (True, LIKELY),
    ]


def test_a_scan_that_turns_the_flag_off_found_no_log() -> None:
    sm, disk, old, _ = two_snapshots()
    history = scanned(
        sm,
        "utilisation 20992 <> 19456",
        "cbt_enabled False <> True",
        f"Updating VDI with location={disk} uuid={disk}",
        f"Updating VDI with location={old} uuid={old}",
    )
    assert exists(history, old) == (False, LIKELY)
    assert exists(history, disk) == (True, LIKELY)


def test_differences_that_cannot_be_told_apart_say_nothing() -> None:
    sm, disk, old, _ = two_snapshots()
    history = scanned(
        sm,
        "cbt_enabled False <> True",
        *(f"Updating VDI with location={u} uuid={u}" for u in (disk, old)),
    )
    assert exists(history, disk) == exists(history, old) == (True, LIKELY)


def without(operations: tuple[Operation, ...], name: str) -> tuple[Operation, ...]:
    return tuple(each for each in operations if each.name != name)


def test_a_metadata_disk_whose_call_does_not_say_what_it_was_is_gone_when_deleted() -> None:
    sm, _, old, _ = two_snapshots()
    sm.data_destroy(old)
    sm.delete(old)
    sm.now += 600
    sm.snapshot(sm.disk())
    text = sm.text().replace("'vdi_type': 'cbt_metadata', ", "")
    operations = without(read_back({"jupiter": text}), "vdi_data_destroy")
    assert exists(rebuild(operations, (), ()), old) == (False, LIKELY)


def test_a_deletion_whose_end_was_not_seen_leaves_the_log_unknown() -> None:
    sm, _, old, _ = two_snapshots()
    sm.data_destroy(old)
    sm.delete(old)
    operations = tuple(
        replace(each, result=Result.UNKNOWN) if each.name == "vdi_delete" else each
        for each in sm.operations()
    )
    assert exists(rebuild(operations, (), ()), old) is None


def test_a_disk_that_never_had_a_log_is_not_mentioned_when_deleted() -> None:
    sm = Sm(volumes=False)
    disk = sm.disk()
    sm.delete(disk)
    sm.snapshot(sm.disk())
    assert sm.history().log(SR, disk) is None


def test_a_walk_that_ends_at_a_known_pointer_did_not_find_what_it_names() -> None:
    sm, disk, old, new = two_snapshots()
    sm.remove_log(new)  # somebody removed the file
    assert not sm.list_changed_blocks(old, disk)
    assert exists(sm.history(), new) == (False, LIKELY)


@pytest.mark.parametrize("volumes", [False, True])
def test_a_snapshot_that_ends_between_two_logs_leaves_that_of_the_disk_unknown(
    volumes: bool,
) -> None:
    sm = Sm(volumes=volumes)
    disk = sm.disk()
    sm.enable(disk)
    sm.snapshot(disk)
    lines = sm.text().splitlines(keepends=True)
    moved = next(n for n, line in enumerate(lines) if "rename" in line)
    made = next(n for n in range(moved, len(lines)) if "create'" in lines[n])
    history = rebuild(read_back({"jupiter": "".join(lines[:made])}), (), ())
    assert exists(history, disk) is None


def test_a_sentence_at_the_very_end_does_not_say_that_the_log_went() -> None:
    sm = Sm(volumes=False)
    disk = sm.disk()
    sm.enable(disk)
    sm.activate(disk)
    sm.crash(disk)
    sm.activate(disk)
    lines = sm.text().splitlines(keepends=True)
    said = next(n for n, line in enumerate(lines) if "is inconsistent for disk" in line)
    cut = rebuild(read_back({"jupiter": "".join(lines[: said + 1])}), (), ())
    assert exists(cut, disk) is None
    assert exists(sm.history(), disk) == (False, LIKELY)


def test_a_log_whose_disk_the_whole_database_does_not_have_is_not_known_to_be_there() -> None:
    sm, disk, old, new = two_snapshots()
    rows = (vdi(disk), vdi(new, is_a_snapshot=True))
    case = CaseBuilder().host().database(sr(), *rows).build()
    history = rebuild(sm.operations(), case.pools, case.hosts)
    assert exists(history, old) == (True, POSSIBLE)
    assert exists(history, new) == (True, LIKELY)
