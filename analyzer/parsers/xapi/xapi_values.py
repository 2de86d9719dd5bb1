r"""Decode the values of xapi-db.xml.

Writers: xen-api ``ocaml/database/xml_spaces.ml`` (`protect`: ``%.`` for a space …) around
``ocaml/libs/sexpr/sExpr.ml`` (`string_of`: sets and maps; ``\`` before ``'`` and ``\``).

>>> unprotect("My%.VM%.100%%")
'My VM 100%'
>>> read_map("(('vdi_type' 'vhd') ('it\\'s' 'fine'))")
{'vdi_type': 'vhd', "it's": 'fine'}
"""

import re
from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from analyzer.model.source import Source
from analyzer.model.xapi import StringMap

LONGEST = 256 * 1024  # characters of one value; xapi's longest, a license or a note, is far below

NOT_USED = "its value is not used"

_PROTECTED = re.compile(r"%(.)", re.DOTALL)
# %_ is how a release wrote two spaces (CA-268761 in xml_spaces.ml).
_PLAIN = MappingProxyType({".": " ", "t": "\t", "n": "\n", "r": "\r", "%": "%", "_": "  "})
_TOKEN = re.compile(r"\s*(?:([()])|'([^'\\]*(?:\\.[^'\\]*)*)')", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
# xapi's null reference (xen-api, ref.ml), and a field that never had one
_NULL_REFERENCES = ("", "OpaqueRef:NULL")


class RowValues:
    """What a row has of each kind, in whatever form its text is; counts what is not understood."""

    __slots__ = ("_problems", "_table")

    _problems: Counter[str]
    _table: str

    @abstractmethod
    def text(self, attribute: str) -> str | None:
        """Return a string, None where it is not known."""

    def flag(self, attribute: str) -> bool | None:
        """Return true or false."""
        value = self.text(attribute)
        if value in {"true", "false"}:
            return value == "true"
        if value is not None:
            self._not_understood(attribute, "is no bool")
        return None

    def whole(self, attribute: str) -> int | None:
        """Return a decimal number of at most 64 bits."""
        value = self.text(attribute)
        if value is None:
            return None
        if re.fullmatch(r"-?[0-9]{1,19}", value):
            return int(value)
        self._not_understood(attribute, "is no whole number")
        return None

    def _not_understood(self, attribute: str, why: str) -> None:
        self._problems[f"{self._table}.{attribute} {why}: {NOT_USED}"] += 1


class DatabaseRow(RowValues):
    """A row as the database has it; counts in `problems` what it could not decode."""

    __slots__ = ("_attributes", "ref", "source", "uuid", "written")

    def __init__(
        self,
        source: Source,
        table: str,
        attributes: Mapping[str, str],
        problems: Counter[str],
        written: str = "",
    ) -> None:
        self.source = source
        self.written = written
        self._table = table
        self._attributes = attributes
        self._problems = problems
        self.ref = attributes.get("ref") or attributes.get("_ref", "")
        self.uuid = self.text("uuid") or ""

    def text(self, attribute: str) -> str | None:
        """Return a string with its `%` decoded."""
        value = self._attributes.get(attribute)
        if value is None:
            return None
        if len(value) > LONGEST:
            self._not_understood(attribute, "is longer than any that xapi writes")
            return None
        return unprotect(value)

    def word(self, attribute: str) -> str | None:
        """Return an enum value; the database stores it as the API spells it."""
        return self.text(attribute)

    def reference(self, attribute: str) -> str | None:
        """Return an OpaqueRef, None for the null reference."""
        value = self.text(attribute)
        return None if value in _NULL_REFERENCES else value

    def mapping(self, attribute: str) -> StringMap | None:
        """Return a Map."""
        value = self.text(attribute)
        if value is None:
            return None
        pairs = read_map(value)
        if pairs is None:
            self._not_understood(attribute, "is no map")
        return pairs

    def names(self, attribute: str) -> tuple[str, ...] | None:
        """Return a Set of strings."""
        value = self.text(attribute)
        if value is None:
            return None
        items = read_set(value)
        if items is None:
            self._not_understood(attribute, "is no set")
        return items

    def raw(self) -> tuple[tuple[str, str], ...]:
        """Return nothing: the tag of the row is kept as it is written."""
        return ()


def unprotect(value: str) -> str:
    """Decode ``%`` pairs from left to right; a pair nobody writes stays as it is."""
    if "%" not in value:
        return value
    return _PROTECTED.sub(lambda pair: _PLAIN.get(pair[1], pair[0]), value)


def read_set(value: str) -> tuple[str, ...] | None:
    """Decode ``('a' 'b')``; None for anything else."""
    tree = _read_list(value)
    if tree is None:
        return None
    items = tuple(item for item in tree if isinstance(item, str))
    return items if len(items) == len(tree) else None


def read_map(value: str) -> dict[str, str] | None:
    """Decode ``(('k' 'v') ('k2' 'v2'))``; None for anything else."""
    pairs: dict[str, str] = {}
    for item in (tree := _read_list(value)) or []:
        match item:
            case [str(key), str(content)]:
                pairs[key] = content
            case _:
                return None
    return None if tree is None else pairs


def _read_list(value: str) -> list[str | list[str]] | None:
    # A list of strings and lists of strings; None if it is not one, deeper, or unclosed.
    if value == "()":
        return []
    outer: list[str | list[str]] = []
    inner: list[str] | None = None
    depth = position = 0
    end = len(value.rstrip())
    while position < end:
        token = _TOKEN.match(value, position)
        if token is None or (depth == 0 and position > 0):
            return None
        position = token.end()
        match (token[1], depth):
            case ("(", 0):
                depth = 1
            case ("(", 1):
                depth, inner = 2, []
                outer.append(inner)
            case (")", 1 | 2):
                depth, inner = depth - 1, None
            case (None, 1):
                outer.append(_ESCAPED.sub(r"\1", token[2]))
            case (None, 2) if inner is not None:
                inner.append(_ESCAPED.sub(r"\1", token[2]))
            case _:
                return None
    return outer if depth == 0 and end else None  # most sets and maps of a database are empty
