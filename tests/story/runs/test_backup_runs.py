"""Backup activity cut into runs, and of each disk whether it could be incremental, or why not."""

from dataclasses import replace

import pytest

from analyzer.case.case import Case
from analyzer.model.finding import Confidence, Gap, Outcome, Severity, Verdict
from analyzer.model.hole import Hole, HoleKind
from analyzer.model.moment import Moment
from analyzer.model.run import FullReason, RunVerdict
from analyzer.model.xapi import Sm
from analyzer.story.runs.backup_runs import backup_runs
from tests.causes.test_causes import finding
from tests.checks.support import JUPITER, SATURN, SR, CaseBuilder, at, row, vbd, vm
from tests.rebuilt.nbd.nbd_log import uuid
from tests.story.runs.backup_log import Client

BOTH = pytest.mark.parametrize("volumes", [True, False])
MACHINE = "0f1e2d3c-4b5a-4697-8877-665544332211"
OTHER_SR = "77c2e9a4-1b3d-4f60-8a7e-5d9c0b1a2f38"
BROKEN = 'Failure("Partial failure during a Block.read: EIO; terminating the session")'


def two_runs(client: Client) -> tuple[str, str, str]:
    """Return a disk, and the snapshots of a first and of an incremental second run."""
    disk = client.disk()
    first = client.wait(600).backup(disk)
    second = client.wait().backup(disk, first)
    return disk, first, second


# Cutting


def test_two_bursts_are_two_runs() -> None:
    client = Client()
    two_runs(client)
    runs = client.runs()
    assert [len(run.disks) for run in runs] == [1, 1]
    assert runs[0].ended.certainly_before(runs[1].began)
    assert len({run.id for run in runs}) == 2


def test_disks_one_after_the_other_are_one_run() -> None:
    client = Client()
    disks = [client.disk() for _ in range(4)]
    client.wait(600)
    for disk in disks:
        client.backup(disk)
    (run,) = client.runs()
    assert [each.vdi.uuid for each in run.disks] == disks
    assert run.pool is not None
    assert run.pool.name == "lab"


def test_a_rhythm_shorter_than_half_an_hour_is_learnt() -> None:
    client = Client()
    disk = client.disk()
    base = client.wait(600).backup(disk)
    for _ in range(5):
        base = client.wait(600).backup(disk, base)
    assert len(client.runs()) == 6


def test_one_disk_is_in_a_run_once() -> None:
    client = Client()
    disks = [client.disk() for _ in range(3)]
    client.wait(600)
    for _ in range(2):
        for disk in disks:
            client.wait(900).backup(disk)
    assert [len(run.disks) for run in client.runs()] == [3, 3]


def test_a_snapshot_that_nobody_reads_is_no_run() -> None:
    client = Client()
    disk = client.disk()
    client.wait(600).snapshot(disk)
    assert client.runs() == ()


def test_a_snapshot_that_is_purged_or_deleted_later_is_no_run() -> None:
    client = Client()
    disk = client.disk()
    client.purge(client.wait(600).snapshot(disk))
    client.delete(client.wait(600).snapshot(disk))
    assert client.runs() == ()


def test_an_export_of_a_disk_without_a_snapshot_is_no_run() -> None:
    client = Client()
    client.export(client.disk())
    assert client.runs() == ()


def test_nothing_at_all_is_no_run() -> None:
    assert backup_runs(CaseBuilder().host().build(), ()) == ()


def test_a_call_is_one_step_whoever_tells_of_it() -> None:
    client = Client()
    disk, first, second = two_runs(client)
    steps = [step.what for step in client.last().steps]
    assert steps == [
        f"VDI.snapshot of {disk}",
        f"VDI.list_changed_blocks of {first} to {second}",
        f"VDI.get_nbd_info of {second}",
        f"read over NBD of {second}",
    ]
    assert [step.succeeded for step in client.last().steps] == [None, True, None, True]


# Incremental


@BOTH
def test_blocks_listed_and_read_over_nbd_is_incremental_for_certain(volumes: bool) -> None:
    client = Client(volumes=volumes)
    _, first, second = two_runs(client)
    last = client.last()
    assert (last.verdict, last.reason) == (RunVerdict.INCREMENTAL, None)
    assert last.confidence is Confidence.CERTAIN
    assert (last.base, last.snapshot) == (first, second)
    assert last.sr is not None
    assert last.sr.name == "tank"


