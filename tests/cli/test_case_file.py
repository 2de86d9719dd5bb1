"""A case file answers as the status reports do, or not at all."""

import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest
import typer
from typer.testing import CliRunner

from analyzer.case.case import Case
from analyzer.cli.case_file import NAME, CaseFile, NoCaseError, case_bytes, case_of
from analyzer.cli.inputs import inputs_of
from analyzer.cli.main import app
from analyzer.errors import AnalyzerError
from analyzer.model.pages import DISK, FINDING, LINE
from analyzer.model.report import Report
from analyzer.run import Options, load_case
from analyzer.story.pages import MAKERS, Judged, page_of
from tests.golden.outputs import SAMPLES, sample_commands, sample_read

BY_NAME = {path.name: path for path in SAMPLES}
SMALL = ("host-crash.tar.bz2", "nbd-trouble.tar.bz2", "two-host-pool.zip")
# What a case file does not hold: lines that nobody kept, comparisons of any pair.
READ_AGAIN = ("explain-line", "why-list")
line_keys = next(maker.keys for maker in MAKERS if maker.kind is LINE)
EACH = 2  # objects of each kind that are asked for


def case_file(path: Path, *, usual: bool = True) -> Path:
    """Write the case file of a sample beside it and return its path."""
    inputs = inputs_of([path])
    assert inputs is not None
    made = path.with_name(NAME)
    judged = Judged(*sample_read(BY_NAME[path.name]))
    made.write_bytes(case_bytes(judged, inputs, usual=usual, report_json=""))
    return made


@pytest.fixture
def crashed(tmp_path: Path) -> Path:
    path = tmp_path / SMALL[0]
    shutil.copy(BY_NAME[path.name], path)
    return path


def questions(case: Case, report: Report) -> Iterator[list[str]]:
    for name, commands in sample_commands(case, report):
        if not name.startswith(READ_AGAIN):
            yield from commands[:EACH]
    (disk, *_), (vm, *_), (sr, *_) = case.pools[0].vdis, case.pools[0].vms, case.pools[0].srs
    yield ["timeline", "--vdi", disk.uuid, "--sr", sr.uuid, "--tz", "host"]
    yield ["timeline"]
    yield ["timeline", "--tz", "host"]
    yield ["timeline", "--vm", vm.uuid, "--raw"]
    made = report.bundles[0].captured_at
    assert made is not None
    yield ["timeline", "--around", f"{made.at:%F %H:%M}", "--minutes", "90"]
    yield ["timeline", "--kind", "incident", "--host", report.hosts[0].name]
    yield ["show", "runs", "--vdi", disk.uuid]
    for snapshot in [vdi for vdi in case.pools[0].vdis if vdi.is_a_snapshot][:EACH]:
        live = case.pools[0].vdi(snapshot.snapshot_of)
        yield ["why", "list-changed-blocks", snapshot.uuid, live.uuid if live else ""]
    yield ["show", "vdi", "no such disk"]


def said(command: list[str], path: Path) -> str:
    printed = StringIO()
    status: object = None
    quiet = [] if command[0] == "diff" else ["-q"]
    with redirect_stdout(printed), redirect_stderr(printed):
        try:
            main = typer.main.get_command(app).main
            status = main([*command, str(path), *quiet], standalone_mode=False)
        except AnalyzerError as error:
            status = str(error)
    return f"{printed.getvalue()}[{status}]"


