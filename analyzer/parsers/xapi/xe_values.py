"""Give the values that `xe` prints the names and spellings they have in the database.

Writer: xen-api ``ocaml/xapi-cli-server/records.ml`` (which key shows which field, `; ` between
the items of sets and maps) and ``record_util.ml`` (texts of enums).
"""

import re
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from analyzer.model.source import Source
from analyzer.model.terms import UUID_PATTERN
from analyzer.model.xapi import StringMap
from analyzer.parsers.xapi.xapi_values import RowValues
from analyzer.values import dataclass

_NOT_IN_DATABASE = "<not in database>"
_NOT_ASKED = ("<expensive field>", "<unknown>")

# Where records.ml names a key otherwise than the attribute with dashes.
_KEYS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("VDI", "SR"): "sr-uuid",
        ("PBD", "SR"): "sr-uuid",
        ("PBD", "host"): "host-uuid",
        ("VBD", "VM"): "vm-uuid",
        ("VBD", "VDI"): "vdi-uuid",
        ("PIF", "network"): "network-uuid",
        ("PIF", "host"): "host-uuid",
        ("PIF", "ip_configuration_mode"): "IP-configuration-mode",
        ("PIF", "ipv6_configuration_mode"): "IPv6-configuration-mode",
        # The metrics stand in the record of what they are of, so its uuid is theirs.
        ("PIF", "metrics"): "uuid",
        ("host", "metrics"): "uuid",
        ("host_metrics", "live"): "host-metrics-live",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the text; not ``closed`` when the text ends before the line does."""

    index: int
    text: str
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class XeValue:
    """What stands behind a key. ``kind`` is RO, RW, or S.. for a set and M.. for a map."""

    line: Line
    kind: str
    value: str


class XeRow(RowValues):
    """A record of `xe` as a row; counts in `problems` what it could not decode."""

    __slots__ = ("_asked", "_values", "ref", "source", "uuid", "written")

    def __init__(
        self,
        source: Source,
        table: str,
        values: Mapping[str, XeValue],
        problems: Counter[str],
    ) -> None:
        self.source = source
        self.ref = ""
        self._table = table
        self._values = values
        self._problems = problems
        self._asked: list[tuple[int, str, str]] = []
        self.written = ""
        uuid = self.text("uuid") or ""
        self.uuid = uuid if UUID_PATTERN.fullmatch(uuid) else ""

    def text(self, attribute: str) -> str | None:
        """Return a string; `xe` shows it unescaped, so only its first line is known."""
        found = self._value_of_attribute(attribute)
        if found is None or found.value in (_NOT_IN_DATABASE, *_NOT_ASKED):
            return None
        return found.value

    def word(self, attribute: str) -> str | None:
        """Return an enum value: ``CBT metadata`` is ``cbt_metadata``, ``running`` ``Running``."""
        value = self.text(attribute)
        if value is None:
            return None
        if attribute == "power_state":
            return value.capitalize()
        return value.lower().replace(" ", "_")

    def reference(self, attribute: str) -> str | None:
        """Return a uuid; None for ``<not in database>`` and for nothing."""
        return self.text(attribute) or None

    def mapping(self, attribute: str) -> StringMap | None:
        """Return a Map from ``k: v; k2: v2``.

        A ``; `` inside a value that another ``: `` follows cannot be told from the next key.
        Of ``current-operations`` `xe` shows the values only; they are numbered.
        """
        found = self._value_of_attribute(attribute)
        if found is None or found.value in _NOT_ASKED:
            return None
        if attribute == "current_operations":
            words = (item.lower().replace(".", "_") for item in _items_of_list(found.value))
            return {f"#{number}": word for number, word in enumerate(words, 1)}
        if found.kind.startswith("M"):
            pairs: dict[str, str] = {}
            last = None
            for piece in found.value.split("; "):
                key, colon, content = piece.partition(": ")
                if colon or key.endswith(":"):
                    last = key if colon else key[:-1]
                    pairs[last] = content
                elif last is not None:
                    pairs[last] += f"; {piece}"
                elif piece:
                    pairs[last := piece] = ""
            return pairs
        return dict.fromkeys(_items_of_list(found.value), "")

    def names(self, attribute: str) -> tuple[str, ...] | None:
        """Return a Set; `purpose` is joined by commas, all others by semicolons."""
        found = self._value_of_attribute(attribute)
        return None if found is None or found.value in _NOT_ASKED else _items_of_list(found.value)

    def raw(self) -> tuple[tuple[str, str], ...]:
        """Return the lines asked for so far, in the order of the file."""
        return tuple((attribute, line) for _, attribute, line in sorted(self._asked))

    def _value_of_attribute(self, attribute: str) -> XeValue | None:
        usual = attribute.replace("__", "-").replace("_", "-")
        found = self._values.get(_KEYS.get((self._table, attribute), usual))
        if found is None:
            return None
        if not (found.line.closed or _cannot_be_half(found.value)):
            self._not_understood(attribute, "stands on a last line without an end")
            return None
        self._asked.append((found.line.index, attribute, found.line.text))
        return found


def _cannot_be_half(value: str) -> bool:
    # No prefix of one of these is itself a value that means something.
    return value in {"true", "false", _NOT_IN_DATABASE} or UUID_PATTERN.fullmatch(value) is not None


def _items_of_list(value: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in re.split(r"[;,]", value) if item.strip())
