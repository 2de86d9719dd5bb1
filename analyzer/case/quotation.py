"""Quote rows of the database, which stand on one line of megabytes."""

from collections.abc import Mapping
from types import MappingProxyType
from xml.sax.saxutils import quoteattr

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
    XapiObject,
)

LONGEST_QUOTED = 400  # characters of one value in a quotation

_TABLES: Mapping[type, str] = MappingProxyType(
    {
        Pool: "pool",
        Host: "host",
        Sr: "SR",
        Pbd: "PBD",
        Vdi: "VDI",
        Vbd: "VBD",
        Vm: "VM",
        Network: "network",
        Pif: "PIF",
        Sm: "SM",
        PifMetrics: "PIF_metrics",
        Bond: "Bond",
        Vlan: "VLAN",
        HostMetrics: "host_metrics",
    }
)


def quote(row: XapiObject, *fields: str) -> str:
    """Return a row reduced to its uuid, its name and the named attributes, as it was written.

    The database is one line of megabytes, so the row itself cannot be quoted: what is left out
    are whole attributes, values stay verbatim (a very long one is cut, and shows it). Fields may
    be named as in the model or in the database (``sr``, ``SR``); one the row has not is not
    shown. Of an `xe` dump the verbatim lines are returned.
    """
    wanted = {_plain(name) for name in ("uuid", "name_label", *fields)}
    shown = [(name, value) for name, value in row.raw if _plain(name) in wanted]
    if not row.ref:
        return "\n".join(_cut(line) for _, line in shown)
    written = " ".join(f"{name}={_attribute(value)}" for name, value in shown)
    return f'<row table="{_TABLES.get(type(row), "")}" {written}>'


def _plain(name: str) -> str:
    return name.lower().replace("__", "_").replace("-", "_")


def _cut(value: str) -> str:
    return value if len(value) <= LONGEST_QUOTED else f"{value[:LONGEST_QUOTED]}…"


def _attribute(value: str) -> str:
    # quoteattr() takes single quotes where it can; xapi's Xmlm always writes double ones.
    return quoteattr(f"'{_cut(value)}").replace("\"'", '"', 1)
