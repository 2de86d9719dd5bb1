"""The objects in trouble: what each is now, of which time changes are not known, its plan."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

from analyzer.model.disk import DiskView, LifeKind
from analyzer.model.finding import Finding, Severity, Subject
from analyzer.model.goal import Goal, Standing
from analyzer.model.moment import Moment
from analyzer.model.operation import Result
from analyzer.model.plan import Plan, Step
from analyzer.model.report import Report
from analyzer.model.sentence import say
from analyzer.render.words.short_time import in_brief, short_span, short_time
from analyzer.render.words.summary import findings
from analyzer.render.words.view import cut, time_key
from analyzer.values import dataclass

FEW_OBJECTS = 2  # of which there is room to tell at length
NAME = 60  # characters of a name: a longer one says how much is left out
SENTENCE = 220
LONG_STEP = 150
_UUID_SHOWN = 8
_SOUND = "CBT on"
STANDS = {Standing.NOW: "still so", Standing.UNKNOWN: "not known", Standing.OVER: "over"}
_NEED_SOUND_LOGS = frozenset({Goal.INCREMENTAL, Goal.NO_SILENT_LOSS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubled:
    """An object in trouble: what it is now, since when, and its plan; how it stands at the end.

    ``trouble`` is the title of the worst that goes on, ``now`` what the object is at the end.
    ``has_cbt`` tells that ``now`` is about its CBT, which says enough without the trouble unless
    it is sound.
    ``finding`` is the id of the worst finding that goes on, ``findings`` are those of all.
    """

    subject: Subject
    name: str
    trouble: str
    now: str
    untracked: str
    plan: Plan | None
    standing: Standing
    severity: Severity
    has_cbt: bool
    finding: str
    findings: tuple[str, ...]

    @property
    def now_in_words(self) -> str:
        """Return what it is now where nothing beside it says what befell it."""
        if self.now == _SOUND:
            return f"{self.now}; {self.trouble} ({STANDS[self.standing]})"
        return self.now if self.has_cbt else f"{self.trouble} ({self.now})"

    @property
    def first(self) -> str:
        """Return the first step in words, "" where none is known or needed."""
        return step_in_brief(self.plan.steps[0]) if self.plan and self.plan.steps else ""


def troubled_objects(report: Report) -> list[Troubled]:
    """Return the objects in trouble, what goes on first, then the worst."""
    disks = {disk.vdi.uuid: disk for disk in report.disks if disk.vdi}
    plans = {plan.object.uuid: plan for plan in report.plans}
    by_id = {finding.id: finding for finding in findings(report)}
    told: dict[str, tuple[Subject, list[Finding]]] = {}
    for plan in report.plans:
        own = [by_id[name] for name in plan.findings if name in by_id]
        told[plan.object.uuid] = (plan.object, own)
    for uuid, disk in disks.items():
        own = [by_id[name] for name in disk.findings if name in by_id]
        if own and disk.vdi:
            subject, before = told.get(uuid, (disk.vdi, []))
            told[uuid] = (subject, list(dict.fromkeys([*before, *own])))
    for finding in by_id.values():
        if not finding.plan and finding.subjects and finding.subjects[0].uuid not in told:
            told[finding.subjects[0].uuid] = (finding.subjects[0], [finding])
    rows = [
        _row_of_subject(subject, own, disks.get(uuid), plans.get(uuid))
        for uuid, (subject, own) in told.items()
        if any(finding.severity is not Severity.INFO for finding in own)
    ]
    twice = Counter(row.name for row in rows)
    named = [
        replace(row, name=f"{row.name} ({row.subject.uuid[:_UUID_SHOWN]})")
        if twice[row.name] > 1
        else row
        for row in rows
    ]
    return sorted(
        named,
        key=lambda row: (
            row.standing is Standing.OVER,
            row.severity.rank,
            row.name,
            row.subject.uuid,
        ),
    )


def _row_of_subject(
    subject: Subject, own: Sequence[Finding], disk: DiskView | None, plan: Plan | None
) -> Troubled:
    open_ = [finding for finding in own if finding.state is not Standing.OVER]
    # What is minor and goes on does not make a trouble go on of which that is not known.
    weighty = [finding for finding in open_ if finding.severity is not Severity.INFO]
    worst = min(open_ or own, key=lambda finding: finding.severity.rank)
    name = cut(subject.name, NAME) if subject.name else subject.uuid[:_UUID_SHOWN]
    if disk and len(disk.vms) == 1:
        object_name = f"{cut(disk.vms[0].called, NAME)}/{name}"
    else:
        object_name = object_words(subject, name)
    return Troubled(
        subject=subject,
        name=object_name,
        trouble=cut(in_brief(worst.title), SENTENCE),
        now=_disk_now(disk, open_) if disk else _standing_in_words(weighty or open_),
        untracked=_untracked_in_words(disk) if disk else "",
        plan=plan,
        standing=min((finding.state for finding in weighty or own), key=lambda state: state.rank),
        severity=worst.severity,
        has_cbt=disk is not None,
        finding=worst.id,
        findings=tuple(finding.id for finding in own),
    )


def _standing_in_words(open_: Sequence[Finding]) -> str:
    if any(finding.state is Standing.NOW for finding in open_):
        return "still so"
    return "not known" if open_ else "over"


def _disk_now(disk: DiskView, open_: Sequence[Finding]) -> str:
    if disk.cbt_enabled is None:
        return "CBT not known"
    if not disk.cbt_enabled:
        return "CBT off"
    unsound = any(_NEED_SOUND_LOGS.intersection(finding.goals) for finding in open_)
    return "CBT on, not sound" if unsound else _SOUND


def _events_of_disk(disk: DiskView, kind: LifeKind) -> list[Moment]:
    return [
        event.moment
        for event in disk.life
        if event.kind is kind and event.moment and event.result is Result.SUCCEEDED
    ]


def _untracked_in_words(disk: DiskView) -> str:
    """Return the time of which changes are not known: from the last snapshot before the loss.

    The log that was dropped held the changes since that snapshot.
    """
    lost = max(_events_of_disk(disk, LifeKind.LOST), key=time_key, default=None)
    if not lost:
        return ""
    before = [m for m in _events_of_disk(disk, LifeKind.SNAPSHOT) if m.certainly_before(lost)]
    start = max(before, key=time_key, default=None)
    begun = short_time(start) if start else say("before {lost}", lost=short_time(lost))
    later = [m for m in _events_of_disk(disk, LifeKind.ENABLED) if lost.certainly_before(m)]
    back = min(later, key=time_key, default=None)
    if back:
        if start:
            return short_span(start, back)
        return say("{begun} to {back}", begun=begun, back=short_time(back))
    return say("from {begun}" if disk.cbt_enabled else "since {begun}", begun=begun)


def object_words(subject: Subject, name: str) -> str:
    """Return what an object is and is called, with its times as an answer says them."""
    told = subject.told or f"{subject.kind} {name}"
    return say("{told}, {at}", told=told, at=short_time(subject.taken)) if subject.taken else told


def step_in_brief(step: Step) -> str:
    """Return a step of a plan as an answer says it."""
    return step.brief or step_words(step.text)


def step_words(text: str) -> str:
    """Return a step in short, without its commands where it would be too long for a line or two."""
    told = in_brief(text)
    if len(told) <= LONG_STEP or ": " not in told:
        return cut(told, SENTENCE)
    return cut(told.partition(": ")[0], LONG_STEP) + " (more in its plan)"


def alike_together(objects: Sequence[Troubled]) -> list[tuple[Troubled, ...]]:
    """Return objects in groups that one row can tell of; of few, each by itself.

    They are the same now, and the same is first to be done for each.
    """
    rows: dict[object, list[Troubled]] = {}
    for each in objects:
        told = (each.now, each.untracked, each.trouble, each.standing, each.severity)
        alone = each.subject.uuid if len(objects) <= FEW_OBJECTS else ""
        rows.setdefault((*told, first_for_each((each, each)), alone), []).append(each)
    return [tuple(row) for row in rows.values()]


def first_for_each(row: Sequence[Troubled]) -> str:
    """Return the first step of a row: of several objects without the name of one of them."""
    first = row[0].first
    own = (f"{row[0].name} ({row[0].subject.uuid[:_UUID_SHOWN]})", row[0].subject.uuid)
    if len(row) == 1:
        return first
    return reduce(lambda text, name: text.replace(name, "each of them"), own, str(first))
