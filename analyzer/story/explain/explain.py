"""How a rule came to its answer: its sources host by host, and its lines."""

from collections.abc import Iterable, Iterator, Sequence

from analyzer.case.case import Case
from analyzer.case.log_coverage import log_window
from analyzer.case.wholeness import Sources
from analyzer.checks import checks, examined_once
from analyzer.checks.observation import Examined
from analyzer.model.explained import (
    HostNeed,
    NeedExplained,
    RuleExplained,
    SelectorExplained,
)
from analyzer.model.report import Coverage, Report
from analyzer.parsers._api import Selector
from analyzer.rules.attempts import attempts, condition
from analyzer.rules.pattern import Catalogue, Role
from analyzer.sources import LOGS, SCOPES, Scope


def explain_rule(
    case: Case, report: Report, catalogue: Catalogue, sources: Sources, rule: str
) -> RuleExplained:
    """Return how a rule or another pattern of the catalogue came to its answer.

    ``sources`` are those of the report.

    Raises:
        StopIteration: there is no such pattern.
    """
    pattern = next(each for each in catalogue.patterns if each.id == rule)
    seen = examined_once(case, pattern.text) if pattern.id in checks() else Examined()
    finding = pattern.role is Role.FINDING
    tried, undecided = attempts(pattern, case) if finding else ((), seen.gaps)
    logs = {selector.parser for selector in pattern.selectors} | set(pattern.text.needs)
    told = {each.pattern for each in report.suppressed}
    heard = (each for each in catalogue.noise if each.id in told)
    noise = {each.id for each in heard if logs & {s.parser for s in each.selectors}}
    return RuleExplained(
        text=pattern.text,
        role=pattern.role.value,
        condition=condition(pattern) if finding else "",
        outcome=next((each for each in report.outcomes if each.rule == pattern.id), None),
        needs=tuple(needs_explained(case, report, sources, pattern.text.needs)),
        selectors=selectors_explained(case, pattern.selectors),
        attempts=tried,
        undecided=undecided,
        beside=tuple(each for each in seen.beside if each not in pattern.text.needs),
        near=tuple(each for each in report.suppressed if each.pattern in noise),
    )


def needs_explained(
    case: Case, report: Report, sources: Sources, needs: Iterable[str]
) -> Iterator[NeedExplained]:
    """Yield what became of each source, host by host, and what is missing beside them."""
    coverage: dict[tuple[str, str], list[Coverage]] = {}
    for row in report.coverage:
        coverage.setdefault((row.bundle, row.parser), []).append(row)
    for need in needs:
        gaps = sources.gaps(need, case)
        of_host: list[HostNeed] = []
        for host in case.hosts:
            rows = coverage.get((host.bundle, need), [])
            hidden = [f"{row.member}: {row.hidden_like}" for row in rows if row.hidden]
            host_gap = case.gap(need, host.bundle)
            of_host.append(
                HostNeed(
                    host=host.name,
                    bundle=host.bundle,
                    gap=host_gap,
                    window=log_window(rows) if rows and need in LOGS else None,
                    covered=host_gap is not None and host_gap not in gaps,
                    hidden="; ".join(hidden),
                )
            )
        hosts = tuple(of_host)
        own = {host.gap for host in hosts}
        yield NeedExplained(
            need=need,
            scope=SCOPES.get(need, Scope.EVERY_HOST).value,
            hosts=hosts,
            elsewhere=tuple(gap for gap in gaps if gap not in own),
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
