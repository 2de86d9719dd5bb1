import pytest

from analyzer.model.finding import Basis, Confidence
from analyzer.model.goal import Goal
from tests.checks.support import (
    GROUP,
    OTHER_VDI,
    SATURN,
    SNAPSHOT,
    SR,
    VDI,
    CaseBuilder,
    sr,
    vdi,
    vgs,
)

RULE = "cbt-disabled-no-space"
SIBLING = "cbt-disabled-snapshot-failed"

ENTERED = f"13:32:38 SM: [24517] vdi_snapshot {{'sr_uuid': '{SR}', 'vdi_uuid': '{VDI}', 'command': 'vdi_snapshot'}}\n"
RENAMED = (
    f"13:32:40 SM: [24517] ['/sbin/lvrename', '/dev/{GROUP}/{VDI}.cbtlog', '{SNAPSHOT}.cbtlog']\n"
    "13:32:40 SM: [24517]   pread SUCCESS\n"
)
RENAMED_FILE = f"13:32:40 SM: [24517] FileVDI._rename /var/run/sr-mount/{SR}/{VDI}.cbtlog to /var/run/sr-mount/{SR}/{SNAPSHOT}.cbtlog\n"
NO_SPACE = "13:32:41 SM: [24517] Not enough space! free space: 0, need: 4194304\n"
RAISED = "13:32:41 SM: [24517] Raising exception [44, There is insufficient space]\n"
FAILED = f"13:32:42 SM: [24517] Creating CBT metadata log for disk {VDI} failed.\n"
NOT_REFRESHED = f"13:32:42 SM: [24517] Creating CBT snapshot for {VDI} failed\n"
NO_SPACE_STORY = ENTERED + RENAMED + NO_SPACE + RAISED + FAILED
BODY = f"Creating CBT metadata log for disk {VDI} failed."
LOG = f"/var/run/sr-mount/{SR}/{VDI}.cbtlog"


def pread(code: int, stderr: str) -> str:
    """Return a failed command of the story's process."""
    return (
        f"13:32:41 SM: [24517] FAILED in util.pread: (rc {code}) stdout: '', stderr: '{stderr}'\n"
    )


def case(log: str) -> CaseBuilder:
    """Return a case of one host with that SMlog and one disk."""
    return CaseBuilder().host().smlog(log).database(sr(), vdi(cbt_enabled=False))


def test_full_volume_group_is_found_and_quotes_both_lines() -> None:
    (finding,) = case(NO_SPACE_STORY).examine(RULE).findings
    texts = [evidence.text for evidence in finding.evidence]
    assert any("Creating CBT metadata log" in text for text in texts)
    assert any("free space: 0, need: 4194304" in text for text in texts)


def test_what_was_free_and_needed_is_told_in_words() -> None:
    (finding,) = case(NO_SPACE_STORY).examine(RULE).findings
    assert "had 0 bytes free and the log needed 4 MiB" in finding.detail


def test_symptom_alone_is_certain_because_the_line_is_unambiguous() -> None:
    (finding,) = case(NO_SPACE_STORY).examine(RULE).findings
    assert (finding.confidence, finding.basis) == (Confidence.CERTAIN, Basis.SYMPTOM)


def test_subjects_are_the_disk_and_its_repository() -> None:
    (finding,) = case(NO_SPACE_STORY).examine(RULE).findings
    assert [(s.type, s.uuid, s.name) for s in finding.subjects] == [
        ("VDI", VDI, "web-01 0"),
        ("SR", SR, "tank"),
    ]


def test_steps_name_the_disk_and_the_volume_group() -> None:
    (finding,) = case(NO_SPACE_STORY).examine(RULE).findings
    steps = [step.step for step in finding.action]
    assert f"vgs {GROUP}" in steps[0]
    assert Goal.INCREMENTAL in finding.goals


def test_disk_that_has_cbt_again_is_not_to_be_enabled() -> None:
    built = CaseBuilder().host().smlog(NO_SPACE_STORY).database(sr(), vdi())
    (finding,) = built.examine(RULE).findings
    assert "CBT was on again" in finding.detail
    assert not any("vdi-enable-cbt" in step.step for step in finding.action)


def test_repository_is_taken_from_the_log_without_a_database() -> None:
    (finding,) = CaseBuilder().host().smlog(NO_SPACE_STORY).examine(RULE).findings
    assert finding.subjects[1].uuid == SR


