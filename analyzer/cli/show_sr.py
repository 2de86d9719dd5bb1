"""``cbtriage show sr``: the SRs of the bundles, and who holds what on them."""

from typing import Annotated

import typer

from analyzer.cli._case import AsJson, Quiet, Reading, answers_json, meant, split_words
from analyzer.cli.analyze import DAMAGED, FINDINGS
from analyzer.cli.options import HowToRead, Tz, told_how_to_read
from analyzer.cli.output import say


@told_how_to_read
def show_sr(
    sr_and_paths: Annotated[
        list[str],
        typer.Argument(
            metavar="[SR] PATH...",
            help=(
                "The SR: its name, uuid or the beginning of it; left out, all are shown. Then the "
                "status reports, of all hosts of a pool together."
            ),
            show_default=False,
        ),
    ],
    *,
    as_json: AsJson = False,
    tz: Tz = "UTC",
    quiet: Quiet = False,
    how: HowToRead,
) -> None:
    """Show SRs: hosts, space, disks with CBT, NBD addresses, what control domains hold, findings.

    What no report shows is "not known": it is neither good nor bad.

    Example: cbtriage show sr tank status-report.tar.bz2

    Exit status: 0 no finding is about it, 1 some finding is, 2 no SR fits, 3 no readable
    input, 4 no finding, but the input was damaged.
    """
    from analyzer.model.pages import SR
    from analyzer.render.terminal.sr_text import srs_text
    from analyzer.render.words.zone import zone_named

    wanted, paths = split_words(sr_and_paths)
    zone = zone_named(tz)
    reading = Reading(paths, quiet=quiet, how=how)
    known = meant(reading.names.srs, "SR", wanted)
    pages = tuple(reading.page(SR, str(each.place)) for each in known)
    views = tuple(page.view for page in pages)
    if as_json:
        told = {finding.id: finding for view in views for finding in view.findings}
        plans = tuple(dict.fromkeys(plan for page in pages for plan in page.plans))
        say(answers_json(srs=views, findings=tuple(told.values()), plans=plans))
    else:
        reading.tell(srs_text(reading.shown(pages, zone)))
    about = any(view.findings for view in views)
    raise typer.Exit(FINDINGS if about else DAMAGED if reading.damaged else 0)
