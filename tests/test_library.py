"""cbtriage as a library: what analyze returns, as objects and as a frame."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import cbtriage

SAMPLES = Path(__file__).resolve().parent.parent / "sample_bundles"


@pytest.fixture(scope="module")
def crashed() -> cbtriage.Report:
    return cbtriage.analyze(SAMPLES / "host-crash.tar.bz2")


def test_to_dict_is_report_json(crashed: cbtriage.Report) -> None:
    assert crashed.to_dict() == json.loads(crashed.to_json())


def test_frame_has_a_row_per_finding(crashed: cbtriage.Report) -> None:
    frame = crashed.findings_frame()
    outcomes = crashed.to_dict()["outcomes"]
    assert list(frame["id"]) == [each["id"] for o in outcomes for each in o["findings"]]


def test_frame_can_be_asked_by_severity_and_time(crashed: cbtriage.Report) -> None:
    frame = crashed.findings_frame()
    assert set(frame[frame["severity"] >= "error"]["severity"]) == {"error"}
    assert isinstance(frame["first_seen"].dtype, pd.DatetimeTZDtype)
    assert frame["first_seen"].min() <= frame["last_seen"].max()


def test_frame_names_the_causes_of_a_finding(crashed: cbtriage.Report) -> None:
    ids = {cause["id"] for cause in crashed.to_dict()["causes"]}
    assert {each for row in crashed.findings_frame()["causes"] for each in row} == ids


def test_frame_of_a_healthy_report_has_the_columns() -> None:
    frame = cbtriage.analyze([str(SAMPLES / "healthy-cbt.tar.bz2")]).findings_frame()
    assert frame.empty
    assert {"rule", "severity", "first_seen", "text"} <= set(frame.columns)


def test_what_is_no_status_report_is_an_error_that_can_be_caught(tmp_path: Path) -> None:
    with pytest.raises(cbtriage.AnalyzerError):
        cbtriage.analyze(tmp_path / "nothing")


@pytest.mark.parametrize("module", ["cbtriage", "analyzer"])
def test_package_runs_as_a_command(module: str) -> None:
    command = [sys.executable, "-m", module, "--version"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("cbtriage ")
