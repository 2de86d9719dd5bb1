"""Judging: every rule of the catalogue is asked once."""

import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from analyzer.case.case import Case
from analyzer.case.fingerprint import fingerprint
from analyzer.case.wholeness import Sources
from analyzer.checks import examined_once
from analyzer.model.finding import Confidence, Finding, Outcome, Verdict
from analyzer.model.moment import Moment
from analyzer.model.nbd import ClientTrouble
from analyzer.model.report import Settled
from analyzer.model.rule import RuleText
from analyzer.model.sentence import Minute, say
from analyzer.model.source import Source
from analyzer.rebuilt.calls.answers_above import answers_above
from analyzer.rebuilt.nbd.sessions.lines import caught_by
from analyzer.rules.engine import judge
from analyzer.rules.pattern import Catalogue
from analyzer.rules.roles import with_roles
from analyzer.rules.verdict import conclude, failed
from analyzer.story.errors.explain import Explanations

# Families of errors: what another rule has told is not told again by them.
_FOR_THE_REST = frozenset({"storage-call-refused"})

_NBD, _AREA, _LOG = "xapi-nbd", "nbd", "daemon_log"

MAY_BE_CHANGED = (
    "The archive is damaged and a checksum is wrong: what is quoted here may not be what the host "
    "wrote."
)

logger = logging.getLogger(__name__)


def outcomes_of(catalogue: Catalogue, case: Case, sources: Sources) -> tuple[Outcome, ...]:
    """Return the answer of every rule, ordered by id.

    A rule that raises answers ERROR and costs no other rule its answer.
    """
    first = [text for text in catalogue.checks if text.id not in _FOR_THE_REST]
    asked = [
        *((rule.text, partial(judge, rule, case, sources)) for rule in catalogue.rules),
        *((text, partial(_examine_check, text, case, sources)) for text in first),
    ]
    outcomes = []
    for text, ask in asked:
        outcomes.append(_guarded_outcome(text, ask))
        case.events.give_back_words()
    explained = Explanations(case, outcomes, ())
    outcomes += [
        _guarded_outcome(text, partial(_examine_check, text, case, sources, explained.tells_of))
        for text in catalogue.checks
        if text.id in _FOR_THE_REST
    ]
    outcomes = _doubting_nbd(outcomes, catalogue, case)
    texts = {text.id: text for text in catalogue.texts}
    known = (
        _guarded_outcome(texts[each.rule], partial(_catalogue_complete, each, case))
        for each in outcomes
    )
    return tuple(sorted(known, key=lambda outcome: outcome.rule))


def _doubting_nbd(outcomes: Sequence[Outcome], catalogue: Catalogue, case: Case) -> list[Outcome]:
    """Take back what rules about NBD ruled out, where xapi-nbd says something nobody knows.

    They know the exceptions of the releases that were read; another wording may be one of theirs.
    """
    explained = Explanations(case, outcomes, ())
    told = (t for t in case.troubles if t.process == _NBD and not explained.of(t))
    unknown = [t for t in told if caught_by(t.text).trouble is ClientTrouble.OTHER]
    if not unknown:
        return list(outcomes)
    of_nbd = {text.id for text in catalogue.texts if text.area == _AREA and _LOG in text.needs}
    line = unknown[0].evidence[0].source
    why = f"{_NBD} says what no rule knows, and it may be this ({line}): {unknown[0].text}"
    return [
        replace(each, verdict=Verdict.CANNOT_TELL, reason=why, window=None)
        if each.verdict is Verdict.RULED_OUT and each.rule in of_nbd
        else each
        for each in outcomes
    ]


def with_nothing_ruled_out(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """Take back what was ruled out, where our own code failed in putting the case together."""
    green = (Verdict.RULED_OUT, Verdict.NOT_APPLICABLE)
    why = "cbtriage failed on a part of what was read, which is a defect of cbtriage"
    return tuple(
        replace(each, verdict=Verdict.CANNOT_TELL, reason=why, window=None)
        if each.verdict in green
        else each
        for each in outcomes
    )


def settled_by_given(before: Sequence[Outcome], now: Sequence[Outcome]) -> tuple[Settled, ...]:
    """Return the doubts that were there without the files given back and are not any more."""
    after = {outcome.rule: outcome for outcome in now}
    return tuple(
        Settled(
            rule=old.rule,
            title=old.title,
            doubt=old.doubt or old.reason,
            verdict=after[old.rule].verdict,
            reason=after[old.rule].reason,
        )
        for old in before
        if _in_doubt(old) and not _in_doubt(after[old.rule])
    )


def _in_doubt(outcome: Outcome) -> bool:
    untold = outcome.verdict is Verdict.CANNOT_TELL and not outcome.by_nature
    return untold or bool(outcome.doubt)


def _catalogue_complete(outcome: Outcome, case: Case) -> Outcome:
    """Add to the findings what no rule says by itself."""
    told = (_with_its_doubt(each, case) for each in outcome.findings)
    found = (
        replace(
            each,
            evidence=(*each.evidence, *answers_above(case, each)),
            fingerprint=fingerprint(case, each),
        )
        for each in (with_roles(_with_its_time(each, case)) for each in told)
    )
    return replace(outcome, findings=tuple(found))


def _with_its_doubt(finding: Finding, case: Case) -> Finding:
    """Say of a finding that rests on an archive whose checksum is wrong that its lines may be."""
    altered = {(report.bundle, path) for report in case.hosts for path in report.altered}
    rests_on = {(item.source.bundle, item.source.member) for item in finding.evidence}
    if altered.isdisjoint(rests_on):
        return finding
    sure = finding.confidence is Confidence.CERTAIN
    return replace(
        finding,
        detail=say("{detail} {doubt}", detail=finding.detail, doubt=MAY_BE_CHANGED),
        confidence=Confidence.LIKELY if sure else finding.confidence,
    )


def _with_its_time(finding: Finding, case: Case) -> Finding:
    """Say of a finding that rests on a later file what lies between it and the report.

    A report and a file show two times: what was changed by hand in between looks like a defect.
    """
    for report in case.hosts:
        for item in finding.evidence:
            taken = report.taken.get((item.source.bundle, item.source.member))
            made = report.captured_at
            if taken is None or made is None or not made.at < taken.at:
                continue
            detail = say(
                "{detail} {file} was made after the report, by {taken}: what somebody changed "
                "between {made} and then may look like this.",
                detail=finding.detail,
                file=item.source.member,
                taken=Minute(Moment.exact(taken.latest, taken.dated_by)),
                made=made,
            )
            sure = finding.confidence is Confidence.CERTAIN
            confidence = Confidence.LIKELY if sure else finding.confidence
            return replace(finding, detail=detail, confidence=confidence)
    return finding


def _guarded_outcome(text: RuleText, ask: Callable[[], Outcome]) -> Outcome:
    try:
        return ask()
    except Exception:
        logger.debug("rule %s failed", text.id, exc_info=True)
        return failed(text, traceback.format_exc(limit=-3))


def _examine_check(
    text: RuleText,
    case: Case,
    sources: Sources,
    told_elsewhere: Callable[[Source], bool] = lambda _line: False,
) -> Outcome:
    seen = examined_once(case, text)
    return conclude(
        text,
        tuple(each for each in seen.findings if not told_elsewhere(each.evidence[0].source)),
        case,
        sources,
        gaps=seen.gaps,
        not_applicable=seen.not_applicable,
        beside=seen.beside,
    )
