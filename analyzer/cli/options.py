"""The options that several commands share."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Paths: TypeAlias = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATH...",
        help=(
            "Status reports: tar (bz2, gz, xz), zip, an unpacked folder, one log, or - for a tar "
            "on standard input. Give all hosts of a pool together."
        ),
        show_default=False,
    ),
]
LogAs: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="KIND",
        help=(
            "What a single log file is, when its name does not say: smlog, xensource_log, "
            "audit_log, daemon_log, kern_log, user_log."
        ),
    ),
]
Rules: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option("--rules", metavar="PATH", help="A further pattern file or folder; repeatable."),
]
