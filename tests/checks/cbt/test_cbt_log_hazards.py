"""The hazards of single logs: unlinked, hidden, short, too small, in a circle, and the database."""

import pytest

from analyzer.model.cbt import CbtLogFile
from analyzer.model.finding import Basis, Confidence
from analyzer.model.goal import Goal
from analyzer.model.source import Source
from tests.checks.cbt.test_cbt_hazards import N1, N2, N3, case, nothing, snapshot
from tests.checks.chain_story import SIZE, Story
from tests.checks.support import GROUP, OTHER_VDI, SATURN, SR, VDI, CaseBuilder, lvs, pbd, sr, vdi

UNLINKED = "cbt-log-unlinked"
HIDDEN = "cbt-inconsistency-hidden"
INCOMPLETE = "cbt-incomplete-changed-blocks"
DISAGREES = "cbt-database-disagrees"
CYCLE = "cbt-chain-cycle"
SHORT = "cbt-log-short"
GROW = "cbt-log-cannot-grow"
TIB = 1 << 40


def three(*, volumes: bool = False) -> Story:
    """Return the story of three snapshots; the data of the second one is destroyed."""
    story = Story(volumes=volumes).enable(VDI).wait()
    story.snapshot(VDI, N1).wait().snapshot(VDI, N2).wait().snapshot(VDI, N3).wait()
    return story.destroy_data(N2).wait()


def test_metadata_disk_deleted_from_the_middle_is_found_on_a_file_sr() -> None:
    (finding,) = case(three().delete(N2)).examine(UNLINKED).findings
    assert finding.subjects[0].uuid == N1
    assert VDI in {subject.uuid for subject in finding.subjects}
    texts = [evidence.text for evidence in finding.evidence]
    assert any("cbt_metadata" in text for text in texts)
    assert any(f"'-c', '{N2}'" in text for text in texts)


def test_metadata_disk_deleted_on_volumes_is_joined() -> None:
    assert nothing(case(three(volumes=True).delete(N2)).examine(UNLINKED))


def test_oldest_metadata_disk_deleted_leaves_nothing_behind() -> None:
    story = three().destroy_data(N1).wait().delete(N1).wait().delete(N2)
    assert nothing(case(story).examine(UNLINKED))


def test_older_snapshot_that_was_deleted_since_is_no_trouble() -> None:
    assert nothing(case(three().delete(N2).wait().delete(N1)).examine(UNLINKED))


def test_older_snapshot_with_an_unknown_pointer_is_a_gap() -> None:
    story = Story()
    story.begin("vdi_delete", N2, vdi_type="cbt_metadata")
    story.say("Kicking GC")
    examined = case(story, snapshot(N1, "00:10:00")).examine(UNLINKED)
    assert examined.findings == ()
    assert N1 in examined.gaps[0].settle_with


def crashed() -> Story:
    """Return the story of a disk that was active when its host went down."""
    return Story().enable(VDI).wait().activate(VDI).wait(60)


def read_only(story: Story) -> Story:
    """Attach the disk read-only and detach it again."""
    return story.activate(VDI, write=False).wait().deactivate(VDI).wait()


BOOT = "01:45:00 kernel: [    0.000000] Linux version 4.19.0+1 (root@builder) #1 SMP\n"


def test_log_marked_consistent_by_a_reader_after_a_crash_is_found() -> None:
    built = case(read_only(crashed())).kern_log(BOOT)
    (finding,) = built.examine(HIDDEN).findings
    assert {subject.uuid for subject in finding.subjects} == {VDI, SR}
    texts = [evidence.text for evidence in finding.evidence]
    assert any("Linux version" in text for text in texts)
    assert any("'-f', '1'" in text for text in texts)


def test_reader_beside_a_writer_that_lives_is_nothing() -> None:
    story = crashed()
    reader = read_only(Story(seconds=story.seconds, pid=7000))
    story.wait(300).deactivate(VDI).end()
    built = CaseBuilder().host().smlog(story.lines).host("saturn", SATURN).smlog(reader.lines)
    assert nothing(built.database(sr(kind="nfs"), vdi()).examine(HIDDEN))


def test_reader_while_nobody_knows_whether_the_writer_lived_is_a_gap() -> None:
    examined = case(read_only(crashed())).examine(HIDDEN)
    assert examined.findings == ()
    assert "nothing shows whether that session had crashed" in examined.gaps[0].why


