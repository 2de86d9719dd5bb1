"""``render``: what was analyzed is drawn again as it was."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
from typer.testing import CliRunner

from analyzer.cli.case_file import NAME
from analyzer.cli.main import app
from analyzer.errors import UsageError
from analyzer.render.data.again import lacks, report_again
from analyzer.render.data.json import render_json
from analyzer.render.html.html import render_html
from analyzer.render.words.answer import answer_of
from analyzer.story.together import pool_name, together
from tests.golden.outputs import SAMPLES, sample_read

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
    shutil.copy(made / NAME, tmp_path)  # without what was drawn
    asked = ["render", str(tmp_path / NAME), "-o", str(target), "--tz", "Europe/Rome"]
    assert CliRunner().invoke(app, asked).exit_code == 0
    assert target.read_bytes() == (made / f"report{suffix}").read_bytes()


def test_what_lies_beside_it_is_not_drawn_anew(made: Path, tmp_path: Path) -> None:
    beside = shutil.copytree(made, tmp_path / "made")
    page, target = beside / "report.md", tmp_path / "again.md"
    whole = page.read_bytes()
    asked = ["render", str(beside / "report.json"), "-o", str(target), "--tz"]
    with patch("analyzer.cli.case_file.CaseFile.whole_report", side_effect=AssertionError):
        assert CliRunner().invoke(app, [*asked, "Europe/Rome"]).exit_code == 0
        assert isinstance(CliRunner().invoke(app, [*asked, "UTC"]).exception, AssertionError)
    assert target.read_bytes() == whole
    page.write_bytes(whole.replace(b"cbtriage", b"somebody"))
    assert CliRunner().invoke(app, [*asked, "Europe/Rome"]).exit_code == 0
    assert target.read_bytes() == whole


def test_page_of_a_small_report_is_small(made: Path) -> None:
    assert len((made / "report.html").read_bytes()) < 700_000


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_report_json_holds_what_is_drawn(path: Path) -> None:
    _, report = sample_read(path)
    document = json.loads(render_json(report))
    again = report_again(document)
    assert json.loads(render_json(again)) == document
    assert answer_of(again).headline == str(answer_of(report).headline)
    assert "Drawn again from" in render_html(again, lacks(document))


def test_parts_of_several_pools_are_read_again() -> None:
    pools = [replace(sample_read(path)[1], question=None) for path in SAMPLES[:2]]
    document = json.loads(render_json(together(pools)))
    again = report_again(document)
    assert [pool_name(part) for part in again.parts] == [pool_name(part) for part in pools]
    assert [part["headline"] for part in json.loads(render_json(again))["parts"]] == [
        part["headline"] for part in document["parts"]
    ]


def test_of_report_json_alone_a_page_is_drawn_that_says_so(made: Path, tmp_path: Path) -> None:
    shutil.copy(made / "report.json", tmp_path)
    asked = ["render", str(tmp_path / "report.json"), "-o", str(tmp_path / "report.html")]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0
    assert "drawn from" in done.stderr
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "Drawn again from <code>report.json</code> alone" in page
    whole = (made / "report.html").read_text("utf-8")
    first = page.partition("<main")[2].partition('class="redrawn"')[0][:2000]
    assert first in whole


def test_of_report_json_alone_another_zone_leaves_sentences_in_utc(
    made: Path, tmp_path: Path
) -> None:
    shutil.copy(made / "report.json", tmp_path)
    asked = ["render", str(tmp_path / "report.json"), "--tz", "Europe/Rome", "-o"]
    done = CliRunner().invoke(app, [*asked, str(tmp_path / "report.md")])
    assert done.exit_code == 0
    assert "times inside sentences stay in UTC and say so" in done.stderr
    text = (tmp_path / "report.md").read_text("utf-8")
    assert "+01:00" in text
    stamps = re.findall(r"\b\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?(.{0,40})", text)
    assert stamps
    assert not [rest for rest in stamps if not re.search(r"UTC|\+01:00", rest)]


@pytest.mark.parametrize("other", [{}, {"schema_version": 1}, {"outcomes": [7]}, {"holes": 7}])
def test_what_is_no_report_is_refused(made: Path, tmp_path: Path, other: dict[str, object]) -> None:
    shutil.copy(made / NAME, tmp_path)  # of another report
    report = json.loads((made / "report.json").read_text("utf-8"))
    (tmp_path / "report.json").write_text(json.dumps({**report, **other} if other else {}))
    done = CliRunner().invoke(app, ["render", str(tmp_path / "report.json")])
    assert isinstance(done.exception, UsageError)
    assert "report.json" in str(done.exception)


def test_name_that_tells_no_format_is_refused(made: Path) -> None:
    done = CliRunner().invoke(app, ["render", str(made / NAME), "-o", "report.pdf"])
    assert ".html, .md" in str(done.exception) or ".md" in str(done.exception)
