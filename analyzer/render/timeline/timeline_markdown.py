"""The full timeline as a table of Markdown."""

from collections.abc import Iterable, Iterator

from analyzer.model.entry import Entry
from analyzer.render.markdown import code, escaped
from analyzer.render.timeline.timeline_table import said_of_entry
from analyzer.render.words.view import stamp

_CELL = 1000


def timeline_markdown(entries: Iterable[Entry], *, raw: bool = False) -> Iterator[str]:
    """Yield a table of GitHub-flavoured Markdown; the text of a bundle stands in code.

    ``raw`` shows the verbatim records.
    """
    doubted = None
    for entry in entries:
        if doubted is None:
            yield "| | time | host | source | what |\n| --- | --- | --- | --- | --- |\n"
        doubted = doubted or entry.about
        about = "about" if entry.about else ""
        place = f"{_code_in_cell(entry.lane)} {_code_in_cell(str(entry.source))}"
        if raw and entry.text:
            what = _code_in_cell(entry.text)
        else:
            ours, *rest = said_of_entry(entry) if entry.title else ("", *said_of_entry(entry))
            said = " ".join(_code_in_cell(text.removeprefix("  | ")[:_CELL]) for text in rest)
            what = f"{escaped(ours)} {said}".strip()
        yield f"| {about} | {stamp(entry.moment)} | {escaped(entry.host)} | {place} | {what} |\n"
    if doubted:
        yield (
            "\n`about`: it and another line shown may stand the other way round, "
            "their times overlap.\n"
        )


def _code_in_cell(text: str) -> str:
    """Return text as code in a cell of a table, where a bar cannot be escaped everywhere."""
    return code(text.replace("|", "¦"))