def test_reader_of_a_disk_that_was_detached_is_nothing() -> None:
    story = Story().enable(VDI).wait().activate(VDI).wait().deactivate(VDI).wait(60)
    assert nothing(case(read_only(story)).kern_log(BOOT).examine(HIDDEN))


def test_writer_after_the_crash_is_the_business_of_another_rule() -> None:
    story = crashed().lose(VDI).wait()
    assert case(story).kern_log(BOOT).examine(HIDDEN).findings == ()


LATE_BOOT = BOOT.replace("01:45:00", "02:45:00")


def taken_after_a_crash() -> Story:
    """Return the story of a disk that is backed up before it is attached again after a crash."""
    story = Story().enable(VDI).wait().snapshot(VDI, N1).wait().activate(VDI).wait(60)
    return story.snapshot(VDI, N2).wait().compare(N1, N2).wait()


def test_snapshot_before_the_next_attach_hides_a_crash_from_comparisons() -> None:
    built = case(taken_after_a_crash(), snapshot(N1), snapshot(N2, "03:00:40")).kern_log(LATE_BOOT)
    (hidden,) = built.examine(HIDDEN).findings
    assert "by a snapshot" in hidden.title
    (short,) = built.examine(INCOMPLETE).findings
    assert (short.confidence, short.basis) == (Confidence.LIKELY, Basis.BOTH)
    assert f" to {N2}" in short.action[0].step
    assert any("Linux version" in evidence.text for evidence in short.evidence)


def test_snapshot_that_may_have_hidden_a_crash_lets_nothing_be_ruled_out() -> None:
    built = case(taken_after_a_crash(), snapshot(N1), snapshot(N2, "03:00:40"))
    for rule in (HIDDEN, INCOMPLETE):
        examined = built.examine(rule)
        assert examined.findings == ()
        assert "that session had crashed" in examined.gaps[0].why


def test_snapshot_that_found_the_disk_attached_tells_of_a_session_as_its_activation_does() -> None:
    story = taken_after_a_crash()
    cut = next(n for n, line in enumerate(story.text) if "vdi_activate" in line)
    story.text[cut:] = [line.replace("vdi_activate", "vdi_attach") for line in story.text[cut:]]
    assert case(story).kern_log(LATE_BOOT).examine(HIDDEN).findings == ()
    attached = f"Saving log consistency state of False for vdi: {VDI}"
    first = next(n for n, line in enumerate(story.text) if "consistency state of True" in line)
    story.text[first] = story.text[first].partition("Saving ")[0] + attached + "\n"
    (hidden,) = case(story).kern_log(LATE_BOOT).examine(HIDDEN).findings
    assert "was active read-write on jupiter at 20" in hidden.detail


def test_snapshot_of_a_disk_that_was_detached_in_order_hides_nothing() -> None:
    story = Story().enable(VDI).wait().snapshot(VDI, N1).wait().activate(VDI).wait()
    story.deactivate(VDI).wait(60).snapshot(VDI, N2).wait().compare(N1, N2)
    built = case(story, snapshot(N1), snapshot(N2, "03:00:40")).kern_log(LATE_BOOT)
    assert nothing(built.examine(HIDDEN))
    assert nothing(built.examine(INCOMPLETE))


def test_comparison_that_ends_at_a_log_left_in_use_is_not_ruled_out() -> None:
    story = Story().enable(VDI).wait().snapshot(VDI, N1).wait().activate(VDI).wait(60)
    examined = case(story.compare(N1, VDI), snapshot(N1)).kern_log(LATE_BOOT).examine(INCOMPLETE)
    assert examined.findings == ()
    assert "ended at a log that was marked as in use" in examined.gaps[0].why


SCAN = f"13:32:41 SM: [24517] sr_scan {{'sr_uuid': '{SR}', 'command': 'sr_scan'}}\n"
LOST = "13:32:42 SM: [24517] cbt_enabled False <> True\n"
CHANGED = f"13:32:43 SM: [24517] VDIs changed on disk: ['{VDI}']\n"
UPDATED = f"13:32:44 SM: [24517] Updating VDI with location={VDI} uuid={VDI}\n"


