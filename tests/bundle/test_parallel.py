"""bzip2 on all cores, and without the library that does it."""

import bz2
from pathlib import Path

import pytest

from analyzer.bundle import _parallel


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
