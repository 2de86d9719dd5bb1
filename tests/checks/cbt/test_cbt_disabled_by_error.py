"""CBT turned off by an error at an attach, a resize or a snapshot, and what it cost."""

import pytest

from analyzer.model.finding import Basis, Finding
from analyzer.model.xapi import Vdi
from tests.checks.cbt.test_cbt_hazards import N0, N1, N2, snapshot
from tests.checks.chain_story import Story
from tests.checks.support import OTHER_VDI, SATURN, VDI, CaseBuilder, sr, vdi

INCONSISTENT = "cbt-disabled-inconsistent-log"
RESIZE = "cbt-disabled-resize-failed"
NO_SPACE = "cbt-disabled-no-space"
FAILED = "cbt-disabled-snapshot-failed"
LINE = f"03:00:00 SM: [24517] Changed Block Tracking metadata is inconsistent for disk {VDI}.\n"
BODY = f"Changed Block Tracking metadata is inconsistent for disk {VDI}."


def lost() -> Story:
    """Return the story of an error after one snapshot."""
    return Story().enable(VDI).wait().snapshot(VDI, N1).wait().lose(VDI)


def only(story: Story, *rows: Vdi, rule: str = INCONSISTENT) -> Finding:
    """Return the one finding of a story."""
    own = rows or (vdi(cbt_enabled=False),)
    built = CaseBuilder().host().smlog(story.lines).database(sr(kind="nfs"), *own)
    (finding,) = built.examine(rule).findings
    return finding


def test_sentence_alone_is_found() -> None:
    (finding,) = CaseBuilder().host().smlog(LINE).examine(INCONSISTENT).findings
    assert [(s.type, s.uuid) for s in finding.subjects] == [("VDI", VDI)]
    assert finding.basis is Basis.SYMPTOM
    assert finding.evidence[0].text.endswith(BODY)


def test_alert_alone_is_found() -> None:
    built = CaseBuilder().host().alert("VDI_CBT_METADATA_INCONSISTENT", VDI, "03:00:01", BODY)
    (finding,) = built.examine(INCONSISTENT).findings
    assert finding.count == 1


def test_sentence_and_alert_are_one_time_and_the_alert_is_named() -> None:
    built = CaseBuilder().host().smlog(LINE)
    built = built.alert("VDI_CBT_METADATA_INCONSISTENT", VDI, "03:00:01", BODY)
    (finding,) = built.examine(INCONSISTENT).findings
    assert finding.count == 1
    assert "alert VDI_CBT_METADATA_INCONSISTENT of 2024-06-10 03:00:01 UTC" in finding.detail


def test_two_reports_of_one_host_count_once() -> None:
    built = CaseBuilder().host(bundle="one").smlog(LINE).host(bundle="two").smlog(LINE)
    (finding,) = built.examine(INCONSISTENT).findings
    assert finding.count == 1


def test_each_disk_and_each_time_is_a_finding() -> None:
    text = LINE + LINE.replace(VDI, OTHER_VDI) + LINE.replace("03:00", "09:00")
    assert len(CaseBuilder().host().smlog(text).examine(INCONSISTENT).findings) == 3


def test_line_of_another_rule_is_not_taken() -> None:
    text = LINE.replace("Changed Block Tracking metadata is inconsistent", "Something happened")
    assert CaseBuilder().host().smlog(text).examine(INCONSISTENT).findings == ()


def test_attach_that_succeeded_is_told() -> None:
    finding = only(lost().wait().end())
    assert "The attach itself succeeded all the same." in finding.detail
    assert any("vdi_activate" in evidence.text for evidence in finding.evidence)


def test_attach_whose_end_was_not_read_is_told() -> None:
    text = LINE.replace("03:00:00", "04:00:00")
    (finding,) = CaseBuilder().host().smlog(text).examine(INCONSISTENT).findings
    assert "Whether the attach itself succeeded is not in what was read." in finding.detail


def test_attach_that_failed_is_told_with_the_reason() -> None:
    story = lost()
    story.text.pop()
    story.say("Raising exception [46, The VDI is not available]")
    story.say(
        "***** generic exception: vdi_activate: EXCEPTION <class 'xs_errors.SROSError'>, "
        "The VDI is not available"
    )
    assert "The attach itself failed, too: The VDI is not available." in only(story.end()).detail


def test_window_ends_with_the_next_enable() -> None:
    story = lost().wait()
    story.enable(VDI).end()
    finding = only(story, vdi())
    assert "when CBT was turned on again, is in no CBT log" in finding.detail
    assert any("vdi_enable_cbt" in evidence.text for evidence in finding.evidence)


def test_window_without_an_enable_lasts_until_now() -> None:
    assert "until the report was made is in no CBT log." in only(lost().end()).detail


def test_window_that_only_the_database_ends_is_told_as_such() -> None:
    assert "no log that was read says when" in only(lost().end(), vdi()).detail


def test_enable_of_another_disk_does_not_end_the_window() -> None:
    story = lost().wait()
    story.enable(OTHER_VDI).end()
    assert "until the report was made is in no CBT log." in only(story).detail


