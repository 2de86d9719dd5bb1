"""Several pools' reports become one, with a part for each."""

from collections.abc import Sequence
from dataclasses import fields, replace
from itertools import count
from typing import Any

from analyzer.model.finding import Outcome, Verdict
from analyzer.model.report import Report, Suppressed
from analyzer.model.sentence import joined, say
from analyzer.story.timeline.order import in_order

# A rule's answer for all pools is the first of these that any pool gives.
_WORST_FIRST = (
    Verdict.FOUND,
    Verdict.ERROR,
    Verdict.CANNOT_TELL,
    Verdict.RULED_OUT,
    Verdict.NOT_APPLICABLE,
)
_UNTOLD = (Verdict.ERROR, Verdict.CANNOT_TELL)
_NOT_IN_A_ROW = ("outcomes", "suppressed", "omissions", "ledger", "problems", "parts", "happenings")


def together(reports: Sequence[Report]) -> Report:
    """Return one report of all pools; of one pool it is that pool's."""
    if len(reports) == 1:
        return reports[0]
    parts = _with_one_numbering(reports)
    lists: dict[str, Any] = {
        each.name: tuple(row for part in parts for row in getattr(part, each.name))
        for each in fields(Report)
        if isinstance(getattr(parts[0], each.name), tuple) and each.name not in _NOT_IN_A_ROW
    }
    by_rule: dict[str, list[tuple[str, Outcome]]] = {}
    for outcomes_part in parts:
        for outcome in outcomes_part.outcomes:
            by_rule.setdefault(outcome.rule, []).append((pool_name(outcomes_part), outcome))
    outcomes_of_pools = tuple(_outcome_of_pools(by_rule[rule]) for rule in sorted(by_rule))
    found: dict[str, Suppressed] = {}
    for suppressed_each in (
        suppressed_each for part in parts for suppressed_each in part.suppressed
    ):
        before = found.get(suppressed_each.pattern)
        told = (
            replace(before, count=before.count + suppressed_each.count)
            if before
            else suppressed_each
        )
        found[suppressed_each.pattern] = told
    return replace(
        parts[0],
        **lists,
        # what is of no report stands in each part
        omissions=tuple(dict.fromkeys(each for part in parts for each in part.omissions)),
        ledger=tuple(dict.fromkeys(each for part in parts for each in part.ledger)),
        problems=tuple(dict.fromkeys(each for part in parts for each in part.problems)),
        outcomes=outcomes_of_pools,
        happenings=in_order(each for part in parts for each in part.happenings),
        suppressed=tuple(found.values()),
        parts=parts,
    )


def pool_name(part: Report) -> str:
    """Return what a part is called: its pool by name, and the uuid's beginning.

    Names of pools are often empty, and two pools may have the same.
    """
    known = [
        f"{pool.name} ({pool.uuid[:8]})" if pool.name and pool.uuid else pool.name or pool.uuid
        for pool in part.pools
    ]
    named = ", ".join(name for name in known if name)
    return f"Pool {named}" if named else "No known pool"


def _with_one_numbering(reports: Sequence[Report]) -> tuple[Report, ...]:
    """Return the reports with one numbering of the causes."""
    number = count(1)
    return tuple(
        replace(
            report,
            causes=tuple(replace(cause, id=f"C-{next(number)}") for cause in report.causes),
        )
        for report in reports
    )


def _outcome_of_pools(answers: Sequence[tuple[str, Outcome]]) -> Outcome:
    """Return the answer of a rule for all pools; each pool's reason is told."""
    outcomes = [outcome for _, outcome in answers]
    worst = min(outcomes, key=lambda outcome: _WORST_FIRST.index(outcome.verdict))
    doubts = [
        (pool, outcome.doubt or outcome.reason)
        for pool, outcome in answers
        if outcome.doubt or outcome.verdict in _UNTOLD
    ]
    found = worst.verdict is Verdict.FOUND
    windows = {outcome.window for outcome in outcomes if outcome.verdict is worst.verdict}
    return replace(
        worst,
        severity=min(
            (o.severity for o in outcomes if o.verdict is worst.verdict),
            key=lambda severity: severity.rank,
        ),
        reason=_of_pools([(pool, outcome.reason) for pool, outcome in answers]),
        settle_with=tuple(dict.fromkeys(c for outcome in outcomes for c in outcome.settle_with)),
        findings=tuple(each for outcome in outcomes for each in outcome.findings),
        doubt=_of_pools(doubts) if found and doubts else "",
        by_nature=all(o.by_nature for o in outcomes if o.verdict is worst.verdict),
        window=worst.window if len(windows) == 1 else None,
        holes=tuple(hole for outcome in outcomes for hole in outcome.holes),
        gaps=tuple(gap for outcome in outcomes for gap in outcome.gaps),
    )


def _of_pools(reasons: Sequence[tuple[str, str]]) -> str:
    return joined(
        [say("{pool}: {reason}", pool=pool, reason=reason) for pool, reason in reasons], "; "
    )