def test_blocks_listed_and_no_read_seen_is_only_likely() -> None:
    client = Client()
    disk = client.disk()
    first = client.wait(600).backup(disk)
    client.compare(first, client.wait().snapshot(disk))
    last = client.last()
    assert (last.verdict, last.confidence) == (RunVerdict.INCREMENTAL, Confidence.LIKELY)
    assert "how the newer one was read is not shown" in last.words


def test_blocks_listed_before_an_export_of_a_base_with_data_is_incremental() -> None:
    client = Client()
    disk = client.disk()
    first = client.wait(600).backup(disk)
    second = client.wait().snapshot(disk)
    client.compare(first, second)
    client.export(second)
    assert client.last().verdict is RunVerdict.INCREMENTAL
    assert "the newer one was exported" in client.last().words


def test_a_failed_connection_after_a_comparison_is_said() -> None:
    client = Client()
    disk = client.disk()
    first = client.wait(600).backup(disk)
    second = client.wait().snapshot(disk)
    client.compare(first, second)
    client.read(second, fails=BROKEN)
    assert "an NBD connection for the newer one failed" in client.last().words


def test_a_purged_base_read_over_nbd_is_incremental() -> None:
    client = Client()
    disk = client.disk()
    first = client.wait(600).backup(disk)
    client.purge(first)
    client.wait().backup(disk, first)
    assert client.last().verdict is RunVerdict.INCREMENTAL
    assert client.last().confidence is Confidence.CERTAIN


def test_a_purged_base_and_no_read_is_incremental_at_best() -> None:
    client = Client()
    disk = client.disk()
    first = client.wait(600).backup(disk)
    client.purge(first)
    client.compare(first, client.wait().snapshot(disk))
    assert client.last().words.endswith("no read of the newer one was seen")


def test_an_export_of_a_difference_needs_no_cbt() -> None:
    client = Client()
    disk = client.disk(cbt=False)
    first = client.wait(600).snapshot(disk)
    client.export(first)
    second = client.wait().snapshot(disk)
    client.export(second, first)
    last = client.last()
    assert (last.verdict, last.base) == (RunVerdict.INCREMENTAL, first)
    assert last.confidence is Confidence.LIKELY


def test_a_finding_of_missing_blocks_is_said_with_the_answer() -> None:
    client = Client()
    disk, _, _ = two_runs(client)
    wrong = finding("cbt-incomplete-changed-blocks", (("VDI", disk),), when="02:00:00")
    last = client.runs((outcome(wrong.rule, wrong),))[-1].disks[-1]
    assert last.words.endswith("but changed blocks were missing from an answer")
    assert last.findings == (wrong.id,)


# Full


def test_the_run_after_cbt_was_turned_on_is_the_first() -> None:
    client = Client()
    disk = client.disk()
    client.wait(600).backup(disk)
    last = client.last()
    assert (last.verdict, last.reason) == (RunVerdict.FULL, FullReason.FIRST_RUN)
    assert "vdi_enable_cbt" in last.evidence[0].text


def test_cbt_turned_on_anew_makes_a_first_run() -> None:
    client = Client()
    disk = client.disk()
    client.wait(600).backup(disk)
    client.wait(3600).disable(disk)
    client.enable(disk)
    client.wait().backup(disk)
    assert client.last().reason is FullReason.FIRST_RUN


def test_cbt_turned_on_anew_is_no_first_run_where_sm_s_log_is_not_whole() -> None:
    client = Client()
    client.wait(600).backup(client.disk())
    case = client.builder().without("smlog").build()
    last = backup_runs(case, ())[-1].disks[-1]
    assert last.verdict is RunVerdict.UNDECIDABLE


@BOTH
def test_a_disk_without_cbt_is_read_whole(volumes: bool) -> None:
    client = Client(volumes=volumes)
    disk = client.disk(cbt=False)
    client.wait(600).backup(disk)
    last = client.last()
    assert last.reason is FullReason.CBT_OFF
    assert last.confidence is Confidence.LIKELY
    assert 'cbt_enabled="false"' in last.evidence[0].text


def test_a_snapshot_that_is_gone_and_of_no_known_disk_is_not_decided() -> None:
    client = Client()
    disk = client.disk(cbt=False)
    gone = client.wait(600).backup(disk)
    client.delete(gone)
    assert client.last().vdi.uuid == gone  # nothing tells of which disk the snapshot was
    assert client.last().verdict is RunVerdict.UNDECIDABLE
    assert "no database of the given bundles has the disk" in client.last().words


