"""``cbtriage fleet``: a folder of cases in, answers out."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analyzer.cli.main import app
from analyzer.errors import UsageError

LOG = "Nov 22 02:00:00 jupiter SM: [7] ***** LVHDSR: EXCEPTION <class 'Exception'>, no luck\n"


def fleet(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["fleet", *arguments])


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("fleet")
    (folder / "src/acme/7").mkdir(parents=True)
    (folder / "src/acme/7/SMlog").write_text(LOG, encoding="utf-8")
    done = fleet(str(folder / "src"), "-o", str(folder / "out"), "--jobs", "1")
    assert done.exit_code == 0
    assert done.stdout.startswith("1 of 1 cases analyzed")
    return str(folder / "out")


def test_questions_are_answered_in_three_formats(out: str) -> None:
    question = ["query", out, 'select "case", customer from cases']
    assert fleet(*question).stdout.split("\n")[1].split() == ["acme/7", "acme"]
    assert fleet(*question, "--format", "csv").stdout == "case,customer\nacme/7,acme\n"
    assert json.loads(fleet(*question, "--format", "json").stdout) == [
        {"case": "acme/7", "customer": "acme"}
    ]


@pytest.mark.parametrize(
    "asked",
    [
        ["--by-version"],
        ["--trend", "cbt-log-missing"],
        ["--new-signatures", "9"],
        ["--customer", "acme"],
    ],
)
def test_ready_questions_are_answered(out: str, asked: list[str]) -> None:
    assert fleet("query", out, *asked).exit_code == 0


def test_one_question_at_a_time_and_of_a_fleet(out: str, tmp_path: Path) -> None:
    assert isinstance(fleet("query", out).exception, UsageError)
    assert isinstance(fleet("query", str(tmp_path), "select 1").exception, UsageError)
