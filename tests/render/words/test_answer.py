"""The answer: each doubt says what none before it said."""

from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.model.finding import Verdict
from analyzer.render.words.answer import answer_of, doubt_words
from analyzer.run import load_case
from tests.render.support import clear_report, outcome
from tests.support.clock import utc
from tests.world.objects import GIB
from tests.world.routine import backup, small_world

EMPTY = "smlog of jupiter: SMlog.4.gz has 0 bytes"
UNSEEN = "sr_listing of jupiter: no listing of /run/sr-mount/nas was read"
TOOL, LIST = "xen-bugtool --yestoall", "ls -l /run/sr-mount/nas"


def test_reason_is_said_once_with_what_settles_it() -> None:
    rules = [
        outcome("rule-a", Verdict.CANNOT_TELL, EMPTY, settle_with=(TOOL,)),
        outcome("rule-b", Verdict.CANNOT_TELL, EMPTY, settle_with=(TOOL,)),
        outcome("rule-c", Verdict.CANNOT_TELL, f"{EMPTY}; {UNSEEN}", settle_with=(TOOL, LIST)),
    ]
    first, second = answer_of(replace(clear_report(), outcomes=tuple(rules))).doubts
    assert (first.reason, first.settle_with) == (EMPTY, (TOOL,))
    assert (second.reason, second.settle_with) == (UNSEEN, (LIST,))
    assert doubt_words(second).startswith(
        "part of storage and hosts not checked: the SR's files of jupiter: "
    )


def test_host_without_a_report_is_named_once_whatever_was_asked_of_it() -> None:
    why = "saturn: no status report of this host was given"
    needs = ("smlog", "xensource_log, daemon_log", "kern_log")
    rules = [outcome(f"rule-{n}", Verdict.CANNOT_TELL, f"{n} of {why}") for n in needs]
    rules.append(outcome("rule-d", Verdict.CANNOT_TELL, f"smlog of {why}; {EMPTY}"))
    said = [d.reason for d in answer_of(replace(clear_report(), outcomes=tuple(rules))).doubts]
    assert "; ".join(said) == f"{why}; {EMPTY}"


def test_long_reason_ends_with_a_part_of_it() -> None:
    parts = [f"{n} {'word ' * 20}" for n in range(4)]
    doubt = outcome("rule-a", Verdict.CANNOT_TELL, "; ".join(parts))
    (only,) = answer_of(replace(clear_report(), outcomes=(doubt,))).doubts
    about = "all of storage and hosts not checked: "
    assert doubt_words(only) == f"{about}{'; '.join(parts[:2])} …"


def test_last_backup_is_told_of_a_trouble_that_names_snapshots_only(tmp_path: Path) -> None:
    world = small_world("off and on")
    machine = world.machine("ledger", world.storages[0], [20 * GIB])
    world.start(machine)
    (disk,) = machine.disks
    world.enable_cbt(disk)
    last = backup(world, machine.disks, {})
    world.disable_cbt(disk)
    world.enable_cbt(disk)
    for night in ("2024-11-20 23:00:00", "2024-11-21 23:00:00"):
        world.until(utc(night))
        last = backup(world, machine.disks, last)
    path = world.bundle(world.master).write_tar(tmp_path / "report.tar.bz2")
    answer = answer_of(load_case([path])[1])
    told = {fact.label: str(fact.text) for fact in answer.facts}
    assert "chain of logs ends" in told["Failure"]
    assert told["Impact"].endswith(": 1 could be incremental")


@pytest.mark.parametrize("kept", [False, True], ids=["nobody knows whose", "not backed up"])
def test_backup_of_a_snapshot_that_is_gone_may_be_of_the_disk(tmp_path: Path, kept: bool) -> None:
    world = small_world("off for good")
    machine = world.machine("ledger", world.storage("Files", "nfs"), [20 * GIB])
    world.start(machine)
    (disk,) = machine.disks
    world.enable_cbt(disk)
    backup(world, machine.disks, {})
    world.crash(world.master)
    assert world.start(machine) == [disk]
    world.until(utc("2024-11-20 07:00:00"))
    if not kept:
        snapshot = world.snapshot(disk)
        with world.exported(snapshot):
            world.clock.tick(300)
        world.destroy(snapshot)
    world.until(utc("2024-11-20 09:00:00"))
    path = world.bundle(world.master).write_tar(tmp_path / "report.tar.bz2")
    told = {fact.label: str(fact.text) for fact in answer_of(load_case([path])[1]).facts}
    assert ("perhaps of these" in told["Impact"]) is not kept
    assert ("no backup of these disks" in told["Impact"]) is kept
