"""Explain: each error belongs to a finding or an incident, or nobody explains it.

They are joined by what the log itself joins: the line, the process, the task, the disk and the
time. An error that only happened at the same time as something else is not explained by it.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from heapq import merge
from operator import itemgetter

from analyzer.case.case import Case
from analyzer.case.errors.said import folded, said
from analyzer.case.errors.trouble import Spot, Trouble
from analyzer.model.event import Event
from analyzer.model.finding import Evidence, Finding, Outcome
from analyzer.model.incident import Incident, IncidentKind
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.values import dataclass

_SAME_CALL = timedelta(minutes=5)
_AFTERWARDS = timedelta(minutes=10)
_AROUND = timedelta(minutes=2)
# What ends by itself when these befall a host, its storage and what runs on both.
_WHOLE_HOST = (
    IncidentKind.HOST_CRASHED,
    IncidentKind.HOST_FENCED,
    IncidentKind.HOST_REBOOTED,
    IncidentKind.HOST_BOOTED,
)
_TOOLSTACK = (IncidentKind.TOOLSTACK_RESTARTED, IncidentKind.ROLLING_UPGRADE)
_TOOLSTACK_PROCESSES = frozenset({"xapi", "systemd", "xenopsd-xc", "xapi-nbd", "message-switch"})
_OF_PATHS = "device-mapper: multipath: "
_STORAGE = (IncidentKind.SR_OUTAGE, IncidentKind.SR_FULL, IncidentKind.SR_UNPLUGGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What one finding or incident stands on: its lines as events, its objects, its time."""

    id: str
    events: tuple[Event, ...]
    hosts: frozenset[str]
    objects: frozenset[str]
    first: Moment | None
    last: Moment | None
    incident: IncidentKind | None = None
    storm: bool = False  # one of more findings than are told: the others quote the same text


class Explanations:
    """What the findings and the incidents of a run explain."""

    def __init__(
        self, case: Case, outcomes: Sequence[Outcome], incidents: Sequence[Incident]
    ) -> None:
        findings = [finding for outcome in outcomes for finding in outcome.findings]
        quoted = [(each.id, each.evidence) for each in findings]
        quoted += [(each.id, each.evidence) for each in incidents]
        kept = case.events.first_of_lines(
            {each.source for _, evidence in quoted for each in evidence}
        )
        self._lines: dict[Source, str] = {}
        self._told = [
            *(
                _of_finding(finding, kept, storm=outcome.is_shortened)
                for outcome in outcomes
                for finding in outcome.findings
            ),
            *(_of_incident(incident, kept) for incident in incidents),
        ]
        for name, evidence in quoted:
            for each in evidence:
                self._lines.setdefault(each.source, name)
        self._troubles = {
            quoted.source: trouble for trouble in case.troubles for quoted in trouble.evidence
        }
        found: dict[tuple[str, str], list[tuple[Moment, _Told]]] = {}
        for writer_each in self._told:
            for event in writer_each.events:
                for writer in _writers_of_lines(event, event.parser):
                    found.setdefault(writer, []).append((event.moment, writer_each))
        self._writers = found
        form_found: dict[tuple[str, str], list[_Told]] = {}
        for form_each in self._told:
            for form_event in form_each.events:
                said_there = said(form_event.process, form_event.message, loud=True)
                form = folded(said_there.text) if said_there else ""
                if form:
                    form_found.setdefault((form_event.host, form), []).append(form_each)
        self._forms = form_found
        self._near = _Near(self._told)

    def of(self, trouble: Trouble) -> str:
        """Return the id of what explains an error, "" where nothing does."""
        return self.teller(trouble) or next(
            (told.id for told in self._near.to(trouble) if _befell_its_object(told, trouble)), ""
        )

    def teller(self, trouble: Trouble) -> str:
        """Return the id of what tells of the very same failure, "" where nothing does."""
        sources = [spot.source for spot in trouble.spots]
        sources += [evidence.source for evidence in trouble.evidence]
        same_line = next((self._lines[source] for source in sources if source in self._lines), "")
        return same_line or self._same_form(trouble) or self._same_writer(trouble)

    def tells_of(self, line: Source) -> bool:
        """Tell whether the failure that a line was kept of is told."""
        trouble = self._troubles.get(line)
        return trouble is not None and bool(self.teller(trouble))

    def _same_form(self, trouble: Trouble) -> str:
        """Look for a finding that quotes the same text of the same host, or of the same disk."""
        for told in self._forms.get((trouble.host, trouble.form), ()):
            if told.storm or not trouble.disk or not told.objects or trouble.disk in told.objects:
                return told.id
        return ""

    def _same_writer(self, trouble: Trouble) -> str:
        for spot in trouble.spots:
            for writer in _writers_of_lines(spot, trouble.parser):
                for at, told in self._writers.get(writer, ()):
                    if spot.at.within(at, _SAME_CALL):
                        return told.id
        return ""


