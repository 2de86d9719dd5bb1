"""What one status report says of its host."""

from dataclasses import dataclass, fields
from typing import TypeVar

from analyzer.model.cbt import CbtLogFile
from analyzer.model.host import (
    Alert,
    HostInventory,
    Packages,
    PoolMembership,
    Role,
    ServiceStates,
    SmDiagnostics,
)
from analyzer.model.moment import Moment
from analyzer.model.network import (
    FirewalldListing,
    HostCertificate,
    Interfaces,
    IptablesListing,
    NftListing,
    Routes,
    Sockets,
    VbdsToCleanUp,
)
from analyzer.model.storage import (
    DeviceLinks,
    LvmVolumes,
    Mounts,
    PhysicalVolumes,
    SrListing,
    VolumeGroups,
)
from analyzer.parsers._api import Fact

FactType = TypeVar("FactType")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReport:
    """What one bundle says of one host; None or () where the bundle has it not.

    ``name`` is the host's name as shown everywhere; ``host_uuid`` joins it to `PoolState.hosts`.
    Each fact stands in the field of its type, one that has none in ``others``. ``excerpt`` tells
    that it is no status report but a log, or lines of logs, alone.
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
    diagnostics: SmDiagnostics | None = None
    interfaces: Interfaces | None = None
    routes: Routes | None = None
    iptables: IptablesListing | None = None
    nft: NftListing | None = None
    firewalld: FirewalldListing | None = None
    sockets: Sockets | None = None
    certificate: HostCertificate | None = None
    to_clean_up: VbdsToCleanUp | None = None
    listings: tuple[SrListing, ...] = ()
    links: tuple[DeviceLinks, ...] = ()
    alerts: tuple[Alert, ...] = ()
    cbtlogs: tuple[CbtLogFile, ...] = ()
    others: tuple[Fact, ...] = ()
    excerpt: bool = False

    def of(self, kind: type[FactType]) -> tuple[FactType, ...]:
        """Return all facts of a type."""
        held = (getattr(self, field.name) for field in fields(self))
        facts = (
            fact for value in held for fact in (value if isinstance(value, tuple) else (value,))
        )
        return tuple(fact for fact in facts if isinstance(fact, kind))
