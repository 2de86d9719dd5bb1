"""``cbtriage show session``: NBD connections, each with its lines and its end."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli._case import AsJson, Quiet, Reading, answers_json
from analyzer.cli.analyze import DAMAGED, FINDINGS
from analyzer.cli.options import HowToRead, Tz, told_how_to_read
from analyzer.cli.output import say
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.model.finding import Finding
    from analyzer.model.names import Names
    from analyzer.model.nbd import NbdSession, ServerRun
    from analyzer.model.report import Report

Arguments = Annotated[
    list[str],
    typer.Argument(
        metavar="[REF|VBD|VDI|PID] BUNDLE...",
        help=(
            "Which connections: by VBD, disk, client's session, or pid of xapi-nbd; all if the "
            "first argument is a file. Then the status reports; - is standard input."
        ),
        show_default=False,
    ),
]


@told_how_to_read
def show_session(
    arguments: Arguments,
    *,
    as_json: AsJson = False,
    tz: Tz = "UTC",
    quiet: Quiet = False,
    how: HowToRead,
) -> None:
    """Show NBD connections: who served them, when, for which disk, and how they ended.

    xapi-nbd's lines do not name the connection: how sure they belong together is said. "Open" is
    open at the end of the log, which is no fault by itself.

    Example: cbtriage show session 6b0c1a3e status-report.tar.bz2

    Exit status: 0 no finding is about them, 1 some finding is, 2 no connection fits,
    3 no readable input, 4 no finding, but the input was damaged.
    """
    from analyzer.model.pages import sessions_fitting
    from analyzer.render.terminal.session_text import session_text, unread_text
    from analyzer.render.words.view import visible
    from analyzer.render.words.zone import zone_named

    wanted, paths = _reference_and_bundles(arguments)
    zone = zone_named(tz)
    reading = Reading(paths, quiet=quiet, how=how)
    page, report = reading.sessions, reading.report
    sessions = [each.session for each in sessions_fitting(page, reading.names, wanted)]
    if wanted and not sessions:
        msg = f"{visible(wanted)}: no NBD connection of the given bundles fits"
        raise UsageError(msg)
    runs = _runs_of(page.servers, sessions, every=not wanted)
    hosts = {run.bundle for run in runs}
    counts = [each for each in page.counts if each.bundle in hosts]
    found = _findings_about(report, sessions, runs)
    if as_json:
        served = answers_json(
            connections=sessions,
            servers=runs,
            concurrency=counts,
            findings=found,
            unread=page.unread,
        )
        say(served)
    else:
        told = (tuple(sessions), tuple(runs), tuple(counts), tuple(found))
        parts = reading.shown(told, zone)
        say(unread_text(page.unread))
        reading.tell(session_text(*parts, _names_by_uuid(reading.names)))
    raise typer.Exit(FINDINGS if found else DAMAGED if reading.damaged else 0)


def _reference_and_bundles(arguments: Sequence[str]) -> tuple[str, list[Path]]:
    """Return what is wanted, "" if all, and the bundles."""
    first = arguments[0]
    if first == "-" or Path(first).exists():
        return "", [Path(each) for each in arguments]
    if not arguments[1:]:
        msg = f"{first}: no such file; name the status reports after what to look for"
        raise UsageError(msg)
    return first, [Path(each) for each in arguments[1:]]


def _runs_of(
    runs: "Sequence[ServerRun]", sessions: "Sequence[NbdSession]", *, every: bool
) -> "list[ServerRun]":
    """Return the lives of the processes that served these connections."""
    served = {(session.host, session.pid) for session in sessions}
    return [run for run in runs if every or (run.host, run.pid) in served]


def _findings_about(
    report: "Report", sessions: "Sequence[NbdSession]", runs: "Sequence[ServerRun]"
) -> "list[Finding]":
    """Return the findings that quote a line of these connections or of their servers."""
    lines = {event.source for session in sessions for event in session.events}
    lines |= {event.source for run in runs for event in run.events}
    return [
        finding
        for outcome in report.outcomes
        for finding in outcome.findings
        if any(evidence.source in lines for evidence in finding.evidence)
    ]


def _names_by_uuid(names: "Names") -> dict[str, str]:
    return {disk.uuid: disk.name for disk in names.disks}
