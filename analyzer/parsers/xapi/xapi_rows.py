"""Typed objects from the rows of a xapi table, however the row was written down.

A `Row` answers for attributes by the names the *database* has (``name__label``, ``SR``,
xen-api `ocaml/idl/datamodel*.ml`), and decodes them; `xapi_db` and `xe_params` each bring one.
What a row does not have is None: an attribute came with some version, and absent is not false.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

from analyzer.model.source import Source
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
    StringMap,
    Vbd,
    Vdi,
    Vlan,
    Vm,
    XapiObject,
)


class Row(Protocol):
    """One row. Every method returns None for an attribute that is absent or not understood."""

    source: Source
    ref: str
    uuid: str
    written: str

    def text(self, attribute: str) -> str | None:
        """Return a string as it is."""

    def word(self, attribute: str) -> str | None:
        """Return an enum value, spelled as the database stores it."""

    def flag(self, attribute: str) -> bool | None:
        """Return a bool."""

    def whole(self, attribute: str) -> int | None:
        """Return an int."""

    def reference(self, attribute: str) -> str | None:
        """Return an OpaqueRef or uuid; a null reference is None."""

    def mapping(self, attribute: str) -> StringMap | None:
        """Return a Map."""

    def names(self, attribute: str) -> tuple[str, ...] | None:
        """Return a Set."""

    def raw(self) -> tuple[tuple[str, str], ...]:
        """Return the lines that were asked for so far: (attribute, line), in their order."""


def _pool_of_row(row: Row) -> Pool:
    return Pool(
        source=row.source,
        ref=row.ref,
        uuid=row.uuid,
        name_label=row.text("name_label"),
        master=row.reference("master"),
        restrictions=row.mapping("restrictions"),
        ha_enabled=row.flag("ha_enabled"),
        other_config=row.mapping("other_config"),
        raw=row.raw(),
        written=row.written,
    )


def _host_of_row(row: Row) -> Host:
    return Host(
        source=row.source,
        ref=row.ref,
        uuid=row.uuid,
        name_label=row.text("name__label"),
        hostname=row.text("hostname"),
        address=row.text("address"),
        enabled=row.flag("enabled"),
        software_version=row.mapping("software_version"),
        license_params=row.mapping("license_params"),
        edition=row.text("edition"),
        metrics=row.reference("metrics"),
        current_operations=row.mapping("current_operations"),
        other_config=row.mapping("other_config"),
        raw=row.raw(),
        written=row.written,
    )


def _sr_of_row(row: Row) -> Sr:
    return Sr(
        source=row.source,
        ref=row.ref,
        uuid=row.uuid,
        name_label=row.text("name__label"),
        type=row.text("type"),
        content_type=row.text("content_type"),
        shared=row.flag("shared"),
        physical_size=row.whole("physical_size"),
        physical_utilisation=row.whole("physical_utilisation"),
        sm_config=row.mapping("sm_config"),
        current_operations=row.mapping("current_operations"),
        other_config=row.mapping("other_config"),
        raw=row.raw(),
        written=row.written,
    )


def _pbd_of_row(row: Row) -> Pbd:
    return Pbd(
        source=row.source,
        ref=row.ref,
        uuid=row.uuid,
        host=row.reference("host"),
        sr=row.reference("SR"),
        device_config=row.mapping("device_config"),
        currently_attached=row.flag("currently_attached"),
        other_config=row.mapping("other_config"),
        raw=row.raw(),
        written=row.written,
    )


def _vdi_of_row(row: Row) -> Vdi:
    return Vdi(
        source=row.source,
        ref=row.ref,
        uuid=row.uuid,
        name_label=row.text("name__label"),
        sr=row.reference("SR"),
        location=row.text("location"),
        virtual_size=row.whole("virtual_size"),
        physical_utilisation=row.whole("physical_utilisation"),
        type=row.word("type"),
        managed=row.flag("managed"),
        missing=row.flag("missing"),
        is_a_snapshot=row.flag("is_a_snapshot"),
        snapshot_of=row.reference("snapshot_of"),
        snapshot_time=row.text("snapshot_time"),
        cbt_enabled=row.flag("cbt_enabled"),
        sm_config=row.mapping("sm_config"),
        current_operations=row.mapping("current_operations"),
        on_boot=row.word("on_boot"),
        other_config=row.mapping("other_config"),
        raw=row.raw(),
        written=row.written,
    )


def _vbd_of_row(row: Row) -> Vbd:
    return Vbd(
        source=row.source,
        ref=row.ref,
        uuid=row.uuid,
        vm=row.reference("VM"),
        vdi=row.reference("VDI"),
        device=row.text("device"),
        mode=row.text("mode"),
        currently_attached=row.flag("currently_attached"),
        reserved=row.flag("reserved"),
        current_operations=row.mapping("current_operations"),
        userdevice=row.text("userdevice"),
        other_config=row.mapping("other_config"),
        raw=row.raw(),
        written=row.written,
    )


def _vm_of_row(row: Row) -> Vm:
    return Vm(
        source=row.source,
        ref=row.ref,
        uuid=row.uuid,
        name_label=row.text("name__label"),
        power_state=row.word("power_state"),
        resident_on=row.reference("resident_on"),
        is_control_domain=row.flag("is_control_domain"),
        is_a_snapshot=row.flag("is_a_snapshot"),
        is_a_template=row.flag("is_a_template"),
        snapshot_of=row.reference("snapshot_of"),
        current_operations=row.mapping("current_operations"),
        other_config=row.mapping("other_config"),
        raw=row.raw(),
        written=row.written,
    )


def _network_of_row(row: Row) -> Network:
    return Network(
        source=row.source,
        ref=row.ref,
        uuid=row.uuid,
        name_label=row.text("name__label"),
        bridge=row.text("bridge"),
        managed=row.flag("managed"),
        purpose=row.names("purpose"),
        other_config=row.mapping("other_config"),
        raw=row.raw(),
        written=row.written,
    )


def _pif_of_row(row: Row) -> Pif:
    return Pif(
        source=row.source,
        ref=row.ref,
        uuid=row.uuid,
        device=row.text("device"),
        network=row.reference("network"),
        host=row.reference("host"),
        vlan=row.whole("VLAN"),
        currently_attached=row.flag("currently_attached"),
        ip_configuration_mode=row.text("ip_configuration_mode"),
        ip=row.text("IP"),
        netmask=row.text("netmask"),
        ipv6=row.names("IPv6"),
        management=row.flag("management"),
        managed=row.flag("managed"),
        bond_slave_of=row.reference("bond_slave_of"),
        mac=row.text("MAC"),
        gateway=row.text("gateway"),
        physical=row.flag("physical"),
        metrics=row.reference("metrics"),
        ipv6_configuration_mode=row.text("ipv6_configuration_mode"),
        primary_address_type=row.text("primary_address_type"),
        other_config=row.mapping("other_config"),
        raw=row.raw(),
        written=row.written,
    )


def _pif_metrics(row: Row) -> PifMetrics:
    return PifMetrics(
        source=row.source,
        ref=row.ref,
        uuid=row.uuid,
        carrier=row.flag("carrier"),
        raw=row.raw(),
        written=row.written,
    )


def _bond_of_row(row: Row) -> Bond:
    return Bond(
        source=row.source,
        ref=row.ref,
        uuid=row.uuid,
        master=row.reference("master"),
        other_config=row.mapping("other_config"),
        raw=row.raw(),
        written=row.written,
    )


def _vlan_of_row(row: Row) -> Vlan:
    return Vlan(
        source=row.source,
        ref=row.ref,
        uuid=row.uuid,
        tagged_pif=row.reference("tagged_PIF"),
        untagged_pif=row.reference("untagged_PIF"),
        tag=row.whole("tag"),
        other_config=row.mapping("other_config"),
        raw=row.raw(),
        written=row.written,
    )


def _host_metrics(row: Row) -> HostMetrics:
    return HostMetrics(
        source=row.source,
        ref=row.ref,
        uuid=row.uuid,
        live=row.flag("live"),
        raw=row.raw(),
        written=row.written,
    )


def _sm_of_row(row: Row) -> Sm:
    return Sm(
        source=row.source,
        ref=row.ref,
        uuid=row.uuid,
        name_label=row.text("name__label"),
        type=row.text("type"),
        version=row.text("version"),
        features=row.mapping("features"),
        other_config=row.mapping("other_config"),
        raw=row.raw(),
        written=row.written,
    )


BUILDERS: Mapping[str, Callable[[Row], XapiObject]] = MappingProxyType(
    {
        "pool": _pool_of_row,
        "host": _host_of_row,
        "SR": _sr_of_row,
        "PBD": _pbd_of_row,
        "VDI": _vdi_of_row,
        "VBD": _vbd_of_row,
        "VM": _vm_of_row,
        "network": _network_of_row,
        "PIF": _pif_of_row,
        "PIF_metrics": _pif_metrics,
        "Bond": _bond_of_row,
        "VLAN": _vlan_of_row,
        "host_metrics": _host_metrics,
        "SM": _sm_of_row,
    }
)
