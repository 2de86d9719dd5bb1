"""The usual call is answered without typer, and as typer would have it answered."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from analyzer.cli import analysis, start
from analyzer.cli.ending import end_with
from analyzer.cli.main import app

ROOT = Path(__file__).parent.parent.parent
WORDS = (
    *("analyze", "a.tar.bz2", "b c.zip", "", "-", "--", "-o", "--output", "-oout", "out", "-q"),
    *(
        "--output=out",
        "--version",
        "--help",
        "-h",
        "why",
        "analyse",
        "ä",
        "-v",
        "--debug",
        "--force",
    ),
)


def asked_through(run: object, arguments: Sequence[str]) -> object:
    """Return what `analyze` is asked, None where it is not."""
    asked: list[object] = []

    def keep(given: object) -> int:
        asked.append(given)
        return 0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(analysis, "analyze", keep)
        if run is app:
            CliRunner().invoke(app, list(arguments))
        else:
            patch.setattr(sys, "argv", ["cbtriage", *arguments])
            with pytest.raises(SystemExit):
                start.run()
    return asked[0] if asked else None


@pytest.mark.parametrize(
    "arguments",
    [
        ["analyze", "a.tar.bz2"],
        ["analyze", "a.tar.bz2", "-o", "out"],
        ["analyze", "--output", "out", "a.zip", "b.zip"],
        ["analyze", "a.zip", "-o", "", "b.zip"],
        ["analyze", "--force", "a.zip", "-o", "out"],
    ],
)
def test_the_usual_call_asks_what_typer_makes_of_it(arguments: list[str]) -> None:
    assert start.usual_call(arguments) is not None
    asked = asked_through(start, arguments)
    assert asked is not None
    assert asked == asked_through(app, arguments)


@pytest.mark.slow
@given(st.lists(st.sampled_from(WORDS), max_size=6).map(lambda words: ["analyze", *words]))
def test_no_call_is_taken_for_the_usual_one_that_typer_reads_otherwise(
    arguments: list[str],
) -> None:
    if start.usual_call(arguments) is not None:
        assert asked_through(start, arguments) == asked_through(app, arguments) is not None


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["analyze"],
        ["analyze", "-"],
        ["analyze", "-o", "out"],
        ["analyze", "a.zip", "-o"],
        ["analyze", "a.zip", "-o", "-q"],
        ["analyze", "a.zip", "-o", "out", "-o", "other"],
        ["analyze", "a.zip", "-q"],
        ["analyze", "--force"],
        ["analyze", "a.zip", "-o", "--force", "out"],
        ["analyze", "--", "a.zip"],
        ["why", "a.zip"],
    ],
)
def test_any_other_call_is_left_to_typer(arguments: list[str]) -> None:
    assert start.usual_call(arguments) is None


def test_completion_is_left_to_typer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_CBTRIAGE_COMPLETE", "complete_bash")
    assert start.usual_call(["analyze", "a.zip"]) is None


@pytest.mark.parametrize("more", [[], ["--force"]])
def test_the_usual_call_loads_nothing_that_it_does_not_need(
    more: Sequence[str], tmp_path: Path
) -> None:
    seldom = {"typer", "pydantic", "yaml", "multiprocessing", "dateutil", "difflib", "statistics"}
    seldom |= {"numpy.ma"}
    code = (
        "import sys; from analyzer.cli.start import run\n"
        "try: run()\n"
        f"finally: print(sorted({seldom} & sys.modules.keys()))"
    )
    bundle = ROOT / "sample_bundles" / "resize-failed.tar.bz2"
    arguments = [sys.executable, "-c", code, "analyze", str(bundle), "-o", str(tmp_path / "out")]
    arguments += more
    # A cache of its own: what other tests compile meanwhile may push its tables out.
    own = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run(arguments, cwd=ROOT, env=own, capture_output=True, check=False)
    done = subprocess.run(arguments, cwd=ROOT, env=own, capture_output=True, check=False, text=True)
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_failure_is_told_in_words(tmp_path: Path) -> None:
    arguments = ["-m", "analyzer", "analyze", str(tmp_path / "no-such.zip")]
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, check=False, text=True
    )
    assert done.returncode == 3
    assert "no-such.zip" in done.stderr
    assert "Traceback" not in done.stderr


def test_run_that_is_interrupted_says_what_that_means(capfd: pytest.CaptureFixture[str]) -> None:
    def command() -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as end:
        end_with(command)
    assert end.value.code == 130
    assert capfd.readouterr().err.startswith("cbtriage: interrupted: ")


def test_ctrl_c_while_modules_are_loaded_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "argv", ["cbtriage", "analyze", "a.zip"])
    monkeypatch.setattr(start, "_analyze", interrupted)
    with pytest.raises(SystemExit) as ended:
        start.run()
    assert ended.value.code == start.INTERRUPTED
