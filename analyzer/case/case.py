"""The case: everything a rule or a check may see."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import field
from enum import StrEnum
from types import MappingProxyType
from typing import cast

from analyzer.case.errors.trouble import Trouble
from analyzer.case.events import EventTable
from analyzer.case.host_report import HostReport
from analyzer.case.pool import PoolState
from analyzer.case.time.order import Order
from analyzer.case.world import World
from analyzer.dating.settled import LineDates
from analyzer.model.clock import HostClock
from analyzer.model.finding import Gap
from analyzer.model.hole import Hole, HoleKind
from analyzer.model.moment import Moment
from analyzer.model.places import ReportPlaces
from analyzer.values import dataclass

__all__ = ["Area", "Case", "HostReport"]


class Area(StrEnum):
    """What a rule is about; a rule whose area is certainly unused is not applicable."""

    CBT = "cbt"
    NBD = "nbd"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The pools, hosts and events of a run, and what is missing of them.

    ``gap(need, bundle)`` is None when that bundle's source was there, whole and understood;
    ``hosts_missing(pool)`` are the names of pool members whose bundle was not given.
    ``dates`` are, by bundle, what dates its lines, and ``places`` is where its members lie.
    ``window(need)`` is the time that *all* bundles' sources of that name cover together,
    ``covered(need, bundle)`` what one bundle's log covers but for its holes: None if more is wrong
    with it than missing rotated files. ``holes`` are the stretches of logs in which nothing was
    read, ``clocks`` is what is known of the clock of each report's host, and ``order`` what
    tells by them which of two lines came first. ``derived`` is the memory of
    `analyzer.case.derived`, in which all stands that is rebuilt from the rest. ``troubles`` are
    the errors that the logs tell of, whether a rule asked for them or not. ``beside`` are logs that
    were given beside a report: their bundle → that of the report of their host.
    """

    pools: tuple[PoolState, ...]
    hosts: tuple[HostReport, ...]
    events: EventTable
    gap: Callable[[str, str], Gap | None]
    window: Callable[[str], tuple[Moment, Moment] | None]
    holes: tuple[Hole, ...] = ()
    clocks: tuple[HostClock, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    dates: Mapping[str, LineDates] = field(default_factory=lambda: MappingProxyType({}))
    places: tuple[ReportPlaces, ...] = ()
    covered: Callable[[str, str], tuple[Moment, Moment] | None] = lambda _need, _bundle: None
    beside: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    order: Order = field(init=False, repr=False, compare=False)
    world: World = field(init=False, repr=False, compare=False)
    derived: dict[Hashable, object] = field(
        init=False, default_factory=dict, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "order", Order(self.clocks, self.beside))
        world = World(pools=self.pools, reports=self.hosts, beside=self.beside)
        object.__setattr__(self, "world", world)

    def unread(
        self, need: str, since: Moment | None = None, until: Moment | None = None
    ) -> tuple[Hole, ...]:
        """Return the holes of a log that may lie between two moments, None for any time.

        A host that was down did nothing meanwhile: that is no hole in what it did.
        """
        return tuple(
            hole
            for hole in self.holes
            if hole.source == need
            and hole.kind is not HoleKind.DOWN
            and (since is None or since.earliest <= hole.ended.latest)
            and (until is None or hole.began.earliest <= until.latest)
        )

    def hosts_missing(self, pool: PoolState) -> tuple[str, ...]:
        """Return the names of the pool's hosts that no bundle of this run is from."""
        key = ("hosts missing", pool.source)
        if key not in self.derived:
            known = {report.host_uuid for report in self.hosts}
            missing = (host for host in pool.hosts if host.uuid not in known)
            self.derived[key] = tuple(sorted(host.name_label or host.uuid for host in missing))
        return cast("tuple[str, ...]", self.derived[key])