def test_the_disk_s_own_row_speaks_for_a_snapshot_that_is_gone() -> None:
    client = Client()
    disk = client.disk()
    client.wait(600).disable(disk)
    client.sm.enable(disk)  # the log of the snapshot tells whose it was
    gone = client.wait(600).backup(disk)
    client.delete(gone)
    assert client.last().vdi.uuid == disk


def test_cbt_that_was_turned_off_by_a_call_is_certain_with_the_snapshot_s_row() -> None:
    client = Client()
    disk = client.disk()
    client.wait(600).backup(disk)
    client.wait(3600).disable(disk)
    client.wait().backup(disk)
    last = client.last()
    assert (last.reason, last.confidence) == (FullReason.CBT_OFF, Confidence.CERTAIN)
    assert "vdi_disable_cbt" in last.evidence[0].text


def test_a_comparison_with_a_disk_whose_cbt_was_off_is_full() -> None:
    client = Client()
    disk = client.disk()
    first = client.wait(600).backup(disk)
    client.wait(3600).disable(disk)
    client.wait().backup(disk, first)
    last = client.last()
    assert (last.verdict, last.reason) == (RunVerdict.FULL, FullReason.CBT_OFF)
    assert "failed with SR_BACKEND_FAILURE_460" in last.words


@BOTH
def test_a_broken_chain_names_the_hop(volumes: bool) -> None:
    client = Client(volumes=volumes)
    disk = client.disk()
    first = client.wait(600).backup(disk)
    client.wait(3600).disable(disk)
    client.enable(disk)
    client.wait().backup(disk, first)
    last = client.last()
    assert (last.verdict, last.reason) == (RunVerdict.FULL, FullReason.CHAIN_BROKEN)
    assert f"was broken after {first}: its log named no next one" in last.words
    assert last.evidence


def test_a_comparison_with_an_older_snapshot_without_cbt_is_full() -> None:
    client = Client()
    disk = client.disk(cbt=False)
    first = client.wait(600).backup(disk)
    client.enable(disk)
    client.wait().backup(disk, first)
    last = client.last()
    assert (last.verdict, last.reason) == (RunVerdict.FULL, FullReason.CBT_OFF)
    assert f"CBT was off for {first}" in last.words


def test_a_log_in_the_middle_that_is_gone_is_named() -> None:
    client = Client(volumes=False)
    disk = client.disk()
    first = client.wait(600).backup(disk)
    middle = client.wait(3600).snapshot(disk)
    third = client.wait(3600).snapshot(disk)
    client.sm.data_destroy(middle)
    client.sm.delete(middle)  # a file SR leaves the pointer to it
    client.wait().compare(first, third)
    client.read(third)
    last = client.last()
    assert (last.verdict, last.reason) == (RunVerdict.FULL, FullReason.CHAIN_BROKEN)
    assert f"the log of {middle}, which comes next, was not there" in last.words


def test_a_log_that_is_gone_is_missing() -> None:
    client = Client()
    disk = client.disk()
    first = client.wait(600).backup(disk)
    second = client.wait(3600).snapshot(disk)
    client.sm.delete(first)
    client.compare(first, second)
    client.read(second)
    last = client.last()
    assert (last.verdict, last.reason) == (RunVerdict.FULL, FullReason.LOG_MISSING)


def test_a_purged_base_without_nbd_is_read_whole() -> None:
    client = Client(nbd=False)
    disk = client.disk()
    first = client.wait(600).snapshot(disk)
    client.export(first)
    client.purge(first)
    second = client.wait().snapshot(disk)
    client.compare(first, second)
    client.export(second)
    last = client.last()
    assert (last.verdict, last.reason) == (RunVerdict.FULL, FullReason.PURGED_WITHOUT_NBD)
    assert "get_nbd_info gave no address" in last.words
    assert len(last.evidence) == 2


def test_a_purged_base_whose_connections_all_failed_is_read_whole() -> None:
    client = Client()
    disk = client.disk()
    first = client.wait(600).backup(disk)
    client.purge(first)
    second = client.wait().snapshot(disk)
    client.compare(first, second)
    client.read(second, fails=BROKEN)
    client.export(second)
    last = client.last()
    assert last.reason is FullReason.PURGED_WITHOUT_NBD
    assert "every NBD connection failed (reading the disk failed)" in last.words


