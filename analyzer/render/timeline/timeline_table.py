"""The full timeline for people: rows of a terminal, plain text for a pipe, and Markdown."""

from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from analyzer.model.entry import Entry, EntryKind
from analyzer.render.markdown import code, escaped
from analyzer.render.terminal.rows import STYLES, console
from analyzer.render.timeline.timeline_columns import spoken
from analyzer.render.words.view import DOUBT_SHOWN, margin, stamp, visible
from analyzer.render.words.zone import clock_text

ABOUT = "~"
LEGEND = (
    "~ before a line: it and another one shown may stand the other way round, their times overlap"
)
_LONGEST_HOST, _LONGEST_LANE = 20, 16
_CELL = 1000


def timeline_table(
    entries: Sequence[Entry], *, width: int | None = None, color: bool = False
) -> Iterator[str]:
    """Yield the rows; those longer than ``width`` are cut, and show it."""
    if not entries:
        return
    host = min(max(len("HOST"), *(len(entry.host) for entry in entries)), _LONGEST_HOST)
    lane = min(max(len("SOURCE"), *(len(entry.lane) for entry in entries)), _LONGEST_LANE)
    told = {id(entry.moment): entry.moment for entry in entries}  # neighbours share theirs
    known = {}
    for key, moment in told.items():
        if not moment.year_known:
            known[key] = stamp(moment)
        else:
            text, zone = clock_text(moment)
            doubt = f" {margin(moment)}" if moment.doubt > DOUBT_SHOWN else ""
            known[key] = f"{text} {zone}{doubt}"
    times = [known[id(entry.moment)] for entry in entries]
    when = max(len(time) for time in times)
    yield _row_of_style(
        f"  {'TIME':{when}} {'HOST':{host}} {'SOURCE':{lane}} WHAT", "", width, color=color
    )
    for entry, time in zip(entries, times, strict=True):
        flag = ABOUT if entry.about else " "
        place = f"{visible(entry.host)[:host]:{host}} {visible(entry.lane)[:lane]:{lane}}"
        style = (
            STYLES[entry.severity]
            if entry.severity
            else ("" if entry.what is EntryKind.RECORD else "bold")
        )
        for number, said in enumerate(_said_of_entry(entry)):
            head = (
                f"{flag} {time:{when}} {place}" if number == 0 else " " * (when + host + lane + 4)
            )
            yield _row_of_style(f"{head} {said}", style, width, color=color)
    if any(entry.about for entry in entries):
        yield f"{LEGEND}\n"


def timeline_markdown(entries: Sequence[Entry], *, raw: bool = False) -> Iterator[str]:
    """Yield a table of GitHub-flavoured Markdown; the text of a bundle stands in code.

    ``raw`` shows the verbatim records.
    """
    if not entries:
        return
    yield "| | time | host | source | what |\n| --- | --- | --- | --- | --- |\n"
    for entry in entries:
        about = "about" if entry.about else ""
        place = f"{_code_in_cell(entry.lane)} {_code_in_cell(str(entry.source))}"
        if raw and entry.text:
            what = _code_in_cell(entry.text)
        else:
            ours, *rest = _said_of_entry(entry) if entry.title else ("", *_said_of_entry(entry))
            said = " ".join(_code_in_cell(text.removeprefix("  | ")[:_CELL]) for text in rest)
            what = f"{escaped(ours)} {said}".strip()
        yield f"| {about} | {stamp(entry.moment)} | {escaped(entry.host)} | {place} | {what} |\n"
    if any(entry.about for entry in entries):
        yield (
            "\n`about`: it and another line shown may stand the other way round, "
            "their times overlap.\n"
        )


def timeline_raw(entries: Iterable[Entry], *, terminal: bool) -> Iterator[str]:
    """Yield the records as they are written, what does not print written out on a terminal."""
    for entry in entries:
        if entry.text and entry.what.is_line:
            yield f"{visible(entry.text, lines=True) if terminal else entry.text}\n"


def _said_of_entry(entry: Entry) -> list[str]:
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
        short = Text(row)
        short.truncate(width - 1, overflow="crop")
        row = f"{short.plain}…"
    if not (color and style):
        return f"{row}\n"
    terminal = console(max(len(row), 1), color=True)
    with terminal.capture() as captured:
        terminal.print(Text(row, style), no_wrap=True, overflow="ignore", crop=False)
    return captured.get()


def _code_in_cell(text: str) -> str:
    """Return text as code in a cell of a table, where a bar cannot be escaped everywhere."""
    return code(text.replace("|", "¦"))
