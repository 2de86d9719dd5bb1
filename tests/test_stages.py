"""What our own failure costs: the part that failed, which is named, and nothing else."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analyzer import judging, run
from analyzer.case import assemble
from analyzer.cli import analysis
from analyzer.cli.main import app
from analyzer.model.finding import Verdict
from analyzer.render import FORMATS
from analyzer.render.words.status import INTERNAL, exit_status
from analyzer.run import Options, analyze

pytestmark = pytest.mark.slow  # a whole run each

SAMPLE = Path(__file__).parents[1] / "sample_bundles" / "lvm-no-space.tar.bz2"
STAGES = (
    "find_causes",
    "plan_all",
    "causes_planned",
    "incidents",
    "backup_runs",
    "error_groups",
    "suppressed",
    "happenings",
    "disk_views",
    "nbd_views",
)


def fails(*_: object, **__: object) -> None:
    raise KeyError("a defect of ours")


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_fails_costs_its_part_alone(
    stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, stage, fails)
    report = analyze([SAMPLE], Options(jobs=1))
    assert [each.rule for each in report.outcomes if each.findings]
    (failed,) = (each for each in report.outcomes if each.verdict is Verdict.ERROR)
    assert "a defect of ours" in failed.reason
    assert failed.settle_with[0].startswith("report it")
    assert exit_status(report) == INTERNAL
    for form in FORMATS:
        assert failed.rule in form.render(report)


@pytest.mark.parametrize("part", ["compare_clocks", "holes", "troubles_of"])
def test_what_fails_in_putting_together_leaves_findings_and_rules_nothing_out(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assemble, part, fails)
    report = analyze([SAMPLE], Options(jobs=1))
    assert [each.rule for each in report.outcomes if each.findings]
    assert exit_status(report) == INTERNAL
    told = {each.verdict for each in report.outcomes}
    assert told <= {Verdict.FOUND, Verdict.CANNOT_TELL, Verdict.ERROR}


def test_a_rule_that_cannot_be_completed_costs_itself_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(judging, "fingerprint", fails)
    report = analyze([SAMPLE], Options(jobs=1))
    assert {each.verdict for each in report.outcomes} >= {Verdict.ERROR, Verdict.RULED_OUT}


@pytest.mark.parametrize("part", ["_summary", "case_begun", "case_made", "_questioned"])
def test_what_lies_beside_the_report_costs_no_finding(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis, part, fails)
    result = CliRunner().invoke(app, ["analyze", str(SAMPLE), "-o", str(tmp_path)])
    assert result.exit_code == INTERNAL
    assert "Traceback" not in result.output
    assert "a defect of its own (KeyError in" in result.output
    assert "a defect of ours" not in result.output
    stored = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert [each for each in stored["outcomes"] if each["findings"]]


def test_a_format_that_fails_costs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (html,) = (form for form in FORMATS if form.name == "html")
    monkeypatch.setattr(f"analyzer.render.{html.made_by.replace(':', '.')}", fails)
    result = CliRunner().invoke(app, ["analyze", str(SAMPLE), "-q", "-o", str(tmp_path)])
    assert result.exit_code == INTERNAL
    assert "Traceback" not in result.output
    assert json.loads((tmp_path / "report.json").read_text("utf-8"))["outcomes"]
    page = (tmp_path / "report.html").read_text("utf-8")
    assert page.startswith("cbtriage failed to write this")
    assert "a defect of ours" not in page
