"""Wholeness: what was there to be read, host by host, and so what may be called ruled out.

A source counts only if the ledger says that it is present *and* it was understood. Everything
else is a `Gap`, and one gap in what a rule needs is enough for CANNOT_TELL.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from analyzer.case.case import Case, HostReport
from analyzer.case.log_coverage import (
    Window,
    common_window,
    files_fault,
    log_fault,
    log_window,
    not_understood,
    rotations_missing,
    settle_cut,
)
from analyzer.case.pool import PoolState
from analyzer.model.finding import Gap
from analyzer.model.hole import Hole, HoleKind
from analyzer.model.host import Alert, Role
from analyzer.model.report import Coverage, LedgerEntry, Presence
from analyzer.model.sentence import say
from analyzer.model.xapi import XapiDatabase
from analyzer.sources import FACTS, LOGS, SCOPES, XAPI_DB, Scope

_MOST_HOSTS = 256  # of a pool that are named as missing; xapi's pools have 64 at most
_LINES_ALONE = (
    "only lines of logs were given, no status report: what they say is told, "
    "and nothing can be ruled out by them"
)


class Sources:
    """The ledger and the coverage of a run, asked for one source at a time."""

    def __init__(
        self,
        *,
        ledger: Sequence[LedgerEntry],
        coverage: Sequence[Coverage],
        hosts: Sequence[HostReport],
        holes: Sequence[Hole] = (),
        beside: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> None:
        worst_last = sorted(ledger, key=lambda entry: entry.presence is not Presence.PRESENT)
        self._ledger = {(entry.bundle, entry.source): entry for entry in worst_last}
        self._coverage: dict[tuple[str, str], list[Coverage]] = {}
        for row in coverage:
            self._coverage.setdefault((row.bundle, row.parser), []).append(row)
        self._hosts = {report.bundle: report for report in hosts}
        self._holes = tuple(holes)
        self._beside = beside  # report → logs of its host that were given beside it
        self._home = {each: own for own, all_ in beside.items() for each in all_}
        # by bundle and need, as every rule asks for the same ones
        self._own_gaps: dict[tuple[str, str], Gap | None] = {}
        self._own_windows: dict[tuple[str, str], Window | None] = {}

    @property
    def lines_alone(self) -> Gap | None:
        """Return what lacks where only a log, or lines of logs, were given, else None."""
        if not self._hosts or not all(report.excerpt for report in self._hosts.values()):
            return None
        return Gap(need="", host="", why=_LINES_ALONE, settle_with=_make_report("every host"))

    def gap(self, need: str, bundle: str) -> Gap | None:
        """Return what is wrong with one bundle's source, None if it was whole and understood.

        A whole log of the host that was given beside its report stands for a log of the report.
        """
        bundle = self._home.get(bundle, bundle)
        found = self._own_gap(need, bundle)
        others = self._beside.get(bundle, ()) if found is not None and need in LOGS else ()
        return None if any(self._own_gap(need, each) is None for each in others) else found

    def _own_gap(self, need: str, bundle: str) -> Gap | None:
        if (bundle, need) not in self._own_gaps:
            entry = self._ledger.get((bundle, need))
            settle = entry.settle_with if entry else ""
            host = self._hosts[bundle].name if bundle in self._hosts else bundle
            if entry is None or entry.presence is not Presence.PRESENT:
                why = (entry and (entry.why or entry.presence.value)) or "not in the status report"
            elif need in LOGS:
                rows = self._coverage.get((bundle, need), [])
                why = log_fault(entry.members, rows)
                settle = settle_cut(rows) or settle
            else:
                why = self._document_fault(need, bundle)
            if not why:
                found_gap: Gap | None = None
            else:
                found_gap = Gap(
                    need=need, host=host, why=why, settle_with=settle or _make_report(host)
                )
            self._own_gaps[bundle, need] = found_gap
        return self._own_gaps[bundle, need]

    def gaps(self, need: str, case: Case) -> tuple[Gap, ...]:
        """Return all that is missing of a source in the whole case, ordered by host."""
        scope = SCOPES.get(need, Scope.EVERY_HOST)
        found = [
            gap
            for group in _groups_of_bundles(scope, case)
            for gap in self._unless_covered(need, group)
        ]
        found += [gap for group in _by_host(case.hosts) for gap in self._ended_early(need, group)]
        if not case.hosts:
            found.append(_gap_at_host(need, "", "no status report of any host was read", ""))
        for pool in case.pools:
            found += _gaps_of_pool(need, scope, pool, case)
        # A gap for every host of which no database says who else is in its pool. A single master
        # may still have supporters whose logs would tell something else.
        known = {uuid for pool in case.pools for uuid in _host_uuids_of_pool(pool)}
        unknown = [report for report in case.hosts if report.host_uuid not in known]
        if scope is Scope.MASTER:
            unknown = [report for report in unknown if report.role is not Role.MASTER]
            why = "it is not the pool's master, and which host is cannot be told"
        else:
            why = "the pool's hosts are unknown: no xapi database was read that names this host"
        if scope is Scope.ONE_HOST and need != XAPI_DB:
            gaps_of_unknown_pools: list[Gap] = []
        else:
            gaps_of_unknown_pools = [
                _gap_at_host(need, report.name, why, "the pool's master") for report in unknown
            ]
        found += gaps_of_unknown_pools
        return tuple(sorted(set(found), key=lambda gap: (gap.host, gap.need, gap.why)))

    def window(self, need: str) -> Window | None:
        """Return the time that every host's log of that name covers, None if there is none.

        A source that is not a log has no window.
        """
        if need not in LOGS or not self._hosts:
            return None
        return common_window(
            self._host_window(need, group) for group in _by_host(self._hosts.values())
        )

    def not_understood(self, need: str) -> int:
        """Return how many lines of all hosts' logs of that name nobody understood.

        Whatever is ruled out by these logs is ruled out except in those lines; there are few of
        them, and none looks like what any rule asks for, or the log would be a gap.
        """
        logs = [rows for (_, parser), rows in self._coverage.items() if parser == need]
        return sum(not_understood(rows) for rows in logs)

    def windows(self, need: str) -> Mapping[str, Window | None]:
        """Return host → the time that its log of that name covers, None where nothing is known."""
        if need not in LOGS:
            return {}
        groups = _by_host(self._hosts.values())
        return {self._hosts[group[0]].name: self._host_window(need, group) for group in groups}

    def holes(self, need: str, window: Window) -> tuple[Hole, ...]:
        """Return the stretches of a window that were not read of that log, host by host.

        What another report of the same host shows is no hole.
        """
        shown = [self._window_shown_by(need, group) for group in _by_host(self._hosts.values())]
        bundles = {bundle for bundle, _ in filter(None, shown)}
        return tuple(
            hole
            for hole in self._holes
            if hole.source == need and hole.bundle in bundles and hole.overlaps(*window)
        )

    def open_holes(self) -> tuple[Hole, ...]:
        """Return the holes but for those that a whole log given beside the report shows."""
        return tuple(hole for hole in self._holes if not self._is_shown_beside(hole))

    def _is_shown_beside(self, hole: Hole) -> bool:
        for bundle in self._beside.get(hole.bundle, ()):
            if self._own_gap(hole.source, bundle) is None:
                window = log_window(self._coverage[bundle, hole.source])
                if window and window[0].at <= hole.began.at and hole.ended.at <= window[1].at:
                    return True
        return False

    def covered(self, need: str, bundle: str) -> Window | None:
        """Return what one bundle's log covers but for its holes, None if it must not be trusted.

        A rotated file that is missing is a hole of a known time; whatever else is wrong with the
        log may be wrong with any line of it.
        """
        entry = self._ledger.get((bundle, need))
        rows = self._coverage.get((bundle, need), [])
        usable = entry and entry.presence in (Presence.PRESENT, Presence.ROTATED_AWAY)
        if need not in LOGS or not entry or not usable or files_fault(entry.members, rows):
            return None
        missing = rotations_missing(row.member for row in rows)
        kinds = [h.kind for h in self._holes if (h.source, h.bundle) == (need, bundle)]
        if missing is None or kinds.count(HoleKind.ROTATED) < missing:
            return None
        return log_window(rows)

    def _host_window(self, need: str, bundles: Sequence[str]) -> Window | None:
        """Return the window of one host; of two bundles that of the later one."""
        shown = self._window_shown_by(need, bundles)
        return shown[1] if shown else None

    def _window_shown_by(self, need: str, bundles: Sequence[str]) -> tuple[str, Window] | None:
        """Return the report of a host that counts for a log, and what it covers."""
        all_ = [*bundles, *(each for bundle in bundles for each in self._beside.get(bundle, ()))]
        usable = [bundle for bundle in all_ if self._own_gap(need, bundle) is None]
        windows = [(bundle, self._own_window(need, bundle)) for bundle in usable]
        known = [(bundle, window) for bundle, window in windows if window is not None]
        return max(known, key=lambda shown: shown[1][1].at, default=None)

    def _own_window(self, need: str, bundle: str) -> Window | None:
        if (bundle, need) not in self._own_windows:
            self._own_windows[bundle, need] = log_window(self._coverage[bundle, need])
        return self._own_windows[bundle, need]

    def _unless_covered(self, need: str, bundles: Sequence[str]) -> list[Gap]:
        gaps = [self.gap(need, bundle) for bundle in bundles]
        return [gap for gap in gaps if gap is not None] if all(gaps) else []

    def _ended_early(self, need: str, bundles: Sequence[str]) -> list[Gap]:
        """Return what is missing of a host's log of which a file ends early or begins late."""
        shown = self._window_shown_by(need, bundles) if need in LOGS else None
        return [
            Gap(
                need=need,
                host=hole.host,
                why=what_is_cut(hole),
                settle_with=_make_report(hole.host),
            )
            for hole in self._holes
            if shown and (hole.source, hole.bundle) == (need, shown[0]) and is_cut(hole)
        ]

    def _document_fault(self, need: str, bundle: str) -> str:
        """Say why a document must not be trusted, "" if nothing speaks against it.

        Of several forms of one thing, as of a firewall, one that is whole is enough. Alerts come
        one a file, databases are judged where they are put together to pools.
        """
        kinds = [kind for kind in FACTS[need] if kind not in (Alert, XapiDatabase)]
        if not kinds:
            return ""
        facts: list[object] = []
        for kind in kinds if bundle in self._hosts else ():
            facts += self._hosts[bundle].of(kind)
        if not facts:
            return "it is there but could not be understood"
        whole = any(getattr(fact, "complete", True) for fact in facts)
        return "" if whole else "it is there but not whole"


