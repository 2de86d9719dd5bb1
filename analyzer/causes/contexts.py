"""Contexts: events that are no findings become troubles, one for each happening."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from analyzer.causes.edges import Context, Join
from analyzer.causes.places import Places
from analyzer.causes.trouble import Trouble
from analyzer.model.event import Event
from analyzer.model.moment import Moment
from analyzer.state.case import Case

# Lines about one event of a host; a storage outage repeats itself for as long as it lasts.
_ONE_EVENT = timedelta(minutes=10)
# How long a host may have been down, at most, where nothing shows when it stopped.
_LONGEST_OUTAGE = timedelta(hours=1)


def troubles_of_context(context: Context, case: Case, places: Places) -> Iterator[Trouble]:
    """Yield the troubles that the events of a context are."""
    alive = case.events.of(*context.alive) if context.alive else ()
    for events in _bursts(context, case, places):
        first = events[0]
        if context.master and first.source.bundle not in places.masters:
            continue
        if _announced(first, context, case, places, alive):
            continue
        trouble = _trouble(context, events, places)
        if context.alive:
            trouble = replace(trouble, outage=_outage(first, places, alive))
        yield replace(trouble, label=_label(context, first, case))


def _bursts(context: Context, case: Case, places: Places) -> Sequence[Sequence[Event]]:
    """Group the events of each host and thing that follow one another until it is over."""
    bursts: list[list[Event]] = []
    open_: dict[tuple[str, ...], list[Event]] = {}
    for event in case.events.of(*context.kinds, *context.until):
        key = (places.host(event.source.bundle), *sorted(event.fields.values()))
        burst = open_.get(key)
        if event.kind in context.until:
            if burst:
                burst.append(event)
                del open_[key]
            continue
        if burst and event.moment.at - burst[-1].moment.at <= _ONE_EVENT:
            burst.append(event)
        else:
            open_[key] = [event]
            bursts.append(open_[key])
    return bursts


def _trouble(context: Context, events: Sequence[Event], places: Places) -> Trouble:
    first, last = events[0], events[-1]
    bundle = first.source.bundle
    host = places.host(bundle)
    disk = first.fields.get("vdi")
    return Trouble(
        id=f"{context.name} {host} {first.moment.at.isoformat()} {first.source}",
        rule=context.name,
        keys={
            Join.HOST: frozenset({host}),
            Join.POOL: places.pools_of_bundles((bundle,)),
            Join.SR: places.behind(first),
            Join.VDI: frozenset({disk} if disk else ()),
        },
        first=first.moment,
        last=last.moment,
        bundles=frozenset({bundle}),
        host=first.host,
        sources=tuple(dict.fromkeys((first.source, last.source))),
        over=last.kind in context.until,
        tapdisk=first.fields.get("tapdisk"),
        storage=bool({"device", "server"} & set(first.fields)),
    )


def _announced(
    first: Event, context: Context, case: Case, places: Places, alive: Sequence[Event]
) -> bool:
    """Tell whether what excuses an event was the last thing logged before it."""
    said = _last_before(first, case.events.of(*context.unless) if context.unless else (), places)
    if said is None:
        return False
    after = said.moment.at
    earlier = _last_before(first, case.events.of(*context.kinds), places)
    ran = _last_before(first, alive, places)
    return not (
        (earlier is not None and earlier.moment.at > after)
        or (ran is not None and ran.moment.at > after + context.unless_within)
    )


def _last_before(event: Event, others: Sequence[Event], places: Places) -> Event | None:
    """Return the last of some events that came before one, on its host."""
    host = places.host(event.source.bundle)
    before = [
        other
        for other in others
        if places.host(other.source.bundle) == host and other.moment.at < event.moment.at
    ]
    return before[-1] if before else None


def _outage(boot: Event, places: Places, alive: Sequence[Event]) -> Moment:
    """Return the boot's time, reaching back to when the host was last seen to run."""
    ran = _last_before(boot, alive, places)
    earliest = boot.moment.earliest - _LONGEST_OUTAGE
    if ran is not None:
        earliest = min(max(earliest, ran.moment.at), boot.moment.earliest)
    return replace(boot.moment, earliest=earliest)


def _label(context: Context, first: Event, case: Case) -> str:
    """Return the title; what was not seen is said only of logs that were read and reach back."""
    if context.need is None or case.gap(context.need, first.source.bundle) is not None:
        return context.title
    window = case.window(context.need)
    reaches = window is None or not first.moment.certainly_before(window[0])
    return context.without if reaches else context.title
