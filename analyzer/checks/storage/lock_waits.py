"""Waits of minutes for a lock of the storage manager, in whatever process: a call or none.

Source: sm `lock.py` Lock.acquire(): a process that finds a lock taken says so, with who has it,
and says nothing more until it has the lock itself. The two lines are joined where the log is read;
where too much was written between them how long it was is not known.
"""

import re
from collections.abc import Collection, Iterator
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.checks.tools.finding import found, host_subject, quote_ends, span
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Finding, Subject
from analyzer.model.operation import Operation
from analyzer.model.rule import RuleText
from analyzer.model.sentence import Value
from analyzer.rebuilt.calls.operations import sm_operations_of_processes

WAITED = "storage-call-slow.waited"
_LONG = timedelta(minutes=1)
_DAY = 24 * 60 * 60
_TIME = re.compile(r"(?:^|\n)[^:\n]{3,16}?([0-9]{2}):([0-9]{2}):([0-9]{2})")


def waited(event: Event) -> timedelta:
    """Return for how long a process waited, by the clocks of its two lines; under a day."""
    times = [tuple(map(int, found.groups())) for found in _TIME.finditer(event.text)]
    if len(times) < 2:  # noqa: PLR2004
        return timedelta()
    first, last = ((hours * 60 + minutes) * 60 + seconds for hours, minutes, seconds in times[:2])
    return timedelta(seconds=(last - first) % _DAY)


def lock_waits(
    case: Case, text: RuleText, told: Collection[tuple[str, int | None]]
) -> Iterator[Finding]:
    """Yield a finding for each host and lock; ``told`` are (report, pid) of slow calls."""
    waits: dict[tuple[str, str], list[Event]] = {}
    for event in case.events.of(WAITED):
        own = (event.source.bundle, event.pid) in told
        if not own and waited(event) >= _LONG:
            waits.setdefault((event.source.bundle, event.fields["lock"]), []).append(event)
    for (bundle, lock), events in sorted(waits.items()):
        yield _finding(case, text, bundle, lock, events)


def _finding(case: Case, text: RuleText, bundle: str, lock: str, events: list[Event]) -> Finding:
    worst = max(events, key=waited)
    report = next(each for each in case.hosts if each.bundle == bundle)
    minutes, seconds = divmod(round(waited(worst).total_seconds()), 60)
    holder = _holder(case, worst)
    named_space, _, name = lock.partition("/")
    for kind in ("SR", "VDI"):
        if any(
            (pool.sr(named_space) if kind == "SR" else pool.vdi(named_space)) for pool in case.pools
        ):
            named = f'"{name}" of {kind} {case.world.named(kind, named_space)}'
            break
    else:
        named = lock
    values: dict[str, Value] = {
        "host": report.name,
        "lock": named,
        "worst": f"{minutes} min {seconds:02} s",
        "number": str(len(events)),
        "pid": str(worst.pid),
        "holder": worst.fields["holder"],
        "did": f", which ran {holder.name}," if holder else "",
        "began": span(events)[0],
        "ended": span(events)[1],
    }
    space = lock.partition("/")[0]
    if any(pool.sr(space) for pool in case.pools):
        subject: tuple[Subject, ...] = (case.world.subject("SR", space),)
    else:
        subject = (case.world.subject("VDI", space),) if case.world.vdi(space) else ()
    return found(
        text,
        text.case("lock"),
        basis=Basis.SYMPTOM,
        confidence=Confidence.CERTAIN,
        subjects=(*subject, host_subject(report)),
        rows=[values],
        evidence=quote_ends([worst]),
        events=events,
    )


def _holder(case: Case, event: Event) -> Operation | None:
    """Return the call that had the lock, where the log shows it."""
    pid, bundle = int(event.fields["holder"]), event.source.bundle
    runs = [
        run
        for run in sm_operations_of_processes(case).get((bundle, pid), ())
        if run.name and timedelta() <= event.moment.at - run.first.at <= timedelta(days=1)
    ]
    return runs[-1] if runs else None
