"""Find causes: join troubles by the edges, follow each finding to its root, one cause per root.

A cause never lies certainly after its effect. Where the doubt of the two times overlaps they are
told as "about the same time"; two lines of one host are compared as they stand, since one clock
dated both.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from analyzer.causes.drafts import causes_of
from analyzer.causes.edges import Edge, Edges, Join
from analyzer.causes.link import Link, Order
from analyzer.causes.places import Places
from analyzer.causes.sessions import Sessions
from analyzer.causes.trouble import Trouble
from analyzer.causes.troubles import troubles_of
from analyzer.model.finding import Outcome
from analyzer.model.moment import Moment
from analyzer.model.report import Cause
from analyzer.model.source import Source
from analyzer.state.case import Case

# One clock dated both lines, so the order of their stamps counts; syslog stamps whole seconds.
_ONE_CLOCK = timedelta(seconds=2)
_TIMELESS = (Join.VDI, Join.SR, Join.POOL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the run knows beside the troubles themselves."""

    case: Case
    places: Places
    sessions: Sessions


def find_causes(
    outcomes: Sequence[Outcome], case: Case, edges: Edges
) -> tuple[tuple[Outcome, ...], tuple[Cause, ...]]:
    """Return the outcomes with ``explained_by`` filled, and the causes.

    Every finding is in exactly one cause. Causes are ordered by severity, then time, and are
    numbered C-1, C-2, …
    """
    places = Places(case)
    known = _Known(case=case, places=places, sessions=Sessions(case, places))
    troubles = troubles_of(outcomes, case, edges, places)
    links = _links(troubles, edges, known)
    explained = {effect: (link.cause.id,) for effect, link in links.items() if link.cause.finding}
    causes = causes_of(troubles, links, dict(edges.unknown))
    return tuple(_told(outcome, explained) for outcome in outcomes), causes


def _told(outcome: Outcome, explained: Mapping[str, tuple[str, ...]]) -> Outcome:
    findings = tuple(
        replace(finding, explained_by=explained.get(finding.id, ())) for finding in outcome.findings
    )
    return replace(outcome, findings=findings)


def _links(troubles: Sequence[Trouble], edges: Edges, known: _Known) -> Mapping[str, Link]:
    """Return the nearest link of each effect that closes no circle."""
    candidates = sorted(_candidates(troubles, edges, known), key=lambda link: link.rank)
    chosen: dict[str, Link] = {}
    for link in candidates:
        if link.effect.id not in chosen and link.effect.id not in _behind(link.cause.id, chosen):
            chosen[link.effect.id] = link
    return chosen


def _candidates(troubles: Sequence[Trouble], edges: Edges, known: _Known) -> Iterator[Link]:
    by_rule: dict[str, list[Trouble]] = {}
    for trouble in troubles:
        by_rule.setdefault(trouble.rule, []).append(trouble)
    for place, edge in enumerate(edges.edges):
        for effect in by_rule.get(edge.effect, ()):
            for cause in by_rule.get(edge.cause, ()):
                link = _link(place, edge, cause, effect, known)
                if link is not None:
                    yield link


def _link(place: int, edge: Edge, cause: Trouble, effect: Trouble, known: _Known) -> Link | None:
    """Return the link if the edge holds between the two, None if not."""
    proof = _joined(cause, effect, edge.join, known.sessions)
    order = _order(cause, effect, edge) if proof is not None else None
    if proof is None or order is None or _refuted(edge, cause, effect, known):
        return None
    return Link(edge=edge, place=place, cause=cause, effect=effect, order=order, proof=proof)


def _joined(
    cause: Trouble, effect: Trouble, join: Join, sessions: Sessions
) -> tuple[Source, ...] | None:
    """Return the lines that join the two, None if nothing does; objects in common need no line."""
    if join is Join.SESSION:
        use = sessions.ended_by(cause, effect)
        joined = use is not None and (not cause.storage or sessions.lasts(cause, effect))
        return (use.source,) if use is not None and joined else None
    if join is Join.STORAGE:
        joined = cause.shares(effect, Join.HOST) and sessions.lasts(cause, effect)
    else:
        joined = join is Join.ANY or cause.shares(effect, join)
    return () if joined else None


def _refuted(edge: Edge, cause: Trouble, effect: Trouble, known: _Known) -> bool:
    """Tell whether one of the edge's `unless` came between the two."""
    if not edge.unless:
        return False
    pool = known.places.bundles_of(effect.of(Join.POOL)) or effect.bundles
    return any(
        event.source.bundle in pool
        and event.fields.get("vdi", "") in (effect.of(Join.VDI) or {""})
        and (cause.last is None or event.moment.at > cause.last.at)
        and (effect.first is None or event.moment.at <= effect.first.at)
        for event in known.case.events.of(*edge.unless)
    )


def _order(cause: Trouble, effect: Trouble, edge: Edge) -> Order | None:
    """Return how the two stand in time, None when the one cannot be the cause of the other."""
    start, end = cause.outage or cause.first, cause.last
    then = effect.when(cause.bundles)
    if start is None or end is None or then is None:
        return Order.UNKNOWN if edge.join in _TIMELESS else None
    if not (start.year_known and then.year_known) or then.certainly_before(start):
        return None
    if _one_clock(cause, effect) and start.at - then.at > _ONE_CLOCK:
        return None
    if not start.at <= then.at <= end.at and not _near(start, end, then, edge.within):
        return None
    return Order.BEFORE if start.certainly_before(then) else Order.ABOUT


def _one_clock(cause: Trouble, effect: Trouble) -> bool:
    return bool(cause.bundles & effect.bundles) or (
        cause.finding is None and cause.shares(effect, Join.HOST)
    )


def _near(start: Moment, end: Moment, then: Moment, within: timedelta) -> bool:
    return end.within(then, within) or start.within(then, timedelta(0))


def _behind(start: str, chosen: Mapping[str, Link]) -> set[str]:
    """Return a trouble and all that explains it, however far back."""
    seen = {start}
    while start in chosen:
        start = chosen[start].cause.id
        seen.add(start)
    return seen
