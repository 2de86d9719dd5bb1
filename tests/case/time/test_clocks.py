"""The clocks of a pool's hosts are held against each other, and said to be apart with their doubt."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.case.gather import BundleContent
from analyzer.case.time.clocks import with_skews
from analyzer.case.time.skew import UNSEEN_DRIFT
from analyzer.model.clock import ClockChangeKind, HostClock, NtpTracking
from analyzer.model.host import Alert, Role
from analyzer.model.moment import Moment
from analyzer.model.report import HostInfo
from analyzer.model.source import Source
from analyzer.model.xapi import Vdi, XapiDatabase
from tests.case.time.clock_pool import START, Member, audited, call, clocks_of, pair, pause, plugin
from tests.dating.clock_story import stamp_of, utc
from tests.support.whole import examples

VDI = "6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913"


def calls(hosts: tuple[Member, Member], count: int = 5, *, audit: bool = True) -> None:
    """Let the supporter run some calls, half an hour apart."""
    for number in range(count):
        call(hosts, number + 1, START + timedelta(minutes=30 * number))
    if audit:
        audited(hosts[1], START + timedelta(hours=1))


def supporter(hosts: tuple[Member, Member]) -> tuple[BundleContent, HostClock]:
    contents, clocks = clocks_of(hosts)
    return contents[1], clocks[1]


def dated(host: Member, content: BundleContent, at: datetime) -> Moment:
    """Return how a line of the supporter's xensource.log is dated that was truly written then."""
    return content.clock.moment("var/log/xensource.log", 1, stamp_of(host.local(at)))


def test_clocks_that_agree_are_compared_and_left_alone() -> None:
    hosts = pair()
    calls(hosts)
    content, clock = supporter(hosts)
    (skew,) = clock.skews
    assert abs(skew.seconds) <= skew.doubt
    assert (skew.to, skew.pairs) == ("jupiter", 5)
    assert "5 calls" in clock.compared
    assert dated(hosts[1], content, START).doubt < timedelta(seconds=1)


@pytest.mark.parametrize("fast", [420.0, -420.0])
def test_a_clock_that_is_off_is_measured_and_its_lines_dated_back(fast: float) -> None:
    hosts = pair(fast=fast)
    calls(hosts)
    content, clock = supporter(hosts)
    (skew,) = clock.skews
    assert abs(skew.seconds - fast) <= skew.doubt <= 3
    moment = dated(hosts[1], content, START)
    assert moment.earliest <= START <= moment.latest
    assert moment.doubt < timedelta(seconds=8)
    way = "fast of" if fast > 0 else "behind"
    assert f"its clock 7 min ± 2 s {way} jupiter, corrected" in moment.dated_by


def test_a_comparison_quotes_the_lines_of_a_call() -> None:
    hosts = pair(fast=420.0)
    calls(hosts)
    (skew,) = supporter(hosts)[1].skews
    asked, ran, answered = (evidence.text for evidence in skew.evidence)
    assert "VBD.plug: VBD" in asked
    assert "forwarded" in ran
    assert "'API' 'VBD.plug'" in answered


@pytest.mark.parametrize("count", [1, 2])
def test_a_few_calls_give_a_wider_range_that_holds_the_truth(count: int) -> None:
    hosts = pair(fast=420.0)
    calls(hosts, count)
    content, clock = supporter(hosts)
    (skew,) = clock.skews
    assert (skew.pairs, abs(skew.seconds - 420) <= skew.doubt) == (count, True)
    assert UNSEEN_DRIFT < skew.doubt < 60
    assert skew.apart.startswith("7 min ± 4")
    moment = dated(hosts[1], content, START)
    assert moment.earliest <= START <= moment.latest


def test_two_calls_that_disagree_tell_no_distance() -> None:
    hosts = pair(fast=420.0)
    calls(hosts, 2)
    lines = hosts[1].lines["xensource_log"]
    hosts[1].lines["xensource_log"] = [
        (at + timedelta(seconds=600 * number), said) for number, (at, said) in enumerate(lines)
    ]
    clock = supporter(hosts)[1]
    assert clock.skews == ()
    assert "2 calls that both saw do not agree" in clock.compared


