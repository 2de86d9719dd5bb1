"""The answer: who lost what, since when, why, what is so now, and what to do first.

The terminal, the ticket, the reply and the first screen of the page say the same facts.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analyzer.model.disk import DiskView, LifeKind
from analyzer.model.finding import Evidence, EvidenceRole, Finding, Severity
from analyzer.model.goal import Goal, Standing, StepKind
from analyzer.model.incident import IncidentKind
from analyzer.model.report import Report
from analyzer.model.run import BackupRun
from analyzer.model.source import Source
from analyzer.render.words.given_lines import settled_short
from analyzer.render.words.order import ordered
from analyzer.render.words.run_words import verdicts_short
from analyzer.render.words.short_time import short_time
from analyzer.render.words.summary import (
    CauseView,
    Doubt,
    Tone,
    broken,
    doubts,
    findings,
    headline,
    not_used,
    unread,
)
from analyzer.render.words.troubled import (
    NAME,
    SENTENCE,
    Troubled,
    kind_word,
    troubled_objects,
)
from analyzer.render.words.view import counted, cut, time_key

_SOURCES = 6
_STALE_POINTER = "cbt-stale-child-pointer"
_UUID = re.compile(r"\b([0-9a-f]{8})(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A line of the answer: what it is, how sure, and the line of the bundle that shows it.

    ``about`` is the id of the finding or the incident that tells of it.
    """

    label: str
    text: str
    sure: str = ""
    source: Source | None = None
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """All that the first screen says. ``now`` tells how many troubles go on, or are over."""

    tone: Tone
    word: str
    text: str
    now: str
    facts: tuple[Fact, ...]
    objects: tuple[Troubled, ...]
    doubts: tuple[Doubt, ...]
    minor: tuple[str, ...]
    looked: str


def short_ids(text: str) -> str:
    """Return a text with the first eight digits of each uuid.

    >>> short_ids("disk f03dc4c2-98ce-47de-af1b-5c9aa26fe068")
    'disk f03dc4c2'
    """
    return _UUID.sub(r"\1", text)


def answer_of(report: Report) -> Answer:
    """Return the answer of a report."""
    report = ordered(report)
    head = headline(report)
    views = broken(report)
    objects = tuple(troubled_objects(report))
    text = _what(report, views) if views else head.text
    return Answer(
        tone=head.tone,
        word=head.word,
        text=text,
        now=_now(objects),
        facts=tuple(_facts(report, views)),
        objects=objects,
        doubts=(*_cut_bundles(report), *doubts(report), *_unread(report), *_not_used(report)),
        minor=tuple(_title(view) for view in views if _is_minor(view)),
        looked=_looked(report),
    )


def _is_minor(view: CauseView) -> bool:
    return view.severity is Severity.INFO


# What happened, in one sentence


def _what(report: Report, views: Sequence[CauseView]) -> str:
    """Return the headline: VMs that lost tracking, or else what the worst trouble is."""
    top = views[0]
    lost = [] if top.severity is Severity.CRITICAL else _lost_disks(report, top)
    text = _lost_words(report, lost) + _after(report, top) if lost else _title(top)
    more = sum(not _is_minor(view) for view in views[1:])
    text = text.rstrip(".")
    if top.state is Standing.OVER:
        text = f"{text}; all of it is over"
    return f"{text}; {counted(more, 'more trouble')}." if more else f"{text}."


def _lost_disks(report: Report, view: CauseView) -> list[DiskView]:
    """Return the disks of which a trouble says that an error turned CBT off."""
    told = {finding.id for finding in view.findings}
    return [
        disk
        for disk in report.disks
        if disk.vdi
        and any(event.kind is LifeKind.LOST for event in disk.life)
        and told & set(disk.findings)
    ]


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


def _after(report: Report, view: CauseView) -> str:
    """Return the clause of the incident at the root of a trouble, or the reason of its title."""
    named = {step.incident for step in view.chain if step.incident}
    for incident in report.incidents:
        if incident.id in named and incident.kind in _WENT_DOWN:
            return " " + _WENT_DOWN[incident.kind].format(host=cut(incident.host, NAME))
    reasons = (finding.title.partition(" because ")[2] for finding in view.findings)
    reason = next((reason for reason in reasons if reason), "")
    return f" because {reason}" if reason else ""


