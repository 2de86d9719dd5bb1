"""Events that belong together: Sigma's correlations over the event table, and absence."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from types import MappingProxyType

from analyzer.case.case import Case
from analyzer.case.time.order import Order, mark
from analyzer.model.event import Event
from analyzer.model.finding import Gap
from analyzer.rules._state import state_holds
from analyzer.rules.pattern import Correlation, Pattern
from analyzer.sources import LOGS
from analyzer.values import dataclass

_TIE = timedelta(seconds=1)
_SECONDS = timedelta(seconds=2)
_NAMED = frozenset({"VDI", "SR", "VM", "Network"})
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
    """Return the incidents of a pattern, and what was left undecided.

    That are the ends of logs, and a state that is not known.
    """
    if pattern.correlate.type is Correlation.ABSENT:
        # The first kind's events that none of the others follows in time. Where the log ends before
        # the answer was due, that is a gap and no finding.
        first, *others = pattern.kinds
        answers = [
            event
            for unanswered_burst in bursts(pattern, case, tuple(others))
            for event in unanswered_burst
        ]
        incidents: list[Incident] = []
        unanswered_gaps: list[Gap] = []
        for unanswered_burst in bursts(pattern, case, (first,)):
            open_ = tuple(
                event
                for event in unanswered_burst
                if not _is_answered(pattern, event, answers, case)
            )
            if not open_:
                continue
            missing = tuple(_too_short(pattern, open_[-1], case))
            unanswered_gaps += missing
            if not missing:
                incidents.append(Incident(events=open_))
        found, gaps = (tuple(incidents), tuple(unanswered_gaps))
    else:
        whole = (Incident(events=burst) for burst in bursts(pattern, case, pattern.kinds))
        found, gaps = tuple(each for each in whole if _meets_condition(pattern, each, case)), ()
    states = [(each, state_holds(pattern.when, each.events, case)) for each in found]
    unknown = tuple(state for _, state in states if isinstance(state, Gap))
    return tuple(each for each, state in states if state is True), (*gaps, *unknown)


def bursts(pattern: Pattern, case: Case, kinds: tuple[str, ...]) -> tuple[tuple[Event, ...], ...]:
    """Return the events of a pattern by its keys, none far from the next.

    What lines call an object is its uuid here, as far as that is known: a line with a reference
    and one with the collector's eight digits are of one disk.
    """
    correlate = pattern.correlate
    types = {name: kind for kind, name in pattern.subjects}

    @cache
    def same(name: str, value: str) -> str:
        return case.world.uuid_of(types[name], value) if types.get(name) in _NAMED else value

    found = case.events.incidents(kinds, correlate.group_by, correlate.timespan, same)
    return tuple(tuple(_with_uuids(event, same) for event in burst) for burst in found)


def _with_uuids(event: Event, same: Callable[[str, str], str]) -> Event:
    fields = {name: same(name, value) for name, value in event.fields.items()}
    return event if fields == event.fields else replace(event, fields=MappingProxyType(fields))


def _meets_condition(pattern: Pattern, incident: Incident, case: Case) -> bool:
    kinds = {event.kind for event in incident.events}
    match pattern.correlate.type:
        case Correlation.EVENT_COUNT:
            return incident.count >= pattern.correlate.gte
        case Correlation.TEMPORAL | Correlation.ABSENT:
            return kinds.issuperset(pattern.kinds)
        case Correlation.TEMPORAL_ORDERED:
            return _in_order(pattern, incident.events, case.order)


def _in_order(pattern: Pattern, events: Sequence[Event], order: Order) -> bool:
    """Tell whether one event of each kind can be picked, each certainly after the one before.

    With ``ties`` one of the same second counts, too: two logs do not tell which was first.
    """
    ties = pattern.correlate.ties

    def follows(before: Event, event: Event) -> bool:
        if order.surely_before(mark(before), mark(event)):
            return True
        tied = ties and before.moment.doubt <= _SECONDS and event.moment.within(before.moment, _TIE)
        return tied and not order.surely_before(mark(event), mark(before))

    before: Event | None = None
    for kind in pattern.kinds:
        later = [
            event
            for event in events
            if event.kind == kind and (before is None or follows(before, event))
        ]
        if not later:
            return False
        before = min(later, key=lambda event: (event.moment.latest, event.source))
    return True


def _is_answered(pattern: Pattern, event: Event, answers: Sequence[Event], case: Case) -> bool:
    correlate = pattern.correlate
    return any(
        _key_of_event(answer, correlate.group_by) == _key_of_event(event, correlate.group_by)
        and not case.order.surely_before(mark(answer), mark(event))
        and answer.moment.within(event.moment, correlate.timespan)
        for answer in answers
    )


def _key_of_event(event: Event, names: Sequence[str]) -> tuple[str, ...]:
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
        # The holes of a log in which an answer may stand.
        unread_due = event.moment.latest + pattern.correlate.timespan
        own = "host" in pattern.correlate.group_by
        for unread_hole in case.unread(need, since=event.moment):
            if unread_hole.began.earliest <= unread_due and not (
                own and unread_hole.host != event.host
            ):
                hole = unread_hole
                why = f"the answer to {event.source} may stand where it was not read: {hole.kind}"
                yield Gap(need=need, host=hole.host, why=why, settle_with=_MORE_LOGS)
