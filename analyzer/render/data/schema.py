"""The JSON Schema of report.json, published as ``reports/report.schema.json``.

It says exactly what this version writes, so no object allows other keys. A reader should accept
and ignore keys that it does not know: a later version may add some under the same
``schema_version``; a key that changes its meaning or goes makes a new one.
"""

from analyzer.model.finding import Basis, Confidence, Severity, Verdict
from analyzer.model.host import Role
from analyzer.model.report import Presence
from analyzer.render.data.json import SCHEMA_VERSION
from analyzer.render.data.schema_disks import disk_schema
from analyzer.render.data.schema_nbd import nbd_schema
from analyzer.render.data.schema_times import (
    chain_schema,
    clock_schema,
    considered_schema,
    hole_schema,
    hour_schema,
    incident_schema,
    run_schema,
)
from analyzer.render.data.schema_values import (
    Schema,
    closed,
    count,
    listed,
    member,
    or_null,
    place,
    record,
    text,
    time_schemas,
)


def json_schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) that every report.json obeys."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cbtriage report",
        **record(
            schema_version={"const": SCHEMA_VERSION},
            tool=record(name={"const": "cbtriage"}, version=text(), catalogue=text()),
            options={"type": "object", "additionalProperties": text()},
            bundles=listed(_bundle()),
            hosts=listed(_host()),
            causes=listed(_cause()),
            outcomes=listed(_outcome()),
            coverage=listed(_coverage()),
            ledger=listed(_ledger()),
            omissions=listed(record(**member(), why=text(), settle_with=text())),
            problems=listed(record(**place(), what=text())),
            suppressed=listed(_suppressed()),
            timeline=listed(_event()),
            lines_per_hour=listed(hour_schema()),
            clocks=listed(clock_schema()),
            holes=listed(hole_schema()),
            incidents=listed(incident_schema()),
            runs=listed(run_schema()),
            disks=listed(disk_schema()),
            nbd=listed(nbd_schema()),
        ),
    }


def _bundle() -> Schema:
    return record(
        name=text(),
        sha256=or_null({"type": "string", "pattern": "^[0-9a-f]{64}$"}),
        **time_schemas("captured_at"),
        complete={"type": "boolean"},
        kind=text(),
        note=text(),
    )


def _host() -> Schema:
    return record(
        uuid=or_null(text()),
        name=text(),
        role=closed(Role),
        product=text(),
        utc_offset_minutes=or_null({"type": "integer"}),
        clock_skew_seconds=or_null({"type": "number"}),
        database=text(),
        bundle=text(),
    )


def _cause() -> Schema:
    return record(
        id=text(),
        title=text(),
        severity=closed(Severity),
        findings=listed(text("the id of a finding")),
        **time_schemas("first_seen"),
        **time_schemas("last_seen"),
        next_action=text(),
        context=listed(record(**place())),
        confidence=or_null(closed(Confidence)),
        chain=chain_schema(),
        considered=considered_schema(),
    )


def _outcome() -> Schema:
    return record(
        rule=text(),
        title=text(),
        severity=closed(Severity),
        verdict=closed(Verdict),
        reason=text(),
        settle_with=listed(text("a command")),
        window=or_null(record(**time_schemas("from"), **time_schemas("to"))),
        holes=listed({**count(), "description": "which of `holes`, from 0, lie in the window"}),
        findings=listed(_finding()),
    )


def _finding() -> Schema:
    return record(
        id={"type": "string", "pattern": "^F-"},
        severity=closed(Severity),
        confidence=closed(Confidence),
        basis=closed(Basis),
        title=text(),
        detail=text(),
        wrong_if=text("completes: this would be wrong if …"),
        action=listed(record(step=text(), risk=or_null(text()))),
        subjects=listed(record(type=text(), uuid=text(), name=or_null(text()))),
        **time_schemas("first_seen"),
        **time_schemas("last_seen"),
        count=count(1),
        explained_by=listed(text("the id of a finding")),
        references=listed(text()),
        evidence={
            **listed(record(**place(), text=text("verbatim"), **time_schemas("at"))),
            "minItems": 1,
        },
    )


def _coverage() -> Schema:
    return record(
        **member(),
        parser=text(),
        lines=count(),
        events=count(),
        not_understood=count(),
        shapes=listed(record(shape=text("a form of line; 9 is any digit"), count=count(1))),
        **time_schemas("from"),
        **time_schemas("to"),
        dated_by=text(),
    )


def _ledger() -> Schema:
    return record(
        bundle=text(),
        source=text("the parser that reads it"),
        members=listed(text()),
        presence=closed(Presence),
        why=text(),
        settle_with=text("the command that fetches it"),
    )


def _suppressed() -> Schema:
    return record(
        pattern=text(),
        count=count(),
        reason=text(),
        example=or_null(record(**place(), text=text("verbatim"))),
    )


def _event() -> Schema:
    return record(
        **time_schemas("at"),
        host=text(),
        lane=text(),
        label=text(),
        severity=or_null(closed(Severity)),
        finding=or_null(text("the id of a finding")),
        **place(),
        text=text("verbatim"),
    )
