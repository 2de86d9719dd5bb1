"""Whatever the made-up pool does with CBT, its logs are those of the model of SM."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.sm import snapshots, tracking
from analyzer.sm.state import Result, SrKind, State, Vdi
from tests.support.clock import utc
from tests.support.whole import examples
from tests.world.objects import GIB, Disk
from tests.world.world import World


class Both:
    """A pool of one VM with two disks, and the model of its SR."""

    def __init__(
        self,
        type_: str,
        hosts: Sequence[str] = ("jupiter",),
        ahead: Mapping[str, timedelta] = MappingProxyType({}),
    ) -> None:
        self.world = World("both", utc("2024-11-20 05:00:00"), hosts=hosts, ahead=ahead)
        self.machine = self.world.machine("vm", self.world.storage("sr", type_), [10 * GIB] * 2)
        vdis = {disk.uuid: Vdi(size=disk.size) for disk in self.machine.disks}
        self.state = State(
            vdis=vdis, sr=SrKind.VOLUMES if type_.startswith("lvm") else SrKind.FILES
        )
        self.start()

    def start(self) -> None:
        """Start the VM."""
        self.world.start(self.machine)
        self._model(tracking.attach, *self.machine.disks)

    def enable(self, disk: Disk) -> None:
        """Turn CBT on."""
        self.world.enable_cbt(disk)
        self._model(tracking.enable, disk)

    def disable(self, disk: Disk) -> None:
        """Turn CBT off, where there is a log."""
        if disk.log is not None:
            self.world.disable_cbt(disk)
            self._model(tracking.disable, disk)

    def snapshot(self, disk: Disk) -> None:
        """Take a snapshot."""
        new = self.world.snapshot(disk)
        self.state = snapshots.snapshot(self.state, disk.uuid, new.uuid).state

    def destroy(self, place: int) -> None:
        """Delete a snapshot, if there is one."""
        for disk in self._taken(place):
            self.world.destroy(disk)
            self._model(snapshots.vdi_delete, disk)

    def data_destroy(self, place: int) -> None:
        """Keep the log of a snapshot only, if there is one."""
        for disk in self._taken(place):
            self.world.data_destroy(disk)
            self._model(snapshots.data_destroy, disk)

    def crash(self) -> None:
        """Let the host lose power, and start the VM again."""
        self.world.crash(self.world.master)
        self._model(tracking.crash, *self.machine.disks)
        self.start()

    def grow(self, disk: Disk) -> None:
        """Shut the VM down, grow a disk, and start it."""
        self.world.shut_down(self.machine)
        self._model(tracking.detach, *self.machine.disks)
        self.world.resize(disk, disk.size + GIB)
        self.state = tracking.resize(self.state, disk.uuid, disk.size).state
        self.start()

    def logs(self) -> tuple[object, object]:
        """Return the logs of the pool, and those of the model."""
        stored = self.world.state.stored.items()
        pool = {
            uuid: (disk.log.parent or "", disk.log.child or "", disk.log.size, disk.log.consistent)
            for uuid, disk in stored
            if disk.log is not None
        }
        model = {
            uuid: (log.parent, log.child, log.size, log.consistent)
            for uuid, log in self.state.logs.items()
        }
        return pool, model

    def _taken(self, place: int) -> list[Disk]:
        taken = [disk for disk in self.world.disks.values() if disk.is_a_snapshot]
        return [taken[place % len(taken)]] if taken else []

    def _model(self, call: Callable[[State, str], Result], *disks: Disk) -> None:
        for disk in disks:
            self.state = call(self.state, disk.uuid).state


WORDS = ("enable", "disable", "snapshot", "snapshot", "destroy", "data", "crash", "grow")
STEPS = st.lists(st.tuples(st.sampled_from(WORDS), st.integers(0, 5)), max_size=16)


def do(both: Both, word: str, place: int) -> None:
    disk = both.machine.disks[place % 2]
    acts: dict[str, Callable[[], None]] = {
        "enable": lambda: both.enable(disk),
        "disable": lambda: both.disable(disk),
        "snapshot": lambda: both.snapshot(disk),
        "destroy": lambda: both.destroy(place),
        "data": lambda: both.data_destroy(place),
        "crash": both.crash,
        "grow": lambda: both.grow(disk),
    }
    acts[word]()


@pytest.mark.parametrize("type_", ["lvm", "nfs"])
@settings(max_examples=examples(60), deadline=None)
@given(steps=STEPS)
def test_the_logs_of_the_pool_are_those_of_the_model(
    type_: str, steps: list[tuple[str, int]]
) -> None:
    both = Both(type_)
    both.enable(both.machine.disks[0])
    for word, place in steps:
        do(both, word, place)
        pool, model = both.logs()
        assert pool == model
