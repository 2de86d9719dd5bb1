"""A pool's part of a report of several pools, as report.json has it."""

from analyzer.model.finding import Finding, Outcome
from analyzer.model.plan import Plan
from analyzer.model.report import Cause, PoolInfo, Report
from analyzer.render.words.answer import ReportAnswer, answer_of
from analyzer.render.words.order import ordered
from analyzer.render.words.status import exit_status
from analyzer.render.words.summary import Tone, findings, headline
from analyzer.story.together import pool_name
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolPart:
    """What was judged of one pool of several: nothing of the others explains anything in it.

    ``pools`` is empty where the reports are of no pool that is known. ``tone`` and ``headline``
    are the verdict, ``answer`` is all that the first screen says, ``exit_status`` that of a run of
    its reports alone, without options.
    """

    name: str
    pools: tuple[PoolInfo, ...]
    bundles: tuple[str, ...]
    tone: Tone
    headline: str
    answer: ReportAnswer
    exit_status: int
    findings: tuple[Finding, ...]
    causes: tuple[Cause, ...]
    plans: tuple[Plan, ...]
    outcomes: tuple[Outcome, ...]


def parts_of(report: Report) -> tuple[PoolPart, ...]:
    """Return the part of each pool, none where there is one pool only."""
    part_of_pool: list[PoolPart] = []
    for part in report.parts:
        pool_part = ordered(part)
        head = headline(pool_part)
        part_of_pool.append(
            PoolPart(
                name=pool_name(pool_part),
                pools=pool_part.pools,
                bundles=tuple(bundle.name for bundle in pool_part.bundles),
                tone=head.tone,
                headline=str(head),
                answer=answer_of(pool_part),
                exit_status=exit_status(pool_part),
                findings=findings(pool_part),
                causes=pool_part.causes,
                plans=pool_part.plans,
                outcomes=pool_part.outcomes,
            )
        )
    return tuple(part_of_pool)
