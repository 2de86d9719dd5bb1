"""``cbtriage diff``: what a newer report says of the troubles of an older one."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.analyze import FINDINGS
from analyzer.cli.case_file import NoCaseError, case_of
from analyzer.cli.output import say
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.desk.document import Document

_FORMATS = ("text", "json", "html")


def _known_format(name: str) -> str:
    if name not in _FORMATS:
        msg = f"{name!r} is none of {', '.join(_FORMATS)}"
        raise typer.BadParameter(msg)
    return name


def diff_command(
    older: Annotated[
        Path,
        typer.Argument(
            metavar="OLD", help="A report.json, or a status report.", show_default=False
        ),
    ],
    newer: Annotated[
        Path,
        typer.Argument(
            metavar="NEW", help="The same, made later of the same pool.", show_default=False
        ),
    ],
    *,
    form: Annotated[
        str, typer.Option("--format", metavar="|".join(_FORMATS), callback=_known_format)
    ] = "text",
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Write it there, not to standard output."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a FILE that is not ours.")
    ] = False,
) -> None:
    """Compare two reports of one pool: what is new, still there, fixed, or lost sight of.

    "Fixed" is proven: the newer report saw the time after the trouble, and rules it out there or
    finds the disk sound. Of each plan it says which steps were taken since.

    Example: cbtriage diff monday/report.json friday/report.json

    Exit status: 0 all is fixed or over, 1 something is new, still there or lost sight of,
    2 usage (other pools, wrong order), 3 no readable input.
    """
    from analyzer.cli.report_files import write_files
    from analyzer.desk.difference import Fate, difference
    from analyzer.desk.difference_told import difference_json, difference_page, difference_text

    told = difference(_document_at(older), _document_at(newer))
    texts = {"text": difference_text, "json": difference_json, "html": difference_page}
    text = texts[form](told)
    if output:
        write_files(output.parent, {output.name: text}, force=force)
    else:
        say(text)
    raise typer.Exit(FINDINGS if told.of(Fate.NEW, Fate.STILL, Fate.LOST) else 0)


def _document_at(path: Path) -> "Document":
    """Return a report that was written before, or one made now."""
    from analyzer.desk.document import looks_like_a_report, report_at
    from analyzer.render.data.json import report_object

    if str(path) == "-":
        raise UsageError("diff reads files: give a report.json or a status report, not -")
    if looks_like_a_report(path):
        return report_at(path)
    case = case_of([path], quiet=not sys.stderr.isatty())
    if case is not None:
        with suppress(NoCaseError):
            written = case.report_json()
            return report_at(written) if written else report_object(case.whole_report())
    from analyzer.cli.progress import watching
    from analyzer.run import Options, analyze

    with watching(quiet=not sys.stderr.isatty()) as progress:
        return report_object(analyze([path], Options(), progress))
