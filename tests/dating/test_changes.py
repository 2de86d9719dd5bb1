"""What was done to a clock is told by its logs, and no order is claimed across it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from analyzer.bundle.names import LogName
from analyzer.dating.clock import Change, Clock
from analyzer.model.clock import ClockChangeKind
from analyzer.model.finding import Confidence
from analyzer.model.moment import Moment
from analyzer.parsers._api import Stamp
from tests.dating.clock_story import AUDIT, KERN, PARSERS, SM, Host, Line, every, utc
from tests.parsers._member import scanned

START, END = utc("2024-06-10 06:00:00"), utc("2024-06-10 18:00:00")
NOON = utc("2024-06-10 12:00:10")
SUMMER_ENDS = utc("2024-10-27 01:00:00")
SUMMER_BEGINS = utc("2024-03-31 01:00:00")


def busy(host: Host, start: datetime = START, end: datetime = END, *families: str) -> Host:
    """Let a host write its logs, each in its own beat."""
    for family in families or (SM, AUDIT, KERN):
        host.write(family, every({SM: 10, AUDIT: 50, KERN: 130}[family], start, end))
    return host


def only(clock: Clock) -> Change:
    """Return the one change of a clock."""
    (change,) = clock.changes
    return change


def moments(host: Host, clock: Clock, family: str = SM) -> list[tuple[Line, Moment]]:
    """Return the lines of a family's newest file with their moments."""
    return [
        (line, clock.moment(line.member, line.number, line.stamp))
        for line in host.lines()
        if line.member == family
    ]


def honest(host: Host, clock: Clock) -> bool:
    """Tell whether every line's true instant is in its range."""
    found = [(line, clock.moment(line.member, line.number, line.stamp)) for line in host.lines()]
    return all(moment.earliest <= line.true <= moment.latest for line, moment in found)


def test_a_clock_that_nobody_touched_has_no_changes() -> None:
    assert busy(Host()).clock().changes == ()


class Misnamed(Host):
    """A host whose two files of a log lie under each other's names."""

    def lines(self) -> Iterator[Line]:
        """Yield all lines of all files, those of two in each other's."""
        names = {KERN: f"{KERN}.1", f"{KERN}.1": KERN}
        for line in Host.lines(self):
            yield replace(line, member=names.get(line.member, line.member))


def test_files_under_each_others_names_are_no_clock_that_was_set() -> None:
    host = busy(Misnamed())
    host.cuts[KERN] = [70]
    clock = host.clock()
    assert len({line.member for line in host.lines()}) == 4
    assert clock.changes == ()
    assert honest(host, clock)


@pytest.mark.parametrize("seconds", [-3600, 3600, -420, 420])
def test_a_clock_that_was_set_is_told_with_its_size(seconds: int) -> None:
    host = busy(Host(steps=[(NOON, seconds)]))
    change = only(host.clock())
    back = seconds < 0
    assert change.kind is (ClockChangeKind.BACK if back else ClockChangeKind.FORWARD)
    assert abs(change.seconds - seconds) <= 1
    assert change.confidence is Confidence.CERTAIN
    assert honest(host, host.clock())


def test_a_step_back_shows_in_all_logs_that_were_written() -> None:
    change = only(busy(Host(steps=[(NOON, -3600)])).clock())
    assert {spot.after.place.member for spot in change.spots} == {SM, AUDIT, KERN}


def test_a_step_back_is_quoted_by_its_two_lines() -> None:
    change = only(busy(Host(steps=[(NOON, -3600)]), START, END, SM, AUDIT).clock())
    spot = next(spot for spot in change.spots if spot.after.place.member == SM)
    assert spot.before.text == "Jun 10 14:00:00 jupiter SM: [1] text"
    assert spot.after.text == "Jun 10 13:00:10 jupiter SM: [1] text"
    assert spot.after.place.line == spot.before.place.line + 1


