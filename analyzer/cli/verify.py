"""``cbtriage verify``: is what a report quotes really in the bundles?"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from analyzer.bundle.budget import Budget
from analyzer.cli.analyze import FINDINGS
from analyzer.cli.options import Paths
from analyzer.cli.output import say
from analyzer.errors import UsageError


def verify_command(
    report: Annotated[
        Path,
        typer.Argument(
            metavar="REPORT", help="A report.json, or what --json printed.", show_default=False
        ),
    ],
    paths: Paths,
) -> None:
    """Read every quotation of a report again, in the bundles it was made from.

    Give the bundles under the names that they had. Omissions in a quotation are marked with …;
    what stands between them must be there word for word, in order, from the line or byte named.

    Example: cbtriage verify report.json status-report.tar.bz2

    Exit status: 0 every quotation is there, 1 one is not (the first is named), 2 it is no report,
    or of bundles of other names, 3 no readable input.
    """
    from analyzer.bundle.named_paths import named_paths
    from analyzer.case.quotations import not_there, quotations_in
    from analyzer.desk.document import json_at
    from analyzer.render.words.view import counted, visible

    quotations = tuple(dict.fromkeys(quotations_in(json_at(report))))
    stdin = sys.stdin.buffer if Path("-") in paths else None
    given = tuple(f"{name}:" for name in named_paths(paths).values())
    for lost in not_there(quotations, paths, budget=Budget(), stdin=stdin):
        if not f"{lost.bundle}:".startswith(given):
            msg = f"{visible(lost.bundle)}: the report quotes it, and no given bundle is called so"
            raise UsageError(msg)
        say(f"not there: {visible(str(lost))}\n  {visible(lost.text)}\n")
        raise typer.Exit(FINDINGS)
    say(f"{counted(len(quotations), 'quotation')} read again, each is there\n")
