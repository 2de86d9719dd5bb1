"""Whatever clients do with NBD in order: nothing is found, and who is connected is known."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.model.nbd import NbdSession, SessionFate
from analyzer.rebuilt.nbd.dom0.attachments import dom0_attachments
from analyzer.rebuilt.nbd.sessions.sessions import concurrency, nbd_sessions, server_runs
from analyzer.run import load_case
from tests.samples.verdicts import subjects
from tests.support.clock import utc
from tests.support.whole import examples
from tests.world.exports import Refusal
from tests.world.journal import KERN
from tests.world.objects import GIB, Disk, Loopback
from tests.world.releases import XCP_NG_8_2, XCP_NG_8_3, XENSERVER_7_6, XENSERVER_9
from tests.world.world import World

RELEASES = (XENSERVER_7_6, XCP_NG_8_2, XCP_NG_8_3, XENSERVER_9)
# A stop that reads "failed" is told with releases whose xapi-nbd ends so; that is no fault.
_TOLD = {"nbd-service-failed-after-stop"}

Step = Callable[[World, list[Disk]], object]


def _held(world: World) -> list[Loopback]:
    return [vbd for host in world.hosts for vbd in world.exports.held(host)]


def _open(world: World, disks: list[Disk], places: tuple[int, int]) -> None:
    host = world.hosts[places[0] % len(world.hosts)]
    if len(world.exports.held(host)) < 15:
        disk = disks[places[1] % len(disks)]
        world.exports.info(disk)
        world.exports.open(disk, host)


def _close(world: World, place: int) -> None:
    held = _held(world)
    if held:
        world.exports.close(held[place % len(held)])


def _restart(world: World, place: int) -> None:
    host = world.hosts[place % len(world.hosts)]
    world.exports.stop(host)
    world.clock.tick(3)
    world.exports.start(host)


PLACES = st.integers(0, 20)
OPENINGS: st.SearchStrategy[Step] = st.tuples(PLACES, PLACES).map(
    lambda pair: lambda world, disks: _open(world, disks, pair)
)
STEPS: st.SearchStrategy[Step] = st.one_of(
    OPENINGS,
    OPENINGS,
    PLACES.map(lambda n: lambda world, _: _close(world, n)),
    PLACES.map(lambda n: lambda world, _: _close(world, n)),
    PLACES.map(lambda n: lambda world, _: _restart(world, n)),
    PLACES.map(lambda n: lambda world, _: world.nbd[world.hosts[n % 2].name].gone()),
    st.just(lambda world, _: world.clock.tick(3600)),
)


def _crash(world: World, place: int, *, whole: bool) -> None:
    """Crash a server; systemd starts it again, and it cleans up, or cannot."""
    host = world.hosts[place % len(world.hosts)]
    world.exports.crash(host)
    world.nbd[host.name].comes_back()
    busy = Refusal(code="OTHER_OPERATION_IN_PROGRESS", params=("VDI", "OpaqueRef:NULL"))
    world.exports.start(host, None if whole else busy)


CRASHES: st.SearchStrategy[Step] = st.tuples(PLACES, st.booleans()).map(
    lambda pair: lambda world, _: _crash(world, pair[0], whole=pair[1])
)


def _play(release: int, steps: list[Step]) -> World:
    world = World(
        "play", utc("2024-11-20 05:00:00"), hosts=("jupiter", "saturn"), release=RELEASES[release]
    )
    storage = world.storage("SAN", "lvmoiscsi")
    world.network("Backup", "xenbr1", "eth1", "198.51.100", ("nbd",))
    world.serve()
    machine = world.machine("vm", storage, [10 * GIB, 5 * GIB, GIB])
    world.start(machine)
    snapshots = [world.snapshot(disk) for disk in machine.disks]
    for step in steps:
        step(world, snapshots)
        world.clock.tick(7)
    world.clock.tick(60)
    return world


def _bundles(world: World, folder: Path) -> list[Path]:
    return [world.bundle(host).write_tar(folder / f"{host.name}.tar", None) for host in world.hosts]


def _open_in(sessions: tuple[NbdSession, ...]) -> dict[str | None, str | None]:
    return {
        session.vbd: session.vdi
        for session in sessions
        if session.vbd and session.fate is SessionFate.OPEN
    }


@pytest.mark.slow
@given(release=st.integers(0, 3), steps=st.lists(STEPS, max_size=25))
@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_orderly_use_is_no_finding_and_is_known(
    tmp_path: Path, release: int, steps: list[Step]
) -> None:
    world = _play(release, steps)
    case, report = load_case(_bundles(world, tmp_path))
    assert {o.rule for o in report.outcomes if o.findings} <= _TOLD
    held = {vbd.ref: vbd.disk.uuid for vbd in _held(world)}
    assert _open_in(nbd_sessions(case)) == held
    assert not [run for run in server_runs(case) if run.crashed]
    attached = {(each.host, each.vdi) for each in dom0_attachments(case)}
    assert attached == {(vbd.host.uuid, vbd.disk.uuid) for vbd in _held(world)}
    now = {each.host: each.points[-1][1:] for each in concurrency(case) if each.points}
    for host in world.hosts:
        least, most = now.get(host.uuid, now.get(host.name, (0, 0)))
        assert least <= len(world.exports.held(host)) <= most


@pytest.mark.slow
@given(release=st.integers(1, 3), steps=st.lists(st.one_of(OPENINGS, CRASHES), max_size=12))
@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_what_crashes_left_is_found_and_nothing_else(
    tmp_path: Path, release: int, steps: list[Step]
) -> None:
    world = _play(release, steps)
    case, report = load_case(_bundles(world, tmp_path))
    left = {vbd.disk.uuid for vbd in _held(world) if not vbd.client}
    found = {o.rule: o.findings for o in report.outcomes if o.findings}
    crashed = any(" segfault at " in line for h in world.hosts for line in h.journal.lines(KERN))
    assert ("nbd-service-crashed" in found) is crashed
    assert found.keys() <= {"nbd-service-crashed", "vdi-left-attached-to-dom0"}
    said = [subjects(finding) for finding in found.get("vdi-left-attached-to-dom0", ())]
    assert len(said) == len(left)
    assert all(any(uuid in names for names in said) for uuid in left)
    gone = {e.vdi for e in dom0_attachments(case) if e.in_use is False}
    assert gone == left