def test_disk_that_is_gone_is_told_so() -> None:
    built = CaseBuilder().host().smlog(NO_SPACE_STORY).database(sr())
    (finding,) = built.examine(RULE).findings
    assert "no longer in the database" in finding.detail


def test_full_group_now_supports_the_finding() -> None:
    (finding,) = case(NO_SPACE_STORY).vgs(vgs("0 ")).examine(RULE).findings
    assert finding.basis is Basis.BOTH
    assert any("wz--n-" in evidence.text for evidence in finding.evidence)


def test_group_with_room_now_changes_nothing() -> None:
    (finding,) = case(NO_SPACE_STORY).vgs(vgs("20.00g")).examine(RULE).findings
    assert finding.basis is Basis.SYMPTOM


def test_hosts_that_disagree_about_free_space_support_nothing() -> None:
    built = case(NO_SPACE_STORY).vgs(vgs("0 ")).host("saturn", SATURN).vgs(vgs("20.00g"))
    (finding,) = built.examine(RULE).findings
    assert finding.basis is Basis.SYMPTOM


def test_full_group_alone_is_nothing() -> None:
    examined = case("").vgs(vgs("0 ")).examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


@pytest.mark.parametrize(
    "reason",
    [
        pread(28, f"Failed to open log file {LOG}. No space left on device"),
        pread(5, '  Volume group "VG" has insufficient free space (0 extents): 1 required.'),
        RAISED,
    ],
)
def test_other_words_for_no_space_are_understood(reason: str) -> None:
    (finding,) = case(ENTERED + RENAMED_FILE + reason + FAILED).examine(RULE).findings
    assert finding.confidence is Confidence.CERTAIN


def test_failure_to_take_the_snapshot_itself_is_not_about_cbt() -> None:
    log = ENTERED + f"13:32:39 SM: [24517] LVHDVDI._snapshot for {VDI} (type 2)\n" + NO_SPACE
    examined = case(log).examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


def test_no_space_while_cbt_was_turned_on_is_another_rule() -> None:
    log = f"13:32:38 SM: [24517] vdi_enable_cbt {{'vdi_uuid': '{VDI}'}}\n" + NO_SPACE + RAISED
    assert case(log).examine(RULE).findings == ()


def test_line_of_another_process_is_no_reason() -> None:
    log = ENTERED + RENAMED + NO_SPACE.replace("24517", "24518") + FAILED
    assert case(log).examine(RULE).findings == ()


def test_line_before_the_command_began_is_no_reason() -> None:
    log = NO_SPACE.replace("13:32:41", "13:31:00") + ENTERED + RENAMED + FAILED
    assert case(log).examine(RULE).findings == ()


def test_line_before_the_cbt_part_of_the_snapshot_is_no_reason() -> None:
    log = ENTERED + NO_SPACE.replace("13:32:41", "13:32:39") + RENAMED + FAILED
    assert case(log).examine(RULE).findings == ()


def test_process_id_that_came_back_hours_later_is_no_reason() -> None:
    examined = case(NO_SPACE.replace("13:32:41", "09:00:00") + FAILED).examine(RULE)
    assert examined.findings == ()


def test_line_after_the_failure_is_no_reason() -> None:
    log = ENTERED + RENAMED + FAILED + NO_SPACE.replace("13:32:41", "13:32:42")
    assert case(log).examine(RULE).findings == ()


def test_reason_in_the_file_before_the_rotation_is_found() -> None:
    built = (
        CaseBuilder()
        .host()
        .smlog(ENTERED + RENAMED + NO_SPACE, "var/log/SMlog.1")
        .smlog(FAILED)
        .database(sr(), vdi())
    )
    assert len(built.examine(RULE).findings) == 1


def test_several_nights_of_one_disk_are_one_finding() -> None:
    later = NO_SPACE_STORY.replace("13:32:", "18:32:").replace("24517", "1234")
    (finding,) = case(NO_SPACE_STORY + later).examine(RULE).findings
    assert finding.count == 2
    assert "happened 2 times" in finding.detail


def test_two_disks_are_two_findings() -> None:
    other = NO_SPACE_STORY.replace(VDI, OTHER_VDI).replace("24517", "24600")
    assert len(case(NO_SPACE_STORY + other).examine(RULE).findings) == 2


