"""Events that belong together: Sigma's correlations over the event table, and absence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analyzer.case.case import Case
from analyzer.case.time.order import Order, mark
from analyzer.model.event import Event
from analyzer.model.finding import Gap
from analyzer.model.hole import Hole
from analyzer.rules.pattern import Correlation, Pattern
from analyzer.sources import LOGS

_MORE_LOGS = "the missing logs, from the host's own backup or syslog server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """The events of one defect, in the table's order; at least one."""

    events: tuple[Event, ...]

    @property
    def count(self) -> int:
        """Return how often it happened: a line and the alert that tells of it are one."""
        counts: dict[str, int] = {}
        for event in self.events:
            counts[event.parser] = counts.get(event.parser, 0) + event.count
        return max(counts.values())


def find_incidents(pattern: Pattern, case: Case) -> tuple[tuple[Incident, ...], tuple[Gap, ...]]:
    """Return the incidents of a pattern, and what the ends of the logs left undecided."""
    if pattern.correlate.type is Correlation.ABSENT:
        return _unanswered(pattern, case)
    correlate = pattern.correlate
    bursts = case.events.incidents(pattern.kinds, correlate.group_by, correlate.timespan)
    incidents = tuple(Incident(events=burst) for burst in bursts)
    return tuple(incident for incident in incidents if _meets(pattern, incident, case)), ()


def _meets(pattern: Pattern, incident: Incident, case: Case) -> bool:
    kinds = {event.kind for event in incident.events}
    match pattern.correlate.type:
        case Correlation.EVENT_COUNT:
            return incident.count >= pattern.correlate.gte
        case Correlation.TEMPORAL | Correlation.ABSENT:
            return kinds.issuperset(pattern.kinds)
        case Correlation.TEMPORAL_ORDERED:
            return _in_order(pattern.kinds, incident.events, case.order)


def _in_order(kinds: Sequence[str], events: Sequence[Event], order: Order) -> bool:
    """Tell whether one event of each kind can be picked, each certainly after the one before."""
    before: Event | None = None
    for kind in kinds:
        later = [
            event
            for event in events
            if event.kind == kind
            and (before is None or order.surely_before(mark(before), mark(event)))
        ]
        if not later:
            return False
        before = min(later, key=lambda event: (event.moment.latest, event.source))
    return True


def _unanswered(pattern: Pattern, case: Case) -> tuple[tuple[Incident, ...], tuple[Gap, ...]]:
    """Return the first kind's events that none of the others follows in time.

    Where the log ends before the answer was due, that is a gap and no finding.
    """
    correlate = pattern.correlate
    first, *others = pattern.kinds
    answers = case.events.of(*others)
    incidents: list[Incident] = []
    gaps: list[Gap] = []
    for burst in case.events.incidents((first,), correlate.group_by, correlate.timespan):
        open_ = tuple(event for event in burst if not _answered(pattern, event, answers, case))
        if not open_:
            continue
        missing = tuple(_too_short(pattern, open_[-1], case))
        gaps += missing
        if not missing:
            incidents.append(Incident(events=open_))
    return tuple(incidents), tuple(gaps)


def _answered(pattern: Pattern, event: Event, answers: Sequence[Event], case: Case) -> bool:
    correlate = pattern.correlate
    return any(
        _key(answer, correlate.group_by) == _key(event, correlate.group_by)
        and not case.order.surely_before(mark(answer), mark(event))
        and answer.moment.within(event.moment, correlate.timespan)
        for answer in answers
    )


def _key(event: Event, names: Sequence[str]) -> tuple[str, ...]:
    own = {"host": event.host, "process": event.process, "pid": str(event.pid)}
    return tuple(own[name] if name in own else event.fields.get(name, "") for name in names)


def _too_short(pattern: Pattern, event: Event, case: Case) -> Iterator[Gap]:
    """Yield a gap for each log of an answer that ends before the answer was due."""
    due = event.moment.latest + pattern.correlate.timespan
    for need in sorted({selector.parser for selector in pattern.selectors[1:]} & set(LOGS)):
        window = case.window(need)
        if window is None or window[1].earliest < due:
            why = f"it ends before the answer to {event.source} was due"
            settle = "a later status report: xen-bugtool --yestoall"
            yield Gap(need=need, host=event.host, why=why, settle_with=settle)
        for hole in _unread_answers(pattern, event, need, case):
            why = f"the answer to {event.source} may stand where it was not read: {hole.kind}"
            yield Gap(need=need, host=hole.host, why=why, settle_with=_MORE_LOGS)


def _unread_answers(pattern: Pattern, event: Event, need: str, case: Case) -> Iterator[Hole]:
    """Yield the holes of a log in which an answer may stand."""
    due = event.moment.latest + pattern.correlate.timespan
    own = "host" in pattern.correlate.group_by
    for hole in case.unread(need, since=event.moment):
        if hole.began.earliest <= due and not (own and hole.host != event.host):
            yield hole
