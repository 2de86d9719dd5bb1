"""Hosts that went down: crashed, fenced, rebooted, or nobody knows how.

A boot after an orderly shutdown is a reboot. Without one it is a crash only where daemon.log was
read and reaches back, for that is where the shutdown would be told. That a host was fenced says
xha before it does so; the alert HA_HOST_WAS_FENCED is xapi's guess after any boot without
``Host.reboot`` while HA is on (xen-api ``xapi_host_crashdump.ml``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.model.event import Event
from analyzer.model.finding import Confidence
from analyzer.model.incident import IncidentKind
from analyzer.model.moment import Moment
from analyzer.model.terms import HOST_BOOTED, HOST_SHUTDOWN
from analyzer.rebuilt.incidents.boots import Boot, boots_of
from analyzer.rebuilt.incidents.draft import Draft, Hosts, last_before
from analyzer.values import dataclass

FENCE = ("incident-host.fence", "incident-host.fence-told")
ASKED = "incident-host.asked"
PANIC = "incident-host.panic"
DUMP = "incident-host.crashdump"
WAS_FENCED = "incident-host.was-fenced"
FAILED = "incident-host.failed"

_SYSTEMD = 1  # the pid of the system's own systemd; every user has another one
_SHUTTING_DOWN = timedelta(minutes=30)
_ASKED_BEFORE = timedelta(hours=1)
_FENCED_AT_ONCE = timedelta(minutes=5)
_TOLD_AFTER = timedelta(hours=1)
_ALERT_LATER = timedelta(days=1)

_TITLES: Mapping[IncidentKind, str] = {
    IncidentKind.HOST_CRASHED: "Host {host} went down without an orderly shutdown",
    IncidentKind.HOST_REBOOTED: "Host {host} was rebooted in good order",
    IncidentKind.HOST_FENCED: "Host {host} was fenced by high availability",
    IncidentKind.HOST_BOOTED: "Host {host} booted; how it went down is not known",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signs:
    """What was logged of one host, by what it tells, each in the order of time."""

    shutdown: Sequence[Event]
    fence: Sequence[Event]
    asked: Sequence[Event]
    panic: Sequence[Event]
    dump: Sequence[Event]
    alerts: Sequence[Event]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Down:
    """How one boot came about: ``last`` is the last line before it, ``why`` the lines that tell."""

    boot: Boot
    last: Event | None
    kind: IncidentKind
    confidence: Confidence
    why: tuple[Event, ...]
    began: Event | None = None


def host_incidents(case: Case, hosts: Hosts) -> Iterator[Draft]:
    """Yield the times that hosts went down."""
    boots = boots_of(case)
    # What alerts say of hosts, which the master keeps for all of them.
    found: dict[str, list[Event]] = {}
    for alerts_event in case.events.of(WAS_FENCED, FAILED):
        found.setdefault(
            hosts.of(alerts_event.fields["of"], alerts_event.source.bundle), []
        ).append(alerts_event)
    alerts = found
    for key in sorted({*boots, *alerts, *hosts.grouped(case.events.of(*HOST_SHUTDOWN, *FENCE))}):
        signs = _signs_of_host(case, hosts, key, alerts.get(key, ()))
        before: Boot | None = None
        for boot in boots.get(key, ()):
            yield _draft_of_down(_how_it_went_down(case, boot, before, signs), case, key, hosts)
            before = boot
        yield from _not_back(case, key, before, signs, hosts)
        alerts_boots = boots.get(key, ())
        alerts_unexplained = [
            event for event in signs.alerts if not any(_is_of(event, boot) for boot in alerts_boots)
        ]
        # What only alerts tell: of a host without a report, or whose logs do not reach back.
        for only_event in alerts_unexplained:
            fenced = only_event.kind == WAS_FENCED
            kind = IncidentKind.HOST_FENCED if fenced else IncidentKind.HOST_CRASHED
            title = _TITLES[kind] if fenced else "High availability saw host {host} fail"
            yield Draft(
                kind=kind,
                host=key,
                title=title.format(host=hosts.name(key)),
                began=replace(
                    only_event.moment, earliest=only_event.moment.earliest - _ALERT_LATER
                ),
                ended=None,
                confidence=Confidence.LIKELY if fenced else Confidence.POSSIBLE,
                events=(only_event,),
            )


def _signs_of_host(case: Case, hosts: Hosts, key: str, alerts: Sequence[Event]) -> _Signs:
    def own(*kinds: str) -> list[Event]:
        events = case.events.of(*kinds)
        return [event for event in events if hosts.key(event.source.bundle) == key]

    asked = case.events.of(ASKED)
    return _Signs(
        shutdown=[
            e for e in own(*HOST_SHUTDOWN) if e.process != "systemd" or e.pid in (None, _SYSTEMD)
        ],
        fence=own(*FENCE),
        asked=[e for e in asked if hosts.of(e.fields["of"], e.source.bundle) == key],
        panic=own(PANIC),
        dump=own(DUMP),
        alerts=alerts,
    )


def _how_it_went_down(case: Case, boot: Boot, before: Boot | None, signs: _Signs) -> _Down:
    """Say how a host went down before a boot."""
    first = boot.event
    last = case.events.last_line(first.source.bundle, first.moment.at)
    down = _Down(
        boot=boot,
        last=last,
        kind=IncidentKind.HOST_BOOTED,
        confidence=Confidence.CERTAIN,
        why=(),
    )
    for judge in (_fenced_down, _orderly_down, _guessed_fence, _panicked_down, _failure_told):
        judged = judge(down, before, signs)
        if judged is not None:
            return judged
    # Whether daemon.log was read and reaches back to before the boot.
    bundle = first.source.bundle
    if case.gap("daemon_log", bundle) is not None:
        would_be_told = False
    else:
        window = case.window("daemon_log")
        if window is not None and window[0].certainly_before(first.moment):
            would_be_told = True
        else:
            would_be_told = case.events.last_line(bundle, first.moment.at, "daemon_log") is not None
    if would_be_told:
        return replace(down, kind=IncidentKind.HOST_CRASHED, confidence=Confidence.LIKELY)
    return down


def _last_between(events: Sequence[Event], before: Boot | None, boot: Boot) -> Event | None:
    """Return the last of a host's events from its boot before to this one."""
    event = last_before(events, boot.event)
    if event is None or (before and event.moment.at <= before.event.moment.at):
        return None
    return event


