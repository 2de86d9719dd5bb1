"""The options that several commands share."""

from enum import StrEnum
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


class LogKind(StrEnum):
    """The logs that are read, as patterns call them."""

    SMLOG = "smlog"
    XENSOURCE_LOG = "xensource_log"
    AUDIT_LOG = "audit_log"
    DAEMON_LOG = "daemon_log"
    KERN_LOG = "kern_log"
    USER_LOG = "user_log"


LogAs: TypeAlias = Annotated[
    LogKind | None,
    typer.Option("--as", help="What a single log file is, when its name does not say."),
]
Rules: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option("--rules", metavar="PATH", help="A further pattern file or folder; repeatable."),
]
Tz: TypeAlias = Annotated[
    str,
    typer.Option(
        "--tz",
        metavar="ZONE",
        help="Show times in UTC, host (each host's own), +02:00, or a zone such as Europe/Rome.",
    ),
]
