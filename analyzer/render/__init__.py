"""A report becomes text, one file per output; report.json is the source of truth."""

from collections.abc import Callable
from dataclasses import dataclass

from analyzer.model.report import Report
from analyzer.render.data.json import render_json
from analyzer.render.html.html import render_html
from analyzer.render.markdown import render_markdown
from analyzer.render.terminal.text import render_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """An output: the name asked for with ``--format``, the file's suffix, what makes it."""

    name: str
    suffix: str
    render: Callable[[Report], str]


FORMATS: tuple[Format, ...] = (
    Format(name="text", suffix=".txt", render=render_text),
    Format(name="json", suffix=".json", render=render_json),
    Format(name="html", suffix=".html", render=render_html),
    Format(name="markdown", suffix=".md", render=render_markdown),
)
