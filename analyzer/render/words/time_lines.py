"""Time and cause in lines of text, which the terminal and Markdown share."""

from collections.abc import Iterator, Sequence

from analyzer.model.clock import ClockChangeKind, HostClock
from analyzer.model.finding import Outcome
from analyzer.model.incident import Incident
from analyzer.model.report import CauseLink, Considered, Report
from analyzer.model.run import BackupRun, RunVerdict
from analyzer.model.sentence import without_time
from analyzer.render.html.timeline_flags import change_words
from analyzer.render.words.short_time import in_brief, short_times
from analyzer.render.words.view import counted, cut, span, stamp

_LONG = 300
_FAST = 1.0  # seconds by which a clock may be off before it is worth a line


def step_lines(chain: Sequence[CauseLink]) -> Iterator[str]:
    """Yield the steps of a chain: its word of order, what happened, when and where it stands."""
    for step, at in zip(chain, short_times([step.at for step in chain]), strict=True):
        order = f"{step.order}: " if step.order else ""
        where = f" [{step.source}]" if step.source else ""
        title = cut(in_brief(without_time(step.title, step.at)), _LONG)
        yield f"{order}{title} ({at}){where}"


def considered_line(each: Considered) -> str:
    """Return another candidate, and why it was dropped."""
    how = "suspected, not proven" if each.suspected else "considered and dropped"
    return f"{how}: {cut(each.title, _LONG)}: {cut(each.why, _LONG)}"


def incident_line(each: Incident) -> str:
    """Return an incident, with its line."""
    last = each.ended or each.last_seen
    seen = span(each.began, last) if last else stamp(each.began)
    unseen = "" if each.ended else "; its end was not seen"
    return f"{each.title}: {seen}{unseen}; {each.confidence} [{each.evidence[0].source}]"


def run_lines(run: BackupRun) -> Iterator[str]:
    """Yield a run, then each of its disks that was full or could not be decided."""
    pool = f" of pool {run.pool.called}" if run.pool else ""
    yield f"{span(run.began, run.ended)}{pool}: {run.verdicts}"
    for disk in run.disks:
        if disk.verdict is not RunVerdict.INCREMENTAL:
            name = disk.vdi.name or disk.vdi.uuid
            reason = f", {disk.reason}" if disk.reason else ""
            yield f"{name}: {disk.verdict.short}{reason}; {disk.words}"


def clock_lines(clock: HostClock, *, every: bool) -> Iterator[str]:
    """Yield what is worth knowing of a clock; of a quiet one nothing, unless ``every``."""
    if every or not clock.zone_known:
        zone = "" if clock.zone_known else "the zone is not known; "
        yield f"{clock.host}: {zone}{clock.dated_by}"
    yield from (f"{clock.host}: contradiction: {each}" for each in clock.contradictions)
    for change in clock.changes:
        if every or change.kind is not ClockChangeKind.REBOOT:
            told = f"{stamp(change.at)}: {change_words(change)}; {change.confidence}"
            yield f"{clock.host}: {told} [{change.after.source}]"
    for skew in clock.skews:
        if every or abs(skew.seconds) - skew.doubt > _FAST:
            yield f"{clock.host}: {skew.apart}, by {skew.how}"


def holes_line(report: Report) -> str:
    """Return how many holes the logs have, "" if none."""
    if not report.holes:
        return ""
    hosts = ", ".join(dict.fromkeys(hole.host for hole in report.holes))
    return f"{counted(len(report.holes), 'hole')} in the logs of {hosts}: nothing was read of them"


def window_words(outcome: Outcome) -> str:
    """Say for which time a rule is ruled out, "" for one that needs no log."""
    if outcome.window is None:
        return ""
    first, last = outcome.window
    holes = f", but for {counted(len(outcome.holes), 'hole')}" if outcome.holes else ""
    return f"ruled out for {span(first, last)}{holes}; not seen before {stamp(first)}"