def test_without_a_call_that_both_saw_no_distance_is_told() -> None:
    hosts = pair(fast=420.0)
    audited(hosts[0], START)
    audited(hosts[1], START)
    clock = supporter(hosts)[1]
    assert (clock.skews, "both saw no call" in clock.compared) == ((), True)


def test_the_plugin_on_slave_is_a_call_that_both_saw() -> None:
    hosts = pair(fast=90.0)
    for number in range(3):
        uuid = f"6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e91{number}"
        plugin(hosts, uuid, START + timedelta(minutes=number))
    audited(hosts[0], START)
    audited(hosts[1], START)
    (skew,) = supporter(hosts)[1].skews
    assert abs(skew.seconds - 90) <= skew.doubt


def test_a_volume_that_a_plugin_ran_on_twice_tells_nothing() -> None:
    hosts = pair(fast=90.0)
    for number in range(4):
        plugin(hosts, VDI, START + timedelta(minutes=number))
    audited(hosts[0], START)
    audited(hosts[1], START)
    assert supporter(hosts)[1].skews == ()


def test_pauses_of_a_disk_are_calls_that_both_saw_however_many_each_log_still_has() -> None:
    hosts = pair(fast=420.0)
    for number, minutes in enumerate((0, 61, 119, 183, 240)):
        pause(hosts, VDI, START + timedelta(minutes=minutes), pid=24600 + number)
    master, saturn = hosts
    del master.lines["smlog"][:3]  # its log begins later
    audited(master, START)
    audited(saturn, START)
    (skew,) = supporter(hosts)[1].skews
    assert abs(skew.seconds - 420) <= skew.doubt <= 4
    assert skew.pairs == 4


def test_pauses_at_even_distances_fit_in_several_ways_and_tell_nothing() -> None:
    hosts = pair(fast=420.0)
    for number in range(6):
        pause(hosts, VDI, START + timedelta(hours=number), pid=24600 + number)
    del hosts[0].lines["smlog"][:3]
    audited(hosts[0], START)
    audited(hosts[1], START)
    assert supporter(hosts)[1].skews == ()


@pytest.mark.parametrize("count", [1, 2])
def test_a_few_pauses_are_calls_that_both_saw(count: int) -> None:
    hosts = pair(fast=420.0)
    for number in range(count):
        pause(hosts, VDI, START + timedelta(minutes=97 * number), pid=24600 + number)
    audited(hosts[0], START)
    audited(hosts[1], START)
    (skew,) = supporter(hosts)[1].skews
    assert (skew.pairs, abs(skew.seconds - 420) <= skew.doubt) == (count, True)


def test_pauses_of_two_nights_are_not_laid_against_each_other() -> None:
    hosts = pair(fast=420.0)
    for number in range(2):
        pause(hosts, VDI, START + timedelta(hours=24 * number), pid=24600 + number)
    del hosts[0].lines["smlog"][:3]  # the one log begins later, the other ends earlier
    del hosts[1].lines["smlog"][1:]
    audited(hosts[0], START)
    audited(hosts[1], START)
    assert supporter(hosts)[1].skews == ()


def test_an_unknown_zone_is_told_by_the_calls() -> None:
    hosts = pair(minutes=600)
    calls(hosts, audit=False)
    content, clock = supporter(hosts)
    assert (clock.utc_offset_minutes, clock.zone_known) == (600, True)
    assert "5 calls that jupiter saw too" in clock.dated_by
    moment = dated(hosts[1], content, START)
    assert moment.earliest <= START <= moment.latest
    assert moment.doubt < timedelta(seconds=1)


def test_zone_and_skew_are_told_apart_and_the_instant_is_right() -> None:
    hosts = pair(minutes=600, fast=420.0)
    calls(hosts, audit=False)
    content, clock = supporter(hosts)
    assert clock.utc_offset_minutes == 600
    assert abs(clock.skews[0].seconds - 420) <= clock.skews[0].doubt
    moment = dated(hosts[1], content, START + timedelta(minutes=10))
    assert moment.earliest <= START + timedelta(minutes=10) <= moment.latest


