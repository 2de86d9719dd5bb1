"""One plan per object: the goals of all its findings, and the steps that only their rules know.

A disk's way out comes from the model of SM; for hosts, networks and pools the steps of the rules
are put in order. Whatever is said of an object is said here once.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from analyzer.case.case import Case
from analyzer.model.finding import Advice, Finding, Outcome, Severity, Subject
from analyzer.model.goal import GOALS_OF_DISKS, Goal, Standing, StepKind
from analyzer.model.plan import Plan, Step
from analyzer.model.sentence import FIELD, Sentence
from analyzer.plans.case import EFFORT_OF_A_DISK, Answer, DiskCase, Effort
from analyzer.plans.planning import plan_disk
from analyzer.rebuilt.nbd.reach.listen import listeners
from analyzer.story.disks.index import DiskIndex, index
from analyzer.story.plans.disk_plans import disk_case
from analyzer.story.plans.standings import OF_SERVICE, stand_of
from analyzer.values import dataclass

# What a rule advises, as a step of a plan: what is to be typed stands apart from the words.

_PROGRAMS = (
    *("xe", "systemctl", "zgrep", "ls", "lvs", "vgs", "pvck", "tap-ctl", "cbt-util", "multipath"),
    *("iptables", "ip", "openssl", "vhd-util", "dmesg", "nc", "xe-toolstack-restart", "df"),
    *("rpm", "ss", "nbd-client", "pvs", "cat", "ps", "free", "linstor", "drbdadm", "nbdinfo"),
    *(
        "/opt/xensource/sm/resetvdis.py",
        "/opt/xensource/sm/cleanup.py",
        "lvchange",
        "vgcfgbackup",
        "vgcfgrestore",
        "dd",
    ),
)
_PROGRAM = "(?:" + "|".join(map(re.escape, _PROGRAMS)) + ")"
_COMMAND = rf"{_PROGRAM}(?: (?!\(on )[^;]*?)?"
_TYPED = re.compile(
    rf"(?P<words>.*?[\w}})]): (?P<typed>{_COMMAND}(?:; {_COMMAND})*?)"
    r"(?: \(on (?P<where>[^()]*)\))?"
)
_PROGRAM_INSIDE = re.compile(rf"(?:^|: |then ){_PROGRAM}(?: |$)")
_WORDS = re.compile(r", (?:and|or|then|with)\b|, whether|\w\.(?: |$)| for disk | \(on ")


def step_of(advice: Advice) -> Step:
    """Return the step; what is typed is found in the rule's own text, never in a value.

    A step that is one field only is the text that the rule chose for it, such as that of a code.
    """
    step = advice.step
    if isinstance(step, Sentence) and (field := FIELD.fullmatch(step.template)):
        chosen = step.values.get(field[1])
        step = chosen if isinstance(chosen, Sentence) else step
    template = step.template if isinstance(step, Sentence) else ""
    found = _TYPED.fullmatch(template)
    if found is None or not isinstance(step, Sentence) or _WORDS.search(found["typed"]):
        parts_of_step: tuple[str, tuple[str, ...], str] = _with_full_stop(step), (), ""
    else:
        parts_commands = (Sentence(each, step.values) for each in found["typed"].split("; "))
        parts_of_step = (
            Sentence(f"{found['words']}.", step.values),
            tuple(parts_commands),
            Sentence(found["where"] or "", step.values),
        )
    text, commands, where = parts_of_step
    return Step(
        kind=advice.kind,
        text=text,
        commands=commands,
        where=where,
        risk=advice.risk or "",
        lost=advice.lost,
        precondition=advice.precondition,
    )


def _with_full_stop(text: str) -> str:
    """Return a text as a whole sentence, unless it has something that is typed."""
    if not text[-1:].isalpha() or _PROGRAM_INSIDE.search(text):
        return text
    return Sentence(f"{text.template}.", text.values) if isinstance(text, Sentence) else f"{text}."


_EFFORT = 8_000_000  # of all disks; those whose findings are worst come first
_ABOUT_LOGS = ("cbt-list-", "cbt-log-")
_UNKNOWN = "the database that was read does not have the disk, so nothing could be played through"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The outcomes, whose findings know their plan and how they stand; and the plans."""

    outcomes: tuple[Outcome, ...]
    plans: tuple[Plan, ...]


def plan_all(case: Case, outcomes: Sequence[Outcome]) -> Planned:
    """Return one plan for each object that a finding is about, ordered by id."""
    known = index(case, outcomes)
    findings = [finding for outcome in outcomes for finding in outcome.findings]
    owned: dict[Subject, list[Finding]] = {}
    for finding in findings:
        owned.setdefault(_object_of_finding(case, known, finding), []).append(finding)
    # The sources that every report has whole: what they say need not be looked at.
    whole = all(pool.complete for pool in case.pools) and bool(case.pools)
    all_given = whole and not any(case.hosts_missing(pool) for pool in case.pools)
    installed = all_given and all(report.packages is not None for report in case.hosts)
    heard = all_given and all(listeners(report) is not None for report in case.hosts)
    names = (("xapi_db", whole), ("packages", installed), ("sockets", heard))
    answered = frozenset(name for name, is_read in names if is_read)
    plans: list[Plan] = []
    told: dict[str, Finding] = {}
    left = _EFFORT
    answers: dict[bytes, Answer] = {}
    for subject, own in sorted(owned.items(), key=_worst_of_findings):
        wanted = {goal for finding in own for goal in finding.goals}
        if Goal.INCREMENTAL in wanted:  # an incremental backup that lacks blocks is none
            wanted.add(Goal.NO_SILENT_LOSS)
        goals = tuple(goal for goal in Goal if goal in wanted)
        disk = subject.uuid if subject.type == "VDI" else ""
        asked = disk_case(case, known, disk, goals) if disk else None
        given = min(EFFORT_OF_A_DISK, left)
        asked = replace(asked, effort=Effort(given, answers)) if asked else None
        stood = tuple(_with_standing(case, known, finding, disk, asked) for finding in own)
        plan = _plan_of_subject(subject, goals, stood, asked, answered)
        plans.append(plan)
        left -= asked.effort.played if asked else 0
        told |= {finding.id: replace(finding, plan=plan.id) for finding in stood}
    return Planned(
        outcomes=tuple(
            replace(outcome, findings=tuple(told[finding.id] for finding in outcome.findings))
            for outcome in outcomes
        ),
        plans=tuple(sorted(plans, key=lambda plan: plan.id)),
    )


