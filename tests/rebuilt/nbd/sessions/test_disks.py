"""The uuid of one VBD is what it is among those of all."""

from pathlib import Path

import pytest

from analyzer.rebuilt.nbd.sessions.disks import MADE, disks_by_vbd
from tests.golden.outputs import SAMPLES, sample_read


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_uuid_of_a_vbd_is_the_one_among_all(sample: Path) -> None:
    case, _ = sample_read(sample)
    disks = disks_by_vbd(case)
    assert {vbd: disks.uuid(vbd) for vbd in disks.uuids} == disks.uuids
    assert disks.uuid("OpaqueRef:0") is disks.uuid(None) is None


def test_logs_of_samples_tell_of_some() -> None:
    told = [event for path in SAMPLES for event in sample_read(path)[0].events.of(MADE)]
    assert told
