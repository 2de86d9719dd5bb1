"""``cbtriage show runs``: backup runs, and of each disk whether it could be incremental."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli._case import AsJson, Quiet, Reading, answers_json, the_disk
from analyzer.cli.analyze import DAMAGED, FINDINGS
from analyzer.cli.options import HowToRead, Paths, Tz, told_how_to_read
from analyzer.cli.output import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.model.run import BackupRun


@told_how_to_read
def show_runs(
    paths: Paths,
    *,
    vdi: Annotated[
        str,
        typer.Option(
            "--vdi", metavar="VDI", help="Only this disk or snapshot: uuid, its beginning, name."
        ),
    ] = "",
    steps: Annotated[
        bool, typer.Option("--steps", help="Show every call with the line that tells of it.")
    ] = False,
    as_json: AsJson = False,
    tz: Tz = "UTC",
    quiet: Quiet = False,
    how: HowToRead,
) -> None:
    """Show backup runs: which disks were read, and whether each could be incremental, or why not.

    Runs are described by the calls that were made. A snapshot that nobody read, compared or asked
    the address of is no run. What cannot be decided says what would settle it.

    Example: cbtriage show runs --vdi web-01 status-report.tar.bz2

    Exit status: 0 no finding is about them, 1 some finding is, 2 no disk or several fit,
    3 no readable input, 4 no finding, but the input was damaged.
    """
    from analyzer.render.terminal.run_text import runs_text
    from analyzer.render.words.zone import zone_named

    zone = zone_named(tz)
    reading = Reading(paths, quiet=quiet, how=how)
    uuid = the_disk(reading.names, vdi, "--vdi").uuid if vdi else ""
    runs = _runs_of_disk(reading.runs, uuid) if uuid else reading.runs
    if as_json:
        say(answers_json(runs=runs))
    else:
        reading.tell(runs_text(reading.shown(runs, zone), steps=steps or bool(vdi)))
    found = any(disk.findings for run in runs for disk in run.disks)
    raise typer.Exit(FINDINGS if found else DAMAGED if reading.damaged else 0)


def _runs_of_disk(runs: "Sequence[BackupRun]", uuid: str) -> "tuple[BackupRun, ...]":
    """Return the runs with this disk only, or that read or compared this snapshot."""
    own = (
        replace(
            run,
            disks=tuple(
                disk for disk in run.disks if uuid in (disk.vdi.uuid, disk.snapshot, disk.base)
            ),
        )
        for run in runs
    )
    return tuple(run for run in own if run.disks)
