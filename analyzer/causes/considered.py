"""Considered: what else was a candidate for a cause, and why it was dropped.

Only what was near is told: incidents of the same pool, and findings about the same host, SR or
disk. Another disk's trouble is no candidate.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from analyzer.causes.edges import Edge, Edges, Join
from analyzer.causes.judge import Judge
from analyzer.causes.link import Link, Miss
from analyzer.causes.links import Links, by_rule
from analyzer.causes.trouble import Trouble
from analyzer.causes.words import called
from analyzer.model.report import Considered

MOST = 6
_MOST_EACH = 4
# What was farther from an effect than this is not thought of.
_LONG_BEFORE = timedelta(days=2)
_COMMON = (Join.VDI, Join.DISK, Join.HOST, Join.SR)


class Rivals:
    """The candidates that were not chosen."""

    def __init__(
        self, troubles: Sequence[Trouble], edges: Edges, judge: Judge, links: Links
    ) -> None:
        self._rules = by_rule(troubles)
        self._judge = judge
        self.clocks = judge.clocks
        self._links = links
        self._into: dict[str, list[tuple[int, Edge]]] = {}
        for place, edge in enumerate(edges.edges):
            self._into.setdefault(edge.effect, []).append((place, edge))

    def of(self, effects: Iterable[Trouble]) -> tuple[Considered, ...]:
        """Return what was considered for these effects, suspects and what is near first."""
        found: dict[tuple[str, str], Considered] = {}
        for effect in effects:
            for told in self._rival_causes(effect):
                found.setdefault((told.title, told.why), told)
        return tuple(sorted(found.values(), key=lambda told: not told.suspected))[:MOST]

    def _rival_causes(self, effect: Trouble) -> Iterator[Considered]:
        chosen = self._links.get(effect.id)
        # The effect and what explains it, however far back.
        behind_effect = effect
        seen = {behind_effect.id}
        while behind_effect.id in self._links:
            behind_effect = self._links[behind_effect.id].cause
            seen.add(behind_effect.id)
        own = seen
        for place, edge in self._into.get(effect.rule, ()):
            causes = self._rules.get(edge.cause)
            nearest_causes = causes.all_ if causes else ()
            near = [
                (distance, cause.id, cause)
                for cause in nearest_causes
                if (distance := _least_distance(cause, effect)) <= _LONG_BEFORE
                and (cause.incident or any(cause.shares(effect, join) for join in _COMMON))
            ]
            nearest_causes = [
                cause for _, _, cause in sorted(near, key=lambda row: row[:2])[:_MOST_EACH]
            ]
            for cause in nearest_causes:
                if cause.id in own:
                    continue
                disks = causes.disks if causes else set()
                judged = self._judge.judge(place, edge, cause, effect, disks)
                why = _why_rival_was_dropped(judged, chosen)
                if why.told:
                    yield Considered(
                        title=called([cause]),
                        why=why.why,
                        source=why.source,
                        suspected=why.suspected,
                    )


def _least_distance(cause: Trouble, effect: Trouble) -> timedelta:
    """Return how far apart the two may be at the least; nothing where a time is not known."""
    then = effect.when(cause.bundles)
    if then is None or cause.first is None or cause.last is None:
        return timedelta(0)
    if then.within(cause.first, timedelta(0)):
        return timedelta(0)
    return cause.distance(then)


def _why_rival_was_dropped(judged: Link | Miss, chosen: Link | None) -> Miss:
    """Return why a candidate was dropped."""
    if isinstance(judged, Miss):
        return judged
    if chosen is None:
        return Miss(why="it would explain itself")
    if judged.distance > chosen.distance:
        return Miss(why="it was farther away in time than the one that was chosen")
    return Miss(why="the one that was chosen fits as well, and says more of this")
