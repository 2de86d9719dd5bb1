"""``cbtriage model``: for developers, the model of SM held against the real one."""

from pathlib import Path
from typing import Annotated

import typer

from analyzer.errors import InputError, UsageError

DIFFERENT = 1

model_app = typer.Typer(
    no_args_is_help=True, help="Hold the model of SM against what the real one did."
)


@model_app.command("play")
def play_command(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.jsonl", help="One history a line.", show_default=False)
    ],
) -> None:
    """Play histories of the real SM on the model, and print each step that differs.

    Example: cbtriage model play histories.jsonl

    Exit status: 0 all agree, 1 some step differs, 2 a line is not a history.
    """
    from analyzer.sm.histories import play, read_histories

    agree = count = 0
    try:
        with file.open(encoding="utf-8") as lines:
            for history in read_histories(iter(lines), str(file)):
                differences = play(history)
                count += 1
                agree += not differences
                for one in differences:
                    typer.echo(f"history {one.history} step {one.step}: {one.did}")
                    typer.echo(f"  expected {one.expected}\n  got      {one.got}")
    except OSError as error:
        msg = f"{file}: {error.strerror or error}"
        raise InputError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{file}: not UTF-8"
        raise UsageError(msg) from error
    typer.echo(f"{agree} of {count} histories agree")
    raise typer.Exit(0 if agree == count else DIFFERENT)
