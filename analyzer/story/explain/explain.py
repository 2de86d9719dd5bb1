"""How a rule came to its answer: its sources host by host, and its lines."""

from collections.abc import Iterable, Sequence

from analyzer.case.case import Case, HostReport
from analyzer.case.log_coverage import log_window
from analyzer.case.wholeness import Sources
from analyzer.model.explained import HostNeed, NeedExplained, SelectorExplained
from analyzer.model.finding import Gap
from analyzer.model.report import Report
from analyzer.parsers._api import Selector
from analyzer.sources import LOGS, SCOPES, Scope


def needs_explained(case: Case, report: Report, needs: Iterable[str]) -> tuple[NeedExplained, ...]:
    """Return what became of each source, host by host, and what is missing beside them."""
    sources = Sources(ledger=report.ledger, coverage=report.coverage, hosts=case.hosts)
    return tuple(_need(case, report, need, sources.gaps(need, case)) for need in needs)


def _need(case: Case, report: Report, need: str, gaps: Sequence[Gap]) -> NeedExplained:
    hosts = tuple(_of_host(case, report, need, host, gaps) for host in case.hosts)
    own = {host.gap for host in hosts}
    return NeedExplained(
        need=need,
        scope=SCOPES.get(need, Scope.EVERY_HOST).value,
        hosts=hosts,
        elsewhere=tuple(gap for gap in gaps if gap not in own),
    )


def _of_host(
    case: Case, report: Report, need: str, host: HostReport, gaps: Sequence[Gap]
) -> HostNeed:
    rows = [row for row in report.coverage if (row.bundle, row.parser) == (host.bundle, need)]
    hidden = [f"{row.member}: {row.hidden_like}" for row in rows if row.hidden]
    gap = case.gap(need, host.bundle)
    return HostNeed(
        host=host.name,
        bundle=host.bundle,
        gap=gap,
        window=log_window(rows) if rows and need in LOGS else None,
        covered=gap is not None and gap not in gaps,
        hidden="; ".join(hidden),
    )


def selectors_explained(case: Case, selectors: Sequence[Selector]) -> tuple[SelectorExplained, ...]:
    """Return how often each kind of line was seen, and the first of it."""
    found = []
    for selector in selectors:
        count, first = case.events.totals(selector.id)
        found.append(
            SelectorExplained(
                kind=selector.id,
                parser=selector.parser,
                process=selector.process or "",
                message=selector.message,
                count=count,
                first=first,
            )
        )
    return tuple(found)
