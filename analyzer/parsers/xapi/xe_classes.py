"""Which class of object a record of `xe` shows: by its keys, the command, or the file's name."""

import re
from collections.abc import Set as AbstractSet

_NAMED = re.compile(r"(?<![a-z])(?P<class>[a-z]{2,12})[-_](?:params?[-_])?list")

_CLASSES = {
    "vdi": "VDI",
    "sr": "SR",
    "pbd": "PBD",
    "vbd": "VBD",
    "vm": "VM",
    "snapshot": "VM",
    "template": "VM",
    "host": "host",
    "pool": "pool",
    "network": "network",
    "pif": "PIF",
    "bond": "Bond",
    "vlan": "VLAN",
    "sm": "SM",
}

# Which keys tell the class, the first that fits; "" is one that is not modelled.
# `xe host-list`, `sm-list` and `template-list` show too little: the command or file name decides.
_SIGNATURES: tuple[tuple[str, frozenset[str]], ...] = (
    ("", frozenset({"vm-uuid", "network-uuid"})),  # a VIF
    ("", frozenset({"progress", "status"})),  # a task
    ("VDI", frozenset({"cbt-enabled"})),
    ("VDI", frozenset({"sr-uuid", "virtual-size"})),
    ("VDI", frozenset({"sr-uuid", "snapshot-of"})),
    ("VDI", frozenset({"sr-uuid", "location"})),
    ("VBD", frozenset({"vm-uuid", "vdi-uuid"})),
    ("PBD", frozenset({"sr-uuid", "host-uuid"})),
    ("PBD", frozenset({"device-config"})),
    ("Bond", frozenset({"master", "slaves"})),
    ("VLAN", frozenset({"tagged-PIF", "untagged-PIF"})),
    ("pool", frozenset({"master"})),
    ("VM", frozenset({"power-state"})),
    ("VM", frozenset({"is-control-domain"})),
    ("PIF", frozenset({"network-uuid", "device"})),
    ("PIF", frozenset({"IP-configuration-mode"})),
    ("SM", frozenset({"driver-filename"})),
    ("SM", frozenset({"required-api-version"})),
    ("host", frozenset({"software-version"})),
    ("host", frozenset({"address", "hostname"})),
    ("network", frozenset({"purpose"})),
    ("network", frozenset({"bridge"})),
    ("SR", frozenset({"content-type"})),
    ("SR", frozenset({"physical-size"})),
)


def class_of(keys: AbstractSet[str], command: str, path: str) -> str:
    """Return the table of the database, "" for a class that is not modelled or not known."""
    for table, signature in _SIGNATURES:
        if signature <= keys:
            return table
    if command in _CLASSES:
        return _CLASSES[command]
    named = _NAMED.search(path.rpartition("/")[2].lower())
    return _CLASSES.get(named["class"], "") if named else ""
