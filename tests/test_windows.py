"""What Windows would not have or not allow, simulated: support staff have laptops of every kind."""

import ntpath
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer.cli.analysis import _bundle_name

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "sample_bundles" / "resize-failed.tar.bz2"
UNIX_ONLY = ("fcntl", "grp", "pwd", "resource", "termios")
BLOCKED = f"""
import os, sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name in {UNIX_ONLY!r}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Nothing())
for name in {UNIX_ONLY!r}:
    sys.modules.pop(name, None)
for name in ("sched_getaffinity", "getuid", "fork", "mkfifo"):
    if hasattr(os, name):
        delattr(os, name)
sys.argv[0] = "cbtriage"
from analyzer.cli.main import run
run()
"""
RESERVED = re.compile(r"(?i)(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?")


@pytest.mark.slow
def test_a_run_needs_nothing_that_windows_has_not(tmp_path: Path) -> None:
    arguments = ["analyze", str(SAMPLE), "-q", "--jobs", "1", "-o", str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        cwd=ROOT,
    )
    assert done.returncode == 1, done.stderr
    assert (tmp_path / "out" / "report.html").stat().st_size


@pytest.mark.parametrize(
    "name",
    [
        "con.tar.bz2",
        "NUL",
        "a:b?.zip",
        "trailing. .tar",
        "データ.tar.gz",
        "x" * 300,
        "a\\b.tar",
        "..tar",
    ],
)
def test_the_folder_of_a_report_has_a_name_for_every_system(name: str) -> None:
    folder = f"cbtriage-{_bundle_name([Path(name)])}"
    assert not re.search(r'[<>:"/\\|?*\x00-\x1f]', folder)
    assert folder == folder.rstrip(". ")
    assert not RESERVED.fullmatch(folder)
    assert len(folder) < 120
    assert ntpath.basename(folder) == folder
