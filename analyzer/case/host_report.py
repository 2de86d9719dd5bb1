"""What one status report says of its host."""

from collections.abc import Mapping
from dataclasses import field, fields
from types import MappingProxyType
from typing import TypeVar

from analyzer.model.cbt import CbtLogFile, CbtLogValues
from analyzer.model.host import (
    Alert,
    HostInventory,
    Packages,
    PoolMembership,
    ProcessList,
    Role,
    ServiceStates,
    SmDiagnostics,
    TaskList,
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
from analyzer.model.source import Source
from analyzer.model.storage import (
    DeviceLinks,
    LvmVolumes,
    Mounts,
    PhysicalVolumes,
    SrListing,
    VolumeGroups,
)
from analyzer.parsers._api import Fact
from analyzer.values import dataclass

FactType = TypeVar("FactType")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReport:
    """What one bundle says of one host; None or () where the bundle has it not.

    ``name`` is the host's name as shown everywhere; ``host_uuid`` joins it to `PoolState.hosts`.
    Each fact stands in the field of its type, one that has none in ``others``. ``excerpt`` tells
    that it is no status report but a log, or lines of logs, alone. ``altered`` are the paths of the
    members whose bytes may be others than those that were packed. ``given`` are the facts of files
    that were given back later, which stand in the fields too as far as these have room; ``taken``
    is by (bundle, member) of such a file when it was made.
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
    processes: ProcessList | None = None
    tasks: TaskList | None = None
    listings: tuple[SrListing, ...] = ()
    links: tuple[DeviceLinks, ...] = ()
    alerts: tuple[Alert, ...] = ()
    cbtlogs: tuple[CbtLogFile, ...] = ()
    log_values: tuple[CbtLogValues, ...] = ()
    others: tuple[Fact, ...] = ()
    excerpt: bool = False
    altered: frozenset[str] = frozenset()
    given: tuple[Fact, ...] = ()
    taken: Mapping[tuple[str, str], Moment] = field(default_factory=lambda: MappingProxyType({}))

    def seen_at(self, source: Source) -> Moment | None:
        """Return when what a file says was so: of the report's own, when it was made."""
        return self.taken.get((source.bundle, source.member), self.captured_at)

    def of(self, kind: type[FactType]) -> tuple[FactType, ...]:
        """Return all facts of a type."""
        held = (getattr(self, each.name) for each in fields(self))
        facts = (
            fact for value in held for fact in (value if isinstance(value, tuple) else (value,))
        )
        return tuple(dict.fromkeys(fact for fact in facts if isinstance(fact, kind)))
