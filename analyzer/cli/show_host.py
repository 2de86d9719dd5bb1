"""``cbtriage show host``: what was read and found of a host, or of all hosts."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli._case import AsJson, Quiet, read_case
from analyzer.cli.analyze import DAMAGED, FINDINGS
from analyzer.cli.options import Tz
from analyzer.cli.output import say
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.case.case import Case
    from analyzer.story.objects.host import KnownHost

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


def show_host(
    words: _Words, *, as_json: AsJson = False, tz: Tz = "UTC", quiet: Quiet = False
) -> None:
    """Show a host: role, versions, what its logs cover, NBD server, interfaces, SRs, findings.

    Without a host, all hosts of the bundles and of their pools are shown. What was not read is
    said to be so: it is neither good nor bad.

    Example: cbtriage show host jupiter status-report.tar.bz2

    Exit status: 0 no finding is about it, 1 some finding is, 2 no host or several fit,
    3 no readable input, 4 no finding, but something of it was not read.
    """
    from analyzer.render.data.json import answers_json
    from analyzer.render.terminal.host_text import host_text
    from analyzer.render.words.local import in_zone
    from analyzer.render.words.zone import zone_named
    from analyzer.story.objects.host import host_view

    wanted, paths = _split(words)
    zone = zone_named(tz)
    case, report = read_case(paths, quiet=quiet)
    views = tuple(host_view(case, report, host) for host in _hosts(case, wanted))
    shown = in_zone(views, zone.of(report))
    if as_json:
        told = {each.id: each for view in views for each in (*view.about, *view.on_logs)}
        say(answers_json(host_pages=views, findings=tuple(told.values())))
    else:
        say("\n".join(host_text(view) for view in shown))
    found = any(view.about or view.on_logs for view in views)
    unread = any(not view.bundles or any(log.gap for log in view.logs) for view in views)
    damaged = report.omissions or not all(bundle.complete for bundle in report.bundles)
    raise typer.Exit(FINDINGS if found else DAMAGED if unread or damaged else 0)


def _split(words: Sequence[str]) -> tuple[str, list[Path]]:
    """Return the host that is meant, "" for all, and the paths."""
    named = len(words) > 1 and words[0] != "-" and not Path(words[0]).exists()
    return (words[0] if named else ""), [Path(word) for word in words[1 if named else 0 :]]


def _hosts(case: "Case", wanted: str) -> "Sequence[KnownHost]":
    """Return the hosts that are meant.

    Raises:
        UsageError: no host fits, or several do; the text lists them.
    """
    from analyzer.render.words.view import visible
    from analyzer.story.objects.host import find_hosts, known_hosts

    found = find_hosts(case, wanted)
    if len(found) == 1 or not wanted:
        return found
    lines = [f"  {each.uuid}  {visible(each.name)}" for each in found or known_hosts(case)]
    problem = "several hosts fit" if found else "no host has this uuid or name; there are"
    raise UsageError("\n".join([f"{visible(wanted)}: {problem}", *lines]))
