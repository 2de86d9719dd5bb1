"""``cbtriage cbtlog``: what binary CBT logs hold."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.output import say

if TYPE_CHECKING:
    from analyzer.model.cbt import CbtLogFile

NO_INPUT, DAMAGED = 3, 4
_MOST = 1 << 28  # a header and the bitmap of 128 TiB


def cbtlog_command(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Files named <uuid of the disk>.cbtlog, or images of such volumes.",
            show_default=False,
        ),
    ],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a list of objects, one a file.")
    ] = False,
) -> None:
    """Print what `cbt-util get` would of CBT logs, which blocks changed, and their chain.

    Copy the logs from /run/sr-mount/<SR>/<VDI>.cbtlog (file based SRs) or, after
    lvchange -ay, from /dev/VG_XenStorage-<SR>/<VDI>.cbtlog with dd (LVM). Older is parent, newer
    is child; the live disk's log is the last child. A damaged file does not stop the others.

    Example: cbtriage cbtlog 6b0c1a3e-1f2d-4c5b-8a7e-9d0f1e2c3b4a.cbtlog

    Exit status: 0 all sound, 4 some file is damaged, 3 none could be read.
    """
    from analyzer.render.terminal.cbtlog import cbtlogs_json, cbtlogs_text

    read = tuple(_read_log(path) for path in files)
    say(cbtlogs_json(read) if as_json else cbtlogs_text(read))
    if not any(file.header for file in read):
        raise typer.Exit(NO_INPUT)
    raise typer.Exit(DAMAGED if any(file.problem for file in read) else 0)


def _read_log(path: Path) -> "CbtLogFile":
    from analyzer.parsers.storage.cbtlog_format import read_cbtlog, unreadable

    try:
        with path.open("rb") as file:
            return read_cbtlog(file.read(_MOST), str(path))
    except OSError as error:
        return unreadable(str(path), error.strerror or "it cannot be opened")
