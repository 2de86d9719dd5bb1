"""Judge: whether an edge holds between two troubles, and if not, why not."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

from analyzer.case.case import Case
from analyzer.causes.clocks import Clocks, dated, effect_of, logged, of_line
from analyzer.causes.edges import Edge, Join
from analyzer.causes.link import UNRELATED, Link, Miss
from analyzer.causes.order import stand_of
from analyzer.causes.places import Places
from analyzer.causes.sessions import Sessions
from analyzer.causes.trouble import Trouble
from analyzer.model.event import Event
from analyzer.model.finding import Evidence
from analyzer.model.source import Source
from analyzer.values import dataclass

# Times in the database are of the master's clock, those of a log of its host's.
_TWO_CLOCKS = timedelta(minutes=5)
_NOT_MASTER = Miss(why="it was not on the pool's master")
_ENDED = Miss(why="it had ended")
_ELSEWHERE = Miss(why="the snapshots are both from before it, or both from after it")

Proof = tuple[Source, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Against:
    """A line that speaks against a link, and whether it surely lies between cause and effect."""

    source: Source
    sure: bool


class Judge:
    """Judges one edge between two troubles."""

    def __init__(self, case: Case, places: Places, clocks: Clocks) -> None:
        self._events = case.events
        self._places = places
        self.clocks = clocks
        self._unless: dict[tuple[str, ...], dict[str, list[Event]]] = {}
        self.sessions = Sessions(case, places, self.clocks)

    def judge(
        self, place: int, edge: Edge, cause: Trouble, effect: Trouble, known: AbstractSet[str]
    ) -> Link | Miss:
        """Return the link between the two, or why there is none.

        ``known`` are all live disks that causes of this edge are about.
        """
        if missed := _why_edge_is_unfit(edge, cause, effect):
            return missed
        proof = self._lines_that_join(cause, effect, edge, known)
        if isinstance(proof, Miss) and not proof.told:
            return proof
        stand = stand_of(cause, effect, edge, self.clocks)
        if isinstance(stand, Miss):
            return stand
        if isinstance(proof, Miss):
            return proof
        against = self._refuted_by(edge, cause, effect)
        if against is not None and against.sure:
            return Miss(why="this line between the two speaks against it", source=against.source)
        return Link(
            edge=edge,
            place=place,
            cause=cause,
            effect=effect,
            order=stand.order,
            proof=proof,
            one_clock=stand.one_clock,
            apart=stand.apart,
            contested=against is not None,
        )

    def _lines_that_join(
        self, cause: Trouble, effect: Trouble, edge: Edge, known: AbstractSet[str]
    ) -> Proof | Miss:
        """Return the lines that join the two; objects in common need no line."""
        join = edge.join
        if join is Join.SESSION:
            use = self.sessions.ended_by(cause, effect)
            return use if isinstance(use, Miss) else (use.source,)
        if join is Join.INTERRUPTED:
            return self._last_line_before_down(cause, effect, edge.within)
        if join in (Join.DISK, Join.DISKS, Join.REPLACED):
            # Join by the live disk; its snapshots must be such as the cause can have harmed.
            if edge.join is Join.REPLACED:
                pair = effect.of(Join.REPLACED)
                return () if len(pair) > 1 and pair <= cause.of(Join.REPLACED) else UNRELATED
            disks = effect.of(Join.DISK)
            one = len(disks) == 1 or (edge.join is Join.DISKS and disks <= known)
            if not one or not cause.shares(effect, Join.DISK):
                return UNRELATED
            return (
                _ELSEWHERE
                if edge.between
                and _all_taken_on_one_side(cause, self._places.taken(effect.of(Join.VDI)))
                else ()
            )
        if join is Join.STORAGE:
            if not cause.shares(effect, Join.HOST):
                return Miss(why="it was on another host")
            return self.sessions.storage(cause, effect) or ()
        return () if join is Join.ANY or cause.shares(effect, join) else UNRELATED

    def _last_line_before_down(
        self, cause: Trouble, effect: Trouble, within: timedelta
    ) -> Proof | Miss:
        """Return the effect's last line on a host before that went down."""
        hosts = cause.of(Join.HOST)
        if effect.finding is None or not hosts or cause.first is None or cause.last is None:
            return UNRELATED
        if any(subject.uuid in hosts for subject in effect.finding.subjects):
            return ()
        lines = [
            (e.at.at, e.source, e.at)
            for e in effect.finding.evidence
            if e.at
            and self._places.host(e.source.bundle) in hosts
            and self._may_log_before_boot(cause, e)
        ]
        if not lines:
            return UNRELATED
        _, source, last = max(lines, key=lambda line: line[:2])
        began = dated(cause, cause.first)
        if self.clocks.least_after(of_line(last, source), began) > within:
            return Miss(why="the host ran on after the last line about it", source=source)
        return (source,)

    def _may_log_before_boot(self, cause: Trouble, line: Evidence) -> bool:
        """Tell whether a host may have logged a line before it booted."""
        assert cause.last is not None
        assert line.at is not None
        booted = dated(cause, cause.last)
        return self.clocks.least_after(booted, of_line(line.at, line.source)) < timedelta(0)

    def _refuted_by(self, edge: Edge, cause: Trouble, effect: Trouble) -> _Against | None:
        """Return one of the edge's `unless` that came between the two, else one that may have."""
        if not edge.unless:
            return None
        pool = self._places.bundles_of(effect.of(Join.POOL)) or effect.bundles
        perhaps: _Against | None = None
        for disk in sorted(effect.of(Join.VDI) or {""}):
            kinds = edge.unless
            if kinds not in self._unless:
                found: dict[str, list[Event]] = {}
                for disk_event in self._events.of(*kinds):
                    found.setdefault(disk_event.fields.get("vdi", ""), []).append(disk_event)
                self._unless[kinds] = found
            for event in self._unless[kinds].get(disk, ()):
                sure = event.source.bundle in pool and self._event_lies_between(
                    cause, event, effect
                )
                if sure:
                    return _Against(source=event.source, sure=True)
                if sure is None:
                    perhaps = perhaps or _Against(source=event.source, sure=False)
        return perhaps

    def _event_lies_between(self, cause: Trouble, event: Event, effect: Trouble) -> bool | None:
        """Tell whether a line came after a cause and not after its effect; None: who knows."""
        line, then = logged(event), effect_of(effect, (event.source.bundle,))
        ended = dated(cause, cause.last) if cause.last else None
        late = then and self.clocks.surely_before(then, line)
        early = ended and self.clocks.in_order(line, ended)
        if late or early:
            return False
        before = then is None or self.clocks.in_order(line, then)
        return (before and (ended is None or self.clocks.surely_before(ended, line))) or None