def is_cut(hole: Hole) -> bool:
    """Tell whether a hole is the lost beginning or end of a file that must not be cut."""
    open_end = hole.kind in (HoleKind.ENDED, HoleKind.SILENT) and hole.after is None
    return open_end or hole.kind is HoleKind.CUT


def what_is_cut(hole: Hole) -> str:
    """Say what is lost of a file that is cut."""
    if hole.after is not None:
        return say(
            "nothing is known from {began} until {ended}: {expected} is lost",
            began=hole.began,
            ended=hole.ended,
            expected=hole.expected,
        )
    return say(
        "it ends at {began}, and nothing is known from then until {ended}; usual is {expected}",
        began=hole.began,
        ended=hole.ended,
        expected=hole.expected,
    )


def _groups_of_bundles(scope: Scope, case: Case) -> list[list[str]]:
    """Return groups of bundles; one of each must have the source."""
    match scope:
        case Scope.EVERY_HOST:
            return _by_host(case.hosts)
        case Scope.ONE_HOST:
            # Group bundles by pool; a host that no database knows stands for a pool of its own.
            groups = [
                [
                    report.bundle
                    for report in case.hosts
                    if report.host_uuid in _host_uuids_of_pool(pool)
                ]
                for pool in case.pools
            ]
            known = {bundle for group in groups for bundle in group}
            alone = _by_host(report for report in case.hosts if report.bundle not in known)
            return [group for group in groups if group] + alone
        case Scope.MASTER:
            return _by_host(report for report in case.hosts if report.role is Role.MASTER)