def test_a_purged_base_exported_though_nbd_may_work_is_not_decided() -> None:
    client = Client()
    disk = client.disk()
    first = client.wait(600).backup(disk)
    client.purge(first)
    second = client.wait().snapshot(disk)
    client.compare(first, second)
    client.export(second)
    assert client.last().verdict is RunVerdict.UNDECIDABLE
    assert client.last().settle_with == "the client's log of this run"


def test_a_purged_base_and_no_question_without_nbd_is_read_whole() -> None:
    client = Client(nbd=False)
    disk = client.disk()
    first = client.wait(600).snapshot(disk)
    client.export(first)
    client.purge(first)
    client.wait()
    client.export(client.snapshot(disk))
    assert client.last().reason is FullReason.PURGED_WITHOUT_NBD


def test_disks_on_two_srs_cannot_be_compared() -> None:
    client = Client()
    _, first, second = two_runs(client)
    client.fields[first] = {"sr": OTHER_SR}
    client.refused(first, second, "SR_BACKEND_FAILURE_460")
    client.fields[first] = {"sr": OTHER_SR}
    assert client.last().verdict is RunVerdict.INCREMENTAL  # the good answer speaks


def test_a_comparison_across_srs_says_that_the_disk_was_moved() -> None:
    client = Client()
    disk = client.disk()
    first = client.wait(600).backup(disk)
    client.fields[first] = {"sr": OTHER_SR}
    second = client.wait().snapshot(disk)
    client.refused(first, second, "SR_BACKEND_FAILURE_460")
    last = client.last()
    assert (last.reason, last.confidence) == (FullReason.MIGRATED, Confidence.CERTAIN)
    assert len(last.evidence) == 2


def test_a_move_of_the_vm_s_disk_explains_a_run_without_an_older_snapshot() -> None:
    client = Client()
    old = client.disk()
    client.wait(600).migrated(old, MACHINE)
    new = client.disk(cbt=False)
    client.flags[new] = True
    client.extra = [vm(MACHINE), vbd(uuid(77), new, MACHINE)]
    client.wait(3600).backup(new)
    assert client.last().reason is FullReason.MIGRATED


@pytest.mark.parametrize("before", [True, False])
def test_a_copy_explains_only_runs_that_came_after_it(before: bool) -> None:
    client = Client()
    old, new = client.disk(), client.disk(cbt=False)
    client.flags[new] = True
    client.extra = [vm(MACHINE), vbd(uuid(77), new, MACHINE)]
    if before:
        client.wait(600).copied(old, MACHINE, new)
        client.wait(3600).backup(new)
    else:
        client.wait(600).backup(new)
        client.wait(3600).copied(old, MACHINE, new)
    explained = client.last().reason is FullReason.MIGRATED
    assert explained is before


def test_a_move_to_another_sr_explains_nothing() -> None:
    client = Client()
    old = client.disk()
    client.wait(600).migrated(old, MACHINE, OTHER_SR)
    new = client.disk(cbt=False)
    client.flags[new] = True
    client.extra = [vm(MACHINE), vbd(uuid(77), new, MACHINE)]
    client.wait(3600).backup(new)
    assert client.last().verdict is RunVerdict.UNDECIDABLE


@BOTH
def test_a_client_that_did_not_ask_made_its_own_choice(volumes: bool) -> None:
    client = Client(volumes=volumes)
    disk = client.disk()
    first = client.wait(600).backup(disk)
    client.wait().backup(disk)
    last = client.last()
    assert (last.verdict, last.reason) == (RunVerdict.FULL, FullReason.CLIENT_CHOICE)
    assert last.confidence is Confidence.LIKELY
    assert last.base == first


def test_a_whole_export_that_audit_log_shows_is_the_client_s_choice() -> None:
    client = Client()
    disk = client.disk()
    client.wait(600).backup(disk)
    client.wait()
    client.export(client.snapshot(disk))
    assert client.last().reason is FullReason.CLIENT_CHOICE


def test_an_export_without_audit_log_may_be_a_difference() -> None:
    client = Client()
    disk = client.disk()
    client.wait(600).backup(disk)
    client.wait()
    client.export(client.snapshot(disk), audited=False)
    assert client.last().verdict is RunVerdict.UNDECIDABLE
    assert "audit.log" in client.last().settle_with


