import pytest

from analyzer.model.finding import Basis, Confidence, Severity
from tests.checks.support import (
    CAPTURED,
    GROUP,
    HEADER,
    JUPITER,
    OTHER_VDI,
    SATURN,
    SNAPSHOT,
    SR,
    VDI,
    CaseBuilder,
    lvs,
    pbd,
    sr,
    vdi,
)

RULE = "cbt-log-missing"
VOLUME = f"VHD-{VDI}"
LOG = f"{VDI}.cbtlog"
IMAGE = f"{VDI}.vhd"
NOT_FOUND = f"13:32:41 SM: [24517] FAILED in util.pread: (rc 2) stdout: '', stderr: 'Failed to open log file /dev/{GROUP}/{LOG}. No such file or directory\n13:32:41 SM: [24517] '\n"
NOT_FOUND_FILE = f"13:32:41 SM: [24517] FAILED in util.pread: (rc 2) stdout: '', stderr: 'Failed to open log file /run/sr-mount/{SR}/{LOG}. No such file or directory'\n"
NOT_ACTIVATED = "13:32:40 SM: [24517] Exception in _activate_cbt_log, Error: Command failed.\n"
MADE = f"14:00:00 SM: [25000] ['/usr/sbin/cbt-util', 'create', '-n', '/dev/{GROUP}/{LOG}', '-s', '10737418240']\n"
BOTH_HOSTS = ((JUPITER, "jupiter"), (SATURN, "saturn"))


def volumes(*names: str) -> CaseBuilder:
    """Return a case whose host sees these volumes, with one disk that has CBT."""
    return CaseBuilder().host().lvs(lvs(*names)).database(sr(), pbd(), vdi())


def files() -> CaseBuilder:
    """Return a case with one disk on a file-based SR."""
    return CaseBuilder().host().database(sr(kind="ext"), pbd(), vdi())


def test_log_without_volume_is_found() -> None:
    (finding,) = volumes(VOLUME).examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.STATE, Confidence.LIKELY)


def test_evidence_is_the_row_the_header_and_the_disks_own_volume() -> None:
    (finding,) = volumes(VOLUME).examine(RULE).findings
    texts = [evidence.text for evidence in finding.evidence]
    assert 'cbt_enabled="true"' in texts[0]
    assert texts[1] == HEADER
    assert VOLUME in texts[2]


def test_subjects_are_the_disk_and_its_repository() -> None:
    (finding,) = volumes(VOLUME).examine(RULE).findings
    assert [(s.type, s.uuid) for s in finding.subjects] == [("VDI", VDI), ("SR", SR)]


def test_log_that_is_there_is_ruled_out() -> None:
    examined = volumes(VOLUME, LOG).examine(RULE)
    assert (examined.findings, examined.gaps, examined.not_applicable) == ((), (), "")


def test_each_missing_log_is_a_finding() -> None:
    built = CaseBuilder().host().lvs(lvs(VOLUME)).database(sr(), pbd(), vdi(), vdi(OTHER_VDI))
    assert len(built.examine(RULE).findings) == 2


def test_symptom_and_state_together_are_certain() -> None:
    (finding,) = volumes(VOLUME).smlog(NOT_FOUND).examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.BOTH, Confidence.CERTAIN)


@pytest.mark.parametrize(
    ("row", "steps"),
    [
        (vdi(), 0),
        (vdi(is_a_snapshot=True), 1),
        (vdi(type="cbt_metadata", is_a_snapshot=True), 0),
    ],
)
def test_data_of_a_snapshot_alone_is_to_be_left(row: object, steps: int) -> None:
    built = CaseBuilder().host().lvs(lvs("MGT")).database(sr(), pbd(), row)  # type: ignore[arg-type]  # parametrized
    (finding,) = built.examine(RULE).findings
    assert len(finding.action) == steps
    assert not any("{" in step.step for step in finding.action)


def test_cut_list_of_volumes_concludes_nothing() -> None:
    built = CaseBuilder().host().lvs(lvs(VOLUME) + "\n** timeout **\n")
    examined = built.database(sr(), pbd(), vdi()).examine(RULE)
    assert examined.findings == ()
    assert examined.gaps[0].need == "lvs"


