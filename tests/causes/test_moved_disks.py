"""A disk that was moved or copied to another SR is a new one: told as the cause where it is one."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from analyzer.model.report import Cause
from analyzer.run import analyze
from tests.causes.test_causes import finding
from tests.causes.test_joins import BOTH, NEWER, explained
from tests.checks.support import SNAPSHOT, SR, VDI, CaseBuilder, sr, vdi
from tests.support.clock import utc
from tests.world.emit_moves import attach_copy, copy_disk, migrate_disk, move_by_copy
from tests.world.objects import GIB, Disk
from tests.world.world import World

REFUSED = "cbt-destroy-cbt-not-enabled"
NEW_DISK = "9f0e1d2c-3b4a-4596-8778-695a4b3c2d1e"


class Pool:
    """A VM with two tracked disks on one SR, and an empty SR."""

    def __init__(self) -> None:
        self.world = World("moved-disk", utc("2024-11-20 05:00:00"))
        self.old = self.world.storage("Old", "lvm")
        self.fast = self.world.storage("Fast", "nfs")
        self.machine = self.world.machine("ledger", self.old, [20 * GIB, 8 * GIB])
        self.world.start(self.machine)
        for disk in self.machine.disks:
            self.world.enable_cbt(disk)
        self.world.until(utc("2024-11-20 12:00:00"))
        self.snapshots = [self.world.snapshot(disk) for disk in self.machine.disks]

    def off(self, disk: Disk) -> None:
        """Turn CBT off for a disk, without which xapi does not move it."""
        assert not self.world.disable_cbt(disk)

    def refused(self, disk: Disk) -> None:
        """Take a snapshot of a disk without CBT, and ask to keep its CBT metadata only."""
        self.world.clock.tick(3600)
        taken = self.world.snapshot(disk)
        assert self.world.data_destroy(taken) == "VDI_NO_CBT_METADATA"

    def causes(self) -> tuple[Cause, ...]:
        """Return the causes of refusals."""
        self.world.until(utc("2024-11-21 02:00:00"))
        with TemporaryDirectory() as folder:
            path = self.world.bundle(self.world.master).write_folder(Path(folder) / "report")
            report = analyze([path])
        own = {f.id for o in report.outcomes if o.rule == REFUSED for f in o.findings}
        assert own
        return tuple(cause for cause in report.causes if own & set(cause.findings))


def moved(pool: Pool) -> None:
    disk = pool.machine.disks[0]
    pool.off(disk)
    pool.refused(migrate_disk(pool.world, pool.machine, disk, pool.fast))


def copied(pool: Pool) -> None:
    disk = pool.machine.disks[0]
    pool.off(disk)
    pool.world.shut_down(pool.machine)
    new = move_by_copy(pool.world, pool.machine, disk, pool.fast)
    pool.world.start(pool.machine)
    pool.refused(new)


def moved_within_its_sr(pool: Pool) -> None:
    disk = pool.machine.disks[0]
    assert migrate_disk(pool.world, pool.machine, disk, pool.old) is disk
    pool.off(disk)
    pool.refused(disk)


def moved_later(pool: Pool) -> None:
    disk = pool.machine.disks[0]
    pool.off(disk)
    pool.refused(disk)
    pool.world.clock.tick(3600)
    migrate_disk(pool.world, pool.machine, disk, pool.fast)


def another_disk_moved(pool: Pool) -> None:
    first, second = pool.machine.disks
    pool.off(first)
    pool.off(second)
    migrate_disk(pool.world, pool.machine, second, pool.fast)
    pool.refused(first)


def another_disk_copied(pool: Pool) -> None:
    """Another VM's disk is copied, then this VM gets an old disk of its name on that SR."""
    spare = pool.world.disk("ledger disk 1", pool.fast, 8 * GIB)
    pool.world.enable_cbt(spare)
    pool.off(spare)
    copy_disk(pool.world, pool.machine.disks[1], pool.fast)
    attach_copy(pool.world, pool.machine, spare)
    pool.machine.disks.append(spare)
    pool.refused(spare)


