"""The declarative engine: events of a pattern become incidents, incidents become findings."""

from collections.abc import Sequence

from analyzer.case.case import Case
from analyzer.case.events import EventTable
from analyzer.case.wholeness import Sources
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Evidence, Finding, Outcome, Subject
from analyzer.model.report import Suppressed
from analyzer.model.sentence import Sentence, Value, often, say
from analyzer.rules._incidents import Incident, find_incidents
from analyzer.rules._state import mended_in
from analyzer.rules._storage import storage_met, with_storage
from analyzer.rules._wording import listed
from analyzer.rules.pattern import Catalogue, Pattern
from analyzer.rules.verdict import conclude

_FIRST = 3
_LAST = 2


def judge(pattern: Pattern, case: Case, sources: Sources) -> Outcome:
    """Return the answer of a pattern with the role finding."""
    incidents, gaps = find_incidents(pattern, case)
    findings = tuple(_finding_of_pattern(pattern, incident, case) for incident in incidents)
    return conclude(pattern.text, findings, case, sources, gaps=gaps)


def suppressed(catalogue: Catalogue, events: EventTable) -> tuple[Suppressed, ...]:
    """Return the known noise that was seen, with how often and why nobody has to care."""
    found = (_suppressed_by(pattern, events) for pattern in catalogue.noise)
    return tuple(noise for noise in found if noise.count)


def _suppressed_by(pattern: Pattern, events: EventTable) -> Suppressed:
    totals = [events.totals(kind) for kind in pattern.kinds]
    example = next((event for _, event in totals if event is not None), None)
    return Suppressed(
        pattern=pattern.id,
        count=sum(count for count, _ in totals),
        reason=pattern.reason,
        example=Evidence(source=example.source, text=example.text) if example else None,
    )


def _finding_of_pattern(pattern: Pattern, incident: Incident, case: Case) -> Finding:
    text = pattern.text
    values = _values_of_incident(incident)
    detail = Sentence(text.detail, values)
    mended, package = mended_in(pattern, incident.events, case)
    # Each object of the incident once, named as the database names it.
    found: dict[tuple[str, str], Subject] = {}
    for kind, name in pattern.subjects:
        subjects_values = (
            [event.host for event in incident.events]
            if name == "host"
            else _captures_of_field(incident.events, name)
        )
        for value in subjects_values:
            found[kind, value] = case.world.subject(kind, value)
    of_host = {kind for kind, _ in found} == {"Host"}
    met = storage_met(incident.events, case) if of_host else ()
    return Finding(
        rule=text.id,
        title=with_storage(Sentence(text.title, values), met),
        severity=text.severity,
        confidence=text.confidence,
        basis=Basis.SYMPTOM,
        subjects=(*found.values(), *met),
        detail=say("{detail}{mended}", detail=detail, mended=mended) if mended else detail,
        action=text.steps(values),
        goals=text.goals,
        evidence=(
            *(
                Evidence(source=event.source, text=event.text, at=event.moment)
                for event in _first_and_last(incident.events)
            ),
            *package,
        ),
        first_seen=incident.events[0].moment,
        last_seen=incident.events[-1].moment,
        count=incident.count,
        wrong_if=Sentence(text.wrong_if, values),
        references=text.references,
    )


def _values_of_incident(incident: Incident) -> dict[str, Value]:
    """Return what fills the fields of a text: captures, and the built-in names."""
    names = dict.fromkeys(name for event in incident.events for name in event.fields)
    found: dict[str, Value] = {
        name: listed(_captures_of_field(incident.events, name)) for name in names
    }
    events = incident.events
    return found | {
        "host": listed(event.host for event in events),
        "process": listed(event.process for event in events if event.process),
        "pid": listed(str(event.pid) for event in events if event.pid is not None),
        "count": str(incident.count),
        "often": often(incident.count, events[0].moment, events[-1].moment),
        "first": events[0].moment,
        "last": events[-1].moment,
    }


def _captures_of_field(events: Sequence[Event], name: str) -> list[str]:
    return [value for event in events if (value := event.fields.get(name))]


def _first_and_last(events: Sequence[Event]) -> Sequence[Event]:
    """Return the events to quote: the first and the last few; `Finding.count` tells of the rest."""
    return events if len(events) <= _FIRST + _LAST else (*events[:_FIRST], *events[-_LAST:])
