"""report.json: the source of truth, of which every other output shows a part.

Keys stand in the order of the contract (`analyzer.render.schema`), values in the order of
`analyzer.render.order`. Text is verbatim, escaped by JSON alone and in ASCII only, so that
printing the file cannot move a terminal's cursor.
"""

import json
from collections.abc import Mapping

from analyzer.model.finding import Finding, Outcome
from analyzer.model.hole import Hole
from analyzer.model.host import Role
from analyzer.model.report import (
    BundleInfo,
    Coverage,
    HostInfo,
    LedgerEntry,
    Report,
    Suppressed,
    TimelineEvent,
)
from analyzer.render.data.json_causes import cause_object
from analyzer.render.data.json_disks import disk_object
from analyzer.render.data.json_nbd import nbd_object
from analyzer.render.data.json_times import clock_object, hole_object, hour_object, incident_object
from analyzer.render.data.json_values import (
    Object,
    evidence_object,
    finite,
    source_object,
    time_keys,
)
from analyzer.render.terminal.run_text import run_object
from analyzer.render.words.order import ordered

SCHEMA_VERSION = 1


def render_json(report: Report) -> str:
    """Return the report as JSON, one document, ending in a newline."""
    return json.dumps(_document(ordered(report)), indent=2, allow_nan=False) + "\n"


def _document(report: Report) -> Object:
    holes = {hole: number for number, hole in enumerate(report.holes)}
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "cbtriage", "version": report.version, "catalogue": report.catalogue},
        "options": dict(report.options),
        "bundles": [_bundle(bundle) for bundle in report.bundles],
        "hosts": [_host(host) for host in report.hosts],
        "causes": [cause_object(cause) for cause in report.causes],
        "outcomes": [_outcome(outcome, holes) for outcome in report.outcomes],
        "coverage": [_coverage(entry) for entry in report.coverage],
        "ledger": [_ledger(entry) for entry in report.ledger],
        "omissions": [
            {"bundle": o.bundle, "member": o.member, "why": o.why, "settle_with": o.settle_with}
            for o in report.omissions
        ],
        "problems": [{**source_object(p.source), "what": p.what} for p in report.problems],
        "suppressed": [_suppressed(entry) for entry in report.suppressed],
        "timeline": [_event(event) for event in report.timeline],
        "lines_per_hour": [hour_object(hour) for hour in report.hours],
        "clocks": [clock_object(clock) for clock in report.clocks],
        "holes": [hole_object(hole) for hole in report.holes],
        "incidents": [incident_object(incident) for incident in report.incidents],
        "runs": [run_object(run) for run in report.runs],
        "disks": [disk_object(disk) for disk in report.disks],
        "nbd": [nbd_object(report, view) for view in report.nbd],
    }


def _bundle(bundle: BundleInfo) -> Object:
    return {
        "name": bundle.name,
        "sha256": bundle.sha256,
        **time_keys("captured_at", bundle.captured_at),
        "complete": bundle.complete,
        "kind": bundle.kind,
        "note": bundle.note,
    }


def _host(host: HostInfo) -> Object:
    return {
        "uuid": host.uuid,
        "name": host.name,
        "role": Role(host.role).value,
        "product": host.product,
        "utc_offset_minutes": host.utc_offset_minutes,
        "clock_skew_seconds": finite(host.clock_skew_seconds),
        "database": host.database,
        "bundle": host.bundle,
    }


def _outcome(outcome: Outcome, holes: Mapping[Hole, int]) -> Object:
    first, last = outcome.window or (None, None)
    return {
        "rule": outcome.rule,
        "title": outcome.title,
        "severity": outcome.severity.value,
        "verdict": outcome.verdict.value,
        "reason": outcome.reason,
        "settle_with": list(outcome.settle_with),
        "window": {**time_keys("from", first), **time_keys("to", last)} if outcome.window else None,
        "holes": sorted({holes[hole] for hole in outcome.holes}),
        "findings": [_finding(finding) for finding in outcome.findings],
    }


def _finding(finding: Finding) -> Object:
    return {
        "id": finding.id,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "basis": finding.basis.value,
        "title": finding.title,
        "detail": finding.detail,
        "wrong_if": finding.wrong_if,
        "action": [{"step": step.step, "risk": step.risk} for step in finding.action],
        "subjects": [{"type": s.type, "uuid": s.uuid, "name": s.name} for s in finding.subjects],
        **time_keys("first_seen", finding.first_seen),
        **time_keys("last_seen", finding.last_seen),
        "count": finding.count,
        "explained_by": list(finding.explained_by),
        "references": list(finding.references),
        "evidence": [evidence_object(evidence) for evidence in finding.evidence],
    }


def _coverage(entry: Coverage) -> Object:
    return {
        "bundle": entry.bundle,
        "member": entry.member,
        "parser": entry.parser,
        "lines": entry.lines,
        "events": entry.events,
        "not_understood": entry.not_understood,
        "shapes": [{"shape": shape, "count": count} for shape, count in entry.shapes],
        **time_keys("from", entry.first),
        **time_keys("to", entry.last),
        "dated_by": entry.dated_by,
    }


def _ledger(entry: LedgerEntry) -> Object:
    return {
        "bundle": entry.bundle,
        "source": entry.source,
        "members": list(entry.members),
        "presence": entry.presence.value,
        "why": entry.why,
        "settle_with": entry.settle_with,
    }


def _suppressed(entry: Suppressed) -> Object:
    return {
        "pattern": entry.pattern,
        "count": entry.count,
        "reason": entry.reason,
        "example": {**source_object(entry.example), "text": entry.text} if entry.example else None,
    }


def _event(event: TimelineEvent) -> Object:
    return {
        **time_keys("at", event.moment),
        "host": event.host,
        "lane": event.lane,
        "label": event.label,
        "severity": event.severity.value if event.severity else None,
        "finding": event.finding,
        **source_object(event.source),
        "text": event.text,
    }