def test_scan_that_turned_cbt_off_is_found() -> None:
    built = CaseBuilder().host().smlog(SCAN + LOST + CHANGED + UPDATED)
    (finding,) = built.database(sr(), vdi(cbt_enabled=False)).examine(DISAGREES).findings
    assert "turned CBT off" in finding.title
    assert [evidence.text.split("] ")[1] for evidence in finding.evidence] == [
        "cbt_enabled False <> True",
        f"Updating VDI with location={VDI} uuid={VDI}",
    ]
    assert Goal.INCREMENTAL in finding.goals


def test_scan_that_turned_cbt_on_is_told_as_such() -> None:
    log = SCAN + LOST.replace("False <> True", "True <> False") + UPDATED
    (finding,) = CaseBuilder().host().smlog(log).database(sr(), vdi()).examine(DISAGREES).findings
    assert "turned CBT on" in finding.title


def test_disks_of_a_scan_are_told_apart_by_their_order() -> None:
    other = "13:32:42 SM: [24517] utilisation 8192 <> 4096\n"
    updates = UPDATED.replace(VDI, OTHER_VDI) + UPDATED
    built = CaseBuilder().host().smlog(SCAN + other + LOST + updates)
    (finding,) = built.database(sr(), vdi(cbt_enabled=False)).examine(DISAGREES).findings
    assert finding.subjects[0].uuid == VDI


def test_scan_whose_updates_were_not_all_read_is_a_gap() -> None:
    examined = CaseBuilder().host().smlog(SCAN + LOST).database(sr()).examine(DISAGREES)
    assert examined.findings == ()
    assert "cbt_enabled False <> True" in examined.gaps[0].why


def test_scan_during_a_disable_of_the_disk_is_no_disagreement() -> None:
    story = Story(seconds=13 * 3600 + 32 * 60, volumes=True)
    story.begin("vdi_disable_cbt", VDI)
    story.say(f"Unpause request for {VDI} secondary=None")
    built = CaseBuilder().host().smlog(story.lines + SCAN + LOST + UPDATED)
    assert nothing(built.database(sr(), vdi(cbt_enabled=False)).examine(DISAGREES))


def test_scan_that_changed_something_else_is_nothing() -> None:
    log = SCAN + "13:32:42 SM: [24517] utilisation 8192 <> 4096\n" + UPDATED
    assert nothing(CaseBuilder().host().smlog(log).database(sr(), vdi()).examine(DISAGREES))


def test_log_of_a_disk_that_has_cbt_off_is_found() -> None:
    built = CaseBuilder().host().lvs(lvs(f"VHD-{VDI}", f"{VDI}.cbtlog"))
    built = built.database(sr(), pbd(), vdi(cbt_enabled=False))
    (finding,) = built.examine(DISAGREES).findings
    assert "whose CBT log is there" in finding.title
    assert finding.basis is Basis.STATE


def test_log_that_a_list_misses_is_left_to_the_rule_about_missing_logs() -> None:
    built = CaseBuilder().host().lvs(lvs(f"VHD-{VDI}")).database(sr(), pbd(), vdi())
    assert built.examine(DISAGREES).findings == ()
    assert len(built.examine("cbt-log-missing").findings) == 1


def test_log_that_sm_removed_while_the_database_says_on_is_found_without_a_list() -> None:
    story = Story(volumes=True).enable(VDI).wait().lose(VDI)
    (finding,) = case(story).examine(DISAGREES).findings
    assert "whose CBT log was removed" in finding.title


def test_logs_in_a_circle_are_found_once() -> None:
    story = Story().enable(VDI).wait().snapshot(VDI, N1).wait().snapshot(VDI, N2).wait()
    story.begin("vdi_delete", N3)
    story.cbt("set", N2, "-c", N1)
    (finding,) = case(story).examine(CYCLE).findings
    assert finding.basis is Basis.STATE
    assert f"{N1} → {N2} → {N1}" in finding.detail


def test_comparison_that_reads_a_log_twice_is_found() -> None:
    story = Story()
    story.begin("vdi_list_changed_blocks", N1, ("OpaqueRef:x",))
    for uuid in (N2, N3, N2):
        story.say(f"DEBUG: Processing VDI {uuid} of size {SIZE}")
    (finding,) = case(story).examine(CYCLE).findings
    assert finding.subjects[0].uuid == N2
    assert finding.confidence is Confidence.CERTAIN


