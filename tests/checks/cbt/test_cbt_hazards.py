"""The hazards that follow an error which turned CBT off, and what is none."""

import pytest

from analyzer.checks.observation import Examined
from analyzer.model.finding import Basis, Confidence, Severity
from analyzer.model.xapi import Vdi, XapiObject
from tests.checks.chain_story import Log, Story
from tests.checks.support import JUPITER, OTHER_VDI, SATURN, SR, VDI, CaseBuilder, lvs, pbd, sr, vdi

STALE = "cbt-stale-child-pointer"
FULL = "cbt-every-backup-full"
INCOMPLETE = "cbt-incomplete-changed-blocks"
N0 = "10000000-7a41-4f0e-8f6b-55d1c0b7a2e4"
N1 = "11111111-7a41-4f0e-8f6b-55d1c0b7a2e4"
N2 = "22222222-7a41-4f0e-8f6b-55d1c0b7a2e4"
N3 = "33333333-7a41-4f0e-8f6b-55d1c0b7a2e4"
N4 = "44444444-7a41-4f0e-8f6b-55d1c0b7a2e4"
BOTH = pytest.mark.parametrize("volumes", [False, True], ids=["files", "volumes"])


def snapshot(uuid: str, taken: str | None = None, **fields: object) -> Vdi:
    """Return the row of a snapshot of the disk."""
    known: dict[str, object] = {
        "is_a_snapshot": True,
        "snapshot_of": f"OpaqueRef:{VDI}",
        "name_label": f"snapshot {uuid[:2]}",
        "snapshot_time": f"20240610T{taken}Z" if taken else None,
    }
    return vdi(uuid, **{**known, **fields})


def case(story: Story, *rows: XapiObject) -> CaseBuilder:
    """Return a case with that log; the rows are of the snapshots that the story left."""
    own: tuple[XapiObject, ...] = rows or tuple(
        snapshot(uuid) for uuid in story.logs if uuid != VDI
    )
    repository = sr(kind="lvmoiscsi" if story.volumes else "nfs")
    return CaseBuilder().host().smlog(story.end().lines).database(repository, vdi(), *own)


def broken(*, volumes: bool = False) -> Story:
    """Return the story of an error after one snapshot, and CBT on again."""
    story = Story(volumes=volumes).enable(VDI).wait().snapshot(VDI, N1).wait()
    return story.lose(VDI).wait().enable(VDI).wait()


def nothing(examined: Examined) -> bool:
    """Tell whether a check found nothing and lacked nothing."""
    return (examined.findings, examined.gaps, examined.not_applicable) == ((), (), "")


@BOTH
def test_pointer_that_an_error_left_is_found(volumes: bool) -> None:
    (finding,) = case(broken(volumes=volumes)).examine(STALE).findings
    assert {subject.uuid for subject in finding.subjects} == {VDI, SR, N1}
    assert finding.basis is Basis.BOTH


def test_only_the_deletion_of_a_snapshot_that_names_the_live_disk_breaks_later_backups() -> None:
    (named,) = case(broken()).examine(STALE).findings
    story = Story().enable(VDI).wait().snapshot(VDI, N1).wait().snapshot(VDI, N2).wait()
    story.lose(VDI).wait().enable(VDI).wait().snapshot(VDI, N3).wait().delete(N2)
    story.wait().snapshot(VDI, N4)
    (passed,) = case(story).examine(STALE).findings
    assert "every later backup is a full one" in named.detail
    assert "every later backup" not in passed.detail


def test_pointer_that_an_error_left_leaves_out_what_was_written_since_its_snapshot() -> None:
    story = Story().enable(VDI).wait().snapshot(VDI, N1).wait().lose(VDI)
    (finding,) = case(story).examine(STALE).findings
    assert "leave out all that was written from this snapshot until then" in finding.detail


def test_pointer_is_quoted_with_the_error_that_left_it() -> None:
    (finding,) = case(broken()).examine(STALE).findings
    texts = [evidence.text for evidence in finding.evidence]
    assert any(f"{N1}.cbtlog', '-c', '{VDI}'" in text for text in texts)
    assert any("metadata is inconsistent" in text for text in texts)


@BOTH
def test_pointer_to_a_log_that_is_off_is_told_as_such(volumes: bool) -> None:
    story = Story(volumes=volumes).enable(VDI).wait().snapshot(VDI, N1).wait().lose(VDI)
    (finding,) = case(story).examine(STALE).findings
    assert "points to a log that an error removed" in finding.title