def test_enable_on_another_host_may_be_from_before_as_long_as_their_clocks_are_unknown() -> None:
    story = lost()
    later = Story(seconds=story.seconds + 900, pid=8000).enable(VDI).end()
    built = CaseBuilder().host().smlog(story.lines).host("saturn", SATURN).smlog(later.lines)
    (finding,) = built.database(sr(kind="nfs"), vdi()).examine(INCONSISTENT).findings
    assert "no log that was read says when" in finding.detail
    assert {evidence.source.bundle for evidence in finding.evidence} == {"jupiter"}


def test_enable_on_another_host_is_quoted_without_making_it_the_place() -> None:
    story = lost()
    later = Story(seconds=story.seconds + 3600, pid=8000).enable(VDI).end()
    built = CaseBuilder().host().smlog(story.lines).host("saturn", SATURN).smlog(later.lines)
    (finding,) = built.database(sr(kind="nfs"), vdi()).examine(INCONSISTENT).findings
    elsewhere = [e for e in finding.evidence if e.source.bundle == "saturn"]
    assert [evidence.at for evidence in elsewhere] == [None]


def test_older_snapshots_are_named_as_comparable_among_themselves() -> None:
    rows = (vdi(), snapshot(N0, "00:30:00"), snapshot(N1, "01:00:00"), snapshot(N2, "19:00:00"))
    finding = only(lost().end(), *rows)
    assert f"snapshot 11 ({N1}) of 2024-06-10 01:00:00 UTC" in finding.detail
    assert "comparable among themselves only" in finding.detail
    assert N2 not in finding.detail


def test_single_older_snapshot_fits_nothing_that_came_after() -> None:
    finding = only(lost().end(), vdi(), snapshot(N1, "01:00:00"))
    assert "no comparison of it with the disk or a later snapshot is complete" in finding.detail


def test_snapshots_without_a_log_are_not_named() -> None:
    rows = (vdi(), snapshot(N1, "01:00:00", cbt_enabled=False))
    assert N1 not in only(lost().end(), *rows).detail


@pytest.mark.parametrize("time", [None, "", "nonsense", "19700101T00:00:00Z"])
def test_snapshot_without_a_time_is_not_dated(time: str | None) -> None:
    rows = (vdi(), snapshot(N1, snapshot_time=time))
    assert N1 not in only(lost().end(), *rows).detail


def test_many_snapshots_are_counted() -> None:
    rows = [snapshot(f"{n:08x}{N1[8:]}", f"00:0{n}:00") for n in range(1, 9)]
    assert "and 2 more" in only(lost().end(), vdi(), *rows).detail


def test_alerts_of_others_say_that_this_one_is_not_there() -> None:
    built = CaseBuilder().host().smlog(LINE)
    built = built.alert("VDI_CBT_METADATA_INCONSISTENT", OTHER_VDI, "03:00:01", BODY)
    findings = built.examine(INCONSISTENT).findings
    own = next(finding for finding in findings if finding.subjects[0].uuid == VDI)
    assert "alert is not among" in own.detail or "holds no XenCenter alert" in own.detail


def test_alerts_that_were_not_read_are_told() -> None:
    built = CaseBuilder().host().smlog(LINE).without("alerts")
    (finding,) = built.examine(INCONSISTENT).findings
    assert "No XenCenter alerts were in what was read." in finding.detail


def test_resize_is_told_the_same_way() -> None:
    story = Story().enable(VDI).wait()
    story.begin("vdi_resize", VDI, ("1",))
    story.say(f"Resizing of CBT metadata for disk {VDI} failed.")
    finding = only(story.end(), rule=RESIZE)
    assert "The resize itself succeeded" in finding.detail
    assert "is in no CBT log" in finding.detail


@pytest.mark.parametrize(
    ("code", "words", "looked"),
    [
        (5, "or where its volume is too small (rc 5)", False),
        (22, "the new size is smaller than the log's (rc 22)", False),
        (2, "there is no such log (rc 2)", False),
        (7, "was not read", True),
        (0, "was not read", True),
    ],
)
def test_answer_to_a_resize_is_told_and_looked_for_only_where_it_was_not_read(
    code: int, words: str, *, looked: bool
) -> None:
    story = Story().enable(VDI).wait()
    story.begin("vdi_resize", VDI, ("1",))
    story.run("/usr/sbin/cbt-util", "set", "-n", story.path(VDI), "-s", "1", rc=code)
    story.say(f"Resizing of CBT metadata for disk {VDI} failed.")
    finding = only(story.end(), rule=RESIZE)
    assert words in finding.detail
    assert any("Read why the command" in step.step for step in finding.action) is looked


def test_snapshot_is_told_the_same_way() -> None:
    story = Story().enable(VDI).wait()
    story.begin("vdi_snapshot", VDI)
    story.say(f"Creating CBT metadata log for disk {VDI} failed.")
    finding = only(story.end(), rule=FAILED)
    assert "The snapshot itself succeeded" in finding.detail
    assert "is in no CBT log" in finding.detail