def test_chain_that_ends_is_no_circle() -> None:
    assert nothing(case(three()).examine(CYCLE))


def failed(path: str, stderr: str, times: int = 1) -> Story:
    """Return the story of a command that could not read a log, tried some times."""
    story = Story()
    story.begin("vdi_list_changed_blocks", N1, ("OpaqueRef:x",))
    for _ in range(times):
        story.run("/usr/sbin/cbt-util", "get", "-n", path, "-b", rc=5, stderr=stderr)
    return story


def test_log_that_could_not_be_read_twenty_times_is_likely_short() -> None:
    path = Story().path(VDI)
    story = failed(path, f"Failed to read bitmap from file {path}", 20)
    (finding,) = case(story).examine(SHORT).findings
    assert finding.confidence is Confidence.LIKELY
    assert "SM tried it 20 times" in finding.detail
    assert '"Connection timed out"' in finding.detail


def test_log_that_was_read_to_its_end_later_was_not_short() -> None:
    path = Story().path(VDI)
    story = failed(path, f"Failed to read bitmap from file {path}", 3)
    story.run("/usr/sbin/cbt-util", "get", "-n", path, "-b")
    assert nothing(case(story).examine(SHORT))


def test_header_that_was_read_later_does_not_make_a_log_long() -> None:
    path = Story().path(VDI)
    story = failed(path, f"Failed to read bitmap from file {path}", 3)
    story.run("/usr/sbin/cbt-util", "get", "-n", path, "-s")
    assert len(case(story).examine(SHORT).findings) == 1


def test_log_that_could_not_be_opened_is_not_short() -> None:
    path = Story().path(VDI)
    story = failed(path, f"Failed to open log file {path}. Input/output error")
    assert nothing(case(story).examine(SHORT))


def test_volume_that_could_not_be_read_is_a_gap() -> None:
    path = f"/dev/{GROUP}/{VDI}.cbtlog"
    examined = case(failed(path, f"Failed to read bitmap from file {path}")).examine(SHORT)
    assert examined.findings == ()
    assert VDI in examined.gaps[0].why


def test_bitmap_shorter_than_expected_is_certain() -> None:
    story = Story()
    story.begin("vdi_list_changed_blocks", N1, ("OpaqueRef:x",))
    story.say(f"DEBUG: Processing VDI {VDI} of size {SIZE}")
    story.say("Size of bitmap: 80")
    story.say("Size of bitmap 80 is less than expected size 163840")
    (finding,) = case(story).examine(SHORT).findings
    assert finding.confidence is Confidence.CERTAIN
    assert "error 459" in finding.detail


def test_file_shorter_than_its_disk_needs_may_be_the_log_of_a_smaller_size() -> None:
    built = CaseBuilder().host().listing(f"{VDI}.vhd", f"{VDI}.cbtlog")
    examined = built.database(sr(kind="nfs"), vdi()).examine(SHORT)
    assert examined.findings == ()
    assert "cbt-util get -s" in examined.gaps[0].settle_with


def test_short_file_in_a_listing_is_found() -> None:
    built = CaseBuilder().host().smlog(Story().enable(VDI).end().lines)
    built = built.listing(f"{VDI}.vhd", f"{VDI}.cbtlog")
    (finding,) = built.database(sr(kind="nfs"), vdi()).examine(SHORT).findings
    assert "has 4096 bytes and needs 20528" in finding.detail
    assert finding.basis is Basis.STATE


def test_file_that_is_long_enough_is_nothing() -> None:
    built = CaseBuilder().host().listing(f"{VDI}.vhd", f"{VDI}.cbtlog")
    rows = (sr(kind="nfs"), vdi(virtual_size=1 << 30))
    assert nothing(built.database(*rows).examine(SHORT))


def test_log_of_a_metadata_disk_is_not_measured_by_its_row() -> None:
    built = CaseBuilder().host().listing(f"{VDI}.cbtlog")
    assert nothing(built.database(sr(kind="nfs"), vdi(type="cbt_metadata")).examine(SHORT))