@BOTH
def test_user_who_turns_cbt_off_and_on_leaves_no_pointer(volumes: bool) -> None:
    story = Story(volumes=volumes).enable(VDI).wait().snapshot(VDI, N1).wait()
    story.disable(VDI).wait().enable(VDI).wait().snapshot(VDI, N2)
    for rule in (STALE, FULL, INCOMPLETE):
        assert nothing(case(story).examine(rule)), rule


@BOTH
def test_old_snapshots_deleted_before_the_next_one_are_the_cure(volumes: bool) -> None:
    story = broken(volumes=volumes).delete(N1).wait().snapshot(VDI, N2).wait().snapshot(VDI, N3)
    story.wait().compare(N2, N3).wait().delete(N2)
    for rule in (STALE, FULL, INCOMPLETE):
        assert nothing(case(story).examine(rule)), rule


def test_pointers_of_long_ago_are_a_gap_that_names_the_logs() -> None:
    built = CaseBuilder().host().database(sr(kind="nfs"), vdi(), snapshot(N1, "00:30:00"))
    for rule in (STALE, FULL):
        (gap,) = built.examine(rule).gaps
        assert f"cbt-util get -c -n /run/sr-mount/{SR}/{N1}.cbtlog" in gap.settle_with


def test_disk_without_snapshots_has_no_pointers_to_know() -> None:
    built = CaseBuilder().host().database(sr(kind="nfs"), vdi())
    for rule in (STALE, FULL, INCOMPLETE):
        assert nothing(built.examine(rule)), rule


@BOTH
def test_loop_is_found_after_the_old_snapshot_is_deleted_too_late(volumes: bool) -> None:
    story = broken(volumes=volumes).snapshot(VDI, N2).wait().delete(N1)
    (finding,) = case(story).examine(FULL).findings
    assert (finding.basis, finding.confidence) == (Basis.STATE, Confidence.LIKELY)
    assert "names nothing as its parent" in finding.detail
    assert "It began when an error turned CBT" in finding.detail


@BOTH
def test_loop_that_made_a_comparison_fail_is_certain(volumes: bool) -> None:
    story = broken(volumes=volumes).snapshot(VDI, N2).wait().delete(N1).wait()
    story.snapshot(VDI, N3).wait().compare(N2, N3).wait().delete(N2)
    (finding,) = case(story, snapshot(N3)).examine(FULL).findings
    assert (finding.basis, finding.confidence) == (Basis.BOTH, Confidence.CERTAIN)
    assert "failed once with error 460" in finding.detail
    assert any("vdi_list_changed_blocks" in evidence.text for evidence in finding.evidence)


def test_loop_is_found_where_the_error_is_no_longer_in_the_logs() -> None:
    story = broken().snapshot(VDI, N2).wait().delete(N1).wait()
    late = story.lines[story.lines.index("vdi_snapshot", story.lines.index("inconsistent")) - 20 :]
    built = CaseBuilder().host().smlog(late[late.index("\n") + 1 :])
    (finding,) = built.database(sr(kind="nfs"), vdi(), snapshot(N2)).examine(FULL).findings
    assert "is not in the logs that were read" in finding.detail


@BOTH
def test_stale_pointer_alone_is_no_loop_yet(volumes: bool) -> None:
    assert case(broken(volumes=volumes)).examine(FULL).findings == ()
    story = broken(volumes=volumes).snapshot(VDI, N2)
    assert case(story).examine(FULL).findings == ()


@BOTH
def test_deleting_snapshots_of_a_whole_chain_is_no_loop(volumes: bool) -> None:
    story = Story(volumes=volumes).enable(VDI).wait()
    story.snapshot(VDI, N1).wait().snapshot(VDI, N2).wait().delete(N1).wait()
    story.snapshot(VDI, N3).wait().delete(N2)
    for rule in (STALE, FULL, INCOMPLETE):
        assert nothing(case(story).examine(rule)), rule


@BOTH
def test_comparison_across_the_error_that_succeeded_is_critical(volumes: bool) -> None:
    story = broken(volumes=volumes).compare(N1, VDI)
    (finding,) = case(story).examine(INCOMPLETE).findings
    assert finding.severity is Severity.CRITICAL
    assert finding.confidence is Confidence.CERTAIN
    assert {subject.uuid for subject in finding.subjects} == {VDI, SR}
    assert f"with web-01 0 ({VDI}) at 2024-06-10" in finding.detail


def test_backups_to_distrust_are_named() -> None:
    (finding,) = case(broken().compare(N1, VDI)).examine(INCOMPLETE).findings
    assert "Do not trust the incremental backups" in finding.detail
    assert f"the comparison from {N1} to {VDI}" in finding.action[0].step


