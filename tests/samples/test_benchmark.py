"""The benchmark measures what it says it measures."""

import sys
import tarfile
from datetime import datetime, timedelta

import pytest

from tests.benchmarks.generate import SHARES, generate
from tests.benchmarks.run import measure

SIZE = 6_000_000


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the logs of a small generated report by their path inside it."""
    path = generate(tmp_path_factory.mktemp("benchmark") / "b.tar.bz2", size=SIZE, files=3)
    found: dict[str, bytes] = {}
    with tarfile.open(path) as archive:
        for entry in archive:
            content = archive.extractfile(entry)
            assert content is not None
            found[entry.name.split("/", 1)[1]] = content.read()
    return {name: content for name, content in found.items() if name.startswith("var/log/")}


@pytest.mark.parametrize(("path", "share"), SHARES)
def test_log_has_its_share(logs: dict[str, bytes], path: str, share: int) -> None:
    size = sum(len(logs[name]) for name in (path, f"{path}.1") if name in logs)
    wanted = SIZE * share // 100
    assert size <= wanted * 2
    assert logs[path]


def test_third_file_is_gzipped(logs: dict[str, bytes]) -> None:
    assert logs["var/log/xensource.log.2.gz"].startswith(b"\x1f\x8b\x08")


def test_time_runs_forward_through_the_rotations(logs: dict[str, bytes]) -> None:
    text = logs["var/log/SMlog.1"] + logs["var/log/SMlog"]
    stamps = [
        datetime.strptime(f"2024 {line[:15].decode()} +0100", "%Y %b %d %H:%M:%S %z")
        for line in text.splitlines()
    ]
    assert stamps == sorted(stamps)


def test_audit_log_shows_one_zone(logs: dict[str, bytes]) -> None:
    for line in logs["var/log/audit.log"].decode().splitlines():
        local = datetime.strptime(f"2024 {line[:15]} +0000", "%Y %b %d %H:%M:%S %z")
        inner = line.split("[", 1)[1][:17]
        utc = datetime.strptime(f"{inner} +0000", "%Y%m%dT%H:%M:%S %z")
        assert local - utc == timedelta(hours=1)


def test_process_is_measured() -> None:
    run = measure([sys.executable, "-c", "x = b'x' * 50_000_000; raise SystemExit(3)"])
    assert run.status == 3
    assert run.seconds > 0
    assert run.peak > 50_000_000
