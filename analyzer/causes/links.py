"""Links: the nearest cause of each trouble, such that nothing explains itself."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field

from analyzer.causes.edges import Edge, Edges, Join
from analyzer.causes.judge import Judge
from analyzer.causes.link import Link
from analyzer.causes.sessions import Sessions
from analyzer.causes.trouble import Trouble
from analyzer.values import dataclass

Links = Mapping[str, Link]
# What the two have in common, for the joins where that is not the join itself.
_BY = {
    Join.STORAGE: Join.SR,
    Join.INTERRUPTED: Join.HOST,
    Join.DISKS: Join.DISK,
}


@dataclass(slots=True, kw_only=True)
class ByKey:
    """Troubles of one rule, by an object that they are about."""

    all_: list[Trouble] = field(default_factory=list)
    keys: dict[tuple[Join, str], list[Trouble]] = field(default_factory=dict)
    disks: set[str] = field(default_factory=set)

    def add(self, trouble: Trouble) -> None:
        """Add a trouble."""
        self.all_.append(trouble)
        self.disks |= trouble.of(Join.DISK)
        for join, values in trouble.keys.items():
            for value in values:
                self.keys.setdefault((join, value), []).append(trouble)
        for value in _session_keys(trouble):
            self.keys.setdefault((Join.SESSION, value), []).append(trouble)

    def sharing(self, join: Join, values: Iterable[str]) -> Iterable[Trouble]:
        """Return the troubles that are about one of these objects, each once."""
        found = (one for value in sorted(values) for one in self.keys.get((join, value), ()))
        return {one.id: one for one in found}.values()


def _session_keys(trouble: Trouble) -> Iterator[str]:
    """Yield what a tapdisk that ended, or whatever ends the tapdisks of a host, is found by."""
    for host in trouble.of(Join.HOST):
        if trouble.tapdisks:
            yield from (f"{host} {pid}" for pid in trouble.tapdisks)
        else:
            yield host


def by_rule(troubles: Sequence[Trouble]) -> Mapping[str, ByKey]:
    """Return rule → its troubles."""
    found: dict[str, ByKey] = {}
    for trouble in troubles:
        found.setdefault(trouble.rule, ByKey()).add(trouble)
    return found


def links_of(troubles: Sequence[Trouble], edges: Edges, judge: Judge) -> Links:
    """Return the nearest link of each effect that closes no circle."""
    candidate_links: list[Link] = []
    rules = by_rule(troubles)
    for place, edge in enumerate(edges.edges):
        causes = rules.get(edge.cause)
        if causes is None:
            continue
        for effect in rules[edge.effect].all_ if edge.effect in rules else ():
            for cause in _causes_near_effect(edge, causes, effect, judge.sessions):
                candidate_link = judge.judge(place, edge, cause, effect, causes.disks)
                if isinstance(candidate_link, Link):
                    candidate_links.append(candidate_link)
    candidates = sorted(candidate_links, key=lambda link: link.rank)
    chosen: dict[str, Link] = {}
    for link in candidates:
        if link.effect.id not in chosen and link.effect.id not in _behind_trouble(
            link.cause.id, chosen
        ):
            chosen[link.effect.id] = link
    return chosen


def _causes_near_effect(
    edge: Edge, causes: ByKey, effect: Trouble, sessions: Sessions
) -> Iterable[Trouble]:
    """Return the causes that the edge may join to an effect: of many, those with a key of it."""
    if edge.join is Join.ANY:
        return causes.all_
    if edge.join is Join.SESSION:
        use = sessions.before(effect)
        keys = (use.host, f"{use.host} {use.tapdisk}") if use else ()
        return causes.sharing(Join.SESSION, keys)
    if edge.join is Join.INTERRUPTED:
        return causes.all_
    join = _BY.get(edge.join, edge.join)
    return causes.sharing(join, effect.of(join))


def _behind_trouble(start: str, chosen: Links) -> set[str]:
    """Return a trouble and all that explains it, however far back."""
    seen = {start}
    while start in chosen:
        start = chosen[start].cause.id
        seen.add(start)
    return seen
