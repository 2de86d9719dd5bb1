"""The made-up pool tells one story in all its files: logs, database, volumes, alerts."""

import ast
import re
import xml.etree.ElementTree as ET
from collections import Counter

import pytest

from tests.support.bundle import BundleBuilder
from tests.support.clock import Clock, Dial, utc
from tests.support.database import document
from tests.support.whole import fifths
from tests.world.emit_snapshot import LogFault
from tests.world.journal import DAEMON, SMLOG, XENSOURCE, Journal
from tests.world.objects import GIB, Disk
from tests.world.recipes import RECIPES
from tests.world.releases import XENSERVER_7_6
from tests.world.sample import Recipe
from tests.world.world import World

_HEAD = re.compile(r"^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ [\w-]+(\[\d+\])?: ")
_COMMAND = re.compile(r"^(?:vdi|sr)_[a-z_]+ (\{.*\})$")


def _tracked(type_: str, *, attached: bool = True) -> tuple[World, Disk]:
    world = World("test", utc("2024-11-20 05:00:00"))
    machine = world.machine("vm", world.storage("sr", type_), [10 * GIB])
    if attached:
        world.start(machine)
    world.enable_cbt(machine.disks[0])
    return world, machine.disks[0]


def _sm(world: World) -> list[str]:
    lines = world.master.journal.lines(SMLOG)
    return [line.split("] ", 1)[1] for line in lines if " SM: [" in line]


def _cbt(world: World) -> list[str]:
    short = {disk.uuid: disk.name for disk in world.disks.values()}
    text = "\n".join(line for line in _sm(world) if line.startswith("['/usr/sbin/cbt-util'"))
    for uuid, name in short.items():
        text = text.replace(uuid, name)
    return text.splitlines()


def _arguments(line: str) -> str:
    words: list[str] = ast.literal_eval(line)
    return " ".join(word.rsplit("/", 1)[-1] for word in words[1:])


def test_enable_on_an_attached_disk_ends_inconsistent() -> None:
    world, disk = _tracked("nfs")
    assert [_arguments(line) for line in _cbt(world)] == [
        f"create -n vm disk 0.cbtlog -s {disk.size}",
        "set -n vm disk 0.cbtlog -f 1",
        "set -n vm disk 0.cbtlog -f 0",
    ]


def test_enable_on_a_volume_deactivates_the_log_again() -> None:
    world, disk = _tracked("lvm", attached=False)
    log = disk.storage.log(disk.uuid)
    assert repr(["/sbin/lvchange", "-an", log]) in _sm(world)


def test_snapshot_links_the_chain() -> None:
    world, disk = _tracked("lvm")
    first, second = world.snapshot(disk), world.snapshot(disk)
    assert first.log is not None
    assert second.log is not None
    assert disk.log is not None
    chain = (first.log.child, second.log.parent, second.log.child, disk.log.parent)
    assert chain == (second.uuid, first.uuid, disk.uuid, second.uuid)


def test_deleting_a_snapshot_closes_the_gap() -> None:
    world, disk = _tracked("lvm")
    first, second = world.snapshot(disk), world.snapshot(disk)
    world.destroy(second)
    assert first.log is not None
    assert disk.log is not None
    assert (first.log.child, disk.log.parent) == (disk.uuid, first.uuid)


def test_user_disable_tells_the_parent() -> None:
    world, disk = _tracked("nfs")
    snapshot = world.snapshot(disk)
    world.disable_cbt(disk)
    assert snapshot.log is not None
    assert snapshot.log.child is None
    assert not disk.cbt_enabled


def test_changed_blocks_reads_every_bitmap_but_the_first() -> None:
    world, disk = _tracked("nfs")
    first, second = world.snapshot(disk), world.snapshot(disk)
    world.list_changed_blocks(first, second)
    shown = [line for line in _sm(world) if line.startswith("DEBUG: Processing")]
    assert shown == [f"DEBUG: Processing VDI {second.uuid} of size {disk.size}"]


def test_crash_drops_the_log_at_the_next_start() -> None:
    world, disk = _tracked("lvm")
    world.crash(world.master)
    assert world.start(world.machines[0]) == [disk]
    sentence = f"Changed Block Tracking metadata is inconsistent for disk {disk.uuid}."
    assert _sm(world).count(sentence) == 1
    assert disk.log is None


def test_orderly_shutdown_drops_nothing() -> None:
    world, _ = _tracked("lvm")
    world.shut_down(world.machines[0])
    assert world.start(world.machines[0]) == []


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (LogFault.NO_SPACE, "Creating CBT metadata log for disk {} failed."),
        (LogFault.LVCREATE, "Creating CBT metadata log for disk {} failed."),
    ],
)
def test_failed_log_leaves_the_snapshot_its_own(fault: LogFault, sentence: str) -> None:
    world, disk = _tracked("lvm")
    snapshot = world.snapshot(disk, fault=fault)
    assert sentence.format(disk.uuid) in _sm(world)
    assert snapshot.log is not None
    assert disk.log is None


