"""What every object of report.json is made of: times with their doubt, sources, quotations."""

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from analyzer.model.finding import Evidence, Subject
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.render.words.view import iso, iso_time

Json: TypeAlias = "str | int | float | Mapping[str, Json] | Sequence[Json] | None"
Object: TypeAlias = dict[str, Json]


def time_keys(key: str, moment: Moment | None) -> Object:
    """Return the instant under `key`, and under ``<key>_range`` the doubt it carries.

    The instant is null where the year is unknown; the range is null only without a moment.
    """
    if moment is None:
        return {key: None, f"{key}_range": None}
    doubt: Object = {
        "earliest": iso_time(moment.earliest),
        "latest": iso_time(moment.latest),
        "dated_by": moment.dated_by,
    }
    return {key: iso(moment), f"{key}_range": doubt}


def source_object(source: Source) -> Object:
    """Return where something stands."""
    return {"bundle": source.bundle, "member": source.member, "line": source.line}


def evidence_object(evidence: Evidence) -> Object:
    """Return a quotation."""
    return {**source_object(evidence.source), "text": evidence.text, **time_keys("at", evidence.at)}


def subject_object(subject: Subject) -> Object:
    """Return an object of the pool, or a host by its name where no uuid is known."""
    return {"type": subject.type, "uuid": subject.uuid, "name": subject.name}


def finite(number: float | None) -> float | None:
    """Return a number as JSON can hold it: null for what is none."""
    return number if number is not None and math.isfinite(number) else None
