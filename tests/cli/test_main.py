import subprocess
import sys
from pathlib import Path

import pytest

from analyzer import __version__

ROOT = Path(__file__).resolve().parents[2]


def cbtriage(*arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "analyzer", *arguments],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_quick_options_load_no_pandas(option: str) -> None:
    code = (
        "import sys; sys.argv = ['cbtriage', sys.argv[1]]\n"
        "from analyzer.cli.start import run\n"
        "try: run()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "assert 'pandas' not in sys.modules and 're2' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, option], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("arguments", [("--version",), ("--version", "--debug")])
def test_version_is_one_line(arguments: tuple[str, ...]) -> None:
    assert cbtriage(*arguments).stdout.decode().splitlines() == [f"cbtriage {__version__}"]


def test_version_loads_nothing_but_itself() -> None:
    code = (
        "import sys; sys.argv = ['cbtriage', '--version']\n"
        "from analyzer.cli.start import run\n"
        "run()\n"
        "assert 'typer' not in sys.modules and 'numpy' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)


def test_missing_file_exits_with_3_and_says_which(tmp_path: Path) -> None:
    done = cbtriage("analyze", str(tmp_path / "no-such.tar.bz2"))
    assert done.returncode == 3
    assert b"no-such.tar.bz2" in done.stderr
    assert b"Traceback" not in done.stderr


def test_usage_error_exits_with_2() -> None:
    assert cbtriage("analyze").returncode == 2
    assert cbtriage("analyze", "README.md", "--stdout").returncode == 2


def test_a_file_that_is_no_bundle_exits_with_3(tmp_path: Path) -> None:
    odd = tmp_path / "holiday.txt"
    odd.write_text("sun and sea\n", encoding="utf-8")
    done = cbtriage("analyze", str(odd), "-o", str(tmp_path / "out"))
    assert done.returncode == 3
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("analyze", "{path}"),
        ("analyze", "{path}", "--rules", "{path}"),
        ("verify", "{path}"),
        ("rules", "lint", "--rules", "{path}"),
    ],
)
def test_a_path_that_a_terminal_would_act_on_is_told_in_signs(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    path = tmp_path / "\x1b]0;title\x07"
    done = cbtriage(*(each.format(path=path) for each in arguments))
    assert done.returncode in (2, 3)
    assert not {0x1B, 0x07} & {*done.stdout, *done.stderr}
