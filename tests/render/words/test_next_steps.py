"""What to do about a crash that no finding tells of hangs on the logs that it left."""

from dataclasses import replace

import pytest

from analyzer.model.disk import DiskChain, DiskState, DiskView, LogKind
from analyzer.model.finding import Confidence, Evidence
from analyzer.model.incident import Incident, IncidentKind
from analyzer.model.report import Report
from analyzer.render.words.next_steps import next_step
from tests.render.disks import SOUND, disk, log
from tests.render.support import at, clear_report, smlog

CRASH = Incident(
    id="I-host-crashed-1",
    kind=IncidentKind.HOST_CRASHED,
    host="jupiter",
    bundle="a",
    title="Host jupiter went down without an orderly shutdown",
    began=at("03:00:00"),
    ended=None,
    confidence=Confidence.LIKELY,
    subjects=(),
    evidence=(Evidence(source=smlog(3), text="kernel: Linux version 4.19.0+1"),),
)


def left(consistent: bool | None, attached: str = "", kind: LogKind = LogKind.LIVE) -> Report:
    own = replace(log(SOUND, kind), consistent=consistent, attached=attached)
    view: DiskView = disk(SOUND, DiskChain(logs=(own,), links=()), DiskState.SOUND)
    return replace(clear_report(), disks=(view,))


def test_disks_whose_logs_nobody_closed_are_named() -> None:
    step = next_step(left(consistent=False), CRASH)
    assert step.startswith("Start the VMs of ")
    assert "data before they are backed up again" in step


@pytest.mark.parametrize(
    "report",
    [
        left(consistent=True),
        left(consistent=False, attached="RW on jupiter"),
        left(consistent=False, kind=LogKind.SNAPSHOT),
    ],
    ids=["closed", "started since", "of a snapshot"],
)
def test_nothing_is_said_of_backups_where_no_log_is_open(report: Report) -> None:
    assert "backed up" not in next_step(report, CRASH)


def test_unknown_flag_keeps_the_caution() -> None:
    step = next_step(left(consistent=None), CRASH)
    assert "start its VMs before they are backed up again" in step
