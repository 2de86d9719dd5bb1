"""A case file answers as the status reports do, or not at all."""

import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from unittest.mock import patch

import pytest
from typer.testing import CliRunner

from analyzer.bundle import _parallel
from analyzer.bundle.budget import Budget
from analyzer.case.case import Case
from analyzer.cli.case_file import NAME, CaseFile, NoCaseError, case_of
from analyzer.cli.case_making import case_made
from analyzer.cli.inputs import inputs_of
from analyzer.cli.main import app
from analyzer.cli.timeline import TimelineFormat
from analyzer.model.pages import LINE
from analyzer.model.report import Report
from analyzer.rebuilt.calls.line_again import line_again
from analyzer.run import Options, load_case
from analyzer.story.pages import MAKERS, Judged, explained, page_of
from analyzer.story.timeline.wanted import Wanted
from tests.cli.case_files import BY_NAME, case_file, said
from tests.golden.outputs import sample_commands, sample_read
from tests.support.bundle import BundleBuilder

SMALL = ("host-crash.tar.bz2", "nbd-trouble.tar.bz2", "two-host-pool.zip")
# What a case file does not hold: comparisons of any pair.
READ_AGAIN = ("why-list",)
line_keys = next(maker.keys for maker in MAKERS if maker.kind is LINE)
FORMS = (*(("--format", form.value) for form in TimelineFormat), ("--raw",), ("--json",))
EACH = 2  # objects of each kind that are asked for


def questions(case: Case, report: Report) -> Iterator[list[str]]:
    for name, commands in sample_commands(case, report):
        if not name.startswith(READ_AGAIN):
            yield from commands[:EACH]
    (disk, *_), (vm, *_), (sr, *_) = case.pools[0].vdis, case.pools[0].vms, case.pools[0].srs
    yield ["timeline", "--vdi", disk.uuid, "--sr", sr.uuid, "--tz", "host"]
    for shown in FORMS:
        yield ["timeline", *shown]
        yield ["timeline", *shown, "--tz", "Europe/London"]
        yield ["timeline", *shown, "--tz", "host", "--vdi", disk.uuid]
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
def test_terminal_is_shown_what_it_is_shown_of_the_status_reports(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    path = tmp_path / name
    shutil.copy(BY_NAME[name], path)
    asked = [["timeline", *more] for more in ([], ["--tz", "+05:30"], ["--raw"])]
    with patch("analyzer.run.load_case", lambda *_: sample_read(BY_NAME[name])):
        read = [said(command, path, terminal=True) for command in asked]
    case_file(path)
    with patch("analyzer.run.load_case", side_effect=AssertionError("it was read again")):
        assert [said(command, path, terminal=True) for command in asked] == read
    assert "\x1b[" in read[0]


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
    made = case_made(pages, inputs, usual=True, drawn=dict)
    path.with_name(NAME).write_bytes(made.read())
    if name.endswith(".zip"):  # one name of two hosts: which of them must be said
        return
    with patch("analyzer.run.load_case", side_effect=AssertionError("it was read again")):
        assert [said(command, path) for command in asked] == read


@pytest.mark.parametrize("name", SMALL)
def test_any_line_is_explained_as_the_case_explains_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    shutil.copy(BY_NAME[name], path)
    judged = Judged(*sample_read(BY_NAME[name]))
    case, kept = CaseFile(case_file(path)), 0
    for member in case.members:
        lying = case.members[member]
        for line in (1, 21, 257):
            again = line_again([path], lying.report, lying.place, line, budget=Budget())
            assert again is not None
            if again.text is None:
                break
            own = explained(judged, again)
            kept += any(hit.kept for hit in own.hits)
            assert case.explained(again) == own
    assert kept > EACH
    assert len(case.members) > len(case.members_read)


def test_line_of_a_large_report_is_read_from_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_parallel, "_WORTH_IT", 1)
    lines = [f"Nov 22 09:{n // 1000 % 60:02}:00 jupiter SM: [{n}] pread {n}" for n in range(50_000)]
    lines[49_000] = "Nov 22 09:49:00 jupiter SM: [7] ***** sr_update: EXCEPTION <type 'x'>, gone"
    packed = [line.replace("jupiter", "mars") for line in lines]
    builder = BundleBuilder().log("var/log/SMlog", lines).log("var/log/SMlog.2.gz", packed)
    path = builder.file("aaa.out", bytes(range(256)) * 5000).write_tar(tmp_path / "b.tar.bz2")
    asked = [
        ["explain", f"SMlog{of}:{line}"] for of in ("", ".2.gz") for line in (3, 47_000, 49_001)
    ]
    asked += [["explain", "SMlog:50001"], ["explain", "/aaa.out:2"], ["explain", "nothing:2"]]
    read = [said(command, path) for command in asked]
    judged = Judged(*load_case([path]))
    inputs = inputs_of([path])
    assert inputs is not None
    content = case_made(judged, inputs, usual=True, drawn=dict)
    path.with_name(NAME).write_bytes(content.read())
    case = CaseFile(path.with_name(NAME))
    (log,) = (each for each in case.members if each[1] == "var/log/SMlog")
    assert len(case.members[log].place.marks) > 1
    assert len(case.members[log].report.blocks) > 1
    with (
        patch("analyzer.run.load_case", side_effect=AssertionError("it was read again")),
        patch("analyzer.rebuilt.calls.line_again.open_bundle", side_effect=AssertionError("all")),
    ):
        assert [said(command, path) for command in asked] == read
    assert "pread 46999" in read[1]
    assert "has 50,000 lines" in read[6]