@pytest.mark.parametrize("header", [True, False])
def test_copy_of_a_log_that_is_cut_is_found(header: bool) -> None:
    file = CbtLogFile(
        source=Source(bundle="jupiter", member=f"{VDI}.cbtlog"),
        uuid=VDI,
        parent="",
        child="",
        consistent=1,
        size=SIZE,
        bitmap_bytes=100,
        expected_bytes=20480 if header else 0,
        bits=0,
        problem="the bitmap has 100 of 20480 bytes",
        header=header,
    )
    built = CaseBuilder().host().cbtlog(file)
    (finding,) = built.database(sr(kind="nfs"), vdi()).examine(SHORT).findings
    assert finding.confidence is Confidence.CERTAIN


def resized(size: int, before: Story | None = None) -> Story:
    """Return the story of a disk whose log could not follow a resize."""
    story = before or Story(volumes=True).enable(VDI).wait()
    story.begin("vdi_resize", VDI, (str(size),))
    path = story.path(VDI)
    argv = ("/usr/sbin/cbt-util", "set", "-n", path, "-s", str(size))
    story.run(*argv, rc=5, stderr=f"Failed to write CBT bitmap to file {path}")
    story.say(f"Resizing of CBT metadata for disk {VDI} failed.")
    return story


def test_resize_beyond_the_volume_of_the_log_is_found() -> None:
    (finding,) = case(resized(3 * TIB)).examine(GROW).findings
    assert finding.confidence is Confidence.CERTAIN
    assert "resized to 3 TiB" in finding.detail
    assert "with 4194304 bytes" in finding.detail
    assert Goal.INCREMENTAL in finding.goals


def test_resize_that_the_volume_had_room_for_failed_for_another_reason() -> None:
    assert nothing(case(resized(1 * TIB)).examine(GROW))


def test_resize_of_a_log_of_unknown_size_is_not_judged() -> None:
    assert case(resized(3 * TIB, Story(volumes=True))).examine(GROW).findings == ()


def test_volume_shorter_than_the_disk_needs_is_found() -> None:
    built = CaseBuilder().host().lvs(lvs(f"{VDI}.cbtlog")).database(sr(), vdi(virtual_size=3 * TIB))
    (finding,) = built.examine(GROW).findings
    assert finding.basis is Basis.STATE
    assert any("4.00m" in evidence.text for evidence in finding.evidence)


def test_volume_of_a_large_vhd_is_long_enough() -> None:
    rows = (sr(), vdi(virtual_size=2040 << 30))
    assert nothing(CaseBuilder().host().lvs(lvs(f"{VDI}.cbtlog")).database(*rows).examine(GROW))


def test_log_deleted_unseen_is_found_where_the_entry_does_not_name_the_type() -> None:
    story = three()
    story.begin("vdi_delete", N2)
    story.say("Kicking GC")
    story.logs.pop(N2)
    assert len(case(story).examine(UNLINKED).findings) == 1


def test_deletion_that_failed_unlinked_nothing() -> None:
    story = three()
    story.begin("vdi_delete", N2)
    story.say("Raising exception [80, Failed to mark VDI hidden]")
    story.say(
        "***** generic exception: vdi_delete: EXCEPTION <class 'xs_errors.SROSError'>, "
        "Failed to mark VDI hidden"
    )
    assert case(story).examine(UNLINKED).findings == ()


def test_coalesce_that_does_not_say_which_log_is_short_is_a_gap() -> None:
    story = Story()
    story.begin("vdi_delete", N1)
    paths = ("-p", story.path(N1), "-c", story.path(N2))
    story.run("/usr/sbin/cbt-util", "coalesce", *paths, rc=5, stderr="Failed to read bitmap")
    examined = case(story).examine(SHORT)
    assert examined.findings == ()
    assert f"{N1} or {N2}" in examined.gaps[0].why


def test_coalesce_that_names_the_log_is_about_that_one() -> None:
    story = Story()
    story.begin("vdi_delete", N1)
    paths = ("-p", story.path(N1), "-c", story.path(N2))
    stderr = f"Failed to read CBT metadata from file {story.path(N2)}, error Success"
    story.run("/usr/sbin/cbt-util", "coalesce", *paths, rc=5, stderr=stderr)
    (finding,) = case(story).examine(SHORT).findings
    assert finding.subjects[0].uuid == N2