def test_an_unknown_zone_stays_unknown_with_too_few_calls() -> None:
    hosts = pair(minutes=600)
    calls(hosts, 2, audit=False)
    content, clock = supporter(hosts)
    assert not clock.zone_known
    assert dated(hosts[1], content, START).doubt > timedelta(hours=20)


def test_far_from_the_calls_the_range_holds_what_the_stamp_says_too() -> None:
    hosts = pair(fast=420.0)
    calls(hosts)
    content = supporter(hosts)[0]
    moment = dated(hosts[1], content, START - timedelta(days=9))
    assert moment.doubt > timedelta(seconds=415)


def test_a_distance_that_changed_is_a_contradiction_and_all_of_it_is_doubt() -> None:
    hosts = pair()
    calls(hosts, 3)
    hosts[1].fast = 0.0
    # The clock is set forward, slowly enough for no log to show it.
    lines = hosts[1].lines["xensource_log"]
    hosts[1].lines["xensource_log"] = [
        (at + timedelta(seconds=100 * number), said) for number, (at, said) in enumerate(lines)
    ]
    content, clock = supporter(hosts)
    assert any("one of them was set" in sentence for sentence in clock.contradictions)
    assert dated(hosts[1], content, START).doubt > timedelta(seconds=195)


def test_calls_that_are_far_apart_on_both_sides_tell_no_distance() -> None:
    hosts = pair()
    for number in range(4):
        call(hosts, number + 1, START + timedelta(hours=number), took=900.0)
    audited(hosts[1], START)
    lines = hosts[1].lines["xensource_log"]
    hosts[1].lines["xensource_log"] = [
        (at + timedelta(hours=number / 2), said) for number, (at, said) in enumerate(lines)
    ]
    assert supporter(hosts)[1].skews == ()


def test_a_zone_is_not_told_by_calls_that_disagree() -> None:
    hosts = pair(minutes=600)
    calls(hosts, 3, audit=False)
    lines = hosts[1].lines["xensource_log"]
    hosts[1].lines["xensource_log"] = [
        (at + timedelta(seconds=100 * number), said) for number, (at, said) in enumerate(lines)
    ]
    clock = supporter(hosts)[1]
    assert not clock.zone_known
    assert "its zone is not told by 3 calls" in clock.compared


def test_a_master_without_a_zone_compares_nothing() -> None:
    hosts = pair(fast=420.0)
    for number in range(5):
        call(hosts, number + 1, START + timedelta(minutes=30 * number))
    hosts[0].lines["audit_log"] = [
        (at, said.replace("{utc}", "x")) for at, said in hosts[0].lines["audit_log"]
    ]
    hosts[0].minutes = 67  # no zone: its audit lines are no witnesses
    assert supporter(hosts)[1].skews == ()


def test_two_masters_compare_nothing() -> None:
    hosts = pair()
    hosts[1].role = Role.MASTER
    calls(hosts)
    assert supporter(hosts)[1].skews == ()


def test_a_clock_that_was_set_is_told_by_the_two_lines() -> None:
    hosts = pair()
    hosts[1].ordered = False
    for number in range(360):
        shown = START + timedelta(seconds=20 * number, hours=1 if number < 180 else 0)
        audited(hosts[1], shown)
        hosts[1].write("xensource_log", shown, "xapi: text")
    (change,) = supporter(hosts)[1].changes
    assert (change.kind, change.host) == (ClockChangeKind.BACK, "saturn")
    assert change.before.source.line + 1 == change.after.source.line
    assert change.members == ("var/log/audit.log", "var/log/xensource.log")
    assert change.after.text.startswith("Jun 10 08:00:00 saturn xapi: ")
    assert change.at == change.after.at


def ntp(seconds: float | None, leap: str = "Normal", bundle: str = "saturn") -> NtpTracking:
    source = Source(bundle=bundle, member="chronyc-tracking.out", line=5)
    return NtpTracking(
        source=source, complete=True, text="System time", seconds=seconds, doubt=0.01, leap=leap
    )


def test_what_chronyc_measured_is_a_skew() -> None:
    hosts = pair()
    hosts[1].facts.append(ntp(-2.5))
    audited(hosts[1], START)
    (skew,) = supporter(hosts)[1].skews
    assert (skew.to, skew.seconds, skew.doubt) == ("NTP", -2.5, 0.01)


