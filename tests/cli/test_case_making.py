"""What a case file is made of, and how much of it."""

from pathlib import Path
from unittest.mock import patch

from typer.testing import CliRunner

from analyzer.cli.case_file import NAME, CaseFile, case_of
from analyzer.cli.main import app
from analyzer.model.pages import DISK, FINDING
from analyzer.story.pages import Judged
from tests.cli.case_files import BY_NAME, case_file
from tests.golden.outputs import sample_read


def test_report_is_kept_whole(crashed: Path) -> None:
    _, report = sample_read(BY_NAME[crashed.name])
    assert CaseFile(case_file(crashed)).whole_report() == report


def test_of_many_findings_the_first_have_their_pages(crashed: Path) -> None:
    _, report = sample_read(BY_NAME[crashed.name])
    first, *others = [each.id for outcome in report.outcomes for each in outcome.findings]
    with patch("analyzer.story.pages._MOST_FOUND", 1):
        kept = CaseFile(case_file(crashed))
    assert kept.page(FINDING, first) is not None
    assert others
    assert all(kept.page(FINDING, each) is None for each in others)


def test_of_many_disks_those_with_findings_have_their_pages(crashed: Path) -> None:
    own = Judged(*sample_read(BY_NAME[crashed.name]))
    found = [disk.owner for disk in own.names.disks if disk.owner in own.about]
    others = [disk.owner for disk in own.names.disks if disk.owner not in own.about]
    with patch("analyzer.story.pages._MOST_FORESEEN", len(set(found))):
        kept = CaseFile(case_file(crashed))
    assert found
    assert others
    there = [each for each in (*found, *others) if kept.page(DISK, each) is not None]
    assert there == found


def test_pages_of_a_kind_end_where_they_grow_too_large(crashed: Path) -> None:
    own = Judged(*sample_read(BY_NAME[crashed.name]))
    keys = [disk.owner for disk in own.names.disks]
    with patch("analyzer.cli.case_making._MOST_OF_A_KIND", 1):
        kept = CaseFile(case_file(crashed))
    assert len({key for key in keys if kept.page(DISK, key) is not None}) == 1
    whole = CaseFile(case_file(crashed))
    assert all(whole.page(DISK, key) is not None for key in keys)


def test_analyze_leaves_one_unless_told_not_to(crashed: Path, tmp_path: Path) -> None:
    case, report = sample_read(BY_NAME[crashed.name])
    runs = ((), True), ((), True), (("--no-case",), False), (("--redact",), False)
    for options, there in runs:  # the second over the first
        folder = tmp_path / f"out{options}"
        asked = ["analyze", str(crashed), "-q", "--format", "json", "-o", str(folder), *options]
        with patch("analyzer.cli.analysis.load_case", lambda *_: (case, report)):
            assert CliRunner().invoke(app, asked).exit_code == 1
        assert (folder / NAME).exists() is there
    whole = tmp_path / "out()" / NAME
    assert [case.path for case in [case_of([crashed], quiet=False)] if case] == [whole.resolve()]


def test_names_are_stored_as_they_are_however_many(crashed: Path) -> None:
    own = Judged(*sample_read(BY_NAME[crashed.name]))
    assert len(own.names.disks) > 3
    for most in (1, 2, len(own.names.disks), 10_000):
        with patch("analyzer.cli.case_making._NAMES_A_PART", most):
            assert CaseFile(case_file(crashed)).names == own.names
