"""The pieces that the JSON Schema of report.json is made of."""

from enum import StrEnum
from typing import TypeAlias

Schema: TypeAlias = dict[str, object]

_STAMP = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$"


def text(description: str = "") -> Schema:
    """Return the schema of a text."""
    return {"type": "string", **({"description": description} if description else {})}


def count(least: int = 0) -> Schema:
    """Return the schema of a number of things."""
    return {"type": "integer", "minimum": least}


def closed(words: type[StrEnum]) -> Schema:
    """Return the schema of a closed set of words."""
    return {"enum": [word.value for word in words]}


def listed(items: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def or_null(schema: Schema) -> Schema:
    """Return the schema with null allowed."""
    return {"anyOf": [schema, {"type": "null"}]}


def record(**properties: Schema) -> Schema:
    """Return the schema of an object with exactly these keys."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def tally(words: type[StrEnum]) -> Schema:
    """Return the schema of an object that counts words of a closed set."""
    return {
        "type": "object",
        "propertyNames": closed(words),
        "additionalProperties": count(1),
    }


def instant() -> Schema:
    """Return the schema of an instant in UTC."""
    return {"type": "string", "pattern": _STAMP}


def time_schemas(key: str) -> dict[str, Schema]:
    """Return the schemas of an instant and of its doubt, by their keys."""
    doubt = record(earliest=instant(), latest=instant(), dated_by=text("how it was dated"))
    return {
        key: {**or_null(instant()), "description": "UTC; null if unknown or without a year"},
        f"{key}_range": {**or_null(doubt), "description": "the instant certainly lies in it"},
    }


def quotation() -> Schema:
    """Return the schema of a quotation."""
    return record(**place(), text=text("verbatim"), **time_schemas("at"))


def named() -> Schema:
    """Return the schema of a subject."""
    return record(type=text(), uuid=text(), name=or_null(text()))


def member() -> dict[str, Schema]:
    """Return the keys that name a member."""
    return {"bundle": text(), "member": text()}


def place() -> dict[str, Schema]:
    """Return the keys that name a line of a member."""
    line: Schema = {**count(), "description": "from 1; 0 is the member as a whole"}
    return {**member(), "line": line}
