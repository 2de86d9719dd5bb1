"""Judging: every rule of the catalogue is asked once."""

import logging
import traceback
from collections.abc import Callable
from functools import partial

from analyzer.case.case import Case
from analyzer.case.sources import Sources
from analyzer.checks import CHECKS
from analyzer.checks._api import Check
from analyzer.model.finding import Outcome
from analyzer.model.rule import RuleText
from analyzer.rules.engine import judge
from analyzer.rules.pattern import Catalogue
from analyzer.rules.verdict import conclude, failed

logger = logging.getLogger(__name__)


def outcomes_of(catalogue: Catalogue, case: Case, sources: Sources) -> tuple[Outcome, ...]:
    """Return the answer of every rule, ordered by id.

    A rule that raises answers ERROR and costs no other rule its answer.
    """
    checks = {check.id: check for check in CHECKS}
    outcomes = [
        *(_guarded(rule.text, partial(judge, rule, case, sources)) for rule in catalogue.rules),
        *(
            _guarded(text, partial(_examine, checks[text.id], text, case, sources))
            for text in catalogue.checks
        ),
    ]
    return tuple(sorted(outcomes, key=lambda outcome: outcome.rule))


def _guarded(text: RuleText, ask: Callable[[], Outcome]) -> Outcome:
    try:
        return ask()
    except Exception:
        logger.debug("rule %s failed", text.id, exc_info=True)
        return failed(text, traceback.format_exc(limit=-3))


def _examine(check: Check, text: RuleText, case: Case, sources: Sources) -> Outcome:
    examined = check.examine(case, text)
    return conclude(
        text,
        examined.findings,
        case,
        sources,
        gaps=examined.gaps,
        not_applicable=examined.not_applicable,
        beside=examined.beside,
    )
