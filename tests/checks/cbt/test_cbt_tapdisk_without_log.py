from datetime import timedelta

import pytest

from analyzer.model.finding import Severity
from tests.checks.chain_story import Story
from tests.checks.support import JUPITER, SATURN, SR, VDI, CaseBuilder, lvs, pbd, sr, vdi

RULE = "cbt-tapdisk-without-log"
SNAPSHOT = "11111111-7a41-4f0e-8f6b-55d1c0b7a2e4"
BOTH = pytest.mark.parametrize("volumes", [False, True], ids=["files", "volumes"])


def tap(story: Story, verb: str, *options: str, log: bool = False, status: int = 0) -> Story:
    """Let a process of its own run ``tap-ctl`` for the disk."""
    own = ("-C" if verb == "open" else "-c", story.path(VDI)) if log else ()
    image = f"vhd:{story.path(VDI).replace(f'{VDI}.cbtlog', f'VHD-{VDI}')}"
    story.pid += 1
    if verb in ("open", "close"):
        kind = "vdi_activate" if verb == "open" else "vdi_deactivate"
        story.begin(kind, VDI, ("false" if "-R" in options else "true",))
    else:
        story.say(f"Unpause for {VDI}")
    story.say(
        repr(["/usr/sbin/tap-ctl", verb, "-p", "2428", "-m", "2", "-a", image, *options, *own])
    )
    story.say(f" = {status}")
    return story


def merged(story: Story) -> Story:
    """Let the garbage collector begin to merge the disk."""
    story.pid += 1
    story.seconds += 1
    line = f"SMGC: [{story.pid}] Leaf-coalescing {VDI[:8]}[VHD](20.000G//20.100G|ao) -> *5d1e2f3a\n"
    story.text.append(f"{story.now} {line}")
    return story


def case(story: Story) -> CaseBuilder:
    """Return a case with that log of the master."""
    kind = "lvmoiscsi" if story.volumes else "nfs"
    return CaseBuilder().host().smlog(story.end().lines).database(sr(kind=kind), vdi())


def running(*, volumes: bool = True) -> Story:
    """Return a disk with CBT whose tapdisk has its log."""
    story = Story(volumes=volumes).enable(VDI).wait()
    return tap(story, "open", log=True).wait()


@BOTH
def test_disk_that_went_on_without_its_log_after_a_merge_is_found(volumes: bool) -> None:
    story = tap(merged(running(volumes=volumes)), "unpause")
    (finding,) = case(story).examine(RULE).findings
    assert finding.severity is Severity.CRITICAL
    assert "went on after a pause and was not given the CBT log" in finding.detail
    assert "The garbage collector was merging it since" in finding.detail
    assert "until the report was made" in finding.detail
    assert ["unpause" in line.text for line in finding.evidence].count(True) == 1
    assert {subject.uuid for subject in finding.subjects} == {VDI, SR}


def test_time_ends_with_the_next_tapdisk_that_has_the_log() -> None:
    story = tap(tap(running(), "unpause").wait(), "unpause", log=True)
    (finding,) = case(story).examine(RULE).findings
    assert finding.last_seen is not None
    (until,) = [line for line in finding.evidence if "'-c'" in line.text and "tap-ctl" in line.text]
    assert until.at is not None
    assert until.at.at - finding.last_seen.at > timedelta(minutes=29)
    assert "merging" not in finding.detail


def test_two_pauses_in_that_time_are_one_finding() -> None:
    story = tap(tap(running(), "unpause").wait(), "unpause")
    assert len(case(story).examine(RULE).findings) == 1


def test_disk_that_was_started_without_its_log_is_found() -> None:
    story = tap(Story(volumes=True).enable(VDI).wait(), "open")
    (finding,) = case(story).examine(RULE).findings
    assert "was started and was not given" in finding.detail


def snapshots(story: Story) -> Story:
    return tap(story.snapshot(VDI, SNAPSHOT), "unpause", log=True)


def turned_off(story: Story) -> Story:
    return tap(story.disable(VDI), "unpause")


def lost(story: Story) -> Story:
    return tap(tap(story, "close").wait().lose(VDI), "open")


def failed(story: Story) -> Story:
    return tap(tap(story, "unpause", status=16), "unpause", log=True)


def turned_off_unseen(story: Story) -> Story:
    """Turn CBT off, as a host does whose log is not there, and on again on this one."""
    tap(tap(story, "close").wait(), "open")
    return tap(story.wait().enable(VDI), "unpause", log=True)


@pytest.mark.parametrize("what", [snapshots, turned_off, turned_off_unseen, lost, failed])
@BOTH
def test_ordinary_life_of_a_disk_is_not_found(what: object, volumes: bool) -> None:
    assert callable(what)
    assert not case(what(running(volumes=volumes))).examine(RULE).findings


def test_read_only_tapdisk_tracks_nothing_and_need_not() -> None:
    story = tap(Story(volumes=True).enable(VDI).wait(), "open", "-R")
    assert not case(tap(story.wait(), "unpause")).examine(RULE).findings


def test_log_that_came_later_was_not_missed() -> None:
    story = tap(Story(volumes=True), "open").wait().enable(VDI)
    assert not case(tap(story, "unpause", log=True)).examine(RULE).findings


def test_log_that_no_line_shows_is_not_supposed() -> None:
    built = CaseBuilder().host().smlog(tap(Story(volumes=True), "unpause").end().lines)
    assert not built.database(sr(), vdi()).examine(RULE).findings


def test_where_a_host_is_missing_it_is_only_possible() -> None:
    story = tap(running(), "unpause").end()
    both = ((JUPITER, "jupiter"), (SATURN, "saturn"))
    built = CaseBuilder().host().smlog(story.lines)
    built.database(sr(shared=True), vdi(), pbd(), pbd(SATURN), hosts=both)
    (finding,) = built.examine(RULE).findings
    assert "The report of saturn was not given" in finding.detail


def test_log_that_only_a_later_list_shows_may_have_come_later() -> None:
    """Another host turned CBT on, whose report is not here."""
    built = CaseBuilder().host().smlog(tap(Story(volumes=True), "open").end().lines)
    built.lvs(lvs(f"{VDI}.cbtlog")).database(sr(), vdi())
    assert not built.examine(RULE).findings
