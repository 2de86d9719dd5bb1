import pytest

from analyzer.model.finding import Confidence
from tests.checks.support import CAPTURED, VDI, CaseBuilder, sr, vdi

RULE = "storage-coalesce-slow"


def began(time: str, size: str = "10.000G", pid: int = 7) -> str:
    return f"{time} SMGC: [{pid}]   Running VHD coalesce on *{VDI[:8]}[VHD](40.000G//{size}|n)\n"


def relinked(time: str, pid: int = 7) -> str:
    image = f"*{VDI[:8]}[VHD](40.000G//10.000G|n)"
    child, parent = "91c3e5d0[VHD](40.000G//4.500G|ao)", "*5d1e2f3a[VHD](40.000G//20.000G|n)"
    return f"{time} SMGC: [{pid}]   Relinking {child} from {image} to {parent}\n"


def case(text: str) -> CaseBuilder:
    return CaseBuilder().host().smlog(text).database(sr(), vdi())


def test_merge_of_few_bytes_in_hours_is_found() -> None:
    (finding,) = case(began("01:00:00") + relinked("05:00:00")).examine(RULE).findings
    assert finding.title == "The garbage collector on host jupiter merged at 0.7 MiB/s"
    assert "10.0 GiB of data" in finding.detail
    assert ": 4 h 00 min," in finding.detail
    assert finding.subjects[0].uuid == VDI
    assert len(finding.evidence) == 2


@pytest.mark.parametrize(
    "text",
    [
        began("01:00:00", "900.000G") + relinked("05:00:00"),  # 64 MiB/s: much, not slow
        began("01:00:00", "0.100G") + relinked("01:59:00"),
        began("01:00:00", "2.000T") + relinked("09:00:00"),
        began("01:00:00") + relinked("05:00:00", pid=8),  # of another process
        began("01:00:00") + began("04:59:00") + relinked("05:00:00"),  # ended, and tried again
    ],
)
def test_other_merges_are_not_slow(text: str) -> None:
    assert not case(text).examine(RULE).findings


def test_images_of_megabytes_are_measured_too() -> None:
    text = began("01:00:00", "900.000M") + relinked("03:00:00")
    (finding,) = case(text).examine(RULE).findings
    assert "0.9 GiB of data" in finding.detail


def test_merge_that_ran_for_a_day_is_possibly_endless() -> None:
    built = CaseBuilder().host(captured=CAPTURED.replace(day=11, hour=18))
    (finding,) = built.smlog(began("01:00:00")).database(sr(), vdi()).examine(RULE).findings
    assert finding.confidence is Confidence.POSSIBLE
    assert finding.title.endswith("did not end a merge for 41 h 00 min")


@pytest.mark.parametrize(
    "more", [relinked("02:00:00"), began("01:00:01", pid=9) + relinked("02:00:00", 9)]
)
def test_merge_that_ended_or_was_followed_by_another_is_not_endless(more: str) -> None:
    built = CaseBuilder().host(captured=CAPTURED.replace(day=11, hour=18))
    text = began("01:00:00", "900.000G") + more
    assert not built.smlog(text).database(sr(), vdi()).examine(RULE).findings


def test_merge_does_not_outlive_a_boot_of_its_host() -> None:
    built = CaseBuilder().host(captured=CAPTURED.replace(day=11, hour=18))
    built.smlog(began("01:00:00")).database(sr(), vdi())
    built.kern_log("03:00:00 kernel: [    0.000000] Linux version 4.19.0+1 (mockbuild) #1 SMP")
    assert not built.examine(RULE).findings


def test_merge_of_this_night_may_still_run() -> None:
    assert not case(began("01:00:00")).examine(RULE).findings
