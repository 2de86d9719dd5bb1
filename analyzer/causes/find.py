"""Find causes: join troubles by the edges, follow each finding to its root, one cause per root.

A cause never lies certainly after its effect. Where the doubt of the two times overlaps, or the
clocks of two hosts may be apart by more, they are told as "about the same time". Two lines of one
host are compared as they stand, since one clock dated both, unless it was set back between them.
"""

from collections.abc import Sequence
from dataclasses import replace

from analyzer.case.case import Case
from analyzer.causes.clocks import Clocks
from analyzer.causes.considered import Rivals
from analyzer.causes.drafts import causes_of
from analyzer.causes.edges import Edges
from analyzer.causes.judge import Judge
from analyzer.causes.links import links_of
from analyzer.causes.places import Places
from analyzer.causes.troubles import troubles_of
from analyzer.model.finding import Outcome
from analyzer.model.report import Cause


def find_causes(
    outcomes: Sequence[Outcome], case: Case, edges: Edges
) -> tuple[tuple[Outcome, ...], tuple[Cause, ...]]:
    """Return the outcomes with ``explained_by`` filled, and the causes.

    Every finding is in exactly one cause. Causes are ordered by severity, then time, and are
    numbered C-1, C-2, …
    """
    places = Places(case)
    judge = Judge(case, places, Clocks(case, places))
    troubles = troubles_of(outcomes, case, edges, places)
    links = links_of(troubles, edges, judge)
    explained = {effect: (link.cause.id,) for effect, link in links.items() if link.cause.finding}
    rivals = Rivals(troubles, edges, judge, links)
    causes = causes_of(troubles, links, dict(edges.unknown), rivals)
    outcome_with_causes: list[Outcome] = []
    for outcome in outcomes:
        findings = tuple(
            replace(finding, explained_by=explained.get(finding.id, ()))
            for finding in outcome.findings
        )
        outcome_with_causes.append(replace(outcome, findings=findings))
    return tuple(outcome_with_causes), causes
