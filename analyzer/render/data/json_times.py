"""Time as JSON objects: clocks, holes, incidents, the hours with their lines.

Backup runs are in `analyzer.render.run_text`, which the command ``show run`` shares.
"""

from analyzer.model.clock import ClockChange, ClockSkew, HostClock
from analyzer.model.hole import Hole
from analyzer.model.incident import Incident
from analyzer.model.report import HourCount
from analyzer.render.data.json_values import (
    Object,
    evidence_object,
    finite,
    source_object,
    subject_object,
    time_keys,
)
from analyzer.render.words.view import iso_time


def clock_object(clock: HostClock) -> Object:
    """Return the clock of one host's report."""
    return {
        "host": clock.host,
        "bundle": clock.bundle,
        "dated_by": clock.dated_by,
        "zone_known": clock.zone_known,
        "utc_offset_minutes": clock.utc_offset_minutes,
        "changes": [_change(change) for change in clock.changes],
        "skews": [_skew(skew) for skew in clock.skews],
        "contradictions": list(clock.contradictions),
        "compared": clock.compared,
    }


def _change(change: ClockChange) -> Object:
    return {
        "kind": change.kind.value,
        **time_keys("at", change.at),
        "seconds": finite(change.seconds),
        "confidence": change.confidence.value,
        "members": list(change.members),
        "before": evidence_object(change.before),
        "after": evidence_object(change.after),
    }


def _skew(skew: ClockSkew) -> Object:
    return {
        "to": skew.to,
        "seconds": finite(skew.seconds),
        "doubt": finite(skew.doubt),
        "how": skew.how,
        "pairs": skew.pairs,
        "evidence": [evidence_object(evidence) for evidence in skew.evidence],
    }


def hole_object(hole: Hole) -> Object:
    """Return a stretch of a log that nothing was read of."""
    return {
        "bundle": hole.bundle,
        "host": hole.host,
        "source": hole.source,
        "kind": hole.kind.value,
        **time_keys("began", hole.began),
        **time_keys("ended", hole.ended),
        "expected": hole.expected,
        "before": source_object(hole.before) if hole.before else None,
        "after": source_object(hole.after) if hole.after else None,
        "whole_host": hole.whole_host,
    }


def incident_object(incident: Incident) -> Object:
    """Return an incident."""
    return {
        "id": incident.id,
        "kind": incident.kind.value,
        "title": incident.title,
        "host": incident.host,
        "bundle": incident.bundle,
        "confidence": incident.confidence.value,
        "subjects": [subject_object(subject) for subject in incident.subjects],
        **time_keys("began", incident.began),
        **time_keys("ended", incident.ended),
        **time_keys("last_seen", incident.last_seen),
        "count": incident.count,
        "master": incident.master,
        "tapdisks": list(incident.tapdisks),
        "evidence": [evidence_object(evidence) for evidence in incident.evidence],
    }


def hour_object(hour: HourCount) -> Object:
    """Return how many lines one host kept in one hour."""
    return {"hour": iso_time(hour.hour), "host": hour.host, "lines": hour.lines}
