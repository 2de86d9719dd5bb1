"""``cbtriage show network``: the networks of the bundles, and what NBD can do with them."""

from typing import Annotated

import typer

from analyzer.cli._case import AsJson, Quiet, Reading, answers_json, meant, split_words
from analyzer.cli.analyze import DAMAGED, FINDINGS
from analyzer.cli.options import HowToRead, Tz, told_how_to_read
from analyzer.cli.output import say


@told_how_to_read
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
    how: HowToRead,
) -> None:
    """Show networks: purpose, PIF, VLAN or bond, address, link and firewall of each host.

    Says which SRs are offered over NBD on it and from where clients reach it. What no report
    shows is "not known": it is neither good nor bad.

    Example: cbtriage show network xenbr1 status-report.tar.bz2

    Exit status: 0 no finding is about it, 1 some finding is, 2 no network fits, 3 no readable
    input, 4 no finding, but the input was damaged.
    """
    from analyzer.model.pages import NETWORK
    from analyzer.render.terminal.network_text import networks_text
    from analyzer.render.words.zone import zone_named

    wanted, paths = split_words(network_and_paths)
    zone = zone_named(tz)
    reading = Reading(paths, quiet=quiet, how=how)
    known = meant(reading.names.networks, "network", wanted)
    pages = tuple(reading.page(NETWORK, str(each.place)) for each in known)
    if as_json:
        told = {each.id: each for page in pages for each in page.findings}
        views = tuple(page.view for page in pages)
        plans = tuple(dict.fromkeys(plan for page in pages for plan in page.plans))
        say(answers_json(networks=views, findings=tuple(told.values()), plans=plans))
    else:
        reading.tell(networks_text(reading.shown(pages, zone)))
    about = any(page.findings for page in pages)
    raise typer.Exit(FINDINGS if about else DAMAGED if reading.damaged else 0)
