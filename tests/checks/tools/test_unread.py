"""Hazards are held back where lines that would undo them may not have been read."""

from dataclasses import replace

import pytest

from analyzer.checks.observation import Examined, examined
from analyzer.checks.tools.unread import held_back
from analyzer.model.finding import Confidence, Gap, Severity
from analyzer.model.hole import Hole, HoleKind
from tests.checks.cbt.test_cbt_hazards import STALE, broken, snapshot
from tests.checks.support import JUPITER, SATURN, SR, VDI, CaseBuilder, at, sr, vdi

HOLE = Gap(need="smlog", host="jupiter", why="SMlog.2.gz is missing", settle_with="xen-bugtool")
POOL_OF_TWO = ((JUPITER, "jupiter"), (SATURN, "saturn"))


def stale(*, shared: bool, hosts: tuple[tuple[str, str], ...]) -> CaseBuilder:
    story = broken()
    rows = [snapshot(uuid) for uuid in story.logs if uuid != VDI]
    built = CaseBuilder().host().smlog(story.end().lines)
    return built.database(sr(kind="nfs", shared=shared), vdi(), *rows, hosts=hosts)


def test_hole_in_smlog_makes_a_hazard_a_gap() -> None:
    built = stale(shared=False, hosts=POOL_OF_TWO[:1])
    findings = built.examine(STALE).findings
    over_hole = examined(held_back(replace(built.build(), gap=lambda *_: HOLE), findings))
    assert over_hole.findings == ()
    assert [HOLE.why in gap.why for gap in over_hole.gaps] == [True]


def silent(began: str, ended: str, kind: HoleKind = HoleKind.SILENT) -> Hole:
    return Hole(
        bundle="jupiter",
        host="jupiter",
        source="smlog",
        kind=kind,
        began=at(began),
        ended=at(ended),
        expected="",
    )


def held(hole: Hole) -> Examined:
    built = stale(shared=False, hosts=POOL_OF_TWO[:1])
    findings = built.examine(STALE).findings
    return examined(held_back(replace(built.build(), holes=(hole,)), findings))


def test_silence_after_what_was_replayed_makes_a_hazard_a_gap() -> None:
    over_hole = held(silent("18:00:00", "19:30:00"))
    assert over_hole.findings == ()
    assert "from 2024-06-10 18:00:00 UTC to 2024-06-10 19:30:00 UTC" in over_hole.gaps[-1].why
    assert over_hole.gaps[-1].host == "jupiter"


@pytest.mark.parametrize(
    "hole",
    [
        silent("00:00:01", "00:00:02"),
        silent("18:00:00", "19:30:00", HoleKind.DOWN),
        replace(silent("18:00:00", "19:30:00"), source="kern_log"),
    ],
    ids=["before", "the host was down", "of another log"],
)
def test_silence_that_hides_nothing_leaves_a_hazard_as_it_is(hole: Hole) -> None:
    assert len(held(hole).findings) == 1


def test_host_that_was_not_given_leaves_a_hazard_possible_on_a_shared_sr() -> None:
    (finding,) = stale(shared=True, hosts=POOL_OF_TWO).examine(STALE).findings
    assert (finding.confidence, finding.severity) == (Confidence.POSSIBLE, Severity.WARNING)
    assert "report of saturn was not given" in finding.detail


@pytest.mark.parametrize(
    ("shared", "hosts"), [(False, POOL_OF_TWO), (True, POOL_OF_TWO[:1])], ids=["local", "alone"]
)
def test_nobody_else_could_have_written(shared: bool, hosts: tuple[tuple[str, str], ...]) -> None:
    (finding,) = stale(shared=shared, hosts=hosts).examine(STALE).findings
    assert finding.confidence is not Confidence.POSSIBLE


def test_repository_is_the_one_of_the_story() -> None:
    assert SR in broken().end().lines
