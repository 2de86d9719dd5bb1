"""``cbtriage show``: one object of the bundles, in full."""

import typer

from analyzer.cli._case import AsJson, Disk, Quiet, Reading, answers_json, the_disk
from analyzer.cli.analyze import DAMAGED, FINDINGS
from analyzer.cli.options import HowToRead, Paths, Tz, told_how_to_read
from analyzer.cli.output import say
from analyzer.cli.show_host import show_host
from analyzer.cli.show_network import show_network
from analyzer.cli.show_run import show_runs
from analyzer.cli.show_session import show_session
from analyzer.cli.show_sr import show_sr
from analyzer.cli.show_vm import show_vm

show_app = typer.Typer(
    no_args_is_help=True,
    help="Show one object of the bundles, in full.",
    epilog="Example: cbtriage show vm sql-02 status-report.tar.bz2",
)


@show_app.callback()
def _show_one_object() -> None:
    """Show one object of the bundles, in full."""


show_app.command("host")(show_host)
show_app.command("network")(show_network)
show_app.command("runs")(show_runs)
show_app.command("session")(show_session)
show_app.command("sr")(show_sr)
show_app.command("vm")(show_vm)


@show_app.command("disk", hidden=True)  # as people call it
@show_app.command("vdi")
@told_how_to_read
def show_vdi(
    vdi: Disk,
    paths: Paths,
    *,
    as_json: AsJson = False,
    tz: Tz = "UTC",
    quiet: Quiet = False,
    how: HowToRead,
) -> None:
    """Show a disk: SR, VM, its CBT chain drawn, its life, comparisons asked for, findings, plan.

    For a snapshot, or for the log that data_destroy left of one, its disk is shown. What is not
    known is marked [?] or "not seen": it is neither good nor bad.

    Example: cbtriage show vdi 6b0c1a3e status-report.tar.bz2

    Exit status: 0 no finding is about it, 1 some finding is, 2 no disk or several fit,
    3 no readable input, 4 no finding, but the input was damaged.
    """
    from analyzer.model.pages import DISK
    from analyzer.render.terminal.disk_text import disk_text
    from analyzer.render.words.zone import zone_named

    zone = zone_named(tz)
    reading = Reading(paths, quiet=quiet, how=how)
    disk = the_disk(reading.names, vdi)
    page = reading.page(DISK, disk.owner)
    if as_json:
        say(answers_json(disks=[page.view], findings=page.findings, plans=page.plans))
    else:
        shown = reading.shown(page, zone)
        reading.tell(disk_text(shown.view, shown.findings, disk.uuid, shown.plans))
    raise typer.Exit(FINDINGS if page.view.findings else DAMAGED if reading.damaged else 0)
