"""The case: everything a rule or a check may see."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from analyzer.model.finding import Gap
from analyzer.model.host import Alert, HostInventory, Packages, PoolMembership, Role, ServiceStates
from analyzer.model.moment import Moment
from analyzer.model.storage import (
    DeviceLinks,
    LvmVolumes,
    Mounts,
    PhysicalVolumes,
    SrListing,
    VolumeGroups,
)
from analyzer.state.events import EventTable
from analyzer.state.pool import PoolState


class Area(StrEnum):
    """What a rule is about; a rule whose area is certainly unused is not applicable."""

    CBT = "cbt"
    NBD = "nbd"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReport:
    """What one bundle says of one host; None or () where the bundle has it not.

    ``name`` is the host's name as shown everywhere; ``host_uuid`` joins it to `PoolState.hosts`.
    """

    bundle: str
    name: str
    host_uuid: str | None
    role: Role
    captured_at: Moment | None
    inventory: HostInventory | None = None
    membership: PoolMembership | None = None
    lvs: LvmVolumes | None = None
    vgs: VolumeGroups | None = None
    pvs: PhysicalVolumes | None = None
    mounts: Mounts | None = None
    services: ServiceStates | None = None
    packages: Packages | None = None
    listings: tuple[SrListing, ...] = ()
    links: tuple[DeviceLinks, ...] = ()
    alerts: tuple[Alert, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The pools, hosts and events of a run, and what is missing of them.

    ``gap(need, bundle)`` is None when that bundle's source was there, whole and understood;
    ``hosts_missing(pool)`` are the names of pool members whose bundle was not given.
    ``window(need)`` is the time that *all* bundles' sources of that name cover together.
    """

    pools: tuple[PoolState, ...]
    hosts: tuple[HostReport, ...]
    events: EventTable
    gap: Callable[[str, str], Gap | None]
    window: Callable[[str], tuple[Moment, Moment] | None]

    def hosts_missing(self, pool: PoolState) -> tuple[str, ...]:
        """Return the names of the pool's hosts that no bundle of this run is from."""
        known = {report.host_uuid for report in self.hosts}
        return tuple(
            sorted(host.name_label or host.uuid for host in pool.hosts if host.uuid not in known)
        )
