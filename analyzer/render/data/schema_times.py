"""The JSON Schema of time and cause in report.json: clocks, holes, incidents, runs, chains."""

from enum import StrEnum

from analyzer.model.clock import ClockChangeKind
from analyzer.model.finding import Confidence
from analyzer.model.hole import HoleKind
from analyzer.model.incident import IncidentKind
from analyzer.model.run import FullReason, RunVerdict
from analyzer.render.data.schema_values import (
    Schema,
    closed,
    count,
    instant,
    listed,
    named,
    or_null,
    place,
    quotation,
    record,
    text,
    time_schemas,
)


def clock_schema() -> Schema:
    """Return the schema of the clock of one host's report."""
    return record(
        host=text(),
        bundle=text(),
        dated_by=text("what years and zone rest on"),
        zone_known=_truth("false: the zone is a guess"),
        utc_offset_minutes=or_null({"type": "integer"}),
        changes=listed(
            record(
                kind=closed(ClockChangeKind),
                **time_schemas("at"),
                seconds=_seconds("by how much the clock jumped, forward positive; null: not known"),
                confidence=closed(Confidence),
                members=listed(text()),
                before=quotation(),
                after=quotation(),
            )
        ),
        skews=listed(
            record(
                to=text("NTP, or the name of a host"),
                seconds=_seconds("fast is positive"),
                doubt=_seconds("more or less"),
                how=text(),
                pairs=count(),
                evidence=listed(quotation()),
            )
        ),
        contradictions=listed(text("two sources of time that cannot both be right")),
        compared=text("with which clocks it was compared, or why with none"),
    )


def _seconds(description: str) -> Schema:
    return {**or_null({"type": "number"}), "description": description}


def _truth(description: str) -> Schema:
    return {"type": "boolean", "description": description}


def hole_schema() -> Schema:
    """Return the schema of a stretch of a log that nothing was read of."""
    return record(
        bundle=text(),
        host=text(),
        source=text("the parser that reads it"),
        kind=closed(HoleKind),
        **time_schemas("began"),
        **time_schemas("ended"),
        expected=text("what was expected"),
        before=or_null(record(**place())),
        after=or_null(record(**place())),
        whole_host=_truth("all logs of the host are silent together"),
    )


def incident_schema() -> Schema:
    """Return the schema of an incident."""
    return record(
        id=text(),
        kind=closed(IncidentKind),
        title=text(),
        host=text("empty for a whole pool"),
        bundle=text(),
        confidence=closed(Confidence),
        subjects=listed(named()),
        **time_schemas("began"),
        **time_schemas("ended"),
        **time_schemas("last_seen"),
        count=count(),
        master=_truth("the host was the pool's master"),
        tapdisks=listed(text("the pid of a tapdisk that ended")),
        evidence={**listed(quotation()), "minItems": 1},
    )


def hour_schema() -> Schema:
    """Return the schema of the lines of one host in one hour."""
    return record(hour=instant(), host=text(), lines=count(1))


def run_schema() -> Schema:
    """Return the schema of a backup run."""
    return record(
        id=text(),
        pool=text(),
        **time_schemas("began"),
        **time_schemas("ended"),
        disks=listed(_disk_run()),
    )


def _disk_run() -> Schema:
    step = record(
        what=text(),
        succeeded=or_null(_truth("null: not known")),
        evidence=quotation(),
    )
    return record(
        vdi=text(),
        name=or_null(text()),
        sr=or_null(text()),
        sr_name=or_null(text()),
        verdict=_names(RunVerdict),
        reason=or_null(_names(FullReason)),
        words=text("the verdict and why, in a sentence"),
        confidence=closed(Confidence),
        settle_with=text("what would decide it"),
        snapshot=or_null(text()),
        base=or_null(text()),
        **time_schemas("began"),
        **time_schemas("ended"),
        findings=listed(text("the id of a finding")),
        steps=listed(step),
        evidence=listed(quotation()),
    )


def _names(words: type[StrEnum]) -> Schema:
    """Return the schema of the names of a closed set, in small letters."""
    return {"enum": [word.name.lower() for word in words]}


def chain_schema() -> Schema:
    """Return the schema of the events of a cause, in order."""
    return listed(
        record(
            title=text(),
            **time_schemas("at"),
            order=text("how it stands in time to the step before it"),
            finding=or_null(text("the id of a finding")),
            incident=or_null(text("the id of an incident")),
            source=or_null(record(**place())),
        )
    )


def considered_schema() -> Schema:
    """Return the schema of what else could have been the cause."""
    return listed(record(title=text(), why=text("why dropped"), source=or_null(record(**place()))))
