"""Clocks: what may be said of the order of two moments, by the hosts whose clocks dated them.

A moment alone does not say by whose clock it was told: `Dated` does.
"""

from collections.abc import Iterable
from datetime import timedelta

from analyzer.case.case import Case
from analyzer.case.time.order import CLOCKS_APART
from analyzer.causes.places import Places
from analyzer.causes.trouble import Trouble
from analyzer.model.event import Event
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A moment, and the reports whose hosts' clock told it."""

    at: Moment
    bundles: frozenset[str]


class Clocks:
    """Compares moments: by their ranges, and by their stamps where one clock tells by them."""

    def __init__(self, case: Case, places: Places) -> None:
        self._order = case.order
        self._places = places

    def surely_before(self, one: Dated, other: Dated) -> bool:
        """Tell whether the one surely came before the other."""
        if self.far_before(one, other):
            return True
        return one.at.at < other.at.at and self.stamps_tell(one, other)

    def in_order(self, one: Dated, other: Dated) -> bool:
        """Tell whether the one surely came before the other, or is stamped with the same time."""
        if self.far_before(one, other):
            return True
        return one.at.at <= other.at.at and self.stamps_tell(one, other)

    def far_before(self, one: Dated, other: Dated) -> bool:
        """Tell whether the one came before the other however much their clocks are apart."""
        return one.at.latest + self.apart(one, other) < other.at.earliest

    def least_after(self, one: Dated, other: Dated) -> timedelta:
        """Return how long after the one the other came at the least, negative if before it."""
        if self.stamps_tell(one, other):
            return other.at.at - one.at.at
        return other.at.earliest - one.at.latest - self.apart(one, other)

    def stamps_tell(self, one: Dated, other: Dated) -> bool:
        """Tell whether one host dated both, and its stamps tell their order."""
        if not self._one_host(one, other):
            return False
        return self._order.stamps_tell(one.bundles | other.bundles, one.at, other.at)

    def apart(self, one: Dated, other: Dated) -> timedelta:
        """Return how far the clocks that dated two moments may be apart."""
        if self._one_host(one, other):
            return timedelta(0)
        pairs = [(a, b) for a in one.bundles for b in other.bundles]
        return max((self._order.apart(a, b) for a, b in pairs), default=CLOCKS_APART)

    def _one_host(self, one: Dated, other: Dated) -> bool:
        if one.bundles & other.bundles:
            return True
        hosts = [frozenset(map(self._places.host, each.bundles)) for each in (one, other)]
        return bool(hosts[0] & hosts[1])


def dated(trouble: Trouble, at: Moment) -> Dated:
    """Return when a trouble was with the reports that told it; the lines say which, or all do."""
    told = trouble.finding or trouble.incident
    evidence = told.evidence if told else ()
    lines = (e.source.bundle for e in evidence if e.at == at)
    own = frozenset(lines) or trouble.bundles or frozenset(e.source.bundle for e in evidence)
    return Dated(at=at, bundles=own)


def effect_of(effect: Trouble, bundles: Iterable[str]) -> Dated | None:
    """Return when an effect was, by the clock of these reports if it has one of them."""
    then = effect.when(bundles)
    if then is None:
        return None
    own = frozenset(b for b in bundles if effect.clocks.get(b) == then)
    return Dated(at=then, bundles=own) if own else dated(effect, then)


def logged(event: Event) -> Dated:
    """Return when a line was written."""
    return of_line(event.moment, event.source)


def of_line(at: Moment, source: Source) -> Dated:
    """Return a moment that a line tells."""
    return Dated(at=at, bundles=frozenset({source.bundle}))
