"""The command in places that are full, closed, bare or strange: no half report, and it says so."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

import pytest

from tests.support.bundle import BundleBuilder

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
LINE = (
    "Nov 22 10:06:00 jupiter SM: [2451] Changed Block Tracking metadata is inconsistent for disk "
    "6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913.\n"
)
FILES = {"report.json", "report.html", "report.cbtcase"}
COMMAND = (sys.executable, "-m", "analyzer", "analyze")
# what the program needs to find itself, and nothing else
BARE = {"PYTHONPATH": f"{ROOT}:{ROOT / 'analyzer' / 'library'}"}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("around")
    return BundleBuilder().log("var/log/SMlog", LINE).write_tar(folder / "report.tar.gz")


def run(
    *arguments: Path | str | bytes,
    stdout: int | IO[bytes] = subprocess.PIPE,
    env: Mapping[str, str] | None = None,
    before: Callable[[], object] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=env,
        preexec_fn=before,
        check=False,
    )


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_a_reader_that_goes_away_costs_no_report(bundle: Path, tmp_path: Path) -> None:
    argv = [*COMMAND, str(bundle), "-v", "-o", str(tmp_path / "out")]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as done:
        assert done.stdout is not None
        done.stdout.close()
        assert done.stderr is not None
        assert done.stderr.read() == b""
    assert done.returncode == 1
    assert files(tmp_path / "out") == FILES


def test_an_output_that_is_full_is_told(bundle: Path, tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = run(bundle, "-o", tmp_path / "out", stdout=full)
    assert done.returncode == 2
    assert done.stderr == b"cbtriage: standard input or output failed: No space left on device\n"
    assert files(tmp_path / "out") == FILES


def _small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


@pytest.mark.parametrize("before", [False, True])
def test_a_disk_that_takes_no_more_keeps_what_was_there(
    bundle: Path, tmp_path: Path, *, before: bool
) -> None:
    if before:
        run(bundle, "-o", tmp_path / "out")
    there = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    done = run(bundle, "-o", tmp_path / "out", before=_small_files)
    assert done.returncode == 2
    assert b"cannot write the report (File too large)" in done.stderr
    assert there == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_a_place_where_nothing_can_be_written_is_told(bundle: Path) -> None:
    done = run(bundle, "-o", "/proc/cbtriage")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"cbtriage: /proc/cbtriage: cannot write the report (")


@pytest.mark.parametrize(
    "env",
    [
        BARE,
        BARE | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        BARE | {"LC_ALL": "xx_YY.nothing", "HOME": "/nonexistent", "XDG_CACHE_HOME": "/proc/none"},
    ],
)
def test_neither_home_nor_locale_is_needed(
    bundle: Path, tmp_path: Path, env: dict[str, str]
) -> None:
    done = run(bundle, "-o", tmp_path / "out", env=env)
    assert (done.returncode, done.stderr) == (1, b"")
    assert files(tmp_path / "out") == FILES


@pytest.mark.parametrize("env", [None, BARE | {"LC_ALL": "C", "PYTHONUTF8": "0"}])
def test_names_that_are_no_text_are_names(
    bundle: Path, tmp_path: Path, env: dict[str, str] | None
) -> None:
    named = os.fsencode(tmp_path) + b"/rep\xff\x1b[1m.tar.gz"
    Path(os.fsdecode(named)).write_bytes(bundle.read_bytes())
    out = os.fsencode(tmp_path) + b"/out\xe9"
    done = run(named, "-o", out, env=env)
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"\x1b" not in done.stdout
    assert files(Path(os.fsdecode(out))) == FILES
    missing = run(named + b"x", env=env)
    assert missing.returncode == 3
    assert b"rep\\xff\\x1b[1m.tar.gzx: No such file" in missing.stderr


@pytest.mark.parametrize("options", [(), ("--no-context",)])
def test_ctrl_c_leaves_nothing_and_says_so(tmp_path: Path, options: tuple[str, ...]) -> None:
    """With options typer stands between, which tells nothing."""
    argv = [*COMMAND, "-", "-o", str(tmp_path / "out"), *options]
    with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdin is not None
        assert running.stderr is not None
        running.stdin.write(LINE.encode() * 20_000)  # more than a pipe holds, so it is being read
        running.send_signal(signal.SIGINT)
        told = running.stderr.read()
    assert running.returncode == 130
    assert told == b"cbtriage: interrupted: what is not told as written above was not written\n"
    assert files(tmp_path / "out") == set()