def _title(view: CauseView) -> str:
    """Return the title of the worst finding of a trouble, and of what objects it is."""
    if not view.findings:
        return short_ids(cut(view.title, SENTENCE))
    worst = _worst(view)
    title = short_ids(cut(worst.title, SENTENCE))
    alike = [finding for finding in view.findings if finding.title == worst.title]
    subject = worst.subjects[0] if worst.subjects else None
    if subject is None or subject.called in worst.title:
        return title
    if len(alike) > 1:
        return f"{title} ({counted(len(alike), kind_word(subject))})"
    return f"{title} ({kind_word(subject)} {cut(subject.called, NAME)})"


def _worst(view: CauseView) -> Finding:
    """Return the worst that goes on; of several the last in the chain, which is what it led to."""
    place = {step.finding: number for number, step in enumerate(view.chain)}
    return min(
        view.findings,
        key=lambda found: (found.state.rank, found.severity.rank, -place.get(found.id, -1)),
    )


def _now(objects: Sequence[Troubled]) -> str:
    """Return for how many objects the trouble goes on, may go on, or is over."""
    counts = Counter(each.standing for each in objects)
    words = {
        Standing.NOW: "still so",
        Standing.UNKNOWN: "not known",
        Standing.OVER: "over",
    }
    kind = "disk" if all(each.subject.type == "VDI" for each in objects) else "object"
    told = [
        f"{word} for {counted(counts[state], kind)}"
        for state, word in words.items()
        if counts[state]
    ]
    return ", ".join(told)


# Cause, failure, impact, danger


def _facts(report: Report, views: Sequence[CauseView]) -> list[Fact]:
    short = settled_short(report)
    settled = [Fact(label="Settled", text=cut(short, SENTENCE))] if short else []
    if not views or _is_minor(views[0]):
        return settled
    top = views[0]
    found = [_cause(top), _failure(top), _impact(report, top), _danger(report), _next(top)]
    return [*(fact for fact in found if fact), *settled]


def _cause(view: CauseView) -> Fact | None:
    if not view.findings:
        return Fact(label="Cause", text="no rule explains it", sure="not known")
    failed = _failed(view)
    if not view.chain or view.chain[0].finding == failed.id:
        return None  # the title of the failure says all that is known
    root = view.chain[0]
    return Fact(
        label="Cause",
        text=short_ids(cut(root.title, SENTENCE)),
        sure=view.confidence,
        source=root.source,
        about=root.finding or root.incident or "",
    )


def _failed(view: CauseView) -> Finding:
    """Return the first of the worst findings in the chain, else of all."""
    by_id = {finding.id: finding for finding in view.findings}
    steps = [by_id[step.finding] for step in view.chain if step.finding in by_id]
    return min(steps or view.findings, key=lambda found: found.severity.rank)


def _failure(view: CauseView) -> Fact:
    when = f", {short_time(view.first_seen)}" if view.first_seen else ""
    if not view.findings:
        source = view.context[0] if view.context else None
        text = f"{short_ids(cut(view.title, SENTENCE))}{when}"
        return Fact(label="Failure", text=text, sure=view.confidence, source=source)
    found = _failed(view)
    when = f", {short_time(found.first_seen)}" if found.first_seen else ""
    return Fact(
        label="Failure",
        text=f"{short_ids(cut(found.title, SENTENCE))}{when}",
        sure=found.confidence,
        source=shown_by(found).source,
        about=found.id,
    )


def shown_by(finding: Finding) -> Evidence:
    """Return the quotation that shows a finding, rather than one of another time."""
    every = finding.evidence
    return next((each for each in every if each.role is EvidenceRole.SHOWS), every[0])


