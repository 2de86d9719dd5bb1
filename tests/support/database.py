"""The xapi database as text: tables of rows, in xapi's encoding.

Writer imitated: xen-api `db_xml.ml`, `xml_spaces.ml`, `sExpr.ml`; for the copy inside a status
report also xen-bugtool's filter, which writes the document anew with ElementTree.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias
from xml.sax.saxutils import escape

Value: TypeAlias = "str | bool | int | Sequence[str] | Mapping[str, str]"
Row: TypeAlias = Mapping[str, Value]

NEVER = "19700101T00:00:00Z"
NULL = "OpaqueRef:NULL"

# Every table of the schema is there, those that are not persistent without rows.
TABLES = (
    "Auth",
    "Bond",
    "Certificate",
    "Cluster",
    "Cluster_host",
    "DR_task",
    "Feature",
    "GPU_group",
    "LVHD",
    "Observer",
    "PBD",
    "PCI",
    "PGPU",
    "PIF",
    "PIF_metrics",
    "PUSB",
    "PVS_cache_storage",
    "PVS_proxy",
    "PVS_server",
    "PVS_site",
    "Repository",
    "SDN_controller",
    "SM",
    "SR",
    "USB_group",
    "VBD",
    "VBD_metrics",
    "VDI",
    "VGPU",
    "VGPU_type",
    "VIF",
    "VIF_metrics",
    "VLAN",
    "VM",
    "VMPP",
    "VMSS",
    "VM_appliance",
    "VM_guest_metrics",
    "VM_metrics",
    "VTPM",
    "VUSB",
    "blob",
    "console",
    "crashdump",
    "data_source",
    "host",
    "host_cpu",
    "host_crashdump",
    "host_metrics",
    "host_patch",
    "message",
    "network",
    "network_sriov",
    "pool",
    "pool_patch",
    "pool_update",
    "probe_result",
    "role",
    "secret",
    "session",
    "sr_stat",
    "subject",
    "task",
    "tunnel",
    "user",
    "vdi_nbd_server_info",
)

_PROTECTED = {" ": "%.", "\t": "%t", "\n": "%n", "\r": "%r", "%": "%%"}


def document(
    rows: Mapping[str, Sequence[Row]], *, generation: int, schema_minor: int, filtered: bool
) -> str:
    """Return a database; `filtered` as in ``xapi-db.xml``, else as ``xe pool-dump-database``."""
    unknown = set(rows) - set(TABLES)
    assert not unknown, f"no such tables: {unknown}"
    quote = "'" if filtered else '"'
    head = f"<?xml version={quote}1.0{quote} encoding={quote}UTF-8{quote}?>\n"
    closing = " />" if filtered else "/>"
    pairs = (
        ("schema_major_vsn", 5),
        ("schema_minor_vsn", schema_minor),
        ("generation_count", generation),
    )
    manifest = "".join(f'<pair key="{key}" value="{value}"{closing}' for key, value in pairs)
    tables = "".join(_table(name, rows.get(name, ()), closing) for name in TABLES)
    return f"{head}<database><manifest>{manifest}</manifest>{tables}</database>"


def encoded(value: Value) -> str:
    r"""Return a value as the database holds it, before XML's own escapes.

    >>> encoded("My VM 100%")
    'My%.VM%.100%%'
    >>> encoded({"vdi_type": "vhd"}), encoded(["nbd"]), encoded([]), encoded(True)
    ("(('vdi_type'%.'vhd'))", "('nbd')", '()', 'true')
    """
    return "".join(_PROTECTED.get(character, character) for character in _plain(value))


def _table(name: str, rows: Sequence[Row], closing: str) -> str:
    if not rows:
        return f'<table name="{name}"{closing}'
    return f'<table name="{name}">{"".join(_row(row, closing) for row in rows)}</table>'


def _row(row: Row, closing: str) -> str:
    ref = row["_ref"]
    fields: dict[str, Value] = {"ref": ref, "__ctime": 11200, "__mtime": 48211, **row}
    quotes = {'"': "&quot;", "\n": "&#10;"}
    shown = (f'{name}="{escape(encoded(value), quotes)}"' for name, value in fields.items())
    return f"<row {' '.join(shown)}{closing}"


def _plain(value: Value) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | str():
            return str(value)
        case Mapping():
            return f"({' '.join(f'({_quoted(k)} {_quoted(v)})' for k, v in value.items())})"
        case _:
            return f"({' '.join(_quoted(item) for item in value)})"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