def test_empty_list_of_volumes_concludes_nothing() -> None:
    examined = CaseBuilder().host().lvs("").database(sr(), pbd(), vdi()).examine(RULE)
    assert (examined.findings, len(examined.gaps)) == ((), 1)


def test_no_list_of_volumes_concludes_nothing() -> None:
    examined = CaseBuilder().host().database(sr(), pbd(), vdi()).examine(RULE)
    assert examined.findings == ()
    assert "no lvs.out" in examined.gaps[0].why


def test_group_that_the_host_did_not_see_concludes_nothing() -> None:
    other = lvs(VOLUME, group="VG_XenStorage-11111111-2222-4333-8444-555555555555")
    examined = CaseBuilder().host().lvs(other).database(sr(), pbd(), vdi()).examine(RULE)
    assert examined.findings == ()
    assert "did not see" in examined.gaps[0].why


@pytest.mark.parametrize("attached", [False, None])
def test_unplugged_repository_concludes_nothing(attached: bool | None) -> None:
    built = CaseBuilder().host().lvs(lvs(VOLUME))
    examined = built.database(sr(), pbd(attached=attached), vdi()).examine(RULE)
    assert examined.findings == ()
    assert "plugged on no host" in examined.gaps[0].why


def test_local_repository_of_a_host_that_was_not_given_names_that_host() -> None:
    built = CaseBuilder().host().lvs(lvs("root", group="vg0"))
    examined = built.database(sr(), pbd(SATURN), vdi(), hosts=BOTH_HOSTS).examine(RULE)
    assert "saturn" in examined.gaps[0].settle_with


def test_hosts_that_disagree_conclude_nothing() -> None:
    built = CaseBuilder().host().lvs(lvs(VOLUME)).host("saturn", SATURN).lvs(lvs(VOLUME, LOG))
    built = built.database(sr(), pbd(), pbd(SATURN), vdi(), hosts=BOTH_HOSTS)
    examined = built.examine(RULE)
    assert examined.findings == ()
    assert "another one does not" in examined.gaps[0].why


def test_newer_report_of_a_host_counts() -> None:
    built = CaseBuilder().host(bundle="new").lvs(lvs(VOLUME, LOG))
    built = built.host(bundle="old", captured=CAPTURED.replace(hour=9)).lvs(lvs(VOLUME))
    examined = built.database(sr(), pbd(), vdi()).examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


def test_volume_seen_in_another_group_is_not_the_log() -> None:
    text = lvs(VOLUME) + f"  {LOG} VG_other -wi------- 4.00m\n"
    built = CaseBuilder().host().lvs(text).database(sr(), pbd(), vdi())
    assert len(built.examine(RULE).findings) == 1


def test_operation_under_way_on_the_disk_concludes_nothing() -> None:
    row = vdi(current_operations={"OpaqueRef:1": "snapshot"})
    examined = CaseBuilder().host().lvs(lvs(VOLUME)).database(sr(), pbd(), row).examine(RULE)
    assert (examined.findings, len(examined.gaps)) == ((), 1)


def test_operation_under_way_on_the_repository_concludes_nothing() -> None:
    row = sr(current_operations={"OpaqueRef:1": "vdi_enable_cbt"})
    examined = CaseBuilder().host().lvs(lvs(VOLUME)).database(row, pbd(), vdi()).examine(RULE)
    assert (examined.findings, len(examined.gaps)) == ((), 1)


