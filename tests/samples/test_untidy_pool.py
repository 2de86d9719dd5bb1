"""A pool whose logs are as untidy as real ones: nothing is found in a healthy one, and faults are."""

from pathlib import Path

import pytest

from analyzer.model.finding import Severity, Verdict
from analyzer.model.report import Report
from analyzer.run import analyze
from tests.support.clock import utc
from tests.world.objects import GIB, Disk
from tests.world.routine import backup
from tests.world.world import World

BOTH = pytest.mark.parametrize("type_", ["lvm", "nfs"])
SHARES = (0.0, 0.13, 0.38, 0.61, 0.87)


def backed_up(type_: str) -> tuple[World, Disk]:
    """Return a pool of which one disk was backed up three times."""
    world = World("untidy", utc("2024-11-20 05:00:00"), untidy=True)
    machine = world.machine("vm", world.storage("sr", type_), [10 * GIB])
    world.start(machine)
    world.enable_cbt(machine.disks[0])
    last: dict[str, Disk] = {}
    for _ in range(3):
        last = backup(world, machine.disks, last)
        world.clock.tick(3600)
    return world, machine.disks[0]


def read(world: World, folder: Path, share: float = 0) -> Report:
    world.master.journal.begin_midway(share)
    return analyze([world.bundle(world.master).write_tar(folder / "b.tar", None)])


def troubles(report: Report) -> set[str]:
    """Return the rules about CBT that found more than a remark."""
    return {
        finding.rule
        for outcome in report.outcomes
        for finding in outcome.findings
        if finding.rule.startswith("cbt-") and finding.severity is not Severity.INFO
    }


@BOTH
@pytest.mark.parametrize("share", SHARES)
def test_nothing_is_found_in_a_healthy_pool_wherever_its_logs_begin(
    tmp_path: Path, type_: str, share: float
) -> None:
    world, _ = backed_up(type_)

    assert troubles(read(world, tmp_path, share)) == set()


@BOTH
def test_a_log_that_a_scan_missed_is_found_though_it_names_another_difference(
    tmp_path: Path, type_: str
) -> None:
    world, disk = backed_up(type_)
    disk.log = None  # somebody removed it
    world.scan(disk.storage)

    report = read(world, tmp_path)

    assert "cbt_enabled False" not in "\n".join(world.master.journal.lines("var/log/SMlog"))
    found = {outcome.rule for outcome in report.outcomes if outcome.verdict is Verdict.FOUND}
    assert found & {"cbt-database-disagrees", "cbt-log-missing"}