def _why_edge_is_unfit(edge: Edge, cause: Trouble, effect: Trouble) -> Miss | None:
    """Say why the edge is not about these two."""
    pools = cause.of(Join.POOL), effect.of(Join.POOL)
    if all(pools) and not pools[0] & pools[1]:
        return UNRELATED
    if edge.cause_says not in cause.title or edge.effect_says not in effect.title:
        return UNRELATED
    if edge.master and cause.incident and not cause.incident.master:
        return _NOT_MASTER
    if edge.lasting and cause.over:
        return _ENDED
    # Whether an incident is told by the lines of a finding only, which then says it all.
    if cause.incident is None or effect.finding is None or cause.down:
        is_the_same = False
    else:
        until = cause.incident.last_seen or cause.incident.began
        lines = {e.source for e in cause.incident.evidence if e.at is None or e.at.at <= until.at}
        is_the_same = lines <= {e.source for e in effect.finding.evidence}
    return UNRELATED if is_the_same else None


def _all_taken_on_one_side(cause: Trouble, taken: Sequence[datetime]) -> bool:
    """Tell whether all snapshots were taken before the cause, or all after it."""
    if cause.first is None or cause.last is None or not taken:
        return False
    before = taken[-1] < cause.first.earliest - _TWO_CLOCKS
    after = taken[0] > cause.last.latest + _TWO_CLOCKS
    return before or after
