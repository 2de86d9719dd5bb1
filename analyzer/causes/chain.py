"""Chain: the events of a cause, one step for all effects of a kind, in the order of time.

A step never stands before the one it follows from. It is "then" only where its time is certainly
after that of the step before it in the list.
"""

import heapq
from collections.abc import Mapping, Sequence

from analyzer.causes.clocks import Clocks, dated
from analyzer.causes.link import Link
from analyzer.causes.trouble import Trouble
from analyzer.causes.words import called
from analyzer.model.moment import Moment
from analyzer.model.report import CauseLink
from analyzer.values import dataclass

MOST = 30
THEN = "then"
ABOUT = "about the same time"
EARLIER = "before that"
UNKNOWN = "in unknown order"
STATE = "seen at the end"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """Troubles of one kind that follow from those of one step."""

    troubles: tuple[Trouble, ...]

    @property
    def first(self) -> Trouble:
        return min(self.troubles, key=_order_by_start)

    @property
    def at(self) -> Moment | None:
        return self.first.first


def chain_of(
    roots: Sequence[Trouble], effects: Mapping[str, Sequence[Link]], clocks: Clocks
) -> tuple[CauseLink, ...]:
    """Return the steps from some roots; ``effects`` is id of a trouble → what it explains."""
    steps: list[_Step] = []
    waiting: list[tuple[tuple[int, str, str], int, _Step]] = []
    root = _Step(troubles=tuple(roots))
    heapq.heappush(waiting, (_order_by_start(root.first), 0, root))
    number = 0
    while waiting and len(steps) < MOST:
        step = heapq.heappop(waiting)[2]
        steps.append(step)
        # The effects of a step, those of one rule together.
        found: dict[str, list[Trouble]] = {}
        for trouble in step.troubles:
            for link in effects.get(trouble.id, ()):
                found.setdefault(link.effect.rule, []).append(link.effect)
        steps_that_follow = [
            _Step(troubles=tuple(sorted(found[rule], key=_order_by_start)))
            for rule in sorted(found)
        ]
        for following in steps_that_follow:
            number += 1
            heapq.heappush(waiting, (_order_by_start(following.first), number, following))
    before: list[_Step | None] = [None, *steps[:-1]]
    return tuple(
        _step_of_cause(step, last, clocks) for step, last in zip(steps, before, strict=True)
    )


def _order_by_start(trouble: Trouble) -> tuple[int, str, str]:
    if trouble.first is None:
        return (1, "", trouble.id)
    return (0, trouble.first.at.isoformat(), trouble.id)


def _step_of_cause(step: _Step, before: _Step | None, clocks: Clocks) -> CauseLink:
    first = step.first
    lines = (first.finding.shown_by.source,) if first.finding else first.sources
    return CauseLink(
        title=called(step.troubles),
        at=step.at,
        order=_how_steps_stand_in_time(before.first, step.first, clocks) if before else "",
        finding=first.finding.id if first.finding else None,
        source=lines[0] if lines else None,
        incident=first.incident.id if first.incident else None,
    )


def _how_steps_stand_in_time(before: Trouble, step: Trouble, clocks: Clocks) -> str:
    """Say how two steps stand in time; what overlaps is not ordered."""
    if step.first is None and step.finding:
        return STATE
    if before.first is None or step.first is None:
        return UNKNOWN
    if not (before.first.year_known and step.first.year_known):
        return UNKNOWN
    one, other = dated(before, before.first), dated(step, step.first)
    if clocks.far_before(one, other):
        return THEN
    return EARLIER if clocks.far_before(other, one) else ABOUT
