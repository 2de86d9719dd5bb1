"""Outputs of commands and small files of a host, in their true layout.

Commands as xen-bugtool calls them: `lvs`, `vgs`, `pvs` without options, `df -alT`,
`ls -lR /dev`, `dmsetup table`, `systemctl status`, `rpm -qa`; and, added by people, `ls -lR` of
SR mount points.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from tests.support.clock import MONTHS
from tests.world.objects import GIB, MIB, Disk, Host, Storage

_LVS_HEAD = "  LV{lv}VG{vg}Attr       LSize   Pool Origin Data%  Meta%  Move Log Cpy%Sync Convert\n"


def lvs(host: Host, storages: Iterable[Storage], disks: Sequence[Disk]) -> str:
    """Return ``lvs.out``: volumes of all visible groups, with flags local to the host."""
    rows: list[tuple[str, str, str, int]] = []
    for storage in storages:
        if storage.volumes:
            rows.append(("MGT", storage.group, "-wi-a-----", 4 * MIB))
            rows += [row for d in disks if d.storage is storage for row in _volumes(host, d)]
    names = (
        max([2, *(len(lv) for lv, _, _, _ in rows)]) + 1,
        max([2, *(len(vg) for _, vg, _, _ in rows)]) + 1,
    )
    head = _LVS_HEAD.format(lv=" " * (names[0] - 2), vg=" " * (names[1] - 2))
    ordered = sorted(rows, key=lambda row: (row[1], row[0]))
    return head + "".join(
        f"  {lv:<{names[0]}}{vg:<{names[1]}}{attr} {_human(size):>7}{' ' * 57}\n"
        for lv, vg, attr, size in ordered
    )


def vgs(storages: Iterable[Storage], disks: Sequence[Disk]) -> str:
    """Return ``vgs.out``."""
    groups = [storage for storage in storages if storage.volumes]
    width = max([len(storage.group) for storage in groups] or [2]) + 1
    lines = [f"  {'VG':<{width}}#PV #LV #SN Attr   VSize   VFree  \n"]
    for storage in groups:
        count = 1 + sum(len(_names(d)) for d in disks if d.storage is storage)
        size, free = _human(storage.size), _human(storage.free)
        lines.append(f"  {storage.group:<{width}}  1 {count:>3}   0 wz--n- {size:>7} {free:>7}\n")
    return "".join(lines)


def pvs(storages: Iterable[Storage]) -> str:
    """Return ``pvs.out``."""
    groups = [storage for storage in storages if storage.volumes]
    lines = [f"  {'PV':<34}{'VG':<52}Fmt  Attr PSize   PFree  \n"]
    for storage in groups:
        device = f"/dev/mapper/3600508b1001c{storage.uuid[:8]}"
        size, free = _human(storage.size), _human(storage.free)
        lines.append(f"  {device:<34}{storage.group:<52}lvm2 a--  {size:>7} {free:>7}\n")
    return "".join(lines)


def df(storages: Iterable[Storage]) -> str:
    """Return ``df-alT.out``, in blocks of 1 KiB."""
    lines = [
        "Filesystem                    Type     1K-blocks      Used Available Use% Mounted on",
        "devtmpfs                      devtmpfs   2014300        16   2014284   1% /dev",
        "/dev/sda1                     ext3      18577148   3012344  14598080  18% /",
        "/dev/sda5                     ext3       4054752    611240   3217824  16% /var/log",
        "proc                          proc             0         0         0    - /proc",
    ]
    for storage in storages:
        if storage.volumes:
            continue
        device = (
            f"198.51.100.20:/export/vm/{storage.uuid}" if storage.type == "nfs" else "/dev/sdb1"
        )
        total, free = storage.size // 1024, storage.free // 1024
        used = total - free
        lines.append(
            f"{device} {storage.type} {total} {used} {free} {round(100 * used / total)}%"
            f" /run/sr-mount/{storage.uuid}"
        )
    return "\n".join(lines) + "\n"


def ls_dev(host: Host, storages: Iterable[Storage], disks: Sequence[Disk], at: datetime) -> str:
    """Return ``ls-lR-%dev.out``: links of the volumes that are active on this host."""
    stamp = _ls_time(at)
    null = f"crw-rw-rw-  1 root root      1,   3 {stamp} null"
    sda = f"brw-rw----  1 root disk      8,   0 {stamp} sda"
    parts = [f"/dev:\ntotal 0\n{null}\n{sda}\n"]
    for storage in storages:
        active = _active(host, storage, disks)
        if not active:
            continue
        lines = [f"/dev/{storage.group}:", "total 0"]
        for number, name in enumerate(active):
            lines.append(f"lrwxrwxrwx 1 root root 8 {stamp} {name} -> ../dm-{number + 1}")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def dmsetup(host: Host, storages: Iterable[Storage], disks: Sequence[Disk]) -> str:
    """Return ``dmsetup-table.out``: active volumes, with dashes doubled."""
    lines: list[str] = []
    for storage in storages:
        group = storage.group.replace("-", "--")
        lines += [
            f"{group}-{name.replace('-', '--')}: 0 8192 linear 8:16 {(number + 1) * 8192 + 10240}"
            for number, name in enumerate(_active(host, storage, disks))
        ]
    return "\n".join(sorted(lines)) + "\n" if lines else "No devices found\n"


def listing(storages: Iterable[Storage], disks: Sequence[Disk], at: datetime) -> str:
    """Return what ``ls -lR /run/sr-mount`` prints, with one folder per file-based SR."""
    stamp = _ls_time(at)
    folders = [storage for storage in storages if not storage.volumes]
    tops = [f"drwxr-xr-x 2 root root 4096 {stamp} {storage.uuid}" for storage in folders]
    parts = ["\n".join(["/run/sr-mount:", "total 0", *tops]) + "\n"]
    for storage in folders:
        lines = [f"/run/sr-mount/{storage.uuid}:", "total 41943040"]
        for disk in sorted(disks, key=lambda d: d.uuid):
            if disk.storage is not storage:
                continue
            if disk.log is not None:
                size = disk.log.length
                lines.append(f"-rw-r--r-- 1 root root {size:>12} {stamp} {disk.uuid}.cbtlog")
            if disk.image:
                size = disk.size // 3
                lines.append(f"-rw-r--r-- 1 root root {size:>12} {stamp} {disk.uuid}.{disk.format}")
        lines.append(f"-rw-r--r-- 1 root root          212 {stamp} filelog.txt")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def systemctl(host: Host, nbd: str, since: str) -> str:
    """Return ``systemctl-status.out``: the manager's block, which is all that plain status shows.

    `nbd` is the state of xapi-nbd: one that runs has a branch in the tree, a failed one is only
    counted.
    """
    failed = nbd.startswith("failed")
    runs = "             ├─xapi-nbd.service\n             │ └─2201 /usr/sbin/xapi-nbd\n"
    return (
        f"● {host.name}\n    State: {'degraded' if failed else 'running'}\n"
        f"     Jobs: 0 queued\n   Failed: {int(failed)} units\n"
        f"    Since: {since}; 3 days ago\n   CGroup: /\n"
        "           ├─1 /usr/lib/systemd/systemd --switched-root --system --deserialize 21\n"
        "           └─system.slice\n"
        f"{runs if nbd.startswith('active') else ''}"
        "             ├─xapi.service\n             │ └─1930 /opt/xensource/bin/xapi\n"
        "             └─rsyslog.service\n               └─871 /usr/sbin/rsyslogd -n\n"
    )


def rpm(host: Host) -> str:
    """Return ``rpm-qa.out``."""
    others = ("bash-4.2.46-31.el7.x86_64", "kernel-4.19.19-8.0.37.x86_64", "xen-hypervisor-4.17")
    return "".join(f"{name}\n" for name in (*others, *host.release.packages))


def inventory(host: Host) -> str:
    """Return ``etc/xensource-inventory``."""
    values = (
        ("PRIMARY_DISK", "/dev/disk/by-id/scsi-3600508b1001c9f0e"),
        ("PRODUCT_VERSION", host.release.version),
        ("DOM0_VCPUS", "8"),
        ("CONTROL_DOMAIN_UUID", host.dom0_uuid),
        ("PRODUCT_BRAND", host.release.brand),
        ("INSTALLATION_UUID", host.uuid),
        ("BUILD_NUMBER", host.release.build),
        ("MANAGEMENT_INTERFACE", "xenbr0"),
    )
    return "".join(f"{name}='{value}'\n" for name, value in values)


def _volumes(host: Host, disk: Disk) -> list[tuple[str, str, str, int]]:
    group = disk.storage.group
    rows: list[tuple[str, str, str, int]] = []
    if disk.log is not None:
        on = "a" if host.name in disk.log.active_on else "-"
        open_ = "o" if host.ref in disk.attached and disk.tapdisk[0] and on == "a" else "-"
        rows.append((f"{disk.uuid}.cbtlog", group, f"-wi-{on}{open_}----", disk.log.volume))
    if disk.image:
        write = "w" if disk.managed else "r"
        attr = f"-{write}i-ao----" if host.ref in disk.attached else f"-{write}i-------"
        size = 8 * MIB if disk.is_a_snapshot else disk.size + 44 * MIB
        size = size if disk.managed else disk.size // 3
        rows.append((disk.path.rpartition("/")[2], group, attr, size))
    return rows


def _names(disk: Disk) -> list[str]:
    log = [f"{disk.uuid}.cbtlog"] if disk.log is not None else []
    return log + ([disk.path.rpartition("/")[2]] if disk.image else [])


def _active(host: Host, storage: Storage, disks: Sequence[Disk]) -> list[str]:
    if not storage.volumes:
        return []
    rows = [row for disk in disks if disk.storage is storage for row in _volumes(host, disk)]
    return ["MGT", *sorted(name for name, _, attr, _ in rows if attr[4] == "a")]


def _human(size: int) -> str:
    """Return a size as LVM prints it, two digits and a unit; zero has no digits."""
    if not size:
        return "0 "
    unit, letter = (GIB, "g") if size >= GIB else (MIB, "m")
    return f"{size / unit:.2f}{letter}"


def _ls_time(at: datetime) -> str:
    return f"{MONTHS[at.month - 1]} {at.day:2d} {at:%H:%M}"
