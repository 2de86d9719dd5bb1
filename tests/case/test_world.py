from datetime import timedelta

from analyzer.case.case import Case
from analyzer.model.finding import Subject
from tests.checks.support import (
    CAPTURED,
    JUPITER,
    OTHER_VDI,
    SATURN,
    SR,
    VDI,
    CaseBuilder,
    sr,
    vbd,
    vdi,
)

OTHER_POOL = "12345678-1b3d-4f60-8a7e-5d9c0b1a2f38"


def two_pools() -> Case:
    """Return a case of two pools of one host each, of which the first has an older report too."""
    builder = CaseBuilder().host("jupiter-old", captured=CAPTURED - timedelta(days=1)).host()
    builder.database(sr(), vdi(), vbd("v", disk=VDI))
    saturn = ((SATURN, "saturn"),)
    builder.host("saturn", SATURN).database(vdi(OTHER_VDI), hosts=saturn, pool=OTHER_POOL)
    return builder.build()


WORLD = two_pools().world


def test_objects_of_all_pools_are_found_by_uuid_and_reference() -> None:
    disk = WORLD.vdi(OTHER_VDI)
    assert disk is not None
    assert WORLD.vdi(disk.ref) is disk
    assert [WORLD.vdi(None), WORLD.vdi("nobody"), WORLD.sr("")] == [None, None, None]


def test_sr_and_vbds_are_those_of_the_disks_own_pool() -> None:
    disk, other = WORLD.vdi(VDI), WORLD.vdi(OTHER_VDI)
    assert disk is not None
    assert other is not None
    assert WORLD.sr_of(disk) is WORLD.sr(SR)
    assert WORLD.sr_of(other) is None
    assert [each.uuid for each in WORLD.vbds_of(disk)] == ["v"]


def test_reports_of_a_pool_are_the_newest_of_each_host() -> None:
    first = WORLD.pool_of(WORLD.host(JUPITER))  # type: ignore[arg-type]  # it is there
    assert first is not None
    assert [report.name for report in WORLD.reports_of(first)] == ["jupiter"]
    assert WORLD.bundles_of(first) == {"jupiter", "jupiter-old"}


def test_report_is_found_by_its_bundle() -> None:
    report = WORLD.report("saturn")
    assert report is not None
    assert report.host_uuid == SATURN
    assert WORLD.report("nobody") is None


def test_what_nothing_names_keeps_its_key() -> None:
    assert WORLD.subject("VDI", VDI) == Subject(type="VDI", uuid=VDI, name="web-01 0")
    assert WORLD.subject("VDI", "gone") == Subject(type="VDI", uuid="gone")
    assert WORLD.named("SR", SR) == f"tank ({SR})"
    assert WORLD.named("SR", "gone") == "gone"
