"""Generate a report as hosts write it: ``python -m tests.benchmarks.realistic TARGET``.

Most of what a host logs is of no backup: SM scans SRs and attaches disks, its collector looks for
work, xapi dispatches calls, xenopsd and tapdisk tell of machines. Such lines, in the shares and
wordings of real reports, stand here around the nights of `tests.benchmarks.generate`, in six files
per log over ten days.
"""

import argparse
import gzip
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import cycle
from pathlib import Path

from tests.benchmarks.generate import END, MB, TOKEN, ZULU, Renamed, night
from tests.support.bundle import BundleBuilder
from tests.support.clock import MONTHS
from tests.world.journal import AUDIT, DAEMON, SMLOG, XENSOURCE

KERN = "var/log/kern.log"
# By bytes: the share of each log, and of the nights in it, in percent.
SHARES = ((SMLOG, 45, 20), (XENSOURCE, 40, 15), (DAEMON, 8, 10), (AUDIT, 4, 100), (KERN, 3, 0))
FILES = 6
_SPAN = timedelta(days=10)
_LINE = 125  # bytes, about
_SLICE = 40  # lines of a night that stand together

_COMMAND = "SM: [{pid}]   pread SUCCESS"
_LOCK = "/var/lock/sm/{sr}"
_ARGUMENTS = (
    "{{'sr_uuid': '{sr}', 'subtask_of': 'DummyRef:|{uuid}|{call}', 'args': [], 'host_ref': "
    "'OpaqueRef:{host}', 'session_ref': '******', 'device_config': {{'SCSIid': '3600a09803{number}', "
    "'SRmaster': 'true'}}, 'command': '{command}', 'sr_ref': 'OpaqueRef:{uuid}'{disk}}}"
)
_DISK = ", 'vdi_ref': 'OpaqueRef:{uuid}', 'vdi_location': '{vdi}', 'vdi_uuid': '{vdi}'"
_XAPI = "xapi: [debug||{number} /var/lib/xcp/xapi"
_CREATED = "D:{task} created by task D:{task2}"
_TRACK = "trackid={track}"
_EVENTS = "|org.xen.xapi.xenops.classic events D:{task}"


def _called(command: str, call: str, *, disk: bool = False) -> str:
    """Return the line with which SM begins a call."""
    arguments = _ARGUMENTS.replace("{call}", call).replace("{command}", command)
    return f"SM: [{{pid}}] {command} {arguments.replace('{disk}', _DISK if disk else '')}"


def _locked(*lines: str) -> tuple[str, ...]:
    """Return what SM writes around what it does with its SR locked."""
    before = (
        f"SM: [{{pid}}] lock: {word} {_LOCK}/sr" for word in ("opening lock file", "acquired")
    )
    after = (f"SM: [{{pid}}] lock: {word} {_LOCK}/sr" for word in ("released", "closed"))
    return (*before, *lines, *after)


def _activated(vdi: str = "{vdi}") -> tuple[str, ...]:
    """Return what a scan writes of one volume."""
    volume = f"/dev/VG_XenStorage-{{sr}}/VHD-{vdi}"
    return (
        f"SM: [{{pid}}] lock: acquired /var/lock/sm/lvm-{{sr}}/{vdi}",
        f"SM: [{{pid}}] Refcount for lvm-{{sr}}:{vdi} (0, 0) + (1, 0) => (1, 0)",
        f"SM: [{{pid}}] ['/sbin/lvchange', '-ay', '{volume}']",
        _COMMAND,
        f"SM: [{{pid}}] ['/usr/bin/vhd-util', 'query', '--debug', '-vsf', '-n', '{volume}']",
        _COMMAND,
        f"SM: [{{pid}}] lock: released /var/lock/sm/lvm-{{sr}}/{vdi}",
    )


def _attached(call: str, *tap: str) -> tuple[str, ...]:
    """Return what SM writes of a disk that is taken into use, or out of it."""
    commands = (
        line
        for words in tap
        for line in (f"SM: [{{pid}}] ['/usr/sbin/tap-ctl', {words}]", "SM: [{pid}]  = 0")
    )
    lock = "/var/lock/sm/{vdi}/vdi"
    return (
        *_locked(_called(f"vdi_{call}", f"VDI.{call}", disk=True)),
        f"SM: [{{pid}}] lock: opening lock file {lock}",
        f"SM: [{{pid}}] blktap2.{call}",
        f"SM: [{{pid}}] lock: acquired {lock}",
        *commands,
        f"SM: [{{pid}}] lock: released {lock}",
    )


