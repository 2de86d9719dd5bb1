"""``render``: what was analyzed is drawn again as it was."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analyzer.cli.case_file import NAME
from analyzer.cli.main import app
from analyzer.errors import UsageError

CRASHED = Path(__file__).resolve().parents[2] / "sample_bundles" / "host-crash.tar.bz2"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    formats = ("--format", "html", "--format", "json", "--format", "markdown")
    asked = ["analyze", str(CRASHED), "-q", "-o", str(folder), "--tz", "Europe/Rome", *formats]
    assert CliRunner().invoke(app, asked).exit_code == 1
    return folder


@pytest.mark.parametrize("suffix", [".html", ".md", ".json"])
def test_drawn_again_is_what_was_drawn(made: Path, tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"again{suffix}"
    asked = ["render", str(made / "report.json"), "-o", str(target), "--tz", "Europe/Rome"]
    assert CliRunner().invoke(app, asked).exit_code == 0
    assert target.read_bytes() == (made / f"report{suffix}").read_bytes()


def test_report_without_its_own_case_file_is_refused(made: Path, tmp_path: Path) -> None:
    for beside in (False, True):
        shutil.copy(made / "report.json", tmp_path)
        if beside:  # of another report
            shutil.copy(made / NAME, tmp_path)
            (tmp_path / "report.json").write_text("{}")
        done = CliRunner().invoke(app, ["render", str(tmp_path / "report.json")])
        assert isinstance(done.exception, UsageError)
        assert "run cbtriage analyze again" in str(done.exception)


def test_name_that_tells_no_format_is_refused(made: Path) -> None:
    done = CliRunner().invoke(app, ["render", str(made / NAME), "-o", "report.pdf"])
    assert ".html, .md" in str(done.exception) or ".md" in str(done.exception)
