"""The formats for lnav: lnav itself takes them, and finds what is in the lines."""

import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analyzer.cli.main import app
from analyzer.errors import UsageError

LNAV = shutil.which("lnav")
LINES = {
    "SMlog": [
        "Nov 22 00:00:22 jupiter SM: [2729] lock: acquired /var/lock/sm/lvm/vg",
        "Nov 22 00:00:23 jupiter SM: [2730] ***** LVHDSR: EXCEPTION <class 'Exception'>, no",
    ],
    "xensource.log": [
        "Nov 22 00:00:24 jupiter xapi: [debug||7 ||xapi] Adding a worker to the pool",
        "Nov 22 00:00:25 jupiter xapi: [error||8 |VDI.snapshot R:5a1c0f3e2b4d|xapi] it failed",
    ],
}


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = CliRunner().invoke(app, ["lnav-formats", str(tmp_path / "file")])
    assert isinstance(done.exception, UsageError)


@pytest.mark.skipif(LNAV is None, reason="lnav is not installed")
def test_lnav_takes_them_and_knows_levels_and_tasks(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["lnav-formats", str(tmp_path)]).exit_code == 0
    for name, lines in LINES.items():
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name, table, asked, found in [
        ("SMlog", "xen_sm", "pid", "2730"),
        ("xensource.log", "xen_xapi", "task", "VDI.snapshot R:5a1c0f3e2b4d"),
    ]:
        sql = f";select {asked} from {table} where log_level = 'error'"  # noqa: S608 - ours
        done = subprocess.run(
            [str(LNAV), "-n", "-I", str(tmp_path), "-c", sql, "-c", ":write-raw-to -", name],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=tmp_path,
            env={"HOME": str(tmp_path), "TERM": "dumb", "PATH": "/usr/bin:/bin"},
            check=False,
        )
        assert found in done.stdout, done.stdout + done.stderr
