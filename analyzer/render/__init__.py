"""A report becomes text, one file per output; report.json is the source of truth."""

from importlib import import_module
from typing import TYPE_CHECKING

from analyzer.values import dataclass

if TYPE_CHECKING:
    from analyzer.model.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """An output: the name asked for with ``--format``, the file's suffix, what makes it.

    ``made_by`` is ``<module below analyzer.render>:<function of a Report>``, loaded when it is
    needed, so that the command knows the names of all outputs at once. ``local`` outputs are read
    by people: their times are in the zone that these ask for.
    """

    name: str
    suffix: str
    made_by: str
    local: bool = False

    def render(self, report: "Report") -> str:
        """Return the text of the output."""
        module, _, function = self.made_by.partition(":")
        text: str = getattr(import_module(f"analyzer.render.{module}"), function)(report)
        return text


FORMATS: tuple[Format, ...] = (
    Format(name="text", suffix=".txt", made_by="terminal.text:render_text", local=True),
    Format(name="json", suffix=".json", made_by="data.json:render_json"),
    Format(name="html", suffix=".html", made_by="html.html:render_html"),
    Format(name="markdown", suffix=".md", made_by="markdown:render_markdown", local=True),
)