def _silent_after(event: Event, down: _Down, time: timedelta) -> bool:
    return down.last is None or down.last.moment.at - event.moment.at <= time


def _fenced_down(down: _Down, before: Boot | None, signs: _Signs) -> _Down | None:
    """Judge by xha's own line: the last that a host writes before it resets itself."""
    fence = _last_between(signs.fence, before, down.boot)
    if fence is None or not _silent_after(fence, down, _FENCED_AT_ONCE):
        return None
    told = _alert_of_boot(WAS_FENCED, down, signs)
    return replace(down, kind=IncidentKind.HOST_FENCED, why=(fence, *told), began=fence, last=fence)


def _orderly_down(down: _Down, before: Boot | None, signs: _Signs) -> _Down | None:
    shutdown = _last_between(signs.shutdown, before, down.boot)
    if shutdown is None or not _silent_after(shutdown, down, _SHUTTING_DOWN):
        return None
    start = [
        event
        for event in signs.shutdown
        if timedelta() <= shutdown.moment.at - event.moment.at <= _SHUTTING_DOWN
        and not (before and event.moment.at <= before.event.moment.at)
    ]
    # Who asked for it: the call on the master, which may have another clock.
    asked_shutdown = start[0]
    near = [
        event
        for event in signs.asked
        if event.moment.within(asked_shutdown.moment, _ASKED_BEFORE)
        and not asked_shutdown.moment.certainly_before(event.moment)
    ]
    asked = tuple(near[-1:])
    return replace(
        down, kind=IncidentKind.HOST_REBOOTED, why=(*asked, *start), began=(*asked, *start)[0]
    )


def _guessed_fence(down: _Down, _before: Boot | None, signs: _Signs) -> _Down | None:
    told = _alert_of_boot(WAS_FENCED, down, signs)
    if not told:
        return None
    return replace(
        down, kind=IncidentKind.HOST_FENCED, confidence=Confidence.LIKELY, why=tuple(told)
    )