def test_comparison_is_quoted_with_the_error() -> None:
    (finding,) = case(broken().compare(N1, VDI)).examine(INCOMPLETE).findings
    texts = [evidence.text for evidence in finding.evidence]
    assert any("vdi_list_changed_blocks" in text for text in texts)
    assert any("metadata is inconsistent" in text for text in texts)


@BOTH
def test_later_snapshots_that_hang_off_an_older_one_are_found(volumes: bool) -> None:
    story = Story(volumes=volumes).enable(VDI).wait().snapshot(VDI, N0).wait().snapshot(VDI, N1)
    story.wait().lose(VDI).wait().enable(VDI).wait().delete(N1).wait()
    story.snapshot(VDI, N2).wait().snapshot(VDI, N3).wait().compare(N0, N3)
    (finding,) = case(story).examine(INCOMPLETE).findings
    assert N3 in finding.action[0].step


def test_snapshot_that_a_comparison_passed_by_is_named() -> None:
    story = Story().enable(VDI).wait().snapshot(VDI, N0).wait().snapshot(VDI, N1).wait()
    story.snapshot(VDI, N2).wait()
    story.logs[N1].child = N3  # as a delete that was linked wrongly leaves it
    story.snapshot(VDI, N3).wait().compare(N1, N3)
    (finding,) = case(story).examine(INCOMPLETE).findings
    assert finding.confidence is Confidence.LIKELY
    assert f"lies {N2}" in finding.detail


def test_two_comparisons_of_one_disk_are_one_finding() -> None:
    story = broken().compare(N1, VDI).wait().compare(N1, VDI)
    (finding,) = case(story).examine(INCOMPLETE).findings
    assert finding.count == 2


def test_two_reports_of_one_host_count_once() -> None:
    story = broken().compare(N1, VDI)
    built = case(story).host(bundle="second").smlog(story.lines)
    (finding,) = built.examine(INCOMPLETE).findings
    assert finding.count == 1


@BOTH
def test_comparison_among_snapshots_from_after_the_error_is_fine(volumes: bool) -> None:
    story = broken(volumes=volumes).snapshot(VDI, N2).wait().snapshot(VDI, N3).wait()
    assert nothing(case(story.compare(N2, N3)).examine(INCOMPLETE))


@BOTH
def test_comparison_among_snapshots_from_before_the_error_is_fine(volumes: bool) -> None:
    story = Story(volumes=volumes).enable(VDI).wait().snapshot(VDI, N0).wait().snapshot(VDI, N1)
    story.wait().lose(VDI).wait().enable(VDI).wait().compare(N0, N1)
    assert nothing(case(story).examine(INCOMPLETE))


def test_comparison_across_the_error_that_failed_is_fine() -> None:
    story = broken().snapshot(VDI, N2).wait().delete(N2).wait()
    story.snapshot(VDI, N3).wait().delete(N1).wait().snapshot(VDI, N4).wait().compare(N3, N4)
    assert case(story).examine(INCOMPLETE).findings == ()


def test_comparison_before_the_error_is_fine() -> None:
    story = Story().enable(VDI).wait().snapshot(VDI, N1).wait().compare(N1, VDI)
    story.wait().lose(VDI).wait().enable(VDI)
    assert case(story).examine(INCOMPLETE).findings == ()


def test_snapshot_taken_nobody_knows_when_is_a_gap() -> None:
    story = Story().enable(VDI).wait().snapshot(VDI, N1).wait()
    earlier = len(story.text)
    story.compare(N1, VDI).end()
    built = CaseBuilder().host().smlog("".join(story.text[earlier:]))
    examined = built.database(sr(kind="nfs"), vdi()).examine(INCOMPLETE)
    assert examined.findings == ()
    assert f"when snapshot {N1} was taken" in examined.gaps[0].why


def test_snapshot_dated_by_the_database_alone_is_found() -> None:
    story = broken().compare(N1, VDI).end()
    late = "".join(story.text[next(i for i, t in enumerate(story.text) if "'true'" in t) :])
    built = CaseBuilder().host().smlog(late)
    built = built.database(sr(kind="nfs"), vdi(), snapshot(N1, "01:00:00"))
    assert len(built.examine(INCOMPLETE).findings) == 1


def test_comparison_whose_end_was_not_read_is_a_gap() -> None:
    story = broken().compare(N1, VDI)
    built = CaseBuilder().host().smlog(story.lines)
    examined = built.database(sr(kind="nfs"), vdi(), snapshot(N1)).examine(INCOMPLETE)
    assert examined.findings == ()
    assert "whether it succeeded is not in what was read" in examined.gaps[0].why


