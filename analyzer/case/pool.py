"""PoolState: the objects of one pool by reference and uuid, as the database had them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from types import MappingProxyType
from typing import TypeVar

from analyzer.case.pool_copies import PoolCopies, copies_by_pool
from analyzer.case.quotation import quote
from analyzer.model.finding import Subject
from analyzer.model.host import Alert
from analyzer.model.source import Source
from analyzer.model.terms import CBT_METADATA
from analyzer.model.xapi import (
    Bond,
    Host,
    HostMetrics,
    Network,
    Pbd,
    Pif,
    PifMetrics,
    Pool,
    Sm,
    Sr,
    Vbd,
    Vdi,
    Vlan,
    Vm,
    XapiDatabase,
    XapiObject,
)
from analyzer.values import dataclass

__all__ = ["PoolState", "build_pools", "distinct_alerts", "quote"]

FIRST_SCHEMA_WITH_CBT = 133  # XenServer 7.3; datamodel_common.ml

Object = TypeVar("Object", bound=XapiObject)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolState:
    """One pool; tuples are sorted by uuid.

    ``source`` is the database copy that won, ``chosen_because`` says why, ``bundles`` which
    bundles had a copy; ``complete`` is True only when the copy that won was read to its end and
    had the tables. An `xe` dump alone is never complete, so nothing can be concluded from what
    it does not show. Every lookup takes an OpaqueRef or a uuid; what is not known is None.
    """

    source: Source
    chosen_because: str
    complete: bool
    schema_minor: int | None
    generation: int | None
    pool: Pool | None
    bundles: tuple[str, ...] = ()
    hosts: tuple[Host, ...] = ()
    srs: tuple[Sr, ...] = ()
    pbds: tuple[Pbd, ...] = ()
    vdis: tuple[Vdi, ...] = ()
    vbds: tuple[Vbd, ...] = ()
    vms: tuple[Vm, ...] = ()
    networks: tuple[Network, ...] = ()
    pifs: tuple[Pif, ...] = ()
    sms: tuple[Sm, ...] = ()
    pif_metrics: tuple[PifMetrics, ...] = ()
    bonds: tuple[Bond, ...] = ()
    vlans: tuple[Vlan, ...] = ()
    host_metrics: tuple[HostMetrics, ...] = ()
    _named: Mapping[tuple[type, str], XapiObject] = field(init=False, repr=False, compare=False)
    _held: Mapping[tuple[type, str], tuple[XapiObject, ...]] = field(
        init=False, repr=False, compare=False
    )
    _taken: Mapping[str, Sequence[Vdi]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rows = (*self.hosts, *self.srs, *self.vdis, *self.vms, *self.networks)
        names = {(type(row), key): row for row in rows for key in (row.ref, row.uuid) if key}
        object.__setattr__(self, "_named", MappingProxyType(names))
        # The VDIs, PBDs, VBDs and PIFs by (their type, uuid of the SR, VDI or network).
        pairs: list[tuple[XapiObject | None, XapiObject]] = [
            *((self.sr(vdi.sr), vdi) for vdi in self.vdis),
            *((self.sr(pbd.sr), pbd) for pbd in self.pbds),
            *((self.vdi(vbd.vdi), vbd) for vbd in self.vbds),
            *((self.network(pif.network), pif) for pif in self.pifs),
        ]
        held: dict[tuple[type, str], list[XapiObject]] = {}
        for holder, holder_row in pairs:
            if holder:
                held.setdefault((type(holder_row), holder.uuid), []).append(holder_row)
        by_holder = MappingProxyType({key: tuple(rows) for key, rows in held.items()})
        object.__setattr__(self, "_held", by_holder)
        taken: dict[str, list[Vdi]] = {}
        for vdi in self.vdis:
            taken.setdefault(vdi.snapshot_of or "", []).append(vdi)
        object.__setattr__(self, "_taken", MappingProxyType(taken))

    def __hash__(self) -> int:
        return hash(self.source)

    @property
    def subject(self) -> Subject | None:
        """Return the pool as an object of the report, None without its row."""
        row = self.pool
        return Subject(type="Pool", uuid=row.uuid, name=row.name_label or None) if row else None

    def vdi(self, key: str | None) -> Vdi | None:
        """Return the VDI of that reference or uuid."""
        return self._find_object(Vdi, key)

    def sr(self, key: str | None) -> Sr | None:
        """Return the SR of that reference or uuid."""
        return self._find_object(Sr, key)

    def host(self, key: str | None) -> Host | None:
        """Return the host of that reference or uuid."""
        return self._find_object(Host, key)

    def network(self, key: str | None) -> Network | None:
        """Return the network of that reference or uuid."""
        return self._find_object(Network, key)

    def vm(self, key: str | None) -> Vm | None:
        """Return the VM of that reference or uuid."""
        return self._find_object(Vm, key)

    def has(self, row: XapiObject) -> bool:
        """Tell whether this very row, which one of the above returned, is this pool's."""
        return self._named.get((type(row), row.uuid)) is row

    def pbds_of(self, sr: Sr) -> tuple[Pbd, ...]:
        """Return the PBDs of an SR, attached or not."""
        return self._objects_held_by(Pbd, sr)

    def vdis_of(self, sr: Sr) -> tuple[Vdi, ...]:
        """Return the disks of an SR."""
        return self._objects_held_by(Vdi, sr)

    def said_to_be_of(self, *keys: str) -> tuple[Vdi, ...]:
        """Return the disks whose ``snapshot_of`` is one of these names of a disk, there or not."""
        rows = [row for key in dict.fromkeys(keys) if key for row in self._taken.get(key, ())]
        return tuple(sorted(rows, key=_uuid_of_row))

    def vbds_of(self, vdi: Vdi) -> tuple[Vbd, ...]:
        """Return the VBDs of a VDI, attached or not."""
        return self._objects_held_by(Vbd, vdi)

    def pifs_of(self, network: Network) -> tuple[Pif, ...]:
        """Return the PIFs of a network, attached or not."""
        return self._objects_held_by(Pif, network)

    def hosts_with(self, sr: Sr) -> tuple[Host, ...]:
        """Return the hosts that have an SR attached, as far as their rows are known."""
        found = (self.host(pbd.host) for pbd in self.pbds_of(sr) if pbd.currently_attached)
        return tuple(sorted({host.uuid: host for host in found if host}.values(), key=_uuid_of_row))

    def sm_for(self, sr: Sr) -> Sm | None:
        """Return the storage driver of an SR's type; None says nothing of what it can do."""
        return next((sm for sm in self.sms if sr.type and sm.type == sr.type), None)

    @property
    def cbt_in_use(self) -> bool | None:
        """Tell whether any disk has CBT on or is what `data_destroy` left; None: cannot tell."""
        if any(vdi.cbt_enabled or vdi.type == CBT_METADATA for vdi in self.vdis):
            return True
        if self.schema_minor is not None and self.schema_minor < FIRST_SCHEMA_WITH_CBT:
            return False
        known = self.complete and all(vdi.cbt_enabled is not None for vdi in self.vdis)
        return False if known else None

    def _find_object(self, kind: type[Object], key: str | None) -> Object | None:
        found = self._named.get((kind, key)) if key else None
        return found if isinstance(found, kind) else None

    def _objects_held_by(self, kind: type[Object], holder: XapiObject) -> tuple[Object, ...]:
        found = self._held.get((kind, holder.uuid), ())
        return tuple(each for each in found if isinstance(each, kind))


