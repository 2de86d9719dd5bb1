"""The one line of time on the first screen: what led to the trouble, and what came of it."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from analyzer.model.disk import LifeKind
from analyzer.model.entry import Entry, EntryKind
from analyzer.model.finding import Severity
from analyzer.model.moment import Moment
from analyzer.model.operation import Result
from analyzer.model.report import Report
from analyzer.model.sentence import Sentence, without_time
from analyzer.model.source import Source
from analyzer.render.html.time_axis import LEFT, WIDTH, Tick, around, ticks_of, with_a_day
from analyzer.render.html.timeline import SCENE
from analyzer.render.html.timeline_marks import CHARACTER, NEAR, Mark, kind_of_event, marks_of
from analyzer.render.words.short_time import in_brief, short_time
from analyzer.render.words.summary import CauseView, broken
from analyzer.render.words.view import time_key
from analyzer.values import dataclass

MOST_TICKS = 4
MOST_STEPS = 5  # of a narrow page
EDGE = 40
MOST_AFTER = 3  # backups, and disks that are tracked again
LINE, ROOM = 14, 12  # height of a line of a label; between two labels
_WIDTHS = (44, 34, 28, 22, 17)  # characters of a line: labels are wrapped, never cut
_MOST_LINES = 3
_TICK_TEXT = 34  # half the width of a time on the axis


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What is said of a mark, above the line or under the axis; ``end`` if it ends at ``x``."""

    x: float
    lines: tuple[str, ...]
    above: bool
    end: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StripStep:
    """What a mark tells, as a line of text: for a page that is too narrow for the picture."""

    mark: Mark
    at: Sentence
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """The marks, what is said of each that has room, and some lines of the axis.

    ``above`` and ``below`` are how many lines of text stand there. ``steps`` are the marks that
    say most, at most five, in the order of time; ``steps_left_out`` counts the others.
    """

    marks: tuple[Mark, ...]
    labels: tuple[Label | None, ...]
    ticks: tuple[Tick, ...]
    above: int
    below: int
    steps: tuple[StripStep, ...]
    steps_left_out: int

    @property
    def drawn(self) -> list[tuple[Mark, Label | None]]:
        """Return the marks with their labels, the worst last: it lies on top."""
        both = zip(self.marks, self.labels, strict=True)
        return sorted(both, key=lambda pair: pair[0].rank)


def strip_of(report: Report) -> Strip | None:
    """Return the steps of the worst trouble in time, None where they are fewer than two marks."""
    views = broken(report)
    steps = list(_steps_of_view(views[0])) if views else []
    scale = around([event.moment for event in steps], SCENE)
    if scale is None or len(marks_of(steps, scale)) < 2:  # noqa: PLR2004 - one mark tells no course
        return None
    events = [*steps, *_after_trouble(report, views[0])]
    scale = around([event.moment for event in events], SCENE) or scale
    marks = marks_of(events, scale)
    firsts = {(scale.x(e.moment.at), kind_of_event(e)): e for e in reversed(events)}
    steps_told = [_step_of_mark(mark, firsts[mark.x, mark.kind]) for mark in marks]
    told = _most_telling(steps_told)
    # The labels, from left to right, each whole or not at all.
    taken: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    labels = [_label_with_room(each.mark.x, each.text, taken) for each in steps_told]
    under = [mark.x for mark, own in zip(marks, labels, strict=True) if own and not own.above]
    ticks = [tick for tick in ticks_of(scale) if LEFT + EDGE < tick.x < WIDTH - EDGE]
    return Strip(
        marks=marks,
        labels=tuple(labels),
        ticks=with_a_day(
            tick
            for tick in ticks[:: len(ticks) // MOST_TICKS + 1]
            if all(abs(tick.x - x) > _TICK_TEXT for x in under)
        ),
        above=_most_lines(labels, above=True),
        below=_most_lines(labels, above=False),
        steps=told,
        steps_left_out=len(marks) - len(told),
    )


def _step_of_mark(mark: Mark, first: Entry) -> StripStep:
    text = f"{first.title} and {mark.count - 1} more" if mark.count > 1 else first.title
    return StripStep(mark=mark, at=short_time(first.moment), text=text)


def _most_telling(steps: Sequence[StripStep]) -> tuple[StripStep, ...]:
    """Return the first step, as it is the cause, and the worst of the others, in their order."""
    worst = sorted(range(1, len(steps)), key=lambda place: (-steps[place].mark.rank, place))
    return tuple(steps[place] for place in sorted((0, *worst[: MOST_STEPS - 1])))


def _most_lines(labels: Sequence[Label | None], *, above: bool) -> int:
    return max((len(each.lines) for each in labels if each and each.above is above), default=0)


def _steps_of_view(view: CauseView) -> Iterator[Entry]:
    severities = {finding.id: finding.severity for finding in view.findings}
    for step in view.chain:
        if step.at and step.at.year_known:
            yield _entry_of_step(
                step.at,
                in_brief(without_time(step.title, step.at)),
                step.source,
                findings=(step.finding,) if step.finding else (),
                incidents=(step.incident,) if step.incident else (),
                severity=severities.get(step.finding or ""),
            )


def _after_trouble(report: Report, view: CauseView) -> list[Entry]:
    """Return the first backups after a trouble, and when its disks were tracked again."""
    since = view.first_seen
    disks = {subject.uuid for finding in view.findings for subject in finding.subjects}
    if since is None or not since.year_known:
        return []
    told = [
        _entry_of_step(run.began, f"backup: {run.verdicts}", own[0].steps[0].evidence.source)
        for run in report.runs
        if since.certainly_before(run.began) and run.began.year_known
        if (own := [disk for disk in run.disks if disk.vdi.uuid in disks and disk.steps])
    ]
    told += [
        _entry_of_step(event.moment, f"CBT on again: {disk.vdi.called}", event.evidence.source)
        for disk in report.disks
        if disk.vdi and disk.vdi.uuid in disks
        for event in disk.life
        if event.kind is LifeKind.ENABLED and event.result is Result.SUCCEEDED
        if event.moment and event.moment.year_known and since.certainly_before(event.moment)
    ]
    return sorted(told, key=lambda entry: time_key(entry.moment))[:MOST_AFTER]


def _entry_of_step(
    moment: Moment,
    title: str,
    source: Source | None,
    *,
    findings: tuple[str, ...] = (),
    incidents: tuple[str, ...] = (),
    severity: Severity | None = None,
) -> Entry:
    return Entry(
        moment=moment,
        what=EntryKind.FINDING,
        host="",
        lane="",
        source=source or Source(bundle="", member=""),
        kinds=(),
        title=title,
        message="",
        text="",
        findings=findings,
        incidents=incidents,
        severity=severity,
    )


def _label_with_room(
    x: float, text: str, taken: dict[bool, list[tuple[float, float]]]
) -> Label | None:
    for above in (True, False):
        for width in _WIDTHS:
            lines = wrap(text, width, break_long_words=False)
            size = max(map(len, lines), default=0) * CHARACTER
            for end in (False, True):
                first = x - size + NEAR if end else x - NEAR
                inside = first >= LEFT and first + size <= WIDTH
                free = all(first + size + ROOM < a or b + ROOM < first for a, b in taken[above])
                if lines and len(lines) <= _MOST_LINES and inside and free:
                    taken[above].append((first, first + size))
                    place = first + size if end else first
                    return Label(x=round(place, 1), lines=tuple(lines), above=above, end=end)
    return None
