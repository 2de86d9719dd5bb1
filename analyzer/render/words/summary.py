"""What the first screen says: the verdict, its causes, and what could not be told."""

from datetime import datetime, timedelta
from enum import StrEnum

from analyzer.model.finding import Confidence, Finding, Outcome, Severity, Verdict
from analyzer.model.goal import Standing
from analyzer.model.incident import Incident
from analyzer.model.moment import Moment
from analyzer.model.report import CauseLink, Considered, LedgerEntry, Presence, Report
from analyzer.model.source import Source
from analyzer.render.words.next_steps import next_step
from analyzer.render.words.order import finding_key
from analyzer.render.words.unchecked import UNTOLD, unchecked
from analyzer.render.words.view import counted, time_key
from analyzer.story.together import pool_name
from analyzer.values import dataclass

_MINUTE = timedelta(minutes=1)
HARMLESS = (
    Presence.PRESENT,
    Presence.ABSENT,  # a rule that needed it could not tell, and says so
    Presence.BY_DESIGN,
    Presence.NOT_REQUESTED,
    Presence.ROTATED_AWAY,
    Presence.NOT_USED,  # no source of a report; it is named by itself
)


class Tone(StrEnum):
    """How a verdict looks; only CLEAR may be green."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    UNSURE = "unsure"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The verdict in one line: ``WORD: text``."""

    tone: Tone
    word: str
    text: str

    def __str__(self) -> str:
        return f"{self.word}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseView:
    """A cause with its findings at hand.

    ``confidence`` is the cause's own, else that of its least sure root.
    """

    id: str
    title: str
    severity: Severity
    confidence: Confidence
    first_seen: Moment | None
    last_seen: Moment | None
    next_action: str
    findings: tuple[Finding, ...]
    context: tuple[Source, ...]
    chain: tuple[CauseLink, ...] = ()
    considered: tuple[Considered, ...] = ()
    state: Standing = Standing.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class CannotTell:
    """One reason for which rules could not tell, what is open for it, and what would settle it."""

    about: str
    reason: str
    rules: tuple[str, ...]
    settle_with: tuple[str, ...]
    failed: bool


def headline(report: Report) -> Headline:
    """Return the verdict; it is green only if every rule was judged and all was read.

    What is over counts only where nothing goes on, and then as information.
    """
    found = findings(report)
    if found:
        open_ = [finding.severity for finding in found if finding.state is not Standing.OVER]
        open_ += [view.severity for view in others(report)]
        worst = min(open_, key=lambda severity: severity.rank, default=Severity.INFO)
        roots = len(causes(report))
        text = counted(len(found), "finding")
        if roots < len(found):
            text += f" from {counted(roots, 'cause')}"
        over = sum(finding.state is Standing.OVER for finding in found)
        if over:
            text += f", {over if over < len(found) else 'all'} of them over"
        return Headline(
            tone=Tone(worst), word=worst.upper(), text=f"{text}; {_rest_in_words(report)}"
        )
    # The verdict where no rule found anything, and yet something broke.
    if others(report):
        first = others(report)[0]
        open_parts = left_unchecked(report)
        doubt = f"; {open_parts} not checked" if open_parts else ""
        nothing_text = f"no known trouble; {_open_words(report)}, the worst: {first.title}{doubt}"
        return Headline(tone=Tone(first.severity), word=first.severity.upper(), text=nothing_text)
    return _nothing_found(report)


def pools_line(report: Report) -> str:
    """Return the verdicts of several pools on one line."""
    told = ", ".join(f"{pool_name(part)} {headline(part).word}" for part in report.parts)
    return f"{len(report.parts)} pools, each judged by itself: {told}."


def findings(report: Report) -> tuple[Finding, ...]:
    """Return all findings, by severity, first seen, id."""
    return tuple(sorted((f for o in report.outcomes for f in o.findings), key=finding_key))