def build_pools(databases: Sequence[tuple[str, XapiDatabase]]) -> tuple[PoolState, ...]:
    """Return one state per pool, sorted by its source, from (bundle name, database) pairs.

    Copies of one pool, from several hosts or from the two files of one bundle, are one pool: the
    freshest copy speaks, see `pool_copies`. Objects that only an `xe` dump shows are added.
    """
    states = (_state_of_copies(copies) for copies in copies_by_pool(databases))
    return tuple(sorted(states, key=lambda state: state.source))


def distinct_alerts(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """Return one alert per uuid, of its copies the first by source; sorted by (time, uuid)."""
    first: dict[str, Alert] = {}
    for alert in sorted(alerts, key=lambda alert: alert.source):
        first.setdefault(alert.uuid, alert)
    return tuple(sorted(first.values(), key=lambda alert: (alert.moment.at, alert.uuid)))


def _uuid_of_row(row: XapiObject) -> str:
    return row.uuid


def _state_of_copies(copies: PoolCopies) -> PoolState:
    rows = copies.objects
    return PoolState(
        source=copies.chosen.source,
        chosen_because=copies.because,
        complete=copies.complete,
        schema_minor=copies.chosen.schema_minor,
        generation=copies.chosen.generation,
        pool=next(iter(_rows_of_type(Pool, rows)), None),
        bundles=copies.bundles,
        hosts=_rows_of_type(Host, rows),
        srs=_rows_of_type(Sr, rows),
        pbds=_rows_of_type(Pbd, rows),
        vdis=_rows_of_type(Vdi, rows),
        vbds=_rows_of_type(Vbd, rows),
        vms=_rows_of_type(Vm, rows),
        networks=_rows_of_type(Network, rows),
        pifs=_rows_of_type(Pif, rows),
        sms=_rows_of_type(Sm, rows),
        pif_metrics=_rows_of_type(PifMetrics, rows),
        bonds=_rows_of_type(Bond, rows),
        vlans=_rows_of_type(Vlan, rows),
        host_metrics=_rows_of_type(HostMetrics, rows),
    )


def _rows_of_type(kind: type[Object], rows: Sequence[XapiObject]) -> tuple[Object, ...]:
    return tuple(sorted((row for row in rows if isinstance(row, kind)), key=_uuid_of_row))