def _dispatched(*calls: str) -> tuple[tuple[str, ...], ...]:
    """Return the line with which xapi begins each call that asks for something."""
    head = "xapi: [debug||{number} HTTPS 192.0.2.{host_number}->:::80||dummytaskhelper]"
    return tuple((f"{head} task dispatch:{call} {_CREATED}",) for call in calls)


# Lines that belong together, and how often they come among others.
BACKGROUND: Mapping[str, tuple[tuple[int, tuple[str, ...]], ...]] = {
    SMLOG: (
        (
            30,
            (
                "SM: [{pid}] Setting LVM_DEVICE to /dev/disk/by-scsid/3600a0980383{number}",
                "SM: [{pid}] LVMCache created for VG_XenStorage-{sr}",
                "fairlock[{pid2}]: /run/fairlock/devicemapper acquired",
                "SM: [{pid}] ['/sbin/vgs', '--readonly', 'VG_XenStorage-{sr}']",
                _COMMAND,
                "fairlock[{pid2}]: /run/fairlock/devicemapper released",
                *_locked(_called("sr_scan", "SR.scan"), *_activated(), *_activated("{vdi2}")),
                "SM: [{pid}] Kicking GC",
                "SMGC: [{pid}] === SR {sr}: gc ===",
            ),
        ),
        (35, _locked(_called("sr_update", "SR.stat"))),
        (
            15,
            (
                "SMGC: [{pid}] === SR {sr}: gc ===",
                "SMGC: [{pid2}] Will finish as PID [{pid}]",
                "SMGC: [{pid}] Found 0 cache files",
                "SM: [{pid}] lock: tried lock /var/lock/sm/{sr}/gc_active, acquired: True",
                "SM: [{pid}] LVMCache: refreshing",
                (
                    "SMGC: [{pid}] SR {sr4} ('SAN') (120 VDIs in 60 VHD trees): showing only VHD trees "
                    "that changed:"
                ),
                *["SMGC: [{pid}]         *{vdi8}[VHD](40.000G//12.107G|n)"] * 7,
                "SMGC: [{pid}] No work, exiting",
                "SMGC: [{pid}] GC process exiting, no work left",
                "SMGC: [{pid}] In cleanup",
            ),
        ),
        (5, _attached("attach")),
        (
            5,
            _attached(
                "activate",
                "'allocate'",
                "'spawn'",
                "'attach', '-p', '{pid2}', '-m', '7'",
                "'open', '-p', '{pid2}', '-m', '7', '-a', 'vhd:/run/sr-mount/{sr}/{vdi}.vhd'",
            ),
        ),
        (
            5,
            _attached(
                "deactivate",
                "'close', '-p', '{pid2}', '-m', '7', '-t', '30'",
                "'detach', '-p', '{pid2}', '-m', '7'",
            ),
        ),
        (5, _attached("detach")),
    ),
    XENSOURCE: (
        (30, (f"{_XAPI}||dummytaskhelper] task dispatch:event.from {_CREATED}",)),
        (
            4,
            (
                (
                    "xapi: [debug||{number} HTTPS 192.0.2.{host_number}->:::80||dummytaskhelper] task "
                    f"dispatch:session.login_with_password {_CREATED}"
                ),
                (
                    "xapi: [ info||{number} |session.login_with_password D:{task}|xapi_session] "
                    f"Session.create {_TRACK} pool=false uname=root originator=xen-api "
                    "is_local_superuser=true auth_user_sid= parent=trackid=9834f5af41c964e225f24279aefe4e49"
                ),
            ),
        ),
        (
            10,
            (
                f"{_XAPI}||dummytaskhelper] task dispatch:session.slave_login {_CREATED}",
                (
                    "xapi: [ info||{number} /var/lib/xcp/xapi|session.slave_login D:{task}|xapi_session] "
                    f"Session.create {_TRACK} pool=true uname= originator=xapi is_local_superuser=true "
                    "auth_user_sid= parent=trackid=9834f5af41c964e225f24279aefe4e49"
                ),
                f"{_XAPI}||dummytaskhelper] task dispatch:pool.get_all {_CREATED}",
                (
                    "xapi: [ info||{number} /var/lib/xcp/xapi|session.logout D:{task}|xapi_session] "
                    f"Session.destroy {_TRACK}"
                ),
            ),
        ),
        (
            6,
            (
                (
                    "xapi: [ info||{number} /var/lib/xcp/xapi||taskhelper] task SR.scan R:{task} "
                    f"(uuid:{{uuid}}) created ({_TRACK}) by task D:{{task2}}"
                ),
                f"{_XAPI}|SR.scan R:{{task}}|message_forwarding] SR.scan: SR = '{{sr}} (SAN)'",
                (
                    f"{_XAPI}|SR.scan R:{{task}}|message_forwarding] Marking SR for SR.scan "
                    "(task=OpaqueRef:{uuid})"
                ),
                "xapi: [debug||{number} |SR.scan R:{task}|sm] SM lvmohba sr_scan sr=OpaqueRef:{uuid}",
                f"{_XAPI}|SR.scan R:{{task}}|xapi_sr] Xapi_sr.scan: 120 VDIs",
                (
                    f"{_XAPI}|SR.scan R:{{task}}|message_forwarding] Unmarking SR after SR.scan "
                    "(task=OpaqueRef:{uuid})"
                ),
            ),
        ),
        (
            14,
            (
                'xenopsd-xc: [debug||7 ||xenops_server] Queue.pop returned ["VM_check_state","{vdi}"]',
                "xenopsd-xc: [debug||7 |events|task_server] Task {number} completed; duration = 0",
                f'xapi: [debug||9 {_EVENTS}|xenops] Processing event: ["Vm","{{vdi}}"]',
                f"xapi: [debug||9 {_EVENTS}|xenops] xenops event on VM {{vdi}}",
                f"xenopsd-xc: [debug||7 {_EVENTS}|xenops_server] VM.stat {{vdi}}",
                (
                    f"xapi: [debug||9 {_EVENTS}|xenops] Supressing VM.allowed_operations update because "
                    "guest_agent data is largely the same"
                ),
            ),
        ),
        (30, ("xcp-rrdd: [ info||7 ||rrdd_main] memfree has changed to {number} in domain 12",)),
        (5, ("xcp-networkd: [ info||7 |monitor_dbsync D:{task}|network_server] bridge list",)),
        (10, ("xapi: [debug||7 |timeboxed_rpc D:{task}|xapi_event] suppressing empty event.from",)),
        *((5, lines) for lines in _dispatched("VM.get_all_records", "VDI.get_record")),
        *((5, lines) for lines in _dispatched("host.get_servertime", "task.get_record")),
    ),
    DAEMON: (
        (
            30,
            (
                "tapdisk[{pid}]: received 'stats' message (uuid = 7)",
                "tapdisk[{pid}]: sending 'stats response' message (uuid = 7)",
                "tapdisk[{pid}]: gaps written/skipped: 211/4",
                "tapdisk[{pid}]: /run/sr-mount/{sr}/{vdi}.vhd: b: {number}, a: 71, f: 9, n: {number}",
            ),
        ),
        (
            25,
            (
                "systemd[1]: Started Session c{number} of user root.",
                "systemd[1]: Starting Session c{number} of user root.",
            ),
        ),
        (
            20,
            (
                (
                    "ovs-vsctl: ovs|00001|vsctl|INFO|Called as /usr/bin/ovs-vsctl --timeout=20 "
                    "list-ports xenbr1"
                ),
            ),
        ),
        (15, ("squeezed: [debug||7 ||squeeze_xen] watch /data/updated <- {number}",)),
        (10, ("qemu-dm-12[{pid}]: qemu-dm-12: cirrus: blt mode not supported",)),
    ),
    AUDIT: (),
    KERN: (
        (9, ("kernel: [{uptime}] vif vif-12-0 vif12.0: Guest Rx ready",)),
        (9, ("kernel: [{uptime}] block tap7: sector-size: 512/512 capacity: {number}",)),
        (9, ("kernel: [{uptime}] xen-blkback: backend/vbd/12/51760: using 4 queues",)),
        (1, ("kernel: [{uptime}] device vif12.0 entered promiscuous mode",)),
    ),
}


