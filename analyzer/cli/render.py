"""``cbtriage render``: an old result drawn again, from its report.json or its case file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.case_file import NAME, CaseFile, NoCaseError, digest_of
from analyzer.cli.options import Tz
from analyzer.cli.output import note, say
from analyzer.cli.report_files import write_files
from analyzer.errors import UsageError
from analyzer.render import FORMATS, Format

if TYPE_CHECKING:
    from analyzer.model.report import Report
    from analyzer.render.words.zone import Zone


def render_command(
    result: Annotated[
        Path,
        typer.Argument(
            metavar="REPORT",
            help="A report.json, best with its report.cbtcase beside it, or the case file itself.",
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

    With the case file it is what was drawn. From report.json alone it has what that has:
    without what had no room there, as the page says, and with the times inside sentences in UTC.

    Example: cbtriage render out/report.json -o out/report.md --tz Europe/Rome

    Exit status: 0 it was drawn, 2 it is no report, or the new file cannot be written.
    """
    from analyzer.render.words.zone import zone_named

    zone, form = zone_named(tz), _format_of_file(output)
    try:
        case = _case_file_of(result)
        text = case.drawn(form, zone.name) or _drawn_in_zone(case.whole_report(), form, zone)
    except NoCaseError as error:
        if result.suffix == Path(NAME).suffix:
            msg = f"{error}; run cbtriage analyze again on the status reports that it was made of"
            raise UsageError(msg) from error
        in_utc = "; times inside sentences stay in UTC and say so" if not zone.is_utc else ""
        text = _of_json(result, form, zone)
        note(f"{error}; drawn from {result} alone{in_utc}")
    if output == Path("-"):
        say(text)
    else:
        write_files(output.parent, {output.name: text}, force=force)


def _drawn_in_zone(report: "Report", form: Format, zone: "Zone") -> str:
    from analyzer.render.words.local import in_zone

    return form.render(in_zone(report, zone.of(report)) if form.local else report)


def _of_json(result: Path, form: Format, zone: "Zone") -> str:
    """Return what can be drawn of a report.json alone; the page says what it lacks.

    Raises:
        UsageError: it is none.
    """
    from analyzer.desk.document import report_at
    from analyzer.render.data.again import lacks, report_again

    document = report_at(result)
    try:
        report = report_again(document)
    except UsageError as error:
        msg = f"{result}: {error}; run cbtriage analyze again"
        raise UsageError(msg) from error
    if form.name != "html":
        return _drawn_in_zone(report, form, zone)
    from analyzer.render.html.html import render_html

    return render_html(report, lacks(document))


def _format_of_file(output: Path) -> Format:
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


def _case_file_of(result: Path) -> CaseFile:
    """Return the case file of a report.

    Raises:
        NoCaseError: there is none, or it is of another report.
    """
    if result.suffix == Path(NAME).suffix:
        return CaseFile(result)
    case = CaseFile(result.with_name(NAME))
    try:
        digest = digest_of(result.read_bytes())
    except OSError as error:
        msg = f"{result}: {error.strerror or error}"
        raise UsageError(msg) from error
    if case.head.get("drawn", {}).get("report.json") != digest:
        msg = f"{case.path}: it is not of {result}"
        raise NoCaseError(msg)
    return case