def test_two_reports_are_compared_out_of_their_case_files(crashed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "later"
    folder.mkdir()
    later = folder / crashed.name
    shutil.copy(crashed, later)
    read = said(["diff", str(crashed)], later)
    shutil.copy(case_file(crashed), later.with_name(NAME))
    with patch("analyzer.run.load_case", side_effect=AssertionError("it was read again")):
        assert said(["diff", str(crashed)], later) == read


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


def test_what_it_does_not_hold_is_read_again_and_said(crashed: Path) -> None:
    case_file(crashed)
    with patch("analyzer.run.load_case", lambda *_: sample_read(BY_NAME[crashed.name])):
        newer, older = [vdi.uuid for vdi in sample_read(BY_NAME[crashed.name])[0].pools[0].vdis][:2]
        asked = ["why", "list-changed-blocks", newer, older, str(crashed)]
        done = CliRunner().invoke(app, asked)
    assert NAME in done.stderr
    assert "read again" in done.stderr


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


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("damage", ["{", "[[1]]"])
def test_damage_that_is_met_halfway_changes_no_answer(
    crashed: Path, form: tuple[str, ...], damage: str
) -> None:
    with patch("analyzer.story.timeline.lines._ROWS_A_BLOCK", 64):
        made = case_file(crashed)
        with patch("analyzer.run.load_case", side_effect=AssertionError("it was read again")):
            whole = said(["timeline", *form], crashed)
        rewritten(made, damage, part="lines/3.json")
        with patch("analyzer.run.load_case", lambda *_: sample_read(BY_NAME[crashed.name])):
            assert said(["timeline", *form], crashed) == whole


def test_first_entries_are_told_before_the_last_are_read(crashed: Path) -> None:
    with patch("analyzer.story.timeline.lines._ROWS_A_BLOCK", 64):
        made = case_file(crashed)
    rewritten(made, "{", part="lines/3.json")
    entries = CaseFile(made).timeline(Wanted()).entries
    told = list(islice(entries, 64))
    assert len(told) == len({entry.source for entry in told})
    with pytest.raises(NoCaseError, match="damaged"):
        list(entries)


def rewritten(made: Path, text: str, part: str = "names.json") -> None:
    """Replace one part of a case file by another text, as somebody might who means harm."""
    with zipfile.ZipFile(made) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(made, "w") as new:
        for name, content in parts.items():
            new.writestr(name, text if name == part else content)


def test_foreign_text_never_chooses_a_type(crashed: Path) -> None:
    made = case_file(crashed)
    rewritten(made, json.dumps(["os.system", ["true"]]))
    with pytest.raises(NoCaseError, match="damaged"):
        _ = CaseFile(made).names
