"""The clocks of all hosts: each by its own logs, then against the others and NTP.

Moments are told in the frame of the pool's master: it writes the database and the alerts, and
forwards the calls. A supporter whose clock was ahead is dated back by as much.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from types import MappingProxyType

from analyzer.case.case import HostReport
from analyzer.case.events import EventTableBuilder
from analyzer.case.gather import BundleContent
from analyzer.case.pool import PoolState
from analyzer.case.rows import Row
from analyzer.case.time.compare import Compared, compared
from analyzer.case.time.pairs import KINDS, Pair, pairs_of
from analyzer.case.time.snapshot_zone import zone_by_snapshots
from analyzer.case.time.told import at_odds_with_ntp, by_ntp, host_clock
from analyzer.dating.clock import Clock
from analyzer.model.clock import HostClock
from analyzer.model.host import Role
from analyzer.model.report import HostInfo
from analyzer.model.terms import SM_CALL_ENTRY
from analyzer.parsers._api import Stamp
from analyzer.values import dataclass

NOT_COMPARED = Compared(words="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All comparisons, by bundle."""

    of: Mapping[str, Compared] = field(default_factory=lambda: MappingProxyType({}))


def compare_clocks(
    contents: Sequence[BundleContent],
    reports: Sequence[HostReport],
    pools: Sequence[PoolState],
    builder: EventTableBuilder,
) -> Comparison:
    """Compare each supporter's clock with its master's, and set it: call it before dating.

    The zone of a supporter whose own report does not tell it is taken from the same calls.
    """
    clocks = {content.name: content.clock for content in contents}
    masters = _masters_by_supporter(reports, pools)
    refs = {
        host.ref: report.bundle
        for pool in pools
        for host in pool.hosts
        for report in reports
        if host.uuid == report.host_uuid
    }

    def shown(row: Row) -> datetime | None:
        if not isinstance(row.when, Stamp):
            return None
        return clocks[row.bundle].moment(row.member, row.line, row.when).at

    calls = (
        builder.undated((SM_CALL_ENTRY,))
        if any(_zone_is_unknown(clock) for clock in clocks.values())
        else ()
    )
    for bundle, clock in clocks.items():
        if _zone_is_unknown(clock):
            own = [row for row in calls if row.bundle == bundle]
            clock.compare(zone_by_snapshots(own, pools, shown), ())
    by_bundle: dict[str, list[Pair]] = {bundle: [] for bundle in masters}
    rows = builder.undated(KINDS) if masters else ()
    for pair in pairs_of([row for row in rows if row.bundle in clocks], refs, shown):
        if pair.asked.bundle in masters.get(pair.ran.bundle, ()):
            by_bundle[pair.ran.bundle].append(pair)
    names = {report.bundle: report.name for report in reports}
    return Comparison(
        of={
            bundle: compared(bundle, names, masters[bundle], pairs, clocks.__getitem__)
            for bundle, pairs in by_bundle.items()
        }
    )


def _zone_is_unknown(clock: Clock) -> bool:
    return clock.utc_offset_minutes is None


def _masters_by_supporter(
    reports: Sequence[HostReport], pools: Sequence[PoolState]
) -> Mapping[str, tuple[str, ...]]:
    """Return bundle of a supporter → bundles of the master of its pool."""
    found: dict[str, tuple[str, ...]] = {}
    for pool in pools:
        members = {host.uuid for host in pool.hosts}
        mine = [report for report in reports if report.host_uuid in members]
        masters = tuple(report.bundle for report in mine if report.role is Role.MASTER)
        if len({report.host_uuid for report in mine if report.role is Role.MASTER}) == 1:
            found |= {report.bundle: masters for report in mine if report.role is Role.SUPPORTER}
    return found


def host_clocks(
    contents: Sequence[BundleContent], reports: Sequence[HostReport], comparison: Comparison
) -> tuple[HostClock, ...]:
    """Return what is known of the clock of each report's host, in the order of the reports."""
    by_name = {content.name: content for content in contents}
    clocks = [
        host_clock(by_name[report.bundle], report, comparison.of.get(report.bundle, NOT_COMPARED))
        for report in reports
    ]
    measured = {clock.bundle: by_ntp(clock) for clock in clocks}
    masters = {report.name: report.bundle for report in reports if report.role is Role.MASTER}
    return tuple(
        replace(
            clock,
            contradictions=(*clock.contradictions, *at_odds_with_ntp(clock, measured, masters)),
        )
        for clock in clocks
    )


def with_skews(hosts: Sequence[HostInfo], clocks: Sequence[HostClock]) -> tuple[HostInfo, ...]:
    """Return the hosts with how far their clocks were off: by NTP if it was measured."""
    skews = {clock.bundle: clock.skews for clock in clocks}
    return tuple(
        replace(host, clock_skew_seconds=skews[host.bundle][0].seconds)
        if skews.get(host.bundle)
        else host
        for host in hosts
    )
