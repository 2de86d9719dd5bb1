"""The files of a report come all at once, and over nothing that is not ours."""

import errno
import os
import stat
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from analyzer.cli.report_files import write_files
from analyzer.errors import UsageError

TEXTS = {"report.json": '{"tool": "cbtriage"}', "report.html": "<title>cbtriage</title>"}
OLD = {"report.json": '{"tool": "cbtriage", "of": "old"}', "report.html": "cbtriage, old"}


def files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()}


def test_files_of_an_earlier_run_are_replaced(tmp_path: Path) -> None:
    write_files(tmp_path, OLD, force=False)
    written = write_files(tmp_path, TEXTS, force=False)
    assert written == tuple(tmp_path / name for name in TEXTS)
    assert files(tmp_path) == TEXTS


def test_content_of_a_file_is_written_as_it_is(tmp_path: Path) -> None:
    content = os.urandom(100_000)
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        write_files(tmp_path, {**TEXTS, "report.cbtcase": file}, force=False)
    assert (tmp_path / "report.cbtcase").read_bytes() == content


def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("the board's yearly report", "utf-8")
    with pytest.raises(UsageError, match="--force"):
        write_files(tmp_path, TEXTS, force=False)
    assert files(tmp_path) == {"report.html": "the board's yearly report"}


def test_force_overwrites_it(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("the board's yearly report", "utf-8")
    write_files(tmp_path, TEXTS, force=True)
    assert files(tmp_path) == TEXTS


@pytest.mark.parametrize("force", [False, True])
def test_a_link_is_never_followed(tmp_path: Path, *, force: bool) -> None:
    victim = tmp_path / "victim"
    victim.write_text("cbtriage notes", "utf-8")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "report.json").symlink_to(victim)
    (folder / ".report.html.part").symlink_to(victim)
    if force:
        write_files(folder, TEXTS, force=True)
        assert not (folder / "report.json").is_symlink()
    else:
        with pytest.raises(UsageError, match="no report of cbtriage"):
            write_files(folder, TEXTS, force=False)
    assert victim.read_text("utf-8") == "cbtriage notes"


@pytest.mark.parametrize("name", ["report.json", ".report.json.part"])
def test_a_pipe_never_blocks(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    write_files(tmp_path, TEXTS, force=True)
    assert (tmp_path / "report.json").read_text("utf-8") == TEXTS["report.json"]


@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_a_full_disk_or_ctrl_c_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    write_files(tmp_path, OLD, force=False)
    calls = []

    def fails_the_second_time(handle: int) -> None:
        calls.append(handle)
        if len(calls) > 1:
            raise failure

    monkeypatch.setattr(os, "fsync", fails_the_second_time)
    with pytest.raises((UsageError, KeyboardInterrupt)):
        write_files(tmp_path, TEXTS, force=False)
    assert files(tmp_path) == OLD


def test_a_run_that_ends_while_files_are_put_in_place_mixes_no_two_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, OLD, force=False)
    real = Path.replace

    def only_once(part: Path, target: Path) -> Path:
        if list(tmp_path.glob("report.*")):
            raise KeyboardInterrupt
        return real(part, target)

    monkeypatch.setattr(Path, "replace", only_once)
    with pytest.raises(KeyboardInterrupt):
        write_files(tmp_path, TEXTS, force=False)
    assert files(tmp_path) == {"report.json": TEXTS["report.json"]}


def test_others_may_read_the_files_as_any_other(tmp_path: Path) -> None:
    (path, *_) = write_files(tmp_path, TEXTS, force=False)
    (tmp_path / "plain").touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_of_two_runs_at_once_all_files_are_of_one(tmp_path: Path) -> None:
    texts = [dict.fromkeys(TEXTS, f"cbtriage {run}") for run in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            list(pool.map(lambda each: write_files(tmp_path, each, force=False), texts))
            assert len(set(files(tmp_path).values())) == 1


def test_file_that_another_run_takes_away_meanwhile_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "report.json"
    target.write_text("cbtriage 1")
    there = Path.lstat

    def gone_behind(path: Path) -> os.stat_result:
        status = there(path)
        path.unlink()
        return status

    monkeypatch.setattr(Path, "lstat", gone_behind)
    write_files(tmp_path, {"report.json": "cbtriage 2"}, force=False)
    assert target.read_text() == "cbtriage 2"
