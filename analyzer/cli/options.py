"""The options that several commands share."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from analyzer.sources import SOURCES

Paths: TypeAlias = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATH...",
        help=(
            "Status reports: tar (bz2, gz, xz), zip, an unpacked folder, one log, or pasted lines "
            "of logs; - is standard input. Give all hosts of a pool together."
        ),
        show_default=False,
    ),
]

_LOGS = [kind.name for kind in SOURCES if kind.is_log]


def _log_named(name: str) -> str:
    if name not in _LOGS:
        msg = f"{name!r} is not one of {', '.join(map(repr, _LOGS))}"
        raise typer.BadParameter(msg)
    return name


LogAs: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--as",
        parser=_log_named,
        metavar=f"[{'|'.join(_LOGS)}]",
        help="What a single log file is, when its name does not say.",
    ),
]
Year: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1990,
        max=2100,
        help="The year of the newest line, for logs or pasted lines without a report.",
    ),
]
LogZone: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--zone",
        metavar="ZONE",
        help="The zone of the hosts' clocks, where nothing tells it: +02:00, Europe/Rome.",
    ),
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
