"""The full timeline for people: rows of a terminal, and plain text for a pipe."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from rich.text import Text

from analyzer.model.entry import Entry, EntryKind
from analyzer.model.moment import Moment
from analyzer.render.terminal.rows import STYLES, console
from analyzer.render.timeline.timeline_columns import spoken
from analyzer.render.words.view import DOUBT_SHOWN, margin, stamp, visible
from analyzer.render.words.zone import clock_text
from analyzer.values import dataclass

ABOUT = "~"
LEGEND = (
    "~ before a line: it and another one shown may stand the other way round, their times overlap"
)
_LONGEST_HOST, _LONGEST_LANE = 20, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How wide the columns of a table are."""

    when: int
    host: int
    lane: int


def room_for(hosts: Iterable[str], lanes: Iterable[str], moments: Iterable[Moment]) -> Room:
    """Return the room that these need; names that are long are cut."""
    told = {id(moment): moment for moment in moments}  # neighbours share theirs
    return Room(
        when=max((len(_time_of_moment(moment)) for moment in told.values()), default=0),
        host=min(max(len("HOST"), *map(len, hosts), 0), _LONGEST_HOST),
        lane=min(max(len("SOURCE"), *map(len, lanes), 0), _LONGEST_LANE),
    )


def room_of(entries: Sequence[Entry]) -> Room:
    """Return the room that entries need."""
    hosts, lanes = {entry.host for entry in entries}, {entry.lane for entry in entries}
    return room_for(hosts, lanes, [entry.moment for entry in entries])


def timeline_table(
    entries: Iterable[Entry], room: Room, *, width: int | None = None, color: bool = False
) -> Iterator[str]:
    """Yield the rows as the entries come; those longer than ``width`` are cut, and show it."""
    known: dict[tuple[str, str], str] = {}
    moment, time, about = None, "", None
    for entry in entries:
        if about is None:
            heading = f"  {'TIME':{room.when}} {'HOST':{room.host}} {'SOURCE':{room.lane}} WHAT"
            yield _row_of_style(heading, "", width, color=color)
        about = about or entry.about
        if entry.moment is not moment:
            moment = entry.moment
            time = f"{_time_of_moment(moment):{room.when}}"
        place = known.get((entry.host, entry.lane))
        if place is None:
            host, lane = visible(entry.host)[: room.host], visible(entry.lane)[: room.lane]
            place = f"{host:{room.host}} {lane:{room.lane}}"
            known[entry.host, entry.lane] = place
        style = (
            STYLES[entry.severity]
            if entry.severity
            else ("" if entry.what is EntryKind.RECORD else "bold")
        )
        head = f"{ABOUT if entry.about else ' '} {time} {place}"
        for number, said in enumerate(said_of_entry(entry)):
            before = " " * (room.when + room.host + room.lane + 4) if number else head
            yield _row_of_style(f"{before} {said}", style, width, color=color)
    if about:
        yield f"{LEGEND}\n"


def _time_of_moment(moment: Moment) -> str:
    if not moment.year_known:
        return stamp(moment)
    text, zone = clock_text(moment)
    doubt = f" {margin(moment)}" if moment.doubt > DOUBT_SHOWN else ""
    return f"{text} {zone}{doubt}"


def timeline_raw(entries: Iterable[Entry], *, terminal: bool) -> Iterator[str]:
    """Yield the records as they are written, what does not print written out on a terminal."""
    for entry in entries:
        if entry.text and entry.what.is_line:
            yield f"{visible(entry.text, lines=True) if terminal else entry.text}\n"


def said_of_entry(entry: Entry) -> list[str]:
    """Return what is said of an entry: our words first, then the program's."""
    severity = f"[{entry.severity.upper()}] " if entry.severity else ""
    times = f" (x{entry.count})" if entry.count > 1 else ""
    end = stamp(entry.until) if entry.until else ""
    until = f", until {end}" if end and end != stamp(entry.moment) else ""
    until += "; its end was not seen" if entry.open else ""
    mark = "" if entry.what.is_line else f"== {_prefix_of_entry(entry)}"
    spoke = visible(spoken(entry))
    if not entry.title:
        return [f"{spoke}{times}"]
    ours = f"{severity}{mark}{visible(entry.title)}{until}"
    return [ours, f"  | {spoke}{times}"] if spoke else [f"{ours}{times}"]


def _prefix_of_entry(entry: Entry) -> str:
    speaks_for_itself = entry.what in (EntryKind.HOLE, EntryKind.CLOCK)
    return "" if speaks_for_itself else f"{entry.what}: "


def _row_of_style(text: str, style: str, width: int | None, *, color: bool) -> str:
    row = text.rstrip()
    if width is not None and len(row) > width:
        if row.isascii():
            row = f"{row[: width - 1]}…"
        else:
            short = Text(row)
            short.truncate(width - 1, overflow="crop")
            row = f"{short.plain}…"
    if not (color and style):
        return f"{row}\n"
    before, after = _signs_of_style(style)
    return f"{before}{row}{after}"


@cache
def _signs_of_style(style: str) -> tuple[str, str]:
    """Return what a terminal is given before and behind a row of a style."""
    terminal = console(1, color=True)
    with terminal.capture() as captured:
        terminal.print(Text("x", style), no_wrap=True, overflow="ignore", crop=False)
    before, _, after = captured.get().partition("x")
    return before, after