class _Near:
    """What may explain an error by its objects, so that not everything told is held against it.

    A storm has thousands of errors and thousands of findings, and hardly two of one disk.
    """

    def __init__(self, told: Sequence[_Told]) -> None:
        self._by_key: dict[tuple[str, ...], list[tuple[int, _Told]]] = {}
        self._processes: dict[str, set[str]] = {}
        for number, each in enumerate(told):
            for key in dict.fromkeys(self._keys_of_telling(each)):
                self._by_key.setdefault(key, []).append((number, each))

    def to(self, trouble: Trouble) -> Iterator[_Told]:
        """Yield in the order of telling whatever `_befell_same_object` may hold for."""
        host = trouble.host
        keys = [("object", trouble.disk), ("sr", trouble.sr), ("host", host)]
        services = _services_of_error(trouble, self._processes.get(host, set()))
        rows = [self._by_key.get(key, []) for key in keys]
        rows += [self._by_key[host, "service", name] for name in services]
        return (told for _, told in merge(*rows, key=itemgetter(0)))

    def _keys_of_telling(self, told: _Told) -> Iterator[tuple[str, ...]]:
        for uuid in told.objects:
            yield "object", uuid
            if told.incident in _STORAGE:
                yield "sr", uuid
        for host in told.hosts:
            if told.incident is not None:
                yield "host", host
                continue
            for name in _programs_of(told):
                self._processes.setdefault(host, set()).add(name)
                yield host, "service", name


def _of_finding(finding: Finding, kept: Mapping[Source, Event], *, storm: bool) -> _Told:
    hosts = {subject.name or subject.uuid for subject in finding.subjects if subject.type == "Host"}
    events = _events_of_kept(finding.evidence, kept)
    return _Told(
        id=finding.id,
        events=events,
        hosts=frozenset(hosts | {event.host for event in events}),
        objects=frozenset(subject.uuid for subject in finding.subjects),
        first=finding.first_seen,
        last=finding.last_seen,
        storm=storm,
    )


def _of_incident(incident: Incident, kept: Mapping[Source, Event]) -> _Told:
    return _Told(
        id=incident.id,
        events=_events_of_kept(incident.evidence, kept),
        hosts=frozenset({incident.host}),
        objects=frozenset(subject.uuid for subject in incident.subjects),
        first=incident.began,
        last=incident.ended or incident.last_seen or incident.began,
        incident=incident.kind,
    )


def _events_of_kept(
    evidence: Sequence[Evidence], kept: Mapping[Source, Event]
) -> tuple[Event, ...]:
    """Return what was kept of the quoted lines, at most one event of each."""
    return tuple(kept[each.source] for each in evidence if each.source in kept)


def _writers_of_lines(spot: Spot | Event, parser: str) -> Iterator[tuple[str, str]]:
    """Yield by what the lines of one call are known: a task anywhere, a process of one report."""
    if spot.task:
        yield "task", spot.task.rpartition(" ")[2]
    if spot.pid is not None:
        yield spot.source.bundle + parser, str(spot.pid)


def _befell_its_object(told: _Told, trouble: Trouble) -> bool:
    """Tell whether an error is of a disk that a finding is about, or of what an incident befell."""
    # Whether all of an error's lines lie in the time of a finding or of an incident.
    if told.first is None or told.last is None:
        lies_within = False
    else:
        slack = _AROUND if told.incident is None else _AFTERWARDS
        lies_within = (
            told.first.earliest - _AROUND <= trouble.first.latest
            and trouble.last.earliest <= told.last.latest + slack
        )
    if not lies_within:
        return False
    same_disk, same_host = trouble.disk in told.objects, trouble.host in told.hosts
    if told.incident is None:
        return same_disk or (
            same_host and not trouble.disk and bool(_services_of_error(trouble, _programs_of(told)))
        )
    if told.incident in _STORAGE:
        return same_disk or trouble.sr in told.objects
    return same_host and (_ends_with(told.incident, trouble) or same_disk)


def _ends_with(incident: IncidentKind, trouble: Trouble) -> bool:
    """Tell whether what an error is of ends, or is cut off, by what befell its host."""
    if incident in _TOOLSTACK:
        return trouble.process in _TOOLSTACK_PROCESSES
    if incident is IncidentKind.NBD_RESTARTED:
        return "xapi-nbd" in f"{trouble.process} {trouble.text}"
    return incident in _WHOLE_HOST


def _programs_of(told: _Told) -> AbstractSet[str]:
    """Return the programs that a finding's lines are of; what multipathd sees the kernel says, too.

    Either fails a path and tells the other.
    """
    own = {event.process for event in told.events}
    paths = any(event.message.startswith(_OF_PATHS) for event in told.events)
    return own | {"multipathd"} if paths else own


def _services_of_error(trouble: Trouble, processes: AbstractSet[str]) -> AbstractSet[str]:
    """Return those of some processes whose service an error is of, or systemd's word on it."""
    if trouble.process == "systemd":
        named = processes - {"systemd", "xapi"}
        return {name for name in named if f"{name}.service" in trouble.text}
    return (processes & {trouble.process}) - {"SM", "SMGC", "xapi", "kernel"}
