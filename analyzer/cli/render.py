"""``cbtriage render``: an old result drawn again, from the case file beside its report.json."""

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.case_file import NAME, CaseFile, NoCaseError
from analyzer.cli.options import Tz
from analyzer.cli.output import say
from analyzer.cli.report_files import write_files
from analyzer.errors import UsageError
from analyzer.render import FORMATS, Format


def render_command(
    result: Annotated[
        Path,
        typer.Argument(
            metavar="REPORT",
            help="A report.json with its report.cbtcase beside it, or the case file itself.",
            show_default=False,
        ),
    ],
    *,
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="What to write: report.html, .md, .txt or .json; - prints it as text.",
        ),
    ] = Path("-"),
    tz: Tz = "UTC",
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a file that is no report of cbtriage.")
    ] = False,
) -> None:
    """Draw an old result again, in another format or zone, without its status reports.

    Example: cbtriage render out/report.json -o out/report.md --tz Europe/Rome

    Exit status: 0 it was drawn, 2 there is no case file of this report, or it cannot be written.
    """
    from analyzer.render.words.local import in_zone
    from analyzer.render.words.zone import zone_named

    zone, form = zone_named(tz), _format(output)
    try:
        report = _case(result).whole_report()
    except NoCaseError as error:
        msg = f"{error}; run cbtriage analyze again on the status reports that it was made of"
        raise UsageError(msg) from error
    shown = in_zone(report, zone.of(report)) if form.local else report
    text = form.render(shown)
    if output == Path("-"):
        say(text)
    else:
        write_files(output.parent, {output.name: text}, force=force)


def _format(output: Path) -> Format:
    """Return the format that a file's name asks for.

    Raises:
        UsageError: there is none.
    """
    suffix = ".txt" if output == Path("-") else output.suffix
    form = next((form for form in FORMATS if form.suffix == suffix), None)
    if form is None:
        known = ", ".join(form.suffix for form in FORMATS)
        msg = f"{output}: its name tells no format; let it end in one of {known}"
        raise UsageError(msg)
    return form


def _case(result: Path) -> CaseFile:
    """Return the case file of a report.

    Raises:
        NoCaseError: there is none, or it is of another report.
    """
    if result.suffix == Path(NAME).suffix:
        return CaseFile(result)
    case = CaseFile(result.with_name(NAME))
    try:
        with result.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        msg = f"{result}: {error.strerror or error}"
        raise UsageError(msg) from error
    if case.head.get("report") != digest:
        msg = f"{case.path}: it is not of {result}"
        raise NoCaseError(msg)
    return case
