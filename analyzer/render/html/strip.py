"""The one line of time on the first screen: what led to the trouble, from left to right."""

from analyzer.model.entry import Entry, EntryKind
from analyzer.model.report import Report
from analyzer.model.source import Source
from analyzer.render.html.time_axis import LEFT, WIDTH, Tick, around, ticks_of
from analyzer.render.html.timeline import SCENE
from analyzer.render.html.timeline_marks import CHARACTER, Mark, marks_of
from analyzer.render.words.summary import broken
from analyzer.values import dataclass

MOST_TICKS = 4
EDGE = 40
LEAST = 14  # characters of a label that still says something


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """The marks, what stands over each as far as there is room, and some lines of the axis."""

    marks: tuple[Mark, ...]
    labels: tuple[str, ...]
    ticks: tuple[Tick, ...]


def strip_of(report: Report) -> Strip | None:
    """Return the steps of the worst trouble in time, None where they are fewer than two marks."""
    views = broken(report)
    severities = {f.id: f.severity for view in views for f in view.findings}
    steps = [step for step in views[0].chain if step.at and step.at.year_known] if views else []
    events = [
        Entry(
            moment=step.at,
            what=EntryKind.FINDING,
            host="",
            lane="",
            source=step.source or Source(bundle="", member=""),
            kinds=(),
            title=step.title,
            message="",
            text="",
            findings=(step.finding,) if step.finding else (),
            incidents=(step.incident,) if step.incident else (),
            severity=severities.get(step.finding or ""),
        )
        for step in steps
        if step.at
    ]
    scale = around([event.moment for event in events], SCENE)
    marks = marks_of(events, scale) if scale else ()
    if scale is None or len(marks) < 2:  # noqa: PLR2004 - one mark tells no course
        return None
    ticks = tuple(tick for tick in ticks_of(scale) if LEFT + EDGE < tick.x < WIDTH - EDGE)
    texts = {scale.x(event.moment.at): event.title for event in reversed(events)}
    ends = [mark.x for mark in marks[1:]] + [float(WIDTH)]
    return Strip(
        marks=marks,
        labels=tuple(
            _label_of_width(texts[mark.x], end - mark.x)
            for mark, end in zip(marks, ends, strict=True)
        ),
        ticks=ticks[:: len(ticks) // MOST_TICKS + 1],
    )


def _label_of_width(text: str, width: float) -> str:
    room = int(width / CHARACTER) - 2
    if room < LEAST:
        return ""
    return text if len(text) <= room else f"{text[: room - 1]}…"
