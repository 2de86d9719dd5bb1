"""Places: which host and pool a bundle is of, which SR and which live disk a disk belongs to.

Hosts are told apart by uuid, never by name: two pools may each have a host called the same.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from analyzer.case.case import Case
from analyzer.model.xapi import Vdi
from analyzer.rebuilt.cbt.history import cbt_history
from analyzer.rebuilt.incidents.new_disks import new_disks

_XAPI_TIME = "%Y%m%dT%H:%M:%SZ"


class Places:
    """Which host a bundle is of, which pool an object is in."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._reports = {report.bundle: report for report in case.hosts}
        self._pools: dict[str, str] = {}
        self._disks: dict[str, set[str]] = {}
        self._repositories: dict[str, set[str]] = {}
        self._live: dict[str, str] = {}
        self._taken: dict[str, datetime] = {}
        self._snapshots = cbt_history(case).snapshots
        self._made = new_disks(case)
        beside = {b: self._reports[own] for b, own in case.beside.items() if own in self._reports}
        for place, pool in enumerate(case.pools):
            name = pool.pool.uuid if pool.pool else f"pool {place}"
            members = {host.uuid for host in pool.hosts}
            own = [r for r in case.hosts if r.bundle in pool.bundles or r.host_uuid in members]
            self._pools |= {report.bundle: name for report in own}
            self._pools |= {bundle: name for bundle, report in beside.items() if report in own}
            for vdi in pool.vdis:
                self._disks.setdefault(vdi.uuid, set()).add(name)
                if sr := pool.sr(vdi.sr):
                    self._repositories.setdefault(vdi.uuid, set()).add(sr.uuid)
                if live := pool.vdi(vdi.snapshot_of):
                    self._live[vdi.uuid] = live.uuid
                elif vdi.is_a_snapshot and vdi.uuid in self._snapshots:  # of a disk that is deleted
                    self._live[vdi.uuid] = self._snapshots[vdi.uuid]
                if taken := _when_snapshot_was_taken(vdi):
                    self._taken[vdi.uuid] = taken
        self._reports |= beside

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
        return frozenset(sr for disk in disks for sr in self._repositories.get(disk, ()))

    def live(self, disks: Iterable[str]) -> frozenset[str]:
        """Return the live disks that these are, or are snapshots of, as far as it is known."""
        return frozenset(self._live.get(disk, disk) for disk in disks)

    def made_of_each_other(self, disks: Collection[str]) -> frozenset[str]:
        """Return those of these disks that a move or a copy made of another of them."""
        return frozenset(d for d in disks if d in self._made and self._made[d].old in disks)

    def taken(self, disks: Iterable[str]) -> tuple[datetime, ...]:
        """Return when those of these disks that are snapshots were taken, in order."""
        return tuple(sorted(self._taken[disk] for disk in disks if disk in self._taken))


def _when_snapshot_was_taken(vdi: Vdi) -> datetime | None:
    """Return when a snapshot was taken, as xapi writes it: ``20240610T11:32:41Z``."""
    if not vdi.is_a_snapshot:
        return None
    try:
        return datetime.strptime(vdi.snapshot_time or "", _XAPI_TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