def _worst_of_findings(of_object: tuple[Subject, Sequence[Finding]]) -> tuple[int, int]:
    """Return what sorts objects: the worst first, of those one with more findings."""
    own = of_object[1]
    return min(finding.severity.rank for finding in own), -len(own)


def _object_of_finding(case: Case, known: DiskIndex, finding: Finding) -> Subject:
    """Return what has to be mended: the live disk of a snapshot, else what is named first."""
    disks = [subject for subject in finding.subjects if subject.type == "VDI"]
    first = next(iter(finding.subjects), None)
    if disks and (first in disks or GOALS_OF_DISKS & set(finding.goals)):
        owner = known.owner(disks[0].uuid)
        row = known.row(owner)
        name = row.name_label if row else disks[0].name if owner == disks[0].uuid else None
        if owner == disks[0].uuid:
            return replace(disks[0], name=name or None)
        return Subject(type="VDI", uuid=owner, name=name or None)
    if first is not None:
        return first
    bundle = finding.evidence[0].source.bundle
    report = next((each for each in case.hosts if each.bundle == bundle), None)
    if report is None:
        return Subject(type="Bundle", uuid=bundle)
    return Subject(type="Host", uuid=report.host_uuid or report.name, name=report.name)


def _with_standing(
    case: Case, known: DiskIndex, finding: Finding, disk: str, asked: DiskCase | None
) -> Finding:
    """Return a finding that knows how it stands at the end."""
    stand = stand_of(case, known, finding, disk, asked)
    return replace(
        finding,
        state=stand.state,
        state_why=stand.why,
        over_since=stand.since,
        evidence=(*finding.evidence, *stand.shown),
    )


def _plan_of_subject(
    subject: Subject,
    goals: tuple[Goal, ...],
    own: Sequence[Finding],
    asked: DiskCase | None,
    answered: frozenset[str],
) -> Plan:
    plan = Plan(object=subject, goals=goals)
    if subject.type == "VDI" and GOALS_OF_DISKS & set(goals):
        plan = plan_disk(asked) if asked else replace(plan, doubt=_UNKNOWN)
    urgent = [finding for finding in own if finding.severity is Severity.CRITICAL]
    others = [finding for finding in own if finding.severity is not Severity.CRITICAL]
    typed = {command for step in plan.steps for command in step.commands}
    advised = (
        _steps_of_advised(_advice_still_open(group, plan), answered) for group in (urgent, others)
    )
    # Whether a rule's step does only what the proven plan does already.
    first, last = (
        [
            step
            for step in each
            if not (
                step.kind is StepKind.DO and bool(step.commands) and typed >= set(step.commands)
            )
        ]
        for each in advised
    )
    steps = _steps_in_order(first, plan.steps, [step for step in last if step not in first])
    return replace(plan, steps=steps, findings=tuple(sorted(finding.id for finding in own)))


def _advice_still_open(own: Iterable[Finding], plan: Plan) -> Iterator[Advice]:
    """Yield the steps of rules that are still to be taken.

    What is over needs no looking for it, nor do logs that the plan was played on.
    """
    for finding in own:
        known = finding.rule.startswith(_ABOUT_LOGS) and plan.proven
        for step in finding.action:
            over = finding.state is Standing.OVER
            needless = over and (step.kind is not StepKind.DO or finding.rule in OF_SERVICE)
            if not (needless or (known and step.kind is StepKind.LOOK)):
                yield step


def _steps_of_advised(advised: Iterable[Advice], answered: frozenset[str]) -> tuple[Step, ...]:
    """Return what rules advise, each once, without the looks that a bundle has taken already."""
    return tuple(
        step_of(advice) for advice in dict.fromkeys(advised) if advice.answered_by not in answered
    )


def _steps_in_order(
    urgent: Sequence[Step], proven: Sequence[Step], others: Sequence[Step]
) -> tuple[Step, ...]:
    """Put steps in order: looks, what is urgent, what the model of SM has proven, the rest."""
    looks = [step for step in (*proven, *urgent, *others) if step.kind is StepKind.LOOK]
    rest = [step for step in urgent if step.kind is StepKind.DO]
    rest += [step for step in proven if step.kind is not StepKind.LOOK]
    rest += [step for step in others if step.kind is StepKind.DO]
    rest += [step for step in (*urgent, *others) if step.kind is StepKind.DESTROYS]
    if not looks and rest and rest[0].kind is StepKind.DESTROYS:
        looks = [
            Step(
                kind=StepKind.LOOK,
                text="Look first whether what the next step loses may be lost.",
                precondition=rest[0].precondition,
            )
        ]
    return (*looks, *rest)


def standing_of(findings: Iterable[Finding]) -> Standing:
    """Return how a group of findings stands: over only where each of them is."""
    return min((f.state for f in findings), key=lambda each: each.rank, default=Standing.UNKNOWN)
