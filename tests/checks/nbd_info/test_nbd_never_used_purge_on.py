"""Snapshot data is purged and NBD could not be used."""

import pytest

from analyzer.model.finding import Basis, Confidence
from analyzer.model.xapi import XapiObject
from tests.checks.support import (
    POOL,
    SNAPSHOT,
    SR,
    CaseBuilder,
    network,
    pbd,
    pif,
    sr,
    vdi,
)

RULE = "nbd-never-used-purge-on"
DESTROYED = f"13:30:00 xapi: [ info||4711 INET :::80|VDI.data_destroy R:0a1b2c3d4e5f|message_forwarding] VDI.data_destroy: VDI = '{SNAPSHOT}'\n"
SERVED = (
    "13:32:41 xapi-nbd[3102]: main: Plugging VBD OpaqueRef:0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9\n"
)
MARK = {"xo:backup:job": "0d9f6b3e-7c15-4a82-9be4-5f2a1c8d7e60"}


def purged(**fields: object) -> XapiObject:
    known = {
        "type": "cbt_metadata",
        "is_a_snapshot": True,
        "snapshot_time": "20240610T11:32:41Z",
        "other_config": MARK,
    }
    return vdi(SNAPSHOT, **{**known, **fields})


def built(*rows: XapiObject, builder: CaseBuilder | None = None) -> CaseBuilder:
    return (builder or CaseBuilder().host()).database(sr(), vdi(other_config={}), pbd(), *rows)


def test_purged_snapshot_in_a_pool_without_purpose_is_found() -> None:
    (finding,) = built(network(), purged()).examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.STATE, Confidence.LIKELY)
    assert [s.uuid for s in finding.subjects] == [POOL, SR]
    assert "no network of the pool has the purpose" in finding.detail
    assert "cbt_metadata" in finding.evidence[0].text


def test_purged_snapshot_in_a_pool_without_address_is_found() -> None:
    rows = (network(purpose=("nbd",)), pif(ip=""), purged())
    (finding,) = built(*rows).examine(RULE).findings
    assert "pif-reconfigure-ip" in finding.action[0].step


def test_call_of_data_destroy_is_a_symptom() -> None:
    builder = CaseBuilder().host().xensource_log(DESTROYED)
    (finding,) = built(network(), purged(), builder=builder).examine(RULE).findings
    assert finding.basis is Basis.BOTH


def test_usable_nbd_is_ruled_out() -> None:
    examined = built(network(purpose=("nbd",)), pif(), purged()).examine(RULE)
    assert (examined.findings, examined.gaps, examined.not_applicable) == ((), (), "")


def test_nbd_that_served_a_disk_was_usable() -> None:
    builder = CaseBuilder().host().daemon_log(SERVED)
    assert built(network(), purged(), builder=builder).examine(RULE).findings == ()


def test_unread_daemon_log_is_a_gap() -> None:
    builder = CaseBuilder().host().without("daemon_log")
    examined = built(network(), purged(), builder=builder).examine(RULE)
    assert examined.findings == ()
    assert "whether NBD was used before" in examined.gaps[0].why


@pytest.mark.parametrize(
    "fields",
    [
        {"snapshot_time": "20240520T11:32:41Z"},
        {"snapshot_time": "20240611T11:32:41Z"},
    ],
)
def test_metadata_that_is_not_of_late_is_left_over(fields: dict[str, object]) -> None:
    assert built(network(), purged(**fields)).examine(RULE).findings == ()


@pytest.mark.parametrize("time", ["garbage", None])
def test_metadata_without_a_date_is_a_gap(time: str | None) -> None:
    examined = built(network(), purged(snapshot_time=time)).examine(RULE)
    assert examined.findings == ()
    assert "how old" in examined.gaps[0].why


def test_report_without_a_date_is_a_gap() -> None:
    builder = CaseBuilder().host(captured=None)
    examined = built(network(), purged(), builder=builder).examine(RULE)
    assert examined.findings == ()
    assert "how old" in examined.gaps[0].why


def test_rows_that_do_not_show_whether_nbd_was_usable_are_a_gap() -> None:
    examined = built(network(purpose=None), pif(), purged()).examine(RULE)
    assert "whether NBD was usable" in examined.gaps[0].why


@pytest.mark.parametrize("fields", [{"other_config": {}}, {"type": "user"}])
def test_other_programs_and_snapshots_with_data_do_not_count(fields: dict[str, object]) -> None:
    examined = built(network(), purged(**fields)).examine(RULE)
    assert examined.findings == ()
    assert "no disk shows" in examined.not_applicable


@pytest.mark.parametrize("fields", [{"other_config": None}, {"type": None}])
def test_rows_that_may_be_purged_are_not_called_unpurged(fields: dict[str, object]) -> None:
    assert not built(network(), purged(**fields)).examine(RULE).not_applicable


def test_sr_that_is_attached_nowhere_is_another_matter() -> None:
    rows = (sr(), vdi(), pbd(attached=False), network(purpose=("nbd",)), pif(), purged())
    assert CaseBuilder().host().database(*rows).examine(RULE).findings == ()
