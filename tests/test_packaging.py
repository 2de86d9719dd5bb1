import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _wheel(tmp_path: Path) -> set[str]:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def _files(folder: str) -> set[str]:
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.slow
def test_wheel_holds_every_pattern_and_template(tmp_path: Path) -> None:
    names = _wheel(tmp_path)
    data = {f"analyzer/{name}" for name in _files("patterns") | _files("reports")}
    code = {name for name in _files("analyzer") if not name.endswith(".pyc")}
    assert data | code <= names
    assert not [name for name in names if name.startswith(("tests/", "sample_bundles/"))]


def test_every_sentence_in_the_readme_that_is_a_command_names_a_make_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in ("demo", "test"):
        assert f"\nmake {target} " in readme
        assert f"\n{target}:" in makefile
