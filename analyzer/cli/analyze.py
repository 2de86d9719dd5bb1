"""``cbtriage analyze``: status reports in, a summary on the terminal and the report files out."""

import json
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analyzer.bundle.budget import Budget
from analyzer.cli.options import Accept, HowToRead, LogAs, LogZone, Paths, Rules, Tz, Year
from analyzer.cli.output import in_color, knows_links, note, say
from analyzer.cli.report_files import write_files
from analyzer.errors import AnalyzerError, UsageError
from analyzer.model.finding import Severity
from analyzer.render import FORMATS, Format

if TYPE_CHECKING:
    from analyzer.case.case import Case
    from analyzer.model.report import Report
    from analyzer.render.terminal.answer_text import Links
    from analyzer.render.words.zone import Zone

FINDINGS, DAMAGED, INTERNAL = 1, 4, 5
_DEFAULT = Budget()
_OUTPUTS = tuple(form.name for form in FORMATS)
_BUDGET = "Budget against hostile archives"


def _known(names: list[str] | None) -> list[str]:
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
            callback=_known,
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
    max_rows: Annotated[
        int,
        typer.Option(
            min=1,
            help="Lines of logs to keep, and one more for each 40 bytes of the input.",
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
    from analyzer.case.log_processes import cores
    from analyzer.cli.inputs import inputs_of
    from analyzer.cli.progress import told_to_write, watching
    from analyzer.cli.redact import for_outside, kept_from, unchanged
    from analyzer.render.words.zone import zone_named
    from analyzer.run import Options, load_case

    zone, chosen = zone_named(tz), _chosen(formats, stdout=stdout, ticket=ticket, reply=reply)
    budget = Budget(
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
        rows=max_rows,
        line=max_line,
    )
    folder = _folder(output, paths, force=force)
    options = Options(
        jobs=jobs or cores(),
        budget=budget,
        log_as=log_as,
        rules=tuple(rules or ()),
        assumed=HowToRead(year=year, zone=log_zone).assumed,
        context=not no_context,
        accept=accept,
        stdin=sys.stdin.buffer if Path("-") in paths else None,
    )
    inputs = None if no_case or redact or stdout else inputs_of(paths)
    with watching(quiet=quiet) as progress:
        case, judged = load_case(paths, options, progress)
        judged = _asked(case, judged, about, when, zone)
        report, check = kept_from(judged, case, folder) if redact else (judged, unchanged)
        wanted = [form for form in FORMATS if form.name in (chosen or ("html", "json"))]
        told_to_write(progress)
        texts, whole = _rendered(report, wanted, zone, check)
        beside = _case_file((case, judged), inputs, texts, paths, usual=options.usual)
    if stdout:
        say(*texts.values())
    else:
        written = write_files(folder, {**texts, **beside}, force=force)
        if ticket or reply:
            text = _note(_shown(report, zone), ticket=ticket)
            say(check(text) if ticket else for_outside(text, report, case))
        elif not quiet:
            _summary(_shown(report, zone), written, full=verbose)
    raise typer.Exit(_status(report, fail_on, strict=strict) if whole else INTERNAL)


def _status(report: "Report", fail_on: FailOn, *, strict: bool) -> int:
    from analyzer.render.words.status import exit_status

    least = None if fail_on is FailOn.NEVER else Severity(fail_on.value)
    return exit_status(report, least, strict=strict)


def _asked(
    case: "Case", report: "Report", about: str | None, when: str | None, zone: "Zone"
) -> "Report":
    """Return the report with what answers the question, as it is where nothing was asked."""
    if about is None and when is None:
        return report
    from analyzer.cli._question import asked
    from analyzer.story.pages import Judged

    return replace(report, question=asked(Judged(case, report), about, when, zone.of(report)))


def _case_file(
    judged: "tuple[Case, Report]",
    inputs: "Sequence[Mapping[str, Any]] | None",
    texts: Mapping[str, str],
    paths: Sequence[Path],
    *,
    usual: bool,
) -> dict[str, bytes]:
    """Return the case file by its name; nothing where the inputs were changed meanwhile."""
    from analyzer.cli.case_file import NAME, case_bytes
    from analyzer.cli.inputs import unchanged_since
    from analyzer.story.pages import Judged

    if not inputs or not unchanged_since(inputs, paths):
        return {}
    written = texts.get("report.json", "")
    return {NAME: case_bytes(Judged(*judged), inputs, usual=usual, report_json=written)}


def _folder(output: Path | None, paths: Sequence[Path], *, force: bool) -> Path:
    """Return where the report goes."""
    folder = output or Path(f"cbtriage-{_bundle_name(paths)}")
    if output is None and folder.is_symlink() and not force:
        msg = f"{folder}: it is a link that somebody laid there; name the folder with -o"
        raise UsageError(msg)
    return folder


def _chosen(
    formats: Sequence[str] | None, *, stdout: bool, ticket: bool, reply: bool
) -> tuple[str, ...]:
    """Return the formats that are asked for.

    Raises:
        UsageError: more than one text is asked for on standard output.
    """
    chosen = tuple(dict.fromkeys(formats or ()))
    if stdout and len(chosen) != 1:
        msg = f"--stdout prints one format: add --format once, of {', '.join(_OUTPUTS)}"
        raise UsageError(msg)
    if stdout + ticket + reply > 1:
        raise UsageError("--stdout, --ticket and --reply print one text each: give one of them")
    return chosen


def _bundle_name(paths: Sequence[Path]) -> str:
    """Return a safe folder name made of the first bundle's name without its suffixes."""
    first = "stdin" if str(paths[0]) == "-" else paths[0].resolve().name
    stem = re.sub(
        r"(\.(tar|bz2|gz|xz|zst|tgz|tbz2?|txz|zip|log|xml|out))+$", "", first, flags=re.IGNORECASE
    )
    return re.sub(r"[^\w.-]+", "_", stem).strip("._")[:80] or "bundle"


def _shown(report: "Report", zone: "Zone") -> "Report":
    """Return the report as it is shown to people: in the zone that they asked for."""
    from analyzer.render.words.local import in_zone

    return in_zone(report, zone.of(report))


def _render(report: "Report", form: Format, zone: "Zone") -> str:
    return form.render(_shown(report, zone) if form.local else report)


def _rendered(
    report: "Report", wanted: Sequence[Format], zone: "Zone", check: Callable[[str], str]
) -> tuple[dict[str, str], bool]:
    """Return the texts by file name, and whether all are the report.

    One that our own code fails on says so, and costs the others nothing.
    """
    from analyzer.stages import REPORT_IT, place_of

    texts, whole = {}, True
    for form in wanted:
        name = f"report{form.suffix}"
        try:
            texts[name] = check(_render(report, form, zone))
        except AnalyzerError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are written
            whole, place = False, place_of(error)
            told = f"cbtriage failed to write this, a defect of its own ({place}): {REPORT_IT}"
            note(f"{name}: {told}")
            texts[name] = json.dumps({"failure": told}) if form.suffix == ".json" else told
    return texts, whole


def _note(report: "Report", *, ticket: bool) -> str:
    from analyzer.render.answer_notes import render_reply, render_ticket

    return render_ticket(report) if ticket else render_reply(report)


def _summary(report: "Report", written: Sequence[Path], *, full: bool) -> None:
    from analyzer.render.terminal.answer_text import WIDTH, WRITTEN, render_answer
    from analyzer.render.terminal.text import render_text

    color = in_color()
    columns = shutil.get_terminal_size((100, 40)).columns if sys.stdout.isatty() else 100
    if not full:
        paths = [f"{WRITTEN}{path}" for path in written]
        links = _links(report, written) if knows_links() else None
        shown = min(columns, WIDTH)
        say(render_answer(report, written=paths, width=shown, color=color, links=links))
        return
    say(render_text(report, width=min(columns, 140), color=color, full=True))
    for path in written:
        say(f"{WRITTEN}{path}\n")


def _links(report: "Report", written: Sequence[Path]) -> "Links":
    """Return the URLs of the written files, and of the lines that the page among them quotes."""
    from analyzer.render.html.html import anchors_of
    from analyzer.render.terminal.answer_text import WRITTEN, Links

    files = {path: path.resolve().as_uri() for path in written}
    page = next((url for path, url in files.items() if path.suffix == ".html"), None)
    anchors = anchors_of(report) if page else {}
    return Links(
        places={source: f"{page}#{name}" for source, name in anchors.items()},
        files={f"{WRITTEN}{path}": url for path, url in files.items()},
    )