@pytest.mark.parametrize(
    "line",
    [
        f"['/sbin/lvremove', '-f', '/dev/{GROUP}/{LOG}']",
        f"['/sbin/lvcreate', '-n', '{LOG}', '-L', '4', '{GROUP}']",
        f"['/sbin/lvrename', '/dev/{GROUP}/{LOG}', '{SNAPSHOT}.cbtlog']",
        f"['/sbin/lvrename', '/dev/{GROUP}/{SNAPSHOT}.cbtlog', '{LOG}']",
        f"vdi_disable_cbt {{'sr_uuid': '{SR}', 'vdi_uuid': '{VDI}'}}",
        f"Changed Block Tracking metadata is inconsistent for disk {VDI}.",
    ],
)
def test_log_that_changed_while_the_report_was_made_concludes_nothing(line: str) -> None:
    examined = volumes(VOLUME).smlog(f"19:58:00 SM: [24517] {line}\n").examine(RULE)
    assert (examined.findings, len(examined.gaps)) == ((), 1)


def test_log_that_changed_long_before_is_found_missing() -> None:
    log = f"09:00:00 SM: [24517] ['/sbin/lvcreate', '-n', '{LOG}', '-L', '4', '{GROUP}']\n"
    assert len(volumes(VOLUME).smlog(log).examine(RULE).findings) == 1


def test_report_of_unknown_time_concludes_nothing_of_a_log_that_changed() -> None:
    log = f"09:00:00 SM: [24517] ['/sbin/lvcreate', '-n', '{LOG}', '-L', '4', '{GROUP}']\n"
    built = CaseBuilder().host(captured=None).lvs(lvs(VOLUME)).smlog(log)
    examined = built.database(sr(), pbd(), vdi()).examine(RULE)
    assert (examined.findings, len(examined.gaps)) == ((), 1)


def test_row_that_does_not_say_whether_cbt_is_on_is_a_gap() -> None:
    built = CaseBuilder().host().lvs(lvs(VOLUME))
    examined = built.database(sr(), pbd(), vdi(cbt_enabled=None)).examine(RULE)
    assert examined.findings == ()
    assert "1 rows" in examined.gaps[0].why


def test_dump_of_unknown_age_makes_the_finding_possible() -> None:
    built = CaseBuilder().host().lvs(lvs(VOLUME))
    built = built.database(sr(), pbd(), vdi(), generation=None, complete=False)
    (finding,) = built.examine(RULE).findings
    assert finding.confidence is Confidence.POSSIBLE


def test_disk_whose_repository_was_not_read_is_a_gap() -> None:
    examined = CaseBuilder().host().lvs(lvs(VOLUME)).database(vdi()).examine(RULE)
    assert "its SR was not read" in examined.gaps[0].why


@pytest.mark.parametrize("kind", ["gfs2", "linstor", None])
def test_unknown_kind_of_repository_is_a_gap_that_says_so(kind: str | None) -> None:
    built = CaseBuilder().host().lvs(lvs(VOLUME)).database(sr(type=kind), pbd(), vdi())
    examined = built.examine(RULE)
    assert examined.findings == ()
    assert (kind or "unknown") in examined.gaps[0].why


def test_file_repository_without_listing_is_one_gap_for_all_its_disks() -> None:
    built = CaseBuilder().host().database(sr(kind="nfs"), pbd(), vdi(), vdi(OTHER_VDI))
    (gap,) = built.examine(RULE).gaps
    assert gap.settle_with == f"ls -l /run/sr-mount/{SR}"


def test_unplugged_file_repository_says_so() -> None:
    built = CaseBuilder().host().database(sr(kind="nfs"), pbd(attached=False), vdi())
    (gap,) = built.examine(RULE).gaps
    assert "plugged on no host" in gap.why


def test_listing_without_the_log_is_found() -> None:
    (finding,) = files().listing(IMAGE).examine(RULE).findings
    assert finding.basis is Basis.STATE
    assert any(IMAGE in evidence.text for evidence in finding.evidence)


def test_listing_with_the_log_is_ruled_out() -> None:
    examined = files().listing(IMAGE, LOG).examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


def test_cut_listing_that_shows_the_log_proves_it() -> None:
    examined = files().listing(LOG, complete=False).examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


