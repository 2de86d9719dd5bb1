"""report.json: the source of truth, of which every other output shows a part.

Keys stand in the order of the contract (`analyzer.render.schema`), values in the order of
`analyzer.render.order`. Text is verbatim, escaped by JSON alone and in ASCII only, so that
printing the file cannot move a terminal's cursor.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from analyzer.model.finding import Evidence, Finding, Outcome
from analyzer.model.host import Role
from analyzer.model.moment import Moment
from analyzer.model.report import (
    BundleInfo,
    Cause,
    Coverage,
    HostInfo,
    LedgerEntry,
    Report,
    Suppressed,
    TimelineEvent,
)
from analyzer.model.source import Source
from analyzer.render.order import ordered
from analyzer.render.view import iso, iso_time

SCHEMA_VERSION = 1

Json: TypeAlias = "str | int | float | Mapping[str, Json] | Sequence[Json] | None"
Object: TypeAlias = dict[str, Json]


def render_json(report: Report) -> str:
    """Return the report as JSON, one document, ending in a newline."""
    return json.dumps(_document(ordered(report)), indent=2, allow_nan=False) + "\n"


def _document(report: Report) -> Object:
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "cbtriage", "version": report.version, "catalogue": report.catalogue},
        "options": dict(report.options),
        "bundles": [_bundle(bundle) for bundle in report.bundles],
        "hosts": [_host(host) for host in report.hosts],
        "causes": [_cause(cause) for cause in report.causes],
        "outcomes": [_outcome(outcome) for outcome in report.outcomes],
        "coverage": [_coverage(entry) for entry in report.coverage],
        "ledger": [_ledger(entry) for entry in report.ledger],
        "omissions": [
            {"bundle": o.bundle, "member": o.member, "why": o.why, "settle_with": o.settle_with}
            for o in report.omissions
        ],
        "problems": [{**_source(p.source), "what": p.what} for p in report.problems],
        "suppressed": [_suppressed(entry) for entry in report.suppressed],
        "timeline": [_event(event) for event in report.timeline],
    }


def _time(key: str, moment: Moment | None) -> Object:
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


def _source(source: Source) -> Object:
    return {"bundle": source.bundle, "member": source.member, "line": source.line}


def _bundle(bundle: BundleInfo) -> Object:
    return {
        "name": bundle.name,
        "sha256": bundle.sha256,
        **_time("captured_at", bundle.captured_at),
        "complete": bundle.complete,
        "kind": bundle.kind,
        "note": bundle.note,
    }


def _host(host: HostInfo) -> Object:
    skew = host.clock_skew_seconds
    return {
        "uuid": host.uuid,
        "name": host.name,
        "role": Role(host.role).value,
        "product": host.product,
        "utc_offset_minutes": host.utc_offset_minutes,
        "clock_skew_seconds": skew if skew is not None and math.isfinite(skew) else None,
        "database": host.database,
        "bundle": host.bundle,
    }


def _cause(cause: Cause) -> Object:
    return {
        "id": cause.id,
        "title": cause.title,
        "severity": cause.severity.value,
        "findings": list(cause.findings),
        **_time("first_seen", cause.first_seen),
        **_time("last_seen", cause.last_seen),
        "next_action": cause.next_action,
        "context": [_source(source) for source in cause.context],
    }


def _outcome(outcome: Outcome) -> Object:
    first, last = outcome.window or (None, None)
    return {
        "rule": outcome.rule,
        "title": outcome.title,
        "severity": outcome.severity.value,
        "verdict": outcome.verdict.value,
        "reason": outcome.reason,
        "settle_with": list(outcome.settle_with),
        "window": {**_time("from", first), **_time("to", last)} if outcome.window else None,
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
        **_time("first_seen", finding.first_seen),
        **_time("last_seen", finding.last_seen),
        "count": finding.count,
        "explained_by": list(finding.explained_by),
        "references": list(finding.references),
        "evidence": [_evidence(evidence) for evidence in finding.evidence],
    }


def _evidence(evidence: Evidence) -> Object:
    return {**_source(evidence.source), "text": evidence.text, **_time("at", evidence.at)}


def _coverage(entry: Coverage) -> Object:
    return {
        "bundle": entry.bundle,
        "member": entry.member,
        "parser": entry.parser,
        "lines": entry.lines,
        "events": entry.events,
        "not_understood": entry.not_understood,
        "shapes": [{"shape": shape, "count": count} for shape, count in entry.shapes],
        **_time("from", entry.first),
        **_time("to", entry.last),
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
        "example": {**_source(entry.example), "text": entry.text} if entry.example else None,
    }


def _event(event: TimelineEvent) -> Object:
    return {
        **_time("at", event.moment),
        "host": event.host,
        "lane": event.lane,
        "label": event.label,
        "severity": event.severity.value if event.severity else None,
        "finding": event.finding,
        **_source(event.source),
        "text": event.text,
    }
