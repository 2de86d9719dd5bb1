"""Assemble: the content of the bundles becomes pools, hosts and a case."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Protocol, TypeVar

from analyzer.bundle.ledger import altered, build_ledger
from analyzer.case.case import Case, HostReport
from analyzer.case.errors.ledger import ErrorLedger
from analyzer.case.errors.trouble import Trouble, troubles_of
from analyzer.case.events import EventTableBuilder, alert_message
from analyzer.case.gather import BundleContent
from analyzer.case.given_back import NOTHING, Given, Joined
from analyzer.case.later import read_later
from analyzer.case.member_places import places_of
from analyzer.case.pool import PoolState, build_pools
from analyzer.case.pool_witnesses import held_against_witnesses
from analyzer.case.reports_of_hosts import host_reports
from analyzer.case.time.clocks import Comparison, compare_clocks, host_clocks, with_skews
from analyzer.case.time.holes import holes
from analyzer.case.wholeness import Sources, is_cut, what_is_cut
from analyzer.model.finding import Subject
from analyzer.model.hole import Hole
from analyzer.model.moment import Moment
from analyzer.model.report import (
    Coverage,
    HostInfo,
    LedgerEntry,
    Package,
    PoolInfo,
    Presence,
    SrInfo,
)
from analyzer.model.xapi import XapiDatabase
from analyzer.parsers._api import Fact, Stamp
from analyzer.parsers.scan.scan import Scanner
from analyzer.sources import FACTS, LOGS
from analyzer.values import dataclass

_PACKAGES = ("blktap-", "sm-", "xapi-core-", "xapi-nbd-", "xcp-ng-release-", "xenopsd-")

FactType = TypeVar("FactType")
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """All that is known of a run before anything is judged.

    ``without`` is the case, and what it has of its sources, as it would be without the files that
    were given back; None where there are none.
    """

    case: Case
    sources: Sources
    hosts: tuple[HostInfo, ...]
    ledger: tuple[LedgerEntry, ...]
    coverage: tuple[Coverage, ...]
    without: tuple[Case, Sources] | None = None


_NO_HOLES: tuple[Hole, ...] = ()
_NO_TROUBLES: tuple[Trouble, ...] = ()


class Guard(Protocol):
    """Gives what is made, or something else where our own code fails in making it."""

    def __call__(self, what: str, make: Callable[[], Made], otherwise: Made, /) -> Made:
        """Return what is made, else `otherwise`; ``what`` is missing then."""


def _unguarded(_what: str, make: Callable[[], Made], _otherwise: Made) -> Made:
    return make()


def assemble(
    read: Joined,
    builder: EventTableBuilder,
    scanner: Scanner,
    errors: ErrorLedger | None = None,
    guard: Guard = _unguarded,
) -> Assembly:
    """Put pools, hosts, events and what is missing of them together; the clocks are set.

    Where the guard had to give something else nothing may be ruled out by the case.
    """
    contents, given = read.contents, read.given
    by_name = {content.name: content for content in read.all_logs}
    owners = {each.name: owner for owner, own in read.logs.items() for each in own}
    pools = _pools_and_later_lines(read, builder, scanner)
    compared = guard(
        "the clocks of the hosts",
        partial(compare_clocks, contents, host_reports(contents, pools, given), pools, builder),
        Comparison(),
    )
    for name, owner in owners.items():
        by_name[name].clock.follow(by_name[owner].clock)
    reports = host_reports(contents, pools, given)
    clocks = host_clocks(contents, reports, compared)
    _add_alerts(reports, builder, scanner)

    def date(bundle: str, member: str, line: int, stamp: Stamp) -> Moment:
        return by_name[bundle].clock.moment(member, line, stamp)

    def hour(bundle: str, member: str, stamp: Stamp, first: int, last: int) -> Moment | None:
        return by_name[bundle].clock.hour(member, stamp, first, last)

    named = {report.bundle: report for report in reports}
    named |= {name: named[owner] for name, owner in owners.items()}
    names = {bundle: report.name for bundle, report in named.items()}
    ids = {bundle: report.host_uuid or report.bundle for bundle, report in named.items()}
    events = builder.build(date, names, ids, hour)
    events.give_back_memory()
    coverage = tuple(row for content in read.all_logs for row in coverage_of(content))
    unread = guard(
        "the holes of the logs",
        partial(holes, read.all_logs, LOGS, names, events, clocks),
        _NO_HOLES,
    )
    troubles = guard(
        "what the logs say failed",
        partial(troubles_of, errors or ErrorLedger(), date, pools, names),
        _NO_TROUBLES,
    )

    def known(
        pools: Sequence[PoolState], reports: Sequence[HostReport], read: Joined
    ) -> tuple[Case, Sources, tuple[LedgerEntry, ...]]:
        """Return the case as some of what was given back lets it be told."""
        ledger = tuple(
            _with_what_is_cut(entry, unread)
            for entry in (
                *(
                    each
                    for c in contents
                    for each in _ledger_of_report(c, read.given.get(c.name, NOTHING))
                ),
                *(each for own in read.logs.values() for c in own for each in _ledger_of_logs(c)),
            )
        )
        beside = {owner: tuple(each.name for each in own) for owner, own in read.logs.items()}
        sources = Sources(
            ledger=ledger, coverage=coverage, hosts=reports, holes=unread, beside=beside
        )
        ledger = tuple(_as_understood(entry, sources) for entry in ledger)
        case = Case(
            pools=tuple(pools),
            hosts=tuple(reports),
            events=events,
            gap=sources.gap,
            window=sources.window,
            covered=sources.covered,
            dates={name: content.clock.dates for name, content in by_name.items()},
            places=tuple(places_of(content) for content in (*by_name.values(), *read.loose)),
            holes=sources.open_holes(),
            clocks=clocks,
            troubles=troubles,
            beside=owners,
        )
        return case, sources, ledger

    case, sources, ledger = known(pools, reports, read)
    more = bool(given or read.logs)
    without = pools_of(contents) if more else ()
    return Assembly(
        case=case,
        sources=sources,
        hosts=with_skews(host_infos(reports, by_name, pools), clocks),
        ledger=(*ledger, *read.unused),
        coverage=coverage,
        without=known(without, host_reports(contents, without), read.alone)[:2] if more else None,
    )


def _pools_and_later_lines(
    read: Joined, builder: EventTableBuilder, scanner: Scanner
) -> tuple[PoolState, ...]:
    """Return the pools; what they or other lines ask for is read."""
    pools = pools_of(read.contents, read.given)
    read_later(read.all_logs, pools, builder, scanner)
    return pools


def _add_alerts(
    reports: Sequence[HostReport], builder: EventTableBuilder, scanner: Scanner
) -> None:
    """Let the selectors of the parser ``alerts`` see each alert as one line."""
    for report in reports:
        for alert in report.alerts:
            hits = scanner.match("alerts", "alerts", alert_message(alert))
            builder.add_alert(report.bundle, alert, hits)


def _ledger_of_report(content: BundleContent, given: Given) -> tuple[LedgerEntry, ...]:
    """Return the ledger of a report; what was given back for it counts under its whole name."""
    claimed = {name: list(members) for name, members in content.claimed.items()}
    seen = list(content.seen)
    for parser, member, loose in given.documents:
        path = f"{loose.name}: {member}"
        claimed.setdefault(parser, []).append(path)
        seen += [replace(each, path=path) for each in loose.seen if each.path == member]
    return build_ledger(
        content.name,
        seen,
        content.inventory,
        content.bugtool,
        claimed={name: tuple(members) for name, members in claimed.items()},
        stopped=content.stopped,
    )


def _ledger_of_logs(content: BundleContent) -> tuple[LedgerEntry, ...]:
    """Return the ledger of logs that lie beside a report: only what is there is expected.

    Lines that somebody took out of a log stand for no log.
    """
    if content.pasted:
        return ()
    seen = [each for each in content.seen if each.log is not None]
    return tuple(each for each in build_ledger(content.name, seen, None, None) if each.members)


def _with_what_is_cut(entry: LedgerEntry, unread: Sequence[Hole]) -> LedgerEntry:
    """Let the ledger name what is lost of a log that is there."""
    lost = [
        what_is_cut(hole)
        for hole in unread
        if (hole.bundle, hole.source) == (entry.bundle, entry.source) and is_cut(hole)
    ]
    if entry.presence is not Presence.PRESENT or not lost:
        return entry
    return replace(entry, why="; ".join((entry.why, *lost)))


def _as_understood(entry: LedgerEntry, sources: Sources) -> LedgerEntry:
    """Let the ledger not call a file present of which a part was not understood."""
    gap = sources.gap(entry.source, entry.bundle)
    if entry.presence is not Presence.PRESENT or gap is None or not FACTS[entry.source]:
        return entry
    return replace(entry, presence=Presence.DAMAGED, why=f"{entry.why}; {gap.why}")


def pools_of(
    contents: Sequence[BundleContent], given: Mapping[str, Given] = MappingProxyType({})
) -> tuple[PoolState, ...]:
    """Return one state per pool, from the freshest database copy of each."""
    own = [(content.name, fact) for content in contents for fact in _facts_as_they_came(content)]
    later = [(name, fact) for name, each in given.items() for fact in each.facts]
    databases = [(name, fact) for name, fact in (*own, *later) if isinstance(fact, XapiDatabase)]
    return tuple(held_against_witnesses(pool, own) for pool in build_pools(databases))


def _facts_as_they_came(content: BundleContent) -> Iterator[Fact]:
    """Yield the facts; a database whose bytes may be changed is not whole."""
    changed = altered(content.seen, content.inventory)
    for fact in content.facts:
        if isinstance(fact, XapiDatabase) and fact.source.member in changed:
            yield replace(fact, complete=False)
        else:
            yield fact


def host_infos(
    reports: Sequence[HostReport],
    contents: Mapping[str, BundleContent],
    pools: Sequence[PoolState],
) -> tuple[HostInfo, ...]:
    """Return the hosts as the report shows them."""
    host_info: list[HostInfo] = []
    for report in reports:
        pool = next((pool for pool in pools if report.bundle in pool.bundles), None)
        inventory = report.inventory
        product = (
            (inventory.product_brand, inventory.product_version, inventory.build_number)
            if inventory
            else ()
        )
        # The packages that CBT and NBD depend on; rpm prints NAME-VERSION-RELEASE.ARCH.
        names = report.packages.names if report.packages else ()
        parts = (name.rsplit("-", 2) for name in names if name.startswith(_PACKAGES))
        packages_for_cbt_and_nbd = tuple(
            Package(name=name, version="-".join(rest)) for name, *rest in parts
        )
        host_info.append(
            HostInfo(
                uuid=report.host_uuid,
                name=report.name,
                role=report.role,
                product=" ".join(part for part in product if part),
                bundle=report.bundle,
                utc_offset_minutes=contents[report.bundle].clock.utc_offset_minutes,
                database=f"{pool.source.member}: {pool.chosen_because}" if pool else "",
                pool=pool.pool.uuid if pool and pool.pool else None,
                packages=packages_for_cbt_and_nbd,
            )
        )
    return tuple(host_info)


def pool_infos(case: Case) -> tuple[PoolInfo, ...]:
    """Return the pools as the report shows them, by name and uuid."""
    pool_info: list[PoolInfo] = []
    for pool in case.pools:
        row = pool.pool
        master = pool.host(row.master) if row else None
        pool_info.append(
            PoolInfo(
                uuid=row.uuid if row else None,
                name=row.name_label if row else None,
                master=master.uuid if master else None,
                complete=pool.complete,
                database=f"{pool.source.member}: {pool.chosen_because}",
                bundles=pool.bundles,
                hosts_missing=case.hosts_missing(pool),
            )
        )
    return tuple(pool_info)


def sr_infos(case: Case) -> tuple[SrInfo, ...]:
    """Return the SRs of the databases, by name and uuid."""
    found = [
        SrInfo(
            sr=Subject(type="SR", uuid=sr.uuid, name=sr.name_label), type=sr.type, pool=pool.subject
        )
        for pool in case.pools
        for sr in pool.srs
    ]
    return tuple(sorted(found, key=lambda each: (each.sr.called, each.sr.uuid)))


def coverage_of(content: BundleContent) -> tuple[Coverage, ...]:
    """Return what was read of each log member, ordered by parser and member."""
    rows: list[Coverage] = []
    for read in content.logs:
        stats, clock = read.stats, content.clock
        first = clock.moment(read.member, 1, stats.first) if stats.first else None
        last = clock.moment(read.member, max(stats.lines, 1), stats.last) if stats.last else None
        dated = last or first
        rows.append(
            Coverage(
                bundle=content.name,
                member=read.member,
                parser=read.parser,
                lines=stats.lines,
                events=read.records,
                not_understood=stats.not_understood,
                not_used=max(0, stats.lines - stats.blank - stats.not_understood - read.records),
                first=first,
                last=last,
                dated_by=dated.dated_by if dated else "",
                shapes=stats.shapes,
                blank=stats.blank,
                longest_cut=stats.longest_cut,
                line_limit=stats.line_limit if stats.longest_cut else 0,
                hidden=stats.hidden,
                hidden_like=stats.hidden_shape,
            )
        )
    return tuple(sorted(rows, key=lambda row: (row.bundle, row.parser, row.member)))
