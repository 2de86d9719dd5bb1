"""``cbtriage show host``: what was read and found of a host, or of all hosts."""

from typing import Annotated

import typer

from analyzer.cli._case import AsJson, Quiet, Reading, answers_json, split_words, the_one
from analyzer.cli.analyze import DAMAGED, FINDINGS
from analyzer.cli.options import HowToRead, Tz, told_how_to_read
from analyzer.cli.output import say

_Words = Annotated[
    list[str],
    typer.Argument(
        metavar="[HOST] PATH...",
        help=(
            "The host, by name, uuid or the beginning of it (all hosts without), and the status "
            "reports. The first word is a host if there is another and no file is called so."
        ),
        show_default=False,
    ),
]


@told_how_to_read
def show_host(
    words: _Words, *, as_json: AsJson = False, tz: Tz = "UTC", quiet: Quiet = False, how: HowToRead
) -> None:
    """Show a host: role, versions, what its logs cover, NBD server, interfaces, SRs, findings.

    Without a host, all hosts of the bundles and of their pools are shown. What was not read is
    said to be so: it is neither good nor bad.

    Example: cbtriage show host jupiter status-report.tar.bz2

    Exit status: 0 no finding is about it, 1 some finding is, 2 no host or several fit,
    3 no readable input, 4 no finding, but something of it was not read.
    """
    from analyzer.model.pages import HOST
    from analyzer.render.terminal.host_text import host_text
    from analyzer.render.words.zone import zone_named

    wanted, paths = split_words(words)
    zone = zone_named(tz)
    reading = Reading(paths, quiet=quiet, how=how)
    hosts = reading.names.hosts
    known = [the_one(hosts, "host", wanted)] if wanted else hosts
    pages = tuple(reading.page(HOST, str(each.place)) for each in known)
    views = tuple(page.view for page in pages)
    if as_json:
        told = {each.id: each for view in views for each in (*view.about, *view.on_logs)}
        plans = tuple(plan for page in pages for plan in page.plans)
        say(answers_json(host_pages=views, findings=tuple(told.values()), plans=plans))
    else:
        shown = reading.shown(pages, zone)
        reading.tell("\n".join(host_text(page.view, page.plans) for page in shown))
    found = any(view.about or view.on_logs for view in views)
    unread = any(not view.bundles or any(log.gap for log in view.logs) for view in views)
    raise typer.Exit(FINDINGS if found else DAMAGED if unread or reading.damaged else 0)