def copied_twice(pool: Pool) -> None:
    """Two copies of one disk: which of them the VM got is not known."""
    pool.off(pool.machine.disks[1])
    copies = [copy_disk(pool.world, pool.machine.disks[1], pool.fast) for _ in range(2)]
    for copy in copies:
        attach_copy(pool.world, pool.machine, copy)
    pool.machine.disks += copies
    pool.refused(copies[0])


Story = Callable[[Pool], None]


def _causes_of(story: Story) -> tuple[Cause, ...]:
    pool = Pool()
    story(pool)
    return pool.causes()


@pytest.mark.parametrize(("story", "how"), [(moved, "storage migration"), (copied, "copy")])
def test_a_new_disk_without_a_log_is_the_cause_of_a_refusal(story: Story, how: str) -> None:
    (cause,) = _causes_of(story)
    assert f"Disk ledger disk 0 is a new one, made by a {how} at " in cause.title
    assert ", and then " in cause.title
    assert "a new disk, without a log" in cause.title


@pytest.mark.parametrize(
    "story",
    [moved_within_its_sr, moved_later, another_disk_moved, another_disk_copied, copied_twice],
)
def test_other_moves_and_copies_explain_no_refusal(story: Story) -> None:
    for cause in _causes_of(story):
        assert "is a new one" not in cause.title


XAPI = "xapi: [debug||4711 HTTPS 192.0.2.40->:::80|Async.{call} R:0a1b2c3d4e5f|{brand}]"


def pool_migrate(failing: str = "") -> str:
    """Return the lines of a move of `VDI` that became `NEW_DISK`."""
    head = XAPI.format(call="VDI.pool_migrate", brand="audit")
    here = XAPI.format(call="VDI.pool_migrate", brand="xapi_vm_migrate")
    machine = "c7f1b2a9-3e4d-4a5b-9c6d-0e1f2a3b4c5d"
    return (
        f"11:00:00 {head} VDI.pool_migrate: VDI = '{VDI}'; SR = '{SR}'; VM = '{machine}'\n"
        f"11:04:00 {here} Local VDI {VDI} mirrored to {NEW_DISK}\n{failing}"
    )


def compared(log: str, *, of_the_new: bool = True) -> bool:
    """Tell whether a move explains that a snapshot of the old disk and a newer one differ."""
    renamed = f"/dev/VG_XenStorage-{SR}/{{}}.cbtlog"
    smlog = (
        "09:00:00 SM: [2390] ['/sbin/lvrename', "
        f"'{renamed.format(VDI)}', '{renamed.format(SNAPSHOT)}']\n"
        "09:00:01 SM: [2390]   pread SUCCESS\n"
    )
    owner = NEW_DISK if of_the_new else SNAPSHOT
    rows = (
        *(sr(), vdi(NEW_DISK), vdi(SNAPSHOT, is_a_snapshot=True, snapshot_of="OpaqueRef:gone")),
        vdi(NEWER, is_a_snapshot=True, snapshot_of=f"OpaqueRef:{owner}"),
    )
    case = CaseBuilder().host().database(*rows).xensource_log(log).smlog(smlog)
    effect = finding("cbt-list-unrelated", BOTH, when="12:00:00")
    return explained(case.build(), effect)


def failed() -> str:
    head = XAPI.format(call="VDI.pool_migrate", brand="backtrace").replace("debug", "error")
    return (
        f"11:05:00 {head} Async.VDI.pool_migrate R:0a1b2c3d4e5f failed with exception "
        f"Server_error(MIRROR_FAILED, [ OpaqueRef:{VDI} ])\n"
    )


def test_a_move_explains_that_old_and_new_snapshots_are_unrelated() -> None:
    assert compared(pool_migrate())


def test_a_failed_move_explains_nothing() -> None:
    assert not compared(pool_migrate(failed()))


def test_a_move_does_not_explain_two_disks_of_which_one_is_another() -> None:
    assert not compared(pool_migrate(), of_the_new=False)
