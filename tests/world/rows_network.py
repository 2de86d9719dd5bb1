"""Rows of the xapi database for networks: network, PIF, PIF_metrics, Bond, VLAN.

Names follow xen-api `datamodel*.ml`, flattened as `db_xml.ml` does it.
"""

from tests.support.database import Row
from tests.world.interfaces import Interface, Joined
from tests.world.objects import Network


def network(net: Network) -> Row:
    """Return a row of ``network``."""
    return {
        "_ref": net.ref,
        "uuid": net.uuid,
        "name__label": net.name,
        "name__description": "",
        "bridge": net.bridge,
        "managed": net.managed,
        "MTU": 1500,
        "purpose": net.purpose,
        "other_config": {},
        "tags": (),
        "assigned_ips": {},
        "default_locking_mode": "unlocked",
        "allowed_operations": (),
        "current_operations": {},
    }


def pif(interface: Interface, *, management: bool) -> Row:
    """Return a row of ``PIF``."""
    net, member = interface.net, interface.host
    address, address6 = net.address(member), net.address6(member)
    return {
        "_ref": interface.ref,
        "uuid": interface.uuid,
        "device": interface.device,
        "network": net.ref,
        "host": member.ref,
        "MAC": interface.mac,
        "MTU": 1500,
        "VLAN": net.tag,
        "metrics": interface.metrics,
        "physical": net.tag < 0 and not net.members,
        "currently_attached": interface.attached,
        "ip_configuration_mode": "Static" if address else "None",
        "IP": address,
        "netmask": "255.255.255.0" if address else "",
        "gateway": f"{net.subnet}.1" if address and management else "",
        "DNS": "",
        "ipv6_configuration_mode": "Static" if address6 else "None",
        "IPv6": (address6,) if address6 else (),
        "ipv6_gateway": "",
        "primary_address_type": "IPv4" if address or not address6 else "IPv6",
        "bond_slave_of": interface.slave_of,
        "VLAN_master_of": interface.tag_of,
        "tunnel_access_PIF_of": (),
        "management": management,
        "disallow_unplug": False,
        "managed": net.managed,
        "properties": {},
        "capabilities": (),
        "other_config": {},
    }


def pif_metrics(interface: Interface) -> Row:
    """Return a row of ``PIF_metrics``."""
    return {
        "_ref": interface.metrics,
        "uuid": f"{interface.uuid[:24]}{interface.metrics[-12:]}",
        "carrier": interface.carrier,
        "vendor_id": "8086",
        "vendor_name": "Intel Corporation",
        "device_id": "1521",
        "device_name": "I350 Gigabit Network Connection",
        "speed": 1000 if interface.carrier else 0,
        "duplex": interface.carrier,
        "pci_bus_path": "0000:01:00.0",
        "other_config": {},
    }


def bond(joined: Joined) -> Row:
    """Return a row of ``Bond``."""
    return {
        "_ref": joined.ref,
        "uuid": joined.uuid,
        "master": joined.master.ref,
        "slaves": tuple(part.ref for part in joined.parts),
        "primary_slave": joined.parts[0].ref,
        "mode": "balance-slb",
        "properties": {},
        "links_up": len(joined.parts) if joined.master.carrier else 0,
        "auto_update_mac": True,
        "other_config": {},
    }


def vlan(joined: Joined) -> Row:
    """Return a row of ``VLAN``."""
    (below,) = joined.parts
    return {
        "_ref": joined.ref,
        "uuid": joined.uuid,
        "tagged_PIF": below.ref,
        "untagged_PIF": joined.master.ref,
        "tag": joined.tag,
        "other_config": {},
    }