def test_nothing_is_ordered_by_stamps_across_an_hour_that_came_twice() -> None:
    host = busy(Host(steps=[(NOON, -3600)]))
    dated = moments(host, host.clock())
    hour = timedelta(minutes=55)
    first = [m for line, m in dated if NOON - hour < line.true < NOON]
    second = [m for line, m in dated if NOON < line.true < NOON + hour]
    assert first
    assert second
    assert not any(
        a.certainly_before(b) or b.certainly_before(a) for a in first[::20] for b in second[::20]
    )


def test_lines_of_an_hour_that_came_twice_stay_in_the_order_of_the_log() -> None:
    host = busy(Host(steps=[(NOON, -3600)]))
    times = [moment.at for _, moment in moments(host, host.clock())]
    assert times == sorted(times)


def test_a_step_forward_without_a_second_clock_is_only_silence() -> None:
    host = busy(Host(steps=[(NOON, 3600)]), START, END, SM, AUDIT)
    assert host.clock().changes == ()


def test_a_log_on_its_own_tells_of_a_step_with_less_confidence() -> None:
    change = only(busy(Host(steps=[(NOON, -3600)]), START, END, SM).clock())
    assert change.confidence is Confidence.POSSIBLE


@pytest.mark.parametrize("back", [timedelta(minutes=5), timedelta(hours=5)])
def test_lines_that_were_handed_in_late_are_no_step(back: timedelta) -> None:
    host = busy(Host(), START, END, SM, AUDIT)
    late = every(20, NOON - back, NOON - back + timedelta(minutes=1))
    host.written[SM] = [*every(10, START, NOON), *late, *every(10, NOON, END)]
    assert host.clock().changes == ()


def test_a_small_step_of_one_log_on_its_own_is_possible() -> None:
    change = only(busy(Host(steps=[(NOON, -420)]), START, END, SM).clock())
    assert (change.seconds, change.confidence) == (-410, Confidence.POSSIBLE)


def test_two_steps_are_two_changes() -> None:
    host = busy(Host(steps=[(NOON, -1800), (NOON + timedelta(minutes=20), 900)]))
    changes = host.clock().changes
    assert [round(change.seconds) for change in changes] == [-1800, 900]
    assert honest(host, host.clock())


def test_a_late_block_that_other_logs_go_on_through_is_no_step() -> None:
    host = busy(Host(), START, END, SM, AUDIT)
    again = every(10, NOON - timedelta(hours=1), NOON)
    host.written[SM] = [*every(10, START, NOON), *again, *every(10, NOON, END)]
    assert host.clock().changes == ()


def test_the_end_of_summer_time_is_told_by_utc_that_goes_on() -> None:
    zones = [(utc("2024-04-01 00:00:00"), 120), (SUMMER_ENDS, 60)]
    start, end = SUMMER_ENDS - timedelta(hours=5), SUMMER_ENDS + timedelta(hours=5)
    host = busy(Host(zones=zones), start, end)
    change = only(host.clock())
    assert (change.kind, change.seconds) == (ClockChangeKind.SUMMER_TIME, -3600)
    assert change.minutes == (120, 60)
    doubts = [moment.doubt for _, moment in moments(host, host.clock())]
    assert max(doubts) < timedelta(seconds=1)
    assert honest(host, host.clock())


def test_the_begin_of_summer_time_is_told_by_offsets() -> None:
    zones = [(utc("2023-11-01 00:00:00"), 60), (SUMMER_BEGINS, 120)]
    start, end = SUMMER_BEGINS - timedelta(hours=5), SUMMER_BEGINS + timedelta(hours=5)
    for families in ((SM, AUDIT), (SM, AUDIT, KERN)):
        host = busy(Host(zones=zones), start, end, *families)
        change = only(host.clock())
        assert (change.kind, change.seconds) == (ClockChangeKind.SUMMER_TIME, 3600)
        assert honest(host, host.clock())


