"""``analyze --about … --when …``: what answers the question comes first, in every output."""

import json
from pathlib import Path
from unittest.mock import patch

import pytest
from typer.testing import CliRunner, Result

from analyzer.cli.main import app
from analyzer.errors import UsageError
from tests.golden.outputs import SAMPLES, sample_read

CRASHED = next(path for path in SAMPLES if path.name == "host-crash.tar.bz2")


def asked(folder: Path, *question: str) -> Result:
    case, report = sample_read(CRASHED)
    with patch("analyzer.run.load_case", lambda *_: (case, report)):
        options = ["-o", str(folder), "--no-case", *question]
        return CliRunner().invoke(app, ["analyze", str(CRASHED), *options])


def test_what_answers_comes_first_in_every_output(tmp_path: Path) -> None:
    shown = asked(tmp_path, "--about", "mail", "--when", "22 Nov 04:45 +01:00").stdout
    lines = shown.splitlines()
    assert lines[1].startswith("Asked: VM mail · 22 Nov 04:45 +01:00, read as 2024-11-22 03:45:00")
    assert "CBT was turned off because the disk's log was inconsistent, 2 times" in shown
    assert len(lines) <= 25
    question = json.loads((tmp_path / "report.json").read_text("utf-8"))["question"]
    assert question["about"]["name"] == "mail"
    assert question["findings"][0].startswith("F-cbt-disabled-inconsistent-log-")
    assert any("last before that time" in state for state in question["states"])
    html = (tmp_path / "report.html").read_text("utf-8")
    assert html.index('id="question"') < html.index('id="verdict"')


@pytest.mark.parametrize("output", [("--ticket",), ("--format", "markdown", "--stdout"), ("-v",)])
def test_answer_comes_first_in_what_is_passed_on(tmp_path: Path, output: tuple[str, ...]) -> None:
    shown = asked(tmp_path, "--about", "mail", "--when", "22 Nov 04:45 +01:00", *output).stdout
    first, answer = shown.splitlines()[0], "".join(shown.split("\n\n")[:2])
    assert first.lstrip("# ").startswith("Asked: VM mail · 22 Nov 04:45")
    assert "CBT was turned off because the disk's log was inconsistent, 2 times" in answer
    assert "--ticket" not in output or len(shown.splitlines()) <= 60


def test_what_lies_beside_is_counted(tmp_path: Path) -> None:
    shown = asked(tmp_path, "--about", "archive").stdout
    assert "No finding answers it" in shown
    assert "Beside the question: 5 other findings" in shown.replace("\n    ", " ")


def test_time_alone_tells_what_happened_around_it(tmp_path: Path) -> None:
    asked(tmp_path, "--when", "2024-11-22 03:40")
    question = json.loads((tmp_path / "report.json").read_text("utf-8"))["question"]
    assert question["about"] is None
    assert any("down" in each["what"] for each in question["happened"])


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("11 Jun 10:30", "What was read begins after that time: 20 Nov 05:00 to 22 Nov 09:05 2024"),
        ("2024-11-30 10:30", "What was read ends before that time: 20 Nov 05:00 to 22 Nov 09:05"),
        ("20 Nov 16:30", "Nothing of it that has a name is known within an hour of that time."),
    ],
)
def test_a_time_that_was_not_read_is_told_so(tmp_path: Path, when: str, told: str) -> None:
    shown = asked(tmp_path, "--about", "mail", "--when", when).stdout
    assert told in shown.replace("\n    ", " ")


@pytest.mark.parametrize(
    ("question", "told"),
    [(("--about", "mial"), "near it: mail"), (("--when", "soon"), "--when soon: not a time")],
)
def test_what_cannot_be_asked_is_refused(
    tmp_path: Path, question: tuple[str, ...], told: str
) -> None:
    done = asked(tmp_path, *question)
    assert isinstance(done.exception, UsageError)
    assert told in str(done.exception)
