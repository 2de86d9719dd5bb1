"""Disks and their CBT chains as JSON objects."""

from analyzer.model.disk import (
    Comparison,
    DiskBreak,
    DiskLink,
    DiskLog,
    DiskView,
    LifeEvent,
)
from analyzer.model.finding import Evidence, Subject
from analyzer.render.data.json_values import Object, evidence_object, time_keys


def disk_object(disk: DiskView) -> Object:
    """Return a disk; ``vdi`` is null for logs whose disk is not known."""
    return {
        "pool": disk.pool,
        "sr": {"uuid": disk.sr.uuid, "name": disk.sr.name, "type": disk.sr_type},
        "vdi": _named(disk.vdi) if disk.vdi else None,
        "vms": [_named(vm) for vm in disk.vms],
        "cbt_enabled": disk.cbt_enabled,
        "state": disk.state.value,
        "logs": [_log(log) for log in disk.chain.logs],
        "links": [_link(link) for link in disk.chain.links],
        "breaks": [_break(found) for found in disk.chain.breaks],
        "life": [_event(event) for event in disk.life],
        "comparisons": [_comparison(each) for each in disk.comparisons],
        "contradictions": list(disk.contradictions),
        "findings": list(disk.findings),
    }


def _named(subject: Subject) -> Object:
    return {"uuid": subject.uuid, "name": subject.name}


def _proof(evidence: Evidence | None) -> Object | None:
    return evidence_object(evidence) if evidence else None


def _log(log: DiskLog) -> Object:
    return {
        "uuid": log.uuid,
        "name": log.name,
        "kind": log.kind.value,
        "exists": log.exists,
        "confidence": log.confidence.value if log.confidence else None,
        "consistent": log.consistent,
        "size": log.size,
        "cbt_enabled": log.cbt_enabled,
        "attached": log.attached,
        **time_keys("created", log.created),
        **time_keys("removed", log.removed),
        "evidence": _proof(log.evidence),
    }


def _link(link: DiskLink) -> Object:
    return {
        "older": link.older,
        "newer": link.newer,
        "confidence": link.confidence.value,
        "stale": link.stale,
        "evidence": _proof(link.evidence),
    }


def _break(found: DiskBreak) -> Object:
    return {
        "at": found.at,
        "to": found.to or None,
        "kind": found.kind.value,
        "what": found.what,
        "evidence": _proof(found.evidence),
    }


def _event(event: LifeEvent) -> Object:
    return {
        **time_keys("at", event.moment),
        "kind": event.kind.value,
        "what": event.what,
        "result": event.result.value,
        "evidence": evidence_object(event.evidence),
    }


def _comparison(each: Comparison) -> Object:
    return {
        **time_keys("at", each.moment),
        "older": each.older or None,
        "newer": each.newer or None,
        "result": each.result.value,
        "why": each.why,
        "evidence": evidence_object(each.evidence),
    }
