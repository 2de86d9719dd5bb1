"""report.html: one file that needs no network and no script.

Every value passes `visible` and then autoescape. The stylesheet is the only text that is not
escaped: it is ours, and the page's policy allows it by its hash and nothing else.
"""

import base64
import hashlib
import marshal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from pathlib import Path

from jinja2 import BytecodeCache, Environment, FunctionLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from analyzer.model.finding import Finding, Outcome, Verdict
from analyzer.model.report import LedgerEntry, Report
from analyzer.model.source import Source
from analyzer.render.html import timeline
from analyzer.render.html.disk_pages import disk_context
from analyzer.render.html.evidence import QuotedMember, quoted_members
from analyzer.render.html.nbd_pages import nbd_context
from analyzer.render.html.time_axis import LEFT, RIGHT, WIDTH
from analyzer.render.html.time_pages import time_context
from analyzer.render.words.answer import Answer, answer_of, bundle_names, doubt_words
from analyzer.render.words.chain_text import size_words
from analyzer.render.words.error_lines import TITLE, error_facts, error_notes, explained_words
from analyzer.render.words.given_lines import made_by
from analyzer.render.words.order import ordered
from analyzer.render.words.plan_lines import TITLE as TO_DO
from analyzer.render.words.plan_lines import plan_lines, plan_title, state_line
from analyzer.render.words.summary import (
    UNTOLD,
    broken,
    findings,
    of_verdict,
    unread,
    window,
)
from analyzer.render.words.troubled import step_words
from analyzer.render.words.view import anchor, counted, cut, iso, span, stamp, visible
from analyzer.resources import folder
from analyzer.story.together import pool_name
from analyzer.user_cache import keep, key_of, recall

LIMITS: Mapping[str, int] = {
    "cards_shown": 200,
    "open_cards": 3,
    "shown_objects": 8,
    "few_objects": 3,
    "shown_steps": 3,
    "most_causes": 50,
    "open_steps": 6,
    "shown_doubts": 9,
    "shown_evidence": 8,
    "rows": 1000,
    "most_errors": 200,
    "most_plans": 200,
    "life_rows": 60,
    "short": 2000,
    "long": 100_000,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A finding and what the page says around it."""

    finding: Finding
    explained_by: tuple[str, ...]
    explains: tuple[str, ...]
    context: tuple[Source, ...]
    elsewhere: str
    settle_with: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What the page says of a pool by itself; ``name`` is "" where there is one pool only."""

    name: str
    report: Report
    answer: Answer
    untold: tuple[Outcome, ...]
    unread: tuple[LedgerEntry, ...]
    ruled_out: tuple[Outcome, ...]
    not_applicable: tuple[Outcome, ...]


def render_html(report: Report) -> str:
    """Return the report as one self-contained page."""
    return page("report.html.j2", **_context(ordered(report)))


def page(template: str, **context: object) -> str:
    """Return a page in our style; every value of `context` is escaped."""
    stylesheet = (folder("reports") / "assets" / "report.css").read_text("utf-8")
    text = (
        _environment()
        .get_template(template)
        .render(
            stylesheet=Markup(stylesheet),  # noqa: S704  # our own file, nothing of a bundle in it
            policy=_policy(stylesheet),
            **context,
        )
    )
    return text + "\n"


class _CompiledTemplates(BytecodeCache):
    """Compiling the templates takes half of a short run: their code is kept for the next one."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket from the cache, where that holds the code of this very template."""
        if code := recall(*_place(bucket)):
            bucket.code = marshal.loads(code)  # noqa: S302 - as we kept it: see user_cache

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        keep(*_place(bucket), marshal.dumps(bucket.code))


def _place(bucket: Bucket) -> tuple[str, bytes]:
    return f"template-{bucket.key}", key_of((bucket.checksum.encode(), *_compiler()))


@cache
def _compiler() -> tuple[bytes, ...]:
    """Return all that the code of a template depends on beside its text."""
    settings = Path(__file__).read_bytes()
    return sys.version.encode(), (files("jinja2") / "compiler.py").read_bytes(), settings


@cache  # making the code of the templates takes longer than filling them
def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(_template),
        bytecode_cache=_CompiledTemplates(),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        optimized=False,  # looking for constants takes longer than it saves, for one page
    )


def _template(name: str) -> str:
    return (folder("reports") / "templates" / name).read_text("utf-8")


def _shown(value: object) -> object:
    """Make a value visible, unless a macro has already done so and escaped it."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value, lines=True)
    return value


def _policy(stylesheet: str) -> str:
    digest = base64.b64encode(hashlib.sha256(stylesheet.encode()).digest()).decode()
    parts = (
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return "; ".join(parts)


def _context(report: Report) -> dict[str, object]:
    every = _cards(report)
    cards = every[: LIMITS["cards_shown"]]
    members = quoted_members(report, frozenset(card.finding.id for card in cards))
    return {
        **LIMITS,
        **_words(report, members),
        **_timeline(report),
        **disk_context(report),
        **nbd_context(report),
        **time_context(report),
        "report": report,
        "answer": answer_of(report),
        "parts": _parts(report),
        "bundle_names": bundle_names(report),
        "doubt_words": doubt_words,
        "step_words": step_words,
        "plan_ids": {plan.id for plan in report.plans[: LIMITS["most_plans"]]},
        "causes": broken(report),
        "to_do": TO_DO,
        "plan_title": plan_title,
        "plan_lines": plan_lines,
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
        "host_of": {host.bundle: host.name for host in report.hosts},
    }


def _parts(report: Report) -> tuple[Part, ...]:
    if not report.parts:
        return (_part(report, ""),)
    return tuple(_part(each, pool_name(each)) for each in report.parts)


def _part(report: Report, name: str) -> Part:
    report = ordered(report)
    return Part(
        name=name,
        report=report,
        answer=answer_of(report),
        untold=of_verdict(report, *UNTOLD),
        unread=unread(report),
        ruled_out=of_verdict(report, Verdict.RULED_OUT),
        not_applicable=of_verdict(report, Verdict.NOT_APPLICABLE),
    )


def _words(report: Report, members: tuple[QuotedMember, ...]) -> dict[str, object]:
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
        "size_words": size_words,
        "span": span,
        "stamp": stamp,
        "zone": _zone,
        "quoted": {quote.source for member in members for quote in member.quotes},
    }


def _timeline(report: Report) -> dict[str, object]:
    return {
        "drawings": timeline.drawings(report),
        "undated": timeline.undated(report),
        "width": WIDTH,
        "left": LEFT,
        "right": RIGHT,
    }


def _zone(minutes: int | None) -> str:
    if minutes is None:
        return "unknown"
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def _cards(report: Report) -> tuple[Card, ...]:
    found = findings(report)
    explains: dict[str, list[str]] = {}
    for finding in found:
        for cause in finding.explained_by:
            explains.setdefault(cause, []).append(finding.id)
    context = {name: cause.context for cause in report.causes for name in cause.findings}
    partly = {o.rule: (o.reason, o.settle_with) for o in report.outcomes if o.settle_with}
    return tuple(
        Card(
            finding=finding,
            explained_by=finding.explained_by,
            explains=tuple(explains.get(finding.id, ())),
            context=tuple(context.get(finding.id, ())),
            elsewhere=partly.get(finding.rule, ("", ()))[0],
            settle_with=partly.get(finding.rule, ("", ()))[1],
        )
        for finding in found
    )
