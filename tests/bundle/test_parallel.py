"""bzip2 on all cores, and without the library that does it."""

import bz2
import importlib.util
from pathlib import Path

import pytest

from analyzer.bundle import _parallel
from analyzer.cli.progress import watching


def test_without_rapidgzip_the_same_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.bz2"
    text = b"".join(b"line %d of many\n" % n for n in range(400_000))
    path.write_bytes(bz2.compress(text, 1) + b"")
    monkeypatch.setattr(_parallel, "_WORTH_IT", 1)
    read: list[int] = []

    def whole() -> bytes:
        stream = _parallel.unpack_bzip2_file(path, read.append)
        return b"".join(iter(lambda: stream.read(1 << 20), b""))

    fast = whole()
    monkeypatch.setattr(_parallel, "rapidgzip", None)
    assert whole() == fast == text


def test_that_it_is_not_there_is_said_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, there in (("rapidgzip", False), ("no such module", True)):
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda asked, n=name: None if asked == n else asked
        )
        with watching(quiet=False):
            pass
        assert ("rapidgzip is not installed" in capsys.readouterr().err) is not there
    with watching(quiet=True):
        pass
    assert not capsys.readouterr().err
