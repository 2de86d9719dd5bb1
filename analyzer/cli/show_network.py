"""``cbtriage show network``: the networks of the bundles, and what NBD can do with them."""

from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli._case import AsJson, Quiet, read_case
from analyzer.cli.analyze import DAMAGED, FINDINGS
from analyzer.cli.options import Tz
from analyzer.cli.output import say
from analyzer.errors import UsageError


def show_network(
    network_and_paths: Annotated[
        list[str],
        typer.Argument(
            metavar="[NETWORK] PATH...",
            help=(
                "The network: its name, bridge, uuid or the beginning of one; left out, all are "
                "shown. Then the status reports, of all hosts of a pool together."
            ),
            show_default=False,
        ),
    ],
    *,
    as_json: AsJson = False,
    tz: Tz = "UTC",
    quiet: Quiet = False,
) -> None:
    """Show networks: purpose, PIF, VLAN or bond, address, link and firewall of each host.

    Says which SRs are offered over NBD on it and from where clients reach it. What no report
    shows is "not known": it is neither good nor bad.

    Example: cbtriage show network xenbr1 status-report.tar.bz2

    Exit status: 0 no finding is about it, 1 some finding is, 2 no network fits, 3 no readable
    input, 4 no finding, but the input was damaged.
    """
    from analyzer.render.data.json import answers_json
    from analyzer.render.terminal.network_text import networks_text
    from analyzer.render.words.local import in_zone
    from analyzer.render.words.view import visible
    from analyzer.render.words.zone import zone_named
    from analyzer.story.objects.network import network_views

    wanted, paths = _split(network_and_paths)
    zone = zone_named(tz)
    case, report = read_case(paths, quiet=quiet)
    views = network_views(case, report.outcomes, wanted)
    if not views:
        msg = f"{visible(wanted) or 'network'}: no network of the given bundles is this one"
        raise UsageError(msg)
    found = tuple(finding for outcome in report.outcomes for finding in outcome.findings)
    shown, told = in_zone((views, found), zone.of(report))
    if as_json:
        ids = {each for view in views for each in view.findings}
        told_of = [finding for finding in found if finding.id in ids]
        say(answers_json(networks=views, findings=told_of))
    else:
        say(networks_text(shown, told))
    damaged = report.omissions or not all(bundle.complete for bundle in report.bundles)
    about = any(view.findings for view in views)
    raise typer.Exit(FINDINGS if about else DAMAGED if damaged else 0)


def _split(arguments: list[str]) -> tuple[str, list[Path]]:
    """Return the network that is meant, "" for all, and the paths."""
    first, *others = arguments
    if first == "-" or Path(first).exists() or not others:
        return "", [Path(each) for each in arguments]
    return first, [Path(each) for each in others]
