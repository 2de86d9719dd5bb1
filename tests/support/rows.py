"""Rows of the xapi database, made of the pool's objects; attribute sets as xapi 7.3 to 8.3 has.

Names follow xen-api `datamodel*.ml`, flattened as `db_xml.ml` does it.
"""

from tests.support.database import NEVER, NULL, Row, Value
from tests.support.objects import Disk, Host, Machine, Network, Storage

_IDLE: dict[str, Value] = {"allowed_operations": (), "current_operations": {}}


def pool(uuid: str, ref: str, name: str, master: Host, default_sr: str) -> Row:
    """Return the one row of ``pool``; its names are not namespaced."""
    return {
        "_ref": ref,
        "uuid": uuid,
        "name_label": name,
        "name_description": "",
        "master": master.ref,
        "default_SR": default_sr,
        "crash_dump_SR": NULL,
        "suspend_image_SR": NULL,
        "ha_enabled": False,
        "ha_configuration": {},
        "restrictions": {"restrict_cbt": "false", "restrict_ha": "false"},
        "other_config": {"cpuid_feature_mask": "ffffff7f-ffffffff-ffffffff-ffffffff"},
        "redo_log_enabled": False,
        "tags": (),
    }


def host(member: Host) -> Row:
    """Return a row of ``host``."""
    release = member.release
    return {
        "_ref": member.ref,
        "uuid": member.uuid,
        "name__label": member.name,
        "name__description": "Default install",
        "hostname": member.name,
        "address": f"192.0.2.{member.number}",
        "enabled": True,
        "edition": "xcp-ng" if release.brand == "XCP-ng" else "enterprise-per-socket",
        "software_version": {
            "product_version": release.version,
            "product_brand": release.brand,
            "build_number": release.build,
            "xen": "4.17.5-9" if release.sm_major > 2 else "4.7.5-5.5",
            "linux": release.kernel,
        },
        "license_params": {"restrict_cbt": "false", "expiry": "20991231T00:00:00Z"},
        "memory__overhead": 578_813_952,
        "control_domain": member.dom0_ref,
        "other_config": {"agent_start_time": "1732000000.", "boot_time": "1731999900."},
        **_IDLE,
    }


def sr(storage: Storage) -> Row:
    """Return a row of ``SR``."""
    return {
        "_ref": storage.ref,
        "uuid": storage.uuid,
        "name__label": storage.name,
        "name__description": "",
        "type": storage.type,
        "content_type": "user",
        "shared": storage.shared,
        "physical_size": storage.size,
        "physical_utilisation": storage.size - storage.free,
        "virtual_allocation": storage.size // 2,
        "other_config": {"auto-scan": "true"},
        "sm_config": {"allocation": "thick"} if storage.volumes else {},
        "introduced_by": NULL,
        "local_cache_enabled": False,
        "clustered": False,
        "is_tools_sr": False,
        "tags": (),
        **_IDLE,
    }


def pbd(ref: str, uuid: str, member: Host, storage: Storage) -> Row:
    """Return a row of ``PBD``."""
    match storage.type:
        case "nfs":
            config = {"server": "198.51.100.20", "serverpath": "/export/vm", "nfsversion": "3"}
        case "lvmoiscsi":
            config = {"target": "198.51.100.21", "SCSIid": "3600508b1001c", "port": "3260"}
        case _:
            config = {"device": "/dev/disk/by-id/scsi-3600508b1001c9f0e-part3"}
    return {
        "_ref": ref,
        "uuid": uuid,
        "host": member.ref,
        "SR": storage.ref,
        "device_config": config,
        "currently_attached": True,
        "other_config": {},
    }


def vdi(disk: Disk) -> Row:
    """Return a row of ``VDI``."""
    sm_config = _sm_config(disk)
    if disk.vhd_parent:
        sm_config["vhd-parent"] = disk.vhd_parent
    sm_config |= {f"host_{ref}": mode for ref, mode in disk.attached.items()}
    return {
        "_ref": disk.ref,
        "uuid": disk.uuid,
        "name__label": disk.name,
        "name__description": "",
        "SR": disk.storage.ref,
        "VBDs": (),
        "crash_dumps": (),
        "virtual_size": disk.recorded or disk.size,
        "physical_utilisation": disk.size // 3 if disk.image else 0,
        "type": disk.type,
        "sharable": False,
        "read_only": disk.is_a_snapshot or not disk.managed,
        "storage_lock": False,
        "location": disk.uuid,
        "managed": disk.managed,
        "missing": False,
        "parent": NULL,
        "other_config": {},
        "xenstore_data": {},
        "sm_config": sm_config,
        "is_a_snapshot": disk.is_a_snapshot,
        "snapshot_of": disk.snapshot_of.ref if disk.snapshot_of else NULL,
        "snapshot_time": disk.snapshot_time,
        "snapshots": (),
        "tags": (),
        "allow_caching": False,
        "on_boot": "persist",
        "metadata_of_pool": NULL,
        "metadata_latest": False,
        "is_tools_iso": False,
        "cbt_enabled": disk.cbt_enabled,
        **_IDLE,
    }