def test_half_an_hour_of_summer_time_is_known_too() -> None:
    autumn = utc("2024-04-06 15:00:00")  # Lord Howe, 02:00 to 01:30
    zones = [(utc("2023-10-01 00:00:00"), 660), (autumn, 630)]
    host = busy(Host(zones=zones), autumn - timedelta(hours=5), autumn + timedelta(hours=5))
    change = only(host.clock())
    assert (change.kind, change.seconds) == (ClockChangeKind.SUMMER_TIME, -1800)
    assert honest(host, host.clock())


def test_an_hour_back_in_a_night_of_summer_time_is_a_step_if_utc_goes_back_too() -> None:
    start, end = SUMMER_ENDS - timedelta(hours=5), SUMMER_ENDS + timedelta(hours=5)
    host = busy(Host(steps=[(SUMMER_ENDS, -3600)]), start, end)
    change = only(host.clock())
    assert (change.kind, change.confidence) == (ClockChangeKind.BACK, Confidence.CERTAIN)
    assert honest(host, host.clock())


def test_without_utc_an_hour_back_in_such_a_night_is_likely_summer_time_and_in_doubt() -> None:
    zones = [(utc("2024-04-01 00:00:00"), 120), (SUMMER_ENDS, 60)]
    start, end = SUMMER_ENDS - timedelta(hours=5), SUMMER_ENDS + timedelta(hours=5)
    host = busy(Host(zones=zones), start, end, SM, KERN)
    change = only(host.clock())
    assert change.kind is ClockChangeKind.SUMMER_TIME
    assert change.minutes is None
    assert honest(host, host.clock())


def test_an_hour_back_at_noon_is_no_summer_time() -> None:
    change = only(busy(Host(steps=[(NOON, -3600)]), START, END, SM, KERN).clock())
    assert change.kind is ClockChangeKind.BACK


def test_a_zone_that_somebody_changed_is_no_step() -> None:
    zones = [(utc("2000-01-01 00:00:00"), 0), (NOON, 540)]
    host = busy(Host(zones=zones))
    change = only(host.clock())
    assert (change.kind, change.minutes) == (ClockChangeKind.ZONE, (0, 540))
    assert honest(host, host.clock())


def test_a_boot_is_told_by_the_uptime_that_begins_anew() -> None:
    host = busy(Host(boots=[utc("2024-06-01 00:00:00"), NOON]))
    change = only(host.clock())
    assert change.kind is ClockChangeKind.REBOOT
    assert change.spots[0].after.place.member == KERN


def test_a_boot_over_a_rotation_is_told() -> None:
    host = busy(Host(boots=[utc("2024-06-01 00:00:00"), NOON]))
    host.cuts[KERN] = [next(n for n, at in enumerate(host.written[KERN]) if at > NOON)]
    change = only(host.clock())
    assert change.kind is ClockChangeKind.REBOOT
    assert change.spots[0].before.place.member == f"{KERN}.1"


def test_a_step_back_at_a_rotation_is_told() -> None:
    host = busy(Host(steps=[(NOON, -3600)]), START, END, SM, AUDIT)
    host.cuts[SM] = [next(n for n, at in enumerate(host.written[SM]) if at >= NOON)]
    spots = only(host.clock()).spots
    (spot,) = [spot for spot in spots if spot.after.place.member == SM]
    assert spot.before.place.member == f"{SM}.1"
    assert spot.before.text.startswith("Jun 10 14:00:00")
    assert honest(host, host.clock())


def test_kernel_lines_that_were_read_late_are_no_step() -> None:
    host = busy(Host(), START, END, SM, AUDIT)
    texts = []
    for at in every(5, START, END):
        read = (
            max(at, NOON + timedelta(seconds=200))
            if NOON < at < NOON + timedelta(seconds=200)
            else at
        )
        local = read + timedelta(hours=1)
        up = (at - utc("2024-06-01 00:00:00")).total_seconds()
        texts.append(f"Jun 10 {local:%H:%M:%S} jupiter kernel: [{up:12.6f}] text\n")
    assert changed_by(host, "".join(texts)) == ()


