"""Quote rows of the database, which stand on one line of megabytes."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

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
OMITTED = "…"

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
_ATTRIBUTE = re.compile(r"\s([^\s=]+)=(\"[^\"]*\"|'[^']*')")


def quote(row: XapiObject, *fields: str) -> str:
    """Return a row as it is written, with its uuid, its name and the named attributes.

    The database is one line of megabytes, so the row itself cannot be quoted: between its table
    and it, and where attributes are left out, stands ``…``. What is shown is verbatim, in the
    order of the file (a very long value is cut, and shows it). Fields may be named as in the model
    or in the database (``sr``, ``SR``); one the row has not is not shown. Of an `xe` dump the
    verbatim lines are returned.
    """
    wanted = {_plain_name(name) for name in ("uuid", "name_label", *fields)}
    if not row.written:
        return "\n".join(
            _cut_long_value(line) for name, line in row.raw if _plain_name(name) in wanted
        )
    return f'<table name="{_TABLES.get(type(row), "")}">{OMITTED}{_wanted_tag(row.written, wanted)}'


def has_field(row: XapiObject, field: str) -> bool:
    """Tell whether a row has an attribute at all, be it null."""
    if row.raw:
        return field in (_plain_name(name) for name, _ in row.raw)
    return field in (name for name, _, _ in _attributes_of_tag(row.written))


def _wanted_tag(tag: str, wanted: set[str]) -> str:
    """Return a tag with only the wanted attributes, an omission once for all that stand together.

    >>> _wanted_tag('<row ref="r" uuid="u" a="1" b="2"/>', {"uuid"})
    '<row… uuid="u"…/>'
    """
    parts, end = ["<row"], len("<row")
    for name, start, stop in _attributes_of_tag(tag):
        if name in wanted:
            parts += [OMITTED] if start > end else []
            parts.append(_cut_long_value(tag[start:stop]))
            end = stop
    rest = "/>" if tag.endswith("/>") else ">"
    return "".join([*parts, OMITTED if end < len(tag) - len(rest) else "", rest])


@lru_cache(maxsize=256)  # twenty checks quote the same row
def _attributes_of_tag(tag: str) -> Sequence[tuple[str, int, int]]:
    """Return the attributes by their plain names, and where they begin and end."""
    return [(_plain_name(found[1]), *found.span()) for found in _ATTRIBUTE.finditer(tag)]


def _plain_name(name: str) -> str:
    return name.lower().replace("__", "_").replace("-", "_")


def _cut_long_value(value: str) -> str:
    return value if len(value) <= LONGEST_QUOTED else f"{value[:LONGEST_QUOTED]}{OMITTED}"