def test_asking_a_broken_chain_would_have_failed() -> None:
    client = Client()
    disk = client.disk()
    first = client.wait(600).backup(disk)
    client.wait(3600).sm.activate(disk)
    client.sm.crash(disk)
    client.sm.activate(disk)
    client.sm.enable(disk)
    client.hidden = set()
    second = client.wait().backup(disk, first)
    assert second
    assert client.last().verdict is RunVerdict.FULL


def test_older_snapshots_that_were_deleted_leave_nothing_to_compare_with() -> None:
    client = Client()
    disk = client.disk()
    first = client.wait(600).backup(disk)
    client.wait(3600).delete(first)
    client.wait().backup(disk)
    last = client.last()
    assert (last.verdict, last.reason) == (RunVerdict.FULL, None)
    assert f"the last of them {first}" in last.words
    assert "vdi_delete" in last.evidence[0].text


# Not decided


@pytest.mark.parametrize(
    ("older", "newer", "why"),
    [
        ("second", "first", "they were given newer first"),
        ("disk", "second", "the older one is the disk itself"),
        ("first", "other", "the two are of different disks"),
    ],
)
def test_a_wrong_question_says_nothing_of_the_chain(older: str, newer: str, why: str) -> None:
    client = Client()
    other = client.snapshot(client.disk())
    disk = client.disk()
    first = client.wait(600).backup(disk)
    second = client.wait().snapshot(disk)
    names = {"disk": disk, "first": first, "second": second, "other": other}
    client.compare(names[older], names[newer])
    last = next(each for each in client.disks() if why in each.words)
    assert (last.verdict, last.reason) == (RunVerdict.UNDECIDABLE, None)


def test_a_refusal_of_xapi_before_a_read_is_full_for_no_known_reason() -> None:
    client = Client()
    disk = client.disk()
    first = client.wait(600).backup(disk)
    second = client.wait().snapshot(disk)
    client.refused(first, second, "VDI_IN_USE")
    client.read(second)
    last = client.last()
    assert (last.verdict, last.reason) == (RunVerdict.FULL, None)
    assert "failed with VDI_IN_USE" in last.words


def test_a_refusal_of_xapi_with_no_read_is_not_decided() -> None:
    client = Client()
    disk = client.disk()
    first = client.wait(600).backup(disk)
    client.refused(first, client.wait().snapshot(disk), "VDI_IN_USE")
    assert client.last().verdict is RunVerdict.UNDECIDABLE


def test_an_address_asked_for_and_never_used_is_not_decided() -> None:
    client = Client(nbd=False)
    disk = client.disk()
    client.wait(600).ask(client.snapshot(disk))
    last = client.last()
    assert last.verdict is RunVerdict.UNDECIDABLE
    assert "get_nbd_info gave no address" in last.words


def test_a_connection_that_failed_is_no_read() -> None:
    client = Client()
    disk = client.disk()
    client.wait(600).read(client.snapshot(disk), fails=BROKEN)
    assert client.last().verdict is RunVerdict.UNDECIDABLE
    assert "an NBD connection failed" in client.last().words


def test_a_call_whose_end_was_not_read_is_judged_by_the_chain() -> None:
    client = Client()
    disk = client.disk()
    first = client.wait(600).backup(disk)
    second = client.wait().snapshot(disk)
    client.asked(first, second)
    last = client.last()
    assert (last.verdict, last.confidence) == (RunVerdict.INCREMENTAL, Confidence.LIKELY)
    assert "its end was not read" in last.words


def test_an_older_disk_of_unknown_past_is_not_decided() -> None:
    client = Client()
    disk = client.disk(cbt=False)
    client.flags[disk] = True
    client.wait(600).backup(disk)
    assert client.last().verdict is RunVerdict.UNDECIDABLE
    assert "no older snapshot of the disk is known" in client.last().words


def test_an_older_snapshot_of_unknown_log_is_not_decided() -> None:
    client = Client()
    disk = client.disk(cbt=False)
    client.flags[disk] = True
    client.wait(600).backup(disk)
    client.wait().backup(disk)
    last = client.last()
    assert last.verdict is RunVerdict.UNDECIDABLE
    assert last.settle_with.startswith("lvs ")


