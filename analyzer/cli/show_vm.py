"""``cbtriage show vm``: a VM, its disks, and what to do for it."""

from typing import Annotated

import typer

from analyzer.cli._case import AsJson, Quiet, Reading, answers_json, the_one
from analyzer.cli.analyze import DAMAGED, FINDINGS
from analyzer.cli.options import HowToRead, Paths, Tz, told_how_to_read
from analyzer.cli.output import say


@told_how_to_read
def show_vm(
    vm: Annotated[
        str,
        typer.Argument(
            metavar="VM", help="The VM: its name, uuid, or the beginning of it.", show_default=False
        ),
    ],
    paths: Paths,
    *,
    as_json: AsJson = False,
    tz: Tz = "UTC",
    quiet: Quiet = False,
    how: HowToRead,
) -> None:
    """Show a VM: its disks and how CBT stands on each, the findings about them, and the plans.

    Example: cbtriage show vm sql-02 status-report.tar.bz2

    Exit status: 0 no finding is about it or its disks, 1 some finding is, 2 no VM or several fit,
    3 no readable input, 4 no finding, but the input was damaged.
    """
    from analyzer.model.pages import DISK, VM
    from analyzer.render.terminal.vm_text import vm_text
    from analyzer.render.words.zone import zone_named

    zone = zone_named(tz)
    reading = Reading(paths, quiet=quiet, how=how)
    page = reading.page(VM, the_one(reading.names.vms, "VM", vm).uuid)
    disks = tuple(reading.page(DISK, disk) for disk in page.view.disks)
    findings = {f.id: f for f in (*page.findings, *(f for disk in disks for f in disk.findings))}
    plans = dict.fromkeys((*page.plans, *(plan for disk in disks for plan in disk.plans)))
    if as_json:
        views = [disk.view for disk in disks]
        told = tuple(findings.values())
        say(answers_json(vms=[page.view], disks=views, findings=told, plans=tuple(plans)))
    else:
        parts = (page.view, disks, tuple(findings.values()), tuple(plans))
        shown = reading.shown(parts, zone)
        reading.tell(vm_text(*shown))
    raise typer.Exit(FINDINGS if findings else DAMAGED if reading.damaged else 0)
