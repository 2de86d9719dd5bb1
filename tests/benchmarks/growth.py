"""Reports that grow in one way each: what a pool has many of."""

import tarfile
from collections.abc import Callable, Iterable, Mapping
from math import isqrt
from pathlib import Path

from tests.support.bundle import BundleBuilder, xencenter_zip
from tests.support.clock import utc
from tests.world import emit_disk
from tests.world.emit_snapshot import LogFault
from tests.world.journal import DAEMON, SMLOG, XENSOURCE
from tests.world.objects import GIB, Disk
from tests.world.routine import backup
from tests.world.world import World

_SR = "d07ad4d2-d8fe-4a70-9a87-dfca6fbe4dd9"
_UNRELATED = "Failed to calculate changed blocks for given VDIs. [opterr=They are unrelated]"
_VDI = "6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913"


def _world(disks: int) -> tuple[World, list[Disk]]:
    world = World("scaling", utc("2024-11-01 05:00:00"))
    storage = world.storage("Local storage", "lvm", free=10**6 * GIB)
    world.network("Backup", "xenbr1", "eth1", "198.51.100", ("nbd",))
    world.serve()
    for number in range(disks):
        machine = world.machine(f"vm{number}", storage, [10 * GIB])
        world.enable_cbt(machine.disks[0])
    return world, [disk for machine in world.machines for disk in machine.disks]


def _written(folder: Path, world: World) -> Path:
    return world.bundle(world.master).write_tar(folder / "bundle.tar.bz2", bz2_level=1)


def sessions(folder: Path, size: int) -> Path:
    """One disk is attached and detached again, read-only every other time."""
    world, (disk,) = _world(1)
    for number in range(size):
        emit_disk.attach(world.master, disk, writable=bool(number % 2))
        emit_disk.activate(world.master, disk, writable=bool(number % 2))
        world.clock.tick(60)
        emit_disk.deactivate(world.master, disk)
        emit_disk.detach(world.master, disk)
        world.clock.tick(60)
    return _written(folder, world)


def snapshots(folder: Path, size: int) -> Path:
    """One disk keeps all its snapshots, and each is compared with the one before."""
    world, (disk,) = _world(1)
    last = world.snapshot(disk)
    for _ in range(size):
        new = world.snapshot(disk)
        world.list_changed_blocks(last, new)
        world.clock.tick(600)
        last = new
    return _written(folder, world)


def metadata(folder: Path, size: int) -> Path:
    """One disk keeps of all its snapshots the log only."""
    world, (disk,) = _world(1)
    for _ in range(size):
        world.data_destroy(world.snapshot(disk))
        world.clock.tick(600)
    return _written(folder, world)


def disks(folder: Path, size: int) -> Path:
    """Many machines, a night's backup for each."""
    world, many = _world(size)
    backup(world, many, {})
    return _written(folder, world)


def nights(folder: Path, size: int) -> Path:
    """One disk is backed up night after night, and its tasks and sessions with it."""
    world, many = _world(1)
    last: dict[str, Disk] = {}
    for _ in range(size):
        last = backup(world, many, last)
        world.clock.tick(3600)
    return _written(folder, world)


def failures(folder: Path, size: int) -> Path:
    """CBT of a machine's disk is turned off at a snapshot, and on again."""
    world, (disk,) = _world(1)
    for _ in range(size):
        world.snapshot(disk, fault=LogFault.SUPPORTER)
        world.clock.tick(900)
        world.enable_cbt(disk)
    return _written(folder, world)


def crashes(folder: Path, size: int) -> Path:
    """A host loses power with a disk in use, time and again: its log is inconsistent."""
    world, _ = _world(1)
    machine = world.machines[0]
    for _ in range(size):
        world.start(machine)
        world.clock.tick(600)
        world.crash(world.master)
        world.enable_cbt(machine.disks[0])
        world.start(machine)
        world.clock.tick(600)
        world.shut_down(machine)
    return _written(folder, world)


def exports(folder: Path, size: int) -> Path:
    """A snapshot is read over NBD again and again."""
    world, (disk,) = _world(1)
    snapshot = world.snapshot(disk)
    for _ in range(size):
        with world.exported(snapshot):
            world.clock.tick(30)
    return _written(folder, world)


def storm(folder: Path, size: int) -> Path:
    """SM says the same of CBT over and over, with another process each time."""
    lines = (
        f"Nov 21 {_time(number)} jupiter SM: [{2000 + number % 30000}] ['/usr/sbin/cbt-util', "
        f"'get', '-n', '/dev/VG_XenStorage-{_VDI}/{_VDI}.cbtlog', '-c']"
        for number in range(size)
    )
    return _logged(folder, SMLOG, lines)


