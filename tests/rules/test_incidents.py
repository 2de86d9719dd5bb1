"""Correlations over several kinds of events."""

from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.model.finding import Outcome, Verdict
from analyzer.model.hole import Hole, HoleKind
from analyzer.rules.load import load_catalogue
from tests.support.judging import VDI, alert, at, covered, whole
from tests.support.patterns import FINDING, write

SELECT = r"""
select:
  - {name: asked, parser: smlog, message: '^asked (?P<vdi>[0-9a-f-]{36})$'}
  - {name: done, parser: smlog, message: '^done (?P<vdi>[0-9a-f-]{36})$'}
correlate: {type: TYPE, timespan: 10m}
"""
ALERT = r"""
select:
  - {name: asked, parser: smlog, message: '^asked (?P<vdi>[0-9a-f-]{36})$'}
  - {name: done, parser: alerts, message: '^DONE 3 VDI (?P<vdi>[0-9a-f-]{36})'}
correlate: {type: TYPE, timespan: 10m}
"""
OLD = FINDING[FINDING.index("select:") : FINDING.index("subjects:")]


def judged(folder: Path, kind: str, *said: tuple[str, str]) -> Outcome:
    text = FINDING.replace(OLD, SELECT.lstrip().replace("TYPE", kind))
    write(folder, "cbt/disk-lost.yaml", text)
    log = "".join(f"Jun 10 {clock} jupiter SM: [7] {words} {VDI}\n" for clock, words in said)
    return whole(logs={("a", "smlog"): log}).judge(load_catalogue(folder), "disk-lost")


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ([("10:00:00", "done"), ("10:05:00", "asked")], Verdict.FOUND),
        ([("10:00:00", "asked"), ("10:05:00", "asked")], Verdict.RULED_OUT),
        ([("10:00:00", "asked"), ("10:15:00", "done")], Verdict.RULED_OUT),
    ],
)
def test_temporal_wants_every_kind_in_one_burst(
    tmp_path: Path, said: list[tuple[str, str]], verdict: Verdict
) -> None:
    assert judged(tmp_path, "temporal", *said).verdict is verdict


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ([("10:00:00", "asked"), ("10:05:00", "done")], Verdict.FOUND),
        ([("10:00:00", "done"), ("10:05:00", "asked")], Verdict.RULED_OUT),
        ([("10:00:00", "asked"), ("10:00:00", "done")], Verdict.FOUND),
        ([("10:00:00", "done"), ("10:00:00", "asked")], Verdict.RULED_OUT),
        (
            [("10:00:00", "done"), ("10:01:00", "asked"), ("10:02:00", "done")],
            Verdict.FOUND,
        ),
    ],
)
def test_temporal_ordered_wants_them_in_order(
    tmp_path: Path, said: list[tuple[str, str]], verdict: Verdict
) -> None:
    assert judged(tmp_path, "temporal_ordered", *said).verdict is verdict


def test_events_of_two_files_in_one_second_are_in_no_order(tmp_path: Path) -> None:
    text = FINDING.replace(OLD, ALERT.lstrip().replace("TYPE", "temporal_ordered"))
    write(tmp_path, "cbt/disk-lost.yaml", text)
    log = {("a", "smlog"): f"Jun 10 13:33:00 jupiter SM: [7] asked {VDI}\n"}
    catalogue = load_catalogue(tmp_path)
    together = whole(logs=log, alerts=[alert("DONE", minute=33)])
    assert together.judge(catalogue, "disk-lost").verdict is Verdict.RULED_OUT
    later = whole(logs=log, alerts=[alert("DONE", minute=34)])
    assert later.judge(catalogue, "disk-lost").verdict is Verdict.FOUND


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ([("10:00:00", "asked")], Verdict.FOUND),
        ([("10:00:00", "done"), ("10:01:00", "asked")], Verdict.FOUND),
        ([("10:00:00", "asked"), ("10:11:00", "done")], Verdict.FOUND),
        ([("10:00:00", "asked"), ("10:09:00", "done")], Verdict.RULED_OUT),
        ([("10:00:00", "done")], Verdict.RULED_OUT),
        ([("19:55:00", "asked")], Verdict.CANNOT_TELL),
    ],
)
def test_absent_wants_no_answer_in_time_and_a_log_that_is_long_enough(
    tmp_path: Path, said: list[tuple[str, str]], verdict: Verdict
) -> None:
    assert judged(tmp_path, "absent", *said).verdict is verdict


def test_only_the_unanswered_events_are_quoted(tmp_path: Path) -> None:
    said = [("10:00:00", "asked"), ("10:00:30", "done"), ("10:05:00", "asked")]
    (finding,) = judged(tmp_path, "absent", *said).findings
    assert [item.source.line for item in finding.evidence] == [3]


def test_an_answer_about_another_object_is_none(tmp_path: Path) -> None:
    text = FINDING.replace(OLD, SELECT.lstrip().replace("TYPE", "absent"))
    write(tmp_path, "cbt/disk-lost.yaml", text)
    other = VDI.replace("6", "7")
    log = f"Jun 10 10:00:00 a SM: [7] asked {VDI}\nJun 10 10:00:01 a SM: [7] done {other}\n"
    world = whole(logs={("a", "smlog"): log})
    assert world.judge(load_catalogue(tmp_path), "disk-lost").verdict is Verdict.FOUND


def test_the_gap_of_a_short_log_says_what_was_due(tmp_path: Path) -> None:
    outcome = judged(tmp_path, "absent", ("19:55:00", "asked"))
    assert "it ends before the answer to var/log/SMlog:1 was due" in outcome.reason
    assert outcome.settle_with == ("a later status report: xen-bugtool --yestoall",)


def test_the_default_coverage_ends_when_these_tests_think() -> None:
    assert covered("a", "smlog").last == at(20)


def test_an_answer_may_stand_where_the_log_was_not_read(tmp_path: Path) -> None:
    text = FINDING.replace(OLD, SELECT.lstrip().replace("TYPE", "absent"))
    write(tmp_path, "cbt/disk-lost.yaml", text)
    log = f"Jun 10 10:00:00 jupiter SM: [7] asked {VDI}\n"
    silence = Hole(
        bundle="a",
        host="jupiter",
        source="smlog",
        kind=HoleKind.SILENT,
        began=at(10, 5),
        ended=at(12),
        expected="",
    )
    logs = {("a", "smlog"): log}
    catalogue = load_catalogue(tmp_path)
    outcome = whole(logs=logs, holes=(silence,)).judge(catalogue, "disk-lost")
    assert outcome.verdict is Verdict.CANNOT_TELL
    assert "may stand where it was not read" in outcome.reason
    later = replace(silence, began=at(11))
    assert whole(logs=logs, holes=(later,)).judge(catalogue, "disk-lost").verdict is Verdict.FOUND
