"""``cbtriage fleet``: thousands of cases analyzed, and asked."""

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from analyzer.cli.analyze import DAMAGED
from analyzer.cli.output import note, say
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.fleet.engine import Tally
    from analyzer.fleet.questions import Answer
    from analyzer.fleet.store import Store

_GIB = 1 << 30
_FORMATS = ("table", "csv", "json")


class _RunUnlessNamed(TyperGroup):
    """``fleet SRC`` is ``fleet run SRC``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "-h", "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


fleet_app = typer.Typer(
    cls=_RunUnlessNamed,
    no_args_is_help=True,
    help="Analyze thousands of cases, and ask questions of them all (needs cbtriage[fleet]).",
    epilog="Example: cbtriage fleet run /cases -o fleet",
)


@fleet_app.command("run")
def run_command(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SRC…",
            help="A folder, s3://bucket/path, or zip://cases.zip (a zip of cases).",
            show_default=False,
        ),
    ],
    *,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="OUT", help="The folder of the fleet.")
    ],
    scheduler: Annotated[
        str,
        typer.Option(
            metavar="tcp://HOST:PORT",
            help="A Dask scheduler.  [default: processes here]",
            show_default=False,
        ),
    ] = "",
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1, help="Processes here.  [default: one for each core]", show_default=False
        ),
    ] = None,
    each_file: Annotated[
        bool, typer.Option("--each-file", help="Every file is a case, in folders too.")
    ] = False,
    chunk: Annotated[int, typer.Option(min=1, help="Cases of one task.")] = 8,
    memory: Annotated[
        float, typer.Option(min=0, metavar="GIB", help="Memory of each process; 0: not bounded.")
    ] = 4,
) -> None:
    """Analyze every case once; a second run does only what is new or has changed.

    In a source each file is a case, and each folder with files in it is one case of them all. The
    folder that a case lies in is its customer. A case that cannot be read, or kills its process,
    is a row with its error.

    Example: cbtriage fleet run /cases s3://uploads/2026 -o fleet

    Exit status: 0, 4 when some case had an error, 3 no case, 2 usage.
    """
    with _with_extra():
        from analyzer.bundle.budget import cores
        from analyzer.fleet.engine import Plan, run_fleet
        from analyzer.fleet.sources import cases_of
        from analyzer.fleet.store import Store

    cases = cases_of(sources, each_file=each_file)
    plan = Plan(chunk=chunk, jobs=jobs or cores(), memory=int(memory * _GIB), scheduler=scheduler)
    store = Store.made(output)
    tally = run_fleet(cases, store, plan, _progress_of_cases(len(cases)))
    for error in tally.errors[:20]:
        note(error)
    per = f", {tally.cpu_seconds / tally.analyzed:.2f} CPU s each" if tally.analyzed else ""
    say(
        f"{tally.analyzed} of {len(cases)} cases analyzed{per}; "
        f"{tally.before} were done before; {len(tally.errors)} with an error\n"
    )
    raise typer.Exit(DAMAGED if tally.errors else 0)


@fleet_app.command("query")
def query_command(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="The folder of a fleet.")],
    sql: Annotated[
        str | None,
        typer.Argument(metavar="SQL", help="A question in DuckDB's SQL.", show_default=False),
    ] = None,
    *,
    trend: Annotated[
        str | None, typer.Option(metavar="RULE", help="How often a rule is found, by month.")
    ] = None,
    by_version: Annotated[
        bool, typer.Option("--by-version", help="What is found in which product and version.")
    ] = False,
    new_signatures: Annotated[
        int | None,
        typer.Option(metavar="DAYS", help="Errors without a rule that are new in the last DAYS."),
    ] = None,
    customer: Annotated[
        str | None, typer.Option(metavar="NAME", help="What a customer has more often than others.")
    ] = None,
    form: Annotated[str, typer.Option("--format", metavar="|".join(_FORMATS))] = "table",
) -> None:
    """Ask a question of all cases.

    Tables: cases, outcomes, findings, subjects, causes, incidents, disks, runs, hosts, packages,
    coverage, ledger, unexplained; all are keyed by "case". Rates divide found by found + ruled-out.

    Example: cbtriage fleet query fleet "select rule, count(*) from findings group by rule"
    """
    if form not in _FORMATS:
        msg = f"{form!r} is none of {', '.join(_FORMATS)}"
        raise UsageError(msg)
    asked = [sql, trend, by_version or None, new_signatures, customer]
    if sum(each is not None for each in asked) != 1:
        raise UsageError(
            "ask one question: SQL, --trend RULE, --by-version, --new-signatures DAYS, "
            "or --customer NAME"
        )
    with _with_extra():
        from analyzer.fleet import questions

    store = _store_at(folder)
    if sql is not None:
        answer = questions.ask(store, sql)
    elif trend is not None:
        answer = questions.trend(store, trend)
    elif new_signatures is not None:
        answer = questions.new_signatures(store, new_signatures)
    elif customer is not None:
        answer = questions.of_customer(store, customer)
    else:
        answer = questions.by_version(store)
    say({"table": _table_of_answer, "csv": _csv_of_answer, "json": _json_of_answer}[form](answer))


@contextmanager
def _with_extra() -> Iterator[None]:
    """Say what to install where a library of the extra is not there."""
    try:
        yield
    except ModuleNotFoundError as error:
        if str(error.name).startswith("analyzer"):
            raise
        msg = f"{error.name} is not installed: pip install 'cbtriage[fleet]'"
        raise UsageError(msg) from error


def _store_at(folder: Path) -> "Store":
    from analyzer.fleet.store import Store

    if not (folder / "done").is_dir():
        msg = f"{folder}: it is no fleet; make one with: cbtriage fleet run SRC -o {folder}"
        raise UsageError(msg)
    return Store(folder)


def _progress_of_cases(cases: int) -> "Callable[[Tally], None]":
    """Return what shows how far a run is: one line on a terminal, nothing in a pipe."""

    def show(tally: "Tally") -> None:
        if sys.stderr.isatty():
            done = tally.analyzed + tally.before
            end = "\n" if done == cases else "\r"
            sys.stderr.write(f"{done} of {cases} cases, {len(tally.errors)} with an error{end}")
            sys.stderr.flush()

    return show


def _table_of_answer(answer: "Answer") -> str:
    names, rows = answer
    cells_rows = [names, *rows]
    from analyzer.render.words.view import visible

    cells = [["" if cell is None else visible(str(cell)) for cell in row] for row in cells_rows]
    widths = [max(len(row[n]) for row in cells) for n in range(len(names))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    return "\n".join(lines) + "\n"


def _csv_of_answer(answer: "Answer") -> str:
    names, rows = answer
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([names, *rows])
    return text.getvalue()


def _json_of_answer(answer: "Answer") -> str:
    names, rows = answer
    return (
        json.dumps([dict(zip(names, row, strict=True)) for row in rows], indent=2, default=str)
        + "\n"
    )
