"""The JSON Schema of report.json, published as ``reports/report.schema.json``.

Made from the same types and forms as the file itself. It says exactly what this version writes,
so no object allows other keys. A reader should accept and ignore keys that it does not know: a
later version may add some under the same ``schema_version``; a key that changes its meaning or
goes makes a new one. ``#/$defs/Answers`` is what commands print with ``--json``.
"""

import inspect
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from analyzer.model.code import code
from analyzer.model.finding import Finding
from analyzer.model.report import BundleInfo, Report
from analyzer.render.data.answers import Answers
from analyzer.render.data.bounded import LeftOut
from analyzer.render.data.forms import (
    Blank,
    Form,
    Instant,
    Many,
    Maybe,
    Named,
    Parts,
    Plain,
    Record,
    Table,
    Word,
    keys_of,
)
from analyzer.render.data.json import SCHEMA_VERSION

Schema: TypeAlias = dict[str, object]

_STAMP: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$"}
_TEXT: Schema = {"type": "string"}
_PLAIN: dict[type, Schema] = {
    str: _TEXT,
    int: {"type": "integer"},
    float: {"type": ["number", "null"], "description": "null: it is no number"},
    bool: {"type": "boolean"},
    datetime: {"$ref": "#/$defs/Instant"},
}
_NARROWER: dict[tuple[type, str], Schema] = {
    (Finding, "evidence"): {"minItems": 1},
    (Finding, "id"): {"pattern": "^F-"},
    (BundleInfo, "sha256"): {"description": "of the file or stream as given; null: a folder"},
}
_DOUBT: Schema = {
    "type": "object",
    "description": "The instant certainly lies in it; null only without an instant.",
    "properties": {"earliest": _STAMP, "latest": _STAMP, "dated_by": _TEXT},
    "required": ["earliest", "latest", "dated_by"],
    "additionalProperties": False,
}


def json_schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) that every report.json obeys."""
    definitions: dict[str, Schema] = {
        "Instant": {**_STAMP, "description": "UTC."},
        "Doubt": _DOUBT,
    }
    for kind, catalogue in ((Report, True), (Answers, False)):
        _define_type(kind, definitions)
        _add_head(definitions[kind.__name__], catalogue=catalogue)
    _define_type(LeftOut, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cbtriage report",
        "$ref": f"#/$defs/{Report.__name__}",
        "$defs": dict(sorted(definitions.items())),
    }


def _add_head(schema: Schema, *, catalogue: bool) -> None:
    """Add what every document begins with."""
    tool: dict[str, Schema] = {"name": {"const": "cbtriage"}, "version": _TEXT}
    if catalogue:
        tool["catalogue"] = _TEXT
    head: dict[str, Schema] = {
        "schema_version": {"const": SCHEMA_VERSION},
        "tool": _closed_object(tool),
    }
    if catalogue:
        left_out: Schema = {"$ref": f"#/$defs/{LeftOut.__name__}"}
        head["left_out"] = {"type": "array", "items": left_out}
    properties, required = schema["properties"], schema["required"]
    assert isinstance(properties, dict)
    assert isinstance(required, list)
    schema["properties"] = {**head, **properties}
    schema["required"] = [*head, *required]


def _define_type(kind: type, definitions: dict[str, Schema]) -> None:
    """Add a type and all that it is made of.

    Raises:
        TypeError: another type has its name.
    """
    described: Schema = {"description": inspect.getdoc(kind)}
    if known := definitions.get(kind.__name__):
        if known["description"] != described["description"]:
            msg = f"{kind.__name__}: two types of this name cannot be told apart"
            raise TypeError(msg)
        return
    definitions[kind.__name__] = described  # types may hold themselves
    properties: dict[str, Schema] = {}
    for key in keys_of(kind):
        properties |= _properties_of_key(key.name, key.form, definitions)
        if extra := _NARROWER.get((kind, key.name)):
            properties[key.name] = {**properties[key.name], **extra}
    sparse = {
        name for key in keys_of(kind) if key.sparse for name in (key.name, f"{key.name}_range")
    }
    needed = [name for name in properties if name not in sparse]
    definitions[kind.__name__] = {
        **_closed_object(properties),
        "required": needed,
        **described,
    }


def _closed_object(properties: dict[str, Schema]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _properties_of_key(name: str, form: Form, definitions: dict[str, Schema]) -> dict[str, Schema]:
    if not (isinstance(form, Instant) or form == Maybe(Instant())):
        return {name: _schema_of_form(form, definitions)}
    instant = {**_or_null({"$ref": "#/$defs/Instant"}), "description": "null: the year is unknown"}
    doubt: Schema = {"$ref": "#/$defs/Doubt"}
    return {name: instant, f"{name}_range": _or_null(doubt) if isinstance(form, Maybe) else doubt}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _schema_of_form(  # noqa: C901, PLR0911 - a case for each form
    form: Form, definitions: dict[str, Schema]
) -> Schema:
    match form:
        case Plain(kind):
            return _PLAIN[kind]
        case Blank():
            return {"type": ["string", "null"]}
        case Word(words):
            definitions.setdefault(words.__name__, _schema_of_words(words))
            return {"$ref": f"#/$defs/{words.__name__}"}
        case Record(kind):
            _define_type(kind, definitions)
            return {"$ref": f"#/$defs/{kind.__name__}"}
        case Named(by):
            return {**_TEXT, "description": f"its {by}"}
        case Many(of):
            return {"type": "array", "items": _schema_of_form(of, definitions)}
        case Maybe(of):
            return _or_null(_schema_of_form(of, definitions))
        case Table(key, of):
            return {
                "type": "object",
                "propertyNames": _schema_of_form(key, definitions),
                "additionalProperties": _schema_of_form(of, definitions),
            }
        case Parts(of):
            properties: dict[str, Schema] = {}
            for name, part in of:
                properties |= _properties_of_key(name, part, definitions)
            return _closed_object(properties)
        case Instant():
            return {"$ref": "#/$defs/Instant"}


def _schema_of_words(words: type[StrEnum]) -> Schema:
    said = "".join(f"\n{code(each)}: {each}" for each in words if each != code(each))
    return {
        "enum": [code(each) for each in words],
        "description": f"{inspect.getdoc(words)}{said}",
    }
