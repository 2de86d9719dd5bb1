"""Commands that ask a sample: it is read once in a process, however many of them ask."""

import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import analyzer.run
from analyzer.case.case import Case
from analyzer.model.report import Report
from analyzer.run import Options
from tests.golden.outputs import sample_read
from tests.world.build_samples import FOLDER

READ = analyzer.run.load_case


@cache
def _samples(paths: tuple[Path, ...]) -> tuple[Case, Report]:
    return sample_read(paths[0]) if len(paths) == 1 else READ(paths)


@pytest.fixture(autouse=True)
def samples_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer from memory where samples are read as usual; `analyze` always reads them."""

    def load_case(
        paths: Sequence[Path],
        options: Options | None = None,
        progress: Any = None,
        rebuilt: Any = None,
    ) -> tuple[Case, Report]:
        asked = options or Options()
        as_usual = asked.usual and not asked.context and asked.stdin is None
        if as_usual and all(path.parent == FOLDER for path in paths):
            return _samples(tuple(paths))
        return READ(paths, options, progress, rebuilt)

    monkeypatch.setattr(analyzer.run, "load_case", load_case)


@pytest.fixture
def crashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of a sample, alone in its folder, which is the working folder.

    Of the one that tests are run in `make demo` may have left the case file of the same sample.
    """
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "host-crash.tar.bz2"
    shutil.copy(FOLDER / path.name, path)
    return path
