"""The JSON Schema of the disks in report.json."""

from analyzer.model.disk import BreakKind, DiskState, LifeKind, LogKind
from analyzer.model.finding import Confidence
from analyzer.model.operation import Result
from analyzer.render.data.schema_values import (
    Schema,
    closed,
    count,
    listed,
    or_null,
    place,
    record,
    text,
    time_schemas,
)


def disk_schema() -> Schema:
    """Return the schema of one disk."""
    named = record(uuid=text(), name=or_null(text()))
    return record(
        pool=text(),
        sr=record(uuid=text(), name=or_null(text()), type=or_null(text())),
        vdi=or_null(named),
        vms=listed(named),
        cbt_enabled=or_null({"type": "boolean"}),
        state=closed(DiskState),
        logs=listed(_log()),
        links=listed(_link()),
        breaks=listed(_break()),
        life=listed(_event()),
        comparisons=listed(_comparison()),
        contradictions=listed(text("two things that cannot both be so")),
        findings=listed(text("the id of a finding")),
    )


def _quotation() -> Schema:
    return record(**place(), text=text("verbatim"), **time_schemas("at"))


def _log() -> Schema:
    known: Schema = {"type": "boolean", "description": "null: not known"}
    return record(
        uuid=text(),
        name=or_null(text()),
        kind=closed(LogKind),
        exists=or_null(known),
        confidence=or_null(closed(Confidence)),
        consistent=or_null(known),
        size=or_null(count()),
        cbt_enabled=or_null(known),
        attached=text("who has it active when the bundle was made"),
        **time_schemas("created"),
        **time_schemas("removed"),
        evidence=or_null(_quotation()),
    )


def _link() -> Schema:
    return record(
        older=text(),
        newer=text(),
        confidence=closed(Confidence),
        stale={"type": "boolean", "description": "the newer log names another parent"},
        evidence=or_null(_quotation()),
    )


def _break() -> Schema:
    return record(
        at=text("the uuid of the last log before it"),
        to=or_null(text()),
        kind=closed(BreakKind),
        what=text(),
        evidence=or_null(_quotation()),
    )


def _event() -> Schema:
    return record(
        **time_schemas("at"),
        kind=closed(LifeKind),
        what=text(),
        result=closed(Result),
        evidence=_quotation(),
    )


def _comparison() -> Schema:
    return record(
        **time_schemas("at"),
        older=or_null(text()),
        newer=or_null(text()),
        result=closed(Result),
        why=text(),
        evidence=_quotation(),
    )
