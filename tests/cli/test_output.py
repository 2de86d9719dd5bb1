"""Every command on every kind of stream: no name of a bundle ends a run, or changes in a file."""

import functools
import io
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import analyzer.run
from analyzer.cli.main import run
from analyzer.cli.output import prepare_streams, say

SAMPLE = Path(__file__).resolve().parents[2] / "sample_bundles" / "nbd-trouble.tar.bz2"
NAME = "データ"
LIVE = "8599969f-66c4-408d-bab1-3396e29ba3ab"
SNAPSHOT = "7a235dca-b897-4a87-93d2-6a7633c16e46"
ENCODINGS = ("cp1252", "cp932")
COMMANDS = (
    "analyze --format text --stdout",
    "analyze --format json --stdout",
    "analyze --format markdown --stdout",
    "analyze --format html --stdout",
    "analyze --output {out}",
    f"show vdi {LIVE}",
    "show host",
    "show network",
    "show sr",
    "show session",
    "show runs",
    f"why enable-cbt {LIVE}",
    f"why data-destroy {SNAPSHOT}",
    f"why list-changed-blocks {SNAPSHOT} {LIVE}",
    f"why nbd-info {LIVE}",
    "timeline",
    "timeline --raw",
    "timeline --format csv",
    "timeline --format jsonl",
    "timeline --format markdown",
    "explain nbd-session-invalid",
    "explain xapi-db.xml:1",
    "show vdi nothing-of-this-name",
    "show vdi データが無い",
)
WITHOUT_THE_NAME = ("json", "session", "explain", "nothing", "timeline", "data-destroy")


class Stream(io.TextIOWrapper):
    """A stream as Python opens it in some locale, console or not; what was written stays."""

    def __init__(self, encoding: str, *, console: bool) -> None:
        self.written = io.BytesIO()
        self.console = console
        super().__init__(self.written, encoding=encoding, errors="strict", newline="\n")

    def isatty(self) -> bool:
        """Tell what we say."""
        return self.console

    def text(self) -> str:
        """Return what was written."""
        self.flush()
        return self.written.getvalue().decode(self.encoding)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an unpacked status report in which every object is called データ."""
    folder = tmp_path_factory.mktemp("bundle")
    with tarfile.open(SAMPLE) as archive:
        archive.extractall(folder, filter="data")
    for database in folder.rglob("xapi-db*.xml"):
        text = database.read_text("utf-8")
        named = re.sub(r'name__label="[^"]*"', f'name__label="{NAME}"', text)
        database.write_text(named, "utf-8")
    return folder


@pytest.fixture(scope="module", autouse=True)
def read_once() -> Iterator[None]:
    """Read the bundle once: what is tested is what comes after."""
    read = analyzer.run.load_case
    known = functools.cache(lambda path: read([path]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(analyzer.run, "load_case", lambda paths, *_: known(paths[0]))
        yield


def printed(
    monkeypatch: pytest.MonkeyPatch, words: list[str], encoding: str, *, console: bool
) -> tuple[str, str, object]:
    out, err = Stream(encoding, console=console), Stream(encoding, console=console)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(sys, "argv", ["cbtriage", *words])
    with pytest.raises(SystemExit) as end:
        run()
    return out.text(), err.text(), end.value.code


@pytest.mark.parametrize("console", [False, True], ids=["redirected", "console"])
@pytest.mark.parametrize("command", COMMANDS)
def test_no_name_ends_a_run(
    command: str, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, console: bool
) -> None:
    words = [*command.format(out=tmp_path / "out").split(), str(bundle)]
    for encoding in ENCODINGS:
        out, err, code = printed(monkeypatch, words, encoding, console=console)
        assert code in {0, 1, 2, 4}, err
        assert "Traceback" not in err
        shown = out if code != 2 else err
        assert shown
        if not console and not any(word in command for word in WITHOUT_THE_NAME):
            assert NAME in shown


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("ascii", "???"),
        ("cp1252", "???"),
        ("cp437", "???"),
        ("cp932", NAME),
        ("utf-8", NAME),
        ("utf-16", NAME),
    ],
)
def test_a_console_shows_what_it_can(
    encoding: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Stream(encoding, console=True)
    monkeypatch.setattr(sys, "stdout", stream)
    prepare_streams()
    say(NAME)
    assert stream.text() == shown


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp932", "utf-8", "utf-16"])
def test_a_file_gets_utf_8(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream(encoding, console=False)
    monkeypatch.setattr(sys, "stdout", stream)
    prepare_streams()
    say(NAME)
    assert stream.written.getvalue() == NAME.encode()


def test_a_file_gets_bytes_that_were_no_text_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream("cp1252", console=False)
    monkeypatch.setattr(sys, "stdout", stream)
    prepare_streams()
    say("caf\udce9 \ud800")
    assert stream.written.getvalue() == b"caf\xe9 ?"


def test_a_closed_stream_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    prepare_streams()
    say("nobody listens")
    sys.stdout.close()


@pytest.mark.skipif(os.name != "posix", reason="a shell closes the streams")
def test_closed_streams_cost_only_what_goes_there(tmp_path: Path) -> None:
    """The number of a closed stream would be that of the next file: the report."""
    command = '"$0" -m analyzer analyze "$1" -o "$2" >&- 2>&- <&-'
    argv = ["/bin/sh", "-c", command, sys.executable, str(SAMPLE), str(tmp_path)]
    assert subprocess.run(argv, check=False, cwd=SAMPLE.parents[1]).returncode == 1
    assert (tmp_path / "report.html").read_text("utf-8").startswith("<!DOCTYPE html>")