def _by_host(reports: Iterable[HostReport]) -> list[list[str]]:
    """Group bundles by host: two reports of one host cover for each other."""
    groups: dict[str, list[str]] = {}
    for report in reports:
        groups.setdefault(report.host_uuid or f"bundle {report.bundle}", []).append(report.bundle)
    return list(groups.values())


def _host_uuids_of_pool(pool: PoolState) -> frozenset[str]:
    return frozenset(host.uuid for host in pool.hosts)


def _gaps_of_pool(need: str, scope: Scope, pool: PoolState, case: Case) -> list[Gap]:
    """Return what is missing of a known pool: hosts, the master, or the end of its database."""
    members = _host_uuids_of_pool(pool)
    given = [report for report in case.hosts if report.host_uuid in members]
    found = []
    match scope:
        case Scope.EVERY_HOST:
            absent = case.hosts_missing(pool)
            found = [
                _gap_at_host(need, host, "no status report of this host was given", host)
                for host in absent[:_MOST_HOSTS]
            ]
            if (more := len(absent) - _MOST_HOSTS) > 0:
                why = f"no status report of {more} more of its hosts was given"
                found.append(_gap_at_host(need, _name_of_pool(pool), why, "these hosts"))
        case Scope.MASTER:
            if not any(report.role is Role.MASTER for report in given):
                why = "no status report of the pool's master was given"
                found.append(_gap_at_host(need, _name_of_pool(pool), why, "the pool's master"))
        case Scope.ONE_HOST:
            if not given and need != XAPI_DB:
                why = "no status report of a host of this pool was given"
                found.append(_gap_at_host(need, _name_of_pool(pool), why, "one of its hosts"))
    if not pool.complete and (scope is Scope.EVERY_HOST or need == XAPI_DB):
        why = f"the copy of the database is not whole ({pool.source}: {pool.chosen_because})"
        found.append(_gap_at_host(need, _name_of_pool(pool), why, "the pool's master"))
    return found


def _name_of_pool(pool: PoolState) -> str:
    label = pool.pool and (pool.pool.name_label or pool.pool.uuid)
    return f"pool {label}" if label else "pool"


def _gap_at_host(need: str, host: str, why: str, where: str) -> Gap:
    return Gap(need=need, host=host, why=why, settle_with=_make_report(where))


def _make_report(where: str) -> str:
    return f"xen-bugtool --yestoall  # on {where}" if where else "xen-bugtool --yestoall"
