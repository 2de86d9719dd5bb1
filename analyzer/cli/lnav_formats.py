"""``cbtriage lnav-formats``: what lets lnav read the logs of a status report."""

from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.output import say
from analyzer.errors import UsageError


def lnav_formats_command(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="Where to put them, such as ~/.lnav.", show_default=False
        ),
    ],
) -> None:
    """Write formats for lnav, the log navigator: SMlog, xensource.log, daemon.log.

    They go into DIR/formats/cbtriage, where lnav looks for them if DIR is its configuration folder
    or is given with -I. lnav then knows levels, hosts, SM's pids and xapi's tasks (key o follows
    one).

    Example: cbtriage lnav-formats ~/.lnav && lnav bug-report/var/log
    """
    from analyzer.resources import folder as ours

    target = folder.expanduser() / "formats" / "cbtriage" / "cbtriage.json"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (ours("reports") / "lnav" / "cbtriage.json").read_text("utf-8")
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"{target}: it cannot be written ({error.strerror}); give another folder"
        raise UsageError(msg) from error
    say(f"Written: {target}\n")
