"""The JSON Schema of report.json, published as ``reports/report.schema.json``.

It says exactly what this version writes, so no object allows other keys. A reader should accept
and ignore keys that it does not know: a later version may add some under the same
``schema_version``; a key that changes its meaning or goes makes a new one.
"""

from enum import StrEnum
from typing import TypeAlias

from analyzer.model.finding import Basis, Confidence, Severity, Verdict
from analyzer.model.host import Role
from analyzer.model.report import Presence
from analyzer.render.json import SCHEMA_VERSION

Schema: TypeAlias = dict[str, object]

_STAMP = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$"


def json_schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) that every report.json obeys."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cbtriage report",
        **_object(
            schema_version={"const": SCHEMA_VERSION},
            tool=_object(name={"const": "cbtriage"}, version=_text(), catalogue=_text()),
            options={"type": "object", "additionalProperties": _text()},
            bundles=_list(_bundle()),
            hosts=_list(_host()),
            causes=_list(_cause()),
            outcomes=_list(_outcome()),
            coverage=_list(_coverage()),
            ledger=_list(_ledger()),
            omissions=_list(_object(**_member(), why=_text(), settle_with=_text())),
            problems=_list(_object(**_place(), what=_text())),
            suppressed=_list(_suppressed()),
            timeline=_list(_event()),
        ),
    }


def _text(description: str = "") -> Schema:
    return {"type": "string", **({"description": description} if description else {})}


def _count(least: int = 0) -> Schema:
    return {"type": "integer", "minimum": least}


def _one_of(closed: type[StrEnum]) -> Schema:
    return {"enum": [member.value for member in closed]}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _object(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _instant() -> Schema:
    return {"type": "string", "pattern": _STAMP}


def _time(key: str) -> dict[str, Schema]:
    doubt = _object(earliest=_instant(), latest=_instant(), dated_by=_text("how it was dated"))
    return {
        key: {**_or_null(_instant()), "description": "UTC; null if unknown or without a year"},
        f"{key}_range": {**_or_null(doubt), "description": "the instant certainly lies in it"},
    }


def _member() -> dict[str, Schema]:
    return {"bundle": _text(), "member": _text()}


def _place() -> dict[str, Schema]:
    line: Schema = {**_count(), "description": "from 1; 0 is the member as a whole"}
    return {**_member(), "line": line}


def _bundle() -> Schema:
    return _object(
        name=_text(),
        sha256=_or_null({"type": "string", "pattern": "^[0-9a-f]{64}$"}),
        **_time("captured_at"),
        complete={"type": "boolean"},
        kind=_text(),
        note=_text(),
    )


def _host() -> Schema:
    return _object(
        uuid=_or_null(_text()),
        name=_text(),
        role=_one_of(Role),
        product=_text(),
        utc_offset_minutes=_or_null({"type": "integer"}),
        clock_skew_seconds=_or_null({"type": "number"}),
        database=_text(),
        bundle=_text(),
    )


def _cause() -> Schema:
    return _object(
        id=_text(),
        title=_text(),
        severity=_one_of(Severity),
        findings=_list(_text("the id of a finding")),
        **_time("first_seen"),
        **_time("last_seen"),
        next_action=_text(),
        context=_list(_object(**_place())),
    )


def _outcome() -> Schema:
    return _object(
        rule=_text(),
        title=_text(),
        severity=_one_of(Severity),
        verdict=_one_of(Verdict),
        reason=_text(),
        settle_with=_list(_text("a command")),
        window=_or_null(_object(**_time("from"), **_time("to"))),
        findings=_list(_finding()),
    )


def _finding() -> Schema:
    return _object(
        id={"type": "string", "pattern": "^F-"},
        severity=_one_of(Severity),
        confidence=_one_of(Confidence),
        basis=_one_of(Basis),
        title=_text(),
        detail=_text(),
        wrong_if=_text("completes: this would be wrong if …"),
        action=_list(_object(step=_text(), risk=_or_null(_text()))),
        subjects=_list(_object(type=_text(), uuid=_text(), name=_or_null(_text()))),
        **_time("first_seen"),
        **_time("last_seen"),
        count=_count(1),
        explained_by=_list(_text("the id of a finding")),
        references=_list(_text()),
        evidence={
            **_list(_object(**_place(), text=_text("verbatim"), **_time("at"))),
            "minItems": 1,
        },
    )


def _coverage() -> Schema:
    return _object(
        **_member(),
        parser=_text(),
        lines=_count(),
        events=_count(),
        not_understood=_count(),
        shapes=_list(_object(shape=_text("a form of line; 9 is any digit"), count=_count(1))),
        **_time("from"),
        **_time("to"),
        dated_by=_text(),
    )


def _ledger() -> Schema:
    return _object(
        bundle=_text(),
        source=_text("the parser that reads it"),
        members=_list(_text()),
        presence=_one_of(Presence),
        why=_text(),
        settle_with=_text("the command that fetches it"),
    )


def _suppressed() -> Schema:
    return _object(
        pattern=_text(),
        count=_count(),
        reason=_text(),
        example=_or_null(_object(**_place(), text=_text("verbatim"))),
    )


def _event() -> Schema:
    return _object(
        **_time("at"),
        host=_text(),
        lane=_text(),
        label=_text(),
        severity=_or_null(_one_of(Severity)),
        finding=_or_null(_text("the id of a finding")),
        **_place(),
        text=_text("verbatim"),
    )
