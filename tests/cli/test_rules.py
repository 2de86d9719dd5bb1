import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analyzer.cli.main import app
from analyzer.errors import CatalogueError, UsageError

PATTERN = """\
id: disk-sang
title: A disk sang
severity: info
needs: [smlog]
select: {parser: smlog, message: 'sang'}
detail: It sang.
action: [Listen.]
samples:
  hit: ['Nov 22 10:06:01 jupiter SM: [1] the disk sang']
  miss: ['Nov 22 10:06:01 jupiter SM: [1] the disk SOUND']
"""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["rules", *(str(argument) for argument in arguments)])


def test_list_has_a_line_per_rule() -> None:
    lines = run("list").stdout.splitlines()
    assert any(line.startswith("cbt-log-missing\t") for line in lines)
    assert lines == sorted(lines)


def test_show_tells_what_to_do_and_what_it_needs() -> None:
    page = run("show", "nbd-connection-limit").stdout
    assert "needs daemon_log" in page
    assert "What to do:" in page
    assert "Risk: " in page


def test_show_of_an_unknown_rule_names_the_way_out() -> None:
    error = run("show", "cbt-log-mising").exception
    assert isinstance(error, UsageError)
    assert "near it: cbt-log-missing, " in str(error)
    assert "`cbtriage rules list`" in str(error)


def test_lint_and_test_pass_on_the_shipped_catalogue() -> None:
    assert "sound" in run("lint").stdout
    assert "do what they say" in run("test").stdout


def test_a_further_rule_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "disk-sang.yaml"
    path.write_text(PATTERN, encoding="utf-8")
    assert "disk-sang\t" in run("list", "--rules", path).stdout


def test_a_sample_that_does_not_do_what_it_says_fails(tmp_path: Path) -> None:
    path = tmp_path / "disk-sang.yaml"
    path.write_text(PATTERN.replace("SOUND", "sang too"), encoding="utf-8")
    done = run("test", "--rules", path)
    assert isinstance(done.exception, UsageError)
    assert "disk-sang" in done.stderr


def test_a_faulty_file_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "disk-sang.yaml"
    path.write_text(PATTERN.replace("severity: info", "severity: bad"), encoding="utf-8")
    error = run("lint", "--rules", path).exception
    assert isinstance(error, CatalogueError)
    assert "disk-sang.yaml:3 severity: expected one of" in str(error)


def test_schema_is_json() -> None:
    assert json.loads(run("schema").stdout)["title"] == "cbtriage pattern file"


@pytest.mark.parametrize("command", [[], ["list"], ["show"], ["lint"], ["test"], ["schema"]])
def test_help_teaches(command: list[str]) -> None:
    assert "Usage" in run(*command, "--help").stdout


def test_new_writes_a_file_once(tmp_path: Path) -> None:
    assert run("new", "disk-hums", "--folder", tmp_path).exit_code == 0
    assert run("test", "--rules", tmp_path / "disk-hums.yaml").exit_code == 0
    with pytest.raises(UsageError, match="File exists"):
        CliRunner().invoke(
            app, ["rules", "new", "disk-hums", "--folder", str(tmp_path)], catch_exceptions=False
        )


def test_lint_prints_problems_for_programs(tmp_path: Path) -> None:
    assert json.loads(run("lint", "--json").stdout)["problems"] == []
    wrong = tmp_path / "disk-sang.yaml"
    wrong.write_text(PATTERN.replace("severity: info", "severity: loud"))
    done = run("lint", "--json", "--rules", wrong)
    assert done.exit_code == 2
    (problem,) = json.loads(done.stdout)["problems"]
    assert (Path(problem["file"]), problem["line"]) == (wrong, 3)
