"""Each sample bundle is judged as its ``expected.json`` says, down to the subjects."""

import json
from pathlib import Path

import pytest

from analyzer.model.finding import Verdict
from analyzer.model.report import Report
from tests.golden.outputs import SAMPLES, sample_read
from tests.samples.verdicts import outcome_of, subjects
from tests.world.build_samples import FOLDER, RULES
from tests.world.recipes import RECIPES

NAMES = [recipe.name for recipe in RECIPES]


def _report(name: str) -> Report:
    (archive,) = [path for path in SAMPLES if path.name.partition(".")[0] == name]
    return sample_read(archive)[1]


def _expected(name: str) -> dict[str, dict[str, object]]:
    text = Path(FOLDER / f"{name}.expected.json").read_text("utf-8")
    rules: dict[str, dict[str, object]] = json.loads(text)["rules"]
    return rules


@pytest.mark.parametrize("name", NAMES)
def test_every_verdict_is_the_expected_one(name: str) -> None:
    expected = _expected(name)
    said = {rule: outcome_of(_report(name), rule).verdict.value for rule in RULES}
    assert said == {rule: expected[rule]["verdict"] for rule in RULES}


@pytest.mark.parametrize("name", NAMES)
def test_every_finding_names_its_subjects(name: str) -> None:
    wanted = {rule: row["subjects"] for rule, row in _expected(name).items() if "subjects" in row}
    for rule, each in wanted.items():
        assert isinstance(each, list)
        found = [subjects(finding) for finding in outcome_of(_report(name), rule).findings]
        assert len(found) == len(each), rule
        assert all(any(set(uuids) <= names for names in found) for uuids in each), rule


@pytest.mark.parametrize("name", NAMES)
def test_no_other_rule_finds_anything(name: str) -> None:
    found = {outcome.rule for outcome in _report(name).outcomes if outcome.findings}
    assert found <= {rule for rule, said in _expected(name).items() if said["verdict"] == "found"}


@pytest.mark.parametrize("name", NAMES)
def test_no_rule_fails(name: str) -> None:
    failed = [o.reason for o in _report(name).outcomes if o.verdict is Verdict.ERROR]
    assert failed == []


@pytest.mark.parametrize("name", NAMES)
def test_every_line_is_understood(name: str) -> None:
    odd = {row.member: row.shapes for row in _report(name).coverage if row.not_understood}
    assert odd == {}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_omitted_or_misread(name: str) -> None:
    report = _report(name)
    assert [(o.member, o.why) for o in report.omissions] == []
    assert [(str(p.source), p.what) for p in report.problems] == []


def test_evidence_is_the_line_it_names() -> None:
    recipe = next(recipe for recipe in RECIPES if recipe.name == "host-crash")
    (bundle,) = recipe.tell().reports
    quoted = [e for o in _report("host-crash").outcomes for f in o.findings for e in f.evidence]
    logs = [e for e in quoted if e.source.member in {"var/log/SMlog", "var/log/kern.log"}]
    assert logs
    for evidence in logs:
        lines = bundle.content(evidence.source.member).decode().splitlines()
        assert lines[evidence.source.line - 1] == evidence.text


def test_capture_time_is_that_of_the_folder() -> None:
    (bundle,) = _report("resize-failed").bundles
    assert bundle.captured_at is not None
    assert f"{bundle.captured_at.at:%F %T}" == "2024-11-22 09:06:01"


@pytest.mark.parametrize("name", ["cbt-hazards-lvm", "cbt-hazards-nfs"])
def test_backups_to_distrust_lead_the_verdict(name: str) -> None:
    first = _report(name).causes[0]
    assert first.title.startswith("Comparisons of snapshots succeeded although changed blocks")
    assert first.next_action.startswith("Do not trust the backup")