def _panicked_down(down: _Down, before: Boot | None, signs: _Signs) -> _Down | None:
    panic = _last_between(signs.panic, before, down.boot)
    dump = [
        event
        for event in signs.dump
        if timedelta() <= event.moment.at - down.boot.event.moment.at <= _TOLD_AFTER
    ]
    if panic is None and not dump:
        return None
    why = (*((panic,) if panic else ()), *dump[:1])
    return replace(down, kind=IncidentKind.HOST_CRASHED, why=why, began=panic)


def _failure_told(down: _Down, _before: Boot | None, signs: _Signs) -> _Down | None:
    """Judge by the other hosts' word that this one failed, which they give of no shutdown."""
    told = [e for e in signs.alerts if e.kind == FAILED and _is_of(e, down.boot)]
    if not told:
        return None
    likely = Confidence.LIKELY
    return replace(down, kind=IncidentKind.HOST_CRASHED, confidence=likely, why=(told[-1],))


def _is_of(alert: Event, boot: Boot) -> bool:
    """Tell whether an alert may be of the failure that a boot ended, by the master's clock."""
    booted = boot.event.moment
    if alert.kind == WAS_FENCED:
        return alert.moment.within(booted, _TOLD_AFTER) and not alert.moment.certainly_before(
            booted
        )
    return alert.moment.within(booted, _ALERT_LATER) and not booted.certainly_before(alert.moment)


def _alert_of_boot(kind: str, down: _Down, signs: _Signs) -> list[Event]:
    """Return the alert that xapi raised of this boot, soon after it, by the master's clock."""
    return [e for e in signs.alerts if e.kind == kind and _is_of(e, down.boot)][:1]


def _draft_of_down(down: _Down, case: Case, key: str, hosts: Hosts) -> Draft:
    boot = down.boot.event
    # When a host went down: from its last line to its boot, nobody knows when. Few lines are kept,
    # but where a log fell silent its last line is known all the same.
    if down.began:
        began: Moment = down.began.moment
    else:
        sign_boot = down.boot.event.moment
        last_lines = [hole.began for hole in case.holes if hosts.key(hole.bundle) == key]
        last_lines = [line for line in last_lines if line.year_known and line.at < sign_boot.at]
        if down.last is None:
            began = sign_boot
        else:
            last = max([down.last.moment, *last_lines], key=lambda line: line.at)
            latest = max(last.latest, sign_boot.latest)
            began = replace(last, earliest=min(last.earliest, sign_boot.earliest), latest=latest)
    lines = (*down.why, *down.boot.events)
    # Quote the last sign of life too, where it is no part of the story already.
    if down.last is None or down.last.kind == HOST_BOOTED or down.last in lines or down.began:
        with_last: tuple[Event, ...] = lines
    else:
        last_boot = lines.index(down.boot.event)
        with_last = (*lines[:last_boot], down.last, *lines[last_boot:])
    return Draft(
        kind=down.kind,
        host=key,
        title=_TITLES[down.kind].format(host=hosts.name(key)),
        began=began,
        ended=boot.moment,
        confidence=down.confidence,
        events=with_last,
        count=len(lines),
        last_seen=boot.moment,
    )


def _not_back(
    case: Case, key: str, boot: Boot | None, signs: _Signs, hosts: Hosts
) -> Iterator[Draft]:
    """Yield a shutdown, or a fence, of which no boot was seen."""
    after = boot.event.moment.at if boot else None
    shutdown = [e for e in signs.shutdown if after is None or e.moment.at > after]
    fence = [e for e in signs.fence if after is None or e.moment.at > after]
    if shutdown and _ran_on(case, shutdown[-1]):
        shutdown = []
    for kind, events in (
        (IncidentKind.HOST_REBOOTED, shutdown),
        (IncidentKind.HOST_FENCED, fence),
    ):
        if events:
            title = "Host {host} was shut down" if events is shutdown else _TITLES[kind]
            yield Draft(
                kind=kind,
                host=key,
                title=title.format(host=hosts.name(key)),
                began=events[0].moment,
                ended=None,
                confidence=Confidence.LIKELY,
                events=events,
            )


def _ran_on(case: Case, shutdown: Event) -> bool:
    """Tell whether a host went on without a boot: only a target of systemd was left."""
    bundle = shutdown.source.bundle
    last = case.events.last_line(bundle)
    assert last is not None
    ran = last.moment.at - shutdown.moment.at > _SHUTTING_DOWN
    return ran and case.gap("kern_log", bundle) is None
