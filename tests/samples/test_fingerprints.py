"""A finding is known again when its oldest lines have rotated away."""

import tarfile
from pathlib import Path

import pytest

from analyzer.model.finding import Finding
from analyzer.run import analyze

SAMPLES = Path(__file__).resolve().parents[2] / "sample_bundles"
FIRST_REFUSED = 337  # the line of daemon.log.1 on which the finding rests


@pytest.fixture(scope="module")
def rotated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a status report whose daemon.log rotated once more, behind the first refusal."""
    folder = tmp_path_factory.mktemp("bundle")
    with tarfile.open(SAMPLES / "nbd-trouble.tar.bz2") as archive:
        archive.extractall(folder, filter="data")
    (old,) = folder.rglob("daemon.log.1")
    lines = old.read_bytes().splitlines(keepends=True)
    old.with_name("daemon.log.2").write_bytes(b"".join(lines[:FIRST_REFUSED]))
    old.write_bytes(b"".join(lines[FIRST_REFUSED:]))
    return folder


def refused(folder: Path) -> Finding:
    outcomes = {outcome.rule: outcome for outcome in analyze([folder]).outcomes}
    (finding,) = outcomes["nbd-session-invalid"].findings
    return finding


def test_fingerprint_survives_the_oldest_rotation(rotated: Path) -> None:
    before = refused(rotated)
    (oldest,) = rotated.rglob("daemon.log.2")
    oldest.unlink()
    after = refused(rotated)
    assert before.evidence[0].source.member.endswith("daemon.log.2")
    assert before.evidence[0] not in after.evidence
    assert before.id != after.id
    assert before.fingerprint == after.fingerprint
