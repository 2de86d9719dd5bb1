"""Case files of samples, for tests."""

from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import typer

from analyzer.cli.case_file import NAME
from analyzer.cli.case_making import case_made
from analyzer.cli.inputs import inputs_of
from analyzer.cli.main import app
from analyzer.errors import AnalyzerError
from analyzer.story.pages import Judged
from tests.golden.outputs import SAMPLES, sample_read

BY_NAME = {path.name: path for path in SAMPLES}


def case_file(path: Path, *, usual: bool = True) -> Path:
    """Write the case file of a sample beside it and return its path."""
    inputs = inputs_of([path])
    assert inputs is not None
    made = path.with_name(NAME)
    judged = Judged(*sample_read(BY_NAME[path.name]))
    made.write_bytes(case_made(judged, inputs, usual=usual, drawn=dict).read())
    return made


class _Printed(StringIO):
    """What takes output, perhaps as a terminal does."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def said(command: list[str], path: Path, *, terminal: bool = False) -> str:
    """Return what a question about a file prints, with its exit status."""
    printed = _Printed(terminal=terminal)
    status: object = None
    quiet = [] if command[0] == "diff" else ["-q"]
    with redirect_stdout(printed), redirect_stderr(printed):
        try:
            main = typer.main.get_command(app).main
            status = main([*command, str(path), *quiet], standalone_mode=False)
        except AnalyzerError as error:
            status = str(error)
    return f"{printed.getvalue()}[{status}]"
