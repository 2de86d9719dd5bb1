"""Checks across a clock that was set: no order and no length is told by bare stamps."""

import pytest

from analyzer.model.clock import ClockChangeKind
from analyzer.model.finding import Finding
from tests.checks.database import test_sr_busy_retry as busy
from tests.checks.defects import test_known_defect as defect
from tests.checks.nbd_served import test_nbd_connection_limit as limit
from tests.checks.nbd_served import test_nbd_service_crashed as crashed
from tests.checks.nbd_served import test_nbd_session_invalid as session
from tests.checks.nbd_served import test_nbd_tls_mismatch as tls
from tests.checks.network_story import jupiter
from tests.checks.support import CaseBuilder, sr, vdi
from tests.rebuilt.nbd.nbd_log import NbdLog

HOUR, DAY = 3600.0, 86400.0
FORWARD = ClockChangeKind.FORWARD


def only(builder: CaseBuilder, rule: str) -> Finding:
    (finding,) = builder.examine(rule).findings
    return finding


@pytest.mark.parametrize(("when", "number"), [("13:05:00", 0), ("05:00:00", 1)])
def test_a_clock_that_was_set_forward_makes_no_long_wait(when: str, number: int) -> None:
    log = busy.tries(12)
    built = busy.builder(log).clock_set(when, 600.0, FORWARD)
    assert len(built.examine(busy.RULE).findings) == number


@pytest.mark.parametrize(("seconds", "number"), [(HOUR, 0), (0.0, 1)])
def test_a_boot_that_a_clock_moved_still_ended_the_service(seconds: float, number: int) -> None:
    log = NbdLog().start().signal().wait(85)
    log.systemd("xapi-nbd.service stop-sigterm timed out. Killing.").systemd(crashed.KILLED)
    log.at("10:31:00").process(900).start()
    boot = crashed.BOOT.replace("10:30:00", "11:20:00")
    built = crashed.built(log).kern_log(boot).clock_set("11:00:00", -seconds)
    assert len(built.examine(crashed.RULE).findings) == number


@pytest.mark.parametrize(("when", "hangs"), [("9:00:00", False), (None, True)])
def test_a_clock_that_was_set_forward_by_days_makes_no_connection_hang(
    when: str | None, *, hangs: bool
) -> None:
    old = "\n".join(
        f"Jun  8 {line[:8]} jupiter {line[9:]}" for line in NbdLog().start().open(1).lines
    )
    refused = NbdLog().open(2).client().caught(limit.BUSY)
    new = "\n".join(f"Jun 10 {line[:8]} jupiter {line[9:]}" for line in refused.lines)
    built = CaseBuilder().host().dated_daemon_log(f"{old}\n{new}\n").database(vdi())
    if when:
        built.clock_set("09:00:00", 2 * DAY, FORWARD)
    assert ("never closed" in only(built, limit.RULE).title) is hangs


@pytest.mark.parametrize(
    ("time", "said"),
    [("12:20:00", "served before"), ("12:50:00", "about the same time")],
)
def test_clients_of_two_reports_near_each_other_are_not_ordered(time: str, said: str) -> None:
    served = tls.SERVED.format(time=time)
    built = jupiter().host(bundle="earlier").daemon_log(served)
    built = built.host(bundle="later").daemon_log(tls.caught(tls.PLAIN, tls.PLAIN))
    assert said in only(built, tls.RULE).detail


def test_clients_are_told_in_the_order_of_the_log_whatever_the_clock_was() -> None:
    log = tls.caught(tls.PLAIN, tls.PLAIN) + "\n" + tls.SERVED.format(time="12:50:00")
    assert "served after" in only(jupiter().daemon_log(log), tls.RULE).detail


def test_a_collector_that_was_stopped_later_in_the_log_is_no_symptom() -> None:
    built = CaseBuilder().host().smlog(defect.CLONE + defect.STOPPED)
    built = built.packages("sm-3.2.3-1.5.xcpng8.3.x86_64").database(sr(), vdi())
    assert not built.examine(defect.RULE).findings


@pytest.mark.parametrize(("seconds", "open_"), [(0.0, False), (2 * HOUR, True)])
def test_a_start_of_xapi_a_day_before_by_a_clock_that_was_set_may_have_been_nearer(
    seconds: float, *, open_: bool
) -> None:
    line = session.STARTED.format(time="09:30:00")
    built = session.built(session.refused()).database()
    built = built.dated_xensource_log(f"Jun  9 {line[:8]} jupiter {line[9:]}\n")
    if seconds:
        built.clock_set("09:00:00", seconds, FORWARD)
    detail = only(built, session.RULE).detail
    assert ("xapi of the master was restarted" in detail) is open_
