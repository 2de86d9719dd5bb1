"""What xapi's logs tell of the calls that backups are made of.

A call is logged when it is taken (xen-api `message_forwarding.ml`, `export_raw_vdi.ml`), when it
failed (`debug.ml`), and with its disks' uuids and its result in audit.log (`rbac_audit.ml`). The
lines of one call share the short form of its task; the failure names only that.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from analyzer.case.case import Case
from analyzer.model.event import Event
from analyzer.story.runs.acts import Act, Deed

ASKED, MOVED, EXPORTED = "backup-call.asked", "backup-call.moved", "backup-call.exported"
FAILED, AUDITED = "backup-call.failed", "backup-call.audited"
AUDITED_EXPORT, AUDITED_BASE = "backup-call.audited-export", "backup-call.audited-base"
_CBT_FAILED = ("cbt-calls.failed", "cbt-calls.refused")
_CBT_AUDITED = ("cbt-calls.audited", "cbt-calls.audited-pair")
_NAMED = (
    ASKED,
    MOVED,
    EXPORTED,
    AUDITED,
    AUDITED_EXPORT,
    "cbt-calls.asked",
    "cbt-calls.compared",
    *_CBT_AUDITED,
    "nbd-info-asked.disk",
)
_RESULTS = (AUDITED, *_CBT_AUDITED)
_ACTS: Mapping[str, Act] = MappingProxyType(
    {act.value.removeprefix("VDI."): act for act in Act if act.value.startswith("VDI.")}
)
_KINDS: Mapping[str, Act] = MappingProxyType(
    {
        EXPORTED: Act.EXPORTED,
        AUDITED_EXPORT: Act.EXPORTED,
        "nbd-info-asked.disk": Act.ASKED,
    }
)
_FAILURES: Mapping[str, Act] = MappingProxyType({**_ACTS, "export_raw_vdi": Act.EXPORTED})
_TASK = re.compile(r"\b(R:[0-9a-f]{12})")


def references(case: Case) -> Mapping[str, str]:
    """Return the uuids of disks, gone ones too, that audit.log names with their references."""
    events = case.events.of(AUDITED, AUDITED_EXPORT, AUDITED_BASE)
    uuid = ("vdi", "base")
    return MappingProxyType(
        {
            event.fields["ref"]: next(event.fields[key] for key in uuid if key in event.fields)
            for event in events
        }
    )


def told_by_xapi(case: Case, uuids: Mapping[str, str]) -> Iterator[Deed]:
    """Yield a deed per line that names a disk; ``uuids`` resolves references."""
    # The first failure of each call that names its task.
    events = case.events.of(FAILED, *_CBT_FAILED)
    found: dict[tuple[str, Act], Event] = {}
    for first_event in events:
        first_act, task = (
            _FAILURES.get(first_event.fields["method"]),
            first_event.fields.get("call") or _task_of_event(first_event),
        )
        if first_act is not None and task:
            found.setdefault((task, first_act), first_event)
    failures = found
    bases = {event.source: event.fields["base"] for event in case.events.of(AUDITED_BASE)}
    for event in case.events.of(*_NAMED):
        act = _KINDS.get(event.kind) or _ACTS.get(event.fields.get("method", ""))
        if act is None:
            continue
        task = _task_of_event(event)
        failed = failures.get((task, act))
        code = event.fields.get("code") or (failed.fields["code"] if failed else "")
        line = failed or event
        other = event.fields.get("to") or event.fields.get("vm") or ""
        yield Deed(
            act=act,
            disk=uuids.get(event.fields["vdi"], event.fields["vdi"]),
            other=uuids.get(other, other) or bases.get(event.source, ""),
            began=event.moment,
            ended=line.moment if failed and not line.moment.at < event.moment.at else event.moment,
            shown=line,
            origin=event.parser,
            succeeded=False if code else event.kind in _RESULTS or None,
            code=code,
            task=task,
            sr=event.fields.get("sr", ""),
            whole=event.kind == AUDITED_EXPORT,
        )


def _task_of_event(event: Event) -> str:
    found = _TASK.search(event.task or "")
    return found[1] if found else ""
