"""Finding the object that somebody means."""

import pytest

from analyzer.case.case import Case
from analyzer.model.cbt import CbtLog
from analyzer.model.names import Names, fitting
from analyzer.rebuilt.cbt.history import CbtHistory, cbt_history
from analyzer.story.disks.index import index
from analyzer.story.names import names_of
from tests.checks.support import (
    JUPITER,
    OTHER_VDI,
    SATURN,
    SNAPSHOT,
    SR,
    VDI,
    CaseBuilder,
    network,
    sr,
    vdi,
)
from tests.support.derived import given


def case() -> Case:
    rows = (
        sr(),
        vdi(VDI, name_label="data"),
        vdi(SNAPSHOT, name_label="data", is_a_snapshot=True, snapshot_time="20240609T20:00:00Z"),
        vdi(OTHER_VDI, name_label="data", type="cbt_metadata"),
    )
    return CaseBuilder().host().database(*rows).build()


def names(of: Case) -> Names:
    return names_of(of, index(of, ()))


def found(wanted: str) -> list[str]:
    return [each.uuid for each in fitting(names(case()).disks, wanted)]


def test_whole_uuid_in_any_case() -> None:
    assert found(f" {VDI.upper()} ") == [VDI]


def test_beginning_of_a_uuid() -> None:
    assert found(SNAPSHOT[:3]) == [SNAPSHOT]


def test_name_means_the_live_disk() -> None:
    assert found("data") == [VDI]


def test_nothing_fits_nothing() -> None:
    assert found("") == found("no such disk") == []


def test_name_of_several_live_disks_means_none() -> None:
    both = CaseBuilder().host().database(vdi(VDI), vdi(OTHER_VDI)).build()
    assert len(fitting(names(both).disks, "web-01 0")) == 2


def test_snapshot_is_told_apart_by_its_date() -> None:
    (snapshot,) = fitting(names(case()).disks, SNAPSHOT)
    assert "2024-06-09 20:00:00 UTC" in snapshot.words


def test_log_without_a_row_can_be_found() -> None:
    stray = "deadbeef-0000-4000-8000-000000000000"
    history = CbtHistory(now={(SR, stray): CbtLog(sr=SR, uuid=stray)})
    (only,) = fitting(names(given(case(), cbt_history, history)).disks, "deadbeef")
    assert (only.uuid, only.words) == (stray, "only a CBT log, SR tank")


@pytest.mark.parametrize("wanted", ["tank", SR, SR[:6]])
def test_sr_is_found_by_name_uuid_and_its_beginning(wanted: str) -> None:
    assert [each.uuid for each in fitting(names(case()).srs, wanted)] == [SR]


def test_hosts_of_one_name_both_fit() -> None:
    hosts = ((JUPITER, "web"), (SATURN, "web"))
    known = names(CaseBuilder().database(hosts=hosts).build()).hosts
    assert {host.uuid for host in fitting(known, "web")} == {JUPITER, SATURN}


def test_exact_bridge_wins_over_the_beginning_of_a_uuid() -> None:
    one = network("a5d4c3b2-a190-4f8e-b7d6-c5b4a3928170")
    other = network("e5d4c3b2-a190-4f8e-b7d6-c5b4a3928170", bridge="a5d4")
    known = names(CaseBuilder().host().database(one, other).build()).networks
    assert [each.uuid for each in fitting(known, "a5d4")] == [other.uuid]
