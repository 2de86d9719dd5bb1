"""``cbtriage show sr``: the SRs of the bundles, and who holds what on them."""

from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli._case import AsJson, Quiet, read_case
from analyzer.cli.analyze import DAMAGED, FINDINGS
from analyzer.cli.options import Tz
from analyzer.cli.output import say
from analyzer.errors import UsageError


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
) -> None:
    """Show SRs: hosts, space, disks with CBT, NBD addresses, what control domains hold, findings.

    What no report shows is "not known": it is neither good nor bad.

    Example: cbtriage show sr tank status-report.tar.bz2

    Exit status: 0 no finding is about it, 1 some finding is, 2 no SR fits, 3 no readable
    input, 4 no finding, but the input was damaged.
    """
    from analyzer.render.data.json import answers_json
    from analyzer.render.terminal.sr_text import srs_text
    from analyzer.render.words.local import in_zone
    from analyzer.render.words.view import visible
    from analyzer.render.words.zone import zone_named
    from analyzer.story.objects.sr import sr_views

    wanted, paths = _split(sr_and_paths)
    zone = zone_named(tz)
    case, report = read_case(paths, quiet=quiet)
    views = sr_views(case, report.outcomes, wanted)
    if not views:
        msg = f"{visible(wanted) or 'sr'}: no SR of the given bundles has this uuid or name"
        raise UsageError(msg)
    shown = in_zone(views, zone.of(report))
    if as_json:
        told = {finding.id: finding for view in views for finding in view.findings}
        say(answers_json(srs=views, findings=tuple(told.values())))
    else:
        say(srs_text(shown))
    damaged = report.omissions or not all(bundle.complete for bundle in report.bundles)
    about = any(view.findings for view in views)
    raise typer.Exit(FINDINGS if about else DAMAGED if damaged else 0)


def _split(arguments: list[str]) -> tuple[str, list[Path]]:
    """Return the SR that is meant, "" for all, and the paths."""
    first, *others = arguments
    if first == "-" or Path(first).exists() or not others:
        return "", [Path(each) for each in arguments]
    return first, [Path(each) for each in others]
