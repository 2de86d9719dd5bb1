"""``cbtriage diff`` on files: reports and status reports, in three formats."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analyzer.cli.main import app
from analyzer.errors import UsageError
from tests.desk.pairs import nothing_done


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("bundles")
    older, newer = (
        made.write_tar(folder / f"{n}.tar.bz2") for n, made in enumerate(nothing_done())
    )
    return str(older), str(newer)


def diff(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["diff", *arguments])


def test_a_report_and_a_bundle_are_compared(bundles: tuple[str, str], tmp_path: Path) -> None:
    CliRunner().invoke(app, ["analyze", bundles[0], "-q", "-o", str(tmp_path)])
    done = diff(str(tmp_path / "report.json"), bundles[1], "--format", "json")
    assert done.exit_code == 1
    assert [row["fate"] for row in json.loads(done.stdout)["changes"]] == ["still", "still"]


def test_a_page_is_written_once_and_over_nothing_else(
    bundles: tuple[str, str], tmp_path: Path
) -> None:
    CliRunner().invoke(app, ["analyze", bundles[0], "-q", "-o", str(tmp_path)])
    report = str(tmp_path / "report.json")
    target = tmp_path / "diff.html"
    assert diff(report, report, "--format", "html", "-o", str(target)).exit_code == 1
    assert "two reports compared" in target.read_text("utf-8")
    target.write_text("mine", encoding="utf-8")
    refused = diff(report, report, "--format", "html", "-o", str(target))
    assert isinstance(refused.exception, UsageError)
    assert target.read_text("utf-8") == "mine"


def test_json_that_is_no_report_is_named(bundles: tuple[str, str], tmp_path: Path) -> None:
    odd = tmp_path / "odd.json"
    odd.write_text('{"outcomes": []}', encoding="utf-8")
    refused = diff(str(odd), bundles[1])
    assert isinstance(refused.exception, UsageError)
    assert "odd.json" in str(refused.exception)
