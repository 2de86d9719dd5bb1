"""Whatever a pool lives through, no comparison that left blocks out is ruled out."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from analyzer.model.finding import Verdict
from analyzer.run import analyze
from analyzer.sm import snapshots, tracking
from analyzer.sm.comparing import list_changed_blocks
from tests.world.objects import Disk
from tests.world.test_world_and_model import Both

RULE = "cbt-incomplete-changed-blocks"
WORDS = ("night", "night", "night", "fall", "start", "read", "enable", "disable", "detach", "live")


class Life(Both):
    """A pool and its model; ``short`` are the comparisons that left blocks out, by their ends."""

    goes_on = 0  # the place of the host on which the VM is started

    def __init__(
        self, type_: str, hosts: Sequence[str] = ("jupiter",), ahead: timedelta = timedelta(0)
    ) -> None:
        super().__init__(type_, hosts, dict.fromkeys(hosts[1:], ahead))
        self.short: list[tuple[str, str]] = []
        self.base: dict[str, Disk] = {}
        for word in ("detach", "move", "start") if len(hosts) > 1 else ():
            self.do(word, 0)  # so that each host has a log
        for disk in self.machine.disks:
            self.enable(disk)

    def do(self, word: str, place: int) -> None:
        """Do one thing to the VM or to one of its disks, where it can be done."""
        disk, running = self.machine.disks[place], self.machine.host is not None
        match word:
            case "night":
                self.back_up(disk)
            case "fall" if running:
                assert self.machine.host is not None
                self.world.crash(self.machine.host)
                self._model(tracking.crash, *self.machine.disks)
            case "start" if not running:
                self.start()
            case "move":
                self.goes_on = (self.goes_on + 1) % len(self.world.hosts)
            case "detach" if running:
                self.world.shut_down(self.machine)
                self._model(tracking.detach, *self.machine.disks)
            case "read" if not running:
                self.read(disk)
            case "live" if not running and disk.uuid in self.base:
                self.compare(self.base[disk.uuid], disk)
            case "enable" | "disable":
                getattr(self, word)(disk)
            case _:
                pass
        self.world.clock.tick(900)

    def start(self) -> None:
        """Start the VM where it goes on."""
        self.world.start(self.machine, self.world.hosts[self.goes_on])
        self._model(tracking.attach, *self.machine.disks)

    def back_up(self, disk: Disk) -> None:
        """Take a snapshot, compare it with the last one, and delete that."""
        before = set(self.world.disks)
        self.snapshot(disk)
        taken = (self.world.disks[uuid] for uuid in self.world.disks.keys() - before)
        new = next(each for each in taken if each.snapshot_of is disk)
        old = self.base.get(disk.uuid)
        if old is not None:
            self.compare(old, new)
            self.world.destroy(old)
            self._model(snapshots.vdi_delete, old)
        self.base[disk.uuid] = new

    def compare(self, older: Disk, newer: Disk) -> None:
        """Compare two disks, on both, and keep in mind what was left out."""
        refused = self.world.list_changed_blocks(older, newer).error
        answer = list_changed_blocks(self.state, older.uuid, newer.uuid)
        self.state = answer.state
        assert bool(refused) is not answer.ok
        if answer.left_out:
            self.short.append((older.uuid, newer.uuid))

    def read(self, disk: Disk) -> None:
        """Let a client read the disk, which attaches it read-only."""
        self.state = tracking.attach(self.state, disk.uuid, read_only=True).state
        with self.world.exported(disk):
            self.world.clock.tick(60)
        self.state = tracking.detach(self.state, disk.uuid).state


@pytest.mark.parametrize("type_", ["lvm", "nfs"])
@given(
    steps=st.lists(st.tuples(st.sampled_from(WORDS), st.integers(0, 1)), max_size=12),
    share=st.sampled_from((0.0, 0.0, 0.3)),
)
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_comparison_that_left_blocks_out_is_ruled_out(
    tmp_path: Path, type_: str, steps: list[tuple[str, int]], share: float
) -> None:
    life = Life(type_)
    for word, place in (("night", 0), *steps):
        life.do(word, place)
    life.world.clock.tick(1800)
    life.world.master.journal.begin_midway(share)
    report = analyze([life.world.bundle(life.world.master).write_tar(tmp_path / "b.tar", None)])
    judged = next(outcome for outcome in report.outcomes if outcome.rule == RULE)
    if life.short and not share:
        assert judged.verdict in (Verdict.FOUND, Verdict.CANNOT_TELL)
    if not life.short:
        assert judged.verdict is not Verdict.FOUND


@pytest.mark.parametrize("type_", ["lvmoiscsi", "nfs"])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from((*WORDS, "move", "fall")), st.integers(0, 1)), max_size=12
    ),
    share=st.sampled_from((0.0, 0.1, 0.3)),
    minutes=st.sampled_from((0, 7, -7, 25)),
)
# Neither the attach of the disk nor any boot is left in the logs, only the flag of its log.
@example(steps=[("fall", 0), ("read", 0), ("night", 0), ("night", 0)], share=0.3, minutes=7)
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_nor_between_two_hosts_whose_clocks_are_apart(
    tmp_path: Path, type_: str, steps: list[tuple[str, int]], share: float, minutes: int
) -> None:
    life = Life(type_, ("jupiter", "saturn"), timedelta(minutes=minutes))
    for word, place in (("night", 0), *steps):
        life.do(word, place)
    life.world.clock.tick(1800)
    reports: list[Path] = []
    for host in life.world.hosts:
        host.journal.begin_midway(share)
        reports.append(life.world.bundle(host).write_tar(tmp_path / f"{host.name}.tar", None))
    judged = next(one for one in analyze(reports).outcomes if one.rule == RULE)
    if life.short:
        assert judged.verdict in (Verdict.FOUND, Verdict.CANNOT_TELL)
    else:
        assert judged.verdict is not Verdict.FOUND


@pytest.mark.parametrize("type_", ["lvm", "nfs"])
def test_backup_between_a_crash_and_the_next_start_is_not_to_be_trusted(
    tmp_path: Path, type_: str
) -> None:
    life = Life(type_)
    for word in ("night", "fall", "night", "start", "night"):
        life.do(word, 0)
    assert len(life.short) == 1
    life.world.clock.tick(1800)
    report = analyze([life.world.bundle(life.world.master).write_tar(tmp_path / "b.tar", None)])
    judged = next(outcome for outcome in report.outcomes if outcome.rule == RULE)
    (finding,) = judged.findings
    assert f" to {life.short[0][1]}" in finding.action[0].step