def comparisons(folder: Path, size: int) -> Path:
    """SM refuses to compare two disks, others each time."""
    lines = (
        f"Nov 21 {_time(number)} jupiter SM: [{2000 + number % 30000}] {text}"
        for number in range(size)
        for asked in [{"vdi_uuid": _uuid(1, number), "args": [f"OpaqueRef:{_uuid(2, number)}"]}]
        for text in (
            f"vdi_list_changed_blocks {asked | {'sr_uuid': _SR}}",
            f"Raising exception [460, {_UNRELATED}]",
            f"***** generic exception: vdi_list_changed_blocks: EXCEPTION {_UNRELATED}",
        )
    )
    return _logged(folder, SMLOG, lines)


def logs(folder: Path, size: int) -> Path:
    """SM looks at a CBT log, another each time."""
    lines = (
        f"Nov 21 {_time(number)} jupiter SM: [{2000 + number % 30000}] ['/usr/sbin/cbt-util', "
        f"'get', '-n', '/dev/VG_XenStorage-{_SR}/{_uuid(1, number)}.cbtlog', '-c']"
        for number in range(size)
    )
    return _logged(folder, SMLOG, lines)


def rows(folder: Path, size: int) -> Path:
    """The database has as many disks, each with CBT, on as many SRs as a tenth of them."""
    srs = "".join(
        f'<row ref="OpaqueRef:sr{number}" uuid="{_uuid(3, number)}" name__label="sr" type="lvm"/>'
        for number in range(size // 10 + 1)
    )
    disks = "".join(
        f'<row ref="OpaqueRef:{number}" uuid="{_uuid(1, number)}" SR="OpaqueRef:sr{number // 10}"'
        ' cbt_enabled="true" is_a_snapshot="false" managed="true" type="user"/>'
        for number in range(size)
    )
    tables = f'<table name="SR">{srs}</table><table name="VDI">{disks}</table>'
    database = f"<database><manifest/>{tables}</database>"
    builder = BundleBuilder().log(SMLOG, ["Nov 21 10:00:00 jupiter SM: [1] lock: opened\n"])
    return builder.file("xapi-db.xml", database).write_tar(folder / "bundle.tar.bz2")


def kept(folder: Path, size: int) -> Path:
    """The database keeps as many snapshots of one disk, whose log was found inconsistent."""
    return _with_snapshots(folder, 1, size)


def many_kept(folder: Path, size: int) -> Path:
    """It keeps snapshots of many such disks, of each as many as there are disks."""
    return _with_snapshots(folder, isqrt(size), isqrt(size))


def _with_snapshots(folder: Path, disks: int, each: int) -> Path:
    row = '<row ref="OpaqueRef:{ref}" uuid="{uuid}" SR="OpaqueRef:sr" cbt_enabled="true"{more}/>'
    rows = [
        row.format(
            ref=f"{disk}-{number}",
            uuid=_uuid(disk + 1, number),
            more=f' snapshot_of="OpaqueRef:{disk}-0" is_a_snapshot="true" snapshot_time='
            f'"202401{number // 1440 % 28 + 1:02d}T{number // 60 % 24:02d}:{number % 60:02d}:00Z"'
            if number
            else ' is_a_snapshot="false"',
        )
        for disk in range(disks)
        for number in range(each + 1)
    ]
    sr = f'<row ref="OpaqueRef:sr" uuid="{_SR}" type="lvm"/>'
    tables = f'<table name="SR">{sr}</table><table name="VDI">{"".join(rows)}</table>'
    found = (
        f"Nov 21 {_time(disk)} jupiter SM: [{2000 + disk}] Changed Block Tracking metadata is "
        f"inconsistent for disk {_uuid(disk + 1, 0)}. Disabling Changed Block Tracking."
        for disk in range(disks)
    )
    builder = BundleBuilder().log(SMLOG, found)
    builder.file("xapi-db.xml", f"<database><manifest/>{tables}</database>")
    return builder.write_tar(folder / "bundle.tar.bz2", bz2_level=1)


def clients(folder: Path, size: int) -> Path:
    """xapi-nbd serves a client, and none of them ever goes."""
    lines = (
        f"Nov 21 {_time(number)} jupiter xapi-nbd[3163]: {text}"
        for number in range(size)
        for text in (
            "main: Got new client",
            "main: Found control domain UUID",
            f"main: Plugging VBD OpaqueRef:{_uuid(1, number)}",
            "Server.serve: Serving new client, read_only = true",
        )
    )
    return _logged(folder, DAEMON, lines)


def tasks(folder: Path, size: int) -> Path:
    """A client asks xapi for a snapshot, again and again."""
    lines = (
        f"Nov 21 {_time(number)} jupiter xapi: [ info||{number} HTTPS 192.0.2.7->:::80|"
        f"dispatch:VDI.snapshot D:{number:012x}|taskhelper] task Async.VDI.snapshot "
        f"R:{number:012x} (uuid:{number:08x}-9d1f-4c55-8a47-2f60b7c0e913) created by task D:1"
        for number in range(size)
    )
    return _logged(folder, XENSOURCE, lines)


def folders(folder: Path, size: int) -> Path:
    """Files lie in as many top folders, none of them a status report's."""
    root = folder / "bundle"
    BundleBuilder().log(SMLOG, ["Nov 21 10:00:00 jupiter SM: [1] lock: opened"]).write_folder(root)
    for number in range(size):
        place = root / f"top{number}" / "var" / "log"
        place.mkdir(parents=True)
        (place / "SMlog").write_text("Nov 21 10:00:00 jupiter SM: [1] lock: opened\n")
    return root


def hosts(folder: Path, size: int) -> Path:
    """A pool has as many hosts, each with a machine and a report, in XenCenter's one zip.

    The master alone has the database and the volumes: every host's own copies of them would grow
    with the square of the hosts by themselves.
    """
    names = [f"host-{number:03d}" for number in range(size)]
    world = World("scaling-hosts", utc("2024-11-20 05:00:00"), hosts=names)
    storage = world.storage("iSCSI virtual disk storage", "lvmoiscsi", free=10**6 * GIB)
    world.network("Backup", "xenbr1", "eth1", "198.51.100", ("nbd",))
    world.serve()
    for host in world.hosts:
        machine = world.machine(f"vm-{host.name}", storage, [10 * GIB])
        world.start(machine, host)
        world.enable_cbt(machine.disks[0])
    reports = [world.bundle(host) for host in world.hosts]
    for report in reports[1:]:
        for path in ("xapi-db.xml", "xapi-db-dumped.xml", "lvs.out"):
            report.remove(path)
    return xencenter_zip(folder / "pool.zip", reports)


def volumes(folder: Path, size: int) -> Path:
    """LVM lists as many volumes, half of them logs."""
    lines = (
        f"  {name}  VG_XenStorage-{_SR} -wi-a----- 4.00m\n"
        for number in range(size)
        for name in (f"VHD-{_uuid(1, number)}", f"{_uuid(1, number)}.cbtlog")
    )
    head = "  LV VG Attr LSize Pool Origin Data% Meta% Move Log Cpy%Sync Convert\n"
    builder = BundleBuilder().log(SMLOG, ["Nov 21 10:00:00 jupiter SM: [1] lock: opened"])
    return builder.file("lvs.out", head + "".join(lines)).write_tar(folder / "bundle.tar.bz2")


def names(folder: Path, size: int) -> Path:
    """Members have names longer than tar's own, which GNU tar writes as members before them."""
    place = folder / "bundle.tar.bz2"
    BundleBuilder().log(SMLOG, ["Nov 21 10:00:00 jupiter SM: [1] lock: opened"]).write_tar(place)
    with tarfile.open(place) as read:
        known = [(member, read.extractfile(member)) for member in read.getmembers()]
        with tarfile.open(folder / "names.tar.gz", "w:gz", format=tarfile.GNU_FORMAT) as archive:
            for member, content in known:
                archive.addfile(member, content)
            for number in range(size):
                deep = "/".join(["a-long-name-of-a-folder"] * 20)
                archive.addfile(tarfile.TarInfo(f"{known[0][0].name}/{deep}/{number}"))
    return folder / "names.tar.gz"


def _logged(folder: Path, path: str, lines: Iterable[str]) -> Path:
    return BundleBuilder().log(path, lines).write_tar(folder / "bundle.tar.bz2", bz2_level=1)


def _uuid(kind: int, number: int) -> str:
    return f"{number:08x}-9d1f-4c55-8a47-{kind:012x}"


def _time(number: int) -> str:
    second = number % 86_400
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


# kind → (size at 1, how a report of a size is made)
GROWTHS: Mapping[str, tuple[int, Callable[[Path, int], Path]]] = {
    "sessions": (100, sessions),
    "snapshots": (30, snapshots),
    "metadata": (30, metadata),
    "disks": (16, disks),
    "nights": (25, nights),
    "failures": (30, failures),
    "crashes": (25, crashes),
    "exports": (60, exports),
    "storm": (4000, storm),
    "comparisons": (100, comparisons),
    "logs": (200, logs),
    "rows": (300, rows),
    "kept": (250, kept),
    "many-kept": (256, many_kept),
    "clients": (200, clients),
    "tasks": (3000, tasks),
    "folders": (50, folders),
    "hosts": (4, hosts),
    "volumes": (2000, volumes),
    "names": (300, names),
}