def test_no_choice_is_claimed_where_all_logs_of_the_call_are_missing() -> None:
    client = Client()
    disk = client.disk()
    client.wait(600).backup(disk)
    client.wait().backup(disk)
    builder = client.builder()
    for need in ("smlog", "xensource_log", "audit_log"):
        builder.without(need)
    last = backup_runs(builder.build(), ())[-1].disks[-1]
    assert last.verdict is RunVerdict.UNDECIDABLE
    assert "one could be missing" in last.words


def test_no_choice_is_claimed_where_a_host_s_report_was_not_given() -> None:
    client = Client()
    disk = client.disk()
    client.wait(600).backup(disk)
    client.wait().backup(disk)
    hosts = ((JUPITER, "jupiter"), (SATURN, "saturn"))
    last = backup_runs(client.builder(hosts).build(), ())[-1].disks[-1]
    assert last.verdict is RunVerdict.UNDECIDABLE
    assert last.settle_with == "a status report of saturn"


def test_a_call_whose_end_and_chain_are_not_known_is_not_decided() -> None:
    client = Client()
    disk = client.disk(cbt=False)
    client.flags[disk] = True
    first = client.wait(600).snapshot(disk)
    client.asked(first, client.wait().snapshot(disk))
    assert client.last().verdict is RunVerdict.UNDECIDABLE
    assert client.last().settle_with


def test_asking_for_a_log_that_was_gone_would_have_failed() -> None:
    client = Client()
    disk = client.disk()
    first = client.wait(600).backup(disk)
    client.wait(3600).disable(disk)
    client.enable(disk)
    client.fields[disk] = {}
    second = client.wait().snapshot(disk)
    client.compare(first, second)
    assert client.last().reason is FullReason.CHAIN_BROKEN
    assert client.last().words.startswith("list_changed_blocks")


def test_a_driver_without_cbt_tracks_nothing() -> None:
    client = Client()
    disk, first, _ = two_runs(client)
    client.extra = [row(Sm, uuid(9), type="lvmoiscsi", features={"VDI_SNAPSHOT": "1"})]
    second = client.wait().snapshot(disk)
    client.refused(first, second, "SR_BACKEND_FAILURE_460")
    last = client.last()
    assert last.reason is FullReason.CBT_OFF
    assert "has no VDI_CONFIG_CBT" in last.words


def test_a_failure_that_names_its_task_alone_is_the_call_s() -> None:
    client = Client()
    disk = client.disk()
    snapshot = client.wait(600).snapshot(disk)
    said = f"VDI.get_nbd_info: vdi  = '{snapshot}'"
    client.failed("VDI.get_nbd_info", said, "HOST_OFFLINE")
    (step,) = [each for each in client.last().steps if "get_nbd_info" in each.what]
    assert step.succeeded is False
    assert step.what.endswith("(HOST_OFFLINE)")


def test_a_move_that_failed_explains_nothing() -> None:
    client = Client()
    old = client.disk()
    said = f"VDI.pool_migrate: VDI = '{old}'; SR = '{SR}'; VM = '{MACHINE} (web-01)'"
    client.wait(600).failed("VDI.pool_migrate", said, "VDI_CBT_ENABLED")
    new = client.disk(cbt=False)
    client.flags[new] = True
    client.extra = [vm(MACHINE), vbd(uuid(77), new, MACHINE)]
    client.wait(3600).backup(new)
    assert client.last().verdict is RunVerdict.UNDECIDABLE


@pytest.mark.parametrize(("machine", "runs"), [(MACHINE, 1), (None, 0)])
def test_a_snapshot_that_another_machine_had_was_read_by_it(machine: str | None, runs: int) -> None:
    client = Client()
    disk = client.disk()
    snapshot = client.wait(600).snapshot(disk)
    client.sm.activate(snapshot)
    client.extra = [vm(MACHINE, resident_on=JUPITER), vbd(uuid(7), snapshot, machine, mode="RW")]
    assert len(client.runs()) == runs


def test_a_hole_in_all_logs_of_the_call_is_no_choice() -> None:
    client = Client()
    disk = client.disk()
    client.wait(600).backup(disk)
    client.wait().backup(disk)
    case = client.builder().build()
    began = backup_runs(case, ())[-1].began
    holes = tuple(hole(need, began) for need in ("smlog", "xensource_log", "audit_log"))
    last = backup_runs(replace(case, holes=holes), ())[-1].disks[-1]
    assert last.verdict is RunVerdict.UNDECIDABLE
    assert "was read for a part of the run" in last.words


