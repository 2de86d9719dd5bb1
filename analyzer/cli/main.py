"""The command ``cbtriage``: its options, and the exit status of every failure.

pandas and the parsers are loaded by the commands that need them, so that ``--help`` and
``--version`` answer at once.
"""

import logging
import sys
from typing import Annotated

import typer

from analyzer import __version__
from analyzer.cli.analyze import analyze_command
from analyzer.cli.ask import ask_command
from analyzer.cli.cbtlog import cbtlog_command
from analyzer.cli.diff import diff_command
from analyzer.cli.ending import end_with
from analyzer.cli.explain import explain_command
from analyzer.cli.fleet import fleet_app
from analyzer.cli.lnav_formats import lnav_formats_command
from analyzer.cli.man import lay_out
from analyzer.cli.model import model_app
from analyzer.cli.output import say
from analyzer.cli.redact import redact_command
from analyzer.cli.render import render_command
from analyzer.cli.rules import rules_app
from analyzer.cli.show import show_app
from analyzer.cli.timeline import timeline_command
from analyzer.cli.verify import verify_command
from analyzer.cli.why import why_app

app: typer.Typer = typer.Typer(
    name="cbtriage",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=(
        "\b\nExample: cbtriage analyze status-report.zip -o out\n\n"
        "Exit status: 0 nothing found, 1 findings, 2 usage, 3 no readable input, "
        "4 nothing found but the input was damaged, 5 internal error."
    ),
)


def _say_version(asked: bool) -> None:
    if asked:
        say(f"cbtriage {__version__}\n")
        raise typer.Exit


@app.callback()
def _common_options(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_say_version, is_eager=True, help="Say which version this is."
        ),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Log what the program does, for its developers.")
    ] = False,
) -> None:
    """Triage XenServer / XCP-ng status reports offline: what broke in CBT and NBD, and why."""
    if debug:
        logging.basicConfig(stream=sys.stderr, level=logging.DEBUG)


app.command("analyze")(analyze_command)
app.command("ask")(ask_command)
app.command("cbtlog")(cbtlog_command)
app.add_typer(show_app, name="show")
app.add_typer(why_app, name="why")
app.add_typer(rules_app, name="rules")
app.command("diff")(diff_command)
app.command("explain")(explain_command)
app.command("redact")(redact_command)
app.command("render")(render_command)
app.command("timeline")(timeline_command)
app.add_typer(fleet_app, name="fleet")
app.command("lnav-formats")(lnav_formats_command)
app.add_typer(model_app, name="model", hidden=True)
app.command("verify")(verify_command)
lay_out(app)


def run() -> None:
    """Run the command line and exit with its status."""
    end_with(app)
