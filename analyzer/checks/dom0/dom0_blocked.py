"""Disks that could not be destroyed because they were in use, and by what they were held then."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.checks.tools.calls import resolve
from analyzer.model.event import Event
from analyzer.model.moment import Moment
from analyzer.model.terms import SHORT_REQUEST
from analyzer.rebuilt.calls.attachments import disk_attachments
from analyzer.rebuilt.nbd.sessions.sessions import nbd_sessions

RULE = "vdi-left-attached-to-dom0"
FAILED, REFUSED = f"{RULE}.failed", f"{RULE}.refused"
# xapi waits 4 seconds before it refuses (xapi_vdi.ml), and logs of whole seconds.
_WAITS = timedelta(seconds=10)


@derived
def blocked(case: Case) -> Mapping[str, tuple[Event, ...]]:
    """Return the calls that VDI_IN_USE refused, one line each, by disk, in order of time."""
    best: dict[object, Event] = {}
    for event in case.events.of(REFUSED, FAILED):
        task = SHORT_REQUEST.search(event.fields.get("call") or event.task or "")
        key = (event.fields["vdi"], task[0]) if task else event.source
        if key not in best or event.kind == FAILED:
            best[key] = event
    found: dict[str, list[Event]] = {}
    for event in sorted(best.values(), key=lambda e: (e.moment.at, e.source)):
        found.setdefault(resolve(case, event.fields["vdi"]), []).append(event)
    return {disk: tuple(events) for disk, events in found.items()}


def held_then(case: Case, vdi: str, calls: Sequence[Event]) -> Mapping[str, tuple[Event, ...]]:
    """Return who held a snapshot in a control domain at any of these calls: host → lines."""
    held: dict[str, tuple[Event, ...]] = {}
    for call in calls:
        for session in nbd_sessions(case):
            if (
                session.vdi == vdi
                and session.events
                and _certainly_spans(session.began, session.ended, call.moment)
            ):
                held.setdefault(session.host, session.events)
        for each in disk_attachments(case):
            if (
                each.vdi == vdi
                and each.events
                and _certainly_spans(each.began, each.ended, call.moment)
            ):
                held.setdefault(each.host, each.events)
    return dict(sorted(held.items()))


def _certainly_spans(began: Moment | None, ended: Moment | None, then: Moment) -> bool:
    if began is None or then.certainly_before(began):
        return False
    return ended is not None and not ended.latest + _WAITS < then.earliest
