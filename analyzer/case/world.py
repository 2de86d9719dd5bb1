"""The objects of all pools and reports of a case, by what names them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from types import MappingProxyType

from analyzer.case.host_report import HostReport
from analyzer.case.pool import PoolState
from analyzer.model.finding import Subject
from analyzer.model.xapi import Host, Network, Sr, Vbd, Vdi, Vm, XapiObject
from analyzer.values import dataclass

_SHORT = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All that is asked by name of a case; of what two pools know the first pool speaks.

    A key is an OpaqueRef or a uuid; what is not known is None. ``beside`` are logs given beside a
    report: their bundle → the report's.
    """

    pools: tuple[PoolState, ...]
    reports: tuple[HostReport, ...]
    beside: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def vdi(self, key: str | None) -> Vdi | None:
        """Return the VDI of that reference or uuid."""
        return next((row for pool in self.pools if (row := pool.vdi(key))), None)

    def sr(self, key: str | None) -> Sr | None:
        """Return the SR of that reference or uuid."""
        return next((row for pool in self.pools if (row := pool.sr(key))), None)

    def host(self, key: str | None) -> Host | None:
        """Return the host of that reference or uuid."""
        return next((row for pool in self.pools if (row := pool.host(key))), None)

    def network(self, key: str | None) -> Network | None:
        """Return the network of that reference or uuid."""
        return next((row for pool in self.pools if (row := pool.network(key))), None)

    def vm(self, key: str | None) -> Vm | None:
        """Return the VM of that reference or uuid."""
        return next((row for pool in self.pools if (row := pool.vm(key))), None)

    def pool_of(self, row: XapiObject) -> PoolState | None:
        """Return the pool in whose database a row of these tables stands."""
        return next((pool for pool in self.pools if pool.has(row)), None)

    def sr_of(self, vdi: Vdi) -> Sr | None:
        """Return the SR of a VDI, from the pool of the VDI."""
        pool = self.pool_of(vdi)
        return pool.sr(vdi.sr) if pool else None

    def vbds_of(self, vdi: Vdi) -> tuple[Vbd, ...]:
        """Return the VBDs of a VDI, attached or not."""
        pool = self.pool_of(vdi)
        return pool.vbds_of(vdi) if pool else ()

    def uuid_of(self, kind: str, key: str) -> str:
        """Return the uuid behind what a line calls an object, the key itself where it is unknown.

        Lines name objects by uuid, by reference, or disks by the first eight digits of their
        uuid, as the garbage collector does (VDI.__str__ in cleanup.py).
        """
        if (row := self._row_by_kind(kind, key)) is not None:
            return row.uuid
        if kind != "VDI" or not _SHORT.fullmatch(key):
            return key
        fits = {vdi.uuid for pool in self.pools for vdi in pool.vdis if vdi.uuid.startswith(key)}
        return fits.pop() if len(fits) == 1 else key

    def report(self, bundle: str) -> HostReport | None:
        """Return the report that a bundle is, or that it was given beside."""
        own = self.beside.get(bundle, bundle)
        return next((report for report in self.reports if report.bundle == own), None)

    def reports_of(self, pool: PoolState) -> tuple[HostReport, ...]:
        """Return the newest report of each of a pool's hosts."""
        return tuple(group[-1] for group in by_host(self._all_reports(pool)))

    def bundles_of(self, pool: PoolState) -> frozenset[str]:
        """Return the bundles of a pool's hosts: their events are this pool's events."""
        own = {report.bundle for report in self._all_reports(pool)}
        return frozenset(own | {bundle for bundle, of in self.beside.items() if of in own})

    def subject(self, kind: str, key: str) -> Subject:
        """Return an object as a subject, with its name as far as it is known.

        Lines name a host as its report is called; that is a key of it too.
        """
        own = (each for each in self.reports if kind == "Host" and each.name == key)
        if report := next(own, None):
            return Subject(type=kind, uuid=report.host_uuid or key, name=key)
        row = self._row_by_kind(kind, key)
        return Subject(
            type=kind, uuid=row.uuid if row else key, name=row.name_label if row else None
        )

    def named(self, kind: str, key: str) -> str:
        """Return an object's name with its uuid, or the key alone."""
        row = self._row_by_kind(kind, key)
        return f"{row.name_label} ({key})" if row and row.name_label else key

    def _row_by_kind(self, kind: str, key: str) -> XapiObject | None:
        match kind:
            case "VDI":
                return self.vdi(key)
            case "SR":
                return self.sr(key)
            case "Host":
                return self.host(key)
            case "Network":
                return self.network(key)
            case "VM":
                return self.vm(key)
            case _:
                return None

    def _all_reports(self, pool: PoolState) -> tuple[HostReport, ...]:
        members = {host.uuid for host in pool.hosts}
        return tuple(
            report
            for report in self.reports
            if report.bundle in pool.bundles or report.host_uuid in members
        )


def by_host(reports: Sequence[HostReport]) -> tuple[tuple[HostReport, ...], ...]:
    """Group reports by host, the newest of each last."""
    groups: dict[str, list[HostReport]] = {}
    for report in reports:
        groups.setdefault(report.host_uuid or f"bundle {report.bundle}", []).append(report)
    return tuple(tuple(sorted(group, key=_age_of_report)) for group in groups.values())


def _age_of_report(report: HostReport) -> tuple[str, str]:
    taken = report.captured_at.at.isoformat() if report.captured_at else ""
    return (taken, report.bundle)
