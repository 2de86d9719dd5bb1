"""What the commands about one disk share: the bundles they read, and which disk is meant."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.case.case import Case
    from analyzer.model.report import Report

Disk: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="VDI",
        help="The disk: its uuid, the beginning of it, or its name.",
        show_default=False,
    ),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Quiet: TypeAlias = Annotated[bool, typer.Option("-q", "--quiet", help="No progress.")]
_MOST_LISTED = 20


def read_case(paths: Sequence[Path], *, quiet: bool) -> "tuple[Case, Report]":
    """Read and judge the bundles, showing progress."""
    from analyzer.cli.progress import watching
    from analyzer.run import Options, load_case

    stdin = sys.stdin.buffer if Path("-") in paths else None
    with watching(quiet=quiet) as progress:
        return load_case(paths, Options(stdin=stdin), progress)


def the_disk(case: "Case", wanted: str) -> str:
    """Return the uuid of the disk that is meant.

    Raises:
        UsageError: no disk fits, or several do; the text lists them.
    """
    from analyzer.render.words.view import visible
    from analyzer.story.find_disk import find_disks

    found = find_disks(case, wanted)
    if len(found) == 1:
        return found[0].uuid
    if not found:
        msg = f"{visible(wanted)}: no disk of the given bundles has this uuid or name"
        raise UsageError(msg)
    lines = [
        f"  {each.uuid}  {each.kind}  {visible(each.name)}  on {visible(each.sr)}"
        for each in found[:_MOST_LISTED]
    ]
    if len(found) > _MOST_LISTED:
        lines.append(f"  and {len(found) - _MOST_LISTED} more")
    heading = f"{visible(wanted)}: {len(found)} disks fit; give more of the uuid"
    raise UsageError("\n".join([heading, *lines]))
