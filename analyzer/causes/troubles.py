"""Troubles: findings and context events, with what they can be joined by."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from analyzer.causes.edges import Context, Edges, Join
from analyzer.model.event import Event
from analyzer.model.finding import Finding, Outcome
from analyzer.model.host import Role
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.state.case import Case

# Lines about one event of a host; a storage outage repeats itself for as long as it lasts.
_ONE_EVENT = timedelta(minutes=10)
_ALERTS = "var/xapi/blobs/"  # written by the master, whichever host they are about


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A finding, or context events that are one happening.

    ``rule`` is the rule's id or the context's name; ``keys`` are the objects it is about, by the
    kind of join; the times are None for what was seen by its state only.
    """

    id: str
    rule: str
    keys: Mapping[Join, frozenset[str]]
    first: Moment | None
    last: Moment | None
    bundles: frozenset[str]
    finding: Finding | None = None
    label: str = ""
    sources: tuple[Source, ...] = ()


def troubles_of(outcomes: Sequence[Outcome], case: Case, edges: Edges) -> tuple[Trouble, ...]:
    """Return all findings and all context events that an edge names, each group by id."""
    places = _Places(case)
    findings = [_of_finding(f, places) for outcome in outcomes for f in outcome.findings]
    used = {trouble.rule for trouble in findings}
    wanted = {edge.cause for edge in edges.edges if edge.effect in used}
    contexts = [
        trouble
        for context in edges.contexts
        if context.name in wanted
        for trouble in _of_context(context, case, places)
    ]
    return tuple(sorted(findings, key=_id)) + tuple(sorted(contexts, key=_id))


def _id(trouble: Trouble) -> str:
    return trouble.id


class _Places:
    """Which host a bundle is of, which pool an object is in."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self.names = {report.bundle: report.name for report in case.hosts}
        self._hosts = {report.host_uuid: report.name for report in case.hosts if report.host_uuid}
        self.masters = {r.bundle for r in case.hosts if r.role is Role.MASTER}
        self._pools: dict[str, str] = {}
        for place, pool in enumerate(case.pools):
            name = pool.pool.uuid if pool.pool else f"pool {place}"
            members = {host.uuid for host in pool.hosts}
            own = [r for r in case.hosts if r.bundle in pool.bundles or r.host_uuid in members]
            self._pools |= {report.bundle: name for report in own}
            self._pools |= dict.fromkeys((vdi.uuid for vdi in pool.vdis), name)

    def host(self, uuid: str) -> str:
        """Return the name of a host given by uuid or by name."""
        return self._hosts.get(uuid, uuid)

    def pools(self, keys: Iterable[str]) -> frozenset[str]:
        """Return the pools of bundles and disks."""
        return frozenset(self._pools[key] for key in keys if key in self._pools)

    def repositories(self, disks: Iterable[str]) -> frozenset[str]:
        """Return the SRs of disks."""
        found = set()
        for disk in disks:
            for pool in self._case.pools:
                vdi = pool.vdi(disk)
                sr = pool.sr(vdi.sr) if vdi else None
                found |= {sr.uuid} if sr else set()
        return frozenset(found)


def _of_finding(finding: Finding, places: _Places) -> Trouble:
    subjects: dict[str, set[str]] = {}
    for subject in finding.subjects:
        subjects.setdefault(subject.type, set()).add(subject.uuid)
    disks = frozenset(subjects.get("VDI", ()))
    quoted = {e.source.bundle for e in finding.evidence}
    logged = {
        e.source.bundle
        for e in finding.evidence
        if e.at is not None and not e.source.member.startswith(_ALERTS)
    }
    hosts = {places.host(uuid) for uuid in subjects.get("Host", ())}
    hosts |= {places.names[bundle] for bundle in logged if bundle in places.names}
    pools = frozenset(subjects.get("Pool", ())) or places.pools((*disks, *sorted(quoted)))
    return Trouble(
        id=finding.id,
        rule=finding.rule,
        keys={
            Join.VDI: disks,
            Join.SR: frozenset(subjects.get("SR", ())) | places.repositories(disks),
            Join.HOST: frozenset(hosts),
            Join.POOL: pools,
        },
        first=finding.first_seen,
        last=finding.last_seen,
        bundles=frozenset(logged),
        finding=finding,
    )


def _of_context(context: Context, case: Case, places: _Places) -> Iterable[Trouble]:
    excused = case.events.of(*context.unless) if context.unless else ()
    for events in _bursts(case.events.of(*context.kinds)):
        first = events[0]
        bundle = first.source.bundle
        if context.master and bundle not in places.masters:
            continue
        if any(_just_before(event, first, context.unless_within) for event in excused):
            continue
        sure = context.need is not None and case.gap(context.need, bundle) is None
        yield Trouble(
            id=f"{context.name} {first.host} {first.moment.at.isoformat()} {first.source}",
            rule=context.name,
            keys={Join.HOST: frozenset({first.host}), Join.POOL: places.pools((bundle,))},
            first=first.moment,
            last=events[-1].moment,
            bundles=frozenset({bundle}),
            label=(context.without if sure else context.title),
            sources=tuple(dict.fromkeys((first.source, events[-1].source))),
        )


def _bursts(events: Sequence[Event]) -> tuple[tuple[Event, ...], ...]:
    """Group the events of each host that follow one another closely."""
    bursts: list[list[Event]] = []
    open_: dict[str, list[Event]] = {}
    for event in events:
        burst = open_.get(event.host)
        if burst and event.moment.at - burst[-1].moment.at <= _ONE_EVENT:
            burst.append(event)
        else:
            open_[event.host] = [event]
            bursts.append(open_[event.host])
    return tuple(tuple(burst) for burst in bursts)


def _just_before(event: Event, boot: Event, within: timedelta) -> bool:
    distance = boot.moment.at - event.moment.at
    return event.source.bundle == boot.source.bundle and timedelta(0) <= distance <= within
