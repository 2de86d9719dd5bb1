"""How a missing CBT log is told: the finding of one disk."""

from enum import Enum

from analyzer.case.pool import PoolState
from analyzer.checks.tools.finding import (
    Row,
    named,
    prose,
    quote_ends,
    quote_row,
    span,
    steps,
    times,
    total,
)
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Evidence, Finding, Severity, Subject
from analyzer.model.rule import RuleText
from analyzer.model.sentence import Value
from analyzer.model.terms import METADATA_TYPES
from analyzer.model.xapi import Sr, Vdi
from analyzer.rebuilt.cbt.log_listings import LogListing
from analyzer.values import dataclass


class Past(Enum):
    """What became of a log that cbt-util did not find; the value is the case in the texts."""

    OPEN = "not-there-then"
    INACTIVE = "inactive-then"
    MADE_SINCE = "made-since"
    OFF_SINCE = "off-since"
    GONE = "gone-since"


# What is over, and the field of its steps.
_OVER = {Past.MADE_SINCE: "again", Past.OFF_SINCE: "disabled", Past.GONE: "gone"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """What a run has of one disk: its row, cbt-util's complaints, and changes of its log."""

    pool: PoolState | None
    vdi: Vdi | None
    uuid: str
    sr: Sr | None
    sr_uuid: str | None
    failed: tuple[Event, ...]
    changes: tuple[Event, ...]


def is_metadata(vdi: Vdi) -> bool:
    """Tell whether the disk is what data_destroy leaves of a snapshot: nothing but a log."""
    return vdi.type in METADATA_TYPES


# xapi asks its database only, and SM does not look for the log (xapi_vdi.ml, data_destroy).
_UNGUARDED = "data_destroy does not: it deletes the data of this snapshot, of which no log is left."


def tell(text: RuleText, disk: Disk, missing: LogListing | None, past: Past) -> Finding:
    """Return the finding; ``missing`` is the list in which the log is not, None for the past."""
    values = _values_of_loss(disk, missing, past)
    if missing is None:
        title_and_detail: tuple[str, str] = text.case(past.value)
    else:
        title_and_detail = text.case("both") if disk.failed else (text.title, text.detail)
    title, detail = title_and_detail
    first, last = span(disk.failed) if disk.failed else (None, None)
    # The rule's severity for what is broken now, a warning for what is over.
    if missing is None:
        basis_of_loss: Basis = Basis.SYMPTOM
    else:
        basis_of_loss = Basis.BOTH if disk.failed else Basis.STATE
    own = Subject(type="VDI", uuid=disk.uuid, name=disk.vdi.name_label if disk.vdi else None)
    if disk.sr_uuid is None:
        subjects_of_loss: tuple[Subject, ...] = (own,)
    else:
        subjects_of_loss = (
            own,
            Subject(type="SR", uuid=disk.sr_uuid, name=disk.sr.name_label if disk.sr else None),
        )
    return Finding(
        rule=text.id,
        title=prose(title, values),
        severity=Severity.WARNING if past in _OVER else text.severity,
        confidence=_confidence_of_loss(disk, missing, past),
        basis=basis_of_loss,
        subjects=subjects_of_loss,
        detail=prose(detail, values),
        action=steps(text.action, [values]),
        goals=text.goals,
        evidence=_evidence_of_loss(disk, missing),
        first_seen=first,
        last_seen=last,
        count=max(total(disk.failed), 1),
        wrong_if=prose(text.wrong_if, values),
        references=text.references,
    )


def _confidence_of_loss(disk: Disk, missing: LogListing | None, past: Past) -> Confidence:
    if missing is not None and disk.failed:
        return Confidence.CERTAIN
    if past is Past.INACTIVE:
        return Confidence.POSSIBLE
    dump = disk.pool is not None and disk.pool.generation is None
    # Nobody knows when an `xe` dump was made: the list of volumes may be days younger.
    return Confidence.POSSIBLE if missing is not None and dump else Confidence.LIKELY


def _values_of_loss(disk: Disk, missing: LogListing | None, past: Past) -> Row:
    vdi = disk.vdi
    values: dict[str, Value] = {
        "vdi": disk.uuid,
        "disk": f"disk {named(vdi.name_label if vdi else None, disk.uuid)}",
        "place": missing.words if missing else "",
        "unguarded": _UNGUARDED if vdi and vdi.is_a_snapshot and not is_metadata(vdi) else "",
    }
    if disk.failed:
        values["host"] = disk.failed[-1].host
        values |= times(disk.failed)
    # The fields that choose the steps: those of a past defect need no scan.
    if over := _OVER.get(past):
        next_step_fields: dict[str, str] = {over: disk.uuid}
    else:
        next_values = {"sr": disk.sr_uuid} if disk.sr_uuid else {}
        if disk.vdi is not None:
            # The field that chooses the steps for this sort of disk.
            if is_metadata(disk.vdi):
                sort_of_disk = "metadata"
            else:
                sort_of_disk = "snapshot" if disk.vdi.is_a_snapshot else "live"
            next_values[sort_of_disk] = disk.uuid
            if not is_metadata(disk.vdi):
                next_values["kept"] = disk.uuid
        next_step_fields = next_values
    return {**values, **next_step_fields}


def _evidence_of_loss(disk: Disk, missing: LogListing | None) -> tuple[Evidence, ...]:
    lines = quote_ends(disk.failed)
    if missing is None:
        return lines
    state: tuple[Evidence, ...] = missing.quote(disk.uuid)
    if disk.vdi is not None:
        state = (quote_row(disk.vdi, "cbt_enabled", "SR"), *state)
    return lines + state
