"""``cbtriage redact`` and ``analyze --redact``: reports that do not say whose they are."""

import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.output import note, say
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.case.case import Case
    from analyzer.model.report import Report

_TOKEN = re.compile(r"[a-z0-9-]+-(?:\d+\.)?\d+")


def redact_command(
    report: Annotated[
        Path,
        typer.Argument(
            metavar="REPORT", help="A report.json, or what --json printed.", show_default=False
        ),
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Write it there, not to standard output."
        ),
    ] = None,
    map_file: Annotated[
        Path | None,
        typer.Option(
            "--map",
            metavar="FILE",
            help="The private map of tokens; read first, so that a case keeps its tokens."
            "  [default: REPORT.map.json]",
            show_default=False,
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a FILE that is not ours.")
    ] = False,
) -> None:
    """Take out of a report whose it is: names, addresses, serial numbers, credentials.

    Each is told by a token, the same everywhere; uuids stay. What each token stands for is in a
    private map (mode 0600), which is not for sharing. A report.json shows only a part of what a
    bundle names: `cbtriage analyze --redact` knows all names of the database.

    Example: cbtriage redact report.json -o for-the-vendor.json

    Exit status: 0, or 2 when something could not be taken out: then nothing is written.
    """
    from analyzer.cli.report_files import write_files
    from analyzer.desk.document import report_at
    from analyzer.desk.redaction import check_residue, redactor_of
    from analyzer.render.data.json import dumped

    document = report_at(report)
    private = map_file or report.with_name(f"{report.name}.map.json")
    redactor = redactor_of(document, tokens=tokens_in(private))
    text = dumped(redactor.value(document))
    check_residue(redactor, {"the report": text})
    keep_map(private, redactor.tokens)
    if output:
        write_files(output.parent, {output.name: text}, force=force)
    else:
        say(text)


def unchanged(text: str) -> str:
    """Return a text that may leave as it is."""
    return text


def kept_from(
    report: "Report", case: "Case", folder: Path
) -> "tuple[Report, Callable[[str], str]]":
    """Return a report without what tells whose it is, and what lets a text made of it leave.

    The map of tokens is kept beside the folder of the report, never in it: the folder is shared.

    Raises:
        UsageError: the map of an earlier run cannot be read, or a new one cannot be written.
    """
    from analyzer.desk.redaction import check_residue, redactor_of

    private = folder.with_name(f"{folder.name}.map.json")
    redactor = redactor_of(report, case, tokens_in(private))
    told = redactor.value(report)
    keep_map(private, redactor.tokens)

    def check(text: str) -> str:
        check_residue(redactor, {"a text of the report": text})
        return text

    return told, check


def for_outside(text: str, report: "Report", case: "Case") -> str:
    """Return a reply with nothing in it but what its reader's objects are called."""
    from analyzer.desk.identifiers import Kind
    from analyzer.desk.redaction import redactor_of

    called = {Kind.VM, Kind.DISK, Kind.SR, Kind.NETWORK, Kind.POOL, Kind.BUNDLE}
    redactor = redactor_of(report, case, kinds=frozenset(Kind) - called)
    return "\n".join(redactor.text(line) for line in text.split("\n"))


def tokens_in(path: Path) -> Mapping[str, str]:
    """Return the tokens of an earlier run, none where there was none.

    Raises:
        UsageError: there is such a file, and it is no map.
    """
    try:
        tokens = json.loads(path.read_text("utf-8"))["tokens"]
        return {_token_checked(token): str(text) for token, text in tokens.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        msg = f"{path}: it cannot be read as a map of tokens ({error}); move it away, or give --map"
        raise UsageError(msg) from error


def _token_checked(text: str) -> str:
    if not _TOKEN.fullmatch(text):
        msg = f"{text!r} is no token"
        raise ValueError(msg)
    return text


def keep_map(path: Path, tokens: Mapping[str, str]) -> None:
    """Write what the tokens stand for, for the owner's eyes alone.

    Raises:
        UsageError: it cannot be written there.
    """
    text = json.dumps({"what": "cbtriage: private map of tokens", "tokens": dict(tokens)}, indent=2)
    try:
        handle, part = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(f"{text}\n")
            Path(part).replace(path)  # mkstemp made it 0600
        finally:
            with suppress(OSError):
                Path(part).unlink(missing_ok=True)
    except OSError as error:
        msg = f"{path}: cannot write the map of tokens ({error.strerror}); give another with --map"
        raise UsageError(msg) from error
    note(f"what the tokens stand for is in {path}: keep it, do not share it")