def causes(report: Report) -> tuple[CauseView, ...]:
    """Return the causes, and as a cause of its own each finding that no cause names.

    What goes on, or may, stands before what is over.
    """
    by_id = {finding.id: finding for finding in findings(report)}
    named = {identifier for cause in report.causes for identifier in cause.findings}
    views: list[CauseView] = []
    for cause in report.causes:
        own = tuple(by_id[name] for name in cause.findings if name in by_id)
        inside = set(cause.findings)
        roots = [f for f in own if inside.isdisjoint(f.explained_by)] or list(own)
        views.append(
            CauseView(
                id=cause.id,
                title=cause.title,
                severity=cause.severity,
                confidence=cause.confidence or _least_sure(roots),
                first_seen=cause.first_seen,
                last_seen=cause.last_seen,
                next_action=cause.next_action,
                findings=own,
                context=cause.context,
                chain=cause.chain if len(cause.chain) > 1 else (),
                considered=cause.considered,
                state=cause.state,
            )
        )
    plans = {plan.id: plan.next for plan in report.plans}
    views += [
        _cause_of_its_own(finding, plans.get(finding.plan, ""))
        for name, finding in by_id.items()
        if name not in named
    ]
    return tuple(sorted(views, key=_cause_key))


def _cause_key(view: CauseView) -> tuple[bool, int, datetime]:
    return view.state is Standing.OVER, view.severity.rank, time_key(view.first_seen)


def others(report: Report) -> tuple[CauseView, ...]:
    """Return what broke and is in no cause, worst first.

    Incidents that cost something, and errors that nobody explains.
    """
    told = {step.incident for cause in report.causes for step in cause.chain}
    by_rules = findings(report)
    found = [
        _open_incident(report, each)
        for each in report.incidents
        if each.id not in told
        and not any(_tells_of_incident(each, finding) for finding in by_rules)
    ]
    views = [view for view in found if view.severity is not Severity.INFO]
    open_error: list[CauseView] = []
    for group in report.unexplained:
        times = f" ({counted(group.count, 'time')})" if group.count > 1 else ""
        open_error.append(
            CauseView(
                id=group.id,
                title=f"{group.process} on {group.host}: {group.title}{times}",
                severity=group.severity,
                confidence=Confidence.CERTAIN,
                first_seen=group.first_seen,
                last_seen=group.last_seen,
                next_action=group.next_step,
                findings=(),
                context=tuple(evidence.source for evidence in group.evidence[:1]),
            )
        )
    views += open_error
    return tuple(sorted(views, key=lambda view: view.severity.rank))


def broken(report: Report) -> tuple[CauseView, ...]:
    """Return all that broke: the causes, then what is in none of them."""
    return (*causes(report), *others(report))


def doubts(report: Report) -> tuple[CannotTell, ...]:
    """Return why rules could not tell, or not all, one entry per reason, the most rules first."""
    groups: dict[tuple[str, bool], list[Outcome]] = {}
    for outcome in (*untold(report), *(o for o in report.outcomes if o.doubt)):
        reason = outcome.doubt or outcome.reason or "no reason was recorded"
        groups.setdefault((reason, outcome.verdict is Verdict.ERROR), []).append(outcome)
    views = [
        CannotTell(
            about=unchecked(report, [o.rule for o in group]),
            reason=reason,
            rules=tuple(o.rule for o in group),
            settle_with=tuple(dict.fromkeys(c for o in group for c in o.settle_with)),
            failed=failed,
        )
        for (reason, failed), group in groups.items()
    ]
    return tuple(sorted(views, key=lambda d: (not d.failed, -len(d.rules), d.rules)))


def untold(report: Report) -> tuple[Outcome, ...]:
    """Return the rules that could not tell what a status report can show."""
    return tuple(o for o in report.outcomes if o.verdict in UNTOLD and not o.by_nature)


def left_unchecked(report: Report) -> str:
    """Return what part of a system could not be checked, "" where all could."""
    return unchecked(report, [outcome.rule for outcome in untold(report)])


def left_open(report: Report) -> str:
    """Return what no status report can rule out, as the end of a sentence; "" where nothing is."""
    told = open_questions(report)
    return f"; left open, as no status report shows it: {told}" if told else ""


def open_questions(report: Report) -> str:
    """Return what no status report can rule out: "whether …"; "" where nothing is."""
    titles = [str(outcome.title) for outcome in report.outcomes if outcome.by_nature]
    return " and ".join(f"whether {title[:1].lower()}{title[1:]}" for title in titles)


def of_verdict(report: Report, *verdicts: Verdict) -> tuple[Outcome, ...]:
    """Return the outcomes with one of these verdicts, in their order."""
    return tuple(outcome for outcome in report.outcomes if outcome.verdict in verdicts)


def unread(report: Report) -> tuple[LedgerEntry, ...]:
    """Return the expected sources that were asked for and could not be read whole."""
    return tuple(entry for entry in report.ledger if entry.presence not in HARMLESS)