def _impact(report: Report, view: CauseView) -> Fact | None:
    """Return what the last backup run of the objects was, or how often it was seen."""
    objects = {subject.uuid for finding in view.findings for subject in finding.subjects}
    for run in sorted(report.runs, key=lambda run: time_key(run.began), reverse=True):
        hit = [disk for disk in run.disks if disk.vdi.uuid in objects]
        if hit and view.first_seen and not run.ended.certainly_before(view.first_seen):
            return Fact(
                label="Impact",
                text=_run_words(run),
                sure=hit[0].confidence,
                source=hit[0].steps[0].evidence.source if hit[0].steps else None,
            )
    count = sum(finding.count for finding in view.findings)
    if any(Goal.INCREMENTAL in finding.goals for finding in view.findings):
        return Fact(label="Impact", text="no backup of these disks was seen after it")
    if count > 1 and view.first_seen and view.last_seen:
        text = f"seen {count} times, {short_time(view.first_seen)} to {short_time(view.last_seen)}"
        return Fact(label="Impact", text=text)
    return None


def _run_words(run: BackupRun) -> str:
    return f"backup {short_time(run.began)}: {verdicts_short(run)}"


def _next(view: CauseView) -> Fact | None:
    """Return what to do about what is no finding, and so has no plan."""
    if view.findings or not view.next_action:
        return None
    return Fact(label="Next", text=cut(view.next_action, SENTENCE))


def _danger(report: Report) -> Fact | None:
    """Return what silently loses changes, else what a plan destroys."""
    open_ = [finding for finding in findings(report) if finding.state is not Standing.OVER]
    for finding in open_:
        if finding.severity is Severity.CRITICAL and Goal.NO_SILENT_LOSS in finding.goals:
            return _danger_of(finding, "backups of these disks may lack changes; do not trust them")
    stale = [finding for finding in open_ if finding.rule == _STALE_POINTER]
    if stale:
        text = f"comparing with {counted(len(stale), 'old snapshot')} can lose changes unseen"
        return _danger_of(stale[0], f"{text}; keep to the order of the steps")
    plans = [p for p in report.plans if any(s.kind is StepKind.DESTROYS for s in p.steps)]
    if plans:
        text = f"{counted(len(plans), 'plan')} with a step that destroys: read what is lost first"
        return Fact(label="Danger", text=text)
    return None


def _danger_of(finding: Finding, text: str) -> Fact:
    return Fact(
        label="Danger",
        text=text,
        sure=finding.confidence,
        source=shown_by(finding).source,
        about=finding.id,
    )


# What was looked at, and what cannot be told


def _looked(report: Report) -> str:
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


def _cut_bundles(report: Report) -> list[Doubt]:
    return [
        _doubt(
            f"{cut(bundle.name, NAME)} was not read whole: {bundle.note or 'no reason is known'}"
        )
        for bundle in report.bundles
        if not bundle.complete
    ]


def _unread(report: Report) -> list[Doubt]:
    entries = unread(report)
    if not entries:
        return []
    names = list(dict.fromkeys(entry.source for entry in entries))
    shown = ", ".join(names[:_SOURCES])
    if len(names) > _SOURCES:
        shown += f" and {len(names) - _SOURCES} more"
    settle = next((entry.settle_with for entry in entries if entry.settle_with), "")
    return [_doubt(f"not read whole: {shown}", settle)]


def _not_used(report: Report) -> list[Doubt]:
    """Return that files lay beside the reports of which nothing could be made."""
    entries = not_used(report)
    if not entries:
        return []
    more = f", and {len(entries) - 1} more files" if len(entries) > 1 else ""
    why = cut(f"{entries[0].bundle}: {entries[0].why}", SENTENCE)
    return [_doubt(f"given, and not used: {why}{more}", entries[0].settle_with)]


def _doubt(reason: str, settle_with: str = "") -> Doubt:
    settle = (settle_with,) if settle_with else ()
    return Doubt(reason=reason, rules=(), settle_with=settle, failed=False)


def doubt_words(doubt: Doubt) -> str:
    """Return why something cannot be told, in a sentence or two."""
    failed = "a rule failed: " if doubt.failed else ""
    return failed + cut(doubt.reason, SENTENCE)