def test_one_log_without_a_hole_is_enough() -> None:
    client = Client()
    disk = client.disk()
    client.wait(600).backup(disk)
    client.wait().backup(disk)
    case = client.builder().build()
    began = backup_runs(case, ())[-1].began
    holes = tuple(hole(need, began) for need in ("smlog", "xensource_log"))
    last = backup_runs(replace(case, holes=holes), ())[-1].disks[-1]
    assert last.reason is FullReason.CLIENT_CHOICE


def test_logs_that_begin_within_the_run_show_no_choice() -> None:
    client = Client()
    disk = client.disk()
    client.wait(600).backup(disk)
    client.wait().backup(disk)
    case = client.builder().build()
    began = backup_runs(case, ())[-1].began
    late = replace(case, window=lambda _need: (began, began))
    last = backup_runs(late, ())[-1].disks[-1]
    assert last.verdict is RunVerdict.UNDECIDABLE
    assert "does not cover all of the run" in last.words


def a_file_short(case: Case, *, lasts: bool = True) -> Case:
    """Return a case whose logs miss a rotated file; what they cover but for that is known."""
    window = (at("00:00:00"), at("20:00:00"))
    whys = {need: f"{need}.1 is missing" for need in ("smlog", "xensource_log", "audit_log")}
    return replace(
        case,
        gap=lambda need, bundle: (
            Gap(need=need, host=bundle, why=whys[need], settle_with="") if need in whys else None
        ),
        window=lambda _need: None,
        covered=lambda _need, _bundle: window if lasts else None,
    )


@pytest.mark.parametrize(
    ("where", "lasts", "reason"),
    [
        ("00:05:00", True, FullReason.CLIENT_CHOICE),
        ("in the run", True, None),
        ("00:05:00", False, None),
    ],
    ids=["hole long before", "hole in the run", "more is wrong than a file that is missing"],
)
def test_a_missing_rotated_file_makes_only_runs_in_its_time_undecidable(
    where: str, reason: FullReason | None, *, lasts: bool
) -> None:
    client = Client()
    disk = client.disk()
    client.wait(600).backup(disk)
    client.wait().backup(disk)
    case = client.builder().build()
    began = backup_runs(case, ())[-1].began
    moment = began if where == "in the run" else at(where)
    holes = tuple(hole(need, moment) for need in ("smlog", "xensource_log", "audit_log"))
    short = replace(a_file_short(case, lasts=lasts), holes=holes)
    last = backup_runs(short, ())[-1].disks[-1]
    assert last.reason is reason
    assert (last.verdict is RunVerdict.UNDECIDABLE) is (reason is None)


@pytest.mark.parametrize(
    ("begins", "reason"), [("00:00:00", FullReason.FIRST_RUN), ("01:05:00", None)]
)
def test_a_first_run_is_told_by_what_sm_logged_since_cbt_was_turned_on(
    begins: str, reason: FullReason | None
) -> None:
    client = Client()
    disk = client.disk()
    client.wait(600).backup(disk)
    case = client.builder().build()
    logs = {"smlog": (at(begins), at("20:00:00"))}
    late = replace(case, window=lambda need: logs.get(need, (at("00:00:00"), at("20:00:00"))))
    assert backup_runs(late, ())[-1].disks[-1].reason is reason


# Much of it


def test_each_of_many_disks_is_in_each_of_many_runs() -> None:
    runs = backup_runs(_many(disks=20, runs=20), ())
    assert [len(run.disks) for run in runs] == [20] * 20


def hole(need: str, moment: Moment) -> Hole:
    return Hole(
        bundle="jupiter",
        host="jupiter",
        source=need,
        began=moment,
        ended=moment,
        kind=HoleKind.SILENT,
        expected="a line at least every 31 s",
    )


def outcome(rule: str, *findings: object) -> Outcome:
    return Outcome(
        rule=rule,
        title=rule,
        severity=Severity.ERROR,
        verdict=Verdict.FOUND,
        reason="",
        findings=findings,  # type: ignore[arg-type]  # findings of a test
    )


def _many(disks: int, runs: int) -> Case:
    client = Client()
    client.sm.gap = 0.5
    bases = {client.disk(): "" for _ in range(disks)}
    for _ in range(runs):
        client.wait(2000)
        for disk, base in bases.items():
            bases[disk] = client.backup(disk, base)
    return client.builder().build()