def test_volume_is_sized_by_the_disk_where_its_making_was_not_logged() -> None:
    story = Story(volumes=True)
    story.begin("vdi_enable_cbt", VDI)
    story.cbt("create", VDI, "-s", str(500 << 30))
    resized(5 * TIB, story.wait())
    (finding,) = case(story).examine(GROW).findings
    assert finding.confidence is Confidence.LIKELY
    assert "with 8388608 bytes" in finding.detail


def test_log_made_around_the_time_of_the_report_is_not_judged() -> None:
    story = Story(volumes=True, seconds=19 * 3600 + 55 * 60).enable(VDI)
    built = CaseBuilder().host().lvs(lvs(f"VHD-{VDI}", f"{VDI}.cbtlog")).smlog(story.lines)
    built = built.database(sr(), pbd(), vdi(cbt_enabled=False))
    assert built.examine(DISAGREES).findings == ()


def test_row_with_an_operation_under_way_is_not_judged() -> None:
    built = CaseBuilder().host().lvs(lvs(f"VHD-{VDI}", f"{VDI}.cbtlog"))
    row = vdi(cbt_enabled=False, current_operations={"OpaqueRef:1": "enable_cbt"})
    assert nothing(built.database(sr(), pbd(), row).examine(DISAGREES))


def test_older_log_that_was_deleted_as_a_metadata_disk_before_is_no_trouble() -> None:
    # the log begins between two nights: nothing shows that the oldest one was a metadata disk
    story = three()
    story.begin("vdi_delete", N1)
    story.say("Kicking GC")
    story.logs.pop(N1)
    story.wait().delete(N2)
    assert nothing(case(story).examine(UNLINKED))


HIDDEN_SCAN = (
    SCAN
    + f"13:32:42 SM: [24517] utilisation 20992 <> 19456\n13:32:42 SM: [24517] VDIs changed on disk: ['{N1}']\n"
    f"13:32:42 SM: [24517] Updating VDI with location={N1} uuid={N1}\n"
)


def flag(value: str, disk: str = N1, time: str = "13:32:43") -> str:
    """Return the line of SM's own call that writes the flag."""
    return (
        f"{time} xapi: [ info||2075 HTTPS 127.0.0.1->:::80|VDI.set_cbt_enabled R:901a01d7c46b|audit]"
        f" VDI.set_cbt_enabled: VDI = '{disk}'; value = '{value}'\n"
    )


def test_scan_that_logged_another_difference_is_told_by_what_sm_wrote() -> None:
    flags = flag("true", time="12:00:00") + flag("false")
    built = CaseBuilder().host().smlog(HIDDEN_SCAN).xensource_log(flags)
    rows = (sr(), vdi(), snapshot(N1, "00:10:00", cbt_enabled=False))
    (finding,) = built.database(*rows).examine(DISAGREES).findings
    assert finding.subjects[0].uuid == N1
    assert any("set_cbt_enabled" in evidence.text for evidence in finding.evidence)
    assert not any("vdi-enable-cbt" in step.step for step in finding.action)


@pytest.mark.parametrize("value", ["true", "false"])
def test_update_that_writes_the_flag_as_it_was_is_nothing(value: str) -> None:
    flags = flag(value, time="12:00:00") + flag(value)
    built = CaseBuilder().host().smlog(HIDDEN_SCAN).xensource_log(flags)
    rows = (sr(), vdi(), snapshot(N1, "00:10:00", cbt_enabled=value == "true"))
    assert built.database(*rows).examine(DISAGREES).findings == ()


def test_flag_that_an_error_turned_off_is_no_scan() -> None:
    built = CaseBuilder().host().smlog(SCAN).xensource_log(flag("false"))
    assert nothing(built.database(sr(), vdi(cbt_enabled=False)).examine(DISAGREES))


def test_flag_of_a_disk_that_the_scan_did_not_update_is_no_scans() -> None:
    built = CaseBuilder().host().smlog(HIDDEN_SCAN).xensource_log(flag("false", VDI))
    assert built.database(sr(), vdi()).examine(DISAGREES).findings == ()


def test_scan_that_updated_a_size_alone_is_nothing() -> None:
    built = CaseBuilder().host().smlog(HIDDEN_SCAN).xensource_log(flag("false", VDI, "12:00:00"))
    assert nothing(built.database(sr(), vdi()).examine(DISAGREES))