def generate(target: Path, *, size: int) -> Path:
    """Write a report with `size` bytes of logs to `target` (tar.bz2) and return it."""
    world = night()
    report = world.bundle(world.master)
    for path in report.paths():
        if path.startswith("var/log/"):
            report.remove(path)
    keep = frozenset({*world.disks, *(storage.uuid for storage in world.storages)})
    for path, share, nights in SHARES:
        lines = world.master.journal.lines(path) if nights else []
        host = world.master.name
        texts = _texts(path, lines, keep, size=size * share // 100, nights=nights)
        _add(report, path, texts, host=host, size=size * share // 100)
    return report.write_tar(target, bz2_level=9)


def _add(
    report: BundleBuilder, path: str, texts: Iterator[Sequence[str]], *, host: str, size: int
) -> None:
    """Add a log in files of one size; as on a host, those after the second are gzipped."""
    files: list[tuple[bytes, datetime]] = []
    written: list[str] = []
    number = length = 0
    for lines in texts:
        at = END - _SPAN + _SPAN * min(1.0, number * _LINE / size)
        local = at + timedelta(hours=1)
        stamp = f"{MONTHS[local.month - 1]} {local.day:2d} {local:%H:%M:%S} {host}"
        uptime = f"{4000 + (at - END + _SPAN).total_seconds():.6f}"
        zulu = f"[{at:%Y%m%dT%H:%M:%S}.000Z|"
        for text in lines:
            line = f"{stamp} {ZULU.sub(zulu, text).replace('{uptime}', uptime)}\n"
            written.append(line)
            length += len(line)
        number += len(lines)
        if length >= size * (len(files) + 1) / FILES:
            files.append(("".join(written).encode(), at))
            written = []
        if length >= size:
            break
    for rotation, (content, at) in enumerate(reversed(files)):
        if rotation > 1:
            packed = gzip.compress(content, 6, mtime=0)
            report.file(f"{path}.{rotation}.gz", packed, mtime=at)
        else:
            report.log(path, content, rotation, mtime=at)


def _texts(
    path: str, lines: Sequence[str], keep: frozenset[str], *, size: int, nights: int
) -> Iterator[Sequence[str]]:
    """Yield what stands together, without stamp and host, for ever."""
    chance = random.Random(path)  # noqa: S311  the same report every time
    whole = max(1, round(size * nights / 100 / (sum(map(len, lines)) + 1)))
    aged = _slices(lines, keep, whole) if lines else None
    kinds = BACKGROUND[path]
    weights = [weight for weight, _ in kinds]
    named = cycle([_names(chance) for _ in range(500)])
    told = of_nights = 0
    while True:
        if aged is not None and of_nights <= told * nights / 100:
            found: Sequence[str] = next(aged)
            of_nights += sum(map(len, found))
        else:
            names = {**next(named), **_passing(chance)}
            _, block = chance.choices(kinds, weights)[0]
            found = [text.format_map(names) for text in block]
        told += sum(map(len, found))
        yield found


def _slices(lines: Sequence[str], keep: frozenset[str], nights: int) -> Iterator[Sequence[str]]:
    """Yield the lines of one night after the other, each with its own pids and task names."""
    for age in cycle(range(nights, -1, -1)):
        renamed = Renamed(age, keep)
        texts = [
            "".join([renamed[part] for part in TOKEN.split(line[15:])])[1:].partition(" ")[2]
            for line in lines
        ]
        for start in range(0, len(texts), _SLICE):
            yield texts[start : start + _SLICE]


def _names(chance: random.Random) -> dict[str, str]:
    """Return a disk, its SR and what else lasts."""
    sr, vdi = (_uuid(chance) for _ in range(2))
    return {
        "sr": sr,
        "sr4": sr[:4],
        "vdi": vdi,
        "vdi2": _uuid(chance),
        "vdi8": vdi[:8],
        "host": _uuid(chance),
        "host_number": str(chance.randrange(1, 255)),
    }


def _passing(chance: random.Random) -> dict[str, str]:
    """Return pids, tasks and numbers, which are others each time."""
    return {
        "pid": str(chance.randrange(2000, 32000)),
        "pid2": str(chance.randrange(2000, 32000)),
        "number": str(chance.randrange(100_000)),
        "task": f"{chance.getrandbits(48):012x}",
        "task2": f"{chance.getrandbits(48):012x}",
        "track": f"{chance.getrandbits(128):032x}",
        "uuid": _uuid(chance),
        "uptime": "{uptime}",
    }


def _uuid(chance: random.Random) -> str:
    text = f"{chance.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-8{text[17:20]}-{text[20:]}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path)
    parser.add_argument("--size", type=int, default=100, metavar="MB")
    chosen = parser.parse_args()
    made = generate(chosen.target, size=chosen.size * MB)
    sys.stdout.write(f"{made}  {made.stat().st_size // 1024} KiB\n")