@pytest.mark.parametrize("name", SMALL)
def test_answers_are_those_of_the_status_reports(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    shutil.copy(BY_NAME[name], path)
    case, report = sample_read(BY_NAME[name])
    asked = list(questions(case, report))
    with patch("analyzer.run.load_case", lambda *_: (case, report)):
        read = [said(command, path) for command in asked]
    case_file(path)
    with patch("analyzer.run.load_case", side_effect=AssertionError("it was read again")):
        assert [said(command, path) for command in asked] == read


@pytest.mark.parametrize("name", SMALL)
def test_line_that_is_quoted_first_is_explained_as_it_is_from_the_log(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    shutil.copy(BY_NAME[name], path)
    case, report = load_case([path], Options(context=True))
    pages = Judged(case, report)
    lines = [key for key in line_keys(pages) if page_of(pages, LINE, key) is not None]
    assert len(lines) > EACH
    asked = [["explain", ":".join(key.split("\0")[1:])] for key in lines[:20]]
    with patch("analyzer.run.load_case", lambda *_: (case, report)):
        read = [said(command, path) for command in asked]
    inputs = inputs_of([path])
    assert inputs is not None
    made = case_bytes(pages, inputs, usual=True, report_json="")
    path.with_name(NAME).write_bytes(made)
    if name.endswith(".zip"):  # one name of two hosts: which of them must be said
        return
    with patch("analyzer.run.load_case", side_effect=AssertionError("it was read again")):
        assert [said(command, path) for command in asked] == read


def test_two_reports_are_compared_out_of_their_case_files(crashed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "later"
    folder.mkdir()
    later = folder / crashed.name
    shutil.copy(crashed, later)
    read = said(["diff", str(crashed)], later)
    shutil.copy(case_file(crashed), later.with_name(NAME))
    with patch("analyzer.run.load_case", side_effect=AssertionError("it was read again")):
        assert said(["diff", str(crashed)], later) == read


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
    with patch("analyzer.cli.case_file._MOST_OF_A_KIND", 1):
        kept = CaseFile(case_file(crashed))
    assert len({key for key in keys if kept.page(DISK, key) is not None}) == 1
    whole = CaseFile(case_file(crashed))
    assert all(whole.page(DISK, key) is not None for key in keys)


def test_of_very_many_lines_the_table_is_drawn_when_it_is_asked_for(crashed: Path) -> None:
    drawn = CaseFile(case_file(crashed)).whole_table()
    with patch("analyzer.cli.case_file._MOST_DRAWN", 1):
        kept = CaseFile(case_file(crashed))
        assert kept.whole_table() is None
        told = said(["timeline"], crashed)
    assert drawn is not None
    assert drawn[0] in told


def test_copy_of_the_input_is_the_same_input(crashed: Path) -> None:
    case_file(crashed)
    os.utime(crashed, (1, 1))
    assert case_of([crashed], quiet=False) is not None


def test_changed_input_is_read_again(crashed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case_file(crashed)
    content = bytearray(crashed.read_bytes())
    content[-1] ^= 1
    crashed.write_bytes(content)
    assert case_of([crashed], quiet=False) is None
    assert "host-crash.tar.bz2 is not what it was when the file was made" in capsys.readouterr().err


def test_unpacked_folder_is_known_by_its_files(tmp_path: Path) -> None:
    unpacked = tmp_path / "folder"
    unpacked.mkdir()
    (unpacked / "a").write_text("a")
    before = inputs_of([unpacked])
    (unpacked / "b").touch()
    assert before is not None
    assert inputs_of([unpacked]) != before


def test_pipe_is_not_read_for_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)  # opening it would wait for the other end
    assert inputs_of([pipe]) is None
    assert case_of([pipe], quiet=False) is None


def test_other_inputs_are_no_concern_of_it(crashed: Path, tmp_path: Path) -> None:
    case_file(crashed)
    other = tmp_path / "other.tar.bz2"
    shutil.copy(crashed, other)
    assert case_of([other], quiet=False) is None
    assert case_of([crashed, other], quiet=False) is None


def test_file_of_other_options_or_of_another_build_answers_nothing(crashed: Path) -> None:
    case_file(crashed, usual=False)
    assert case_of([crashed], quiet=True) is None
    case_file(crashed)
    with patch("analyzer.cli.case_file.program", lambda: "newer"):
        assert case_of([crashed], quiet=True) is None


@pytest.mark.parametrize("damage", ["cut", "bits", "text", "part", "type", "key"])
def test_damaged_file_is_put_aside_with_a_sentence(crashed: Path, damage: str) -> None:
    made = case_file(crashed)
    content = made.read_bytes()
    match damage:
        case "cut":
            made.write_bytes(content[: len(content) // 2])
        case "bits":
            middle = len(content) // 3
            made.write_bytes(content[:middle] + bytes(64) + content[middle + 64 :])
        case "text":
            made.write_text("cbtriage")
        case _:
            rewritten(made, {"part": "{", "type": "[[1]]", "key": "{}"}[damage])
    with patch("analyzer.run.load_case", lambda *_: sample_read(BY_NAME[crashed.name])):
        done = CliRunner().invoke(app, ["show", "vdi", "mail disk 0", str(crashed)])
    assert done.exit_code == 1
    assert "the status reports are read instead" in done.stderr or damage in ("bits", "key")


def test_whole_timeline_is_printed_as_it_was_drawn(crashed: Path) -> None:
    made = case_file(crashed)
    with patch.object(CaseFile, "timeline", side_effect=AssertionError("it was drawn anew")):
        done = CliRunner().invoke(app, ["timeline", str(crashed)])
    assert done.exit_code == 1
    assert "CBT was turned off because the disk's log was inconsistent" in done.stdout
    rewritten(made, "\x1b]0;owned\x07\n", part="whole.txt")
    with patch("analyzer.run.load_case", lambda *_: sample_read(BY_NAME[crashed.name])):
        again = CliRunner().invoke(app, ["timeline", str(crashed)])
    assert again.stdout == done.stdout
    assert "it is damaged" in again.stderr


def rewritten(made: Path, text: str, part: str = "names.json") -> None:
    """Replace one part of a case file by another text, as somebody might who means harm."""
    with zipfile.ZipFile(made) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(made, "w") as new:
        for name, content in parts.items():
            new.writestr(name, text if name == part else content)


def test_analyze_leaves_one_unless_told_not_to(crashed: Path, tmp_path: Path) -> None:
    case, report = sample_read(BY_NAME[crashed.name])
    runs = ((), True), ((), True), (("--no-case",), False), (("--redact",), False)
    for options, there in runs:  # the second over the first
        folder = tmp_path / f"out{options}"
        asked = ["analyze", str(crashed), "-q", "--format", "json", "-o", str(folder), *options]
        with patch("analyzer.run.load_case", lambda *_: (case, report)):
            assert CliRunner().invoke(app, asked).exit_code == 1
        assert (folder / NAME).exists() is there
    whole = tmp_path / "out()" / NAME
    assert [case.path for case in [case_of([crashed], quiet=False)] if case] == [whole.resolve()]


def test_foreign_text_never_chooses_a_type(crashed: Path) -> None:
    made = case_file(crashed)
    rewritten(made, json.dumps(["os.system", ["true"]]))
    with pytest.raises(NoCaseError, match="damaged"):
        _ = CaseFile(made).names
