"""Judging: every rule of the catalogue is asked once."""

import logging
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from analyzer.case.case import Case
from analyzer.case.fingerprint import fingerprint
from analyzer.case.wholeness import Sources
from analyzer.checks import checks
from analyzer.checks.observation import Check, examined
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
    outcomes = [
        *(_guarded(rule.text, partial(judge, rule, case, sources)) for rule in catalogue.rules),
        *(
            _guarded(text, partial(_examine, checks()[text.id], text, case, sources))
            for text in catalogue.checks
        ),
    ]
    known = (_with_fingerprints(outcome, case) for outcome in outcomes)
    return tuple(sorted(known, key=lambda outcome: outcome.rule))


def _with_fingerprints(outcome: Outcome, case: Case) -> Outcome:
    found = (replace(each, fingerprint=fingerprint(case, each)) for each in outcome.findings)
    return replace(outcome, findings=tuple(found))


def _guarded(text: RuleText, ask: Callable[[], Outcome]) -> Outcome:
    try:
        return ask()
    except Exception:
        logger.debug("rule %s failed", text.id, exc_info=True)
        return failed(text, traceback.format_exc(limit=-3))


def _examine(check: Check, text: RuleText, case: Case, sources: Sources) -> Outcome:
    seen = examined(check(case, text))
    return conclude(
        text,
        seen.findings,
        case,
        sources,
        gaps=seen.gaps,
        not_applicable=seen.not_applicable,
        beside=seen.beside,
    )
