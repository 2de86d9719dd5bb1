"""Objects of the xapi database, named as in the xapi datamodel.

A field is ``None`` when the source did not have it: absent is not the default. Booleans, sizes
and sets are decoded; a null reference is ``None`` too, so ``snapshot_of=None`` on a VDI that has
the field at all means "of nothing". ``ref`` is the OpaqueRef, or ``""`` when the source (an `xe`
dump) does not show it; then references hold uuids (`PoolState` resolves both).
"""

from collections.abc import Mapping

from analyzer.model.source import Source
from analyzer.values import dataclass

StringMap = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class XapiObject:
    """What every row has.

    For quoting, ``written`` keeps the tag of the row as the database has it, and ``raw`` of an
    `xe` dump the lines that the fields were read from: (attribute of the database, the verbatim
    line), in the order of the file.
    """

    source: Source
    ref: str
    uuid: str
    name_label: str | None = None
    other_config: StringMap | None = None
    raw: tuple[tuple[str, str], ...] = ()
    written: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool(XapiObject):
    """Table ``pool``."""

    master: str | None = None
    restrictions: StringMap | None = None
    ha_enabled: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Host(XapiObject):
    """Table ``host``."""

    hostname: str | None = None
    address: str | None = None
    enabled: bool | None = None
    software_version: StringMap | None = None
    license_params: StringMap | None = None
    edition: str | None = None
    metrics: str | None = None
    current_operations: StringMap | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sr(XapiObject):
    """Table ``SR``; sizes in bytes."""

    type: str | None = None
    content_type: str | None = None
    shared: bool | None = None
    physical_size: int | None = None
    physical_utilisation: int | None = None
    sm_config: StringMap | None = None
    current_operations: StringMap | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pbd(XapiObject):
    """Table ``PBD``: how a host reaches an SR."""

    host: str | None = None
    sr: str | None = None
    device_config: StringMap | None = None
    currently_attached: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vdi(XapiObject):
    """Table ``VDI``; ``virtual_size`` in bytes; ``type`` as stored (``cbt_metadata``, ``user``)."""

    sr: str | None = None
    location: str | None = None
    virtual_size: int | None = None
    physical_utilisation: int | None = None
    type: str | None = None
    managed: bool | None = None
    missing: bool | None = None
    is_a_snapshot: bool | None = None
    snapshot_of: str | None = None
    snapshot_time: str | None = None
    cbt_enabled: bool | None = None
    sm_config: StringMap | None = None
    current_operations: StringMap | None = None
    on_boot: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vbd(XapiObject):
    """Table ``VBD``."""

    vm: str | None = None
    vdi: str | None = None
    device: str | None = None
    mode: str | None = None
    currently_attached: bool | None = None
    reserved: bool | None = None
    current_operations: StringMap | None = None
    userdevice: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vm(XapiObject):
    """Table ``VM``."""

    power_state: str | None = None
    resident_on: str | None = None
    is_control_domain: bool | None = None
    is_a_snapshot: bool | None = None
    is_a_template: bool | None = None
    snapshot_of: str | None = None
    current_operations: StringMap | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Network(XapiObject):
    """Table ``network``; ``purpose`` holds ``nbd`` or ``insecure_nbd`` or nothing."""

    bridge: str | None = None
    managed: bool | None = None
    purpose: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pif(XapiObject):
    """Table ``PIF``."""

    device: str | None = None
    network: str | None = None
    host: str | None = None
    vlan: int | None = None
    currently_attached: bool | None = None
    ip_configuration_mode: str | None = None
    ip: str | None = None
    netmask: str | None = None
    ipv6: tuple[str, ...] | None = None
    management: bool | None = None
    managed: bool | None = None
    bond_slave_of: str | None = None
    mac: str | None = None
    gateway: str | None = None
    physical: bool | None = None
    metrics: str | None = None
    ipv6_configuration_mode: str | None = None
    primary_address_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PifMetrics(XapiObject):
    """Table ``PIF_metrics``: ``carrier`` tells whether the link was up."""

    carrier: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond(XapiObject):
    """Table ``Bond``: the PIF made of others; these name it in their ``bond_slave_of``."""

    master: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vlan(XapiObject):
    """Table ``VLAN``: a tagged PIF on top of another."""

    tagged_pif: str | None = None
    untagged_pif: str | None = None
    tag: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostMetrics(XapiObject):
    """Table ``host_metrics``: ``live`` as the master saw it last."""

    live: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sm(XapiObject):
    """Table ``SM``: a storage driver and its features."""

    type: str | None = None
    version: str | None = None
    features: StringMap | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class XapiDatabase:
    """One copy of the database, or what an `xe` dump shows of it.

    ``complete`` is True only when the document was read to its closing tag; ``tables`` names the
    tables whose closing tag was seen. ``live`` is True for ``xapi-db-dumped.xml``. A dump made
    with `xe` has ``generation=None``, ``complete=False`` and no tables.
    """

    source: Source
    generation: int | None
    schema_minor: int | None
    live: bool
    complete: bool
    tables: frozenset[str]
    objects: tuple[XapiObject, ...]
