"""The answer: who lost what, since when, why, what is so now, and what to do first.

The terminal, the ticket, the reply and the first screen of the page say the same facts.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from analyzer.model.disk import DiskView, LifeKind
from analyzer.model.finding import Evidence, EvidenceRole, Finding, Severity, Subject
from analyzer.model.goal import Goal, Standing, StepKind
from analyzer.model.incident import IncidentKind
from analyzer.model.moment import Moment
from analyzer.model.nbd import SessionFate
from analyzer.model.report import Report
from analyzer.model.run import BackupRun
from analyzer.model.sentence import Sentence, Value, say, told
from analyzer.model.source import Source
from analyzer.render.words.given_lines import settled_short
from analyzer.render.words.order import ordered
from analyzer.render.words.short_time import short_span, short_time
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
from analyzer.values import dataclass

_SOURCES = 6
_FEW = 2
_BROKEN = (SessionFate.FAILED, SessionFate.LEAKED)
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
    """Return a text with the first eight digits of each uuid; a sentence stays one.

    >>> short_ids("disk f03dc4c2-98ce-47de-af1b-5c9aa26fe068")
    'disk f03dc4c2'
    """
    if isinstance(text, Sentence):
        values = {name: _shortened(value) for name, value in text.values.items()}
        return Sentence(_UUID.sub(r"\1", text.template), values)
    return _UUID.sub(r"\1", text)


def _shortened(value: Value) -> Value:
    return short_ids(told(value)) if isinstance(value, str | Subject) else value


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
    ids = {finding.id for finding in view.findings}
    return [
        disk
        for disk in report.disks
        if disk.vdi
        and any(event.kind is LifeKind.LOST for event in disk.life)
        and ids & set(disk.findings)
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
    return ", ".join(
        f"{word} for {counted(counts[state], kind)}"
        for state, word in words.items()
        if counts[state]
    )


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
    if not view.findings:
        source = view.context[0] if view.context else None
        text = _dated(view.title, view.first_seen)
        return Fact(label="Failure", text=text, sure=view.confidence, source=source)
    found = _failed(view)
    return Fact(
        label="Failure",
        text=_dated(found.title, found.first_seen),
        sure=found.confidence,
        source=shown_by(found).source,
        about=found.id,
    )


def _dated(title: str, moment: Moment | None) -> str:
    short = short_ids(cut(title, SENTENCE))
    return say("{what}, {when}", what=short, when=short_time(moment)) if moment else short


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
    if fact := _nbd_impact(report, view):
        return fact
    count = sum(finding.count for finding in view.findings)
    if any(Goal.INCREMENTAL in finding.goals for finding in view.findings):
        return Fact(label="Impact", text="no backup of these disks was seen after it")
    if count > 1 and view.first_seen and view.last_seen:
        times = counted(count, "time")
        text = say("seen {times}, {when}", times=times, when=_between(view))
        return Fact(label="Impact", text=text)
    return None


def _between(view: CauseView) -> str:
    assert view.first_seen
    assert view.last_seen
    if not (view.first_seen.year_known and view.last_seen.year_known):
        return short_time(view.first_seen)
    return short_span(view.first_seen, view.last_seen)


def _nbd_impact(report: Report, view: CauseView) -> Fact | None:
    """Return what became of the clients of the pools that a trouble of NBD is in."""
    told_of = {finding.id for finding in view.findings}
    views = [nbd for nbd in report.nbd if told_of & set(nbd.findings)]
    ends = Counter(each.fate for nbd in views for each in nbd.connections)
    left = sum(len(nbd.leftovers) for nbd in views)
    parts = [
        counted(ends[SessionFate.FAILED], "NBD connection") + " ended by an exception",
        counted(ends[SessionFate.LEAKED] or left, "disk") + " still held by the control domain",
    ]
    numbers = (ends[SessionFate.FAILED], ends[SessionFate.LEAKED] or left)
    said = [part for part, number in zip(parts, numbers, strict=True) if number]
    if not said:
        return None
    failed = (e for nbd in views for e in nbd.connections if e.fate in _BROKEN and e.evidence)
    first = next(failed, None)
    return Fact(
        label="Impact",
        text=", ".join(said),
        sure=first.joined if first else "",
        source=first.evidence[-1].source if first else None,
    )


def _run_words(run: BackupRun) -> str:
    return say("backup {when}: {ended}", when=short_time(run.began), ended=run.verdicts)


def _next(view: CauseView) -> Fact | None:
    """Return what to do about what is no finding, and so has no plan."""
    if view.findings or not view.next_action:
        return None
    return Fact(label="Next", text=cut(view.next_action, SENTENCE))


def _danger(report: Report) -> Fact | None:
    """Return what silently loses changes as things stand, and what the steps destroy."""
    open_ = [finding for finding in findings(report) if finding.state is not Standing.OVER]
    silent = [finding for finding in open_ if Goal.NO_SILENT_LOSS in finding.goals]
    steps = [step for plan in report.plans for step in plan.steps]
    destroys = sum(step.kind is StepKind.DESTROYS for step in steps)
    words = f"{counted(destroys, 'step')} below destroy{'' if destroys > 1 else 's'} something"
    if silent and silent[0].severity is Severity.CRITICAL:
        text = "backups of these disks may lack changes; do not trust them"
        return _danger_of(silent[0], text)
    if silent:
        disks = {f.subjects[0].uuid: f.subjects[0].called for f in silent if f.subjects}
        named = " and ".join(cut(name, NAME) for name in list(disks.values())[:_FEW])
        who = named if len(disks) <= _FEW else counted(len(disks), "disk")
        text = f"comparing with old snapshots of {who} can lose changes unseen; keep to the order"
        return _danger_of(silent[0], f"{text}; {words}" if destroys else text)
    if destroys:
        return Fact(label="Danger", text=f"{words}: read what is lost first")
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
