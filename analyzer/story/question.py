"""Answer a question about an object and a time out of a report: what is first, what lies beside."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from analyzer.model.disk import DiskView, LifeEvent, LifeKind
from analyzer.model.entry import Entry, EntryKind
from analyzer.model.finding import Finding, Subject
from analyzer.model.moment import Moment
from analyzer.model.names import Known
from analyzer.model.operation import Result
from analyzer.model.question import Happening, Question
from analyzer.model.sentence import say
from analyzer.story.pages import Judged
from analyzer.story.timeline.full_timeline import full_timeline
from analyzer.story.timeline.wanted import Wanted

AROUND = timedelta(hours=1)  # what somebody saw, and when it began, lie apart
_MOST = 6
_LONG = (EntryKind.RUN, EntryKind.SESSION)  # a client's work is told by what went wrong in it
_SWITCHED = (LifeKind.ENABLED, LifeKind.DISABLED, LifeKind.LOST)


def question_of(
    judged: Judged, known: Known | None, time: tuple[datetime, datetime] | None, when: str
) -> Question:
    """Return what answers a question about an object, a time (first, last), or both."""
    # The object with all that belongs to it: disks, and their snapshots and logs.
    if known:
        owners = {known.uuid, known.owner, *known.parts} - {""}
        disks = (disk.uuid for disk in judged.names.disks if disk.owner in owners)
        uuids: frozenset[str] = frozenset({*owners, *disks})
    else:
        uuids = frozenset()
    own = [f for f in judged.findings if not known or _is_about(f, uuids, known)]
    answering = sorted(
        (f for f in own if time is None or _touches_time(f, time)),
        key=lambda f: (f.severity.rank, f.id),
    )
    told = {f.id for f in answering}
    return Question(
        about=Subject(type=known.type, uuid=known.uuid, name=known.name) if known else None,
        first=Moment.exact(time[0], "as asked") if time else None,
        last=Moment.exact(time[1], "as asked") if time else None,
        when=when,
        findings=tuple(f.id for f in answering),
        states=tuple(
            _state_of_disk(states_disk, time)
            for states_disk in judged.report.disks
            if states_disk.vdi and states_disk.vdi.uuid in uuids
        )
        if known
        else (),
        happened=_happened_near(judged, known, uuids, time) if time else (),
        beside=tuple(sorted(f.id for f in judged.findings if f.id not in told)),
    )


def _is_about(finding: Finding, uuids: frozenset[str], known: Known) -> bool:
    names = {subject.uuid for subject in finding.subjects}
    if known.type == "Host":
        own = any(each.source.bundle in known.bundles for each in finding.evidence)
        return own or bool(names & {known.uuid, known.name})
    return bool(names & uuids)


def _touches_time(finding: Finding, time: tuple[datetime, datetime]) -> bool:
    """Tell whether a finding may have been so within an hour of the time; a state is of any."""
    first, last = finding.first_seen, finding.last_seen
    begun = first is None or first.earliest <= time[1] + AROUND
    ended = finding.over_since or (last if finding.state.name == "OVER" else None)
    return begun and (ended is None or ended.latest >= time[0] - AROUND)


def _state_of_disk(disk: DiskView, time: tuple[datetime, datetime] | None) -> str:
    assert disk.vdi is not None
    flag = {True: "on", False: "off", None: "not known"}[disk.cbt_enabled]
    now = say("CBT of {disk} is {flag} at the end", disk=disk.vdi.called, flag=flag)
    before = [each for each in disk.life if time and _is_switch(each, time[1])]
    if not time:
        return now
    moment = before[-1].moment if before else None
    if moment is None:
        return say("{now}; what it was at that time no line shows", now=now)
    what = before[-1].kind.value
    return say("{now}; last before that time: {what}, {at}", now=now, what=what, at=moment)


def _is_switch(event: LifeEvent, until: datetime) -> bool:
    sure = event.moment is not None and event.moment.at <= until
    return sure and event.kind in _SWITCHED and event.result is Result.SUCCEEDED


def _happened_near(
    judged: Judged,
    known: Known | None,
    uuids: frozenset[str],
    time: tuple[datetime, datetime],
) -> tuple[Happening, ...]:
    """Return what is nearest to a time of what has a name: findings, incidents, holes, context."""
    host = known is not None and known.type == "Host"
    wanted = Wanted(
        first=time[0] - AROUND,
        last=time[1] + AROUND,
        bundles=frozenset(known.bundles) if known and host else frozenset(),
        objects=(uuids,) if known and not host else (),
    )
    titles: Mapping[str, str] = dict(judged.catalogue.context)
    entries = full_timeline(judged.case, judged.report, titles, wanted)
    named = _once_a_title(
        each for each in entries if each.title and each.moment.year_known and each.what not in _LONG
    )
    nearest = sorted(named, key=lambda each: _distance_from(each, time))[:_MOST]
    ordered = sorted(nearest, key=lambda each: (each.moment.at, each.source))
    return tuple(Happening(at=e.moment, what=_what_in_words(e), source=e.source) for e in ordered)


def _what_in_words(entry: Entry) -> str:
    ended = entry.what is EntryKind.INCIDENT_ENDED
    return say("{title}: it ended", title=entry.title) if ended else entry.title


def _once_a_title(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Yield the first of the entries of one title: a storm of one line is one happening."""
    seen: set[tuple[str, EntryKind]] = set()
    for entry in entries:
        if (key := (str(entry.title), entry.what)) not in seen:
            seen.add(key)
            yield entry


def _distance_from(entry: Entry, time: tuple[datetime, datetime]) -> timedelta:
    at = entry.moment.at
    return max(time[0] - at, at - time[1], timedelta(0))
