"""Rows of the xapi database, made of the pool's objects; attribute sets as xapi 7.3 to 8.3 has.

Names follow xen-api `datamodel*.ml`, flattened as `db_xml.ml` does it.
"""

from tests.support.database import NEVER, NULL, Row, Value
from tests.world.objects import Disk, Host, Loopback, Machine, Pool, Storage, device_of

_IDLE: dict[str, Value] = {"allowed_operations": (), "current_operations": {}}


def pool(state: Pool, default_sr: str) -> Row:
    """Return the one row of ``pool``; its names are not namespaced."""
    mask = {"cpuid_feature_mask": "ffffff7f-ffffffff-ffffffff-ffffffff"}
    return {
        "_ref": state.ref,
        "uuid": state.uuid,
        "name_label": state.name,
        "name_description": "",
        "master": state.master.ref,
        "default_SR": default_sr,
        "crash_dump_SR": NULL,
        "suspend_image_SR": NULL,
        "ha_enabled": False,
        "ha_configuration": {},
        "restrictions": {"restrict_cbt": "false", "restrict_ha": "false"},
        "other_config": mask | state.other_config,
        "redo_log_enabled": False,
        "tags": (),
    }


def host(member: Host, metrics: str) -> Row:
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
        "metrics": metrics,
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
        "allowed_operations": (),
        "current_operations": storage.operations,
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
        "currently_attached": member.name not in storage.unplugged,
        "other_config": {},
    }


def vdi(disk: Disk) -> Row:
    """Return a row of ``VDI``."""
    sm_config = _sm_config(disk)
    if disk.vhd_parent:
        sm_config["vhd-parent"] = disk.vhd_parent
    sm_config |= {f"host_{ref}": mode for ref, mode in disk.attached.items()} | disk.marks
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
        "other_config": disk.other_config,
        "xenstore_data": {},
        "sm_config": sm_config,
        "is_a_snapshot": disk.is_a_snapshot,
        "snapshot_of": _origin(disk),
        "snapshot_time": disk.snapshot_time,
        "snapshots": (),
        "tags": (),
        "allow_caching": False,
        "on_boot": "persist",
        "metadata_of_pool": NULL,
        "metadata_latest": False,
        "is_tools_iso": False,
        "cbt_enabled": disk.cbt_enabled,
        "allowed_operations": (),
        "current_operations": disk.operations,
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
        "current_operations": machine.operations,
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
        "current_operations": member.operations,
    }


def vbd(ref: str, uuid: str, machine: Machine, disk: Disk, number: int) -> Row:
    """Return a row of ``VBD`` of a guest."""
    return {
        **_block_device(ref, uuid),
        "VM": machine.ref,
        "VDI": disk.ref,
        "device": device_of(number),
        "userdevice": number,
        "bootable": number == 0,
        "mode": "RW",
        "currently_attached": machine.host is not None,
    }


def loopback(held: Loopback) -> Row:
    """Return a row of ``VBD`` of a control domain: its device is a path below /dev."""
    return {
        **_block_device(held.ref, held.uuid),
        "VM": held.host.dom0_ref,
        "VDI": held.disk.ref,
        "device": held.device if held.plugged else "",
        "userdevice": held.number,
        "bootable": False,
        "mode": "RO",
        "currently_attached": held.plugged,
        "current_operations": held.operations,
    }


def host_metrics(ref: str, uuid: str, member: Host, seen: str) -> Row:
    """Return a row of ``host_metrics``."""
    return {
        "_ref": ref,
        "uuid": uuid,
        "memory__total": 68_692_615_168,
        "memory__free": 31_284_240_384,
        "live": member.live,
        "last_updated": seen,
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


def _origin(disk: Disk) -> str:
    """Return the reference of the disk that a disk is said to be a snapshot of."""
    live = disk.snapshot_of.ref if disk.snapshot_of else ""
    return disk.stamped or disk.orphaned or live or NULL


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


def _block_device(ref: str, uuid: str) -> dict[str, Value]:
    return {
        "_ref": ref,
        "uuid": uuid,
        "type": "Disk",
        "unpluggable": True,
        "empty": False,
        "other_config": {},
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
