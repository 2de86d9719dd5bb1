"""What cbtriage left in a folder is no status report when the folder is read again."""

import shutil
from pathlib import Path

import pytest

from analyzer.bundle.archive import open_bundle
from analyzer.bundle.budget import Budget
from analyzer.errors import InputError
from tests.cli.test_analyze import CRASH, run
from tests.support.bundle import BundleBuilder

FORMATS = [part for name in ("text", "json", "html", "markdown") for part in ("--format", name)]


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a status report and all that was ever written beside it."""
    folder = tmp_path_factory.mktemp("ticket")
    shutil.copy(CRASH, folder)
    run("analyze", CRASH, "-o", folder / "out", *FORMATS)
    bare = BundleBuilder().write_tar(tmp_path_factory.mktemp("bare") / "bare.tar.bz2")
    run("ask", bare, "-o", folder / "ask.sh")
    return folder


def test_a_folder_with_reports_of_ours_is_read_without_them(left: Path) -> None:
    written = [path for path in left.rglob("*") if path.is_file()]
    assert len(written) == 7
    archive = open_bundle(left, budget=Budget())
    assert {member.bundle for member in archive.members()} == {
        f"{left.name}:{CRASH.name}:bug-report-20241122100601"
    }
    assert (archive.complete, archive.omissions) == (True, ())


@pytest.mark.parametrize("name", ["txt", "json", "html", "md", "cbtcase"])
def test_a_report_of_ours_is_not_taken_for_logs(left: Path, name: str) -> None:
    with pytest.raises(InputError, match="cbtriage wrote it: give the status reports"):
        open_bundle(left / "out" / f"report.{name}", budget=Budget())
