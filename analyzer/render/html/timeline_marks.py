"""Marks of the timeline: points in time, those that fall together drawn as one."""

from collections.abc import Sequence
from dataclasses import replace

from analyzer.model.entry import Entry
from analyzer.model.finding import Severity
from analyzer.render.html.time_axis import WIDTH, Scale
from analyzer.render.words.view import iso, short_ids, stamp
from analyzer.values import dataclass

LABEL_CHARACTERS, CHARACTER = 42, 6.3
WORST_LAST = ("context", *(severity.value for severity in reversed(Severity)))
NEAR = 9.0  # marks of one kind that are nearer than this are drawn as one


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One point, or several that fall together (``count``); ``label`` is "" without room.

    ``of`` is the id of a finding or an incident that it tells of, ``at`` its time as ISO 8601.
    """

    x: float
    whisker: tuple[float, float] | None
    kind: str
    letter: str
    title: str
    label: str
    label_x: float
    of: str | None
    count: int
    at: str = ""

    @property
    def rank(self) -> int:
        """Return how bad it is: what is drawn last lies on top."""
        return WORST_LAST.index(self.kind)


def marks_of(events: Sequence[Entry], scale: Scale) -> tuple[Mark, ...]:
    """Return the marks of one lane, from left to right, with labels where there is room."""
    groups: dict[tuple[str, int], list[Entry]] = {}
    for event in events:
        if scale.shows(event.moment.earliest, event.moment.latest):
            place = int(scale.x(event.moment.at) // NEAR)
            groups.setdefault((kind_of_event(event), place), []).append(event)
    mark_of_group: list[Mark] = []
    for group in groups.values():
        first = group[0]
        moment, kind = first.moment, kind_of_event(first)
        whisker = (scale.x(moment.earliest), scale.x(moment.latest))
        more = f" (and {len(group) - 1} more here)" if len(group) > 1 else ""
        mark_of_group.append(
            Mark(
                x=scale.x(moment.at),
                whisker=whisker if whisker[1] - whisker[0] > NEAR else None,
                kind=kind,
                letter="" if kind == "context" else kind[0].upper(),
                title=f"{stamp(moment)} {first.title} [{first.source}]{more}",
                label=short_ids(first.title)
                + (f" \N{MULTIPLICATION SIGN}{len(group)}" if len(group) > 1 else ""),
                label_x=0.0,
                of=next(iter((*first.findings, *first.incidents)), None),
                count=len(group),
                at=iso(moment) or "",
            )
        )
    marks = sorted((mark_of_group), key=lambda m: m.x)
    ends = [mark.x - NEAR for mark in marks[1:]] + [float(WIDTH)]
    with_label: list[Mark] = []
    for mark, end in zip(marks, ends[: len(marks)], strict=True):
        begin = max(mark.x, mark.whisker[1] if mark.whisker else 0.0) + 12
        label = mark.label if len(mark.label) <= LABEL_CHARACTERS else mark.label[:40] + "…"
        fits = begin + len(label) * CHARACTER <= end
        with_label.append(replace(mark, label=label if fits else "", label_x=round(begin, 1)))
    return tuple(with_label)


def kind_of_event(event: Entry) -> str:
    """Return the class in the style sheet of a point."""
    return event.severity.value if event.severity else "context"
