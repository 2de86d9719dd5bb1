"""report.html: one file that needs no network, and says all without its scripts.

What the scripts read of a bundle is JSON in an element that nobody runs, and they only make text
of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from analyzer.model.finding import Finding, Outcome, Verdict
from analyzer.model.goal import Standing
from analyzer.model.plan import Plan
from analyzer.model.report import CauseLink, LedgerEntry, Report
from analyzer.model.sentence import without_stop, without_time
from analyzer.model.source import Source
from analyzer.render.answer_notes import render_ticket
from analyzer.render.html import timeline
from analyzer.render.html.disk_pages import disk_context
from analyzer.render.html.evidence import (
    NEAR,
    Excerpts,
    QuotedMember,
    around_words,
    excerpt_text,
    quoted_members,
)
from analyzer.render.html.explorer import page_data
from analyzer.render.html.nbd_pages import nbd_context
from analyzer.render.html.object_pages import object_context
from analyzer.render.html.page import page
from analyzer.render.html.strip import strip_of
from analyzer.render.html.time_axis import LEFT, RIGHT, WIDTH
from analyzer.render.html.time_pages import time_context
from analyzer.render.html.told import time_of
from analyzer.render.words.answer import ReportAnswer, answer_of, doubt_words
from analyzer.render.words.chain_text import size_words
from analyzer.render.words.error_lines import TITLE, error_facts, error_notes, explained_words
from analyzer.render.words.given_lines import made_by
from analyzer.render.words.order import ordered
from analyzer.render.words.plan_lines import TITLE as TO_DO
from analyzer.render.words.plan_lines import plan_facts, plan_nothing, state_line
from analyzer.render.words.question_lines import question_lines, question_title
from analyzer.render.words.short_time import (
    in_brief,
    short_span,
    short_time,
    short_times,
    with_short_times,
    year_at_the_top,
)
from analyzer.render.words.summary import (
    Tone,
    broken,
    findings,
    left_unchecked,
    of_verdict,
    open_questions,
    unread,
    window,
)
from analyzer.render.words.troubled import (
    FEW_OBJECTS,
    alike_together,
    first_for_each,
    step_in_brief,
    step_words,
)
from analyzer.render.words.unchecked import UNTOLD, area_of
from analyzer.render.words.view import (
    anchor,
    counted,
    cut,
    iso,
    short_place,
    span,
    stamp,
    time_key,
)
from analyzer.story.together import pool_name
from analyzer.values import dataclass

LIMITS: Mapping[str, int] = {
    "cards_shown": 200,
    "open_cards": 3,
    "shown_objects": 8,
    "few_objects": FEW_OBJECTS,
    "shown_steps": 3,
    "most_causes": 50,
    "open_steps": 6,
    "shown_doubts": 9,
    "shown_evidence": 8,
    "rows": 1000,
    "pools_judged": 40,
    "points": 150_000,
    "most_quotes": 2000,
    "most_errors": 200,
    "few_errors": 5,
    "most_plans": 200,
    "life_rows": 40,
    "chain_rows": 400,
    "short": 2000,
    "long": 100_000,
}
LARGEST = 5_000_000  # bytes of a page; what is over it shows less of each list
_SHARES = (1, 2, 4, 8, 16, 32)
_MANY = 40  # entries: shorter lists stay as they are
SCRIPTS = ("page", "find", "zone", "explorer")
_NOW: Mapping[Standing, str] = MappingProxyType(
    {Standing.NOW: "still so", Standing.UNKNOWN: "not known", Standing.OVER: "over"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A finding and what the page says around it.

    ``lasting`` is an anchor that a later report of the same trouble has too, "" where another
    finding has it already. ``now``, ``kind`` (the first word of its rule), ``hosts`` and
    ``objects`` are what the page can be narrowed to.
    """

    finding: Finding
    explained_by: tuple[str, ...]
    explains: tuple[str, ...]
    context: tuple[Source, ...]
    lasting: str
    now: str
    kind: str
    hosts: tuple[str, ...]
    objects: tuple[str, ...]
    elsewhere: str
    settle_with: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What the page says of a pool by itself; ``name`` is "" where there is one pool only."""

    name: str
    report: Report
    answer: ReportAnswer
    untold: tuple[Outcome, ...]
    unchecked: str
    unread: tuple[LedgerEntry, ...]
    ruled_out: tuple[Outcome, ...]
    not_applicable: tuple[Outcome, ...]
    open_questions: str


def render_html(report: Report, lacking: Sequence[str] = ()) -> str:
    """Return the report as one self-contained page.

    ``lacking`` says what it does not have because it is drawn of a report.json alone.
    """
    report, text = ordered(report), ""
    packed = sum(len(part.packed) for part in report.packed)
    for share in _SHARES:
        limits = {name: n if n < _MANY else max(n // share, 1) for name, n in LIMITS.items()}
        text = _page_of(report, limits, lacking, share)
        if packed and LARGEST < len(text.encode()) <= LARGEST + packed:
            text = _page_of(replace(report, packed=()), limits, lacking, share)
        if len(text.encode()) <= LARGEST:
            break
        report = replace(report, packed=())
        packed = 0
    return text


def _page_of(report: Report, limits: Mapping[str, int], lacking: Sequence[str], share: int) -> str:
    with year_at_the_top(window(report)):
        context = _context_of_page(report, limits)
        return page("report.html.j2", SCRIPTS, **context, lacking=lacking, share=share)


def anchors_of(report: Report) -> dict[Source, str]:
    """Return the anchors of the lines that the page quotes."""
    report = ordered(report)
    bundles = tuple(bundle.name for bundle in report.bundles)
    cards = _cards_of_findings(report)[: LIMITS["cards_shown"]]
    members = _members_quoted(report, cards, LIMITS["most_quotes"])
    return {source: anchor(source, bundles) for source in _sources_quoted(members)}


def _members_quoted(report: Report, cards: Sequence[Card], most: int) -> tuple[QuotedMember, ...]:
    return quoted_members(report, frozenset(card.finding.id for card in cards), most)


def _sources_quoted(members: Sequence[QuotedMember]) -> set[Source]:
    return {quote.source for member in members for quote in member.quotes}


def _context_of_page(report: Report, limits: Mapping[str, int]) -> dict[str, object]:
    every, answer = _cards_of_findings(report), answer_of(report)
    plans = _plans_by_objects(report.plans, answer)
    cards = every[: limits["cards_shown"]]
    members = _members_quoted(report, cards, limits["most_quotes"])
    disks, times = disk_context(report), time_context(report)
    anchors = {**disks["disk_anchors"], **times["incident_anchors"], **times["run_anchors"]}
    return {
        **limits,
        **_words_of_members(report, members),
        **_timeline_context(report),
        **disks,
        **nbd_context(report),
        **object_context(report),
        **times,
        "report": report,
        "answer": answer,
        "question": question_title(report.question) if report.question else "",
        "answered": tuple(question_lines(report)),
        "parts": _parts_of_pools(report),
        "data": page_data(report, render_ticket(report), limits["points"], anchors),
        "lights": _lights_of_ids,
        "doubt_words": doubt_words,
        "object_names": {each.subject.uuid: each.name for each in answer.objects},
        "step_in_brief": step_in_brief,
        "step_words": step_words,
        "alike_together": alike_together,
        "first_for_each": first_for_each,
        "short_place": short_place,
        "plans": plans,
        "made": _made_in_words(report),
        "plan_ids": {plan.id for plan in plans[: limits["most_plans"]]},
        "causes": broken(report),
        "to_do": TO_DO,
        "plan_facts": plan_facts,
        "plan_nothing": plan_nothing,
        "state_line": state_line,
        "cards": cards,
        "cards_left": len(every) - len(cards),
        "titles": {card.finding.id: card.finding.title for card in cards},
        "number_of": {card.finding.id: n for n, card in enumerate(cards, 1)},
        "untold": len(of_verdict(report, *UNTOLD)),
        "ruled_out": of_verdict(report, Verdict.RULED_OUT),
        "not_applicable": of_verdict(report, Verdict.NOT_APPLICABLE),
        "unread": unread(report),
        "given_by": made_by,
        "members": members,
        "window": window(report),
        "products": tuple(dict.fromkeys(host.product for host in report.hosts if host.product)),
        "clock_facts": _clock_facts(report),
        "host_by_bundle": {host.bundle: host for host in report.hosts},
    }


def _plans_by_objects(plans: Sequence[Plan], answer: ReportAnswer) -> list[Plan]:
    """Return the plans in the order of the objects on the first screen."""
    places = {each.plan.id: place for place, each in enumerate(answer.objects) if each.plan}
    return sorted(plans, key=lambda plan: places.get(plan.id, len(places)))


def _made_in_words(report: Report) -> str:
    """Return when the bundles were made, which is what "now" means; "" where it is not known."""
    made = [bundle.captured_at for bundle in report.bundles if bundle.captured_at]
    known = sorted((each for each in made if each.year_known), key=time_key)
    return short_span(known[0], known[-1]) if known else ""


def _lights_of_ids(*groups: Iterable[str | None]) -> str:
    """Return what an element of the page lights in the pictures of time."""
    return " ".join(dict.fromkeys(each for group in groups for each in group if each))


def _parts_of_pools(report: Report) -> tuple[Part, ...]:
    if not report.parts:
        return (_part_of_pool(report, ""),)
    parts = (_part_of_pool(each, pool_name(each)) for each in report.parts)
    return tuple(sorted(parts, key=lambda part: list(Tone).index(part.answer.tone)))


def _part_of_pool(report: Report, name: str) -> Part:
    report = ordered(report)
    return Part(
        name=name,
        report=report,
        answer=answer_of(report),
        untold=of_verdict(report, *UNTOLD),
        unchecked=left_unchecked(report),
        unread=unread(report),
        ruled_out=of_verdict(report, Verdict.RULED_OUT),
        not_applicable=of_verdict(report, Verdict.NOT_APPLICABLE),
        open_questions=open_questions(report),
    )


def _words_of_members(report: Report, members: tuple[QuotedMember, ...]) -> dict[str, object]:
    bundles = tuple(bundle.name for bundle in report.bundles)
    return {
        "anchor": partial(anchor, bundles=bundles),
        "counted": counted,
        "cut": cut,
        "iso": iso,
        "errors_title": TITLE,
        "error_facts": error_facts,
        "error_notes": error_notes,
        "explained_words": explained_words(report),
        "short_span": short_span,
        "short_time": short_time,
        "steps_with_times": _steps_with_times,
        "with_short_times": with_short_times,
        "without_time": without_time,
        "without_stop": without_stop,
        "in_brief": in_brief,
        "size_words": size_words,
        "span": span,
        "stamp": stamp,
        "time_of": time_of,
        "zone": _zone_in_words,
        "excerpts": Excerpts(report),
        "excerpt_text": excerpt_text,
        "line_of": {quote.source: quote.texts[0] for each in members for quote in each.quotes},
        "around_words": around_words(report, members),
        "near_lines": NEAR,
        "quoted": _sources_quoted(members),
    }


def _steps_with_times(chain: Sequence[CauseLink]) -> list[tuple[CauseLink, str]]:
    return list(zip(chain, short_times([step.at for step in chain]), strict=True))


def _timeline_context(report: Report) -> dict[str, object]:
    return {
        "strip_of": strip_of,
        "drawings": timeline.drawings(report),
        "undated": timeline.undated(report),
        "width": WIDTH,
        "left": LEFT,
        "right": RIGHT,
    }


def _zone_in_words(minutes: int | None) -> str:
    if minutes is None:
        return "unknown"
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def _cards_of_findings(report: Report) -> tuple[Card, ...]:
    found = findings(report)
    explains: dict[str, list[str]] = {}
    for finding in found:
        for cause in finding.explained_by:
            explains.setdefault(cause, []).append(finding.id)
    context = {name: cause.context for cause in report.causes for name in cause.findings}
    hosts = {host.bundle: host.name for host in report.hosts}
    # Return fingerprint → the first finding that has it.
    lasting = {
        name: f"F-{mark}"
        for mark, name in {finding.fingerprint: finding.id for finding in reversed(found)}.items()
        if mark
    }
    partly = {o.rule: (o.reason, o.settle_with) for o in report.outcomes if o.settle_with}
    return tuple(
        Card(
            finding=finding,
            explained_by=finding.explained_by,
            explains=tuple(explains.get(finding.id, ())),
            context=tuple(context.get(finding.id, ())),
            lasting=lasting.get(finding.id, ""),
            now=_NOW[finding.state],
            kind=area_of(finding.rule),
            hosts=tuple(dict.fromkeys(hosts.get(e.source.bundle, "") for e in finding.evidence)),
            objects=tuple(dict.fromkeys(subject.called for subject in finding.subjects)),
            elsewhere=partly.get(finding.rule, ("", ()))[0],
            settle_with=partly.get(finding.rule, ("", ()))[1],
        )
        for finding in found
    )


def _clock_facts(report: Report) -> str:
    unsure = sum(bool(each.contradictions) or not each.zone_known for each in report.clocks)
    hosts = counted(len(report.clocks), "host")
    return f"{hosts}, {unsure} in doubt" if unsure else hosts
