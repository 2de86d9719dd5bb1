"""What is kept between runs is only ever what would be made anyway."""

import os
import sys
from pathlib import Path

import pytest

from analyzer.user_cache import keep, key_of, recall

KEY, OTHER = key_of([b"one"]), key_of([b"other"])
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="files have no owner by number")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where things are kept, a folder that is not there yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "cbtriage"


def test_what_was_kept_is_recalled_for_its_key_only(folder: Path) -> None:
    assert recall("table", KEY) is None
    keep("table", KEY, b"body")
    assert recall("table", KEY) == b"body"
    assert recall("table", OTHER) is None
    keep("table", OTHER, b"")
    assert (recall("table", OTHER), recall("table", KEY)) == (b"", None)
    assert [path.name for path in folder.iterdir()] == ["table"]


def test_no_damage_is_taken_for_what_was_kept(folder: Path) -> None:
    keep("table", KEY, b"body")
    whole = (folder / "table").read_bytes()
    damaged = [whole[:length] for length in range(len(whole))]
    damaged += [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(len(whole))]
    for content in (*damaged, whole + b"x"):
        (folder / "table").write_bytes(content)
        assert recall("table", KEY) is None
    keep("table", KEY, b"body")
    assert recall("table", KEY) == b"body"


@POSIX
@pytest.mark.parametrize("name", ["", "table"])
def test_what_others_may_write_is_not_read(folder: Path, name: str) -> None:
    keep("table", KEY, b"body")
    (folder / name).chmod(0o777)
    assert recall("table", KEY) is None


@POSIX
def test_link_and_pipe_are_not_read(folder: Path, tmp_path: Path) -> None:
    keep("table", KEY, b"body")
    (folder / "table").rename(tmp_path / "elsewhere")
    (folder / "table").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(folder / "pipe")
    assert (recall("table", KEY), recall("pipe", KEY)) == (None, None)


@pytest.mark.parametrize("place", ["a file", "nowhere/below"])
def test_folder_that_takes_nothing_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (tmp_path / "a file").write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / place))
    keep("table", KEY, b"body")
    assert recall("table", KEY) is None
    assert [path.name for path in tmp_path.iterdir()] == ["a file"]


def test_no_home_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, "relative")
    monkeypatch.setenv("HOME", "")
    monkeypatch.setenv("USERPROFILE", "")
    keep("table", KEY, b"body")
    assert recall("table", KEY) is None
    assert not Path("relative").exists()
