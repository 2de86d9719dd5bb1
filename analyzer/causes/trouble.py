"""Trouble: a finding, or context events that are one happening."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from analyzer.causes.edges import Join
from analyzer.model.finding import Finding
from analyzer.model.moment import Moment
from analyzer.model.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A finding, or context events that are one happening.

    ``rule`` is the rule's id or the context's name; ``keys`` are the objects it is about, by the
    kind of join (hosts by uuid, ``host`` has their names); the times are None for what was seen
    by its state only. ``over`` says that a line ended it, ``tapdisk`` is the process that died.
    ``outage`` is, of a boot, from when the host was last seen to run until it booted.
    ``storage`` says that it befell a device or a server, and then ``keys`` have the SRs that are
    certainly behind it. ``clocks`` is, of a finding, bundle → when that bundle's logs first show
    it: two lines of one bundle are compared as they stand, however doubtful their zone.
    """

    id: str
    rule: str
    keys: Mapping[Join, frozenset[str]]
    first: Moment | None
    last: Moment | None
    bundles: frozenset[str]
    finding: Finding | None = None
    host: str = ""
    label: str = ""
    sources: tuple[Source, ...] = ()
    over: bool = False
    tapdisk: str | None = None
    outage: Moment | None = None
    storage: bool = False
    clocks: Mapping[str, Moment] = field(default_factory=dict)

    def of(self, join: Join) -> frozenset[str]:
        """Return the objects of one kind."""
        return self.keys.get(join, frozenset())

    def shares(self, other: "Trouble", join: Join) -> bool:
        """Tell whether the two are about one object of that kind."""
        return bool(self.of(join) & other.of(join))

    def when(self, bundles: Iterable[str]) -> Moment | None:
        """Return when this was, by the clock of these bundles if it has one of them."""
        own = [self.clocks[bundle] for bundle in sorted(bundles) if bundle in self.clocks]
        return own[0] if own else self.first

    def distance(self, then: Moment) -> timedelta:
        """Return how far a moment lies from this; nothing while it lasts."""
        if self.first is None or self.last is None:
            return timedelta.max
        if self.first.at <= then.at <= self.last.at:
            return timedelta(0)
        return min(abs(then.at - self.first.at), abs(then.at - self.last.at))
