"""Whatever a pool does with CBT, the chains rebuilt of its report are those on its storage."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.model.cbt import CbtLog, Known
from analyzer.model.finding import Confidence
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.rebuilt.cbt.history import CbtHistory, rebuild
from analyzer.run import load_case
from tests.support.clock import utc
from tests.support.whole import examples
from tests.world.objects import GIB, Disk, Log
from tests.world.releases import XCP_NG_8_0, XCP_NG_8_2, XCP_NG_8_3, XCP_NG_8_3_QCOW2, XENSERVER_9
from tests.world.world import World

RELEASES = (XCP_NG_8_0, XCP_NG_8_2, XCP_NG_8_3, XCP_NG_8_3_QCOW2, XENSERVER_9)

Step = Callable[[World, list[Disk]], object]


def _snapshots(world: World) -> list[Disk]:
    return [disk for disk in world.disks.values() if disk.is_a_snapshot]


def _with_snapshot(act: Callable[[World, Disk], object], place: int) -> Step:
    """Return a step that does something to a snapshot, if there is one."""

    def step(world: World, _: list[Disk]) -> None:
        known = _snapshots(world)
        if known:
            act(world, known[place % len(known)])

    return step


def _compare(world: World, disks: list[Disk], places: tuple[int, int]) -> None:
    known = [*_snapshots(world), *disks]
    world.list_changed_blocks(*(known[place % len(known)] for place in places))


def _crash(world: World, _: list[Disk]) -> None:
    world.crash(world.master)
    world.start(world.machines[0])


def _grow(world: World, disks: list[Disk]) -> None:
    world.shut_down(world.machines[0])
    world.resize(disks[0], disks[0].size + GIB)
    world.start(world.machines[0])


PLACES = st.integers(0, 5)
STEPS: st.SearchStrategy[Step] = st.one_of(
    st.integers(0, 1).map(lambda n: lambda world, disks: world.enable_cbt(disks[n])),
    st.integers(0, 1).map(
        lambda n: lambda world, disks: disks[n].log and world.disable_cbt(disks[n])
    ),
    st.integers(0, 1).map(lambda n: lambda world, disks: world.snapshot(disks[n])),
    PLACES.map(lambda n: _with_snapshot(lambda world, disk: world.destroy(disk), n)),
    PLACES.map(lambda n: _with_snapshot(lambda world, disk: world.data_destroy(disk), n)),
    st.tuples(PLACES, PLACES).map(lambda pair: lambda world, disks: _compare(world, disks, pair)),
    st.just(_crash),
    st.just(_grow),
    st.just(lambda world, disks: world.scan(disks[0].storage)),
)


def _play(type_: str, release: int, steps: list[Step], *, untidy: bool = False) -> World:
    start = utc("2024-11-20 05:00:00")
    world = World("replay", start, release=RELEASES[release], untidy=untidy)
    machine = world.machine("vm", world.storage("sr", type_), [10 * GIB, 5 * GIB])
    world.start(machine)
    world.enable_cbt(machine.disks[0])
    for step in steps:
        step(world, machine.disks)
        world.clock.tick(30)
    world.clock.tick(1800)
    return world


def _rebuilt(world: World, folder: Path) -> CbtHistory:
    path = world.bundle(world.master).write_tar(folder / "b.tar", None)
    case, _ = load_case([path])
    return rebuild(sm_operations(case), case.pools, case.hosts)


def _sure(known: Known[str] | Known[int] | Known[bool] | None) -> object:
    return known.value if known and known.confidence is not Confidence.POSSIBLE else None


def _told(log: CbtLog | None) -> object:
    """Return what is surely known of a log, as a tuple to compare, or None if it is gone."""
    if log is None or not _sure(log.exists):
        return None
    return tuple(_sure(known) for known in (log.parent, log.child, log.size, log.consistent))


def _true(log: Log | None) -> object:
    return log and (log.parent or "", log.child or "", log.size, log.consistent)


@pytest.mark.parametrize("type_", ["lvm", "nfs"])
@given(
    release=st.integers(0, len(RELEASES) - 1),
    steps=st.lists(STEPS, max_size=12),
    untidy=st.booleans(),
)
@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_rebuilt_logs_are_those_on_the_storage(
    tmp_path: Path, type_: str, release: int, steps: list[Step], untidy: bool
) -> None:
    world = _play(type_, release, steps, untidy=untidy)
    history = _rebuilt(world, tmp_path)
    storage = world.storages[0].uuid
    stored = world.state.stored
    mentioned = {uuid for sr, uuid in history.now if sr == storage} | stored.keys()
    told = {uuid: _told(history.log(storage, uuid)) for uuid in mentioned}
    true = {uuid: _true(stored[uuid].log) if uuid in stored else None for uuid in mentioned}
    assert told == true


@pytest.mark.parametrize("type_", ["lvm", "nfs"])
@given(steps=st.lists(STEPS, max_size=12), share=st.floats(0, 0.99))
@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_report_whose_logs_begin_midway_tells_nothing_untrue(
    tmp_path: Path, type_: str, steps: list[Step], share: float
) -> None:
    world = _play(type_, 2, steps, untidy=True)
    world.master.journal.begin_midway(share)
    history = _rebuilt(world, tmp_path)
    for uuid, disk in world.state.stored.items():
        told = history.log(world.storages[0].uuid, uuid)
        if told is None:
            continue
        assert _sure(told.exists) in (None, disk.log is not None)
        if disk.log is not None:
            true = (disk.log.parent or "", disk.log.child or "", disk.log.size, disk.log.consistent)
            known = (told.parent, told.child, told.size, told.consistent)
            for value, found in zip(true, known, strict=True):
                assert _sure(found) in (None, value)
