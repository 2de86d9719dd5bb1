"""The answer: who lost what, since when, why, what is so now, and what to do first.

The terminal, the ticket, the reply and the first screen of the page say the same facts.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from analyzer.model.disk import DiskView, LifeKind
from analyzer.model.finding import Severity
from analyzer.model.goal import Standing
from analyzer.model.incident import IncidentKind
from analyzer.model.report import Report
from analyzer.model.sentence import say
from analyzer.render.words.answer_facts import Fact, facts_of, is_minor
from analyzer.render.words.order import ordered
from analyzer.render.words.question_lines import question_lines, question_title
from analyzer.render.words.short_time import in_brief, window_words, year_at_the_top
from analyzer.render.words.summary import (
    CannotTell,
    CauseView,
    Tone,
    broken,
    doubts,
    headline,
    not_used,
    pools_line,
    unread,
    window,
)
from analyzer.render.words.troubled import (
    NAME,
    SENTENCE,
    STANDS,
    Troubled,
    object_words,
    troubled_objects,
)
from analyzer.render.words.view import counted, cut, short_ids
from analyzer.story.asks import asks_of
from analyzer.values import dataclass

_SOURCES = 6
_SOURCE = re.compile(r"(?:(?<=^)|(?<=; ))([a-z_]+(?:, [a-z_]+)*)(?= of )")
# What is true of a host or a pool, whatever is asked of it.
_ABSENT = re.compile(
    r"^[a-z_, ]+ of (?=[^:]+: (?:no status report of |the pool's hosts are unknown|the copy of the "
    r"database is not whole))"
)
_CALLED = {"smlog": "SMlog", "sr_listing": "the SR's files", "xapi_db": "the database"}
_TROUBLES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAnswer:
    """All that the first screen says, which the ticket, the reply and the page say too.

    ``headline`` counts what was found, ``word`` and ``text`` say it, ``now`` tells how many
    troubles go on, or are over. ``given`` names the files, ``read`` the time they cover; ``asked``
    is what was asked (first) and what answers it. ``troubles`` are all that broke, at most fifty,
    ``minor`` the titles of those that cost nothing. ``ask`` tells of `cbtriage ask`, "" where it
    has nothing to ask for.
    """

    headline: str
    tone: Tone
    word: str
    text: str
    now: str
    given: str
    read: str
    looked: str
    asked: tuple[str, ...]
    facts: tuple[Fact, ...]
    objects: tuple[Troubled, ...]
    troubles: tuple[CauseView, ...]
    minor: tuple[str, ...]
    doubts: tuple[CannotTell, ...]
    ask: str
    pools: str = ""

    @property
    def verdict(self) -> str:
        """Return what stands last on the terminal; of several pools, the verdict of each."""
        now = f" Now: {self.now}." if self.now else ""
        return self.pools or f"{self.word}: {self.text}{now}"

    def tells(self, each: Troubled) -> bool:
        """Tell whether the lines above the objects say what befell one of them."""
        told = (self.text, *(fact.text for fact in self.facts))
        return any(text.startswith(each.trouble) for text in told)


def answer_of(report: Report) -> ReportAnswer:
    """Return the answer of a report."""
    with year_at_the_top(window(report)):
        return _answer_of_time(report)


def _answer_of_time(report: Report) -> ReportAnswer:
    report = ordered(report)
    head = headline(report)
    views = broken(report)
    objects = tuple(troubled_objects(report))
    text = _what_happened(report, views) if views else head.text
    covered = window(report)
    question = [question_title(report.question)] if report.question else []
    commands = len(asks_of(report).asks)
    many = counted(commands, "command")
    hint_at_ask = (
        f"cbtriage ask writes a script that collects what is missing: {many}" if commands else ""
    )
    return ReportAnswer(
        headline=str(head),
        tone=head.tone,
        word=head.word,
        text=text,
        now=_now_in_words(objects),
        given=bundle_names(report),
        read=window_words(*covered) if covered else "no time could be dated",
        looked=_looked_at(report),
        asked=(*question, *question_lines(report)),
        facts=tuple(facts_of(report, views)),
        objects=objects,
        troubles=views[:_TROUBLES],
        minor=tuple(_title_of_view(view) for view in views if is_minor(view)),
        doubts=tuple(_all_doubts(report)),
        ask=hint_at_ask,
        pools=pools_line(report) if report.parts else "",
    )


# What happened, in one sentence


def _what_happened(report: Report, views: Sequence[CauseView]) -> str:
    """Return the headline: VMs that lost tracking, or else what the worst trouble is."""
    top = views[0]
    # The disks of which a trouble says that an error turned CBT off.
    if top.severity is Severity.CRITICAL:
        lost: list[DiskView] = []
    else:
        ids = {finding.id for finding in top.findings}
        lost = [
            disk
            for disk in report.disks
            if disk.vdi
            and any(event.kind is LifeKind.LOST for event in disk.life)
            and ids & set(disk.findings)
        ]
    text = _lost_words(report, lost) + _after_which(report, top) if lost else _title_of_view(top)
    more = sum(not is_minor(view) for view in views[1:])
    text = text.rstrip(".")
    if top.state is Standing.OVER:
        text = f"{text}; all of it is over"
    return f"{text}; {counted(more, 'more trouble')}." if more else f"{text}."


def _lost_words(report: Report, lost: Sequence[DiskView]) -> str:
    vms = {vm.uuid: vm for disk in lost for vm in disk.vms}
    if not vms or any(not disk.vms for disk in lost):
        return f"{counted(len(lost), 'disk')} lost change tracking"
    of_them = sum(any(vm.uuid in vms for vm in disk.vms) for disk in report.disks)
    names = [cut(vm.called, NAME) for vm in vms.values()]
    who = f"VM {names[0]}" if len(names) == 1 else counted(len(names), "VM")
    return f"{who} lost change tracking on {len(lost)} of {counted(of_them, 'disk')}"


_WENT_DOWN: Mapping[IncidentKind, str] = {
    IncidentKind.HOST_CRASHED: "when host {host} went down hard",
    IncidentKind.HOST_FENCED: "when host {host} was fenced",
    IncidentKind.SR_OUTAGE: "when storage did not answer",
    IncidentKind.SR_FULL: "when storage was full",
    IncidentKind.TAPDISK_CRASHED: "when tapdisk crashed",
}


def _after_which(report: Report, view: CauseView) -> str:
    """Return the clause of the incident at the root of a trouble, or the reason of its title."""
    named = {step.incident for step in view.chain if step.incident}
    for incident in report.incidents:
        if incident.id in named and incident.kind in _WENT_DOWN:
            return " " + _WENT_DOWN[incident.kind].format(host=cut(incident.host, NAME))
    reasons = (finding.title.partition(" because ")[2] for finding in view.findings)
    reason = next((reason for reason in reasons if reason), "")
    return f" because {reason}" if reason else ""


def _title_of_view(view: CauseView) -> str:
    """Return the title of the worst finding of a trouble, and of what objects it is."""
    if not view.findings:
        return cut(in_brief(view.title), SENTENCE)
    # The worst that goes on; of several the last in the chain, which is what it led to.
    place = {step.finding: number for number, step in enumerate(view.chain)}
    worst = min(
        view.findings,
        key=lambda found: (found.state.rank, found.severity.rank, -place.get(found.id, -1)),
    )
    title = cut(in_brief(worst.title), SENTENCE)
    alike = [finding for finding in view.findings if finding.title == worst.title]
    subject = worst.subjects[0] if worst.subjects else None
    if subject is None or subject.called in worst.title:
        return title
    if len(alike) > 1:
        return f"{title} ({counted(len(alike), subject.kind)})"
    return say("{title} ({it})", title=title, it=object_words(subject, cut(subject.called, NAME)))


def _now_in_words(objects: Sequence[Troubled]) -> str:
    """Return for how many objects the trouble goes on, may go on, or is over."""
    counts = Counter(each.standing for each in objects)
    kinds = {each.subject.kind for each in objects}
    kind = kinds.pop() if len(kinds) == 1 else "object"
    return ", ".join(
        f"{word} for {counted(counts[state], kind)}"
        for state, word in STANDS.items()
        if counts[state]
    )


# What was looked at, and what cannot be told


def _looked_at(report: Report) -> str:
    """Return what was read and judged: what a reader of "nothing found" must know."""
    lines = sum(row.lines for row in report.coverage)
    parts = [
        counted(len(report.hosts), "host"),
        counted(len(report.disks), "disk with CBT", "disks with CBT"),
        counted(len(report.runs), "backup run"),
        f"{counted(lines, 'line')} of {counted(len(report.coverage), 'file')}",
    ]
    return ", ".join(parts)


def bundle_names(report: Report) -> str:
    """Return the names of the files that were given, not of what lies inside them."""
    names = list(dict.fromkeys(bundle.name.partition(":")[0] for bundle in report.bundles))
    shown = ", ".join(cut(name, NAME) for name in names[:2]) or "no bundle"
    return f"{shown} and {len(names) - 2} more" if len(names) > 2 else shown  # noqa: PLR2004 - shown


def _all_doubts(report: Report) -> Iterator[CannotTell]:
    """Yield what cannot be told: of each doubt what none before it said, and what settles that."""
    told: set[str] = set()
    settled: set[str] = set()
    every: list[str] = []
    for view in (*_cut_bundles(report), *doubts(report)):
        parts = view.reason.split("; ")
        new = [said for part in parts if (said := _ABSENT.sub("", part)) not in told]
        told.update(new)
        every += parts
        if new == parts:
            yield view
        elif new:
            settle = tuple(each for each in view.settle_with if each not in settled)
            yield replace(view, reason="; ".join(new), settle_with=settle or view.settle_with)
        settled.update(view.settle_with)
    yield from _unread_doubts(report, every)
    yield from _not_used(report)


def _cut_bundles(report: Report) -> list[CannotTell]:
    return [
        _doubt_of_reason(
            f"{cut(bundle.name, NAME)} was not read whole: {bundle.note or 'no reason is known'}"
        )
        for bundle in report.bundles
        if not bundle.complete
    ]


def _unread_doubts(report: Report, told: Iterable[str]) -> list[CannotTell]:
    """Return that sources were not read whole, if no doubt before this one names them."""
    named = {reason.partition(" of ")[0] for reason in told}
    entries = [entry for entry in unread(report) if entry.source not in named]
    if not entries:
        return []
    names = list(dict.fromkeys(_called_source(entry.source) for entry in entries))
    shown = ", ".join(names[:_SOURCES])
    if len(names) > _SOURCES:
        shown += f" and {len(names) - _SOURCES} more"
    settle = next((entry.settle_with for entry in entries if entry.settle_with), "")
    return [_doubt_of_reason(f"not read whole: {shown}", settle)]


def _not_used(report: Report) -> list[CannotTell]:
    """Return that files lay beside the reports of which nothing could be made."""
    entries = not_used(report)
    if not entries:
        return []
    more = f", and {len(entries) - 1} more files" if len(entries) > 1 else ""
    why = cut(f"{entries[0].bundle}: {entries[0].why}", SENTENCE)
    return [_doubt_of_reason(f"given, and not used: {why}{more}", entries[0].settle_with)]


def _doubt_of_reason(reason: str, settle_with: str = "") -> CannotTell:
    settle = (settle_with,) if settle_with else ()
    return CannotTell(about="", reason=reason, rules=(), settle_with=settle, failed=False)


def _called_source(name: str) -> str:
    return _CALLED.get(name, name.replace("_log", ".log"))


def _called_sources(names: str) -> str:
    return " and ".join(map(_called_source, names.split(", ")))


def doubt_words(doubt: CannotTell) -> str:
    """Return why something cannot be told, in a sentence or two."""
    about = f"{doubt.about} not checked: " if doubt.about else ""
    if doubt.failed:
        about = f"{', '.join(doubt.rules)} failed: "
    # A text that is too long up to the end of a part of it, or of a word.
    reason = _SOURCE.sub(lambda found: _called_sources(found[1]), short_ids(doubt.reason))
    if len(reason) > SENTENCE:
        begun = reason[:SENTENCE]
        ends = [begun.rfind(mark) for mark in ("; ", ". ", ": ", " ")]
        reason = f"{begun[: next((end for end in ends if end > SENTENCE // 2), SENTENCE)]} …"
    return about + reason