@pytest.mark.parametrize(("seconds", "leap"), [(0.0, "Not synchronised"), (None, "Normal")])
def test_chronyc_without_a_server_measures_nothing(seconds: float | None, leap: str) -> None:
    hosts = pair()
    hosts[1].facts.append(ntp(seconds, leap))
    audited(hosts[1], START)
    assert supporter(hosts)[1].skews == ()


def test_clocks_that_ntp_calls_right_and_that_are_apart_are_a_contradiction() -> None:
    hosts = pair(fast=420.0)
    hosts[0].facts.append(ntp(0.0, bundle="jupiter"))
    hosts[1].facts.append(ntp(0.0))
    calls(hosts)
    (sentence,) = supporter(hosts)[1].contradictions
    assert "chronyc" in sentence


def test_hosts_carry_what_is_known_best_of_their_skew() -> None:
    hosts = pair(fast=420.0)
    hosts[1].facts.append(ntp(3.0))
    calls(hosts)
    clocks = clocks_of(hosts)[1]
    infos = [
        HostInfo(
            uuid=None, name=name, role=Role.UNKNOWN, product="", bundle=name, utc_offset_minutes=0
        )
        for name in ("jupiter", "saturn")
    ]
    assert [info.clock_skew_seconds for info in with_skews(infos, clocks)] == [None, 3.0]


def snapshot(time: str | None) -> XapiDatabase:
    source = Source(bundle="saturn", member="xapi-db.xml")
    row = Vdi(source=source, ref="OpaqueRef:v", uuid=VDI, snapshot_time=time)
    return XapiDatabase(
        source=source,
        generation=1,
        schema_minor=775,
        live=False,
        complete=True,
        tables=frozenset({"VDI"}),
        objects=(row,),
    )


def test_a_snapshot_of_after_the_report_is_a_contradiction() -> None:
    hosts = pair()
    hosts[1].facts.append(snapshot("20240610T15:00:00Z"))
    audited(hosts[1], START)
    (sentence,) = supporter(hosts)[1].contradictions
    assert VDI in sentence


@pytest.mark.parametrize("time", ["20240610T05:00:00Z", "19700101T00:00:00Z", "soon", None])
def test_other_times_of_snapshots_are_none(time: str | None) -> None:
    hosts = pair()
    hosts[1].facts.append(snapshot(time))
    audited(hosts[1], START)
    assert supporter(hosts)[1].contradictions == ()


def test_alerts_of_after_the_report_are_a_contradiction() -> None:
    hosts = pair()
    for hour in (15, 16):
        hosts[1].facts.append(
            Alert(
                source=Source(bundle="saturn", member=f"messages/{hour}"),
                text="<message/>",
                name="ALARM",
                priority=3,
                cls="VM",
                obj_uuid=VDI,
                moment=Moment.exact(utc(f"2024-06-10 {hour}:00:00"), "alert"),
                body="",
                uuid=VDI,
            )
        )
    audited(hosts[1], START)
    (sentence,) = supporter(hosts)[1].contradictions
    assert "16:00:00 UTC, and 1 more" in sentence


@settings(max_examples=examples(40), deadline=None)
@given(
    minutes=st.integers(-24, 26).map(lambda halves: 30 * halves),
    fast=st.integers(-800, 800),
    known=st.booleans(),
    took=st.lists(st.integers(0, 300), min_size=3, max_size=8),
)
def test_the_true_instant_is_in_the_range(
    minutes: int, fast: int, known: bool, took: list[int]
) -> None:
    hosts = pair(minutes=minutes, fast=float(fast))
    for number, seconds in enumerate(took, 1):
        call(hosts, number, START + timedelta(minutes=30 * number), took=float(seconds))
    if known:
        audited(hosts[1], START + timedelta(hours=1))
    content = supporter(hosts)[0]
    at = START + timedelta(hours=1, minutes=7)
    moment = dated(hosts[1], content, at)
    if content.clock.utc_offset_minutes is not None and "corrected" in moment.dated_by:
        assert moment.earliest <= at <= moment.latest
