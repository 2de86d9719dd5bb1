"""The facts of an answer: cause, failure, impact, danger; each with the line that shows it."""

from collections import Counter
from collections.abc import Sequence

from analyzer.model.finding import Finding, Severity
from analyzer.model.goal import Goal, Standing, StepKind
from analyzer.model.moment import Moment
from analyzer.model.nbd import SessionFate
from analyzer.model.report import Report
from analyzer.model.sentence import say, without_time
from analyzer.model.source import Source
from analyzer.render.words.given_lines import settled_short
from analyzer.render.words.short_time import in_brief, short_span, short_time
from analyzer.render.words.summary import CauseView, findings
from analyzer.render.words.troubled import NAME, SENTENCE
from analyzer.render.words.view import counted, cut, time_key
from analyzer.values import dataclass

_FEW = 2
_BROKEN = (SessionFate.FAILED, SessionFate.LEAKED)


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


def is_minor(view: CauseView) -> bool:
    """Tell whether a trouble costs nothing."""
    return view.severity is Severity.INFO


def facts_of(report: Report, views: Sequence[CauseView]) -> list[Fact]:
    """Return what the worst trouble comes from, failed, cost, and what the steps endanger."""
    short = settled_short(report)
    settled = [Fact(label="Settled", text=cut(short, SENTENCE))] if short else []
    if not views or is_minor(views[0]):
        return settled
    top = views[0]
    # What to do about what is no finding, and so has no plan.
    if top.findings or not top.next_action:
        next_without_plan: Fact | None = None
    else:
        next_without_plan = Fact(label="Next", text=cut(top.next_action, SENTENCE))
    if not top.findings:
        source = top.context[0] if top.context else None
        text = _dated_title(top.title, top.first_seen)
        failure_of_view: Fact = Fact(label="Failure", text=text, sure=top.confidence, source=source)
    else:
        failure_found = _first_worst_finding(top)
        failure_of_view = Fact(
            label="Failure",
            text=_dated_title(failure_found.title, failure_found.first_seen),
            sure=failure_found.confidence,
            source=failure_found.shown_by.source,
            about=failure_found.id,
        )
    found = [
        _cause_of_view(top),
        failure_of_view,
        _impact_on_backups(report, top),
        _danger_ahead(report),
        next_without_plan,
    ]
    return [*(fact for fact in found if fact), *settled]


def _cause_of_view(view: CauseView) -> Fact | None:
    if not view.findings:
        return Fact(label="Cause", text="no rule explains it", sure="not known")
    failed = _first_worst_finding(view)
    if not view.chain or view.chain[0].finding == failed.id:
        return None  # the title of the failure says all that is known
    root = view.chain[0]
    timeless = without_time(root.title, root.at)
    return Fact(
        label="Cause",
        text=_dated_title(timeless, root.at if timeless != root.title else None),
        sure=view.confidence,
        source=root.source,
        about=root.finding or root.incident or "",
    )


def _first_worst_finding(view: CauseView) -> Finding:
    """Return the first of the worst findings in the chain, else of all; of those that go on."""
    by_id = {finding.id: finding for finding in view.findings}
    steps = [by_id[step.finding] for step in view.chain if step.finding in by_id]
    every = steps or view.findings
    return min(every, key=lambda found: (found.state is Standing.OVER, found.severity.rank))


def _dated_title(title: str, moment: Moment | None) -> str:
    short = cut(in_brief(title), SENTENCE)
    return say("{what}, {when}", what=short, when=short_time(moment)) if moment else short


def _impact_on_backups(report: Report, view: CauseView) -> Fact | None:
    """Return what the last backup run of the objects was, or how often it was seen."""
    objects = {subject.uuid for finding in view.findings for subject in finding.subjects}
    told_of = {finding.id for finding in view.findings}
    for run in sorted(report.runs, key=lambda run: time_key(run.began), reverse=True):
        hit = [d for d in run.disks if d.vdi.uuid in objects or told_of & set(d.findings)]
        if hit and view.first_seen and not run.ended.certainly_before(view.first_seen):
            return Fact(
                label="Impact",
                text=say("backup {when}: {ended}", when=short_time(run.began), ended=run.verdicts),
                sure=hit[0].confidence,
                source=hit[0].steps[0].evidence.source if hit[0].steps else None,
            )
    if fact := _nbd_impact(report, view):
        return fact
    count = sum(finding.count for finding in view.findings)
    if any(Goal.INCREMENTAL in finding.goals for finding in view.findings):
        seen = (
            "backups of disks that the database does not have were seen after it, perhaps of these"
        )
        none = "no backup of these disks was seen after it"
        return Fact(label="Impact", text=seen if _unknown_read_after(report, view) else none)
    if count > 1 and view.first_seen and view.last_seen:
        times = counted(count, "time")
        text = say("seen {times}, {when}", times=times, when=_between_first_and_last(view))
        return Fact(label="Impact", text=text)
    return None


def _unknown_read_after(report: Report, view: CauseView) -> bool:
    """Tell whether something was read later of which nobody knows whose snapshot it was."""
    return any(
        disk.vdi.name is None
        for run in report.runs
        if view.first_seen and not run.ended.certainly_before(view.first_seen)
        for disk in run.disks
    )


def _between_first_and_last(view: CauseView) -> str:
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


def _danger_ahead(report: Report) -> Fact | None:
    """Return what silently loses changes as things stand, and what the steps destroy."""
    open_ = [finding for finding in findings(report) if finding.state is not Standing.OVER]
    silent = [finding for finding in open_ if Goal.NO_SILENT_LOSS in finding.goals]
    steps = [step for plan in report.plans for step in plan.steps]
    destroys = sum(step.kind is StepKind.DESTROYS for step in steps)
    verb = "destroys" if destroys == 1 else "destroy"
    words = f"{counted(destroys, 'step')} {verb} something"
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
        source=finding.shown_by.source,
        about=finding.id,
    )
