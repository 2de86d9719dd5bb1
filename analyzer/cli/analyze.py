"""``cbtriage analyze``: status reports in, a summary on the terminal and the report files out."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from analyzer.bundle.budget import Budget
from analyzer.cli.options import Accept, HowToRead, LogAs, LogZone, Paths, Rules, Tz, Year
from analyzer.model.finding import Severity
from analyzer.render import FORMATS

FINDINGS, DAMAGED = 1, 4
_DEFAULT = Budget()
_OUTPUTS = tuple(form.name for form in FORMATS)
_BUDGET = "Budget against hostile archives"


def _known_formats(names: list[str] | None) -> list[str]:
    """Return the outputs that were asked for."""
    for name in names or ():
        if name not in _OUTPUTS:
            msg = f"{name!r} is none of {', '.join(_OUTPUTS)}"
            raise typer.BadParameter(msg)
    return names or []


class FailOn(StrEnum):
    """The severity from which findings make the exit status 1."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    NEVER = "never"


def analyze_command(
    paths: Paths,
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="DIR",
            help="Folder for the report files.  [default: ./cbtriage-<bundle>/]",
            show_default=False,
        ),
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="|".join(_OUTPUTS),
            callback=_known_formats,
            help="Which files to write; repeatable.  [default: html and json]",
            show_default=False,
        ),
    ] = None,
    stdout: Annotated[
        bool,
        typer.Option(
            "--stdout", help="Print the one --format to standard output and write no file."
        ),
    ] = False,
    ticket: Annotated[
        bool,
        typer.Option(
            "--ticket", help="Print the answer for a ticket (CommonMark), not the summary."
        ),
    ] = False,
    reply: Annotated[
        bool,
        typer.Option(
            "--reply",
            help="Print a reply to whoever sent the report: no host names, addresses or uuids.",
        ),
    ] = False,
    redact: Annotated[
        bool,
        typer.Option(
            "--redact",
            help="Tell names, addresses, serial numbers and credentials by tokens; what those"
            " stand for is kept beside DIR, for you alone.",
        ),
    ] = False,
    no_context: Annotated[
        bool,
        typer.Option(
            "--no-context",
            help="Do not read the logs a second time for the lines around those that are quoted.",
        ),
    ] = False,
    log_as: LogAs = None,
    rules: Rules = None,
    accept: Accept = None,
    year: Year = None,
    log_zone: LogZone = None,
    tz: Tz = "UTC",
    fail_on: Annotated[
        FailOn, typer.Option(help="Exit with 1 for findings of at least this severity.")
    ] = FailOn.WARNING,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Exit with 4 when nothing was found but some rule could not tell."
        ),
    ] = False,
    about: Annotated[
        str | None,
        typer.Option(
            metavar="VM|DISK|HOST|SR", help="Say first what concerns this object, by name or uuid."
        ),
    ] = None,
    when: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Say first what was at this time: 11 Jun 10:30."),
    ] = None,
    no_case: Annotated[
        bool,
        typer.Option(
            "--no-case",
            help="Leave no case file; show, why, timeline, explain, render then read all again.",
        ),
    ] = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="Overwrite files in DIR that are no report of cbtriage."),
    ] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress, no summary.")] = False,
    verbose: Annotated[
        bool,
        typer.Option("-v", "--verbose", help="The whole report on the terminal, not its summary."),
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Processes at work on a large report.  [default: one for each core]",
            show_default=False,
        ),
    ] = None,
    max_total: Annotated[
        int,
        typer.Option(min=1, help="Bytes to read in all, decompressed.", rich_help_panel=_BUDGET),
    ] = _DEFAULT.total,
    max_member: Annotated[
        int,
        typer.Option(min=1, help="Bytes to read of one member.", rich_help_panel=_BUDGET),
    ] = _DEFAULT.member,
    max_ratio: Annotated[
        int,
        typer.Option(
            min=1,
            help="Decompressed by compressed size; counts past 1 GiB, as logs compress well.",
            rich_help_panel=_BUDGET,
        ),
    ] = _DEFAULT.ratio,
    max_members: Annotated[
        int, typer.Option(min=1, help="Members in all.", rich_help_panel=_BUDGET)
    ] = _DEFAULT.members,
    max_depth: Annotated[
        int,
        typer.Option(min=1, help="Archives inside archives.", rich_help_panel=_BUDGET),
    ] = _DEFAULT.depth,
    max_archives: Annotated[
        int,
        typer.Option(min=1, help="Archives in one archive.", rich_help_panel=_BUDGET),
    ] = _DEFAULT.archives,
    max_packed: Annotated[
        int,
        typer.Option(min=1, help="Bytes to read of one compressed log.", rich_help_panel=_BUDGET),
    ] = _DEFAULT.packed,
    max_document: Annotated[
        int,
        typer.Option(min=1, help="Bytes of a file read whole.", rich_help_panel=_BUDGET),
    ] = _DEFAULT.document,
    max_name: Annotated[
        int,
        typer.Option(min=1, help="Characters of a member's name.", rich_help_panel=_BUDGET),
    ] = _DEFAULT.name,
    max_reports: Annotated[
        int,
        typer.Option(min=1, help="Status reports in all.", rich_help_panel=_BUDGET),
    ] = _DEFAULT.reports,
    max_disks: Annotated[
        int,
        typer.Option(min=1, help="Disks to tell of one by one.", rich_help_panel=_BUDGET),
    ] = _DEFAULT.disks,
    max_rows: Annotated[
        int,
        typer.Option(
            min=1,
            help="Lines of logs to keep, a long one counted for each 512 characters, and one more"
            " for each 40 bytes of the input.",
            rich_help_panel=_BUDGET,
        ),
    ] = _DEFAULT.rows,
    max_line: Annotated[
        int,
        typer.Option(min=1, help="Bytes of one log line.", rich_help_panel=_BUDGET),
    ] = _DEFAULT.line,
) -> None:
    """Say what broke in CBT and NBD, since when, how sure, what next and what could not be told.

    Writes report.html (for people, one file) and report.json (for programs), and prints the
    answer in at most 25 lines, the verdict last. report.cbtcase beside them answers further
    questions (show, why, timeline, explain) about the same status reports. Nothing is sent
    anywhere, and nothing else is written. --tz is for text and Markdown; quoted lines keep their
    stamps, and the JSON its UTC.

    Examples: cbtriage analyze status-report.tar.bz2 -o out ·
    cbtriage analyze host-a.zip host-b.zip --about sql-02 --when "11 Jun 10:30"
    """
    from analyzer.bundle.budget import cores
    from analyzer.cli.analysis import Asked, analyze
    from analyzer.run import Options

    options = Options(
        jobs=jobs or cores(),
        budget=Budget(
            total=max_total,
            member=max_member,
            ratio=max_ratio,
            members=max_members,
            depth=max_depth,
            archives=max_archives,
            packed=max_packed,
            document=max_document,
            name=max_name,
            reports=max_reports,
            disks=max_disks,
            rows=max_rows,
            line=max_line,
        ),
        log_as=log_as,
        rules=tuple(rules or ()),
        assumed=HowToRead(year=year, zone=log_zone).assumed,
        context=not no_context,
        accept=accept,
        stdin=sys.stdin.buffer if Path("-") in paths else None,
    )
    asked = Asked(
        paths=tuple(paths),
        options=options,
        output=output,
        formats=tuple(formats or ()),
        stdout=stdout,
        ticket=ticket,
        reply=reply,
        redact=redact,
        tz=tz,
        fail_on=None if fail_on is FailOn.NEVER else Severity(fail_on.value),
        strict=strict,
        about=about,
        when=when,
        case_file=not no_case,
        force=force,
        quiet=quiet,
        verbose=verbose,
    )
    raise typer.Exit(analyze(asked))
