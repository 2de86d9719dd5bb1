"""Text into rows of a terminal: wrapped, indented, cut where there is no room."""

import io
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rich.style import Style
from rich.text import Text

from analyzer.model.source import Source
from analyzer.render.words.view import cut, short_place, visible

if TYPE_CHECKING:
    from rich.console import Console

MANY = 100_000
LEAST_WIDTH = 40
HEADING = "bold"
STYLES: Mapping[str, str] = MappingProxyType(
    {
        "critical": "bold red",
        "error": "red",
        "warning": "yellow",
        "info": "cyan",
        "unsure": "bold magenta",
        "clear": "bold green",
    }
)


class Rows:
    """How wide the rows are, and whether anything may be left out for brevity.

    ``places`` are the URLs of quoted lines, for a terminal that knows links (OSC 8).
    """

    def __init__(
        self, *, width: int, full: bool, places: Mapping[Source, str] = MappingProxyType({})
    ) -> None:
        self.width = max(width, LEAST_WIDTH)
        self.full = full
        self._places = places

    def wrap(
        self, text: str, *, indent: int = 0, hang: int | None = None, limit: int = MANY
    ) -> list[Text]:
        """Return `text` in at most `limit` rows; ``hang`` indents those after the first."""
        hang = indent if hang is None or limit == 1 else hang
        shown = cut(visible(text).replace("±", "+/-"), MANY if self.full else 40 * self.width)
        begun = _wrapped(shown, self.width - indent)[:1] if indent < hang else []
        rest = shown[len(begun[0]) :].lstrip() if begun else shown
        later = _wrapped(rest, self.width - hang) if rest or not begun else []
        rows = [row.rstrip() for row in (*begun, *later)]
        if len(rows) > limit:
            width = self.width - hang
            short = Text(f"{rows[limit - 1]} {rows[limit]}")
            short.truncate(width - 4, overflow="crop")
            last = f"{short.plain.rstrip()} ..."
            rows = [*rows[: limit - 1], last]
        return [Text(" " * (hang if n else indent) + row) for n, row in enumerate(rows)]

    def placed(self, rows: list[Text], source: Source | None) -> list[Text]:
        """Return the rows with the source that one of them names linked to where it is quoted."""
        url = self._places.get(source) if source else None
        shown = visible(short_place(source)) if source else ""
        for row in rows:
            if url and (at := row.plain.rfind(shown)) >= 0:
                row.stylize(Style(link=url), at, at + len(shown))
        return rows

    def quote(self, text: str, *, limit: int) -> list[Text]:
        """Return a quotation behind bars, in at most `limit` rows, saying what is left out."""
        mark, room = "     | ", self.width - 7
        lines = visible(text, lines=True).expandtabs().split("\n")
        whole = [line if self.full else cut(line, 40 * self.width) for line in lines]
        rows = [row.rstrip("\n") for line in whole for row in _wrapped(line, room)]
        shown = rows if self.full else rows[:limit]
        left = len(text) - sum(len(row) for row in shown)
        more = [f"... and {left} more characters"] if len(shown) < len(rows) else []
        return [Text(mark + row.rstrip()) for row in [*shown, *more]]


def _wrapped(text: str, width: int) -> list[str]:
    no_console: Any = None  # rich asks it only how to justify; to load one takes a while
    return [row.plain for row in Text(text).wrap(no_console, width, overflow="fold")]


def printed(rows: Iterable[Text], width: int, *, color: bool) -> str:
    """Return rows, of which none is wider than `width`, as a terminal is given them."""
    if not color:
        return "".join(f"{row.plain}\n" for row in rows)
    terminal = console(width, color=color)
    with terminal.capture() as captured:
        for row in rows:
            terminal.print(row, no_wrap=True, overflow="ignore", crop=False)
    return captured.get()


def console(width: int, *, color: bool) -> "Console":
    """Return a console that knows nothing of this machine."""
    from rich.console import Console  # noqa: PLC0415 - half of what rich takes to be loaded

    return Console(
        file=io.StringIO(),
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        legacy_windows=False,
        _environ={},
    )


def heading(text: str) -> list[Text]:
    """Return a heading with an empty row before it."""
    return [Text(), Text(text, HEADING)]


def styled(rows: Iterable[Text], style: str) -> list[Text]:
    """Return the rows in one of `STYLES`."""
    return [Text(row.plain, STYLES[style]) for row in rows]