def not_used(report: Report) -> tuple[LedgerEntry, ...]:
    """Return the files beside the reports of which nothing could be made."""
    return tuple(entry for entry in report.ledger if entry.presence is Presence.NOT_USED)


def window(report: Report) -> tuple[Moment, Moment] | None:
    """Return the first and the last dated stamp that was read, None if nothing was dated."""
    ends = [m for c in report.coverage for m in (c.first, c.last) if m is not None and m.year_known]
    if not ends:
        return None
    return min(ends, key=time_key), max(ends, key=time_key)


def _rest_in_words(report: Report) -> str:
    open_troubles = _open_words(report)
    if open_parts := left_unchecked(report):
        doubt = f"{open_parts} not checked"
        return f"{open_troubles}; {doubt}" if open_troubles else doubt
    if open_troubles:
        return open_troubles
    if any(outcome.doubt for outcome in report.outcomes):
        return "there may be more of it, as not all could be looked at"
    if _not_whole(report):
        return _not_whole(report)
    return f"nothing else that is known{left_open(report)}"


def _open_words(report: Report) -> str:
    """Return how many incidents no finding tells of, and kinds of errors that nobody explains."""
    kinds = len(report.unexplained)
    befallen = len(others(report)) - kinds
    told = [counted(befallen, "incident")] if befallen else []
    if kinds:
        errors = counted(kinds, "kind of errors", "kinds of errors")
        told.append(f"{errors} that nobody explains")
    return " and ".join(told)


def _nothing_found(report: Report) -> Headline:
    if not report.outcomes:
        return _open("nothing was checked")
    open_parts = left_unchecked(report)
    if open_parts and not any(entry.lines for entry in report.coverage):
        return _open(f"nothing could be read; {open_parts} could not be checked")
    if open_parts:
        return _open(f"nothing found in what was read, but {open_parts} could not be checked")
    if _not_whole(report):
        return _open(f"nothing found, but {_not_whole(report)}")
    if not of_verdict(report, Verdict.RULED_OUT):
        return _open("nothing of CBT, NBD or their storage was there to be checked")
    known = "no known trouble of CBT, NBD or their storage"
    text = f"{known}, for the time that was read{left_open(report)}"
    return Headline(tone=Tone.CLEAR, word="NOTHING FOUND", text=text)


def _open(text: str) -> Headline:
    return Headline(tone=Tone.UNSURE, word="NOT SURE", text=text)


def _not_whole(report: Report) -> str:
    cut_bundles = sum(not bundle.complete for bundle in report.bundles)
    if cut_bundles:
        return f"{counted(cut_bundles, 'bundle')} could not be read whole"
    if unread(report):
        return f"{counted(len(unread(report)), 'expected source')} could not be read whole"
    if report.omissions:
        return f"{counted(len(report.omissions), 'piece')} of the input had to be left out"
    return "" if report.bundles else "no bundle was read"


def _cause_of_its_own(finding: Finding, next_action: str) -> CauseView:
    return CauseView(
        id=finding.id,
        title=finding.title,
        severity=finding.severity,
        confidence=finding.confidence,
        first_seen=finding.first_seen,
        last_seen=finding.last_seen,
        next_action=next_action,
        findings=(finding,),
        context=(),
        state=finding.state,
    )


def _tells_of_incident(incident: Incident, finding: Finding) -> bool:
    """Tell whether a finding tells of an incident: the same line, or object and time."""
    lines = {evidence.source for evidence in finding.evidence}
    if any(evidence.source in lines for evidence in incident.evidence):
        return True
    objects = {subject.uuid for subject in finding.subjects if subject.type != "Host"}
    if objects.isdisjoint(subject.uuid for subject in incident.subjects):
        return False
    return finding.first_seen is not None and finding.first_seen.within(incident.began, _MINUTE)


def _open_incident(report: Report, incident: Incident) -> CauseView:
    return CauseView(
        id=incident.id,
        title=incident.title,
        severity=incident.severity,
        confidence=incident.confidence,
        first_seen=incident.began,
        last_seen=incident.ended or incident.last_seen,
        next_action=next_step(report, incident),
        findings=(),
        context=tuple(evidence.source for evidence in incident.evidence[:1]),
    )


def _least_sure(found: list[Finding]) -> Confidence:
    order = list(Confidence)
    return max((f.confidence for f in found), key=order.index, default=Confidence.POSSIBLE)
