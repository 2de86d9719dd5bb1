"""Trouble: a finding or an incident, as edges join them."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import timedelta

from analyzer.causes.edges import Join
from analyzer.model.finding import Confidence, Finding
from analyzer.model.incident import Incident, IncidentKind
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.values import dataclass

DOWN = frozenset(
    {
        IncidentKind.HOST_CRASHED,
        IncidentKind.HOST_REBOOTED,
        IncidentKind.HOST_FENCED,
        IncidentKind.HOST_BOOTED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A finding or an incident.

    ``rule`` is the rule's id or the incident's kind as an edge names it; ``keys`` are the objects
    it is about, by the kind of join (hosts by uuid); the times are None for what was seen by its
    state only. Of a host that went down ``first`` reaches from its last sign of life to its boot,
    which is ``last``. ``clocks`` is, of a finding, bundle → when that bundle's logs first show it:
    two lines of one bundle are compared as they stand, however doubtful their zone. ``dated`` is
    the line of it whose time is known best.
    """

    id: str
    rule: str
    keys: Mapping[Join, frozenset[str]]
    first: Moment | None
    last: Moment | None
    bundles: frozenset[str]
    finding: Finding | None = None
    incident: Incident | None = None
    sources: tuple[Source, ...] = ()
    clocks: Mapping[str, Moment] = field(default_factory=dict)
    dated: Moment | None = None

    @property
    def title(self) -> str:
        """Return what the finding or the incident is called."""
        told = self.finding or self.incident
        return told.title if told else ""

    @property
    def confidence(self) -> Confidence:
        """Return how sure it is that this happened."""
        told = self.finding or self.incident
        return told.confidence if told else Confidence.POSSIBLE

    @property
    def kind(self) -> IncidentKind | None:
        """Return the kind of the incident."""
        return self.incident.kind if self.incident else None

    @property
    def down(self) -> bool:
        """Tell whether a host went down."""
        return self.kind in DOWN

    @property
    def over(self) -> bool:
        """Tell whether the end of the incident was seen."""
        return self.incident is not None and self.incident.ended is not None

    @property
    def tapdisks(self) -> frozenset[str]:
        """Return the pids of the tapdisks that ended."""
        return frozenset(self.incident.tapdisks if self.incident else ())

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
