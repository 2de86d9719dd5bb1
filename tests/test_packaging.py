import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


LIBRARY = """
import pathlib, sys
import analyzer, cbtriage
for module in (analyzer, cbtriage):
    assert pathlib.Path(module.__file__).is_relative_to(sys.argv[1]), module.__file__
report = cbtriage.analyze(sys.argv[2])
assert report.to_dict()["schema_version"] == 2
print(*sorted(report.findings_frame()["rule"].unique()))
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with what the wheel installs, and nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def _files(folder: str) -> set[str]:
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.slow
def test_wheel_holds_every_pattern_and_template(unpacked: Path) -> None:
    names = {
        path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()
    }
    data = {f"analyzer/{name}" for name in _files("patterns") | _files("reports")}
    code = {
        name.removeprefix("analyzer/library/")
        for name in _files("analyzer")
        if not name.endswith(".pyc")
    }
    assert data | code <= names
    assert not [name for name in names if name.startswith(("tests/", "sample_bundles/"))]


@pytest.mark.slow
def test_wheel_offers_the_library_by_its_own_name(unpacked: Path, tmp_path: Path) -> None:
    sample = ROOT / "sample_bundles" / "resize-failed.tar.bz2"
    done = subprocess.run(
        [sys.executable, "-c", LIBRARY, str(unpacked), str(sample)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "cbt-disabled-resize-failed" in done.stdout


def test_every_sentence_in_the_readme_that_is_a_command_names_a_make_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in ("demo", "test"):
        assert f"\nmake {target} " in readme
        assert f"\n{target}:" in makefile


def test_picture_of_the_tree_shows_every_room() -> None:
    text = (ROOT / "docs/ARCHITECTURE.md").read_text(encoding="utf-8")
    picture = text.split("## The tree")[1].split("```")[1]
    rooms = {file.parent for file in (ROOT / "analyzer").rglob("__init__.py")}
    assert {room.name for room in rooms if f"{room.name}/" not in picture} == set()


def test_picture_of_the_layers_is_the_contract() -> None:
    text = (ROOT / "docs/ARCHITECTURE.md").read_text(encoding="utf-8")
    picture = text.split("## Who may import whom")[1].split("```")[1]
    shown = [line.split("  ")[0] for line in picture.splitlines()[1:]]
    with (ROOT / "pyproject.toml").open("rb") as file:
        (layers,) = (
            contract["layers"]
            for contract in tomllib.load(file)["tool"]["importlinter"]["contracts"]
            if contract["name"] == "Layers"
        )
    assert shown == [layer.replace("analyzer.", "") for layer in layers]


def test_picture_of_the_tree_shows_no_room_that_is_not_there() -> None:
    text = (ROOT / "docs/ARCHITECTURE.md").read_text(encoding="utf-8")
    picture = text.split("## The tree")[1].split("```")[1]
    named = set(re.findall(r"(?m)^ *(?:\w+/)*(\w+)/ ", picture))
    places = [
        ROOT / name for name in ("analyzer", "patterns", "reports", "sample_bundles", "tests")
    ]
    there = {path.name for place in places for path in (place, *place.glob("**/"))}
    assert len(named) > 40
    assert named - there == set()


NAMED = re.compile(r"`((?:analyzer|docs|patterns|reports|sample_bundles|tests)/[\w./-]+)`")
INSTALLED = {"analyzer/patterns", "analyzer/reports"}  # as the wheel has them


def test_every_path_that_the_documents_name_is_there() -> None:
    files = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    named = {path for file in files for path in NAMED.findall(file.read_text(encoding="utf-8"))}
    assert len(named) > 10
    assert {path for path in named - INSTALLED if not (ROOT / path).exists()} == set()