def test_kernel_lines_of_before_syslog_ran_are_no_step() -> None:
    host = busy(Host(), START, END, SM, AUDIT)
    texts = [f"Jun 10 13:01:30 jupiter kernel: [{up:12.6f}] text\n" for up in (0, 20, 45, 90)]
    texts += [
        f"Jun 10 13:{up // 60:02}:{up % 60:02} jupiter kernel: [{up:12.6f}] text\n"
        for up in range(100, 3000, 200)
    ]
    assert changed_by(host, "".join(texts)) == ()


def changed_by(host: Host, kern: str) -> tuple[Change, ...]:
    """Return the changes that a clock tells with this kern.log beside a host's other logs."""
    clock = Clock()
    for line_family in (SM, AUDIT):
        text = "".join(line.text for line in host.lines() if line.member == line_family)
        log = LogName(family=line_family, rotation=0)
        clock.add(line_family, log, scanned(PARSERS[line_family], text)[1], None)
    stats = scanned(PARSERS[KERN], kern)[1]
    clock.add(KERN, LogName(family=KERN, rotation=0), stats, None)
    made = Stamp(year=2024, month=6, day=10, hour=19, minute=1, second=0)
    clock.add_capture(made, None, "the bundle's name")
    clock.settle()
    return clock.changes


def test_a_quiet_host_s_step_is_told_too() -> None:
    host = Host(steps=[(NOON, -3600)])
    host.write(SM, every(1200, START, END))
    host.write(AUDIT, every(1100, START, END))
    assert only(host.clock()).kind is ClockChangeKind.BACK


def test_a_silent_log_does_not_speak_against_a_step() -> None:
    host = busy(Host(steps=[(NOON, -3600)]), START, END, SM)
    host.write(KERN, [START, END])
    assert only(host.clock()).kind is ClockChangeKind.BACK


def test_zone_and_clock_that_change_together_are_told_apart() -> None:
    zones = [(utc("2000-01-01 00:00:00"), 0), (NOON, 540)]
    host = Host(steps=[(NOON, 1200)], zones=zones)
    for family in (SM, AUDIT, KERN):
        times = [at for at in every(10, START, END) if abs(at - NOON) > timedelta(minutes=2)]
        host.write(family, times)
    changes = {change.kind: change.seconds for change in host.clock().changes}
    assert changes == {ClockChangeKind.FORWARD: 1200, ClockChangeKind.ZONE: 32400}
    assert honest(host, host.clock())


def rfc(*stamps: str) -> Clock:
    """Return a clock over a log whose stamps name year and offset."""
    text = "".join(f"{stamp} jupiter SM: [1] text\n" for stamp in stamps)
    clock = Clock()
    clock.add(SM, LogName(family=SM, rotation=0), scanned(PARSERS[SM], text)[1], None)
    clock.settle()
    return clock


def test_stamps_with_an_offset_tell_a_step_from_a_change_of_the_zone() -> None:
    step = [f"2024-10-27T02:{minute:02}:00+02:00" for minute in range(30, 59)]
    again = [f"2024-10-27T02:{minute:02}:00+02:00" for minute in range(59)]
    change = only(rfc(*step, *again))
    assert (change.kind, change.seconds) == (ClockChangeKind.BACK, -3480)
    summer = [stamp.replace("+02:00", "+01:00") for stamp in again]
    assert rfc(*step, *summer).changes == ()


def test_stamps_of_two_styles_are_not_compared() -> None:
    assert rfc("Jun 10 13:00:00", "2024-06-10T09:00:00+02:00").changes == ()


def test_a_change_has_its_instant() -> None:
    clock = busy(Host(steps=[(NOON, -3600)])).clock()
    assert clock.moment_of(only(clock)).at == NOON


