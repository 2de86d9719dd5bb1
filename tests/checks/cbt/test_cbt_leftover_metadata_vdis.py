"""Only metadata disks that certainly lead nowhere are told; the base of a backup never is."""

from dataclasses import replace

from analyzer.model.finding import Basis, Severity, Verdict
from analyzer.model.xapi import Vdi
from analyzer.rules.load import load_catalogue
from tests.checks.chain_story import Story
from tests.checks.support import OTHER_VDI, SNAPSHOT, SR, VDI, CaseBuilder, sr, vdi
from tests.support.judging import World, whole

RULE = "cbt-leftover-metadata-vdis"
OF = f"OpaqueRef:{VDI}"
GONE = "OpaqueRef:0f0e0d0c-1111-4222-8333-445566778899"


def metadata(uuid: str = SNAPSHOT, of: str | None = OF, **fields: object) -> Vdi:
    known: dict[str, object] = {
        "type": "cbt_metadata",
        "is_a_snapshot": True,
        "snapshot_time": "20240609T01:00:00Z",
    }
    row = vdi(uuid, **{**known, **fields})
    pointer = f' snapshot_of="{of or "OpaqueRef:NULL"}"/>'
    return replace(row, snapshot_of=of, written=row.written.replace("/>", pointer))


def case(*rows: Vdi, kind: str = "lvmoiscsi", complete: bool = True) -> CaseBuilder:
    return CaseBuilder().host().database(sr(kind=kind), *rows, complete=complete)


def logged(story: Story, *rows: Vdi) -> CaseBuilder:
    return case(*rows, kind="nfs").smlog(story.end().lines)


def test_base_of_the_next_incremental_is_sound() -> None:
    assert not case(vdi(), metadata()).examine(RULE).findings


def test_bases_of_several_jobs_are_sound() -> None:
    rows = [metadata(f"91c3e5d0-7a41-4f0e-8f6b-55d1c0b7a2{n}") for n in range(10, 15)]
    examined = case(vdi(), *rows).examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


def test_metadata_of_a_disk_that_is_gone_is_left_over() -> None:
    (finding,) = case(vdi(OTHER_VDI), metadata(of=GONE)).examine(RULE).findings
    assert (finding.severity, finding.basis) == (Severity.INFO, Basis.STATE)
    assert {s.uuid for s in finding.subjects} == {SNAPSHOT, SR}
    assert "2024-06-09 01:00:00 UTC" in finding.detail
    assert any(f"vdi-destroy uuid={SNAPSHOT}" in step.step for step in finding.action)


def test_metadata_that_a_snapshot_of_a_disk_that_is_gone_can_be_compared_with_is_needed() -> None:
    kept = vdi(OTHER_VDI, is_a_snapshot=True, snapshot_of=GONE)
    examined = case(kept, metadata(of=GONE)).examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


def test_disk_that_was_forgotten_and_found_again_still_needs_its_metadata() -> None:
    story = Story().enable(VDI).wait().snapshot(VDI, SNAPSHOT).wait()
    assert not logged(story, vdi(), metadata(of=GONE)).examine(RULE).findings


def test_end_of_a_chain_that_an_unread_log_may_have_changed_is_a_gap() -> None:
    story = Story().enable(VDI).wait().snapshot(VDI, SNAPSHOT).wait().disable(VDI).wait()
    builder = logged(story, vdi(cbt_enabled=False), metadata(of=None)).without("smlog")
    examined = builder.examine(RULE)
    assert examined.findings == ()
    assert SNAPSHOT in examined.gaps[0].why


def test_disk_that_may_be_in_the_unread_part_is_not_gone() -> None:
    assert not case(metadata(of=GONE), complete=False).examine(RULE).findings


def test_base_whose_snapshot_may_be_in_the_unread_part_is_no_leftover() -> None:
    rows = vdi(cbt_enabled=False), metadata(of=VDI)
    assert case(*rows).examine(RULE).findings
    assert not case(*rows, complete=False).examine(RULE).findings


def test_deletion_on_a_file_sr_has_its_own_risk() -> None:
    (finding,) = case(metadata(of=GONE), kind="nfs").examine(RULE).findings
    assert any("its log is not joined" in step.lost for step in finding.action)


def test_metadata_of_a_disk_without_cbt_is_left_over() -> None:
    (finding,) = case(vdi(cbt_enabled=False), metadata()).examine(RULE).findings
    assert "no CBT any more" in finding.title


def test_metadata_that_an_old_snapshot_can_be_compared_with_is_not() -> None:
    other = vdi(OTHER_VDI, is_a_snapshot=True, snapshot_of=OF)
    assert not case(vdi(cbt_enabled=False), metadata(), other).examine(RULE).findings


def test_disk_whose_cbt_is_being_turned_on_counts_as_tracked() -> None:
    live = vdi(cbt_enabled=False, current_operations={"OpaqueRef:task": "enable_cbt"})
    assert not case(live, metadata()).examine(RULE).findings


def test_disk_whose_data_is_being_destroyed_is_left_alone() -> None:
    row = metadata(of=GONE, current_operations={"OpaqueRef:task": "data_destroy"})
    assert not case(row).examine(RULE).findings


def test_metadata_that_names_no_disk_is_a_gap_without_its_pointer() -> None:
    examined = case(vdi(), metadata(of=None)).examine(RULE)
    assert examined.findings == ()
    assert (
        f"cbt-util get -c -n /dev/VG_XenStorage-{SR}/{SNAPSHOT}.cbtlog"
        in examined.gaps[0].settle_with
    )


