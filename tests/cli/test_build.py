"""A build is named by what decides what the program says, wherever that lies."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from analyzer.cli import build

Program = Callable[[Path], str]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    """Give what names the build in a folder, as another process would."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def of(place: Path) -> str:
        monkeypatch.setattr(build, "files", lambda _name: place / "analyzer")
        monkeypatch.setattr(build, "folder", lambda name: place / name)
        build.program.cache_clear()
        return build.program()

    yield of
    build.program.cache_clear()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in ("analyzer/cli/a.py", "analyzer/b.py", "patterns/cbt/c.yaml"):
        file = tmp_path / "one" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name, "utf-8")
    return tmp_path / "one"


def test_it_is_read_once(program: Program, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = program(place)
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} is read again"))
    assert program(place) == first


@pytest.mark.parametrize("name", ["analyzer/b.py", "patterns/cbt/c.yaml", "analyzer/cli/new.py"])
def test_a_changed_or_new_file_makes_another_build(
    program: Program, place: Path, name: str
) -> None:
    first = program(place)
    (place / name).write_text("changed", "utf-8")
    assert program(place) != first


def test_a_lost_file_makes_another_build(program: Program, place: Path) -> None:
    first = program(place)
    (place / "analyzer/b.py").unlink()
    assert program(place) != first


def test_what_decides_nothing_is_no_part_of_it(program: Program, place: Path) -> None:
    first = program(place)
    (place / "analyzer/b.pyc").write_bytes(b"changed")
    assert program(place) == first


def test_elsewhere_and_later_it_is_the_same_build(program: Program, place: Path) -> None:
    first = program(place)
    moved = shutil.copytree(place, place.parent / "two")
    os.utime(moved / "analyzer/b.py", (1, 1))
    assert program(moved) == first


def test_without_a_cache_it_is_worked_out(
    program: Program, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = program(place)
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "analyzer" / "b.py"))  # no folder
    assert program(place) == first
