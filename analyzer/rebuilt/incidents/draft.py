"""What all incidents need: the hosts, quotations, ids that are the same in every run."""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from analyzer.case.case import Case, HostReport
from analyzer.model.code import code
from analyzer.model.event import Event
from analyzer.model.finding import Confidence, Evidence, Subject
from analyzer.model.host import Role
from analyzer.model.incident import Incident, IncidentKind
from analyzer.model.moment import Moment
from analyzer.values import dataclass

MOST_QUOTES = 6
# Where nothing shows since when: so much earlier it may have been.
UNSEEN = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An incident before it has an id; ``events`` are its lines in order, the key ones first.

    ``rows`` are quoted beside them, ``host`` is a key as `Hosts` gives it, "" for a whole pool.
    """

    kind: IncidentKind
    host: str
    title: str
    began: Moment
    ended: Moment | None
    confidence: Confidence
    events: Sequence[Event]
    subjects: Sequence[Subject] = ()
    last_seen: Moment | None = None
    tapdisks: tuple[str, ...] = ()
    count: int | None = None
    rows: tuple[Evidence, ...] = ()


class Hosts:
    """The hosts of a case by their keys: the uuid, or the bundle where that is not known."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._reports: dict[str, HostReport] = {}
        self._keys: dict[str, str] = {}
        for report in case.hosts:
            key = report.host_uuid or report.bundle
            self._keys[report.bundle] = key
            self._reports.setdefault(key, report)
        beside = case.beside.items()
        self._keys |= {bundle: self._keys[own] for bundle, own in beside if own in self._keys}

    def key(self, bundle: str) -> str:
        """Return the key of the host that a bundle is of."""
        return self._keys.get(bundle, bundle)

    def name(self, key: str) -> str:
        """Return the name that is shown for a host, its key where none is known."""
        if report := self._reports.get(key):
            return report.name
        row = self._case.world.host(key)
        return (row.name_label or row.hostname or key) if row else key

    def master(self, key: str) -> bool:
        """Tell whether a host is known as the master of its pool."""
        report = self._reports.get(key)
        return report is not None and report.role is Role.MASTER

    def subject(self, key: str) -> Subject:
        """Return a host as a subject."""
        return Subject(type="Host", uuid=key, name=self.name(key))

    def of(self, reference: str, bundle: str) -> str:
        """Return the key of a host that a line of a bundle names by uuid or OpaqueRef."""
        for pool in self._case.pools:
            row = pool.host(reference)
            own = bundle in pool.bundles or pool.host(self.key(bundle)) is not None
            if row is not None and own:
                return row.uuid
        return reference

    def grouped(self, events: Iterable[Event]) -> Mapping[str, list[Event]]:
        """Return the events of each host in their order; reports of one host are one."""
        found: dict[str, list[Event]] = {}
        for event in events:
            found.setdefault(self.key(event.source.bundle), []).append(event)
        return dict(sorted(found.items()))

    def repository(self, uuid: str) -> Subject:
        """Return an SR as a subject."""
        return self._case.world.subject("SR", uuid)

    def disk(self, uuid: str) -> Subject:
        """Return a disk as a subject."""
        return self._case.world.subject("VDI", uuid)


def incident_of(draft: Draft, hosts: Hosts) -> Incident:
    """Return the incident that a draft describes."""
    own = (hosts.subject(draft.host),) if draft.host else ()
    subjects = (*own, *sorted(set(draft.subjects) - set(own)))
    evidence = (*quotes(draft.events), *draft.rows)
    counted = sum(event.count for event in _each_event_once(draft.events))
    text = evidence[0].text if evidence else ""
    name = code(draft.kind)
    parts = [name, *(f"{s.type} {s.uuid}" for s in subjects), text]
    digest = hashlib.sha256(chr(0).join(parts).encode(errors="replace")).hexdigest()
    return Incident(
        id=f"I-{name}-{digest[:8]}",
        kind=draft.kind,
        host=hosts.name(draft.host) if draft.host else "",
        bundle=evidence[0].source.bundle if evidence else "",
        title=draft.title,
        began=draft.began,
        ended=draft.ended,
        confidence=draft.confidence,
        subjects=subjects,
        evidence=evidence,
        count=max(1, counted if draft.count is None else draft.count),
        last_seen=draft.last_seen or _last_moment(draft),
        tapdisks=draft.tapdisks,
        master=hosts.master(draft.host),
    )


def _last_moment(draft: Draft) -> Moment | None:
    moments = [event.moment for event in draft.events]
    return max(moments, key=lambda moment: moment.at, default=None)


def quotes(events: Sequence[Event]) -> tuple[Evidence, ...]:
    """Return the first quotations and the last, each line once."""
    lines = _each_event_once(events)
    if len(lines) > MOST_QUOTES:
        lines = [*lines[: MOST_QUOTES - 1], lines[-1]]
    return tuple(Evidence(source=e.source, text=e.text, at=e.moment) for e in lines)


def _each_event_once(events: Sequence[Event]) -> list[Event]:
    return list({event.source: event for event in events}.values())


def spread(first: Moment, last: Moment) -> Moment:
    """Return a moment that lies somewhere from one line to a later one; `at` is the later."""
    return replace(last, earliest=min(first.earliest, last.earliest))


def unseen(last: Moment) -> Moment:
    """Return a moment that lies somewhere before a line, nobody knows how far."""
    return replace(last, earliest=last.earliest - UNSEEN)


def bursts(events: Iterable[Event], apart: timedelta) -> list[list[Event]]:
    """Return runs of events no farther apart than that, as near as their ranges allow."""
    found: list[list[Event]] = []
    for event in events:
        if found and found[-1][-1].moment.within(event.moment, apart):
            found[-1].append(event)
        else:
            found.append([event])
    return found


def last_before(events: Sequence[Event], when: Event) -> Event | None:
    """Return the last of a host's events, in the table's order, that are stamped before another."""
    place = bisect_left(events, when.moment.at, key=lambda event: event.moment.at)
    return events[place - 1] if place else None