@pytest.mark.parametrize(
    ("names", "repository", "complete"),
    [
        ((IMAGE,), SR, False),
        ((IMAGE,), None, True),
        ((), SR, True),
        (("lost+found",), SR, True),
    ],
)
def test_listing_that_may_not_show_all_concludes_nothing(
    names: tuple[str, ...], repository: str | None, complete: bool
) -> None:
    examined = files().listing(*names, repository=repository, complete=complete).examine(RULE)
    assert (examined.findings, len(examined.gaps)) == ((), 1)


def test_listings_that_disagree_conclude_nothing() -> None:
    examined = files().listing(IMAGE).listing(IMAGE, LOG).examine(RULE)
    assert examined.findings == ()
    assert examined.gaps[0].need == "sr_listing"


def test_symptom_alone_is_likely_and_leaves_the_state_open() -> None:
    examined = files().smlog(NOT_FOUND_FILE).examine(RULE)
    (finding,) = examined.findings
    assert (finding.basis, finding.confidence) == (Basis.SYMPTOM, Confidence.LIKELY)
    assert "Whether the log is there now" in finding.detail
    assert len(examined.gaps) == 1


def test_volume_that_could_not_be_activated_is_only_possible() -> None:
    built = CaseBuilder().host().smlog(NOT_ACTIVATED + NOT_FOUND).database(sr(), pbd(), vdi())
    (finding,) = built.examine(RULE).findings
    assert finding.confidence is Confidence.POSSIBLE


def test_volume_that_could_not_be_activated_and_is_there_is_not_missing() -> None:
    examined = volumes(VOLUME, LOG).smlog(NOT_ACTIVATED + NOT_FOUND).examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


def test_log_that_was_made_anew_is_a_warning_about_the_past() -> None:
    (finding,) = volumes(VOLUME, LOG).smlog(NOT_FOUND + MADE).examine(RULE).findings
    assert finding.severity is Severity.WARNING
    assert "made anew" in finding.title


def test_log_that_came_back_by_itself_is_a_gap() -> None:
    examined = volumes(VOLUME, LOG).smlog(NOT_FOUND).examine(RULE)
    assert (examined.findings, len(examined.gaps)) == ((), 1)


def test_disk_whose_cbt_is_off_since_is_a_warning_about_the_past() -> None:
    built = CaseBuilder().host().lvs(lvs(VOLUME)).smlog(NOT_FOUND)
    (finding,) = built.database(sr(), pbd(), vdi(cbt_enabled=False)).examine(RULE).findings
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.LIKELY)


def test_disk_that_is_gone_is_a_warning_about_the_past() -> None:
    built = CaseBuilder().host().smlog(NOT_FOUND).database(sr(), pbd())
    (finding,) = built.examine(RULE).findings
    assert finding.severity is Severity.WARNING
    assert "no longer in the database" in finding.detail


def test_symptom_without_a_database_is_found_with_what_the_line_tells() -> None:
    (finding,) = CaseBuilder().host().smlog(NOT_FOUND).examine(RULE).findings
    assert finding.severity is Severity.ERROR
    assert [subject.uuid for subject in finding.subjects] == [VDI, SR]


def test_many_lines_about_one_log_are_one_finding() -> None:
    again = NOT_FOUND.replace("13:32:41", "13:40:00")
    (finding,) = volumes(VOLUME).smlog(NOT_FOUND + again).examine(RULE).findings
    assert finding.count == 2


def test_pool_without_cbt_is_not_applicable() -> None:
    built = CaseBuilder().host().lvs(lvs(VOLUME))
    examined = built.database(sr(), pbd(), vdi(cbt_enabled=False)).examine(RULE)
    assert examined.not_applicable


def test_release_before_cbt_is_not_applicable() -> None:
    built = CaseBuilder().host().lvs(lvs(VOLUME))
    built = built.database(sr(), pbd(), vdi(cbt_enabled=None), schema_minor=120)
    assert built.examine(RULE).not_applicable


def test_cut_database_is_never_not_applicable() -> None:
    built = CaseBuilder().host().database(sr(), pbd(), vdi(cbt_enabled=False), complete=False)
    assert not built.examine(RULE).not_applicable


def test_no_database_is_never_not_applicable() -> None:
    assert not CaseBuilder().host().examine(RULE).not_applicable
