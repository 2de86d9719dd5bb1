"""Find causes: join troubles by the edges, follow each finding to its root, one cause per root.

A cause never lies certainly after its effect. Where the doubt of the two times overlaps they are
told as "about the same time"; two lines of one host are compared as they stand, since one clock
dated both.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from analyzer.causes.edges import Edge, Edges, Join
from analyzer.causes.troubles import Trouble, troubles_of
from analyzer.causes.words import Order, Part, sentence
from analyzer.model.finding import Finding, Outcome
from analyzer.model.moment import Moment
from analyzer.model.report import Cause
from analyzer.state.case import Case

# The same trouble night after night is one trouble.
_ONE_BURST = timedelta(hours=36)
# One clock dated both lines, so the order of their stamps counts; syslog stamps whole seconds.
_ONE_CLOCK = timedelta(seconds=2)
_TIMELESS = (Join.VDI, Join.SR, Join.POOL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Link:
    """An edge that holds between two troubles."""

    edge: Edge
    place: int
    cause: Trouble
    effect: Trouble
    order: Order

    @property
    def rank(self) -> tuple[str, int, timedelta, str]:
        """Return what puts the best link of an effect first: edge, nearness, name."""
        return (self.effect.id, self.place, self._distance, self.cause.id)

    @property
    def _distance(self) -> timedelta:
        if self.cause.last is None or self.effect.first is None:
            return timedelta.max
        return abs(self.effect.first.at - self.cause.last.at)


def find_causes(
    outcomes: Sequence[Outcome], case: Case, edges: Edges
) -> tuple[tuple[Outcome, ...], tuple[Cause, ...]]:
    """Return the outcomes with ``explained_by`` filled, and the causes.

    Every finding is in exactly one cause. Causes are ordered by severity, then time, and are
    numbered C-1, C-2, …
    """
    troubles = troubles_of(outcomes, case, edges)
    links = _links(troubles, edges)
    explained = {
        effect: tuple(dict.fromkeys(li.cause.id for li in own if li.cause.finding))
        for effect, own in links.items()
    }
    causes = _causes(troubles, links)
    return tuple(_told(outcome, explained) for outcome in outcomes), causes


def _told(outcome: Outcome, explained: Mapping[str, tuple[str, ...]]) -> Outcome:
    findings = tuple(
        replace(finding, explained_by=explained.get(finding.id, ())) for finding in outcome.findings
    )
    return replace(outcome, findings=findings)


def _links(troubles: Sequence[Trouble], edges: Edges) -> Mapping[str, tuple[_Link, ...]]:
    """Return the links of each effect, the best first; one per edge, and never a circle."""
    candidates = sorted(_candidates(troubles, edges), key=lambda link: link.rank)
    chosen: dict[str, list[_Link]] = {}
    taken: set[tuple[str, int]] = set()
    for link in candidates:
        effect = link.effect.id
        if (effect, link.place) in taken or effect in _behind(link.cause.id, chosen):
            continue
        taken.add((effect, link.place))
        chosen.setdefault(effect, []).append(link)
    return {effect: tuple(links) for effect, links in chosen.items()}


def _candidates(troubles: Sequence[Trouble], edges: Edges) -> Iterator[_Link]:
    by_rule: dict[str, list[Trouble]] = {}
    for trouble in troubles:
        by_rule.setdefault(trouble.rule, []).append(trouble)
    for place, edge in enumerate(edges.edges):
        for effect in by_rule.get(edge.effect, ()):
            for cause in by_rule.get(edge.cause, ()):
                order = _order(cause, effect, edge) if _joined(cause, effect, edge.join) else None
                if order is not None:
                    yield _Link(edge=edge, place=place, cause=cause, effect=effect, order=order)


def _joined(cause: Trouble, effect: Trouble, join: Join) -> bool:
    if join is Join.ANY:
        return True
    return bool(cause.keys.get(join, frozenset()) & effect.keys.get(join, frozenset()))


def _order(cause: Trouble, effect: Trouble, edge: Edge) -> Order | None:
    """Return how the two stand in time, None when the one cannot be the cause of the other."""
    start, end, then = cause.first, cause.last, effect.first
    if start is None or end is None or then is None:
        return Order.UNKNOWN if edge.join in _TIMELESS else None
    if not (start.year_known and then.year_known) or then.certainly_before(start):
        return None
    if cause.bundles & effect.bundles and start.at - then.at > _ONE_CLOCK:
        return None
    during = start.at <= then.at <= end.at
    if not during and not _near(end, then, edge.within):
        return None
    return Order.BEFORE if start.certainly_before(then) else Order.ABOUT


def _near(end: Moment, then: Moment, within: timedelta) -> bool:
    return end.within(then, within)


def _behind(start: str, chosen: Mapping[str, Sequence[_Link]]) -> set[str]:
    """Return a trouble and all that explains it, however far back."""
    seen: set[str] = set()
    open_ = [start]
    while open_:
        name = open_.pop()
        if name not in seen:
            seen.add(name)
            open_ += [link.cause.id for link in chosen.get(name, ())]
    return seen


def _causes(
    troubles: Sequence[Trouble], links: Mapping[str, tuple[_Link, ...]]
) -> tuple[Cause, ...]:
    findings = [trouble for trouble in troubles if trouble.finding is not None]
    members: dict[str, list[Trouble]] = {}
    for trouble in findings:
        members.setdefault(_root(trouble, links).id, []).append(trouble)
    roots = [trouble for trouble in troubles if trouble.id in members]
    drafts = [_draft(group, members, links) for group in _groups(roots)]
    ordered = sorted(drafts, key=_rank)
    return tuple(replace(cause, id=f"C-{place}") for place, cause in enumerate(ordered, 1))


def _root(trouble: Trouble, links: Mapping[str, tuple[_Link, ...]]) -> Trouble:
    while trouble.id in links:
        trouble = links[trouble.id][0].cause
    return trouble


def _groups(roots: Sequence[Trouble]) -> Iterator[list[Trouble]]:
    """Yield roots that are one trouble: the same rule at one place in one burst of time."""
    open_: dict[tuple[str, str], list[Trouble]] = {}
    for root in sorted(roots, key=_start):
        key = (root.rule, _place(root))
        group = open_.get(key)
        if root.finding is not None and group and _same_burst(group[-1], root):
            group.append(root)
            continue
        if group:
            yield group
        open_[key] = [root]
    yield from open_.values()


def _start(trouble: Trouble) -> tuple[str, str]:
    return (trouble.first.at.isoformat() if trouble.first else "", trouble.id)


def _place(trouble: Trouble) -> str:
    """Return the place that makes findings of one rule one trouble: SR, else host, else pool."""
    for join in (Join.SR, Join.HOST, Join.POOL):
        keys = trouble.keys.get(join)
        if keys:
            return f"{join} {' '.join(sorted(keys))}"
    return ""


def _same_burst(earlier: Trouble, later: Trouble) -> bool:
    if earlier.last is None or later.first is None:
        return earlier.last is None and later.first is None
    return earlier.last.within(later.first, _ONE_BURST)


def _draft(
    group: Sequence[Trouble],
    members: Mapping[str, Sequence[Trouble]],
    links: Mapping[str, tuple[_Link, ...]],
) -> Cause:
    """Return the cause of one group of roots, still without its number."""
    all_ = [member for root in group for member in members[root.id]]
    findings = sorted((member.finding for member in all_ if member.finding), key=_weight)
    own = [root.finding for root in group if root.finding]
    times = [moment for root in (*group, *all_) for moment in (root.first, root.last) if moment]
    first_steps = [f.action[0].step for f in (*own, *findings) if f.action]
    return Cause(
        id="",
        title=sentence(group, _first_effects(group, all_, links), len(all_)),
        severity=findings[0].severity,
        findings=tuple(finding.id for finding in findings),
        first_seen=min(times, key=lambda moment: moment.at, default=None),
        last_seen=max(times, key=lambda moment: moment.at, default=None),
        next_action=first_steps[0] if first_steps else "",
        context=tuple(source for root in group for source in root.sources),
    )


def _first_effects(
    group: Sequence[Trouble], all_: Sequence[Trouble], links: Mapping[str, tuple[_Link, ...]]
) -> Part | None:
    """Return the direct effects of the most important edge, as a part of the sentence."""
    roots = {root.id for root in group}
    direct = [links[m.id][0] for m in all_ if m.id in links and links[m.id][0].cause.id in roots]
    if not direct:
        return None
    place = min(link.place for link in direct)
    chosen = [link for link in direct if link.place == place]
    surely = all(link.order is Order.BEFORE for link in chosen)
    return Part(
        template=chosen[0].edge.sentence,
        order=Order.BEFORE if surely else max(link.order for link in chosen),
        effects=tuple(link.effect for link in chosen),
    )


def _weight(finding: Finding) -> tuple[int, str, str]:
    first = finding.first_seen.at.isoformat() if finding.first_seen else "9999"
    return (finding.severity.rank, first, finding.id)


def _rank(cause: Cause) -> tuple[int, str, str, tuple[str, ...]]:
    first = cause.first_seen.at.isoformat() if cause.first_seen else "9999"
    return (cause.severity.rank, first, cause.title, cause.findings)