def idle(host: Host, at: datetime, *families: str) -> Host:
    """Let a host write its logs, but for twenty minutes before and behind a time and at times."""
    quiet = timedelta(minutes=20)
    for family in families:
        beat = {SM: 100, AUDIT: 500, KERN: 130}[family]
        times = every(beat, at - timedelta(hours=5), at + timedelta(hours=5))
        night = at - timedelta(hours=4)
        host.write(family, [t for t in times if abs(t - at) > quiet and abs(t - night) > quiet])
    return host


def test_time_that_passed_beside_the_end_of_summer_time_is_no_step() -> None:
    zones = [(utc("2024-04-01 00:00:00"), 120), (SUMMER_ENDS, 60)]
    for families in ((SM, AUDIT), (SM, AUDIT, KERN)):
        host = idle(Host(zones=zones), SUMMER_ENDS, *families)
        change = only(host.clock())
        assert (change.kind, change.seconds) == (ClockChangeKind.SUMMER_TIME, -3600)
        assert change.measured
        assert honest(host, host.clock())


def test_a_step_back_that_nothing_measured_is_a_lower_bound() -> None:
    host = idle(Host(steps=[(NOON, -3600)]), NOON, SM, AUDIT)
    change = only(host.clock())
    assert change.kind is ClockChangeKind.BACK
    assert not change.measured
    assert -3600 <= change.seconds < 0
    assert change.seconds - change.slack <= -3600
    assert change.confidence is Confidence.LIKELY
    assert honest(host, host.clock())


def test_a_step_back_soon_after_a_boot_is_measured_by_the_kernel() -> None:
    boot = NOON - timedelta(minutes=30)
    host = idle(Host(steps=[(NOON, -3600)], boots=[START, boot]), NOON, SM, AUDIT)
    times = every(130, NOON - timedelta(hours=3), NOON + timedelta(hours=3))
    host.write(KERN, [boot, *(t for t in times if abs(t - NOON) > timedelta(minutes=32))])
    (change,) = [c for c in host.clock().changes if c.kind is ClockChangeKind.BACK]
    assert change.measured
    assert abs(change.seconds + 3600) <= 1
    assert honest(host, host.clock())


def test_a_step_back_around_a_boot_may_be_of_any_size() -> None:
    boot = NOON - timedelta(minutes=10)
    host = idle(Host(steps=[(NOON, -7200)], boots=[START, boot]), NOON, SM, AUDIT)
    host.write(KERN, [START, *every(130, NOON + timedelta(minutes=30), NOON + timedelta(hours=3))])
    (change,) = [c for c in host.clock().changes if c.kind is ClockChangeKind.BACK]
    assert not change.measured
    assert honest(host, host.clock())


def test_a_log_without_the_step_is_in_doubt_for_as_long_as_it_may_have_shown_it() -> None:
    host = idle(Host(steps=[(NOON, -3600)]), NOON, SM, AUDIT)
    steady = timedelta(hours=2)
    host.write(KERN, [START, NOON - timedelta(minutes=1), NOON + steady])
    assert honest(host, host.clock())


def test_a_step_in_the_night_of_the_end_of_summer_time_is_not_turned_into_one_forward() -> None:
    zones = [(utc("2024-04-01 00:00:00"), 120), (SUMMER_ENDS, 60)]
    at = SUMMER_ENDS - timedelta(hours=2)
    host = busy(
        Host(steps=[(at, -600)], zones=zones), at - timedelta(hours=5), at + timedelta(hours=6)
    )
    host.write(AUDIT, every(9000, at - timedelta(hours=5), at + timedelta(hours=6)))
    changes = [change.kind for change in host.clock().changes]
    assert changes == [ClockChangeKind.BACK, ClockChangeKind.SUMMER_TIME]
    assert honest(host, host.clock())