def test_row_that_does_not_show_its_disk_says_nothing() -> None:
    row = replace(metadata(of=None), written=f'<row uuid="{SNAPSHOT}"/>')
    examined = case(vdi(), row).examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


def test_chain_that_leads_to_a_live_disk_is_needed() -> None:
    story = Story().enable(VDI).wait().snapshot(VDI, SNAPSHOT).wait()
    examined = logged(story, vdi(), metadata(of=None)).examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


def test_chain_that_leads_over_other_metadata_is_followed() -> None:
    story = Story().enable(VDI).wait().snapshot(VDI, SNAPSHOT).wait().snapshot(VDI, OTHER_VDI)
    rows = (vdi(), metadata(of=None), metadata(OTHER_VDI, of=None))
    examined = logged(story.wait(), *rows).examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


def test_chain_that_ends_is_left_over() -> None:
    story = Story().enable(VDI).wait().snapshot(VDI, SNAPSHOT).wait().disable(VDI).wait()
    (finding,) = logged(story, vdi(cbt_enabled=False), metadata(of=None)).examine(RULE).findings
    assert "leads to no disk" in finding.title
    assert finding.basis is Basis.BOTH


def test_chain_that_leads_to_a_disk_that_is_gone_is_left_over() -> None:
    story = Story().enable(VDI).wait().snapshot(VDI, SNAPSHOT).wait().delete(VDI).wait()
    (finding,) = logged(story, metadata(of=None)).examine(RULE).findings
    assert "leads to no disk" in finding.title


def test_log_kept_by_a_deletion_is_an_orphan() -> None:
    story = Story().enable(VDI).wait().snapshot(VDI, SNAPSHOT).wait()
    story.begin("vdi_delete", SNAPSHOT)
    story.say("Exception in coalescing bitmaps on VDI delete, restoring to previous state")
    (finding,) = logged(story.wait(), vdi(), metadata(of=None)).examine(RULE).findings
    assert "interrupted operation" in finding.title
    assert any("restoring to previous state" in each.text for each in finding.evidence)


def test_line_of_a_later_process_with_the_same_pid_is_not_of_the_deletion() -> None:
    text = f"""
    13:00:00 SM: [24517] vdi_delete {{'args': [], 'vdi_uuid': '{SNAPSHOT}', 'sr_uuid': '{SR}', 'command': 'vdi_delete'}}
    18:00:01 SM: [24517] Exception in coalescing bitmaps on VDI delete, restoring to previous state
    """
    assert not case(vdi(), metadata()).smlog(text).examine(RULE).findings


def test_log_renamed_by_a_snapshot_that_was_undone_is_an_orphan() -> None:
    group = f"/dev/VG_XenStorage-{SR}"
    text = f"""
    13:00:00 SM: [24517] vdi_snapshot {{'args': [], 'vdi_uuid': '{VDI}', 'sr_uuid': '{SR}', 'command': 'vdi_snapshot'}}
    13:00:01 SM: [24517] ['/sbin/lvrename', '{group}/{VDI}.cbtlog', '{SNAPSHOT}.cbtlog']
    13:00:01 SM: [24517]   pread SUCCESS
    13:00:02 SM: [24517] ***** generic exception: vdi_snapshot: EXCEPTION <class 'xs_errors.SROSError'>, Failed to snapshot VDI
    """
    (finding,) = case(vdi(), metadata(of=None)).smlog(text).examine(RULE).findings
    assert "interrupted operation" in finding.title


def test_snapshot_that_ended_well_leaves_no_orphan() -> None:
    story = Story(volumes=True).enable(VDI).wait().snapshot(VDI, SNAPSHOT).wait()
    assert not case(vdi(), metadata()).smlog(story.lines).examine(RULE).findings


def test_call_on_another_sr_leaves_nothing_here() -> None:
    text = f"""
    13:00:00 SM: [24517] vdi_delete {{'args': [], 'vdi_uuid': '{SNAPSHOT}', 'sr_uuid': '{OTHER_VDI}', 'command': 'vdi_delete'}}
    13:00:01 SM: [24517] Exception in coalescing bitmaps on VDI delete, restoring to previous state
    """
    assert not case(vdi(), metadata()).smlog(text).examine(RULE).findings


def test_chain_that_leads_to_nothing_that_was_ever_seen_is_left_over() -> None:
    pointer = f"['/usr/sbin/cbt-util', 'set', '-n', '/dev/VG_XenStorage-{SR}/{SNAPSHOT}.cbtlog', '-c', '{OTHER_VDI}']"
    text = f"""
    13:00:00 SM: [24517] vdi_delete {{'args': [], 'vdi_uuid': '{OTHER_VDI}', 'sr_uuid': '{SR}', 'command': 'vdi_delete'}}
    13:00:01 SM: [24517] {pointer}
    13:00:01 SM: [24517]   pread SUCCESS
    """
    (finding,) = case(vdi(), metadata(of=None)).smlog(text).examine(RULE).findings
    assert f"leads to {OTHER_VDI}, which is not there" in finding.detail


def test_long_inventory_is_cut() -> None:
    rows = [metadata(f"91c3e5d0-7a41-4f0e-8f6b-55d1c0b7a2{n}", of=GONE) for n in range(10, 22)]
    (finding,) = case(*rows).examine(RULE).findings
    assert finding.count == 12
    assert "and 2 more" in finding.detail


def test_sound_pool_is_ruled_out() -> None:
    assert whole().judge(load_catalogue(), RULE).verdict is Verdict.RULED_OUT


def test_without_a_database_nobody_can_tell() -> None:
    assert World().judge(load_catalogue(), RULE).verdict is Verdict.CANNOT_TELL