def test_two_reports_of_one_host_count_once() -> None:
    built = (
        CaseBuilder()
        .host(bundle="first")
        .smlog(NO_SPACE_STORY)
        .host(bundle="second")
        .smlog(NO_SPACE_STORY)
    )
    (finding,) = built.examine(RULE).findings
    assert finding.count == 1


def test_alert_of_the_failure_is_quoted_not_counted() -> None:
    built = case(NO_SPACE_STORY).alert("VDI_CBT_SNAPSHOT_FAILED", VDI, "13:32:43", BODY)
    (finding,) = built.examine(RULE).findings
    assert finding.count == 1
    assert any("<message>" in evidence.text for evidence in finding.evidence)
    assert built.examine(SIBLING).findings == ()


def test_healthy_snapshot_is_ruled_out() -> None:
    examined = case(ENTERED + RENAMED).examine(RULE)
    assert (examined.findings, examined.gaps, examined.not_applicable) == ((), (), "")


def test_reason_not_read_is_a_gap_that_says_what_would_settle_it() -> None:
    (gap,) = case(FAILED).examine(RULE).gaps
    assert VDI in gap.why
    assert VDI in gap.settle_with


def test_alert_alone_is_a_gap_here_and_a_finding_of_the_sibling() -> None:
    built = case("").alert("VDI_CBT_SNAPSHOT_FAILED", VDI, "13:32:43", BODY)
    assert len(built.examine(RULE).gaps) == 1
    (finding,) = built.examine(SIBLING).findings
    assert finding.confidence is Confidence.POSSIBLE
    assert "no space in SR tank" in finding.detail


def test_log_cut_short_on_a_file_system_that_is_full_now_is_likely_space() -> None:
    log = ENTERED + RENAMED_FILE + pread(5, f"Failed to read CBT metadata from file {LOG}") + FAILED
    built = CaseBuilder().host().smlog(log).database(sr(kind="ext"), vdi())
    (finding,) = built.mount(f"/run/sr-mount/{SR}", 0).examine(RULE).findings
    assert (finding.confidence, finding.basis) == (Confidence.LIKELY, Basis.BOTH)


def test_log_cut_short_without_a_full_file_system_is_left_to_the_sibling() -> None:
    log = ENTERED + RENAMED_FILE + pread(5, f"Failed to read CBT metadata from file {LOG}") + FAILED
    built = CaseBuilder().host().smlog(log).database(sr(kind="ext"), vdi())
    built = built.mount(f"/run/sr-mount/{SR}", 10 << 30)
    assert built.examine(RULE).findings == ()
    assert "df" in built.examine(RULE).gaps[0].settle_with
    assert len(built.examine(SIBLING).findings) == 1


def test_volume_that_gives_errors_is_never_want_of_space() -> None:
    path = f"/dev/{GROUP}/{VDI}.cbtlog"
    log = ENTERED + RENAMED + pread(5, f"Failed to read CBT metadata from file {path}") + FAILED
    assert case(log).vgs(vgs("0 ")).examine(RULE).findings == ()


def test_read_only_storage_is_the_siblings_and_named() -> None:
    log = (
        ENTERED
        + RENAMED_FILE
        + pread(30, f"Failed to open log file {LOG}. Read-only file system")
        + FAILED
    )
    built = case(log)
    assert built.examine(RULE).findings == ()
    assert built.examine(RULE).gaps == ()
    (finding,) = built.examine(SIBLING).findings
    assert "Read-only file system" in finding.detail
    assert finding.confidence is Confidence.CERTAIN


def test_command_that_names_no_log_is_only_likely_the_reason() -> None:
    log = ENTERED + RENAMED + pread(5, "  Connection to lvmetad failed.") + FAILED
    (finding,) = case(log).examine(SIBLING).findings
    assert finding.confidence is Confidence.LIKELY


def test_error_that_sm_builds_and_catches_is_no_reason() -> None:
    noise = "13:32:41 SM: [24517] Raising exception [46, The VDI is not available [opterr=LV not found]]\n"
    (finding,) = case(ENTERED + RENAMED + noise + FAILED).examine(SIBLING).findings
    assert finding.confidence is Confidence.POSSIBLE


