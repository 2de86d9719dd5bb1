"""What a case file is made of, and how much of it."""

import errno
import io
import os
import sys
import zipfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from typer.testing import CliRunner

from analyzer.cli.case_file import NAME, CaseFile, case_of
from analyzer.cli.case_making import case_begun, case_made
from analyzer.cli.case_parts import Parts
from analyzer.cli.main import app
from analyzer.model.pages import DISK, FINDING
from analyzer.story.pages import Judged
from analyzer.story.timeline.lines import told_of
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


def test_names_come_back_as_they_are(crashed: Path) -> None:
    own = Judged(*sample_read(BY_NAME[crashed.name]))
    assert len(own.names.disks) > 3
    assert CaseFile(case_file(crashed)).names == own.names


def same_parts(one: bytes, other: bytes) -> bool:
    """Tell whether two case files have the same parts in the same order."""
    files = [zipfile.ZipFile(io.BytesIO(each)) for each in (one, other)]
    told = [[(name, file.read(name)) for name in file.namelist()] for file in files]
    return told[0] == told[1]


@pytest.mark.skipif(sys.platform != "linux", reason="forks are used on Linux only")
def test_lines_of_a_fork_are_those_that_are_laid_here(crashed: Path) -> None:
    judged = Judged(*sample_read(BY_NAME[crashed.name]))
    made = case_made(judged, (), usual=True, drawn=dict).read()
    with patch("analyzer.cli.case_making._MANY", 1):
        begun = case_begun(judged.case, usual=True)
        assert begun.is_beside
        begun.tell(told_of(judged.case, judged.report))
        beside = case_made(judged, (), usual=True, drawn=dict, beginning=begun)
    assert not isinstance(beside, io.BytesIO)
    with beside:
        assert same_parts(beside.read(), made)


@pytest.mark.skipif(sys.platform != "linux", reason="forks are used on Linux only")
def test_what_a_fork_left_halfway_is_laid_anew(crashed: Path) -> None:
    judged, here = Judged(*sample_read(BY_NAME[crashed.name])), os.getpid()
    made = case_made(judged, (), usual=True, drawn=dict).read()
    real = Parts.put

    def dies_of_the_index(parts: Parts, name: str, *content: Any, **how: Any) -> None:
        if name == "index.json" and os.getpid() != here:
            parts.whole().flush()
            os._exit(1)
        real(parts, name, *content, **how)

    with (
        patch("analyzer.cli.case_making._MANY", 1),
        patch("analyzer.cli.case_parts.Parts.put", dies_of_the_index),
    ):
        begun = case_begun(judged.case, usual=True)
        begun.tell(told_of(judged.case, judged.report))
        beside = case_made(judged, (), usual=True, drawn=dict, beginning=begun)
    with beside:
        assert same_parts(beside.read(), made)


def test_without_room_for_it_the_report_is_written(crashed: Path, tmp_path: Path) -> None:
    case, report = sample_read(BY_NAME[crashed.name])

    def has_no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    asked = ["analyze", str(crashed), "-q", "-o", str(tmp_path / "out")]
    with (
        patch("analyzer.cli.analysis.load_case", lambda *_: (case, report)),
        patch("analyzer.cli.case_parts.Parts.take", has_no_room),
    ):
        done = CliRunner().invoke(app, asked)
    assert done.exit_code == 1
    assert "there is no room to make one: No space left on device" in done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"report.html", "report.json"}
