"""``cbtriage ask``: what a report could not tell becomes a script for dom0."""

from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli._case import Quiet, Reading
from analyzer.cli.options import HowToRead, Paths, told_how_to_read
from analyzer.cli.output import note, say
from analyzer.errors import UsageError

_OURS = "# Written by cbtriage"


@told_how_to_read
def ask_command(
    paths: Paths,
    *,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="FILE", help="Where the script is written."),
    ] = Path("ask.sh"),
    activate: Annotated[
        bool,
        typer.Option(
            "--activate",
            help="Let it activate volumes of CBT logs that are not active, one at a time.",
        ),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a file that is no such script.")
    ] = False,
    quiet: Quiet = False,
    how: HowToRead,
) -> None:
    """Write a script for dom0 that collects what the report could not tell, and nothing else.

    Send it to whoever sent the report. It says at its head what it reads and for what, asks
    nothing, changes nothing, and packs its answers into one file; give that to cbtriage analyze
    beside the report. With nothing to ask no file is written. What no command tells is listed.

    Example: cbtriage ask status-report.tar.bz2 -o ask.sh

    Exit status: 0 written, or nothing to ask, 2 usage, 3 no readable input.
    """
    from analyzer.render.ask_script import ask_script, rules_named
    from analyzer.render.words.view import counted, visible
    from analyzer.story.asks import asks_of

    report = Reading(paths, quiet=quiet, how=how).report
    asks = asks_of(report)
    for each in asks.unasked:
        settle = f" What would: {each.settle_with}" if each.settle_with else ""
        note(visible(f"no command tells {rules_named(each.rules)}: {each.why}.{settle}"))
    if not asks.asks:
        say("Nothing to ask: no command would settle a doubt of this report.\n")
        return
    _write_script(output, ask_script(asks, report.hosts, activate=activate), force=force)
    things = counted(len(asks.asks), "thing")
    say(f"Written: {output}, {things} to collect. Run it as root in dom0.\n")


def _write_script(path: Path, script: str, *, force: bool) -> None:
    """Write the script, over an older one of ours only.

    Raises:
        UsageError: another file is there, or it cannot be written.
    """
    try:
        if (
            path.exists()
            and not force
            and "cbtriage" not in path.read_text("utf-8", "replace")[:99]
        ):
            msg = f"{path}: this is no script of cbtriage; give another name, or --force"
            raise UsageError(msg)
        path.write_text(script, "utf-8", newline="\n")
        path.chmod(0o755)
    except OSError as error:
        msg = f"{path}: {error.strerror or error}: name a file that can be written"
        raise UsageError(msg) from error
