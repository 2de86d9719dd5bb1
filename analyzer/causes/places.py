"""Places: which host and pool a bundle is of, and which SRs a device, a server or a disk is in.

Hosts are told apart by uuid, never by name: two pools may each have a host called the same.
"""

import re
from collections.abc import Iterable, Iterator

from analyzer.model.event import Event
from analyzer.model.host import Role
from analyzer.model.xapi import Sr
from analyzer.state.case import Case, HostReport
from analyzer.state.pool import PoolState

_UUID = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_MOUNTED = re.compile(rf"/run/sr-mount/{_UUID}(?:/|$)")  # sm: SR.MOUNT_BASE
_GROUP = re.compile(rf"^(?:VG_XenStorage|XSLocalEXT)-{_UUID}$")  # sm: LVHDSR.py, EXTSR.py


class Places:
    """Which host a bundle is of, which pool an object is in."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._reports = {report.bundle: report for report in case.hosts}
        self.masters = {r.bundle for r in case.hosts if r.role is Role.MASTER}
        self._pools: dict[str, str] = {}
        self._disks: dict[str, set[str]] = {}
        for place, pool in enumerate(case.pools):
            name = pool.pool.uuid if pool.pool else f"pool {place}"
            members = {host.uuid for host in pool.hosts}
            own = [r for r in case.hosts if r.bundle in pool.bundles or r.host_uuid in members]
            self._pools |= {report.bundle: name for report in own}
            for vdi in pool.vdis:
                self._disks.setdefault(vdi.uuid, set()).add(name)

    def host(self, bundle: str) -> str:
        """Return the key of the host that a bundle is of: its uuid, else the bundle."""
        report = self._reports.get(bundle)
        return (report.host_uuid if report else None) or bundle

    def shown(self, hosts: Iterable[str]) -> str:
        """Return the names of hosts given by their keys."""
        names = {self.host(report.bundle): report.name for report in self._case.hosts}
        return " and ".join(sorted({names.get(host, host) for host in hosts}))

    def named(self, host: str, bundles: Iterable[str]) -> str:
        """Return the key of a host given by uuid, or by the name it has in these bundles."""
        for bundle in sorted(bundles):
            report = self._reports.get(bundle)
            if report and report.name == host:
                return self.host(bundle)
        return host

    def pools_of_bundles(self, bundles: Iterable[str]) -> frozenset[str]:
        """Return the pools that these bundles are of."""
        return frozenset(self._pools[bundle] for bundle in bundles if bundle in self._pools)

    def pools_of_disks(self, disks: Iterable[str]) -> frozenset[str]:
        """Return the pools that have these disks."""
        return frozenset(pool for disk in disks for pool in self._disks.get(disk, ()))

    def bundles_of(self, pools: Iterable[str]) -> frozenset[str]:
        """Return the bundles of these pools."""
        wanted = set(pools)
        return frozenset(bundle for bundle, pool in self._pools.items() if pool in wanted)

    def repositories(self, disks: Iterable[str]) -> frozenset[str]:
        """Return the SRs of disks."""
        found = set()
        for disk in disks:
            for pool in self._case.pools:
                vdi = pool.vdi(disk)
                sr = pool.sr(vdi.sr) if vdi else None
                found |= {sr.uuid} if sr else set()
        return frozenset(found)

    def behind(self, event: Event) -> frozenset[str]:
        """Return the SRs that are certainly behind the device or server an event names."""
        report = self._reports.get(event.source.bundle)
        if report is None:
            return frozenset()
        found: set[str] = set()
        if device := event.fields.get("device"):
            found |= set(_on_device(report, f"/dev/{device}"))
        if server := event.fields.get("server"):
            found |= set(_on_server(report, server))
            found |= {sr for pool in self._case.pools for sr in _plugged(pool, report, server)}
        return frozenset(found)


def _on_device(report: HostReport, device: str) -> Iterator[str]:
    """Yield the SRs on a device: only where `pvs` or `df` gives exactly this one."""
    for volume, group in report.pvs.volumes if report.pvs else ():
        if volume == device and (match := _GROUP.match(group)):
            yield match[1]
    for mount in report.mounts.mounts if report.mounts else ():
        if mount.device == device and (match := _MOUNTED.search(mount.path)):
            yield match[1]


def _on_server(report: HostReport, server: str) -> Iterator[str]:
    """Yield the SRs mounted from a server."""
    for mount in report.mounts.mounts if report.mounts else ():
        name = mount.device.rpartition(":/")[0].strip("[]")
        if name == server and (match := _MOUNTED.search(mount.path)):
            yield match[1]


def _plugged(pool: PoolState, report: HostReport, server: str) -> Iterator[str]:
    """Yield the SRs that a host plugs from a server."""
    for pbd in pool.pbds:
        host, sr = pool.host(pbd.host), pool.sr(pbd.sr)
        same = host is not None and host.uuid == report.host_uuid
        if same and isinstance(sr, Sr) and (pbd.device_config or {}).get("server") == server:
            yield sr.uuid