def vm(machine: Machine) -> Row:
    """Return a row of ``VM`` for a guest or its snapshot."""
    running = machine.host is not None
    return {
        **_machine(machine.ref, machine.uuid, machine.name),
        "power_state": "Running" if running else "Halted",
        "resident_on": machine.host.ref if machine.host else NULL,
        "domid": 3 if running else -1,
        "is_a_snapshot": machine.snapshot_of is not None,
        "snapshot_of": machine.snapshot_of.ref if machine.snapshot_of else NULL,
        "is_control_domain": False,
    }


def dom0(member: Host) -> Row:
    """Return the row of ``VM`` that is a host's control domain."""
    return {
        **_machine(member.dom0_ref, member.dom0_uuid, f"Control domain on host: {member.name}"),
        "power_state": "Running",
        "resident_on": member.ref,
        "domid": 0,
        "is_a_snapshot": False,
        "snapshot_of": NULL,
        "is_control_domain": True,
    }


def vbd(ref: str, uuid: str, machine: Machine, disk: Disk, number: int) -> Row:
    """Return a row of ``VBD``."""
    return {
        "_ref": ref,
        "uuid": uuid,
        "VM": machine.ref,
        "VDI": disk.ref,
        "device": f"xvd{'abcdefgh'[number]}",
        "userdevice": number,
        "bootable": number == 0,
        "mode": "RW",
        "type": "Disk",
        "unpluggable": True,
        "empty": False,
        "other_config": {},
        "currently_attached": machine.host is not None,
        "reserved": False,
        "status_code": 0,
        "status_detail": "",
        "runtime_properties": {},
        "qos__algorithm_type": "",
        "qos__algorithm_params": {},
        "qos__supported_algorithms": (),
        "metrics": NULL,
        "storage_lock": False,
        **_IDLE,
    }


def network(net: Network) -> Row:
    """Return a row of ``network``."""
    return {
        "_ref": net.ref,
        "uuid": net.uuid,
        "name__label": net.name,
        "name__description": "",
        "bridge": net.bridge,
        "managed": True,
        "MTU": 1500,
        "purpose": net.purpose,
        "other_config": {},
        "tags": (),
        "assigned_ips": {},
        "default_locking_mode": "unlocked",
        **_IDLE,
    }


def pif(ref: str, uuid: str, member: Host, net: Network, *, management: bool) -> Row:
    """Return a row of ``PIF``."""
    address = f"{net.subnet}.{member.number}" if net.subnet else ""
    return {
        "_ref": ref,
        "uuid": uuid,
        "device": net.device,
        "network": net.ref,
        "host": member.ref,
        "MAC": f"00:16:3e:{uuid[:2]}:{uuid[2:4]}:{uuid[4:6]}",
        "MTU": 1500,
        "VLAN": -1,
        "metrics": NULL,
        "physical": True,
        "currently_attached": True,
        "ip_configuration_mode": "Static" if address else "None",
        "IP": address,
        "netmask": "255.255.255.0" if address else "",
        "gateway": f"{net.subnet}.1" if address else "",
        "DNS": "",
        "ipv6_configuration_mode": "None",
        "IPv6": (),
        "ipv6_gateway": "",
        "primary_address_type": "IPv4",
        "bond_slave_of": NULL,
        "VLAN_master_of": NULL,
        "tunnel_access_PIF_of": (),
        "management": management,
        "disallow_unplug": False,
        "managed": True,
        "properties": {},
        "capabilities": (),
        "other_config": {},
    }


def sm(ref: str, uuid: str, storage_type: str, version: str) -> Row:
    """Return a row of ``SM``: a driver that can do CBT."""
    names = ("SR_SCAN", "VDI_SNAPSHOT", "VDI_RESIZE", "ATOMIC_PAUSE", "VDI_CONFIG_CBT")
    return {
        "_ref": ref,
        "uuid": uuid,
        "name__label": storage_type.upper(),
        "name__description": f"SR plugin which keeps disks on {storage_type}",
        "type": storage_type,
        "vendor": "Citrix Systems Inc",
        "version": version,
        "required_api_version": "1.0",
        "capabilities": names,
        "features": dict.fromkeys(names, "1"),
        "configuration": {"device": "local device path"},
        "other_config": {},
        "driver_filename": f"/opt/xensource/sm/{storage_type}SR",
        "required_cluster_stack": (),
    }


def _sm_config(disk: Disk) -> dict[str, str]:
    """Return how the driver tells formats apart: on volumes always, on files for raw only."""
    if disk.format == "qcow2":
        return {"image-format": "qcow2"} | ({"vdi_type": "qcow2"} if disk.storage.volumes else {})
    if disk.storage.volumes:
        return {"vdi_type": "aio" if disk.format == "raw" else disk.format}
    return {"type": "raw"} if disk.format == "raw" else {}


def _machine(ref: str, uuid: str, name: str) -> dict[str, Value]:
    return {
        "_ref": ref,
        "uuid": uuid,
        "name__label": name,
        "name__description": "",
        "user_version": 1,
        "is_a_template": False,
        "suspend_VDI": NULL,
        "affinity": NULL,
        "memory__static_max": 4_294_967_296,
        "memory__dynamic_max": 4_294_967_296,
        "VCPUs__max": 2,
        "PV__args": "",
        "HVM__boot_policy": "BIOS order",
        "platform": {"acpi": "1", "apic": "true"},
        "snapshot_time": NEVER,
        "other_config": {"base_template_name": "Other install media"},
        "tags": (),
        **_IDLE,
    }
