"""What could have become a finding of a pattern, and what it lacks."""

from analyzer.case.case import Case
from analyzer.model.explained import Attempt
from analyzer.model.finding import Gap
from analyzer.rules._incidents import Incident, bursts, find_incidents
from analyzer.rules.pattern import Correlation, Pattern


def attempts(pattern: Pattern, case: Case) -> tuple[tuple[Attempt, ...], tuple[Gap, ...]]:
    """Return the bursts of a pattern's events, met or not, and what the logs' ends left open."""
    correlate = pattern.correlate
    met, gaps = find_incidents(pattern, case)
    whole = {incident.events[0].source for incident in met}
    kinds = pattern.kinds[:1] if correlate.type is Correlation.ABSENT else pattern.kinds
    found = [Attempt(events=incident.events, lacks="") for incident in met]
    found += [
        Attempt(events=burst, lacks=_what_is_lacking(pattern, Incident(events=burst)))
        for burst in bursts(pattern, case, kinds)
        if whole.isdisjoint(event.source for event in burst)
    ]
    return tuple(sorted(found, key=lambda each: each.events[0].moment.at)), gaps


def condition(pattern: Pattern) -> str:
    """Say what makes a finding of a pattern's events."""
    correlate = pattern.correlate
    of = f"of one {' and '.join(correlate.group_by)}, " if correlate.group_by else ""
    within = f"{of}no two neighbours farther apart than {correlate.timespan}"
    match correlate.type:
        case Correlation.EVENT_COUNT:
            return f"at least {correlate.gte} of these lines, {within}"
        case Correlation.TEMPORAL:
            return f"a line of each kind, {within}"
        case Correlation.TEMPORAL_ORDERED:
            return f"a line of each kind, certainly in the order below, {within}"
        case Correlation.ABSENT:
            return (
                f"a line of the first kind that none of the others follows, {of}"
                f"within {correlate.timespan}"
            )


def _what_is_lacking(pattern: Pattern, incident: Incident) -> str:
    kinds = {event.kind for event in incident.events}
    missing = [kind for kind in pattern.kinds if kind not in kinds]
    match pattern.correlate.type:
        case Correlation.EVENT_COUNT:
            if incident.count >= pattern.correlate.gte:
                return "the state that it asks for is another, or not known"
            return f"{incident.count} of {pattern.correlate.gte}"
        case Correlation.ABSENT:
            return "it was answered in time, or the log ends before an answer was due"
        case Correlation.TEMPORAL | Correlation.TEMPORAL_ORDERED if missing:
            return f"no {', no '.join(missing)} near it"
        case Correlation.TEMPORAL:
            return "the state that it asks for is another, or not known"
        case _:
            return "all kinds are there, but not certainly in this order"