def test_supporter_that_cannot_refresh_ends_cbt() -> None:
    world = World("test", utc("2024-11-20 05:00:00"), hosts=("jupiter", "saturn"))
    machine = world.machine("vm", world.storage("sr", "lvmoiscsi"), [10 * GIB])
    world.start(machine, world.hosts[1])
    disk = machine.disks[0]
    world.enable_cbt(disk)
    world.snapshot(disk, fault=LogFault.SUPPORTER)
    assert f"Creating CBT snapshot for {disk.uuid} failed" in _sm(world)
    assert [message.name for message in world.api.messages] == ["VDI_CBT_SNAPSHOT_FAILED"]


def test_resize_retries_twenty_times() -> None:
    world, disk = _tracked("nfs", attached=False)
    world.resize(disk, 20 * GIB, fails=True)
    failures = [line for line in _sm(world) if line.startswith("FAILED in util.pread: (rc 5)")]
    assert len(failures) == 20


def test_old_sm_takes_the_lvm_lock_of_its_time() -> None:
    world = World("test", utc("2024-11-20 05:00:00"), release=XENSERVER_7_6)
    world.scan(world.storage("sr", "lvm"))
    assert "lock: acquired /var/lock/sm/.nil/lvm" in _sm(world)


def test_old_xapi_repeats_the_host_in_its_bracket() -> None:
    world = World("test", utc("2024-11-20 05:00:00"), release=XENSERVER_7_6)
    world.api.log(world.api.call("VDI.snapshot"), "xapi_vdi", "x")
    (line,) = world.master.journal.lines(XENSOURCE)
    assert re.search(r"xapi: \[debug\|jupiter\|\d+ INET :::80\|VDI.snapshot R:[0-9a-f]{12}\|", line)


def test_listed_volumes_are_the_logs_that_exist() -> None:
    world, disk = _tracked("lvm")
    snapshot = world.snapshot(disk)
    text = world.bundle(world.master).content("lvs.out").decode()
    names = {line.split()[0] for line in text.splitlines() if ".cbtlog" in line}
    assert names == {f"{disk.uuid}.cbtlog", f"{snapshot.uuid}.cbtlog"}


def test_alert_has_its_five_copies() -> None:
    world, disk = _tracked("lvm")
    world.snapshot(disk, fault=LogFault.NO_SPACE)
    report = world.bundle(world.master)
    paths = [path for path in report.paths() if path.startswith("var/xapi/blobs/messages/")]
    assert len(paths) == 5
    assert len({report.content(path) for path in paths}) == 1


def test_filtered_database_and_dump_hold_the_same_rows() -> None:
    world, _ = _tracked("nfs")
    report = world.bundle(world.master)
    filtered, dumped = (
        [dict(row.attrib) for row in _xml(report, path).iter("row")]
        for path in ("xapi-db.xml", "xapi-db-dumped.xml")
    )
    assert filtered == dumped


def test_database_is_one_line_after_its_head() -> None:
    rows = {"VDI": [{"_ref": "OpaqueRef:a", "name__label": 'a "b"\n<c>'}]}
    text = document(rows, generation=1, schema_minor=601, filtered=True)
    assert text.count("\n") == 1
    assert 'name__label="a%.&quot;b&quot;%n&lt;c&gt;"' in text


def test_clock_does_not_run_backwards() -> None:
    clock = Clock(now=utc("2024-11-22 09:00:00"))
    with pytest.raises(ValueError, match="the clock is at 2024-11-22 09:00:00"):
        clock.until(utc("2024-11-22 08:59:59"))


def test_day_of_the_month_is_padded_with_a_blank() -> None:
    journal = Journal("jupiter", Dial(clock=Clock(now=utc("2024-11-02 09:00:00"))))
    journal.write(DAEMON, "systemd[1]", "x")
    assert journal.lines(DAEMON) == ("Nov  2 10:00:00 jupiter systemd[1]: x",)


@pytest.mark.parametrize("recipe", fifths(RECIPES), ids=lambda recipe: recipe.name)
def test_every_line_has_a_syslog_head(recipe: Recipe) -> None:
    wrong = [line for line in _all_lines(recipe, "var/log/") if not _HEAD.match(line)]
    assert wrong == []


@pytest.mark.parametrize("recipe", fifths(RECIPES), ids=lambda recipe: recipe.name)
def test_every_command_entry_is_a_python_dictionary(recipe: Recipe) -> None:
    entries = [
        ast.literal_eval(match[1])
        for line in _all_lines(recipe, SMLOG)
        if " SM: " in line and (match := _COMMAND.match(line.split("] ", 1)[1]))
    ]
    assert entries
    assert all("sr_uuid" in entry for entry in entries)


@pytest.mark.parametrize("recipe", fifths(RECIPES), ids=lambda recipe: recipe.name)
def test_every_lock_is_given_back(recipe: Recipe) -> None:
    balance: Counter[str] = Counter()
    for line in _all_lines(recipe, SMLOG):
        for word, step in (("lock: acquired ", 1), ("lock: released ", -1)):
            if word in line:
                balance[line.split(word)[1] + line.split()[5]] += step
    assert not +balance
    assert not -balance


def _all_lines(recipe: Recipe, start: str) -> list[str]:
    return [
        line
        for report in recipe.tell().reports
        for path in report.paths()
        if path.startswith(start) and not path.endswith(".gz")
        for line in report.content(path).decode().splitlines()
    ]


def _xml(report: BundleBuilder, path: str) -> ET.Element:
    return ET.fromstring(report.content(path))  # noqa: S314 - our own document
