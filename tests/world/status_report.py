"""A made-up pool as a status report shows it: outputs, database, configuration, logs, alerts."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from tests.support import alerts, cbtlog, database
from tests.support.bundle import BundleBuilder
from tests.support.clock import Ids
from tests.support.database import Row
from tests.world import outputs, rows, rows_network
from tests.world.emit_xapi import Message
from tests.world.interfaces import interfaces
from tests.world.objects import Host, Pool
from tests.world.outputs_network import network_outputs
from tests.world.outputs_xapi import plugin_outputs


def status_report(
    pool: Pool, host: Host, messages: Iterable[Message], nbd: str = ""
) -> BundleBuilder:
    """Return the report of a host, made now; `nbd` is systemctl's word on xapi-nbd.

    Somebody added a listing of the SR mount points, if there are any; only the master's report
    has the alerts.
    """
    dial = host.journal.clock
    report = BundleBuilder(
        host=host.name,
        captured=f"{dial.local:%Y%m%d%H%M%S}",
        utc_offset_minutes=int(dial.offset.total_seconds()) // 60,
        uptime=_since_boot(host.journal.uptime),
    )
    report.files(_commands(pool, host, nbd))
    report.files(network_outputs(pool, host))
    report.files(plugin_outputs(pool, host))
    if any(not storage.volumes for storage in pool.storages):
        folders = outputs.listing(pool.storages, list(pool.stored.values()), dial.local)
        report.file("ls-lR-%run%sr-mount.out", folders)
    report.files(_configuration(pool, host))
    for path in host.journal.paths():
        for rotation, (written, lines) in enumerate(host.journal.days(path)):
            report.log(path, lines, rotation, mtime=written)
    if host is pool.master:
        report.files(alerts.documents(messages))
    for disk in pool.stored.values():
        if disk.log is not None:
            path = disk.storage.log(disk.uuid)
            report.beside[path] = cbtlog.content(disk.log)
            if disk.storage.volumes and host.name not in disk.log.active_on:
                report.inactive.add(path)
    return report


def _since_boot(time: timedelta) -> str:
    """Return what ``uptime`` says of the time since the boot (procps)."""
    minutes = int(time.total_seconds()) // 60
    hours = f"{minutes // 60 % 24:2d}:{minutes % 60:02d}" if minutes % 1440 >= 60 else ""
    clock = hours or f"{minutes % 60} min"
    days = minutes // 1440
    return f"{days} day{'s' if days > 1 else ''}, {clock}" if days else clock


def _commands(pool: Pool, host: Host, nbd: str) -> Iterator[tuple[str, str]]:
    disks = list(pool.stored.values())
    local = host.journal.clock.local
    since = f"Tue {local - timedelta(days=3):%F %T} CET"
    running = f"active (running) since {since}; 3 days ago\n Main PID: 2214 (xapi-nbd)"
    yield "lvs.out", outputs.lvs(host, pool.storages, disks)
    yield "vgs.out", outputs.vgs(pool.storages, disks)
    yield "pvs.out", outputs.pvs(pool.storages)
    yield "df-alT.out", outputs.df(pool.storages)
    yield "ls-lR-%dev.out", outputs.ls_dev(host, pool.storages, disks, local)
    yield "dmsetup-table.out", outputs.dmsetup(host, pool.storages, disks)
    yield "systemctl-status.out", outputs.systemctl(host, nbd or running, since)
    yield "rpm-qa.out", outputs.rpm(host)
    tables, minor = _tables(pool), host.release.schema_minor
    filtered = database.document(tables, generation=48_200, schema_minor=minor, filtered=True)
    yield "xapi-db.xml", filtered
    dumped = database.document(tables, generation=48_211, schema_minor=minor, filtered=False)
    yield "xapi-db-dumped.xml", dumped


def _configuration(pool: Pool, host: Host) -> Iterator[tuple[str, str]]:
    role = "master" if host is pool.master else f"slave:192.0.2.{pool.master.number}"
    yield "etc/xensource-inventory", outputs.inventory(host)
    yield "etc/xensource/pool.conf", role
    yield "etc/xensource/db.conf", "[/var/lib/xcp/state.db]\nmode:write_limit\n"


def _tables(pool: Pool) -> dict[str, list[Row]]:
    ids = Ids("database of " + pool.uuid)
    default = pool.storages[0].ref if pool.storages else database.NULL
    types = sorted({storage.type for storage in pool.storages})
    major = pool.master.release.sm_major
    guests = [(m, n, d) for m in pool.machines for n, d in enumerate(m.disks)]
    pairs = [(host, storage) for host in pool.hosts for storage in pool.storages]
    metrics = {host.name: ids.ref() for host in pool.hosts}
    return {
        "pool": [rows.pool(pool, default)],
        "host": [rows.host(host, metrics[host.name]) for host in pool.hosts],
        "host_metrics": [
            rows.host_metrics(
                metrics[host.name], ids.uuid(), host, pool.master.journal.clock.compact
            )
            for host in pool.hosts
        ],
        "SR": [rows.sr(storage) for storage in pool.storages],
        "PBD": [rows.pbd(ids.ref(), ids.uuid(), host, storage) for host, storage in pairs],
        "VDI": [rows.vdi(disk) for disk in pool.disks.values()],
        "VM": [
            *(rows.dom0(host) for host in pool.hosts),
            *(rows.vm(machine) for machine in pool.machines),
        ],
        "VBD": [
            *(rows.vbd(ids.ref(), ids.uuid(), m, d, n) for m, n, d in guests),
            *(rows.loopback(held) for held in pool.loopbacks),
        ],
        "SM": [rows.sm(ids.ref(), ids.uuid(), t, f"{major}.0") for t in types],
        **_networks(pool),
    }


def _networks(pool: Pool) -> dict[str, list[Row]]:
    made = interfaces(pool)
    return {
        "network": [rows_network.network(net) for net in (*pool.networks, *made.hidden)],
        "PIF": [rows_network.pif(pif, management=pif.net is pool.networks[0]) for pif in made.pifs],
        "PIF_metrics": [rows_network.pif_metrics(pif) for pif in made.pifs],
        "Bond": [rows_network.bond(bond) for bond in made.bonds],
        "VLAN": [rows_network.vlan(vlan) for vlan in made.vlans],
    }
