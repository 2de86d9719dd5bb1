"""Finding the disk that somebody means."""

from analyzer.case.case import Case
from analyzer.model.cbt import CbtLog
from analyzer.rebuilt.cbt.history import CbtHistory, cbt_history
from analyzer.story.find_disk import find_disks
from tests.checks.support import OTHER_VDI, SNAPSHOT, SR, VDI, CaseBuilder, sr, vdi
from tests.support.derived import given


def case() -> Case:
    rows = (
        sr(),
        vdi(VDI, name_label="data"),
        vdi(SNAPSHOT, name_label="data", is_a_snapshot=True),
        vdi(OTHER_VDI, name_label="data", type="cbt_metadata"),
    )
    return CaseBuilder().host().database(*rows).build()


def found(wanted: str) -> list[str]:
    return [each.uuid for each in find_disks(case(), wanted)]


def test_whole_uuid_in_any_case() -> None:
    assert found(f" {VDI.upper()} ") == [VDI]


def test_beginning_of_a_uuid() -> None:
    assert found(SNAPSHOT[:3]) == [SNAPSHOT]


def test_name_means_the_live_disk() -> None:
    assert found("data") == [VDI]


def test_nothing_fits_nothing() -> None:
    assert found("") == found("no such disk") == []


def test_name_of_several_live_disks_lists_them() -> None:
    both = CaseBuilder().host().database(vdi(VDI), vdi(OTHER_VDI)).build()
    assert {each.kind for each in find_disks(both, "web-01 0")} == {"live"}


def test_log_without_a_row_can_be_found() -> None:
    stray = "deadbeef-0000-4000-8000-000000000000"
    history = CbtHistory(now={(SR, stray): CbtLog(sr=SR, uuid=stray)})
    (only,) = find_disks(given(case(), cbt_history, history), "deadbeef")
    assert (only.uuid, only.kind) == (stray, "only a log")
