"""``cbtriage show``: one object of the bundles, in full."""

import typer

from analyzer.cli._case import AsJson, Disk, Quiet, read_case, the_disk
from analyzer.cli.analyze import DAMAGED, FINDINGS
from analyzer.cli.options import Paths, Tz
from analyzer.cli.output import say
from analyzer.cli.show_host import show_host
from analyzer.cli.show_network import show_network
from analyzer.cli.show_run import show_runs
from analyzer.cli.show_session import show_session
from analyzer.cli.show_sr import show_sr

show_app = typer.Typer(no_args_is_help=True, help="Show one object of the bundles, in full.")


@show_app.callback()
def _show() -> None:
    """Show one object of the bundles, in full."""


show_app.command("host")(show_host)
show_app.command("network")(show_network)
show_app.command("runs")(show_runs)
show_app.command("session")(show_session)
show_app.command("sr")(show_sr)


@show_app.command("vdi")
def show_vdi(
    vdi: Disk,
    paths: Paths,
    *,
    as_json: AsJson = False,
    tz: Tz = "UTC",
    quiet: Quiet = False,
) -> None:
    """Show a disk: SR, VM, its CBT chain drawn, its life, comparisons asked for, findings, plan.

    For a snapshot, or for the log that data_destroy left of one, its disk is shown. What is not
    known is marked [?] or "not seen": it is neither good nor bad.

    Example: cbtriage show vdi 6b0c1a3e status-report.tar.bz2

    Exit status: 0 no finding is about it, 1 some finding is, 2 no disk or several fit,
    3 no readable input, 4 no finding, but the input was damaged.
    """
    from analyzer.render.data.json import answers_json
    from analyzer.render.terminal.disk_text import disk_text
    from analyzer.render.words.local import in_zone
    from analyzer.render.words.zone import zone_named
    from analyzer.story.disks.views import disk_view
    from analyzer.story.plans.shown import plan_shown

    zone = zone_named(tz)
    case, report = read_case(paths, quiet=quiet)
    uuid = the_disk(case, vdi)
    view = disk_view(case, report.outcomes, uuid)
    found = tuple(finding for outcome in report.outcomes for finding in outcome.findings)
    plans = plan_shown(case, report, uuid)
    shown, told, to_do = in_zone((view, found, plans), zone.of(report))
    if as_json:
        about = [finding for finding in found if finding.id in view.findings]
        say(answers_json(disks=[view], findings=about, plans=plans))
    else:
        say(disk_text(shown, told, uuid, to_do))
    damaged = report.omissions or not all(bundle.complete for bundle in report.bundles)
    raise typer.Exit(FINDINGS if view.findings else DAMAGED if damaged else 0)
