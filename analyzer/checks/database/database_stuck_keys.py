"""Marks that an operation left in the database when it died: in sm_config, in current_operations.

What each mark means and when it is sound is said in `stuck_keys`, `stuck_hosts` and
`stuck_operations`. A call that met a mark says so itself (MAP_DUPLICATE_KEY).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.checks.database.left_tasks import left_tasks
from analyzer.checks.database.stuck import Stuck, report_of
from analyzer.checks.database.stuck_hosts import host_marks
from analyzer.checks.database.stuck_keys import clashes, marked
from analyzer.checks.database.stuck_operations import operations
from analyzer.checks.observation import Observation
from analyzer.checks.tools.finding import (
    Row,
    found,
    host_subject,
    how_often,
    listed,
    named,
    near,
    quote_ends,
    times,
)
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Finding, Gap, Severity, Subject
from analyzer.model.rule import RuleText
from analyzer.model.sentence import say
from analyzer.model.xapi import Sr, Vbd, Vdi, Vm, XapiObject

_ONE_CALL = timedelta(seconds=30)
_MOST = 8
_HOSTS = ("host-gone", "host-stale")
_TYPES: Mapping[type, str] = MappingProxyType({Sr: "SR", Vdi: "VDI", Vbd: "VBD", Vm: "VM"})


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Judge each mark by itself; those of one host are one finding.

    First the marks in every database, then the calls that met one that is gone.
    """
    for pool in case.pools:
        answers_for_pool: list[Stuck | Gap] = []
        for row in pool.vdis:
            if row.sm_config:
                answers_for_pool.extend(marked(case, pool, row))
                answers_for_pool.extend(host_marks(case, pool, row))
        answers_for_pool.extend(operations(case, pool))
        answers = list(answers_for_pool)
        yield from (each for each in answers if isinstance(each, Gap))
        stuck = [each for each in answers if isinstance(each, Stuck)]
        hosts: dict[tuple[str, str], list[Stuck]] = {}
        for findings_each in stuck:
            if findings_each.case in _HOSTS:
                hosts.setdefault((findings_each.case, findings_each.key), []).append(findings_each)
            elif findings_each.case.startswith("operation"):
                yield _of_operation(text, findings_each)
            else:
                yield _of_mark(text, findings_each)
        for (_, findings_key), own in hosts.items():
            yield _of_host(case, text, pool, findings_key, own)
        yield from left_tasks(case, text, pool)
    for ref, key in clashes(case):
        # Whether a mark that calls met is still there: then it was judged already.
        known = case.world.vdi(ref)
        mark_still_there = known is not None and key in (known.sm_config or {})
        if not mark_still_there:
            yield _finding_of_met_mark(case, text, ref, key)


def _of_mark(text: RuleText, stuck: Stuck) -> Finding:
    row, events = stuck.row, stuck.events
    met = stuck.confidence is Confidence.CERTAIN
    values = {
        "disk": named(row.name_label, row.uuid),
        "key": stuck.key,
        "because": stuck.because,
        "often": say("That was {often}.", often=how_often(events)) if met else "",
        "held": row.uuid,
        stuck.key: row.uuid,
    }
    return found(
        text,
        text.case(stuck.case),
        basis=Basis.BOTH if events else Basis.STATE,
        confidence=stuck.confidence,
        subjects=(_subject_of_row(row),),
        rows=[values],
        evidence=stuck.proof,
        events=events if met else (),
        count=_number_of_calls(events) if met else 1,
    )


def _of_host(
    case: Case, text: RuleText, pool: PoolState, key: str, own: Sequence[Stuck]
) -> Finding:
    ref = key.removeprefix("host_")
    host, names = pool.host(ref), [named(each.row.name_label, each.row.uuid) for each in own]
    report = report_of(case, pool, host.uuid) if host else None
    more = [f"{len(own) - _MOST} more"] if len(own) > _MOST else []
    values = {
        "number": f"{len(own)} disk{'s' if len(own) > 1 else ''}",
        "disks": listed([*names[:_MOST], *more]),
        "gone_host": ref,
        "host_name": (host.name_label or host.uuid) if host else "",
        "because": own[0].because,
    }
    return found(
        text,
        text.case(own[0].case),
        basis=Basis.BOTH if len(own[0].proof) > 1 else Basis.STATE,
        confidence=Confidence.LIKELY,
        severity=Severity.WARNING,
        subjects=(
            *(_subject_of_row(each.row) for each in own),
            *((host_subject(report),) if report else ()),
        ),
        rows=[
            *({**values, "attached": each.row.uuid, "held": each.row.uuid} for each in own[:_MOST]),
            values,
        ],
        evidence=tuple(proof for each in own[:_MOST] for proof in each.proof),
        count=len(own),
    )


def _of_operation(text: RuleText, stuck: Stuck) -> Finding:
    row = stuck.row
    task, _, op = stuck.key.partition(" ")
    kind = _TYPES[type(row)]
    values = {
        "object": f"{kind} {named(row.name_label, row.uuid)}",
        "op": op,
        "task": task,
        "because": stuck.because,
    }
    return found(
        text,
        text.case(stuck.case),
        basis=Basis.BOTH if stuck.events else Basis.STATE,
        confidence=stuck.confidence,
        severity=Severity.WARNING,
        subjects=(_subject_of_row(row),),
        rows=[values],
        evidence=stuck.proof,
    )


def _finding_of_met_mark(case: Case, text: RuleText, ref: str, key: str) -> Finding:
    """Return the finding of calls that met a mark which no database shows any more."""
    events = clashes(case)[ref, key]
    row = case.world.vdi(ref)
    gone = row is not None or (bool(case.pools) and all(pool.complete for pool in case.pools))
    held = {"held": row.uuid} if row else {}
    values: Row = {
        "disk": named(row.name_label, row.uuid) if row else ref,
        "key": key,
        **times(events),
        **held,
    }
    return found(
        text,
        text.case("passed" if gone else "clash"),
        basis=Basis.SYMPTOM,
        confidence=Confidence.LIKELY,
        severity=Severity.INFO if gone else Severity.WARNING,
        subjects=(_subject_of_row(row) if row else Subject(type="VDI", uuid=ref),),
        rows=[values],
        evidence=quote_ends(events),
        events=events,
        count=_number_of_calls(events),
    )


def _subject_of_row(row: XapiObject) -> Subject:
    return Subject(type=_TYPES[type(row)], uuid=row.uuid, name=row.name_label)


def _number_of_calls(events: Sequence[Event]) -> int:
    """Return how many calls the lines are of: one is logged several times."""
    count, last = 0, None
    for event in events:
        if last is None or not near(last, event, _ONE_CALL):
            count += 1
        last = event
    return count