def test_comparison_with_a_disk_that_nothing_names_is_a_gap() -> None:
    story = Story().enable(VDI).wait().snapshot(VDI, N1).wait()
    story.begin("vdi_list_changed_blocks", N1, ("OpaqueRef:unknown",))
    examined = case(story).examine(INCOMPLETE)
    assert "with what" in examined.gaps[0].why


def test_error_seen_on_the_supporter_breaks_the_chain_seen_on_the_master() -> None:
    master = Story(volumes=True).enable(VDI).wait().snapshot(VDI, N1).wait()
    other = Story(volumes=True, seconds=master.seconds, pid=7000)
    other.logs = dict(master.logs)
    other.lose(VDI).end()
    master.wait().enable(VDI).wait().compare(N1, VDI).end()
    hosts = ((JUPITER, "jupiter"), (SATURN, "saturn"))
    built = CaseBuilder().host().smlog(master.lines).host("saturn", SATURN).smlog(other.lines)
    built = built.database(sr(), vdi(), snapshot(N1), hosts=hosts)
    (stale,) = built.examine(STALE).findings
    (short,) = built.examine(INCOMPLETE).findings
    for finding in (stale, short):
        assert {evidence.source.bundle for evidence in finding.evidence} >= {"saturn", "jupiter"}


def test_snapshot_that_failed_to_get_a_log_leaves_no_pointer() -> None:
    story = Story().enable(VDI).wait().snapshot(VDI, N1).wait()
    story.begin("vdi_snapshot", VDI)
    story.say(f"FileVDI._rename {story.path(VDI)} to {story.path(N2)}")
    story.cbt("set", N2, "-f", "1")
    story.cbt("get", N2, "-p")
    story.cbt("set", N1, "-c", N2)
    path = story.path(VDI)
    story.run("/usr/sbin/cbt-util", "create", "-n", path, "-s", "1", rc=28, stderr="No space")
    story.say(f"Creating CBT metadata log for disk {VDI} failed.")
    story.logs = {N1: Log(child=N2), N2: Log(parent=N1)}
    story.wait().enable(VDI).wait().compare(N1, N2)
    rows = (snapshot(N1), snapshot(N2))
    for rule in (STALE, FULL, INCOMPLETE):
        assert case(story, *rows).examine(rule).findings == (), rule


def test_clone_of_another_disk_is_not_mixed_in() -> None:
    story = broken()
    story.enable(OTHER_VDI).wait().snapshot(OTHER_VDI, N2).wait().compare(N2, OTHER_VDI)
    rows = (snapshot(N1), vdi(OTHER_VDI), snapshot(N2, snapshot_of=f"OpaqueRef:{OTHER_VDI}"))
    assert nothing(case(story, *rows).examine(INCOMPLETE))


def lost_in_silence(*, volumes: bool = True) -> Story:
    """Return the story of a snapshot whose disk's log vanished without a word of SM."""
    return Story(volumes=volumes).enable(VDI).wait().snapshot(VDI, N1).wait()


def with_list(story: Story, *logs: str) -> CaseBuilder:
    """Return the case of a story with the volumes that were listed at the end."""
    names = ("MGT", f"VHD-{VDI}", *(f"{each}.cbtlog" for each in logs))
    return case(story, snapshot(N1), pbd()).lvs(lvs(*names))


def test_pointer_to_the_lost_log_of_a_live_disk_is_found() -> None:
    (finding,) = with_list(lost_in_silence(), N1).examine(STALE).findings
    assert {subject.uuid for subject in finding.subjects} == {VDI, SR, N1}
    assert finding.confidence is Confidence.LIKELY


def test_pointer_to_a_log_that_is_listed_is_nothing() -> None:
    assert nothing(with_list(lost_in_silence(), N1, VDI).examine(STALE))


def test_pointer_that_a_user_cleared_is_nothing_though_the_log_went() -> None:
    assert nothing(with_list(lost_in_silence().disable(VDI), N1).examine(STALE))


def test_pointer_to_the_log_of_a_disk_that_was_deleted_is_nothing() -> None:
    story = lost_in_silence()
    built = CaseBuilder().host().smlog(story.end().lines).lvs(lvs("MGT", f"{N1}.cbtlog"))
    assert built.database(sr(), snapshot(N1)).examine(STALE).findings == ()


def test_disable_that_was_cut_off_before_it_cleared_the_pointer_is_nothing() -> None:
    story = lost_in_silence().disable(VDI)
    cut = next(n for n, line in enumerate(story.text) if "lvremove" in line) + 2
    story.text = story.text[:cut]
    built = CaseBuilder().host().smlog(story.lines).database(sr(), vdi(), snapshot(N1))
    assert built.examine(STALE).findings == ()
