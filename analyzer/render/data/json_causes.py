"""Causes as JSON objects, with the chain of events and what else was considered."""

from analyzer.model.report import Cause, CauseLink, Considered
from analyzer.render.data.json_values import Object, source_object, time_keys


def cause_object(cause: Cause) -> Object:
    """Return a cause."""
    return {
        "id": cause.id,
        "title": cause.title,
        "severity": cause.severity.value,
        "findings": list(cause.findings),
        **time_keys("first_seen", cause.first_seen),
        **time_keys("last_seen", cause.last_seen),
        "next_action": cause.next_action,
        "context": [source_object(source) for source in cause.context],
        "confidence": cause.confidence.value if cause.confidence else None,
        "chain": [_link(link) for link in cause.chain],
        "considered": [_considered(each) for each in cause.considered],
    }


def _link(link: CauseLink) -> Object:
    return {
        "title": link.title,
        **time_keys("at", link.at),
        "order": link.order,
        "finding": link.finding,
        "incident": link.incident,
        "source": source_object(link.source) if link.source else None,
    }


def _considered(each: Considered) -> Object:
    source = source_object(each.source) if each.source else None
    return {"title": each.title, "why": each.why, "source": source}