def test_other_exception_is_named() -> None:
    raised = "13:32:41 SM: [24517] Raising exception [58, Logical Volume request must come from master]\n"
    (finding,) = case(ENTERED + RENAMED + raised + FAILED).examine(SIBLING).findings
    assert "must come from master" in finding.detail


def test_refresh_that_failed_on_another_host_names_that_host() -> None:
    built = case(ENTERED + RENAMED + NOT_REFRESHED).host("saturn", SATURN)
    built = built.smlog("13:32:41 SM: [9120] on-slave.refresh failed\n")
    (finding,) = built.examine(SIBLING).findings
    assert "on saturn" in finding.detail


def test_refresh_takes_the_nearest_action_that_a_clone_asks_for() -> None:
    built = case(ENTERED + RENAMED + NOT_REFRESHED).host("saturn", SATURN)
    built = built.smlog(
        "13:31:40 SM: [9110] on-slave.activate failed\n13:32:00 SM: [9115] on-slave.refresh failed\n"
        "13:32:41 SM: [9120] on-slave.deactivateNoRefcount failed\n"
    )
    (finding,) = built.examine(SIBLING).findings
    assert [evidence.text for evidence in finding.evidence if "on-slave" in evidence.text] == [
        "Jun 10 13:32:41 saturn SM: [9120] on-slave.deactivateNoRefcount failed"
    ]


def test_refresh_that_failed_for_unread_reasons_lists_the_causes() -> None:
    (finding,) = case(ENTERED + RENAMED + NOT_REFRESHED).examine(SIBLING).findings
    assert finding.confidence is Confidence.POSSIBLE


def test_both_sentences_of_one_command_are_one_failure() -> None:
    (finding,) = case(NO_SPACE_STORY + NOT_REFRESHED).examine(RULE).findings
    assert finding.count == 1
    assert case(NO_SPACE_STORY + NOT_REFRESHED).examine(SIBLING).findings == ()


def test_repository_that_nothing_names_has_to_be_found_first() -> None:
    built = CaseBuilder().host().smlog(NO_SPACE + FAILED)
    (finding,) = built.examine(RULE).findings
    assert [subject.type for subject in finding.subjects] == ["VDI"]
    assert VDI in finding.action[0].step


def test_database_that_does_not_say_whether_cbt_is_on_is_not_quoted() -> None:
    built = CaseBuilder().host().smlog(NO_SPACE_STORY).database(sr(), vdi(cbt_enabled=None))
    (finding,) = built.examine(RULE).findings
    assert "When the database was written" not in finding.detail


def test_file_repository_is_looked_at_with_df() -> None:
    reason = pread(28, f"Failed to open log file {LOG}. No space left on device")
    built = CaseBuilder().host().smlog(ENTERED + RENAMED_FILE + reason + FAILED)
    (finding,) = built.database(sr(kind="ext"), vdi()).examine(RULE).findings
    assert f"df -h /run/sr-mount/{SR}" in finding.action[0].step
    assert "was left" in finding.detail


def test_disk_of_unknown_size_needs_an_extent() -> None:
    built = CaseBuilder().host().smlog(ENTERED + RENAMED + RAISED + FAILED)
    (finding,) = built.database(sr(), vdi(virtual_size=None)).examine(RULE).findings
    assert "at least 4 MiB" in finding.action[0].step


def test_evidence_of_many_nights_is_the_last_with_the_ends_of_the_others() -> None:
    nights = "".join(
        NO_SPACE_STORY.replace("13:32:", f"{hour}:32:").replace("24517", f"24{hour}")
        for hour in range(10, 20)
    )
    (finding,) = case(nights).examine(RULE).findings
    assert finding.count == 10
    assert len(finding.evidence) <= 8


def test_second_alert_of_a_disk_is_a_second_failure() -> None:
    built = (
        case(FAILED)
        .alert("VDI_CBT_SNAPSHOT_FAILED", VDI, "13:32:43", BODY)
        .alert("VDI_CBT_SNAPSHOT_FAILED", VDI, "18:00:00", BODY, uuid=OTHER_VDI)
    )
    (finding,) = built.examine(SIBLING).findings
    assert finding.count == 2


def test_absurdly_long_number_does_no_harm() -> None:
    reason = NO_SPACE.replace("4194304", "9" * 6000)
    assert len(case(ENTERED + RENAMED + reason + FAILED).examine(RULE).findings) == 1
