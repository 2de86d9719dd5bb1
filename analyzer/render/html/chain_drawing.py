"""Where everything stands in the drawing of a CBT chain; the template only writes it down.

Boxes stand in a row, oldest left. A box with a full line is a log that was seen, dashed one that
was not seen, dotted one that is gone. A full arrow is certain, a dashed one is not; red and
crossed is a pointer that is stale or leads nowhere. What is not known is a question mark, no line.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from analyzer.model.disk import BreakKind, DiskChain, DiskLink, DiskLog, LogKind
from analyzer.model.finding import Confidence
from analyzer.render.words.chain_text import log_facts
from analyzer.render.words.view import visible
from analyzer.values import dataclass

BOX, GAP, HEIGHT, MARGIN, ARC = 190, 64, 70, 6, 20
MOST_BOXES = 24
_CHARACTERS = 27
_SHORT = 8
_SEEN: Mapping[bool | None, str] = MappingProxyType({True: "there", None: "unseen", False: "gone"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One log: its place, its style, three lines of text and a title for the pointer."""

    x: int
    y: int
    style: str
    lines: tuple[str, str, str]
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """One line: ``path`` as SVG writes it, style, title, and where a cross or ``?`` stands."""

    path: str
    style: str
    title: str
    cross: tuple[int, int] | None = None
    doubt: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainDrawing:
    """A drawing; ``left_out`` counts the oldest logs, for which there is no room."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    strokes: tuple[Stroke, ...]
    left_out: int


def chain_drawing(chain: DiskChain) -> ChainDrawing:
    """Return the drawing of a chain that has logs."""
    logs = chain.logs[-MOST_BOXES:]
    place = {log.uuid: number for number, log in enumerate(logs)}
    arcs = [link for link in chain.links if _is_arc(link, place)]
    y = MARGIN + ARC * len(arcs) + (4 if arcs else 0)
    strokes: list[Stroke] = []
    for level, link in enumerate(arcs, 1):
        begin = _left_of_box(place[link.older]) + BOX // 2 + 12
        arc_end = _left_of_box(place[link.newer]) + BOX // 2 - 12
        top = y - level * ARC + 4
        strokes.append(
            Stroke(
                path=f"M{begin} {y}V{top}H{arc_end}V{y - 2}m-4 -6l4 6l4 -6",
                style=_style_of_link(link),
                title=_title_of_link(link),
                cross=((begin + arc_end) // 2, top) if link.stale else None,
            )
        )
    for log, newer in zip(logs, (*logs[1:], None), strict=True):
        strokes += _strokes_behind(chain, log, newer, place[log.uuid], y)
    end = GAP if any(found.at == logs[-1].uuid for found in chain.breaks) else 0
    return ChainDrawing(
        width=2 * MARGIN + len(logs) * (BOX + GAP) - GAP + end,
        height=y + HEIGHT + MARGIN,
        boxes=tuple(_box_of_log(log, _left_of_box(number), y) for number, log in enumerate(logs)),
        strokes=tuple(strokes),
        left_out=len(chain.logs) - len(logs),
    )


def _left_of_box(number: int) -> int:
    return MARGIN + number * (BOX + GAP)


def _box_of_log(log: DiskLog, x: int, y: int) -> Box:
    facts = ", ".join(log_facts(log))
    style = f"log {_SEEN[log.exists]}{' live' if log.kind is LogKind.LIVE else ''}"
    kind = "" if log.kind is LogKind.UNKNOWN else log.kind.value
    title = f"{log.uuid} {kind} {log.name or ''}: {facts}"
    first = f"{log.uuid[:_SHORT]} {kind}".strip()
    if log.exists is None:
        state_of_log = "log not seen"
    elif not log.exists:
        state_of_log = "log is gone"
    else:
        flag = {True: ", consistent", False: ", marked in use", None: ""}[log.consistent]
        state_of_log = f"log there{flag}"
    return Box(
        x=x,
        y=y,
        style=style,
        lines=(
            _cut_to_box(first),
            _cut_to_box(visible(log.name or "")),
            _cut_to_box(state_of_log),
        ),
        title=title,
    )


def _cut_to_box(text: str) -> str:
    return text if len(text) <= _CHARACTERS else f"{text[: _CHARACTERS - 1]}…"


def _is_arc(link: DiskLink, place: Mapping[str, int]) -> bool:
    """Tell whether a link must go over other boxes."""
    if link.older not in place or link.newer not in place:
        return False
    return place[link.newer] != place[link.older] + 1


def _strokes_behind(
    chain: DiskChain, log: DiskLog, newer: DiskLog | None, number: int, y: int
) -> Iterator[Stroke]:
    """Yield the arrow to the next box, or what stands in its place."""
    begin, middle = _left_of_box(number) + BOX, y + HEIGHT // 2
    links = [link for link in chain.links if link.older == log.uuid]
    ahead = [link for link in links if newer and link.newer == newer.uuid]
    breaks = [found for found in chain.breaks if found.at == log.uuid]
    half = (begin + GAP // 2, middle)
    for link in ahead:
        yield Stroke(
            path=f"M{begin} {middle}h{GAP - 2}m-6 -4l6 4l-6 4",
            style=_style_of_link(link),
            title=_title_of_link(link),
            cross=half if link.stale else None,
        )
    for found in breaks if not ahead else ():
        yield _stub_of_break(found.kind, found.what, begin, middle)
    if newer and not links and not breaks:
        yield Stroke(path="", style="", title="nothing known joins them", doubt=half)


def _stub_of_break(kind: BreakKind, what: str, begin: int, middle: int) -> Stroke:
    half = (begin + GAP // 2, middle)
    match kind:
        case BreakKind.FAULT:
            return Stroke(path=f"M{begin} {middle}h{GAP - 14}", style="bad", title=what, cross=half)
        case BreakKind.END:
            return Stroke(path=f"M{begin} {middle}h24m0 -9v18", style="end", title=what)
        case BreakKind.UNKNOWN:
            return Stroke(path="", style="", title=what, doubt=half)


def _style_of_link(link: DiskLink) -> str:
    if link.stale:
        return "bad"
    return "sure" if link.confidence is Confidence.CERTAIN else "unsure"


def _title_of_link(link: DiskLink) -> str:
    stale = ", stale: the newer log names another parent" if link.stale else ""
    return f"{link.older} points to {link.newer}, {link.confidence}{stale}"
